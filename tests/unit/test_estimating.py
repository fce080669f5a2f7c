"""Estimates by a stated method: the numbers of docs/method.md, what is never estimated, and who lies about it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leafproof import body, period
from leafproof.errors import InvalidInput
from leafproof.footprint import Footprint
from leafproof.frame import Reading
from leafproof.measuring import Measured, Total, apart, measured, total
from leafproof.period import Balance
from leafproof.plan import Estimates, MeteringPlan, MeteringPoint
from leafproof.record import Activity, BatchRecord, Estimated, Segment
from leafproof.replay.replay import replay
from leafproof.verification.report import Status
from leafproof.verification.verify import verify
from tests.support import methods as m
from tests.support import world as w
from tests.support import world_plant as p
from tests.support.world import COIL, START, Party, World, later
from tests.support.world_source import WorldSource
from tests.unit import test_carriers as c
from tests.unit.test_carriers import HOUR, T0
from tests.unit.test_plant import codes, kinds, replayed, verified

RULE = Estimates("neighbours", 2 * HOUR, "monitoring plan, 7.2")
HALF_HOUR = msgspec.structs.replace(RULE, up_to_seconds=1800)


def meter(**changes: Any) -> MeteringPoint:
    return c.point("main", "electricity", "kWh", **{"estimates": RULE, **changes})


def said(values: str, name: str = "main", unit: str = "kWh") -> list[Reading]:
    """One reading an hour, a dash for none."""
    return [
        Reading(name, T0 + HOUR * (i + 1), Decimal(value), unit)
        for i, value in enumerate(values.split())
        if value != "-"
    ]


def of(values: str, start: float = 0, end: float | None = None, **changes: Any) -> Measured:
    """What a meter's readings give in a window; times in hours."""
    last = len(values.split()) if end is None else end
    one = meter(**changes)
    return measured(
        c.plan(one), one, c.heard(*said(values)).at(c.PLANT), [(T0 + int(HOUR * start), T0 + int(HOUR * last))]
    )


def hours(*spans: tuple[float, float]) -> tuple[tuple[int, int], ...]:
    return tuple((T0 + int(HOUR * a), T0 + int(HOUR * b)) for a, b in spans)


