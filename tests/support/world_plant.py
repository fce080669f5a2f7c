"""A plant in memory that burns gas: its meters, its chromatograph, and one coil; see `tests.support.world`.

Six hours. Each hour one frame: electricity by quarters, 100 Nm3 of gas by quarters, and one calorific value, which
rises by 1 MJ/Nm3 an hour from 36 on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import msgspec

from leafproof import body, calculation, clock, frame, profile
from leafproof.chain.view import Role
from leafproof.factors import FactorSet
from leafproof.footprint import Choices, FactorRef, Footprint
from leafproof.frame import FrameContent, Reading
from leafproof.measuring import QUANTUM, Total, Window, measured
from leafproof.numbers import rounded
from leafproof.period import (
    Balance,
    EnergyPeriod,
    Invoice,
    PeriodLot,
    counted,
    metered,
    reconcile,
    share_out,
    tonnes_of,
    with_estimated,
)
from leafproof.plan import Conversion, MeteringPlan, MeteringPoint
from leafproof.record import BatchRecord, Input, Output, Run
from tests.support import methods as m
from tests.support import world as w
from tests.support.world import COIL, DECLARED, PLANT, START, Party, World

BY = "iso-14067-2018"  # the house's own method counts no energy outside runs
HOUR, HOURS = 3600, 6
OPENED, CLOSED = START + HOUR, START + 3 * HOUR
FACTORS = FactorSet("plant-factors", "1", "Factors for a plant", tuple(m.FACTORS.values()))
CHOSEN = {
    "electricity": ("grid", "supply"),
    "natural-gas": ("gas-co2", "gas-ch4", "gas-n2o"),
    "steel-slab": ("steel-slab",),
}


def point(party: Party, name: str, carrier: str, unit: str, **changes: object) -> MeteringPoint:
    plain = MeteringPoint(
        name, "line-1", carrier, "interval", "end", 900, unit, "0.01", party.gateway.public.key_id.hex(), None,
        "serial 7", "1", HOUR,
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


def plan_of(party: Party) -> MeteringPlan:
    by_reading = Conversion("calorific value", "MJ/Nm3", "own gas chromatograph", point="gc", basis="net")
    points = (
        point(party, "rolling", "electricity", "kWh"),
        point(party, "gas", "natural-gas", "Nm3", conversions=(by_reading,)),
        point(party, "bridge", "goods", "kg", kind="weight", interval_seconds=1, line=None),
        point(party, "gc", "natural-gas", "MJ/Nm3", kind="value", interval_seconds=HOUR, line=None),
    )
    return MeteringPlan(str(PLANT), "Asia/Seoul", 1, "2018-01-01T00:00:00Z", points)


def hour_of(number: int) -> list[Reading]:
    """What the plant's meters say of one hour."""
    start = START + number * HOUR
    quarters = [start + 900 * (i + 1) for i in range(4)]
    return [
        *(Reading("rolling", t, Decimal("3.17") + i, "kWh") for i, t in enumerate(quarters)),
        *(Reading("gas", t, Decimal(25), "Nm3") for t in quarters),
        Reading("gc", start + HOUR, Decimal(36 + number), "MJ/Nm3"),
    ]


def log_readings(world: World, sequence: int, readings: list[Reading], mode: str = "recorded") -> int:
    """One more frame of the plant's gateway."""
    content = FrameContent(str(PLANT), frame.group(readings), [], None)
    return w.log_frame(world, world.steel, sequence, frame.encode_body(PLANT, content), mode)


@dataclass
class Plant:
    """What was logged, and where."""

    world: World
    plan: MeteringPlan
    plan_index: int
    factors: int
    record: BatchRecord
    index: int
    footprint: int


def record_of(world: World, plan: MeteringPlan, plan_index: int) -> BatchRecord:
    """18.4 t of coil of 19 t of slab, over the second and the third hour."""
    run = Run("order-7", "line-1", clock.utc_text(OPENED), clock.utc_text(CLOSED))
    return BatchRecord(
        str(COIL.gtin), str(COIL.code), "Hot-rolled coil", str(PLANT), "Asia/Seoul", run, world.id(plan_index),
        "recorded",
        outputs=(Output("product", "coil", "18.4", "t", DECLARED),),
        inputs=(Input("slab", "19", "t", DECLARED, material="steel-slab"),),
        activity=tuple(
            w.activity_of(world, world.steel, OPENED, CLOSED, plan, p.point) for p in plan.of_line("line-1")
        ),
    )  # fmt: skip


