"""A witness in a process of its own, asked by the log, by strangers and by liars who hold the log's key."""

from __future__ import annotations

import base64
import json
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from backend.checkpoints import repository
from backend.checkpoints.repository import Published
from backend.checkpoints.tables import checkpoints
from backend.database import transaction
from leafproof import checkpoint, note, tree
from leafproof.checkpoint import Checkpoint, origin_of
from leafproof.envelope import LogRef
from leafproof.keys import EDDSA, SigningKey
from leafproof.note import COSIGNATURE, Note, Verifier
from leafproof.tiles import TileEdge, node_reader
from leafproof.witness import Submission
from tests.integration.checkpoints.ground import Ground, RunningWitness, command, ground_of
from tests.support.storage import LOG_KEY, REF
from tests.support.waiting import eventually

VKEY = checkpoint.verifier_of(REF, LOG_KEY.public).vkey


class Tree:
    """A history of a log, which whoever holds its key can sign."""

    def __init__(self, name: str, size: int, common: int = 0) -> None:
        self.size = size
        said = [f"common {i}" if i < common else f"{name} {i}" for i in range(size)]
        self.leaves = [tree.leaf_hash(one.encode()) for one in said]
        self.store = TileEdge(0, lambda *_: b"").append(self.leaves)
        self.read = node_reader(lambda level, number: self.store.get((level, number), b""))

    def note(self, size: int, key: SigningKey = LOG_KEY, ref: LogRef = REF) -> Note:
        return checkpoint.sign(key, ref, size, tree.root_at(size, self.read))

    def submission(self, old: int, size: int) -> bytes:
        proof = tree.consistency_proof(old, size, self.read) if old else []
        return Submission(old, tuple(proof), self.note(size)).encode()


TRUE = Tree("true", 2000)
FORK = Tree("false", 300, common=7)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[RunningWitness]:
    made = RunningWitness(tmp_path / "witness")
    made.make()
    made.add(VKEY)
    made.start()
    try:
        yield made
    finally:
        made.end()


def told(witness: RunningWitness, code: int = 0) -> dict[str, Any]:
    """What `leafproof witness status` tells of its one log."""
    (log,) = json.loads(command("status", str(witness.folder), "--json", code=code))["logs"]
    return dict(log)


def cosigned(witness: RunningWitness, answer: httpx.Response, text: str) -> int:
    """The time that its cosignature states."""
    assert answer.status_code == 200, answer.text
    read = Note.decode(text.encode() + b"\n" + answer.content)
    (found,) = read.signed_by([Verifier.parse(witness.vkey)])
    assert found.by.kind == COSIGNATURE and found.time is not None
    return found.time


class TestAddCheckpoint:
    def test_what_extends_is_cosigned_and_remembered(self, witness: RunningWitness) -> None:
        times = [
            cosigned(witness, witness.post(TRUE.submission(old, new)), TRUE.note(new).text)
            for old, new in ((0, 5), (5, 8), (8, 8), (8, 300))
        ]
        assert times == sorted(times)
        assert (told(witness)["size"], told(witness)["alarms"]) == (300, [])

    def test_of_another_old_size_the_remembered_one_is_told(self, witness: RunningWitness) -> None:
        witness.post(TRUE.submission(0, 5))
        for body in (TRUE.submission(0, 8), TRUE.submission(3, 8)):
            answer = witness.post(body)
            assert (answer.status_code, answer.content) == (409, b"5\n")
            assert answer.headers["content-type"] == "text/x.tlog.size"

    def test_an_unknown_log(self, witness: RunningWitness) -> None:
        other = LogRef(REF.chain_id, REF.contract, b"\x77" * 32)
        body = Submission(0, (), TRUE.note(5, ref=other)).encode()
        assert witness.post(body).status_code == 404

    def test_another_key(self, witness: RunningWitness) -> None:
        body = Submission(0, (), TRUE.note(5, SigningKey.generate(EDDSA))).encode()
        assert witness.post(body).status_code == 403
        good = TRUE.note(5)
        spoilt = Note(good.text, (note.Signature(good.signatures[0].name, good.signatures[0].key_id, bytes(64)),))
        assert witness.post(Submission(0, (), spoilt).encode()).status_code == 403

    def test_an_old_size_beyond_the_checkpoint(self, witness: RunningWitness) -> None:
        assert witness.post(Submission(6, (), TRUE.note(5)).encode()).status_code == 400

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"old 5",
            TRUE.submission(0, 5).replace(b"old 0", b"old 00"),
            TRUE.submission(0, 5).replace(b"old 0", b"new 0"),
            b"old 0\n" + base64.b64encode(bytes(32)) + b" \n\n" + TRUE.note(5).encode(),
            b"old 0\n" + (base64.b64encode(bytes(32)) + b"\n") * 64 + b"\n" + TRUE.note(5).encode(),
            b"old 0\n\nnot a note\n",
            TRUE.submission(0, 5).replace(b"\n5\n", b"\n05\n"),
        ],
    )
    def test_what_is_no_submission(self, witness: RunningWitness, body: bytes) -> None:
        assert witness.post(body).status_code == 400
        assert told(witness)["size"] == 0

    def test_a_proof_that_does_not_lead_there(self, witness: RunningWitness) -> None:
        witness.post(TRUE.submission(0, 5))
        for proof in ((), (bytes(32),), (bytes(31),) * 3):
            assert witness.post(Submission(5, proof, TRUE.note(8)).encode()).status_code == 422
        assert told(witness)["size"] == 5

    def test_only_one_thing_is_there(self, witness: RunningWitness) -> None:
        assert httpx.get(witness.url + "/").status_code == 404
        assert httpx.post(witness.url + "/other", content=b"x").status_code == 404
        with httpx.Client() as http:
            large = http.post(f"{witness.url}/add-checkpoint", content=b"x" * (1 << 20))
        assert large.status_code == 413

    def test_of_many_at_once_each_size_is_cosigned_in_order(self, witness: RunningWitness) -> None:
        witness.post(TRUE.submission(0, 5))
        statuses: list[int] = []
        threads = [
            threading.Thread(target=lambda: statuses.append(witness.post(TRUE.submission(5, 9)).status_code))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200] + [409] * 7

    def test_a_clock_that_was_set_back_does_not_set_cosignatures_back(self, witness: RunningWitness) -> None:
        witness.post(TRUE.submission(0, 5))
        witness.stop()
        (path,) = (witness.folder / "seen").iterdir()
        seen = json.loads(path.read_bytes())
        path.write_text(json.dumps({**seen, "time": seen["time"] + 10_000}))
        witness.start()
        time = cosigned(witness, witness.post(TRUE.submission(5, 6)), TRUE.note(6).text)
        assert time == seen["time"] + 10_000


