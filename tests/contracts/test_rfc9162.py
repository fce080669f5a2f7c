# SPDX-License-Identifier: Apache-2.0
"""The library against the RFC's own recursion, and against the public vectors."""

from __future__ import annotations

import base64
import json
import random

import pytest

from tests.contracts import merkle
from tests.support.require import need, shared

# Around every power of two, where proofs change shape; all pairs would take an EVM minutes.
SIZES = [*range(1, 19), 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 130]
ANY = b"\xff" * 32


@pytest.fixture(scope="module")
def verifier(RFC9162Harness, people):
    return RFC9162Harness.deploy({"from": people.authority})


def judge(function, cases: list[tuple]) -> list[bool]:
    """The verdicts of a `...Many` function, in batches that a node takes."""
    verdicts: list[bool] = []
    for start in range(0, len(cases), 100):
        verdicts += function(cases[start : start + 100])
    return verdicts


def test_hashes_leaves_and_nodes(verifier):
    for entry in (b"", b"\x00", b"entry", b"x" * 100):
        assert verifier.hashLeaf(entry) == "0x" + merkle.leaf_hash(entry).hex()
    left, right = merkle.leaves(2)
    assert verifier.hashNode(left, right) == "0x" + merkle.node_hash(left, right).hex()


class TestInclusion:
    def test_every_leaf_of_every_size_is_accepted(self, verifier):
        cases = []
        for size in SIZES:
            d = merkle.leaves(size)
            indexes = range(size) if size < 20 else sorted({0, 1, size // 2, size - 2, size - 1})
            cases += [(d[i], i, size, merkle.inclusion(i, d), merkle.root(d)) for i in indexes]
        assert all(judge(verifier.verifyInclusionMany, cases))

    @pytest.mark.parametrize("size", [1, 2, 7, 13, 64, 130])
    def test_nothing_else_is(self, verifier, size):
        d = merkle.leaves(size)
        top = merkle.root(d)
        cases = []
        for i in {0, size // 2, size - 1}:
            proof = merkle.inclusion(i, d)
            cases += [(d[i], other, size, proof, top) for other in {0, size // 2, size - 1, size, size + 1} - {i}]
            cases += [(d[i], i, size, [*proof, ANY], top), (d[i], i, size, [ANY, *proof], top)]
            cases += [(ANY, i, size, proof, top), (d[i], i, size, proof, ANY), (d[i], i, 0, proof, top)]
            cases += [(d[i], i, size, proof[:-1], top), (d[i], i, size, proof[1:], top)] if proof else []
            cases += [(d[i], i, size, [*proof[:k], ANY, *proof[k + 1 :]], top) for k in range(len(proof))]
        assert not any(judge(verifier.verifyInclusionMany, cases))

    def test_a_proof_from_a_higher_tree_does_not_fit_a_lower_one(self, verifier):
        two, eight = merkle.leaves(2), merkle.leaves(8)
        cases = [
            (two[1], 0, 1, [two[0]], merkle.root(two)),
            (eight[7], 3, 4, merkle.inclusion(7, eight), merkle.root(eight)),
        ]
        assert not any(judge(verifier.verifyInclusionMany, cases))

    def test_the_widest_index_and_the_longest_proof_do_not_revert(self, verifier):
        most = 2**64 - 1
        cases = [(ANY, most - 1, most, [ANY] * n, ANY) for n in (0, 63, 64, 65, 300)]
        cases += [(ANY, most, most, [], ANY), (ANY, 0, most, [ANY] * 64, ANY)]
        assert not any(judge(verifier.verifyInclusionMany, cases))

    def test_the_largest_tree(self, verifier):
        leaf = merkle.leaf_hash(b"last")
        top, proof = merkle.path(63, leaf)
        assert verifier.verifyInclusionMany([(leaf, 2**63 - 1, 2**63, proof, top)]) == (True,)


class TestConsistency:
    def test_every_older_size_is_accepted(self, verifier):
        cases = []
        for size2 in SIZES:
            d = merkle.leaves(size2)
            olders = range(1, size2) if size2 < 20 else [s for s in SIZES if s < size2]
            cases += [
                (size1, merkle.root(d[:size1]), size2, merkle.root(d), merkle.consistency(size1, d))
                for size1 in olders
            ]
        assert len(cases) > 300
        assert all(judge(verifier.verifyConsistencyMany, cases))

    @pytest.mark.parametrize(("size1", "size2"), [(1, 2), (1, 9), (6, 8), (8, 13), (64, 130), (127, 130)])
    def test_nothing_else_is(self, verifier, size1, size2):
        d = merkle.leaves(size2)
        old, new, proof = merkle.root(d[:size1]), merkle.root(d), merkle.consistency(size1, d)
        cases = [
            (size1, ANY, size2, new, proof),
            (size1, old, size2, ANY, proof),
            (size1, new, size2, old, proof),
            (size2, old, size1, new, proof),
            (size1, old, size2, new, []),
            (size1, old, size2, new, proof[:-1]),
            (size1, old, size2, new, proof[1:]),
            (size1, old, size2, new, [*proof, ANY]),
            (size1, old, size2, new, [ANY, *proof]),
            (size1, old, size2, new, [old, *proof]),
            (0, old, size2, new, proof),
            (0, ANY, size2, new, []),
        ]
        cases += [(size1, old, size2, new, [*proof[:k], ANY, *proof[k + 1 :]]) for k in range(len(proof))]
        assert not any(judge(verifier.verifyConsistencyMany, cases))

    def test_a_rewritten_leaf_is_refused_wherever_it_was(self, verifier):
        cases = []
        for at in range(9):
            d = merkle.leaves(13)
            old = merkle.root(d[:9])
            d[at] = ANY
            cases.append((9, old, 13, merkle.root(d), merkle.consistency(9, d)))
        assert not any(judge(verifier.verifyConsistencyMany, cases))

    def test_a_proof_from_a_higher_tree_does_not_fit_a_lower_one(self, verifier):
        d = merkle.leaves(8)
        case = (3, merkle.root(d[:7]), 4, merkle.root(d), merkle.consistency(7, d))
        assert judge(verifier.verifyConsistencyMany, [case]) == [False]

    def test_a_proof_from_a_lower_tree_does_not_fit_a_higher_one(self, verifier):
        d = merkle.leaves(4)
        case = (7, merkle.root(d[:3]), 8, merkle.root(d), merkle.consistency(3, d))
        assert judge(verifier.verifyConsistencyMany, [case]) == [False]

    def test_equal_sizes_need_equal_roots_and_no_proof(self, verifier):
        old, other = merkle.leaves(2)
        cases = [(5, old, 5, old, []), (5, old, 5, other, []), (5, old, 5, old, [other]), (0, old, 0, old, [])]
        assert judge(verifier.verifyConsistencyMany, cases) == [True, False, False, False]

    @pytest.mark.parametrize("exponent", [1, 2, 10, 20, 30, 63])
    def test_large_trees(self, verifier, exponent):
        old, new, proof = merkle.edge(2**exponent)
        size = 2**exponent
        cases = [(size - 1, old, size, new, proof), (size - 1, old, size, new, [*proof[:-1], ANY])]
        # From one leaf, the proof leaves the first node out.
        verdicts = judge(verifier.verifyConsistencyMany, cases if exponent > 1 else [(1, old, 2, new, proof[1:])])
        assert verdicts == ([True, False] if exponent > 1 else [True])

    def test_random_garbage_does_not_revert(self, verifier):
        random_ = random.Random(9162)
        cases = []
        for _ in range(200):
            size1, size2 = (random_.getrandbits(random_.choice((3, 8, 64))) for _ in range(2))
            proof = [random_.randbytes(32) for _ in range(random_.choice((0, 1, 5, 64, 70)))]
            cases.append((size1, ANY, size2, ANY if random_.random() < 0.1 else random_.randbytes(32), proof))
        verdicts = judge(verifier.verifyConsistencyMany, cases)
        assert not any(v for v, c in zip(verdicts, cases, strict=True) if c[0] != c[2])


def _vectors(kind: str) -> list[tuple[str, dict]]:
    folder = shared() / "vectors" / "rfc9162-merkle" / kind
    need(folder.is_dir(), "the vectors of rfc9162-merkle are not here (LEAFPROOF_SHARED)")
    return [(str(path.relative_to(folder)), json.loads(path.read_text())) for path in folder.rglob("*.json")]


def _word(text: str) -> bytes:
    """Base64 as 32 bytes; a vector's hash of another length can only be a wrong one, and stays so padded."""
    return base64.b64decode(text).ljust(32, b"\xee")[:32]


def _proof(vector: dict) -> list[bytes]:
    return [_word(h) for h in vector["proof"] or []]


class TestVectors:
    def test_inclusion(self, verifier):
        vectors = [(n, v) for n, v in _vectors("inclusion") if 0 <= v["leafIdx"] < 2**64]
        cases = [
            (_word(v["leafHash"]), v["leafIdx"], v["treeSize"], _proof(v), _word(v["root"])) for _, v in vectors
        ]
        verdicts = judge(verifier.verifyInclusionMany, cases)
        assert dict(zip((n for n, _ in vectors), verdicts, strict=True)) == {
            n: not v["wantErr"] for n, v in vectors
        }

    def test_consistency(self, verifier):
        vectors = _vectors("consistency")
        cases = [(v["size1"], _word(v["root1"]), v["size2"], _word(v["root2"]), _proof(v)) for _, v in vectors]
        verdicts = judge(verifier.verifyConsistencyMany, cases)
        assert dict(zip((n for n, _ in vectors), verdicts, strict=True)) == {
            n: not v["wantErr"] for n, v in vectors
        }