class TestNeighbours:
    def test_the_worked_example(self) -> None:
        """docs/method.md: 10 and 20 are read, two hours between are not: 15 each."""
        found = of("10 - - 20")
        assert (found.quantity, found.count, found.gaps) == ("30.000", 2, ())
        assert (found.estimate.quantity, found.estimate.count) == ("30.000", 2)
        assert (found.estimate.spans, found.whole) == (hours((1, 3)), 60)

    @pytest.mark.parametrize(("values", "estimated"), [("- 10 20", 10), ("10 20 -", 20), ("- 10 -", 20)])
    def test_at_an_edge_the_one_there_is(self, values: str, estimated: int) -> None:
        """What was read beyond the edge says that the gap ends there, and nothing else."""
        assert of(f"500 {values} 500", 1, 1 + len(values.split())).estimate.exact == estimated

    @pytest.mark.parametrize("values", ["- 10 20", "10 20 -", "- - 10", "10 -"])
    def test_what_no_reading_closes_stays_a_gap(self, values: str) -> None:
        found = of(values)
        assert (found.estimate.count, found.gaps) == (0, found.unread)

    @pytest.mark.parametrize(("beyond", "estimated"), [("- 20", 20), ("- - 20", 0)])
    def test_how_long_a_gap_is_counts_beyond_the_window(self, beyond: str, estimated: int) -> None:
        """Two hours may be estimated."""
        assert of(f"10 20 - {beyond}", end=3).estimate.exact == estimated

    def test_a_limit_between_two_intervals_is_kept(self) -> None:
        """Of two hours without readings one is the run's: ninety minutes do not reach."""
        rule = msgspec.structs.replace(RULE, up_to_seconds=5400)
        assert of("10 20 - - 20", end=3, estimates=rule).estimate.exact == 0
        assert of("10 20 - 20", end=3, estimates=rule).estimate.exact == 20

    def test_each_gap_has_its_own(self) -> None:
        assert of("10 - 20 - 40").estimate.exact == 15 + 30

    def test_a_longer_gap_stays_one(self) -> None:
        found = of("10 - - - 20")
        assert (found.estimate.count, found.whole, found.gaps) == (0, 30, hours((1, 4)))
        assert found.unread == found.gaps

    def test_nothing_is_estimated_that_no_plan_states(self) -> None:
        found = of("10 - 20", estimates=None)
        assert (found.estimate.method, found.whole, found.gaps) == (None, 30, hours((1, 2)))

    def test_what_is_beyond_the_window_says_nothing(self) -> None:
        assert of("10 - 20", start=1).estimate.exact == 20
        assert of("10 - 20", start=0.5).estimate.exact == 20  # an interval that is cut is no neighbour either

    def test_without_a_neighbour_it_stays_a_gap(self) -> None:
        found = of("10 - 20", start=0.5, end=2.5)
        assert (found.estimate.count, found.gaps) == (0, hours((1, 2)))

    def test_a_part_of_an_interval_gets_a_part(self) -> None:
        found = of("10 - 20", end=1.5)
        assert (found.estimate.exact, found.estimate.count) == (5, 1)

    @pytest.mark.parametrize(
        ("windows", "estimated"),
        [
            (((0, 1), (1, 4)), 510),  # cut behind the larger neighbour, for no time
            (((0, 0.9), (1, 4)), 510),  # for a few minutes of that neighbour
            (((0, 1.5), (1.5, 4)), 510),  # within the gap
            (((0, 1), (2, 4)), 255),  # what is not of the run is not estimated
            (((1, 4),), 20),
        ],
    )
    def test_a_run_that_stands_still_does_not_choose_the_neighbour(
        self, windows: tuple[tuple[float, float], ...], estimated: int
    ) -> None:
        one, heard = meter(), c.heard(*said("500 - - 10 10")).at(c.PLANT)
        assert measured(c.plan(one), one, heard, hours(*windows)).estimate.exact == estimated

    def test_what_a_run_stood_still_for_is_no_neighbour(self) -> None:
        one, heard = meter(), c.heard(*said("10 90 - 30")).at(c.PLANT)
        assert measured(c.plan(one), one, heard, hours((0, 1), (2, 4))).estimate.exact == 30

    def test_is_converted_as_what_was_measured(self) -> None:
        one = c.point(conversions=(c.CALORIFIC,), estimates=RULE)
        heard = c.heard(*said("100 - 300", unit="Nm3")).at(c.PLANT)
        found = measured(c.plan(one), one, heard, hours((0, 3)))
        assert (found.quantity, found.estimate.quantity, found.unit) == ("14.400", "7.200", "GJ")

    def test_of_a_quality_each_interval_has_the_mean_of_the_values_beside(self) -> None:
        """100 Nm3 an hour at 36, unknown, 40 MJ/Nm3: the second hour's 3.8 GJ are an estimate."""
        by_reading = msgspec.structs.replace(c.CALORIFIC, value=None, point="gc")
        one = c.point(conversions=(by_reading,))
        gc = c.point("gc", unit="MJ/Nm3", kind="value", line=None, estimates=RULE)
        heard = c.heard(*said("100 100 100", unit="Nm3"), *said("36 - 40", "gc", "MJ/Nm3")).at(c.PLANT)
        found = measured(c.plan(one, gc), one, heard, hours((0, 3)))
        assert (found.quantity, found.estimate.quantity, found.gaps) == ("7.600", "3.800", ())

    def test_of_amount_and_quality_at_once(self) -> None:
        """The unread hour holds 200 Nm3 at 38 MJ/Nm3: two intervals, of one span."""
        by_reading = msgspec.structs.replace(c.CALORIFIC, value=None, point="gc")
        one = c.point(conversions=(by_reading,), estimates=RULE)
        gc = c.point("gc", unit="MJ/Nm3", kind="value", line=None, estimates=RULE)
        heard = c.heard(*said("100 - 300", unit="Nm3"), *said("36 - 40", "gc", "MJ/Nm3")).at(c.PLANT)
        found = measured(c.plan(one, gc), one, heard, hours((0, 3)))
        assert (found.quantity, found.estimate.quantity) == ("15.600", "7.600")
        assert (found.estimate.count, found.estimate.spans) == (2, hours((1, 2)))


