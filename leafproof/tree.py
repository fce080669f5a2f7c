"""The log's Merkle tree (RFC 9162 2.1, SHA-256): hashing, growing, proving, verifying.

`Frontier` grows a tree of any size in O(log n) memory. Proofs are composed from the hashes of perfect
subtrees, which a `NodeReader` fetches by (level, index): level 0 holds the leaf hashes, and the node (l, i)
covers the leaves [i * 2^l, (i + 1) * 2^l).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Self

from leafproof.errors import Malformed, ProofInvalid

NodeReader = Callable[[int, int], bytes]

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()  # RFC 9162 2.1.1
MAX_SIZE = 2**63 - 1
MAX_PROOF = 64  # a tree of 2^63 leaves has no longer one


def leaf_hash(entry: bytes) -> bytes:
    """Hash of a log entry: SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two subtrees: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: one hash for each perfect subtree, the largest first."""

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """Raises `Malformed` unless there is one 32-byte peak for each bit set in `size`."""
        if not 0 <= size <= MAX_SIZE or len(peaks) != size.bit_count():
            raise Malformed("frontier", "does not have one hash a perfect subtree")
        if any(len(p) != HASH_SIZE for p in peaks):
            raise Malformed("frontier", "a hash has not 32 bytes")
        self.size = size
        self._peaks = list(peaks)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        node, size = leaf, self.size
        while size & 1:
            node = node_hash(self._peaks.pop(), node)
            size >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The tree's head."""
        if not self._peaks:
            return EMPTY_ROOT
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node

    def copy(self) -> Self:
        """A frontier that grows on its own."""
        return type(self)(self.size, self._peaks)

    def to_bytes(self) -> bytes:
        """The peaks, one after the other: what a log keeps to go on growing."""
        return b"".join(self._peaks)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Self:
        """Read what `to_bytes` wrote; raises `Malformed`."""
        return cls(size, [data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)])


def _split(size: int) -> int:
    """The largest power of two smaller than `size` (RFC 9162 2.1.1)."""
    return 1 << ((size - 1).bit_length() - 1)


def range_hash(start: int, end: int, read: NodeReader) -> bytes:
    """Hash of the subtree over the leaves [start, end), as the tree's recursion cuts it."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return read(level, start >> level)
    middle = start + _split(size)
    return node_hash(range_hash(start, middle, read), range_hash(middle, end, read))


def root_at(size: int, read: NodeReader) -> bytes:
    """Head of the tree of the first `size` leaves."""
    return range_hash(0, size, read) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read: NodeReader) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves (RFC 9162 2.1.3.1); raises `ProofInvalid`."""
    if not 0 <= index < size:
        raise ProofInvalid(f"a log of {size} entries has no entry {index}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_hash(middle, end, read))
            end = middle
        else:
            path.append(range_hash(start, middle, read))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, read: NodeReader) -> list[bytes]:
    """That the first `old` of `new` leaves are unchanged (RFC 9162 2.1.4.1); raises `ProofInvalid`."""
    if not 0 < old <= new:
        raise ProofInvalid(f"no consistency proof leads from {old} to {new} entries")
    path: list[bytes] = []
    start, end = 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(range_hash(middle, end, read))
            end = middle
        else:
            path.append(range_hash(start, middle, read))
            start = middle
    if start:
        path.append(range_hash(start, end, read))
    return path[::-1]


def root_from_path(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root to which `proof` leads from `leaf` at `index` (RFC 9162 2.1.3.2); raises `ProofInvalid`."""
    if not 0 <= index < size <= MAX_SIZE:
        raise ProofInvalid(f"a log of {size} entries has no entry {index}")
    _check_path(proof)
    fn, sn, node = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise ProofInvalid("the inclusion proof is too long")
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            node = node_hash(node, sibling)
        fn >>= 1
        sn >>= 1
    if sn != 0:
        raise ProofInvalid("the inclusion proof is too short")
    return node


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raises `ProofInvalid` unless `proof` leads from `leaf` at `index` to `root` (RFC 9162 2.1.3.2)."""
    if root_from_path(leaf, index, size, proof) != root:
        raise ProofInvalid("the inclusion proof does not lead to the root")


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raises `ProofInvalid` unless the tree `new` extends the tree `old` (RFC 9162 2.1.4.2).

    An empty tree is extended by every tree, with an empty proof.
    """
    if not 0 <= old <= new <= MAX_SIZE:
        raise ProofInvalid(f"a log of {new} entries does not extend one of {old}")
    _check_path(proof)
    if old in (0, new):
        if proof or (old == new and old_root != new_root) or (old == 0 and old_root != EMPTY_ROOT):
            raise ProofInvalid("the consistency proof does not lead from the old root to the new one")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise ProofInvalid("the consistency proof is empty")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    left = right = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise ProofInvalid("the consistency proof is too long")
        if fn & 1 or fn == sn:
            left, right = node_hash(sibling, left), node_hash(sibling, right)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            right = node_hash(right, sibling)
        fn >>= 1
        sn >>= 1
    if sn != 0 or left != old_root or right != new_root:
        raise ProofInvalid("the consistency proof does not lead from the old root to the new one")


def _check_path(proof: Sequence[bytes]) -> None:
    if len(proof) > MAX_PROOF or any(len(p) != HASH_SIZE for p in proof):
        raise ProofInvalid(f"a proof is at most {MAX_PROOF} hashes of {HASH_SIZE} bytes")
