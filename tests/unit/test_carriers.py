"""Carriers beyond electricity: what turns a meter's readings into activity data, by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leafproof import carriers, frame, units
from leafproof.envelope import FrameHeader
from leafproof.errors import InvalidInput
from leafproof.frame import FrameContent, Reading
from leafproof.measuring import Measured, measured, total
from leafproof.plan import Conversion, MeteringPlan, MeteringPoint
from leafproof.verification.evidence import Evidence
from tests.support import methods

T0, HOUR = 1_514_764_800, 3600
PLANT, GATEWAY = "9520000000028", "ab" * 32
CALORIFIC = Conversion("calorific value", "MJ/Nm3", "gas supplier, monthly mean", value="36", basis="net")
DENSITY = Conversion("density", "kg/l", "delivery note, at 15 C", value="0.84")
OF_OIL = Conversion("calorific value", "GJ/t", "IPCC 2006, vol. 2, table 1.2", value="43", basis="net")
ENTHALPY = Conversion(
    "enthalpy", "GJ/t", "IAPWS-IF97", value="2.7771", conditions="saturated steam at 10 bar, over water at 0 C"
)
VOLUME_SHARE = Conversion("concentration", "Nm3/Nm3", "analyser, day's mean", value="0.0002")
METHANE = Conversion("density", "kg/Nm3", "ISO 6976:2016", value="0.7175")


def point(name: str = "main", carrier: str = "natural-gas", unit: str = "Nm3", **changes: Any) -> MeteringPoint:
    plain = MeteringPoint(
        name, "line-1", carrier, "interval", "end", HOUR, unit, "0.01", GATEWAY, None, "m", "1", 900
    )
    return msgspec.structs.replace(plain, **changes)


def plan(*points: MeteringPoint) -> MeteringPlan:
    made = MeteringPlan(PLANT, "Asia/Seoul", 1, "2018-01-01T00:00:00Z", points)
    made.check()
    return made


def heard(*readings: Reading) -> Evidence:
    found = Evidence()
    content = FrameContent(PLANT, frame.group(list(readings)), [], None)
    place = FrameHeader(1, 0, None, None, "live")
    found.add(bytes.fromhex(GATEWAY), place, frame.decode_body(frame.encode_body(methods_plant(), content)))
    return found


def methods_plant() -> Any:
    from leafproof.values import Gln

    return Gln.parse(PLANT)


def hourly(name: str, unit: str, *values: str) -> list[Reading]:
    return [Reading(name, T0 + HOUR * (i + 1), Decimal(value), unit) for i, value in enumerate(values)]


def of(
    one: MeteringPoint, *readings: Reading, others: tuple[MeteringPoint, ...] = (), hours: float = 2
) -> Measured:
    return measured(plan(one, *others), one, heard(*readings).at(PLANT), [(T0, T0 + int(HOUR * hours))])


class TestConversions:
    def test_gas_by_a_stated_calorific_value(self) -> None:
        """200 and 300 Nm3 at 36 MJ/Nm3 net: 18,000 MJ, 18 GJ."""
        found = of(point(conversions=(CALORIFIC,)), *hourly("main", "Nm3", "200", "300"))
        assert (found.quantity, found.unit, found.basis, found.gaps) == ("18.000", "GJ", "net", ())

    def test_gas_at_other_reference_conditions(self) -> None:
        """1000 Sm3 are 1000 x 273.15 / 288.15 = 947.9438... Nm3; at 36 MJ/Nm3 34.125 GJ, cut down."""
        found = of(point(unit="Sm3", conversions=(CALORIFIC,)), *hourly("main", "Sm3", "400", "600"))
        assert found.exact == Fraction(1000) * Fraction(27315, 28815) * 36 / 1000
        assert found.quantity == "34.125"

    def test_gas_by_calorific_values_that_are_read(self) -> None:
        """200 Nm3 at 36 MJ and 300 Nm3 at 40 MJ: 7,200 + 12,000 MJ, not 500 at their mean."""
        quality = point("gc", kind="value", unit="MJ/Nm3", line=None)
        step = msgspec.structs.replace(CALORIFIC, value=None, point="gc", source="own chromatograph")
        one = point(conversions=(step,))
        rows = [*hourly("main", "Nm3", "200", "300"), *hourly("gc", "MJ/Nm3", "36", "40")]
        assert of(one, *rows, others=(quality,)).quantity == "19.200"
        half = of(one, *rows, others=(quality,), hours=1.5)
        assert (half.quantity, half.split) == ("13.200", 1)
        missing = of(one, *rows[:3], others=(quality,))
        assert (missing.quantity, missing.gaps) == ("7.200", ((T0 + HOUR, T0 + 2 * HOUR),))

    def test_two_values_of_one_time_are_no_evidence(self) -> None:
        quality = point("gc", kind="value", unit="MJ/Nm3", line=None)
        step = msgspec.structs.replace(CALORIFIC, value=None, point="gc")
        rows = [*hourly("main", "Nm3", "200", "300"), *hourly("gc", "MJ/Nm3", "36", "40")]
        rows.append(Reading("gc", T0 + HOUR + 60, Decimal("99"), "MJ/Nm3"))
        with pytest.raises(InvalidInput, match="gc: two values"):
            of(point(conversions=(step,)), *rows, others=(quality,))

    def test_gross_becomes_net_by_a_stated_ratio(self) -> None:
        """500 kWh gross of gas are 1.8 GJ gross; at 0.9 net per gross 1.62 GJ."""
        ratio = Conversion("net to gross", "GJ/GJ", "gas supplier", value="0.9", basis="net")
        found = of(point(unit="kWh", basis="gross", conversions=(ratio,)), *hourly("main", "kWh", "200", "300"))
        assert (found.quantity, found.basis) == ("1.620", "net")

    @pytest.mark.parametrize(
        ("carrier", "unit", "steps", "values", "expected"),
        [
            # 100 l x 0.84 kg/l x 43 GJ/t = 3.612 GJ
            ("diesel", "l", (DENSITY, OF_OIL), ("40", "60"), "3.612 GJ"),
            ("diesel", "l", (DENSITY,), ("40", "60"), "84.000 kg"),
            ("anthracite", "t", (), ("1.5", "0.25"), "1750.000 kg"),
            # 2 t x 2.7771 GJ/t
            ("steam", "t", (ENTHALPY,), ("1.5", "0.5"), "5.554 GJ"),
            ("heat", "GJ", (), ("1.5", "0.5"), "2.000 GJ"),
            ("heat", "MWh", (), ("1", "1"), "7.200 GJ"),
            ("compressed-air", "Nm3", (), ("1.5", "0.5"), "2.000 Nm3"),
            # 50,000 Nm3 of flue gas x 200 ppm x 0.7175 kg/Nm3 = 7.175 kg of methane
            ("emitted-ch4", "Nm3", (VOLUME_SHARE, METHANE), ("20000", "30000"), "7.175 kg"),
            ("emitted-sf6", "kg", (), ("0.12", "0.03"), "0.150 kg"),
        ],
    )
    def test_by_hand(
        self, carrier: str, unit: str, steps: tuple[Conversion, ...], values: tuple[str, ...], expected: str
    ) -> None:
        found = of(point(carrier=carrier, unit=unit, conversions=steps), *hourly("main", unit, *values))
        assert f"{found.quantity} {found.unit}" == expected

    def test_what_a_refrigerator_was_refilled_with_counts_when_it_was(self) -> None:
        one = point(carrier="emitted-r410a", unit="kg", kind="weight", interval_seconds=1)
        rows = [Reading("main", T0 + seconds, Decimal("2.5"), "kg") for seconds in (0, 1, 600, 2 * HOUR)]
        found = of(one, *rows)  # that of T0 was before the window, which holds its last moment
        assert (found.quantity, found.count, found.gaps) == ("7.500", 3, ())

    @given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 50)), min_size=4, max_size=12), st.data())
    @settings(deadline=None, max_examples=40)
    def test_parts_of_a_window_add_up_and_order_changes_nothing(
        self, rows: list[tuple[int, int]], data: st.DataObject
    ) -> None:
        quality = point("gc", kind="value", unit="MJ/Nm3", line=None)
        one = point(conversions=(msgspec.structs.replace(CALORIFIC, value=None, point="gc"),))
        by, end = plan(one, quality), T0 + HOUR * len(rows)
        readings = [
            reading
            for i, (amount, value) in enumerate(rows)
            for reading in (
                Reading("main", T0 + HOUR * (i + 1), Decimal(amount), "Nm3"),
                Reading("gc", T0 + HOUR * (i + 1), Decimal(value), "MJ/Nm3"),
            )
        ]
        meter = heard(*data.draw(st.permutations(readings))).at(PLANT)
        cuts = [T0, *sorted(data.draw(st.lists(st.integers(T0, end), max_size=5))), end]
        whole = Fraction(sum(amount * value for amount, value in rows), 1000)
        assert measured(by, one, meter, [(T0, end)]).exact == whole
        assert sum(measured(by, one, meter, [(a, b)]).exact for a, b in pairwise(cuts) if a < b) == whole
        portions = [(a, b) for a, b in pairwise(cuts) if a < b]
        assert total(by, one, meter, [(T0, end)], lambda *_: portions).measured == whole


class TestThePlan:
    @pytest.mark.parametrize(
        ("field", "changes"),
        [
            ("basis", {"unit": "kWh"}),
            ("basis", {"carrier": "heat", "unit": "GJ", "basis": "net"}),
            ("carrier", {}),  # a volume of gas is no activity data
            ("unit", {"unit": "m3", "conversions": (CALORIFIC,)}),  # at which conditions?
            ("conversions.unit", {"conversions": (msgspec.structs.replace(CALORIFIC, unit="kg/Nm3"),)}),
            ("conversions.unit", {"conversions": (msgspec.structs.replace(CALORIFIC, unit="MJ"),)}),
            ("conversions.basis", {"conversions": (msgspec.structs.replace(CALORIFIC, basis=None),)}),
            ("conversions.source", {"conversions": (msgspec.structs.replace(CALORIFIC, source=" "),)}),
            ("conversions.value", {"conversions": (msgspec.structs.replace(CALORIFIC, value="0"),)}),
            ("conversions.value", {"conversions": (msgspec.structs.replace(CALORIFIC, point="gc"),)}),
            ("conversions.point", {"conversions": (msgspec.structs.replace(CALORIFIC, value=None, point="x"),)}),
            (
                "conversions.conditions",
                {
                    "carrier": "steam",
                    "unit": "t",
                    "conversions": (msgspec.structs.replace(ENTHALPY, conditions=None),),
                },
            ),
            ("interval_seconds", {"kind": "weight", "carrier": "anthracite", "unit": "kg"}),
            ("carrier", {"carrier": "goods", "unit": "kg"}),
            ("line", {"carrier": "goods", "unit": "kg", "kind": "weight", "interval_seconds": 1}),
            ("line", {"kind": "value", "unit": "MJ/Nm3"}),
        ],
    )
    def test_a_point_that_breaks_a_rule_names_its_field(self, field: str, changes: dict[str, Any]) -> None:
        with pytest.raises(InvalidInput) as found:
            plan(point(**changes))
        assert field in found.value.field

    def test_a_carrier_is_counted_as_one_thing(self) -> None:
        gross = msgspec.structs.replace(CALORIFIC, basis="gross")
        with pytest.raises(InvalidInput, match="another basis"):
            plan(point(conversions=(CALORIFIC,)), point("second", conversions=(gross,)))

    def test_a_part_is_metered_by_a_point_of_its_own_carrier(self) -> None:
        with pytest.raises(InvalidInput, match="does not meter natural-gas"):
            plan(
                point("power", carrier="electricity", unit="kWh", line=None),
                point(parent="power", conversions=(CALORIFIC,)),
            )

    def test_the_plan_survives_its_body(self) -> None:
        made = plan(point(conversions=(CALORIFIC,)))
        assert MeteringPlan.decode_body(made.encode_body()) == made

    @pytest.mark.parametrize("name", sorted(carriers.CARRIERS))
    def test_each_carrier_has_a_published_unit_for_what_it_is_counted_as(self, name: str) -> None:
        for dimension in carriers.named(name).dimensions:
            assert units.dimension(carriers.published_unit(name, dimension)) == dimension


class TestFootprints:
    GAS = methods.refs("gas-co2", "gas-ch4", "gas-n2o")

    def test_gas_by_its_factors(self) -> None:
        """18 GJ at 56.1 kg CO2, 1 g CH4 and 0.1 g N2O per GJ, for 10 t: with AR6's 29.8 and 273 101.083 kg per tonne."""
        facts = methods.run(
            (msgspec.structs.replace(methods.activity("18", carrier="natural-gas", unit="GJ"), basis="net"),),
            inputs=(),
        )
        found = methods.calculate(facts, factors={"natural-gas": self.GAS})
        assert found.per_tonne == "101.083"

    def test_energy_by_gross_calorific_value_is_refused(self) -> None:
        facts = methods.run(
            (msgspec.structs.replace(methods.activity("18", carrier="natural-gas", unit="GJ"), basis="gross"),)
        )
        with pytest.raises(InvalidInput, match="gross calorific value"):
            methods.calculate(facts, factors={**methods.COMPLETE, "natural-gas": self.GAS})

    def test_a_factor_of_another_kind_than_the_carriers_is_refused(self) -> None:
        facts = methods.run((methods.activity("18", carrier="heat", unit="GJ"),))
        with pytest.raises(InvalidInput, match="gas-co2 is a factor of fuel, not of heat"):
            methods.calculate(facts, factors={**methods.COMPLETE, "heat": self.GAS})
