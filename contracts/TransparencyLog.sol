// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {ITransparencyLog} from "./interfaces/ITransparencyLog.sol";
import {RFC9162} from "./RFC9162.sol";

/// @title Heads of append-only logs
/// @notice See `ITransparencyLog`.
contract TransparencyLog is ITransparencyLog {
    uint256 private constant MAX_NAME = 64;

    /// @dev An `extend` reads the first slot to judge the caller and writes it with the new size: both in one.
    ///
    /// slot | 256                                                                           0
    /// -----+---------------------------------------------------------------------------------
    ///    0 | closed (8) | term (24) | size (64) | owner (160)
    ///    1 | root (256)
    ///    2 | unused (96)                        | pendingOwner (160)
    ///    3 | successor (256)
    ///
    /// `term` counts owners, from 1; a key is an anchor key in the term in which it was appointed.
    struct Log {
        address owner;
        uint64 size;
        uint24 term;
        bool closed;
        bytes32 root;
        address pendingOwner;
        bytes32 successor;
    }

    mapping(bytes32 id => Log) private _logs;
    mapping(bytes32 id => mapping(address key => uint24 term)) private _appointed;

    /// @dev The log, if the caller owns it. `owner` is never the zero address once a log is open.
    function _owned(bytes32 id) private view returns (Log storage log) {
        log = _logs[id];
        if (log.owner != msg.sender) revert NotLogOwner(id, msg.sender);
    }

    /// @inheritdoc ITransparencyLog
    function open(string calldata name) external returns (bytes32 id) {
        uint256 length = bytes(name).length;
        if (length == 0 || length > MAX_NAME) revert InvalidName();
        id = keccak256(abi.encode(msg.sender, name));
        Log storage log = _logs[id];
        if (log.owner != address(0)) revert LogExists(id);
        log.owner = msg.sender;
        log.term = 1;
        emit Opened(id, msg.sender, name);
    }

    /// @inheritdoc ITransparencyLog
    function extend(bytes32 id, uint64 size, bytes32 root, bytes32[] calldata proof) external {
        Log storage log = _logs[id];
        (address owner, uint64 current) = (log.owner, log.size);
        if (msg.sender != owner && !isAnchorKey(id, msg.sender)) revert NotAnchorKey(id, msg.sender);
        if (log.closed) revert LogSealed(id);
        if (size <= current) revert NotLarger(current, size);
        bool consistent = current == 0
            ? proof.length == 0
            : RFC9162.verifyConsistency(current, log.root, size, root, proof);
        if (!consistent) revert NotConsistent(id, size, root);
        (log.size, log.root) = (size, root);
        emit Extended(id, size, root);
    }

    /// @inheritdoc ITransparencyLog
    function appoint(bytes32 id, address key) external {
        Log storage log = _owned(id);
        if (key == address(0) || isAnchorKey(id, key)) revert InvalidAnchorKey(id, key);
        _appointed[id][key] = log.term;
        emit AnchorKeyAppointed(id, key);
    }

    /// @inheritdoc ITransparencyLog
    function dismiss(bytes32 id, address key) external {
        _owned(id);
        if (!isAnchorKey(id, key)) revert InvalidAnchorKey(id, key);
        delete _appointed[id][key];
        emit AnchorKeyDismissed(id, key);
    }

    /// @inheritdoc ITransparencyLog
    function transferLog(bytes32 id, address to) external {
        _owned(id).pendingOwner = to;
        emit LogTransferStarted(id, msg.sender, to);
    }

    /// @inheritdoc ITransparencyLog
    function acceptLog(bytes32 id) external {
        Log storage log = _logs[id];
        if (log.pendingOwner != msg.sender) revert NotPendingOwner(id, msg.sender);
        emit LogTransferred(id, log.owner, msg.sender);
        delete log.pendingOwner;
        log.owner = msg.sender;
        ++log.term;
    }

    /// @inheritdoc ITransparencyLog
    function seal(bytes32 id, bytes32 successor) external {
        Log storage log = _owned(id);
        if (log.closed) revert LogSealed(id);
        if (successor != bytes32(0)) {
            // The same owner, so that nobody's log is named a successor against his will.
            Log storage next = _logs[successor];
            if (successor == id || next.owner != msg.sender || next.closed) revert InvalidSuccessor(successor);
            log.successor = successor;
        }
        log.closed = true;
        emit Sealed(id, successor);
    }

    /// @inheritdoc ITransparencyLog
    function head(bytes32 id) external view returns (uint64 size, bytes32 root) {
        Log storage log = _logs[id];
        return (log.size, log.root);
    }

    /// @inheritdoc ITransparencyLog
    function ownerOf(bytes32 id) external view returns (address) {
        return _logs[id].owner;
    }

    /// @inheritdoc ITransparencyLog
    function pendingOwnerOf(bytes32 id) external view returns (address) {
        return _logs[id].pendingOwner;
    }

    /// @inheritdoc ITransparencyLog
    function isAnchorKey(bytes32 id, address key) public view returns (bool) {
        uint24 term = _appointed[id][key];
        return term != 0 && term == _logs[id].term;
    }

    /// @inheritdoc ITransparencyLog
    function isSealed(bytes32 id) external view returns (bool) {
        return _logs[id].closed;
    }

    /// @inheritdoc ITransparencyLog
    function successorOf(bytes32 id) external view returns (bytes32) {
        return _logs[id].successor;
    }
}