def log_footprint(
    world: World,
    record: BatchRecord,
    index: int,
    factors: int,
    period: tuple[int, EnergyPeriod] | None = None,
    supersedes: int | None = None,
) -> int:
    chosen = {s: tuple(FactorRef(world.id(factors), one) for one in names) for s, names in CHOSEN.items()}
    sources = calculation.Sources(
        lambda ref: m.FACTORS[ref.id],
        _nothing,
        lambda _: period[1] if period else _nothing(""),
    )
    choices = Choices("KR", chosen, period=world.id(period[0]) if period else None)
    before = None if supersedes is None else world.id(supersedes)
    stated = calculation.calculate(record, world.id(index), profile.newest(BY), choices, sources, before)
    data, disclosures = stated.issue(world.steel.key, world.steel.uri)
    return world.state(world.steel, COIL.urn, body.FOOTPRINT, data, *disclosures.values())


def _nothing(_: str) -> Footprint:
    raise AssertionError("the plant rests on nothing upstream")


def plant(
    lie: Callable[[BatchRecord], BatchRecord] = lambda record: record,
    planned: Callable[[Party], MeteringPlan] = plan_of,
    more: Callable[[World], None] = lambda world: None,
    said: Callable[[int], list[Reading]] = hour_of,
    simulated: tuple[str, ...] = (),
    early: bool = True,
) -> Plant:
    """One coil, everything anchored and minted. `lie` is what the owner makes of the record, `planned` the metering
    plan; `more` logs further frames, from sequence 6 on, before the record; `said` is what meters say of an
    hour, those `simulated` in a frame of their own behind it. The plan is anchored before the run, if `early`."""
    world = World(Party(w.STEEL, PLANT, b"\xa1" * 20), Party(w.FABRICATOR, w.WORKSHOP, b"\xb2" * 20))
    for party in (world.steel, world.fabricator):
        world.register(party, party.key, Role.ISSUER, party.uri)
        world.register(party, party.gateway, Role.GATEWAY, party.gateway_uri)
    factors = world.state(world.steel, "urn:leafproof:factors", body.FACTOR_SET, FACTORS.encode_body())
    plan = planned(world.steel)
    plan_index = w.log_plan(world, world.steel, plan)
    if early:
        world.anchor_early()
    for number in range(HOURS):
        real = [one for one in said(number) if one.point not in simulated]
        log_readings(world, number * 2 if simulated else number, real)
        if made_up := [one for one in said(number) if one.point in simulated]:
            log_readings(world, number * 2 + 1, made_up, "simulated")
    more(world)
    world.anchor()
    record = lie(record_of(world, plan, plan_index))
    index = w.log_record(world, world.steel, record)
    footprint = log_footprint(world, record, index, factors)
    world.anchor()
    world.mint(world.steel, COIL, index)
    return Plant(world, plan, plan_index, factors, record, index, footprint)


def activity(name: str, **changes: object) -> Callable[[BatchRecord], BatchRecord]:
    """A lie about one metering point."""

    def lie(record: BatchRecord) -> BatchRecord:
        told = tuple(
            msgspec.structs.replace(a, **changes) if a.point == name else a for a in record.activity or ()
        )
        return msgspec.structs.replace(record, activity=told)

    return lie


def close(made: Plant, *invoices: Invoice, **lie: object) -> EnergyPeriod:
    """Close the six hours, of which `lie` changes members, and log the coil's footprint that rests on it."""
    world, end = made.world, START + HOURS * HOUR
    meter = w.evidence_of(world, world.steel).at(str(PLANT))

    def amount(one: MeteringPoint, windows: list[Window]) -> Total:
        found = measured(made.plan, one, meter, windows)
        return Total(found.exact, found.estimate.exact)

    def exact(one: MeteringPoint) -> tuple[Fraction, Fraction]:
        return metered(made.plan, one, [made.record], (START, end), amount)

    balances = tuple(
        with_estimated(made.plan, Balance(
            p.carrier, p.published.unit, f"{rounded(exact(p)[0], QUANTUM):f}",
            f"{counted([made.record], p.carrier, p.published.unit):f}",
        ), exact(p)[1])
        for p in made.plan.main_points()
    )  # fmt: skip
    (overhead,) = share_out(balances, [made.record.product_mass()])
    true = EnergyPeriod(
        str(PLANT), clock.utc_text(START), clock.utc_text(end), balances,
        (PeriodLot(world.id(made.index), tonnes_of(made.record), overhead),),
        reconcile(made.plan, lambda one: exact(one)[0]), invoices,
    )  # fmt: skip
    period = msgspec.structs.replace(true, **lie)
    index = world.state(world.steel, "urn:period", body.ENERGY_PERIOD, period.encode_body())
    log_footprint(world, made.record, made.index, made.factors, (index, period), made.footprint)
    world.anchor()
    return period
