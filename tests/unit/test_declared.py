"""Declared footprints: the mean of all lots of a period, and who notices when it is not."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import permutations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leafproof import declared
from leafproof.declared import Cover, DeclaredFootprint, DeclaredLot
from leafproof.errors import InvalidInput
from leafproof.replay.replay import replay
from leafproof.replay.report import ReplayReport
from leafproof.replay.source import Entry
from leafproof.verification.report import Report, Status
from leafproof.verification.verify import verify
from tests.support import declaring as d
from tests.support import world as w
from tests.support.declaring import YEAR
from tests.support.world import COIL, Places, World
from tests.support.world_source import WorldSource

ANY = "ab" * 32


def line(lot: str, mass: str, per_tonne: str, share: str = "0.5000", status: str = "final") -> DeclaredLot:
    return DeclaredLot(lot, ANY, mass, per_tonne, share, status)


# The worked example of docs/method.md: three coils of a month.
WORKED = [
    line("C-1", "18.400", "2104.118", "0.0120"),
    line("C-2", "20.150", "2087.402", "0.0101"),
    line("C-3", "12.000", "2391.060", "0.0233"),
]


class TestTheMean:
    def test_is_the_one_worked_by_hand(self) -> None:
        found = declared.calculate(YEAR, WORKED, 9, True)
        assert (found.per_tonne, found.mass, found.count) == ("2165.572", "50.55", 3)
        assert (found.least, found.greatest, found.status) == ("2087.402", "2391.060", "final")
        assert found.primary_data_share == "0.0142"
        assert declared.deviation("2087.402", found.per_tonne) == "-3.61"

    def test_is_not_the_mean_of_the_numbers(self) -> None:
        plain = sum(Decimal(one.per_tonne) for one in WORKED) / 3
        assert Decimal(declared.calculate(YEAR, WORKED, 9, True).per_tonne) != plain.quantize(Decimal("0.001"))

    def test_is_the_same_in_any_order(self) -> None:
        assert len({declared.calculate(YEAR, order, 9, True) for order in permutations(WORKED)}) == 1

    @given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**7)), min_size=1, max_size=30))
    @settings(max_examples=60, deadline=None)
    def test_conserves_emissions_to_half_a_quantum_a_tonne(self, drawn: list[tuple[int, int]]) -> None:
        lots = [
            line(f"L{i}", str(Decimal(mass).scaleb(-3)), f"{Decimal(value).scaleb(-3):f}")
            for i, (mass, value) in enumerate(drawn)
        ]
        found = declared.calculate(YEAR, lots, 1, True)
        exact = sum(Fraction(Decimal(one.mass)) * Fraction(Decimal(one.per_tonne)) for one in lots)
        off = abs(Fraction(Decimal(found.per_tonne)) * Fraction(Decimal(found.mass)) - exact)
        assert off <= Fraction(Decimal(found.mass)) / 2000
        assert Decimal(found.least) <= Decimal(found.per_tonne) <= Decimal(found.greatest)

    def test_is_provisional_while_a_lot_or_the_period_is(self) -> None:
        assert declared.calculate(YEAR, WORKED, 9, False).status == "provisional"
        waiting = [*WORKED, line("D", "1", "2000.000", status="provisional")]
        assert declared.calculate(YEAR, waiting, 9, True).status == "provisional"

    @pytest.mark.parametrize("lots", [[], [WORKED[0]] * 2], ids=["no lot", "one lot twice"])
    def test_needs_each_lot_once(self, lots: list[DeclaredLot]) -> None:
        with pytest.raises(InvalidInput, match="lots"):
            declared.calculate(YEAR, lots, 9, True)

    def test_of_nothing_there_is_no_deviation(self) -> None:
        assert declared.deviation("1.000", "0.000") is None
        assert declared.deviation("5.000", "5.000") == "+0.00"


class TestThePeriod:
    @pytest.mark.parametrize("end", ["2018-01-01T00:00:00Z", "2017-01-01T00:00:00Z", "2019-01-02T00:00:01Z"])
    def test_is_up_to_a_year(self, end: str) -> None:
        with pytest.raises(InvalidInput, match="end"):
            _ = msgspec.structs.replace(YEAR, end=end).window

    def test_has_its_runs_by_their_close(self) -> None:
        world, at = w.honest_world()
        record = w.coil_record(world, at.steel_plan)
        closed = record.run.closed
        assert YEAR.covers(record)
        assert not msgspec.structs.replace(YEAR, end=closed).covers(record)
        assert msgspec.structs.replace(YEAR, start=closed).covers(record)
        assert not msgspec.structs.replace(YEAR, facility=str(w.WORKSHOP)).covers(record)

    def test_clashes_only_where_it_overlaps(self) -> None:
        next_year = msgspec.structs.replace(YEAR, start=YEAR.end, end="2020-01-01T00:00:00Z")
        assert not YEAR.clashes(next_year)
        assert YEAR.clashes(msgspec.structs.replace(next_year, start="2018-12-31T23:59:59Z"))
        assert not YEAR.clashes(msgspec.structs.replace(YEAR, method="another"))


# What an issuer can do, and how replay calls it; with None it is honest.
Lie = Callable[[World, Places, list[DeclaredLot]], DeclaredFootprint]


def changed(**members: object) -> Lie:
    return lambda world, _, lines: msgspec.structs.replace(d.of(world, lines), **members)


def line_changed(**members: object) -> Lie:
    def lie(world: World, _: Places, lines: list[DeclaredLot]) -> DeclaredFootprint:
        return d.of(world, [msgspec.structs.replace(lines[0], **members), *lines[1:]])

    return lie


def another_method(world: World, _: Places, lines: list[DeclaredLot]) -> DeclaredFootprint:
    return d.of(world, lines, msgspec.structs.replace(YEAR, method="leafproof-rosy-1"))


LIES: dict[str, tuple[str | None, Lie]] = {
    "the truth": (None, lambda world, _, lines: d.of(world, lines)),
    "the worst lot left out": ("declared-incomplete", lambda world, _, lines: d.of(world, lines[:1] + lines[2:])),
    "a lot that is none": (
        "declared-incomplete",
        lambda world, _, lines: d.of(world, [*lines, line("Z-1", "90", "12.000")]),
    ),
    "a good lot made heavier": ("declared-differs", line_changed(mass="184")),
    "a lot's footprint made smaller": ("declared-differs", line_changed(per_tonne="3.000")),
    "the mean made smaller": ("declared-differs", changed(per_tonne="1999.000")),
    "a spread made narrower": ("declared-differs", changed(greatest="2100.000")),
    "final before its time": ("declared-differs", changed(status="final")),
    "for fewer entries": ("declared-differs", changed(size=3)),
    "by a method that no lot has": ("declared-incomplete", another_method),
}


def replayed(world: World) -> ReplayReport:
    return replay(WorldSource.of(world), world.trust(), world.view())


class TestReplay:
    @pytest.mark.parametrize("lie", LIES)
    def test_recomputes_it_from_all_lots_of_the_log(self, lie: str) -> None:
        kind, tell = LIES[lie]
        world, at, lines = d.declaring_world()
        index = d.state(world, tell(world, at, lines))
        found = {(one.index, one.kind) for one in replayed(world).discrepancies}
        if kind is None:
            assert found == set()
        else:
            assert (index, kind) in found
            assert {place for place, _ in found} == {index}

    def test_names_the_lot_that_was_left_out(self) -> None:
        world, _, lines = d.declaring_world()
        d.state(world, d.of(world, lines[:2]))
        (one,) = [x for x in replayed(world).discrepancies if x.kind == "declared-incomplete"]
        assert "C-3" in one.message and "C-1" not in one.message

    def test_names_a_lot_that_was_given_no_footprint(self) -> None:
        world, at, lines = d.declaring_world()
        d.record_coil(world, at, "C-4", "9")
        index = d.state(world, d.of(world, lines))
        (one,) = [x for x in replayed(world).discrepancies if x.kind == "declared-incomplete"]
        assert one.index == index
        assert one.message.startswith("lots C-4: no footprint of the newest record")

    def test_names_the_lot_whose_numbers_are_others(self) -> None:
        world, at, lines = d.declaring_world()
        d.state(world, line_changed(per_tonne="3.000")(world, at, lines))
        told = [x.message for x in replayed(world).discrepancies]
        assert f"lots {lines[0].lot}: not the newest footprint, or other numbers than it has" in told

    def test_of_another_company_is_of_none_of_its_lots(self) -> None:
        world, _, lines = d.declaring_world()
        d.state(world, d.of(world, lines), by=world.fabricator)
        assert "declared-incomplete" in {one.kind for one in replayed(world).discrepancies}

    def test_accuses_nobody_of_what_is_withheld(self) -> None:
        world, at, lines = d.declaring_world()
        index = d.state(world, d.of(world, lines[:1]))  # a lie, but who could know
        for withheld in ((at.coil, Entry(world.entries[at.coil].envelope, None, ())),
                         (index, Entry(world.entries[index].envelope, world.entries[index].body, ()))):  # fmt: skip
            source = WorldSource.of(world)
            source.entries_[withheld[0]] = withheld[1]
            assert replay(source, world.trust(), world.view()).discrepancies == []


class TestANewer:
    def test_supersedes_and_counts_what_came_since(self) -> None:
        world, at, lines = d.declaring_world()
        first = d.state(world, d.of(world, lines))
        lines.append(d.log_coil(world, at, "C-4", "9"))
        report = replayed(world)
        assert report.clean
        assert [(n.index, n.kind) for n in report.notes] == [(first, "declared-outdated")]
        d.state(world, d.of(world, lines, supersedes=world.id(first)))
        report = replayed(world)
        assert report.clean and report.notes == []

    def test_that_leaves_the_late_lot_out_is_caught(self) -> None:
        world, at, lines = d.declaring_world()
        first = d.state(world, d.of(world, lines))
        d.log_coil(world, at, "C-4", "9")
        index = d.state(world, d.of(world, lines, supersedes=world.id(first)))
        assert (index, "declared-incomplete") in {(x.index, x.kind) for x in replayed(world).discrepancies}

    @pytest.mark.parametrize(
        ("cover", "supersedes"),
        [
            (YEAR, False),
            (msgspec.structs.replace(YEAR, end="2018-06-01T00:00:00Z"), False),
            (msgspec.structs.replace(YEAR, end="2018-06-01T00:00:00Z"), True),
        ],
        ids=["beside the first", "of a part beside it", "of a part in its place"],
    )
    def test_that_is_a_second_answer_is_caught(self, cover: Cover, supersedes: bool) -> None:
        world, _, lines = d.declaring_world()
        first = d.state(world, d.of(world, lines))
        index = d.state(world, d.of(world, lines, cover, world.id(first) if supersedes else None))
        assert {(x.index, x.kind) for x in replayed(world).discrepancies} == {(index, "two-declared")}

    def test_that_supersedes_nothing_is_caught(self) -> None:
        world, at, lines = d.declaring_world()
        index = d.state(world, d.of(world, lines, supersedes=world.id(at.coil)))
        assert {(x.index, x.kind) for x in replayed(world).discrepancies} == {(index, "two-declared")}


def judged(world: World) -> Report:
    return verify(world.bundle(COIL, bodies=False), world.trust(), world.view())


def codes(report: Report, number: int, status: Status) -> set[str]:
    return {f.code for f in report[number].findings if f.status is status}


# Which check of the lot's passport fails at which of the lies, by which code.
SEEN = {
    "the truth": None,
    "a good lot made heavier": (8, "declared-line"),
    "a lot's footprint made smaller": (8, "declared-line"),
    "the mean made smaller": (8, "declared-differs"),
    "a spread made narrower": (8, "declared-differs"),
    "final before its time": (8, "declared-differs"),
    "for fewer entries": (8, "declared-size"),
}


class TestThePassport:
    def test_shows_how_far_the_lot_is_from_the_mean(self) -> None:
        world, _, lines = d.declaring_world()
        stated = d.of(world, lines)
        d.state(world, stated)
        report = judged(world)
        (one,) = [f for f in report[8].findings if f.code == "lot-deviation"]
        assert one.params["percent"] == declared.deviation(lines[0].per_tonne, stated.per_tonne)
        assert (one.params["count"], one.params["value"]) == ("3", stated.per_tonne)
        assert "declared-recomputed" in codes(report, 8, Status.PASS)
        assert report.status is not Status.FAIL

    @pytest.mark.parametrize("lie", SEEN)
    def test_fails_at_what_a_bundle_can_show(self, lie: str) -> None:
        world, at, lines = d.declaring_world()
        d.state(world, LIES[lie][1](world, at, lines))
        report, expected = judged(world), SEEN[lie]
        if expected is None:
            assert report.status is not Status.FAIL
        else:
            assert expected[1] in codes(report, expected[0], Status.FAIL)

    def test_fails_where_its_own_lot_was_left_out(self) -> None:
        world, _, lines = d.declaring_world()
        d.state(world, d.of(world, lines[1:]))
        assert codes(judged(world), 8, Status.FAIL) == {"declared-left-out"}

    def test_warns_of_one_older_than_the_lots_footprint(self) -> None:
        world, at, lines = d.declaring_world()
        d.state(world, d.of(world, lines))
        first = world.id(at.coil_footprint)
        w.log_footprint(
            world, world.steel, w.coil_record(world, at.steel_plan), at.coil, at.factors, supersedes=first
        )
        world.anchor()
        report = judged(world)
        assert codes(report, 8, Status.FAIL) == set()
        assert "declared-outdated" in codes(report, 8, Status.WARNING)

    def test_warns_of_a_period_short_of_a_year(self) -> None:
        world, _, lines = d.declaring_world()
        d.state(world, d.of(world, lines, msgspec.structs.replace(YEAR, end="2018-01-31T00:00:00Z")))
        (one,) = [f for f in judged(world)[8].findings if f.code == "declared-short"]
        assert (one.status, one.params) == (Status.WARNING, {"days": "30"})

    def test_does_not_check_what_is_withheld_and_shows_the_deviation_all_the_same(self) -> None:
        world, _, lines = d.declaring_world()
        index = d.state(world, d.of(world, lines))
        world.entries[index].disclosures = ()
        report = judged(world)
        assert "withheld" in codes(report, 8, Status.NOT_CHECKED)
        assert "lot-deviation" in codes(report, 8, Status.PASS)

    @pytest.mark.parametrize(
        ("cover", "code"),
        [
            (msgspec.structs.replace(YEAR, facility=str(w.WORKSHOP)), "declared-elsewhere"),
            (msgspec.structs.replace(YEAR, end="2018-01-02T00:00:00Z"), "declared-elsewhere"),
            (YEAR, None),
        ],
        ids=["of another plant", "of another time", "of this lot"],
    )
    def test_takes_only_what_speaks_of_the_lot(self, cover: Cover, code: str | None) -> None:
        world, _, lines = d.declaring_world()
        d.state(world, d.of(world, lines, cover))
        assert codes(judged(world), 6, Status.FAIL) == ({code} if code else set())

    def test_fails_at_a_strangers(self) -> None:
        world, _, lines = d.declaring_world()
        d.state(world, d.of(world, lines), by=world.fabricator)
        assert codes(judged(world), 6, Status.FAIL) == {"declared-foreign"}

    def test_fails_at_two_answers(self) -> None:
        world, _, lines = d.declaring_world()
        first = d.state(world, d.of(world, lines))
        d.state(world, d.of(world, lines, msgspec.structs.replace(YEAR, end="2018-12-31T00:00:00Z")))
        assert codes(judged(world), 6, Status.FAIL) == {"declared-fork"}
        world.entries.pop()
        world.anchors.pop()
        d.state(world, d.of(world, lines, supersedes=world.id(first)))
        assert codes(judged(world), 6, Status.FAIL) == set()


class TestTheStatement:
    def test_is_read_as_it_was_written(self) -> None:
        world, _, lines = d.declaring_world()
        stated = d.of(world, lines)
        key = world.steel.key
        data, disclosures = stated.issue(key, world.steel.uri)
        assert DeclaredFootprint.read(data, disclosures.values(), key.public, world.steel.uri) == stated
        assert DeclaredFootprint.read(data, [], key.public, world.steel.uri).lots is None

    @pytest.mark.parametrize(
        ("field", "value"),
        [("gtin", str(COIL.gtin)[1:]), ("gtin", "1"), ("facility", "7"), ("start", "2018"), ("per_tonne", "1e3"),
         ("supersedes", "x"), ("lots", (WORKED[1], WORKED[0])), ("lots", (line("A", "0", "1.000"),)),
         ("method", "a\x1b")],
    )  # fmt: skip
    def test_keeps_its_rules(self, field: str, value: object) -> None:
        found = msgspec.structs.replace(declared.calculate(YEAR, WORKED, 9, True), **{field: value})
        with pytest.raises(InvalidInput, match=field):
            found.check()