AMOUNTS = st.lists(st.one_of(st.none(), st.integers(0, 999)), min_size=1, max_size=24)


class TestNothingRemains:
    @given(AMOUNTS, st.data())
    @settings(deadline=None)
    def test_runs_and_rest_are_the_period(self, amounts: list[int | None], data: st.DataObject) -> None:
        """Each run, and each time between them, has the same in one piece and in portions, as backend and replay
        count it; and what was read is the period's, however it is cut."""
        end = T0 + HOUR * len(amounts)
        one = meter()
        by = c.plan(one)
        heard = c.heard(*said(" ".join("-" if a is None else str(a) for a in amounts)), said("1 1", "other")[0])
        at = heard.at(c.PLANT)
        cuts = sorted(data.draw(st.lists(st.integers(T0, end), max_size=6)))
        stretches = [(a, b) for a, b in list(pairwise(cuts))[::2] if a < b]
        runs = data.draw(st.sampled_from([[[one] for one in stretches], [stretches]]))  # or one that stood still
        inside, outside = apart(T0, end, runs)
        assert inside == [run for run in runs if run]
        parts = [measured(by, one, at, group) for group in [*inside, *outside]]

        def portions(start: int, end: int) -> list[tuple[int, int]]:
            bounds = [start, *(cut for cut in range(start + 1700, end, 5100)), end]
            return list(pairwise(bounds))

        by_parts = [total(by, one, at, group, portions) for group in [*inside, *outside]]
        assert [(part.exact, part.estimate.exact) for part in parts] == [
            (part.measured, part.estimated) for part in by_parts
        ]
        read = measured(by, one, at, [(T0, end)]).exact
        assert sum((part.exact for part in parts), Fraction(0)) == read

    def test_time_is_cut_where_runs_begin_and_end(self) -> None:
        assert apart(0, 10, [[(2, 4), (6, 7)], [(3, 6)], [(9, 12)]]) == (
            [[(2, 4), (6, 7)], [(4, 6)], [(9, 10)]],
            [[(0, 2)], [(7, 9)]],
        )
        assert apart(0, 10, []) == ([], [[(0, 10)]])

    def test_a_period_asks_for_what_is_estimated_by_runs(self) -> None:
        """10, then a gap, in a run; 40 outside: the run's hour is 10, not 25."""
        one = meter(line="line-1")
        at = c.heard(*said("10 - 40")).at(c.PLANT)
        by = c.plan(one)

        def amount(point: MeteringPoint, windows: list[tuple[int, int]]) -> Total:
            found = measured(by, point, at, windows)
            return Total(found.exact, found.estimate.exact)

        facts = m.run()
        span = msgspec.structs.replace(facts.run, opened="2018-01-01T00:00:00Z", closed="2018-01-01T02:00:00Z")
        record = msgspec.structs.replace(facts, run=span)
        assert period.metered(by, one, [record], (T0, T0 + 3 * HOUR), amount) == (60, 0)
        assert period.metered(by, one, [], (T0, T0 + 3 * HOUR), amount) == (75, 25)


class TestThePlan:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"estimates": msgspec.structs.replace(RULE, up_to_seconds=HOUR - 1)}, "estimates.up_to_seconds"),
            ({"estimates": msgspec.structs.replace(RULE, up_to_seconds=86401)}, "estimates.up_to_seconds"),
            ({"estimates": msgspec.structs.replace(RULE, source=" ")}, "estimates.source"),
            ({"kind": "register"}, "points.estimates"),
            ({"kind": "weight", "interval_seconds": 1, "line": None}, "points.estimates"),
        ],
    )
    def test_names_what_it_states_wrongly(self, changes: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidInput) as told:
            meter(**changes).check()
        assert told.value.field == field

    def test_of_before_there_were_estimates_reads_as_before(self) -> None:
        by = c.plan(meter(estimates=None))
        older = msgspec.to_builtins(by)
        for one in older["points"]:
            del one["estimates"]
        assert MeteringPlan.decode_body(body.encode(older)) == by

    def test_knows_one_method(self) -> None:
        one = meter(estimates=msgspec.structs.replace(RULE, method="guess"))
        with pytest.raises(InvalidInput, match="metering plan"):
            MeteringPlan.decode_body(c.plan(one).encode_body())


