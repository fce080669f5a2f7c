"""The kernel's tree against the published vectors and the RFC's own recursive definition."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from leafproof import tiles, tree
from leafproof.errors import Malformed, ProofInvalid
from tests.support.require import need, shared

LEAVES = [tree.leaf_hash(i.to_bytes(4, "big")) for i in range(4096)]


@cache
def mth(start: int, end: int) -> bytes:
    """RFC 9162 2.1.1, word for word."""
    n = end - start
    if n == 0:
        return hashlib.sha256().digest()
    if n == 1:
        return LEAVES[start]
    k = 1
    while k * 2 < n:
        k *= 2
    return hashlib.sha256(b"\x01" + mth(start, start + k) + mth(start + k, end)).digest()


def path(m: int, start: int, end: int) -> list[bytes]:
    """RFC 9162 2.1.3.1: PATH."""
    n = end - start
    if n == 1:
        return []
    k = 1
    while k * 2 < n:
        k *= 2
    if m < k:
        return [*path(m, start, start + k), mth(start + k, end)]
    return [*path(m - k, start + k, end), mth(start, start + k)]


def subproof(m: int, start: int, end: int, whole: bool) -> list[bytes]:
    """RFC 9162 2.1.4.1: SUBPROOF."""
    n = end - start
    if m == n:
        return [] if whole else [mth(start, end)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*subproof(m, start, start + k, whole), mth(start + k, end)]
    return [*subproof(m - k, start + k, end, False), mth(start, start + k)]


def grown(size: int) -> tuple[tree.Frontier, dict[tuple[int, int], bytes]]:
    frontier, store = tree.Frontier(), dict[tuple[int, int], bytes]()
    edge = tiles.TileEdge(0, lambda *_: b"")
    for leaf in LEAVES[:size]:
        frontier.append(leaf)
    store.update(edge.append(LEAVES[:size]))
    return frontier, store


def reader(store: dict[tuple[int, int], bytes]) -> tree.NodeReader:
    return tiles.node_reader(lambda level, index: store.get((level, index), b""))


def vectors(kind: str) -> list[Path]:
    root = shared() / "vectors/rfc9162-merkle" / kind
    return sorted(root.rglob("*.json")) if root.is_dir() else []


class TestVectors:
    @pytest.mark.parametrize("kind", ["inclusion", "consistency"])
    def test_every_published_vector(self, kind: str) -> None:
        found = vectors(kind)
        need(bool(found), "the published Merkle vectors are not at hand")
        for file in found:
            vector = json.loads(file.read_text())
            assert accepted(kind, vector) is not vector["wantErr"], file.name


def accepted(kind: str, vector: dict[str, Any]) -> bool:
    def b(value: str | None) -> bytes:
        return base64.b64decode(value or "")

    proof = [b(p) for p in vector["proof"] or []]
    try:
        if kind == "inclusion":
            tree.verify_inclusion(
                b(vector["leafHash"]), vector["leafIdx"], vector["treeSize"], proof, b(vector["root"])
            )
        else:
            tree.verify_consistency(
                vector["size1"], b(vector["root1"]), vector["size2"], b(vector["root2"]), proof
            )
    except ProofInvalid:
        return False
    return True


class TestAgainstTheDefinition:
    def test_heads_and_all_proofs_up_to_130(self) -> None:
        _, store = grown(130)
        read = reader(store)
        for size in range(131):
            frontier = tree.Frontier()
            for leaf in LEAVES[:size]:
                frontier.append(leaf)
            root = mth(0, size)
            assert frontier.root() == root == tree.root_at(size, read)
            for index in range(size):
                proof = tree.inclusion_proof(index, size, read)
                assert proof == path(index, 0, size)
                tree.verify_inclusion(LEAVES[index], index, size, proof, root)
            for old in range(1, size + 1):
                proof = tree.consistency_proof(old, size, read)
                assert proof == subproof(old, 0, size, True)
                tree.verify_consistency(old, mth(0, old), size, root, proof)

    def test_random_larger_trees(self) -> None:
        rng = random.Random(9162)
        for size in [*rng.sample(range(131, 4096), 12), 255, 256, 257, 511, 512, 513]:
            frontier, store = grown(size)
            read = reader(store)
            assert frontier.root() == mth(0, size)
            for index in rng.sample(range(size), 5):
                proof = tree.inclusion_proof(index, size, read)
                assert proof == path(index, 0, size)
                old = index + 1
                proof = tree.consistency_proof(old, size, read)
                assert proof == subproof(old, 0, size, True)
                tree.verify_consistency(old, mth(0, old), size, frontier.root(), proof)

    def test_a_wrong_bit_anywhere_is_refused(self) -> None:
        rng = random.Random(6962)
        _, store = grown(1000)
        read = reader(store)
        for _ in range(200):
            index, size = sorted(rng.sample(range(1, 1001), 2))
            proof = tree.inclusion_proof(index, size, read)
            place = rng.randrange(len(proof))
            broken = bytearray(proof[place])
            broken[rng.randrange(32)] ^= 1 << rng.randrange(8)
            proof[place] = bytes(broken)
            with pytest.raises(ProofInvalid):
                tree.verify_inclusion(LEAVES[index], index, size, proof, mth(0, size))


class TestGrowing:
    def test_a_tree_grown_in_steps_is_the_tree_grown_at_once(self) -> None:
        rng = random.Random(1)
        store: dict[tuple[int, int], bytes] = {}
        frontier, size = tree.Frontier(), 0
        while size < 4000:
            step = min(rng.randrange(1, 700), 4000 - size)
            edge = tiles.TileEdge(size, lambda level, index: store.get((level, index), b""))
            store.update(edge.append(LEAVES[size : size + step]))
            frontier = tree.Frontier.from_bytes(size, frontier.to_bytes())
            for leaf in LEAVES[size : size + step]:
                frontier.append(leaf)
            size += step
            assert frontier.root() == tree.root_at(size, reader(store)) == mth(0, size)
        assert store == grown(4000)[1]


class TestTilePaths:
    """C2SP tlog-tiles: the specification's own examples, and the one form of each path."""

    @pytest.mark.parametrize(
        ("number", "width", "path"),
        [(1234067, 256, "x001/x234/067"), (0, 256, "000"), (5, 7, "005.p/7"), (1000, 255, "x001/000.p/255")],
    )
    def test_a_number_is_cut_into_groups_of_three(self, number: int, width: int, path: str) -> None:
        assert tiles.tile_path(number, width) == path
        assert tiles.read_tile_path(path) == (number, width)

    @pytest.mark.parametrize(
        "path",
        ["", "5", "05", "0005", "x000/005", "001/005", "x001", "000.p/0", "000.p/256", "000.p/01", "000.p/", "000.p",
         "000/", "/000", "-01", "٠٠٠", "x999/x999/x999/x999/x999/x999/999"],
    )  # fmt: skip
    def test_any_other_form_is_refused(self, path: str) -> None:
        with pytest.raises(Malformed):
            tiles.read_tile_path(path)

    @pytest.mark.parametrize(
        ("size", "level", "full", "partial"),
        [(70_000, 0, 273, 112), (70_000, 1, 1, 17), (70_000, 2, 0, 1), (256, 0, 1, 0), (256, 1, 0, 1)],
    )
    def test_the_tiles_of_a_tree_are_as_wide_as_the_specification_says(
        self, size: int, level: int, full: int, partial: int
    ) -> None:
        widths = [tiles.tile_width(level, number, size) for number in range(full + 2)]
        assert widths == [256] * full + [partial, 0]
