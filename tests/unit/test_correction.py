"""Corrections: why a statement was superseded, and what it changes downstream."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from leafproof.correction import Change, Correction
from leafproof.errors import InvalidInput
from leafproof.footprint import Exempted, Footprint, ProductFacts, chosen_anew
from leafproof.replay.replay import replay
from leafproof.replay.report import Discrepancy
from leafproof.replay.source import Entry
from leafproof.verification.report import Finding, Report, Status
from leafproof.verification.verify import verify
from tests.support import world as w
from tests.support import world_methods as wm
from tests.support.world import COIL, TOWER, Places, World
from tests.support.world_source import WorldSource


def corrected(tonnes: str = "17.9", reason: str | None = "misread") -> tuple[World, Places, int, Footprint]:
    """The coil's record says another weight since; its entry, and the newer footprint."""
    world, at = w.honest_world()
    newer = w.coil_record(world, at.steel_plan, tonnes, supersedes=world.id(at.coil))
    index = w.log_record(world, world.steel, newer, reason)
    first = world.id(at.coil_footprint)
    _, stated = w.log_footprint(world, world.steel, newer, index, at.factors, supersedes=first)
    world.anchor()
    world.supersede(world.steel, COIL, index)
    return world, at, index, stated


def replayed(world: World) -> list[Discrepancy]:
    return replay(WorldSource.of(world), world.trust(), world.view()).discrepancies


def found(world: World) -> set[tuple[int | None, str]]:
    return {(x.index, x.kind) for x in replayed(world)}


def footprint_at(world: World, index: int) -> Footprint:
    entry, by = world.entries[index], world.steel
    return Footprint.read(entry.body or b"", entry.disclosures, by.key.public, by.uri)


def judged(world: World, lot: object) -> Report:
    return verify(world.bundle(lot, bodies=False), world.trust(), world.view())


def named(report: Report, number: int, code: str) -> list[Finding]:
    return [f for f in report[number].findings if f.code == code]


class TestReplay:
    def test_takes_a_correction_with_its_reason(self) -> None:
        world, *_ = corrected()
        assert {kind for _, kind in found(world)} <= {"input-shares"}  # the tower took shares of another weight

    def test_catches_one_that_was_hidden(self) -> None:
        world, _, index, _ = corrected(reason=None)
        assert (index, "correction-hidden") in found(world)

    def test_catches_another_factor_without_a_word(self) -> None:
        world, at = w.honest_world()
        other = msgspec.structs.replace(w.FACTORS, version="2")
        factors = world.state(world.steel, "urn:leafproof:factors", w.body.FACTOR_SET, other.encode_body())
        record = w.coil_record(world, at.steel_plan)
        first = world.id(at.coil_footprint)
        index, _ = w.log_footprint(world, world.steel, record, at.coil, factors, supersedes=first)
        world.anchor()
        assert found(world) == {(index, "correction-hidden")}
        w.log_correction(world, world.steel, COIL, "factor", [(first, world.id(index))], "set 1 was recalled")
        world.anchor()
        assert found(world) == set()

    @pytest.mark.parametrize(
        ("members", "named"),
        [({"region": "CN"}, "region"), ({"exempted": Exempted("1", "small")}, "exempted"),
         ({"product": ProductFacts(model="X")}, "product")],
    )  # fmt: skip
    @pytest.mark.parametrize("anew", [False, True], ids=["of the same record", "of a corrected record"])
    def test_catches_another_choice_without_a_word(self, members: dict[str, Any], named: str, anew: bool) -> None:
        """A reason for the record is none for what the issuer chose beside it."""
        world, at = w.honest_world()
        record, index, first = w.coil_record(world, at.steel_plan), at.coil, world.id(at.coil_footprint)
        if anew:
            record = w.coil_record(world, at.steel_plan, "17.9", supersedes=world.id(at.coil))
            index = w.log_record(world, world.steel, record)
        stated = w.footprint_of(record, world.id(index), world.id(at.factors), supersedes=first)
        lie = wm.log_stated(world, msgspec.structs.replace(stated, **members))
        world.anchor()
        said = [x.message for x in replayed(world) if (x.index, x.kind) == (lie, "correction-hidden")]
        assert len(said) == 1 and f"other {named}" in said[0]
        w.log_correction(world, world.steel, COIL, "factor", [(first, world.id(lie))])
        world.anchor()
        assert "correction-hidden" not in {x.kind for x in replayed(world)}

    def test_catches_energy_outside_runs_that_was_dropped(self) -> None:
        world, _, at = wm.methods_world()
        name = "iso-14067-2018"
        first = world.id(at.footprints[name])
        lie = wm.log_stated(world, wm.changed(at.stated[name], first, period=None))
        world.anchor()
        assert (lie, "correction-hidden") in found(world)

    def test_asks_no_reason_for_a_period_that_was_closed(self) -> None:
        closed = wm.methods_world()[2].stated["pact-3"]
        assert chosen_anew(msgspec.structs.replace(closed, period=None), closed) == ()

    def test_catches_an_older_footprint_of_an_input(self) -> None:
        """A newer one may be taken without a word; going back to one that it superseded is a choice."""
        world, at = w.honest_world()
        record = w.coil_record(world, at.steel_plan)
        newer, upstream = w.log_footprint(
            world, world.steel, record, at.coil, at.factors, supersedes=world.id(at.coil_footprint)
        )
        tower = w.tower_record(world, at.workshop_plan, at.coil_footprint)
        taken = w.footprint_of(
            tower, world.id(at.tower), world.id(at.factors), upstream, supersedes=world.id(at.tower_footprint),
            counting={str(COIL): world.id(newer)},
        )  # fmt: skip
        index = wm.log_stated(world, taken, world.fabricator)
        world.anchor()
        assert found(world) == set()
        back, _ = w.log_footprint(
            world, world.fabricator, tower, at.tower, at.factors, upstream, supersedes=world.id(index)
        )
        world.anchor()
        assert found(world) == {(back, "correction-hidden")}

    def test_catches_one_that_names_other_statements(self) -> None:
        world, at, index, _ = corrected(reason=None)
        pairs = [
            (world.id(at.coil), world.id(at.coil)),
            (world.id(at.tower), world.id(index)),
            ("ab" * 32, "cd" * 32),
        ]
        for pair in pairs:
            wrong = w.log_correction(world, world.steel, COIL, "record", [pair])
            world.anchor()
            assert {(wrong, "correction-differs"), (index, "correction-hidden")} <= found(world)

    def test_takes_nobody_elses_word(self) -> None:
        world, at, index, _ = corrected(reason=None)
        pair = (world.id(at.coil), world.id(index))
        wrong = w.log_correction(world, world.fabricator, COIL, "record", [pair])
        world.anchor()
        assert {(wrong, "correction-differs"), (index, "correction-hidden")} <= found(world)

    def test_accuses_nobody_where_it_is_withheld(self) -> None:
        world, _, index, _ = corrected()
        source = WorldSource.of(world)
        source.entries_[index + 1] = Entry(world.entries[index + 1].envelope, None, ())
        report = replay(source, world.trust(), world.view())
        assert {x.kind for x in report.discrepancies} <= {"input-shares"}


