// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title The Merkle tree of RFC 9162 (section 2.1, SHA-256): hashing and verifying
/// @notice A proof that does not fit, in length or in content, makes a verifier return false; it never reverts.
/// @dev The loops follow the RFC line by line (fn, sn, fr, sr are its names); only the hash is assembly, since
/// a proof of 2^30 leaves asks for some sixty of them. Shifting beyond the highest bit is harmless: `sn == 0`
/// ends every loop, after 64 steps at the latest.
library RFC9162 {
    /// @notice Hash of a log entry: SHA-256(0x00 || entry).
    function hashLeaf(bytes memory entry) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x00), entry));
    }

    /// @notice Hash of two subtrees: SHA-256(0x01 || left || right).
    function hashNode(bytes32 left, bytes32 right) internal view returns (bytes32 node) {
        assembly ("memory-safe") {
            // 65 bytes above the free memory pointer, which stays where it is; the digest goes to scratch space.
            let at := mload(0x40)
            mstore8(at, 0x01)
            mstore(add(at, 0x01), left)
            mstore(add(at, 0x21), right)
            pop(staticcall(gas(), 0x02, at, 0x41, 0x00, 0x20))
            // No digest: out of gas, or a chain without the precompile. Stale scratch must not pass for a hash.
            if iszero(returndatasize()) { revert(0x00, 0x00) }
            node := mload(0x00)
        }
    }

    /// @notice Whether `leafHash` is the leaf at `index` of the tree (`size`, `root`). RFC 9162 2.1.3.2.
    /// @param leafHash hash of the leaf, with its prefix
    /// @param index position of the leaf, from 0
    /// @param size number of leaves in the tree
    /// @param proof siblings on the way from the leaf to the root
    /// @param root root of the tree
    function verifyInclusion(bytes32 leafHash, uint64 index, uint64 size, bytes32[] calldata proof, bytes32 root)
        internal
        view
        returns (bool)
    {
        if (index >= size) return false;
        uint256 fn = index;
        uint256 r = uint256(leafHash);
        unchecked {
            uint256 sn = uint256(size) - 1;
            for (uint256 i = 0; i < proof.length; ++i) {
                if (sn == 0) return false;
                bytes32 p = proof[i];
                if (fn & 1 == 1 || fn == sn) {
                    r = uint256(hashNode(p, bytes32(r)));
                    // The right edge of an incomplete tree: skip the levels on which it has no sibling.
                    while (fn & 1 == 0 && fn != 0) {
                        fn >>= 1;
                        sn >>= 1;
                    }
                } else {
                    r = uint256(hashNode(bytes32(r), p));
                }
                fn >>= 1;
                sn >>= 1;
            }
            return sn == 0 && bytes32(r) == root;
        }
    }

    /// @notice Whether the tree (`size2`, `root2`) begins with all leaves of (`size1`, `root1`). RFC 9162 2.1.4.2.
    /// @dev Equal sizes need equal roots and an empty proof. The empty tree proves nothing: size1 = 0 is false.
    /// @param size1 number of leaves in the older tree
    /// @param root1 root of the older tree
    /// @param size2 number of leaves in the newer tree
    /// @param root2 root of the newer tree
    /// @param proof the consistency proof
    function verifyConsistency(uint64 size1, bytes32 root1, uint64 size2, bytes32 root2, bytes32[] calldata proof)
        internal
        view
        returns (bool)
    {
        if (size1 == 0 || size1 > size2) return false;
        if (size1 == size2) return proof.length == 0 && root1 == root2;
        if (proof.length == 0) return false;
        unchecked {
            uint256 fn = uint256(size1) - 1;
            uint256 sn = uint256(size2) - 1;
            while (fn & 1 == 1) {
                fn >>= 1;
                sn >>= 1;
            }
            // A perfect older tree (fn is 0 by now) is itself the first node of the proof, and left out of it.
            uint256 i = fn == 0 ? 0 : 1;
            bytes32 fr = fn == 0 ? root1 : proof[0];
            bytes32 sr = fr;
            for (; i < proof.length; ++i) {
                if (sn == 0) return false;
                bytes32 c = proof[i];
                if (fn & 1 == 1 || fn == sn) {
                    fr = hashNode(c, fr);
                    sr = hashNode(c, sr);
                    while (fn & 1 == 0 && fn != 0) {
                        fn >>= 1;
                        sn >>= 1;
                    }
                } else {
                    sr = hashNode(sr, c);
                }
                fn >>= 1;
                sn >>= 1;
            }
            return sn == 0 && fr == root1 && sr == root2;
        }
    }
}
