"""Stages after the gate: worked by hand, marked by what they rest on, in no other number."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from leafproof import body, lifecycle
from leafproof.errors import InvalidInput
from leafproof.factors import Factor, FactorSet
from leafproof.footprint import FactorRef
from leafproof.lifecycle import Lifecycle, Line
from leafproof.replay.replay import replay
from leafproof.replay.source import Entry
from leafproof.verification.report import Report, Status
from leafproof.verification.verify import verify
from tests.support import world as w
from tests.support.world import COIL, TOWER, Party, World
from tests.support.world_source import WorldSource


def factor(name: str, value: str, per: str, category: str) -> Factor:
    return Factor(
        name, name, name, category, name, "GLO", 2025, value, "kg CO2e", per, ("tank-to-wheel",), ("CO2",), "AR5",
        "secondary", "test", "primary-source",
    )  # fmt: skip


SET = FactorSet(
    "freight", "1", "Freight for tests",
    (factor("sea", "0.01321", "t.km", "freight"), factor("road", "0.09752", "t.km", "freight"),
     factor("power", "0.4781", "kWh", "electricity"), msgspec.structs.replace(factor("credit", "-500", "t", "material"), flow="biogenic uptake")),
)  # fmt: skip
FREIGHT = "ab" * 32


def base(lines: tuple[Line, ...], name: str = FREIGHT, **members: Any) -> Lifecycle:
    plain = Lifecycle(
        str(COIL.gtin), "C-1", "logistics", "supplier-stated", "to Nantong", "carrier's slip", "9.7", lines, "0"
    )
    cited = tuple(
        msgspec.structs.replace(one, factor=FactorRef(name, one.factor.id)) if one.factor else one for one in lines
    )
    return msgspec.structs.replace(plain, lines=cited, **members)


def leg(mode: str, km: str, mass: str = "9.7") -> Line:
    return Line(mode, mass, "t", km, FactorRef(FREIGHT, mode))


# The worked example of docs/method.md.
LEGS = (leg("sea", "4200"), leg("road", "120"))


def calculated(given: Lifecycle) -> Lifecycle:
    return lifecycle.calculate(given, lambda ref: SET.get(ref.id))


class TestTheArithmetic:
    def test_of_legs_is_the_one_worked_by_hand(self) -> None:
        found = calculated(base(LEGS))
        assert [line.emissions for line in found.lines] == ["55.482", "11.702"]
        assert found.per_tonne == "67.184"

    def test_counts_what_a_leg_carries_against_what_the_lines_are_about(self) -> None:
        # 2 t of packing go along: their carriage is the product's.
        assert calculated(base((leg("sea", "4200", "11.7"),))).per_tonne == "66.922"

    def test_of_amounts_and_of_stated_numbers(self) -> None:
        power = Line("crane", "120", "kWh", None, FactorRef(FREIGHT, "power"))
        told = Line("welding on site", stated="97", source="site report 12")
        found = calculated(base((power, told), stage="installation"))
        assert ([line.emissions for line in found.lines], found.per_tonne) == (["5.915", "10.000"], "15.915")

    def test_of_a_credit_is_a_scenario(self) -> None:
        scrap = Line("avoided slab", stated="-9700", source="closed loop, 80 % recovered")
        assert calculated(base((scrap,), stage="recycling", basis="scenario")).per_tonne == "-1000.000"
        with pytest.raises(InvalidInput, match="credit"):
            calculated(base((scrap,), stage="recycling"))

    def test_of_an_uptake_is_a_scenario_too(self) -> None:
        timber = Line("timber that is kept", "9.7", "t", None, FactorRef(FREIGHT, "credit"))
        assert calculated(base((timber,), stage="recycling", basis="scenario")).per_tonne == "-500.000"
        for basis in ("measured", "supplier-stated"):
            with pytest.raises(InvalidInput, match="credit is a scenario"):
                calculated(base((timber,), stage="recycling", basis=basis))

    def test_takes_no_bare_number_for_a_measurement(self) -> None:
        told = Line("welding on site", stated="97", source="site report 12")
        with pytest.raises(InvalidInput, match="stated number is no measurement"):
            calculated(base((told,), stage="installation", basis="measured"))

    @pytest.mark.parametrize(
        ("line", "field"),
        [
            (Line("a"), "lines"),
            (Line("a", "1", "t", None, FactorRef(FREIGHT, "sea")), "distance_km"),
            (Line("a", "1", "kWh", "5", FactorRef(FREIGHT, "power")), "distance_km"),
            (Line("a", "1", "kWh", "5", FactorRef(FREIGHT, "sea")), "unit"),
            (Line("a", "-1", "t", "5", FactorRef(FREIGHT, "sea")), "quantity"),
            (Line("a", "1", "t", "5", FactorRef(FREIGHT, "air")), "factor"),
            (Line("a", stated="5"), "stated"),
            (Line("a", "1", stated="5", source="b"), "stated"),
        ],
    )
    def test_refuses_a_line_that_is_none(self, line: Line, field: str) -> None:
        with pytest.raises(InvalidInput, match=field):
            calculated(base((line,)))


def staged(by: Party | None = None, change: dict[str, Any] | None = None, **members: Any) -> tuple[World, int]:
    """The honest world with a stage attached to the coil, or what somebody makes of it."""
    world, _ = w.honest_world()
    factors = world.state(world.steel, "urn:test:freight", body.FACTOR_SET, SET.encode_body())
    made = calculated(base(LEGS, world.id(factors), **members))
    return world, attach(world, msgspec.structs.replace(made, **(change or {})), by)


def attach(world: World, made: Lifecycle, by: Party | None = None) -> int:
    party = by or world.steel
    index = world.state(party, made.of.urn, body.LIFECYCLE_STAGE, made.encode_body())
    world.anchor()
    return index


def judged(world: World, lot: object = COIL) -> Report:
    return verify(world.bundle(lot, bodies=False), world.trust(), world.view())


def codes(report: Report, status: Status) -> set[str]:
    return {f.code for f in report[8].findings if f.status is status}


def found(world: World) -> set[tuple[int | None, str]]:
    return {(x.index, x.kind) for x in replay(WorldSource.of(world), world.trust(), world.view()).discrepancies}


LIES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a smaller total": ("stage-differs", "stage-differs", {"per_tonne": "7.000"}),
    "a line made smaller": ("stage-differs", "stage-differs", {"lines": "smaller"}),
    "a credit that is said to be measured": ("not-computable", "stage-differs", {}),
    "a factor of no set": ("not-computable", "stage-differs", {"lines": "unknown"}),
}


def credited() -> tuple[World, int]:
    """An uptake, called a measurement after it was counted as the scenario that it is."""
    world, _ = w.honest_world()
    factors = world.state(world.steel, "urn:test:freight", body.FACTOR_SET, SET.encode_body())
    line = Line("timber that is kept", "9.7", "t", None, FactorRef(FREIGHT, "credit"))
    made = calculated(base((line,), world.id(factors), stage="recycling", basis="scenario"))
    return world, attach(world, msgspec.structs.replace(made, basis="measured"))


def told(lie: str) -> tuple[World, int]:
    if lie == "a credit that is said to be measured":
        return credited()
    world, index = staged()
    given = Lifecycle.decode_body(world.entries.pop(index).body or b"")
    world.anchors.pop()
    members = dict(LIES[lie][2])
    first, second = given.lines
    if members.get("lines") == "smaller":
        members["lines"] = (msgspec.structs.replace(first, emissions="1.000"), second)
    if members.get("lines") == "unknown":
        members["lines"] = (msgspec.structs.replace(first, factor=FactorRef("cd" * 32, "sea")), second)
    return world, attach(world, msgspec.structs.replace(given, **members))


class TestThePassport:
    @pytest.mark.parametrize(
        ("basis", "status"),
        [("measured", Status.WARNING), ("supplier-stated", Status.WARNING), ("scenario", Status.WARNING)],
    )
    def test_marks_it_by_what_it_rests_on_and_leaves_the_footprint_alone(self, basis: str, status: Status) -> None:
        plain, _ = w.honest_world()
        world, _ = staged(basis=basis)
        report = judged(world)
        assert f"stage-{basis}" in codes(report, status)
        assert report.status is not Status.FAIL
        gate = {f.params["value"] for f in judged(plain)[8].findings if f.code == "footprint-recomputed"}
        assert gate == {f.params["value"] for f in report[8].findings if f.code == "footprint-recomputed"}
        assert found(world) == set()

    @pytest.mark.parametrize("lie", LIES)
    def test_fails_at_a_lie_as_replay_does(self, lie: str) -> None:
        world, index = told(lie)
        assert codes(judged(world), Status.FAIL) == {LIES[lie][0]}
        assert found(world) == {(index, LIES[lie][1])}

    def test_fails_at_a_strangers_or_another_lots(self) -> None:
        world, _ = staged()
        given = Lifecycle.decode_body(world.entries[-1].body or b"")
        attach(world, given, world.fabricator)
        assert codes(judged(world), Status.FAIL) == {"stage-foreign"}
        assert codes(judged(world, TOWER), Status.FAIL) == {"stage-elsewhere"}

    def test_takes_a_newer_one_and_refuses_two(self) -> None:
        world, index = staged()
        given = Lifecycle.decode_body(world.entries[-1].body or b"")
        newer = attach(world, msgspec.structs.replace(given, supersedes=world.id(index)))
        assert codes(judged(world), Status.FAIL) == set() and found(world) == set()
        second = attach(world, msgspec.structs.replace(given, supersedes=world.id(index)))
        assert codes(judged(world), Status.FAIL) == {"stage-fork"}
        assert found(world) == {(second, "two-stages")} and newer < second

    def test_accuses_nobody_where_its_factors_are_withheld(self) -> None:
        world, index = staged()
        source = WorldSource.of(world)
        source.entries_[index - 1] = Entry(world.entries[index - 1].envelope, None, ())
        assert replay(source, world.trust(), world.view()).discrepancies == []


class TestTheStatement:
    @pytest.mark.parametrize(
        ("field", "value"),
        [("gtin", "1"), ("supersedes", "x"), ("name", " "), ("assumptions", ""), ("tonnes", "0"), ("lines", ()),
         ("per_tonne", "much"), ("lines", LEGS * 51), ("name", "a\x1b")],
    )  # fmt: skip
    def test_keeps_its_rules(self, field: str, value: object) -> None:
        with pytest.raises(InvalidInput, match=field):
            msgspec.structs.replace(calculated(base(LEGS)), **{field: value}).check()
