"""What a witness is sent, and what it may conclude, without a network."""

from __future__ import annotations

import pytest

from leafproof import checkpoint, tree, witness
from leafproof.checkpoint import Checkpoint
from leafproof.envelope import LogRef
from leafproof.errors import LeafproofError, Malformed
from leafproof.keys import EDDSA, SigningKey
from leafproof.note import Note
from leafproof.tiles import TileEdge, node_reader
from leafproof.witness import Seen, Submission, Witness

# C2SP tlog-witness: the example of a request.
EXAMPLE = """\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
""".encode()
LOG = LogRef(31337, b"\x11" * 20, b"\x22" * 32)
KEY = SigningKey.generate(EDDSA)
VERIFIER = checkpoint.verifier_of(LOG, KEY.public)
WITNESS = Witness("w", SigningKey.generate(EDDSA))


class History:
    def __init__(self, *said: str) -> None:
        leaves = [tree.leaf_hash(one.encode()) for one in said]
        store = TileEdge(0, lambda *_: b"").append(leaves)
        self.read = node_reader(lambda level, number: store.get((level, number), b""))

    def head(self, size: int) -> Checkpoint:
        return Checkpoint(checkpoint.origin_of(LOG), size, tree.root_at(size, self.read))

    def note(self, size: int) -> Note:
        return checkpoint.sign(KEY, LOG, size, self.head(size).root)


TRUE, FORK = History(*"abcdefgh"), History(*"abcXefgh")


class TestSubmission:
    def test_the_specifications_example_is_read_and_written(self) -> None:
        read = Submission.decode(EXAMPLE)
        assert (read.old, len(read.proof), Checkpoint.parse(read.note.text).size) == (20852014, 4, 20852163)
        assert read.encode() == EXAMPLE


class TestContradiction:
    @pytest.mark.parametrize(("small", "large"), [(0, 8), (1, 8), (3, 5), (8, 8)])
    def test_one_history_does_not_contradict_itself(self, small: int, large: int) -> None:
        assert not witness.contradict(TRUE.head(small), TRUE.head(large), TRUE.read)

    @pytest.mark.parametrize(("small", "large"), [(4, 8), (5, 6), (8, 8)])
    def test_two_histories_do(self, small: int, large: int) -> None:
        assert witness.contradict(FORK.head(small), TRUE.head(large), TRUE.read)
        assert not witness.contradict(FORK.head(3), TRUE.head(large), TRUE.read)  # so far they are one

    def test_nodes_that_do_not_lead_to_the_head_say_nothing(self) -> None:
        with pytest.raises(LeafproofError):
            witness.contradict(FORK.head(4), TRUE.head(8), FORK.read)


class TestSuspects:
    def suspecting(self, size: int) -> Seen:
        seen = WITNESS.judge(Seen(VERIFIER.name), VERIFIER, Submission(0, (), TRUE.note(5)), 100).seen
        judged = WITNESS.judge(seen, VERIFIER, Submission(5, (), FORK.note(size)), 101)
        assert (judged.status, judged.alarm, len(judged.seen.suspects)) == (422, None, 1)
        return judged.seen

    def test_tiles_show_which_it_was(self) -> None:
        seen = self.suspecting(6)
        proof = tuple(tree.consistency_proof(5, 8, TRUE.read))
        seen = WITNESS.judge(seen, VERIFIER, Submission(5, proof, TRUE.note(8)), 102).seen
        assert (len(seen.suspects), len(seen.alarms)) == (1, 0)
        assert witness.resolve(seen, FORK.read, 103) == seen  # these tiles are not of what was remembered
        resolved = witness.resolve(seen, TRUE.read, 103)
        assert (len(resolved.suspects), len(resolved.alarms)) == (0, 1)

    def test_the_same_is_kept_once_and_not_without_end(self) -> None:
        seen = self.suspecting(6)
        again = WITNESS.judge(seen, VERIFIER, Submission(5, (), FORK.note(6)), 104)
        assert again.seen == seen
        for number in range(witness.KEPT + 5):
            other = History(*"abc", str(number), *"efgh").note(6)
            seen = WITNESS.judge(seen, VERIFIER, Submission(5, (), other), 105).seen
        assert len(seen.suspects) == witness.KEPT


class TestState:
    def test_is_read_as_it_was_written_and_else_refused(self) -> None:
        seen = WITNESS.judge(Seen(VERIFIER.name), VERIFIER, Submission(0, (), TRUE.note(5)), 100).seen
        data = seen.encode()
        assert Seen.decode(data) == seen
        for broken in (b"", b"{}", data[:-1], data.replace(b'"size":5', b'"size":-5'), data + b" x"):
            with pytest.raises(Malformed):
                Seen.decode(broken)