def estimating(*points: str, rule: Estimates = HALF_HOUR) -> Callable[[Party], MeteringPlan]:
    def planned(party: Party) -> MeteringPlan:
        true = p.plan_of(party)
        told = (msgspec.structs.replace(o, estimates=rule) if o.point in points else o for o in true.points)
        return msgspec.structs.replace(true, points=tuple(told))

    return planned


def lost(*quarters: int, name: str = "rolling") -> Callable[[int], list[Reading]]:
    """Hours of which these quarters, counted from the first hour's first as 0, were never read."""
    ends = {START + 900 * (one + 1) for one in quarters}
    return lambda number: [r for r in p.hour_of(number) if r.point != name or r.time not in ends]


def plant(lie: Callable[[BatchRecord], BatchRecord] = lambda record: record) -> p.Plant:
    """The run's second and third quarter were not read, and are estimated."""
    return p.plant(lie, estimating("rolling"), said=lost(5, 6))


def rolling(made: p.Plant) -> Activity:
    return next(a for a in made.record.activity or () if a.point == "rolling")


def footprint_of(made: p.Plant, index: int) -> Footprint:
    stated, steel = made.world.entries[index], made.world.steel
    return Footprint.read(stated.body or b"", stated.disclosures, steel.key.public, steel.uri)


FIRST_HOUR = 3  # the log's entry that has the frame of the run's first hour
SPAN = ("2018-01-02T00:15:00Z", "2018-01-02T00:45:00Z")
KEPT_BACK = [Reading("rolling", START + 900 * one, Decimal(900), "kWh") for one in (6, 7)]  # of the span
TRUE = Estimated("neighbours", 2, "9.340", (SPAN,))