class TestASplitView:
    def test_two_roots_of_one_size_are_never_both_cosigned_and_the_alarm_stays(
        self, witness: RunningWitness
    ) -> None:
        witness.post(TRUE.submission(0, 8))
        for _ in range(2):
            assert witness.post(FORK.submission(0, 8)).status_code == 409
        (alarm,) = told(witness, code=1)["alarms"]
        held, other = (Note.decode(alarm[name].encode()) for name in ("held", "other"))
        assert [Checkpoint.parse(n.text).size for n in (held, other)] == [8, 8]
        assert held.text != other.text
        for one in (held, other):
            assert one.signed_by([Verifier.parse(VKEY)])
        assert not other.signed_by([Verifier.parse(witness.vkey)])
        assert witness.stop() == 1
        assert sum("ALARM: split view of leafproof/" in line for line in witness.said) == 1
        witness.said.clear()
        witness.start()
        assert "two roots for 8 entries" in "".join(witness.said)
        assert witness.stop() == 1

    def test_what_does_not_extend_is_suspect_until_it_is_known(self, witness: RunningWitness) -> None:
        witness.post(TRUE.submission(0, 8))
        assert witness.post(FORK.submission(8, 12)).status_code == 422
        assert (told(witness)["suspects"], told(witness)["alarms"]) == (1, [])
        cosigned(witness, witness.post(TRUE.submission(8, 12)), TRUE.note(12).text)
        assert len(told(witness, code=1)["alarms"]) == 1
        assert told(witness, code=1)["suspects"] == 0

    def test_a_strangers_bad_proof_of_an_honest_checkpoint_is_no_alarm(self, witness: RunningWitness) -> None:
        witness.post(TRUE.submission(0, 8))
        assert witness.post(Submission(8, (bytes(32),), TRUE.note(12)).encode()).status_code == 422
        assert told(witness)["suspects"] == 1
        cosigned(witness, witness.post(TRUE.submission(8, 12)), TRUE.note(12).text)
        assert (told(witness)["suspects"], told(witness)["alarms"]) == (0, [])


class TestKilled:
    def test_at_any_moment_it_remembers_all_that_it_cosigned(self, witness: RunningWitness) -> None:
        size, chance = 0, random.Random(6962)
        for _turn in range(8):
            killer = threading.Timer(chance.uniform(0.05, 0.2), witness.kill)
            killer.start()
            try:
                while size < TRUE.size:
                    assert witness.post(TRUE.submission(size, size + 1)).status_code == 200
                    size += 1
            except httpx.HTTPError:
                pass  # killed
            killer.join()
            witness.end()
            witness.start()
            remembered = told(witness)["size"]
            # What was on its way when it died may be remembered, what was answered must be.
            assert size in (remembered, remembered - 1)
            if remembered:  # a busy machine may kill it before it knew anything
                assert witness.post(TRUE.submission(0, TRUE.size)).content == f"{remembered}\n".encode()
            size = remembered
        assert size > 8

    def test_a_state_that_is_lost_or_broken_is_not_taken_for_a_new_log(self, witness: RunningWitness) -> None:
        witness.post(TRUE.submission(0, 5))
        assert witness.stop() == 0
        (path,) = (witness.folder / "seen").iterdir()
        kept = path.read_bytes()
        for data in (None, kept[:-3], b"", kept.replace(b'"origin":"leafproof', b'"origin":"leafprooF')):
            path.unlink(missing_ok=True)
            if data is not None:
                path.write_bytes(data)
            command("run", str(witness.folder), "--port", "0", code=2)


