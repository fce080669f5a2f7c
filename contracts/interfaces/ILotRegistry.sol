// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title Lots: the current record of each, and who holds which share of it
/// @notice A lot is minted once, as 10^18 shares (ERC-1155, the token id is the lot id), which are transferred
/// and then spent, each once, on the lots made from it. Names and tonnes stay off the chain.
/// A record is anchored already when it is set here; replacing one leaves the shares as they are.
interface ILotRegistry {
    /// @notice Where a batch record is in a log, and the proof against the log's current head on this chain.
    struct RecordProof {
        bytes32 logId;
        bytes32 leaf;
        uint64 index;
        bytes32[] proof;
    }

    /// @notice Shares of a lot that go into a new one.
    struct Input {
        bytes32 lotId;
        uint256 shares;
    }

    /// @notice Chain of custody between the material that went into a lot and the lot, in the terms of ISO 22095; said
    /// once, when the lot is minted, and not by a record that could be replaced. The chain does not judge it.
    enum Custody {
        NotStated,
        IdentityPreserved,
        Segregated,
        ControlledBlending,
        MassBalance,
        BookAndClaim
    }

    /// @notice The current record of a lot; version 0: no such lot.
    struct Record {
        address operator;
        uint32 version;
        uint64 index;
        bytes32 logId;
        bytes32 leaf;
    }

    /// @notice A lot came into being, all its shares with its operator.
    event LotMinted(bytes32 indexed lotId, address indexed operator, bytes32 lot, Custody custody);
    /// @notice The lot's current record is this leaf; versions count from 1.
    event RecordSet(
        bytes32 indexed lotId, uint32 indexed version, bytes32 logId, bytes32 leaf, uint64 index
    );
    /// @notice Shares of `parent` became part of `child` and exist no more.
    event Consumed(bytes32 indexed child, bytes32 indexed parent, address indexed by, uint256 shares);

    /// @notice The caller is not an operator that the key registry admits.
    error NotOperator(address caller);
    /// @notice The lot was minted before.
    error LotExists(bytes32 lotId);
    /// @notice There is no such lot.
    error UnknownLot(bytes32 lotId);
    /// @notice The caller has used this leaf for a record before.
    error LeafUsed(bytes32 leaf);
    /// @notice The proof does not show the leaf in the log's current head.
    error NotIncluded(bytes32 logId, bytes32 leaf, uint64 index);
    /// @notice More inputs than one lot may have.
    error TooManyInputs(uint256 count);
    /// @notice An input of no shares.
    error NoShares(bytes32 lotId);
    /// @notice The caller holds fewer shares than it would spend.
    error Overdrawn(bytes32 lotId, uint256 held, uint256 wanted);

    /// @notice Mints a lot of the caller, an admitted operator, and spends the caller's shares of its inputs.
    /// @param lot hash of GTIN and lot code
    /// @param record its batch record
    /// @param inputs at most 64; each spends at least one share of a lot that exists
    /// @param custody how the lot goes back to its inputs
    /// @return lotId `lotIdOf(caller, lot)`
    function mint(bytes32 lot, RecordProof calldata record, Input[] calldata inputs, Custody custody)
        external
        returns (bytes32 lotId);

    /// @notice Points a lot of the caller, an admitted operator, to a newer batch record.
    /// @param lot hash of GTIN and lot code
    /// @param record a record that the caller has not used before
    function supersede(bytes32 lot, RecordProof calldata record) external;

    /// @notice The current record; all zero if there is no such lot.
    function recordOf(bytes32 lotId) external view returns (Record memory);

    /// @notice keccak256(abi.encode(operator, lot)).
    function lotIdOf(address operator, bytes32 lot) external pure returns (bytes32);
}