class TestThePassport:
    def test_of_the_lot_says_why(self) -> None:
        world, *_ = corrected()
        (one,) = named(judged(world, COIL), 6, "lot-corrected")
        assert one.params == {"what": "record", "reason": "misread", "by": "shift leader"}
        assert one.status is Status.WARNING

    def test_of_the_lot_says_that_nobody_said_why(self) -> None:
        world, *_ = corrected(reason=None)
        assert len(named(judged(world, COIL), 6, "correction-unstated")) == 1

    def test_of_what_was_made_from_it_says_by_how_much(self) -> None:
        world, at, _, after = corrected()
        report = judged(world, TOWER)
        (one,) = named(report, 9, "input-changed")
        entry = world.entries[at.coil_footprint]
        before = Footprint.read(entry.body or b"", entry.disclosures, world.steel.key.public, world.steel.uri)
        # 10 t of the coil are in 9.7 t of the section.
        exact = (Decimal(after.per_tonne) - Decimal(before.per_tonne)) * 10 / Decimal("9.7")
        assert one.params["delta"] == f"{exact.quantize(Decimal('0.001')):+f}"
        assert (one.params["before"], one.params["after"]) == (before.per_tonne, after.per_tonne)
        assert [f.params["reason"] for f in named(report, 9, "input-lot-corrected")] == ["misread"]
        assert report.status is not Status.FAIL

    def test_of_what_was_made_from_it_is_silent_about_a_newer_footprint_of_the_same_facts(self) -> None:
        world, at = w.honest_world()
        first = world.id(at.coil_footprint)
        w.log_footprint(
            world, world.steel, w.coil_record(world, at.steel_plan), at.coil, at.factors, supersedes=first
        )
        world.anchor()
        assert named(judged(world, TOWER), 9, "input-changed") == []


class TestTheStatement:
    def test_is_read_as_it_was_written(self) -> None:
        said = Correction(str(COIL.gtin), "C-1", "frames", "late", "server", (Change("ab" * 32, "cd" * 32),))
        assert Correction.decode_body(said.encode_body()) == said

    @pytest.mark.parametrize(
        ("field", "value"),
        [("gtin", "1"), ("reason", " "), ("by", ""), ("changes", ()), ("changes", (Change("x", "cd" * 32),)),
         ("reason", "a\x1b[2J"), ("changes", (Change("ab" * 32, "cd" * 32),) * 21)],
    )  # fmt: skip
    def test_keeps_its_rules(self, field: str, value: object) -> None:
        said = Correction(str(COIL.gtin), "C-1", "record", "so", "me", (Change("ab" * 32, "cd" * 32),))
        with pytest.raises(InvalidInput, match=field):
            msgspec.structs.replace(said, **{field: value}).check()
