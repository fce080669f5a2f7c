"""Numbers, metering, records and footprints: exact, conserved, the same in any order."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leafproof import calculation, clock, metering, numbers, profile, units
from leafproof.errors import InvalidInput, PrecisionLost
from leafproof.factors import Factor, FactorSet
from leafproof.footprint import Choices, FactorRef, Footprint
from leafproof.measuring import Measured
from leafproof.plan import MeteringPlan, MeteringPoint, Replacement
from leafproof.record import BatchRecord, Input, Output, Run, shares_for
from leafproof.units import Quantity
from tests.support import world as w
from tests.support.world import DECLARED, FACTORS, PLANT

CENT = Decimal("0.01")
fractions = st.fractions(min_value=0, max_value=10**6, max_denominator=997)


class TestNumbers:
    @given(st.lists(fractions, min_size=1, max_size=20))
    def test_parts_add_up_to_their_rounded_total(self, parts: list[Fraction]) -> None:
        published = numbers.apportioned(parts, CENT)
        assert sum(published) == numbers.rounded(sum(parts, Fraction(0)), CENT)
        assert all(abs(Fraction(p) - exact) < Fraction(CENT) for p, exact in zip(published, parts, strict=True))

    def test_ties_go_to_the_earlier_part(self) -> None:
        assert numbers.apportioned([Fraction(1, 200)] * 2, CENT) == [CENT, Decimal("0.00")]

    def test_rounding_is_half_to_even(self) -> None:
        assert [numbers.rounded(Fraction(n, 200), CENT) for n in (1, 3)] == [Decimal("0.00"), Decimal("0.02")]
        assert numbers.rounded_down(Fraction(-1, 300), CENT) == -CENT

    def test_long_numbers_are_exact(self) -> None:
        long = Decimal("1" * 35 + ".01")
        assert numbers.rounded(Fraction(long), CENT) == long
        assert str(numbers.total([long, CENT])) == "1" * 35 + ".02"
        assert str(numbers.difference(long, CENT)) == "1" * 35 + ".00"
        with pytest.raises(PrecisionLost):
            numbers.total([Decimal("1e90"), Decimal("1e-90")])

    def test_too_many_digits_are_a_trap(self) -> None:
        with pytest.raises(PrecisionLost):
            numbers.rounded(Fraction(10**45), CENT)
        with pytest.raises(PrecisionLost):
            units.exact_decimal(Fraction(1, 3))


class TestUnits:
    @pytest.mark.parametrize(
        ("value", "source", "target", "expected"),
        [
            ("3.6", "MJ", "kWh", 1),
            ("1", "t", "kg", 1000),
            ("2500", "Wh", "kWh", Fraction(5, 2)),
            ("1", "GJ", "MWh", Fraction(5, 18)),
        ],
    )
    def test_conversions_are_exact(self, value: str, source: str, target: str, expected: Fraction) -> None:
        assert Quantity(Decimal(value), source).to(target) == expected

    def test_dimensions_do_not_mix(self) -> None:
        with pytest.raises(InvalidInput, match="kWh"):
            Quantity(Decimal(1), "kWh").to("kg")
        with pytest.raises(InvalidInput, match="unknown unit"):
            Quantity(Decimal(1), "stone")

    @pytest.mark.parametrize("text", ["", "1e5", "NaN", "1,5", ".5", "--1", "1" * 41, "٣"])
    def test_only_plain_decimals_are_read(self, text: str) -> None:
        with pytest.raises(InvalidInput, match="amount"):
            units.parse_decimal(text, "amount")


def point(**changes: object) -> MeteringPoint:
    base = MeteringPoint(
        "main", "line-1", "electricity", "interval", "end", 900, "kWh", "0.01", "ab" * 32, None, "m", "0.5S", 900
    )
    return msgspec.structs.replace(base, **changes)


T0 = 1_514_764_800


class TestMetering:
    def test_an_interval_is_named_by_its_end_or_its_start(self) -> None:
        rows = [(T0, Decimal(1), "kWh")]
        assert list(metering.intervals(point(), rows).amounts) == [(T0 - 900, T0)]
        assert list(metering.intervals(point(names="start"), rows).amounts) == [(T0, T0 + 900)]

    def test_a_register_gives_differences(self) -> None:
        rows = [(T0 + 900 * i, Decimal(100 + i * i), "kWh") for i in range(4)]
        found = metering.intervals(point(kind="register"), rows)
        assert list(found.amounts.values()) == [1, 3, 5]

    def test_a_register_that_runs_backwards_spoils_the_windows_that_hold_it_and_no_other(self) -> None:
        states = [5, 7, 1, 4]  # the meter was exchanged between the second and the third
        rows = [(T0 + 900 * i, Decimal(state), "kWh") for i, state in enumerate(states)]
        found = metering.intervals(point(kind="register"), rows)
        assert metering.metered(found, T0, T0 + 900).amount == 2
        assert metering.metered(found, T0 + 1800, T0 + 2700).amount == 3
        for start, end in ((T0, T0 + 2700), (T0 + 1000, T0 + 1100), (T0 + 899, T0 + 901)):
            with pytest.raises(InvalidInput, match="main: the register runs backwards"):
                metering.metered(found, start, end)

    def test_an_exchange_of_meters_that_the_plan_states_loses_nothing(self) -> None:
        """97, 98.5, out at 99.2; in at 3, 4.1, 5: 1.5 + 0.7 + 1.1 + 0.9 kWh."""
        exchanged = Replacement(clock.utc_text(T0 + 1200), "99.2", "3")
        rows = [(T0, "97"), (T0 + 900, "98.5"), (T0 + 1800, "4.1"), (T0 + 2700, "5")]
        for order in permutations(rows):
            found = metering.intervals(
                point(kind="register", replaced=(exchanged,)), [(t, Decimal(v), "kWh") for t, v in order]
            )
            whole = metering.metered(found, T0, T0 + 2700)
            assert (whole.amount, whole.gaps, whole.count) == (Fraction(42, 10), (), 4)
            assert metering.metered(found, T0 + 1200, T0 + 1800).amount == Fraction(11, 10)

    def test_an_exchange_after_which_the_first_word_differs_is_a_conflict(self) -> None:
        exchanged = Replacement(clock.utc_text(T0 + 900), "99", "3")
        rows = [(T0, Decimal(97), "kWh"), (T0 + 900, Decimal(98), "kWh"), (T0 + 1800, Decimal(4), "kWh")]
        found = metering.intervals(point(kind="register", replaced=(exchanged,)), rows)
        assert found.conflicts == [(T0 + 900, T0 + 900)]
        assert metering.metered(found, T0, T0 + 1800).amount == 2  # what was read stands

    @pytest.mark.parametrize("kind", ["interval", "register"])
    @pytest.mark.parametrize("unit", ["kg", "J"])  # of another thing; without an exact decimal
    def test_a_reading_in_a_foreign_unit_spoils_its_own_window(self, kind: Any, unit: str) -> None:
        rows = [(T0 + 900 * i, Decimal(1 + i), "kWh" if i != 1 else unit) for i in range(6)]
        found = metering.intervals(point(kind=kind), rows)
        assert metering.metered(found, T0 + 2700, T0 + 4500).gaps == ()
        with pytest.raises(InvalidInput, match="main"):
            metering.metered(found, T0, T0 + 900)

    def test_watt_hours_count_as_kilowatt_hours(self) -> None:
        found = metering.intervals(point(), [(T0, Decimal(3170), "Wh")])
        assert list(found.amounts.values()) == [Decimal("3.17")]

    def test_the_first_word_on_an_interval_stands_and_the_second_is_reported(self) -> None:
        found = metering.intervals(
            point(), [(T0, Decimal(1), "kWh"), (T0, Decimal(2), "kWh"), (T0, Decimal(1), "kWh")]
        )
        assert list(found.amounts.values()) == [1]
        assert found.conflicts == [(T0 - 900, T0)]

    def test_gaps_and_split_intervals_are_told(self) -> None:
        rows = [(T0 + 900 * i, Decimal(9), "kWh") for i in (1, 2, 4)]
        found = metering.metered(metering.intervals(point(), rows), T0 + 300, T0 + 3600)
        assert found.amount == Decimal(6 + 9 + 9)
        assert (found.count, found.split) == (3, 1)
        assert found.gaps == ((T0 + 1800, T0 + 2700),)

    @given(st.lists(st.integers(0, 10**6), min_size=8, max_size=40), st.data())
    @settings(deadline=None)
    def test_windows_that_tile_a_period_conserve_its_energy(self, values: list[int], data: st.DataObject) -> None:
        rows = [(T0 + 900 * (i + 1), Decimal(v) / 100, "kWh") for i, v in enumerate(values)]
        found = metering.intervals(point(), rows)
        end = T0 + 900 * len(values)
        cuts = sorted(data.draw(st.lists(st.integers(T0, end), max_size=6)))
        bounds = [T0, *cuts, end]
        parts = [metering.metered(found, a, b).amount for a, b in pairwise(bounds)]
        assert sum(parts) == sum(Fraction(v, 100) for v in values)

    @given(st.permutations(list(range(12))))
    def test_the_order_of_arrival_changes_nothing(self, order: list[int]) -> None:
        rows = [(T0 + 900 * i, Decimal(i), "kWh") for i in order]
        found = metering.intervals(point(), rows)
        assert metering.metered(found, T0, T0 + 7 * 900 + 100).amount == sum(range(1, 8)) + Fraction(800, 900)

    def test_what_a_lot_publishes_is_cut_down_to_the_watt_hour(self) -> None:
        found = metering.intervals(point(), [(T0 + 900, Decimal("0.01"), "kWh")])
        amount = metering.metered(found, T0, T0 + 100).amount
        assert Measured(amount, "kWh", None, 1, 1, ()).quantity == "0.001"


class TestMeteringPlan:
    plan = MeteringPlan(str(PLANT), "Asia/Seoul", 1, "2018-01-01T00:00:00Z", (point(),))

    def test_survives_its_body(self) -> None:
        assert MeteringPlan.decode_body(self.plan.encode_body()) == self.plan

    @pytest.mark.parametrize(
        ("field", "changes"),
        [
            ("facility", {"facility": "8801234500011"}),
            ("zone", {"zone": "Mars/Olympus"}),
            ("valid_from", {"valid_from": "yesterday"}),
            ("points", {"points": ()}),
            ("points", {"points": (point(), point())}),
            ("interval_seconds", {"points": (point(interval_seconds=700),)}),
            ("parent", {"points": (point(parent="nowhere"),)}),
            ("carrier", {"points": (point(unit="kg"),)}),
            ("carrier", {"points": (point(carrier="moonlight"),)}),
            ("gateway", {"points": (point(gateway="xyz"),)}),
            ("replaced", {"points": (point(replaced=(Replacement("2018-01-02T00:00:00Z", "1", "0"),)),)}),
            ("replaced.time", {"points": (point(kind="register", replaced=(Replacement("then", "1", "0"),)),)}),
            (
                "replaced",
                {
                    "points": (
                        point(kind="register", replaced=(Replacement("2018-01-02T00:00:00Z", "1", "0"),) * 2),
                    )
                },
            ),
        ],
    )
    def test_a_broken_rule_names_its_field(self, field: str, changes: dict[str, object]) -> None:
        with pytest.raises(InvalidInput, match=field):
            MeteringPlan.decode_body(msgspec.structs.replace(self.plan, **changes).encode_body())

    def test_unknown_members_are_refused(self) -> None:
        value = {**msgspec.to_builtins(self.plan), "extra": 1}
        with pytest.raises(InvalidInput, match="extra"):
            MeteringPlan.decode_body(w.body.encode(value))

    def test_an_unknown_point_or_line_is_named(self) -> None:
        with pytest.raises(InvalidInput, match="point"):
            self.plan.point("boiler")
        with pytest.raises(InvalidInput, match="line"):
            self.plan.of_line("line-9")


def record(**changes: object) -> BatchRecord:
    world, at = w.honest_world()
    return msgspec.structs.replace(w.coil_record(world, at.steel_plan), **changes)


@pytest.fixture(scope="module")
def coil() -> BatchRecord:
    return record()


CHOSEN = {"electricity": (FactorRef("aa" * 32, "grid"),), "steel-slab": (FactorRef("aa" * 32, "slab"),)}


def calculate(
    facts: BatchRecord, chosen: dict[str, tuple[FactorRef, ...]] = CHOSEN, factors: FactorSet = FACTORS
) -> Footprint:
    sources = calculation.Sources(lambda ref: factors.get(ref.id), lambda _: pytest.fail("none"), w.no_period)
    by = profile.newest(profile.HOUSE)
    return calculation.calculate(facts, "bb" * 32, by, Choices("KR", chosen), sources)


class TestRecord:
    def test_a_run_that_closes_before_it_opens(self, coil: BatchRecord) -> None:
        run = Run("r", "line-1", "2018-01-02T00:00:00Z", "2018-01-01T00:00:00Z")
        with pytest.raises(InvalidInput, match="closed"):
            msgspec.structs.replace(coil, run=run).check()

    def test_a_quantity_that_is_not_positive(self, coil: BatchRecord) -> None:
        outputs = (Output("product", "coil", "0", "t", DECLARED),)
        with pytest.raises(InvalidInput, match="quantity"):
            msgspec.structs.replace(coil, outputs=outputs).check()

    def test_an_input_that_is_neither_lot_nor_material(self, coil: BatchRecord) -> None:
        with pytest.raises(InvalidInput, match="lot .* or a material"):
            msgspec.structs.replace(coil, inputs=(Input("air", "1", "t", DECLARED),)).check()

    def test_what_is_withheld_is_absent_and_the_rest_verifies(self, coil: BatchRecord) -> None:
        world, _ = w.honest_world()
        key, uri = world.steel.key, world.steel.uri
        data, disclosed = coil.issue(key, uri)
        whole = BatchRecord.read(data, disclosed.values(), key.public, uri)
        assert whole == coil
        public = BatchRecord.read(data, [disclosed["outputs"]], key.public, uri)
        assert (public.outputs, public.inputs, public.activity) == (coil.outputs, None, None)

    def test_shares_are_rounded_down_and_never_more_than_all(self) -> None:
        assert shares_for(Fraction(1), Fraction(3)) == 333_333_333_333_333_333
        assert shares_for(Fraction(3), Fraction(3)) == 10**18
        with pytest.raises(InvalidInput):
            shares_for(Fraction(4), Fraction(3))


class TestFootprint:
    def test_the_worked_example(self, coil: BatchRecord) -> None:
        """18.4 t of coil from 19 t of slab (2320 kg/t) and 38.839 kWh (0.4781 kg/kWh): 44080 + 18.5689259 kg."""
        found = calculate(coil)
        assert found.per_tonne == "2396.661"
        assert [c.emissions for c in found.components or ()] == ["1.009", "2395.652"]
        assert found.primary_data_share == "0.0004"
        assert "slab: CO2 only" in found.flags

    def test_components_add_up(self, coil: BatchRecord) -> None:
        found = calculate(coil)
        assert sum(Decimal(c.emissions) for c in found.components or ()) == Decimal(found.per_tonne)

    def test_co_products_share_the_burden_by_mass(self, coil: BatchRecord) -> None:
        assert coil.outputs
        halves = (
            Output("product", "coil", "9.2", "t", DECLARED),
            Output("co-product", "strip", "9200", "kg", DECLARED),
        )
        found = calculate(msgspec.structs.replace(coil, outputs=halves))
        assert found.per_tonne == calculate(coil).per_tonne
        assert "burden shared with co-products by mass" in found.flags

    def test_waste_carries_nothing(self, coil: BatchRecord) -> None:
        assert coil.outputs
        more = (*coil.outputs, Output("waste", "slag", "5", "t", DECLARED))
        assert calculate(msgspec.structs.replace(coil, outputs=more)).per_tonne == calculate(coil).per_tonne

    def test_a_missing_factor_is_named(self, coil: BatchRecord) -> None:
        with pytest.raises(InvalidInput, match="none is chosen for electricity"):
            calculate(coil, {"steel-slab": CHOSEN["steel-slab"]})

    def test_withheld_facts_are_no_zero(self, coil: BatchRecord) -> None:
        with pytest.raises(InvalidInput, match="withheld"):
            calculate(msgspec.structs.replace(coil, activity=None))

    def test_a_generation_only_factor_is_flagged(self, coil: BatchRecord) -> None:
        bare = msgspec.structs.replace(FACTORS.get("grid"), boundary=("generation",))
        factors = msgspec.structs.replace(FACTORS, factors=(bare, FACTORS.get("slab")))
        found = calculate(coil, factors=factors)
        assert "grid: transmission losses not included" in found.flags


class TestFactorSet:
    def test_survives_its_body(self) -> None:
        assert FactorSet.decode_body(FACTORS.encode_body()) == FACTORS

    def test_a_factor_is_found_by_id_or_named_as_missing(self) -> None:
        assert isinstance(FACTORS.get("grid"), Factor)
        with pytest.raises(InvalidInput, match="moon"):
            FACTORS.get("moon")

    @pytest.mark.parametrize("value", ["-1", "much", ""])
    def test_a_factor_without_a_number_is_refused(self, value: str) -> None:
        broken = msgspec.structs.replace(FACTORS.get("grid"), value=value)
        with pytest.raises(InvalidInput, match="grid"):
            msgspec.structs.replace(FACTORS, factors=(broken,)).check()


class TestClock:
    def test_times_are_utc_and_whole(self) -> None:
        assert clock.utc_text(clock.utc_seconds("2026-11-23T08:00:00Z", "t")) == "2026-11-23T08:00:00Z"
        for text in ("2026-11-23T08:00:00", "2026-11-23 08:00:00Z", "2026-13-01T00:00:00Z", "now"):
            with pytest.raises(InvalidInput, match="t:"):
                clock.utc_seconds(text, "t")
