// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {RFC9162} from "../RFC9162.sol";

/// @title Opens the library to the tests; never deployed elsewhere
/// @dev `...Many` judge a whole batch in one eth_call, so that thousands of proofs take seconds.
contract RFC9162Harness {
    struct Inclusion {
        bytes32 leafHash;
        uint64 index;
        uint64 size;
        bytes32[] proof;
        bytes32 root;
    }

    struct Consistency {
        uint64 size1;
        bytes32 root1;
        uint64 size2;
        bytes32 root2;
        bytes32[] proof;
    }

    function hashLeaf(bytes calldata entry) external pure returns (bytes32) {
        return RFC9162.hashLeaf(entry);
    }

    function hashNode(bytes32 left, bytes32 right) external view returns (bytes32) {
        return RFC9162.hashNode(left, right);
    }

    function verifyInclusionMany(Inclusion[] calldata cases) external view returns (bool[] memory verdicts) {
        verdicts = new bool[](cases.length);
        for (uint256 i = 0; i < cases.length; ++i) {
            Inclusion calldata c = cases[i];
            verdicts[i] = RFC9162.verifyInclusion(c.leafHash, c.index, c.size, c.proof, c.root);
        }
    }

    function verifyConsistencyMany(Consistency[] calldata cases) external view returns (bool[] memory verdicts) {
        verdicts = new bool[](cases.length);
        for (uint256 i = 0; i < cases.length; ++i) {
            Consistency calldata c = cases[i];
            verdicts[i] = RFC9162.verifyConsistency(c.size1, c.root1, c.size2, c.root2, c.proof);
        }
    }
}
