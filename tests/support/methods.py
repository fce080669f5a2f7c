"""A small run and its factors, for footprints by every profile: the numbers of docs/method.md."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest

from leafproof import calculation, profile
from leafproof.certificate import Cancellation
from leafproof.factors import Factor
from leafproof.footprint import Allocation, Choices, Exempted, FactorRef, Footprint, ProductFacts, Serials
from leafproof.period import EnergyPeriod
from leafproof.record import Activity, BatchRecord, Input, Output, Run, Source

DECLARED = Source("declared")
SET, RECORD = "aa" * 32, "bb" * 32
MARKET = "iso-14067-2018-market"
PROFILES = (
    "cbam-steel", "eu-battery-2023", "gbt-24067-2024", "iso-14067-2018", MARKET, "leafproof-partial", "pact-3",
)  # fmt: skip
CBAM = (
    "CBAM direct embedded emissions, own process and precursors; no electricity, mining, transport or fuel supply"
)


def factor(name: str, value: str, unit: str, per: str, **changes: object) -> Factor:
    stated: dict[str, object] = {
        "category": "material",
        "subject": name,
        "region": "GLO",
        "year": 2024,
        "boundary": ("cradle-to-gate",),
        "gases": (unit.removeprefix("kg "),),
        "gwp_set": None,
        **changes,
    }
    return Factor(
        id=name, name=name, name_zh=name, value=value, unit=unit, per=per, kind="secondary", source="test",
        source_class="primary-source", **stated,
    )  # fmt: skip


def grid(name: str, value: str, *boundary: str, unit: str = "kg CO2e", **changes: object) -> Factor:
    stated = {"category": "electricity", "subject": "electricity", "region": "KR", "boundary": boundary, **changes}
    stated.setdefault("gwp_set", "AR6" if unit == "kg CO2e" else None)
    stated.setdefault("gases", ("CO2", "CH4", "N2O"))
    return factor(name, value, unit, "kWh", **stated)


GAS = {"category": "fuel", "subject": "natural-gas", "boundary": ("combustion",)}
BLEND = {"category": "gas", "subject": "emitted-r410a", "boundary": ("direct-emissions",)}
FACTORS = {
    f.id: f
    for f in (
        grid("grid", "0.5", "generation", "transmission-losses"),
        grid("generation", "0.45", "generation"),
        grid("supply", "0.06", "fuel-supply", subject="electricity-fuel-supply"),
        grid("old", "0.5", "generation", "transmission-losses", "fuel-supply", gwp_set="SAR"),
        grid("losses", "0.03", "transmission-losses", subject="electricity-transmission-losses"),
        grid(
            "residual", "0.6", "generation", "transmission-losses", "fuel-supply", subject="electricity-residual"
        ),
        grid("wind", "0.012", "generation", "fuel-supply", subject="electricity-wind"),
        grid("hydro", "0.024", "generation", "fuel-supply", subject="electricity-hydro"),
        factor("steel-slab", "2000", "kg CO2", "t"),
        factor("slab-cbam", "1900", "kg CO2", "t", subject="steel-slab", boundary=(CBAM,)),
        factor("slab-lump", "2100", "kg CO2e", "t", subject="steel-slab", boundary=(CBAM,), gwp_set="AR6"),
        factor("gas-co2", "56.1", "kg CO2", "GJ", **GAS),
        factor("gas-ch4", "0.001", "kg CH4", "GJ", **GAS),
        factor("gas-n2o", "0.0001", "kg N2O", "GJ", **GAS),
        factor("r410a-hfc32", "0.5", "kg HFC32", "kg", **BLEND),
        factor("r410a-hfc125", "0.5", "kg HFC125", "kg", **BLEND),
        factor("pellet-uptake", "-1500", "kg CO2", "t", subject="pellets", flow="biogenic uptake"),
        factor("pellet-burnt", "1500", "kg CO2", "t", subject="pellets", flow="biogenic"),
        factor("pellet-ch4", "1", "kg CH4", "t", subject="pellets", flow="biogenic"),
        factor("pellet-fossil", "100", "kg CO2", "t", subject="pellets"),
    )
}


def refs(*names: str) -> tuple[FactorRef, ...]:
    return tuple(FactorRef(SET, name) for name in names)


def activity(quantity: str, point: str = "main", carrier: str = "electricity", unit: str = "kWh") -> Activity:
    return Activity(point, carrier, quantity, unit, 4, 0, (), 3, 9)


def run(
    activities: tuple[Activity, ...] = (activity("1000"),),
    inputs: tuple[Input, ...] = (Input("slab", "11", "t", DECLARED, material="steel-slab"),),
    outputs: tuple[Output, ...] = (Output("product", "coil", "10", "t", DECLARED),),
) -> BatchRecord:
    """10 t of coil of 11 t of slab with 1000 kWh."""
    span = Run("order-1", "line-1", "2026-03-02T06:00:00Z", "2026-03-02T10:00:00Z")
    return BatchRecord(
        "09520000010010", "C-1", "coil", "9520000000028", "Asia/Seoul", span, "cc" * 32, "live",
        outputs=outputs, inputs=inputs, activity=activities,
    )  # fmt: skip


NOT_SHARED, NOTHING_CUT = Allocation(), Exempted()
COMPLETE = {"electricity": refs("grid", "supply"), "steel-slab": refs("steel-slab")}
CERTIFIED = {
    **COMPLETE, "electricity-wind": refs("wind", "losses"), "electricity-hydro": refs("hydro", "losses"),
}  # fmt: skip


def calculate(
    facts: BatchRecord,
    by: str = "iso-14067-2018",
    factors: dict[str, tuple[FactorRef, ...]] | None = None,
    allocation: Allocation = NOT_SHARED,
    exempted: Exempted = NOTHING_CUT,
    product: ProductFacts | None = None,
    period: EnergyPeriod | None = None,
    parent: Footprint | None = None,
    certificates: tuple[Serials, ...] = (),
    cancelled: Mapping[str, Cancellation] = {},
) -> Footprint:
    """The footprint by the newest version of a profile."""
    chosen = COMPLETE if factors is None else factors
    choices = Choices("KR", chosen, {}, allocation, exempted, product, "dd" * 32 if period else None, certificates)
    sources = calculation.Sources(
        lambda ref: FACTORS[ref.id],
        lambda _: parent or pytest.fail("no parent"),
        lambda _: period or pytest.fail("no period"),
        lambda statement: cancelled[statement],
    )
    return calculation.calculate(facts, RECORD, profile.newest(by), choices, sources)


def exact(text: str) -> Fraction:
    return Fraction(Decimal(text))
