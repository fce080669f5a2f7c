// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title Heads of append-only logs
/// @notice Each log has one rolling head (size, root) of an RFC 9162 tree, and a head is accepted only with the
/// proof that it extends the one before. Nobody, not even a log's owner, can take an entry back or rewrite it.
/// The contract has no admin and no upgrade: either would undo that.
interface ITransparencyLog {
    /// @notice A log was opened; its name is told here only.
    event Opened(bytes32 indexed id, address indexed owner, string name);
    /// @notice The log now has `size` entries under `root`.
    event Extended(bytes32 indexed id, uint64 indexed size, bytes32 root);
    /// @notice `key` may extend the log from now on.
    event AnchorKeyAppointed(bytes32 indexed id, address indexed key);
    /// @notice `key` may no longer extend the log.
    event AnchorKeyDismissed(bytes32 indexed id, address indexed key);
    /// @notice `to` may take the log over; the zero address withdraws an offer.
    event LogTransferStarted(bytes32 indexed id, address indexed from, address indexed to);
    /// @notice `to` owns the log; the anchor keys that `from` appointed have lapsed.
    event LogTransferred(bytes32 indexed id, address indexed from, address indexed to);
    /// @notice The log takes no more heads; it goes on in `successor`, or ends here if that is zero.
    event Sealed(bytes32 indexed id, bytes32 indexed successor);

    /// @notice A name has 1 to 64 bytes.
    error InvalidName();
    /// @notice The caller has opened a log of this name before.
    error LogExists(bytes32 id);
    /// @notice Neither the owner nor an anchor key: unknown logs have neither.
    error NotAnchorKey(bytes32 id, address caller);
    /// @notice Not the owner: unknown logs have none.
    error NotLogOwner(bytes32 id, address caller);
    /// @notice The log was not offered to the caller.
    error NotPendingOwner(bytes32 id, address caller);
    /// @notice The log was sealed.
    error LogSealed(bytes32 id);
    /// @notice A head must have more entries than the one before.
    error NotLarger(uint64 current, uint64 offered);
    /// @notice The proof does not show that the new head extends the current one.
    error NotConsistent(bytes32 id, uint64 size, bytes32 root);
    /// @notice Appointed already, not appointed at all, or the zero address.
    error InvalidAnchorKey(bytes32 id, address key);
    /// @notice A successor is another log of the same owner, not sealed.
    error InvalidSuccessor(bytes32 successor);

    /// @notice Opens an empty log that the caller owns.
    /// @param name 1 to 64 bytes, unique for the caller
    /// @return id keccak256(abi.encode(caller, name))
    function open(string calldata name) external returns (bytes32 id);

    /// @notice Moves the head forward; for the owner and the anchor keys.
    /// @param size number of entries, more than the current head has
    /// @param root root of the tree over them
    /// @param proof RFC 9162 consistency proof from the current head; empty for the first head
    function extend(bytes32 id, uint64 size, bytes32 root, bytes32[] calldata proof) external;

    /// @notice Lets `key` extend the log, as long as the caller owns it.
    function appoint(bytes32 id, address key) external;

    /// @notice Takes that right back at once.
    function dismiss(bytes32 id, address key) external;

    /// @notice Offers the log to `to`, who becomes its owner by accepting; the zero address withdraws the offer.
    function transferLog(bytes32 id, address to) external;

    /// @notice Takes over a log that was offered to the caller. Anchor keys of the former owner lapse.
    function acceptLog(bytes32 id) external;

    /// @notice Ends the log for good.
    /// @param successor an open log of the same owner in which it goes on, or zero
    function seal(bytes32 id, bytes32 successor) external;

    /// @notice The current head; (0, 0) of a log that is empty or unknown.
    function head(bytes32 id) external view returns (uint64 size, bytes32 root);

    /// @notice The log's owner; the zero address if there is no such log.
    function ownerOf(bytes32 id) external view returns (address);

    /// @notice To whom the log is offered, if to anyone.
    function pendingOwnerOf(bytes32 id) external view returns (address);

    /// @notice Whether `key` is appointed; an owner needs no appointment.
    function isAnchorKey(bytes32 id, address key) external view returns (bool);

    /// @notice Whether the log takes no more heads.
    function isSealed(bytes32 id) external view returns (bool);

    /// @notice The log in which a sealed one goes on; zero if it has none.
    function successorOf(bytes32 id) external view returns (bytes32);
}