class TestARecord:
    def test_states_it_apart_and_everybody_says_so(self) -> None:
        """3.17, two quarters unread, 6.17 kWh: 4.67 each, beside the 28.02 that were read: a quarter of the whole."""
        made = plant()
        one = rolling(made)
        assert (one.quantity, one.intervals, one.gaps, one.estimated) == ("28.020", 6, (), TRUE)
        assert (str(one.whole), one.estimated_percent) == ("37.360 kWh", "25.00")
        report = verified(made)
        (warned,) = [f for f in report[7].findings if f.code == "estimated"]
        assert warned.status is Status.WARNING
        assert warned.text().endswith("rolling: 9.340 kWh (25.00 %) estimated, in 2 intervals")
        whole = {f.params["point"] for f in report[7].findings if f.code == "frames-complete"}
        assert whole == {"gas"}
        assert report.exit_code == 0
        assert replayed(made).discrepancies == []

    def test_is_counted_as_secondary_data(self) -> None:
        """37.36 kWh of both, by the same factors; none of the estimate is primary."""
        made, true = footprint_of(plant(), -1), footprint_of(p.plant(), -1)
        read, estimated = [one for one in made.components or () if one.subject == "electricity"]
        assert (read.kind, read.quantity, read.estimated) == ("primary", "28.020", False)
        assert (estimated.kind, estimated.quantity, estimated.estimated) == ("secondary", "9.340", True)
        assert read.factors == estimated.factors
        assert made.per_tonne == true.per_tonne
        assert Decimal(made.primary_data_share) < Decimal(true.primary_data_share)
        assert [f for f in made.flags if f.startswith("rolling")] == [
            "rolling 25.00 %: estimated, for want of readings"
        ]
        assert not any("no evidence from upstream" in f for f in made.flags if f.startswith("rolling"))

    def test_by_hand(self) -> None:
        """docs/method.md: 950 kWh read and 50 estimated are the first example's number, with less primary data."""
        read = msgspec.structs.replace(
            m.activity("950"), estimated=Estimated("neighbours", 1, "50", (("2026-03-02T07:00:00Z", "2026-03-02T07:15:00Z"),))
        )  # fmt: skip
        found = m.calculate(m.run((read,)))
        assert (found.per_tonne, found.primary_data_share) == ("2256.000", "0.0236")
        assert "main 5.00 %: estimated, for want of readings" in found.flags

    @pytest.mark.parametrize(
        ("metered", "more", "percent", "mostly"),
        [
            ("28.020", "28.020", "50.00", False),
            ("28.020", "28.021", "50.00", True),
            ("-30", "10", "25.00", False),
            ("-10", "-30", "75.00", True),
            ("0", "0", "0.00", False),
        ],
    )
    def test_says_how_much_of_it_it_is(self, metered: str, more: str, percent: str, mostly: bool) -> None:
        one = msgspec.structs.replace(m.activity(metered), estimated=msgspec.structs.replace(TRUE, quantity=more))
        assert (one.estimated_percent, one.mostly_estimated) == (percent, mostly)

    def test_of_which_most_is_estimated_is_provisional(self) -> None:
        """Of 1,000 kWh 900 are estimated; half of them are not most."""
        spans = (("2026-03-02T07:00:00Z", "2026-03-02T07:15:00Z"),)
        closed = period.EnergyPeriod(
            m.run().facility,
            "2026-03-01T00:00:00Z",
            "2026-04-01T00:00:00Z",
            (Balance("electricity", "kWh", "1100", "1000"),),
            (period.PeriodLot(m.RECORD, "10", ("100.000",)),),
        )

        def found(metered: str, more: str) -> Footprint:
            estimated = Estimated("neighbours", 1, more, spans)
            read = msgspec.structs.replace(m.activity(metered), estimated=estimated)
            return m.calculate(m.run((read,)), period=closed)

        most, half = found("100", "900"), found("500", "500")
        assert "main: most of it is estimated" in most.flags
        assert "main: most of it is estimated" not in half.flags
        assert (most.status, half.status) == ("provisional", "final")

    def test_without_the_method_has_a_gap_as_before(self) -> None:
        made = p.plant(said=lost(5, 6))
        one = rolling(made)
        assert (one.quantity, one.gaps, one.estimated) == ("28.020", (SPAN,), None)
        assert codes(made, 7) == {"metering-gap"}

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"quantity": "much"}, "estimated.quantity"),
            ({"quantity": "-28.020"}, "estimated.quantity"),
            ({"intervals": 0}, "estimated.intervals"),
            ({"spans": ()}, "estimated.intervals"),
            ({"spans": (SPAN, SPAN)}, "estimated.spans"),
            ({"spans": (SPAN[::-1],)}, "estimated.spans"),
            ({"spans": (("2018-01-01T00:15:00Z", SPAN[1]),)}, "estimated.spans"),
        ],
    )
    def test_that_cannot_be_is_not_read(self, changes: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidInput) as told:
            plant(p.activity("rolling", estimated=msgspec.structs.replace(TRUE, **changes)))
        assert told.value.field == field


