"""Witnesses: check 5 for a reader whose trust file demands them, and what such a file may say."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from leafproof.bundle import Bundle
from leafproof.errors import Malformed
from leafproof.keys import EDDSA, SigningKey
from leafproof.note import COSIGNATURE, ED25519, Note, Signature, Verifier
from leafproof.trust import Trust
from leafproof.verification.report import Report, Status
from leafproof.verification.verify import verify
from tests.support import world as w
from tests.support.world import Places, World
from tests.unit.test_verification import codes


@pytest.fixture(scope="module")
def made() -> tuple[World, Places]:
    return w.honest_world()


class TestWitnesses:
    """Check 5, for a reader whose trust file demands witnesses."""

    def judge(self, made: tuple[World, Places], required: int, *notes: bytes) -> Report:
        world, _ = made
        bundle = world.bundle()
        for data in notes:
            bundle = w.witnessed(world, bundle, data)
        return verify(Bundle.decode(bundle.encode()), w.demanding(world.trust(), required), world.view())

    @pytest.mark.parametrize("beyond", [False, True])
    def test_enough_of_them_pass_for_every_head(self, made: tuple[World, Places], beyond: bool) -> None:
        world, at = w.honest_world()
        bundle = world.bundle()
        if beyond:  # the checkpoint is of more entries than any head
            w.log_record(world, world.steel, w.coil_record(world, at.steel_plan))
        bundle = w.witnessed(world, bundle, w.cosigned(world, w.WITNESSES))
        report = verify(bundle, w.demanding(world.trust(), 2), world.view())
        assert report[5].status is Status.PASS
        told = [f for f in report[5].findings if f.code == "witnessed"]
        assert len(told) == len(bundle.heads)
        assert told[0].params["names"] == ", ".join(w.WITNESSES)

    def test_nobody_asks_for_what_is_not_demanded(self, made: tuple[World, Places]) -> None:
        assert "witnessed" not in {f.code for f in self.judge(made, 0)[5].findings}
        assert self.judge(made, 0).exit_code == 0

    def test_without_a_checkpoint_it_fails(self, made: tuple[World, Places]) -> None:
        report = self.judge(made, 1)
        assert codes(report, 5) == {"unwitnessed"}
        assert report.exit_code == 1

    def test_fails_offline_too(self, made: tuple[World, Places]) -> None:
        world, _ = made
        report = verify(world.bundle(), w.demanding(world.trust(), 1), None)
        assert codes(report, 5) == {"unwitnessed"}

    def test_two_where_three_are_demanded_fail(self, made: tuple[World, Places]) -> None:
        world, _ = made
        two = dict(list(w.WITNESSES.items())[:2])
        assert codes(self.judge(made, 3, w.cosigned(world, two)), 5) == {"unwitnessed"}
        assert codes(self.judge(made, 2, w.cosigned(world, two)), 5) == set()

    def test_checkpoints_of_one_witness_each_do_not_add_up(self, made: tuple[World, Places]) -> None:
        world, _ = made
        notes = [w.cosigned(world, {name: key}) for name, key in w.WITNESSES.items()]
        assert codes(self.judge(made, 2, *notes), 5) == {"unwitnessed"}

    @pytest.mark.parametrize("lie", ["root", "key", "name", "head", "garbage"])
    def test_what_counts_for_nobody(self, made: tuple[World, Places], lie: str) -> None:
        world, _ = made
        name, key = next(iter(w.WITNESSES.items()))
        data = {
            "root": w.cosigned(world, {name: key}, root=b"\x07" * 32),
            "key": w.cosigned(world, {name: SigningKey.generate(EDDSA)}),
            "name": w.cosigned(world, {"witness.example/other": key}),
            "head": w.cosigned(world, {name: key}, world.bundle().heads[0].size),
            "garbage": w.cosigned(world, {name: key}),
        }[lie]
        bundle = w.witnessed(world, world.bundle(), data)
        if lie == "garbage":
            bundle = replace(bundle, checkpoints=(replace(bundle.checkpoints[0], note=data[:-9]),))
        report = verify(Bundle.decode(bundle.encode()), w.demanding(world.trust(), 1), world.view())
        assert codes(report, 5) == {"unwitnessed"}

    def test_a_spoilt_signature_of_a_known_witness_spoils_the_note(self, made: tuple[World, Places]) -> None:
        world, _ = made
        read = Note.decode(w.cosigned(world, w.WITNESSES))
        last = read.signatures[-1]
        spoilt = read.plus([Signature(last.name, last.key_id, last.value[:-1] + bytes([last.value[-1] ^ 1]))])
        assert codes(self.judge(made, 1, spoilt.encode()), 5) == {"unwitnessed"}

    def test_a_bundle_without_checkpoints_is_the_file_that_it_was(self, made: tuple[World, Places]) -> None:
        world, _ = made
        data = world.bundle().encode()
        assert data[0] == 0x86
        assert w.witnessed(world, world.bundle(), w.cosigned(world, {})).encode()[0] == 0x87


class TestTrustInWitnesses:
    def test_without_them_the_file_is_what_it_was(self, made: tuple[World, Places]) -> None:
        world, _ = made
        data = world.trust().encode()
        assert b"witness" not in data
        read = Trust.decode(data)
        assert (read.witnesses, read.witnesses_required, read.encode()) == ([], 0, data)

    def test_it_is_read_as_it_was_written(self, made: tuple[World, Places]) -> None:
        world, _ = made
        trust = w.demanding(world.trust(), 2)
        assert Trust.decode(trust.encode()) == trust

    @pytest.mark.parametrize("lie", ["more", "less", "twice", "plain", "no key"])
    def test_what_cannot_be_meant_is_refused(self, made: tuple[World, Places], lie: str) -> None:
        world, _ = made
        trust = w.demanding(world.trust(), 1)
        name, key = next(iter(w.WITNESSES.items()))
        again = Verifier.of("another.example/name", COSIGNATURE, key.public).vkey
        changes: dict[str, dict[str, object]] = {
            "more": {"witnesses_required": 4},
            "less": {"witnesses_required": -1},
            "twice": {"witnesses": [*trust.witnesses, again]},
            "plain": {"witnesses": [Verifier.of(name, ED25519, key.public).vkey]},
            "no key": {"witnesses": ["witness.example/w0"]},
        }
        with pytest.raises(Malformed):
            Trust.decode(msgspec.structs.replace(trust, **changes[lie]).encode())
