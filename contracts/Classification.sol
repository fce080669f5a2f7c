// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IClassification} from "./interfaces/IClassification.sol";
import {IKeyRegistry} from "./interfaces/IKeyRegistry.sol";

/// @title Versions of the living list
/// @notice See `IClassification`.
/// @dev The owner is the authority. Times in force only grow, so that a version is found by bisection.
contract Classification is IClassification, Ownable2Step {
    /// @dev Seconds; a slip of the pen (milliseconds, say) would otherwise end the list for good.
    uint64 private constant MAX_AHEAD = 3650 days;
    /// @notice The registry that says who is an operator.
    IKeyRegistry public immutable KEYS;

    /// @inheritdoc IClassification
    mapping(bytes32 content => State) public stateOf;
    Version[] private _versions;

    constructor(address authority, IKeyRegistry keys) Ownable(authority) {
        KEYS = keys;
    }

    /// @inheritdoc IClassification
    function propose(bytes32 content) external {
        if (msg.sender != owner() && !KEYS.isOperator(msg.sender)) revert NotOperator(msg.sender);
        if (content == bytes32(0)) revert MissingHash();
        if (stateOf[content] != State.None) revert AlreadyProposed(content);
        stateOf[content] = State.Proposed;
        emit Proposed(content, msg.sender);
    }

    /// @inheritdoc IClassification
    function refuse(bytes32 content, bytes32 reason) external onlyOwner {
        _requireProposed(content);
        if (reason == bytes32(0)) revert MissingHash();
        delete stateOf[content];
        emit Refused(content, reason);
    }

    /// @inheritdoc IClassification
    function adopt(bytes32 content, uint64 inForceFrom) external onlyOwner returns (uint32 version) {
        _requireProposed(content);
        (uint64 earliest, uint64 furthest) = (uint64(block.timestamp), uint64(block.timestamp) + MAX_AHEAD);
        version = latest();
        if (version != 0 && _versions[version - 1].inForceFrom >= earliest) {
            earliest = _versions[version - 1].inForceFrom + 1;
        }
        if (inForceFrom < earliest || inForceFrom > furthest) revert InvalidTime(inForceFrom, earliest, furthest);
        stateOf[content] = State.Adopted;
        _versions.push(Version(content, inForceFrom));
        ++version;
        emit Adopted(version, content, inForceFrom);
    }

    /// @inheritdoc IClassification
    function latest() public view returns (uint32) {
        return uint32(_versions.length);
    }

    /// @inheritdoc IClassification
    function versionOf(uint32 version) external view returns (Version memory) {
        if (version == 0 || version > _versions.length) revert UnknownVersion(version);
        return _versions[version - 1];
    }

    /// @inheritdoc IClassification
    function versionAt(uint64 time) external view returns (uint32) {
        (uint32 low, uint32 high) = (0, latest());
        while (low < high) {
            uint32 middle = low + (high - low) / 2;
            if (_versions[middle].inForceFrom <= time) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    function _requireProposed(bytes32 content) private view {
        if (stateOf[content] != State.Proposed) revert NotProposed(content);
    }
}