class TestALie:
    @pytest.mark.parametrize(
        "estimated",
        [
            msgspec.structs.replace(TRUE, quantity="5.000"),
            msgspec.structs.replace(TRUE, intervals=1),
            None,
        ],
    )
    def test_about_what_the_method_gives(self, estimated: Estimated | None) -> None:
        made = plant(p.activity("rolling", estimated=estimated))
        assert codes(made, 8) == {"estimate-differs"}
        assert kinds(made) == {"activity-differs"}

    def test_that_takes_an_estimate_for_a_measurement(self) -> None:
        made = plant(p.activity("rolling", quantity="37.360", intervals=8, estimated=None))
        assert codes(made, 8) == {"activity-differs", "estimate-differs"}

    @pytest.mark.parametrize("end", ["2018-01-02T00:15:00Z", "2018-01-02T00:14:59Z"])
    def test_by_the_neighbour_that_a_standstill_chooses(self, end: str) -> None:
        """Right behind the quarter of 3.17 kWh, for no time or for a second of it: 6.17 twice are 12.34."""
        stood = (
            Segment("line-1", "2018-01-02T00:00:00Z", end),
            Segment("line-1", "2018-01-02T00:15:00Z", "2018-01-02T02:00:00Z"),
        )

        def told(quantity: str) -> p.Plant:
            def lie(record: BatchRecord) -> BatchRecord:
                run = msgspec.structs.replace(record.run, segments=stood)
                stated = msgspec.structs.replace(TRUE, quantity=quantity)
                return msgspec.structs.replace(p.activity("rolling", estimated=stated)(record), run=run)

            return plant(lie)

        assert "estimate-differs" in codes(told("12.340"), 8)
        assert "estimate-differs" not in codes(told("9.340"), 8)

    def test_about_what_was_read(self) -> None:
        made = p.plant(p.activity("rolling", estimated=TRUE), estimating("rolling"))
        assert codes(made, 7) == set()
        assert codes(made, 8) == {"estimate-read"}
        assert kinds(made) == {"activity-differs"}

    def test_about_more_than_the_plan_lets_be_estimated(self) -> None:
        """Three quarters unread, and half an hour may be estimated."""
        span = (SPAN[0], "2018-01-02T01:00:00Z")
        longer = Estimated("neighbours", 3, "9.510", (span,))
        made = p.plant(p.activity("rolling", estimated=longer, gaps=()), estimating("rolling"), said=lost(5, 6, 7))
        assert codes(made, 7) == {"metering-gap", "estimate-unplanned"}
        assert codes(made, 8) == {"activity-differs", "estimate-gap"}
        assert kinds(made) == {"activity-differs", "evidence"}

    def test_of_a_run_whose_second_half_is_left_out(self) -> None:
        """The record names the frame of the run's first hour alone, and estimates the second by its last quarter."""
        span = ("2018-01-02T01:00:00Z", "2018-01-02T02:00:00Z")
        first = {"first_index": FIRST_HOUR, "last_index": FIRST_HOUR}
        less = Estimated("neighbours", 4, "24.680", (span,))

        def lie(record: BatchRecord) -> BatchRecord:
            told = p.activity("rolling", quantity="18.680", intervals=4, estimated=less, **first)(record)
            return p.activity("gas", **first)(told)

        made = p.plant(lie, estimating("rolling", rule=RULE))
        missing = [f.params for f in verified(made)[7].findings if f.code == "metering-gap"]
        assert {"point": "rolling", "start": span[0], "end": span[1]} in missing
        assert "estimate-gap" in codes(made, 8)

    def test_by_a_plan_that_was_not_there_when_the_run_opened(self) -> None:
        """Its `valid_from` is the day before; it was anchored the day after, when the gap was known."""
        made = p.plant(planned=estimating("rolling"), said=lost(5, 6), early=False)
        assert made.plan.valid_from < made.record.run.opened
        assert codes(made, 7) == {"plan-later"}
        assert kinds(made) == {"plan"}
        without = p.plant(planned=estimating("rolling"), early=False)
        assert (verified(without).exit_code, kinds(without)) == (0, set())

    def test_is_found_by_frames_that_came_after_it(self) -> None:
        """The quarters that were estimated as 4.67 kWh were kept back: 900 kWh each. A server has an hour to
        correct its record; this one does not."""
        made = plant()
        p.log_readings(made.world, p.HOURS, KEPT_BACK)
        made.world.anchor()
        assert codes(made, 8) == set()
        assert replayed(made).discrepancies == []
        view = later(made.world.view())
        judged = verify(made.world.bundle(COIL), made.world.trust(), view)[8].findings
        assert [f.code for f in judged if f.status is Status.FAIL] == ["estimate-read"]
        (told,) = replay(WorldSource.of(made.world), made.world.trust(), view).discrepancies
        assert (told.kind, told.index) == ("activity-differs", made.index)

    def test_is_not_found_in_a_record_that_was_corrected(self) -> None:
        made = plant()
        p.log_readings(made.world, p.HOURS, KEPT_BACK)
        true = p.record_of(made.world, made.plan, made.plan_index)
        newer = msgspec.structs.replace(true, supersedes=made.world.id(made.index))
        index = w.log_record(made.world, made.world.steel, newer)
        p.log_footprint(made.world, newer, index, made.factors)
        made.world.anchor()
        made.world.supersede(made.world.steel, COIL, index)
        view = later(made.world.view())
        report = verify(made.world.bundle(COIL), made.world.trust(), view)
        assert [f.code for f in report[8].findings if f.status is Status.FAIL] == []
        found = replay(WorldSource.of(made.world), made.world.trust(), view).discrepancies
        assert [one.kind for one in found if one.kind == "activity-differs"] == []

    def test_is_found_where_the_record_left_the_frame_out(self) -> None:
        """The frame of the estimated quarters came before the record, and lies beyond the range that it names."""

        def left_out(record: BatchRecord) -> BatchRecord:
            told = (msgspec.structs.replace(a, last_index=FIRST_HOUR + 1) for a in record.activity or ())
            return p.activity("rolling", quantity="28.020", intervals=6, estimated=TRUE)(
                msgspec.structs.replace(record, activity=tuple(told))
            )

        def last(world: World) -> None:
            p.log_readings(world, p.HOURS, KEPT_BACK)

        made = p.plant(left_out, estimating("rolling"), last, lost(5, 6))
        assert codes(made, 8) == {"estimate-read"}

    def test_about_a_point_of_which_the_plan_lets_nothing_be_estimated(self) -> None:
        made = p.plant(p.activity("rolling", estimated=TRUE, gaps=()), estimating("gas"), said=lost(5, 6))
        assert codes(made, 7) == {"metering-gap", "estimate-unplanned"}

    def test_is_found_as_far_as_it_can_be_without_readings(self) -> None:
        made = p.plant(p.activity("rolling", estimated=TRUE))
        report = verify(made.world.bundle(COIL, bodies=False), made.world.trust(), made.world.view())
        assert {"estimated", "estimate-unplanned"} <= {f.code for f in report[7].findings}


