"""Only its own supersedes a statement: nobody's newer word on something else hides a footprint, a mean or a stage."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from leafproof.lifecycle import Lifecycle
from leafproof.replay.replay import replay
from leafproof.verification.verify import verify
from tests.support import declaring as d
from tests.support import world as w
from tests.support import world_methods as wm
from tests.support.declaring import YEAR
from tests.support.world import COIL, TOWER, World
from tests.support.world_source import WorldSource
from tests.unit.test_correction import corrected, footprint_at
from tests.unit.test_lifecycle import attach, staged

Told = tuple[World, object, int, tuple[int, str]]  # the lot looked at, the lie, and what is seen all the same


def by_another_maker() -> Told:
    """The mill's corrected coil is hidden by the fabricator's footprint of its own section."""
    world, at, *_ = corrected()
    newest, record = world.id(len(world.entries) - 1), w.tower_record(world, at.workshop_plan, at.coil_footprint)
    used = footprint_at(world, at.coil_footprint)
    lie, _ = w.log_footprint(world, world.fabricator, record, at.tower, at.factors, used, supersedes=newest)
    world.anchor()
    return world, TOWER, lie, (9, "input-changed")


def by_another_profile() -> Told:
    world, at, lines = d.declaring_world()
    d.state(world, d.of(world, lines))
    stated = footprint_at(world, at.coil_footprint)
    other = msgspec.structs.replace(stated.profile, id="another")
    changed = wm.changed(stated, world.id(at.coil_footprint), profile=other)
    lie = wm.log_stated(world, changed)
    world.anchor()
    return world, COIL, lie, (8, "lot-deviation")


def by_another_lot() -> Told:
    world, at, lines = d.declaring_world()
    d.state(world, d.of(world, lines))
    indexes = {world.id(i): i for i in range(len(world.entries))}
    second = footprint_at(world, indexes[lines[1].footprint])
    lie = wm.log_stated(world, wm.changed(second, world.id(at.coil_footprint)))
    world.anchor()
    return world, COIL, lie, (8, "lot-deviation")


def by_a_mean_of_another_method() -> Told:
    world, _, lines = d.declaring_world()
    first = d.state(world, d.of(world, lines, msgspec.structs.replace(YEAR, end="2018-01-31T00:00:00Z")))
    other = msgspec.structs.replace(YEAR, method="pact-3 2025")
    lie = d.state(world, d.of(world, lines, other, supersedes=world.id(first)))
    return world, COIL, lie, (8, "declared-short")


def by_a_stage_of_another_name() -> Told:
    world, index = staged()
    given = Lifecycle.decode_body(world.entries[index].body or b"")
    other = msgspec.structs.replace(given, stage="use", supersedes=world.id(index))
    return world, COIL, attach(world, other), (8, "logistics after the gate")


# What hides what, and how a replay calls it.
LIES: dict[str, tuple[Callable[[], Told], str]] = {
    "another maker's footprint": (by_another_maker, "two-footprints"),
    "another profile's footprint": (by_another_profile, "two-footprints"),
    "another lot's footprint": (by_another_lot, "two-footprints"),
    "a mean of another method": (by_a_mean_of_another_method, "two-declared"),
    "a stage of another name": (by_a_stage_of_another_name, "two-stages"),
}


@pytest.mark.parametrize("lie", LIES)
class TestWhatIsSupersededByAStranger:
    def test_is_seen_all_the_same(self, lie: str) -> None:
        world, lot, index, (number, seen) = LIES[lie][0]()
        report = verify(world.bundle(lot, bodies=False), world.trust(), world.view())
        told = [f"{f.code} {f.text()}" for f in report[number].findings]
        assert any(seen in one for one in told)
        elsewhere = [f.subject for f in report[6].findings if f.code == "supersedes-elsewhere"]
        assert [one.rpartition(" ")[2] for one in elsewhere] == [str(index)]

    def test_is_caught_by_a_replay(self, lie: str) -> None:
        world, _, index, _ = LIES[lie][0]()
        report = replay(WorldSource.of(world), world.trust(), world.view())
        assert (index, LIES[lie][1]) in {(x.index, x.kind) for x in report.discrepancies}