class TestWrongUse:
    def test_is_an_exit_code_of_its_own(self, tmp_path: Path, witness: RunningWitness) -> None:
        command("run", str(tmp_path / "nowhere"), code=2)
        command("init", str(witness.folder), "--name", "w", code=2)
        command("init", str(tmp_path / "new"), "--name", "two words", code=2)
        command("run", str(witness.folder), "--port", "0", code=2)  # another process uses the folder
        witness.stop(signal.SIGINT)
        command("add", str(witness.folder), VKEY, "--url", "http://127.0.0.1:1")  # it moved
        other = checkpoint.verifier_of(REF, SigningKey.generate(EDDSA).public).vkey
        command("add", str(witness.folder), other, code=2)  # another key of a log that it knows
        command("add", str(witness.folder), witness.vkey, code=2)  # a cosigner's key
        command("add", str(witness.folder), "no vkey", code=2)
        (witness.folder / "key.pem").chmod(0o644)
        command("run", str(witness.folder), "--port", "0", code=2)


@pytest.fixture
def ground(engine: Engine) -> Iterator[Ground]:
    with ground_of(engine) as made:
        yield made


class TestWithALog:
    @pytest.fixture
    def idle(self, tmp_path: Path) -> Iterator[RunningWitness]:
        made = RunningWitness(tmp_path / "idle")
        made.make()
        try:
            yield made
        finally:
            made.end()

    def names(self, data: bytes) -> list[str]:
        return [s.name for s in Note.decode(data).signatures]

    def test_the_log_gathers_cosignatures_and_serves_them(self, ground: Ground, witness: RunningWitness) -> None:
        ground.ask(witness)
        for size in (5, 270, 300):
            ground.grow(size - told(witness)["size"])
            served = ground.publish()
            assert self.names(served) == [origin_of(REF), "example.org/witness"]
            Note.decode(served).signed_by([Verifier.parse(ground.vkey), Verifier.parse(witness.vkey)])
            assert told(witness)["size"] == size
        assert ground.publisher.refusals == []

    def test_a_witness_that_is_away_costs_its_cosignature_until_it_is_back(
        self, ground: Ground, witness: RunningWitness
    ) -> None:
        ground.ask(witness)
        witness.stop()
        ground.grow(5)
        assert self.names(ground.publish()) == [origin_of(REF)]
        witness.start()
        ground.ask(witness)
        assert self.names(ground.publish()) == [origin_of(REF), "example.org/witness"]

    def test_a_witness_that_saw_another_history_refuses_and_is_named(
        self, ground: Ground, witness: RunningWitness
    ) -> None:
        witness.post(TRUE.submission(0, 4))
        ground.ask(witness)
        ground.grow(6)
        assert self.names(ground.publish()) == [origin_of(REF)]
        assert ground.publisher.refusals == ["witness example.org/witness answers 422"]

    def test_whoever_follows_sees_the_log_grow(self, ground: Ground, idle: RunningWitness) -> None:
        idle.add(ground.vkey, ground.prefix)
        ground.grow(5)
        ground.publish()
        idle.start()
        for size in (5, 300, 700):
            ground.grow(size - ground._count)
            ground.publish()
            eventually(lambda size=size: told(idle)["size"] == size, f"{size} entries to be seen")
        assert idle.stop() == 0

    def test_whoever_follows_catches_a_log_that_shows_others_another_history(
        self, ground: Ground, idle: RunningWitness
    ) -> None:
        idle.add(ground.vkey, ground.prefix)
        ground.grow(9)
        idle.start()
        assert idle.post(TRUE.submission(0, 4)).status_code == 200  # what the liar submits
        ground.publish()  # what it shows
        eventually(lambda: command_alarms(idle) == 1, "the alarm")
        assert idle.stop() == 1
        assert "no history holds both 4 and 9 entries" in "".join(idle.said)

    def test_a_shorter_history_is_compared_too(self, ground: Ground, idle: RunningWitness) -> None:
        idle.add(ground.vkey, ground.prefix)
        ground.grow(300)
        ground.publish()
        idle.start()
        eventually(lambda: told(idle)["size"] == 300, "300 entries to be seen")
        old = FORK.note(9)  # signed, shorter than what is remembered, and of another history
        with transaction(ground.engine) as connection:
            connection.execute(checkpoints.delete())
            repository.put(connection, ground.log.number, Published(9, old.encode(), 0))
        eventually(lambda: command_alarms(idle) == 1, "the alarm")


def command_alarms(witness: RunningWitness) -> int:
    (path,) = (witness.folder / "seen").glob("[0-9a-f]*.json")
    return len(json.loads(path.read_bytes())["alarms"])
