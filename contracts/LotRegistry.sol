// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {IKeyRegistry} from "./interfaces/IKeyRegistry.sol";
import {ILotRegistry} from "./interfaces/ILotRegistry.sol";
import {ITransparencyLog} from "./interfaces/ITransparencyLog.sol";
import {RFC9162} from "./RFC9162.sol";

/// @title Lots and their shares
/// @notice See `ILotRegistry`.
/// @dev A `Record` fills three slots:
///
/// slot | 256                                                0
/// -----+------------------------------------------------------
///    0 | index (64) | version (32) | operator (160)
///    1 | logId (256)
///    2 | leaf (256)
contract LotRegistry is ILotRegistry, ERC1155 {
    /// @notice Shares of every lot: fine enough to split a lot by mass, the same for all.
    uint256 public constant SHARES = 10 ** 18;
    /// @notice Keeps a mint within any block.
    uint256 public constant MAX_INPUTS = 64;
    /// @notice The logs in which records must be anchored.
    ITransparencyLog public immutable LOGS;
    /// @notice The registry that says who is an operator.
    IKeyRegistry public immutable KEYS;

    mapping(bytes32 lotId => Record) private _records;
    /// @dev By operator: proofs are public, so whoever used another's leaf first would block him otherwise.
    mapping(address operator => mapping(bytes32 leaf => bool)) private _used;

    modifier onlyOperator() {
        if (!KEYS.isOperator(msg.sender)) revert NotOperator(msg.sender);
        _;
    }

    constructor(ITransparencyLog logs, IKeyRegistry keys) ERC1155("") {
        (LOGS, KEYS) = (logs, keys);
    }

    /// @inheritdoc ILotRegistry
    function mint(bytes32 lot, RecordProof calldata record, Input[] calldata inputs, Custody custody)
        external
        onlyOperator
        returns (bytes32 lotId)
    {
        if (inputs.length > MAX_INPUTS) revert TooManyInputs(inputs.length);
        lotId = lotIdOf(msg.sender, lot);
        if (_records[lotId].version != 0) revert LotExists(lotId);
        emit LotMinted(lotId, msg.sender, lot, custody);
        _setRecord(lotId, record);
        for (uint256 i = 0; i < inputs.length; ++i) {
            _consume(lotId, inputs[i].lotId, inputs[i].shares);
        }
        // Last, since it calls the receiver if that is a contract.
        _mint(msg.sender, uint256(lotId), SHARES, "");
    }

    /// @inheritdoc ILotRegistry
    function supersede(bytes32 lot, RecordProof calldata record) external onlyOperator {
        bytes32 lotId = lotIdOf(msg.sender, lot);
        if (_records[lotId].version == 0) revert UnknownLot(lotId);
        _setRecord(lotId, record);
    }

    /// @inheritdoc ILotRegistry
    function recordOf(bytes32 lotId) external view returns (Record memory) {
        return _records[lotId];
    }

    /// @inheritdoc ILotRegistry
    function lotIdOf(address operator, bytes32 lot) public pure returns (bytes32) {
        return keccak256(abi.encode(operator, lot));
    }

    /// @dev Burning calls nobody, and a lot cannot feed on itself: its own shares do not exist yet.
    function _consume(bytes32 child, bytes32 parent, uint256 shares) private {
        if (_records[parent].version == 0) revert UnknownLot(parent);
        if (shares == 0) revert NoShares(parent);
        uint256 held = balanceOf(msg.sender, uint256(parent));
        if (shares > held) revert Overdrawn(parent, held, shares);
        _burn(msg.sender, uint256(parent), shares);
        emit Consumed(child, parent, msg.sender, shares);
    }

    function _setRecord(bytes32 lotId, RecordProof calldata offered) private {
        (bytes32 logId, bytes32 leaf, uint64 index) = (offered.logId, offered.leaf, offered.index);
        if (_used[msg.sender][leaf]) revert LeafUsed(leaf);
        (uint64 size, bytes32 root) = LOGS.head(logId);
        if (!RFC9162.verifyInclusion(leaf, index, size, offered.proof, root)) {
            revert NotIncluded(logId, leaf, index);
        }
        _used[msg.sender][leaf] = true;
        Record storage record = _records[lotId];
        uint32 version = record.version + 1;
        (record.operator, record.version, record.index) = (msg.sender, version, index);
        (record.logId, record.leaf) = (logId, leaf);
        emit RecordSet(lotId, version, logId, leaf, index);
    }
}
