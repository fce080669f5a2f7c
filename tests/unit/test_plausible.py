"""Implausible and frozen readings: counted from the raw readings, and hidden by no record."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from leafproof import metering, plausible
from leafproof.errors import InvalidInput
from leafproof.footprint import Footprint
from leafproof.plan import MeteringPlan, Plausible
from leafproof.plausible import Suspects
from leafproof.record import BatchRecord
from leafproof.verification.report import Status
from tests.support import world_plant as p
from tests.support.world import Party
from tests.unit.test_carriers import HOUR, T0, point
from tests.unit.test_plant import codes, kinds, replayed, verified

PLATE = "rating plate, 6 kVA"
LIMITS = {
    "rolling": Plausible(PLATE, maximum="6"),
    "gas": Plausible("flow never steady", frozen_after=4),
    "gc": Plausible("gas quality order", minimum="30", maximum="37.5"),
}


def limited(party: Party) -> MeteringPlan:
    true = p.plan_of(party)
    points = (msgspec.structs.replace(one, plausible=LIMITS.get(one.point)) for one in true.points)
    return msgspec.structs.replace(true, points=tuple(points))


def hiding(name: str, **stated: int) -> Callable[[BatchRecord], BatchRecord]:
    def lie(record: BatchRecord) -> BatchRecord:
        told = (msgspec.structs.replace(a, **stated) if a.point == name else a for a in record.activity or ())
        return msgspec.structs.replace(record, activity=tuple(told))

    return lie


def count(values: str, kind: str = "interval", step: int = HOUR, hours: int = 99, **limits: Any) -> Suspects:
    """Of hourly readings, a dash for none."""
    one = point(kind=kind, plausible=Plausible(PLATE, **limits))
    rows = [(T0 + step * (i + 1), Decimal(value), "Nm3") for i, value in enumerate(values.split()) if value != "-"]
    return plausible.suspects(one, metering.intervals(one, rows), T0, T0 + HOUR * hours)


class TestRange:
    def test_what_is_outside_is_counted(self) -> None:
        assert count("5 7 -1 6 99", minimum="0", maximum="6") == Suspects(implausible=3)

    def test_the_bounds_themselves_can_be(self) -> None:
        assert count("0 6", minimum="0", maximum="6") == Suspects()

    def test_a_register_that_was_silent_may_have_run_as_long(self) -> None:
        """0, then 18 within three hours: 6 an hour; then 7 in one."""
        assert count("0 - - 18 25", "register", maximum="6") == Suspects(implausible=1)

    def test_only_what_overlaps_the_window(self) -> None:
        assert count("7 7 7", maximum="6", hours=2) == Suspects(implausible=2)


class TestFrozen:
    def test_all_readings_of_a_series_are_counted(self) -> None:
        assert count("4 5 5 5 6 6 4", frozen_after=3) == Suspects(frozen=3)

    def test_a_meter_that_stands_still_is_not_frozen(self) -> None:
        assert count("0 0 0 0", frozen_after=3) == Suspects()

    def test_a_gap_ends_a_series(self) -> None:
        assert count("5 5 - 5 5", frozen_after=3) == Suspects()

    def test_a_register_is_frozen_when_its_state_stays(self) -> None:
        """10, 12, 12, 12, 15: three equal states, two intervals of nothing."""
        assert count("10 12 12 12 15", "register", frozen_after=3) == Suspects(frozen=3)
        assert count("10 12 12 15 15", "register", frozen_after=3) == Suspects()
        assert count("10 12 14 16 18", "register", frozen_after=3) == Suspects()

    def test_both_at_once(self) -> None:
        assert count("9 9 9", maximum="6", frozen_after=3) == Suspects(3, 3)


class TestThePlan:
    @pytest.mark.parametrize(
        ("limits", "field"),
        [
            ({"maximum": "much"}, "plausible.maximum"),
            ({"minimum": "7", "maximum": "6"}, "plausible.minimum"),
            ({"frozen_after": 1}, "plausible.frozen_after"),
            ({"frozen_after": 10_001}, "plausible.frozen_after"),
            ({}, "plausible"),
            ({"maximum": "6", "source": " "}, "plausible.source"),
        ],
    )
    def test_names_what_it_states_wrongly(self, limits: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidInput) as told:
            Plausible(**{"source": PLATE, **limits}).check()
        assert told.value.field == field

    def test_has_none_for_weighings(self) -> None:
        with pytest.raises(InvalidInput, match="plausible"):
            point(kind="weight", interval_seconds=1, line=None, plausible=LIMITS["rolling"]).check()


class TestARecord:
    def test_counts_them_and_everybody_says_so(self) -> None:
        """Electricity of 6.17 in the last quarter of two hours; gas of 25 in all eight; 38 MJ/Nm3 in one hour."""
        made = p.plant(planned=limited)
        found = {a.point: (a.implausible, a.frozen) for a in made.record.activity or ()}
        assert found == {"rolling": (2, 0), "gas": (1, 8)}
        report = verified(made)
        warned = {
            (f.code, f.params["point"], f.params["count"])
            for f in report[7].findings
            if f.code.startswith("readings-")
        }
        assert {
            ("readings-implausible", "rolling", "2"),
            ("readings-implausible", "gas", "1"),
            ("readings-frozen", "gas", "8"),
        } <= warned
        assert report.exit_code == 0
        assert replayed(made).discrepancies == []
        stated = made.world.entries[made.footprint]
        read = Footprint.read(
            stated.body or b"", stated.disclosures, made.world.steel.key.public, made.world.steel.uri
        )
        assert "readings outside the metering plan's plausible range are counted" in read.flags
        assert "readings of a meter that repeated itself are counted" in read.flags

    def test_changes_no_number(self) -> None:
        plain, judged = p.plant().record, p.plant(planned=limited).record
        assert [a.quantity for a in plain.activity or ()] == [a.quantity for a in judged.activity or ()]

    @pytest.mark.parametrize(
        ("name", "stated"),
        [
            ("rolling", {"implausible": 0}),
            ("gas", {"frozen": 0}),
            ("gas", {"implausible": 2}),
            ("gas", {"frozen": 7}),
        ],
    )
    def test_that_hides_some_is_found(self, name: str, stated: dict[str, int]) -> None:
        made = p.plant(hiding(name, **stated), planned=limited)
        assert codes(made, 7) == {"suspects-differ"}
        assert verified(made)[8].status is not Status.FAIL
        assert kinds(made) == {"evidence"}

    def test_that_finds_some_without_a_plan_for_it(self) -> None:
        assert codes(p.plant(hiding("gas", frozen=3)), 7) == {"suspects-differ"}

    def test_cannot_count_fewer_than_none(self) -> None:
        with pytest.raises(InvalidInput, match="implausible"):
            p.plant(hiding("gas", frozen=-1))