class TestAPeriod:
    def test_counts_estimates_of_runs_and_of_the_rest_alike(self) -> None:
        """The run's two quarters, and one of 4.17 kWh outside: both are estimated as 4.67, from 3.17 and 6.17, or
        from 3.17 and 5.17 = 4.17."""
        made = p.plant(planned=estimating("rolling"), said=lost(5, 6, 17))
        closed = p.close(made)
        (balance,) = [b for b in closed.balances if b.carrier == "electricity"]
        assert (balance.metered, balance.in_lots, balance.estimated) == ("112.080", "37.360", "4.170")
        assert closed.lots[0].overhead[0] == "74.720"
        assert replayed(made).discrepancies == []
        energy = {e.carrier: (str(e.metered), str(e.lots)) for e in replayed(made).energy}
        assert energy["electricity"] == ("112.080", "37.360")
        stated = footprint_of(made, -1)
        assert "part of the energy outside runs is estimated, for want of readings" in stated.flags
        assert verified(made).exit_code == 0

    def test_lowers_the_share_of_primary_data_of_what_it_shares_out(self) -> None:
        def share(balance: Balance) -> str:
            lots = (period.PeriodLot(m.RECORD, "10", ("100.000",)),)
            one = period.EnergyPeriod(
                m.run().facility, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", (balance,), lots
            )
            return m.calculate(m.run(), period=one).primary_data_share

        # 56 + 5.6 of 2261.6 kg; with half of the 100 kWh estimated 56 + 2.8
        assert share(Balance("electricity", "kWh", "1100", "1000")) == "0.0272"
        assert share(Balance("electricity", "kWh", "1100", "1000", "50")) == "0.0260"

    @pytest.mark.parametrize("estimated", [None, "4.169"])
    def test_that_tells_otherwise_of_it_is_found(self, estimated: str | None) -> None:
        made = p.plant(planned=estimating("rolling"), said=lost(5, 6, 17))
        true = p.close(p.plant(planned=estimating("rolling"), said=lost(5, 6, 17)))
        balances = tuple(
            msgspec.structs.replace(b, estimated=estimated) if b.carrier == "electricity" else b
            for b in true.balances
        )
        p.close(made, balances=balances)
        assert kinds(made) == {"energy-period"}

    @pytest.mark.parametrize("estimated", ["-0.001", "100.001", ""])
    def test_cannot_estimate_more_than_is_outside_runs(self, estimated: str) -> None:
        with pytest.raises(InvalidInput, match="balances.estimated"):
            _ = Balance("electricity", "kWh", "1100", "1000", estimated).read

    def test_states_no_more_than_is_outside_runs(self) -> None:
        by = estimating("rolling")(plant().world.steel)
        one = Balance("electricity", "kWh", "101.000", "100.000")
        assert period.with_estimated(by, one, Fraction(7)).estimated == "1.000"
        assert period.with_estimated(p.plan_of(plant().world.steel), one, Fraction(7)).estimated is None
