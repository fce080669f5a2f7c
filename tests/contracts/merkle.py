# SPDX-License-Identifier: Apache-2.0
"""RFC 9162 section 2.1 as it is written there: recursive, slow, and plain enough to be checked by eye.

`edge` adds proofs for trees far too large to build: it makes the siblings up and computes the two heads that
they prove.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaves(count: int) -> list[bytes]:
    """`count` leaf hashes, each of its own entry."""
    return [leaf_hash(b"entry %d" % i) for i in range(count)]


def _split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def root(d: Sequence[bytes]) -> bytes:
    """MTH, 2.1.1, over leaf hashes."""
    if not d:
        return hashlib.sha256(b"").digest()
    if len(d) == 1:
        return d[0]
    k = _split(len(d))
    return node_hash(root(d[:k]), root(d[k:]))


def inclusion(m: int, d: Sequence[bytes]) -> list[bytes]:
    """PATH, 2.1.3.1."""
    if len(d) == 1:
        return []
    k = _split(len(d))
    if m < k:
        return [*inclusion(m, d[:k]), root(d[k:])]
    return [*inclusion(m - k, d[k:]), root(d[:k])]


def consistency(m: int, d: Sequence[bytes]) -> list[bytes]:
    """PROOF, 2.1.4.1, for 0 < m < len(d)."""
    return _subproof(m, d, known=True)


def _subproof(m: int, d: Sequence[bytes], *, known: bool) -> list[bytes]:
    if m == len(d):
        return [] if known else [root(d)]
    k = _split(len(d))
    if m <= k:
        return [*_subproof(m, d[:k], known=known), root(d[k:])]
    return [*_subproof(m - k, d[k:], known=False), root(d[:k])]


def edge(size: int) -> tuple[bytes, bytes, list[bytes]]:
    """The costliest extension to `size`, a power of two: from one leaf less. Returns (root1, root2, proof).

    The older tree's right edge has a perfect subtree on every level, so each of them is hashed into both heads.
    """
    names: Callable[[], bytes] = map(leaf_hash, map(b"sibling %d".__mod__, itertools.count())).__next__
    first, second = names(), names()
    older, newer, proof = first, node_hash(first, second), [first, second]
    for _ in range(size.bit_length() - 2):
        left = names()
        older, newer = node_hash(left, older), node_hash(left, newer)
        proof.append(left)
    return older, newer, proof


def path(depth: int, leaf: bytes) -> tuple[bytes, list[bytes]]:
    """The inclusion of `leaf` as the last of 2^depth leaves: (root, proof)."""
    proof = leaves(depth)
    for left in proof:
        leaf = node_hash(left, leaf)
    return leaf, proof
