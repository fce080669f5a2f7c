// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title The living list: which goods count as green, version by version
/// @notice Operators and the authority propose a version, whose content is a statement in a log; comments and
/// objections are statements too. The authority adopts a proposal, in force from a time that is not past, and each
/// version later than the one before: what was classified stays classified by the version in force then.
interface IClassification {
    /// @notice What became of a content. A refused one may be proposed again.
    enum State {
        None,
        Proposed,
        Adopted
    }

    /// @notice A version: the hash of its content, and from when it is in force (Unix seconds).
    struct Version {
        bytes32 content;
        uint64 inForceFrom;
    }

    /// @notice A content is open for comment.
    event Proposed(bytes32 indexed content, address indexed by);
    /// @notice The authority does not adopt a proposal; `reason` is the hash of its word.
    event Refused(bytes32 indexed content, bytes32 reason);
    /// @notice A proposal is version `version`; versions count from 1.
    event Adopted(uint32 indexed version, bytes32 indexed content, uint64 inForceFrom);

    /// @notice The caller is neither the authority nor an operator that the key registry admits.
    error NotOperator(address caller);
    /// @notice The content or the reason is zero.
    error MissingHash();
    /// @notice The content is proposed or adopted already.
    error AlreadyProposed(bytes32 content);
    /// @notice The content is not a proposal.
    error NotProposed(bytes32 content);
    /// @notice A version comes into force from `earliest` to `latest`, ten years ahead.
    error InvalidTime(uint64 inForceFrom, uint64 earliest, uint64 latest);
    /// @notice There is no such version.
    error UnknownVersion(uint32 version);

    /// @notice Proposes a content; for operators and the authority.
    /// @param content id of the statement that holds the list, not zero
    function propose(bytes32 content) external;

    /// @notice Refuses a proposal; for the authority.
    function refuse(bytes32 content, bytes32 reason) external;

    /// @notice Adopts a proposal as the next version; for the authority.
    /// @param inForceFrom Unix seconds; not past, later than the last version's, at most ten years ahead
    /// @return version its number
    function adopt(bytes32 content, uint64 inForceFrom) external returns (uint32 version);

    /// @notice What became of a content.
    function stateOf(bytes32 content) external view returns (State);

    /// @notice How many versions there are.
    function latest() external view returns (uint32);

    /// @notice A version, from 1 to `latest()`.
    function versionOf(uint32 version) external view returns (Version memory);

    /// @notice Number of the version in force at a time; 0 before the first.
    function versionAt(uint64 time) external view returns (uint32);
}
