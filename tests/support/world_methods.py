"""The honest world, and in it a second coil with a co-product, an energy period, and a footprint by each profile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from leafproof import body, calculation, clock, profile
from leafproof.factors import FactorSet
from leafproof.footprint import Allocated, Allocation, Choices, Exempted, FactorRef, Footprint, Price, ProductFacts
from leafproof.period import Balance, EnergyPeriod, PeriodLot, share_out
from leafproof.record import BatchRecord, Input, Output, Run
from leafproof.values import Lot
from tests.support import methods as m
from tests.support import world as w
from tests.support.world import DECLARED, PLANT, START, Party, World

STRIP = Lot.parse(str(w.COIL.gtin), "C-2")
FACTS = ProductFacts("7208", "hot rolling", "B-1", "250000")
PRICES = (Price("coil", "900", "USD", "contract"), Price("strip", "150", "USD", "contract"))
BY_VALUE = Allocation("economic", "strip is a by-product that nobody would roll for", PRICES)
FACTORS = FactorSet("more-factors", "1", "More factors for tests", tuple(m.FACTORS.values()))
END = START + 6 * 3600


@dataclass
class Methods:
    """Where its statements stand; footprints by profile, and what they say."""

    factors: int
    record: int
    period: int
    footprints: dict[str, int]
    stated: dict[str, Footprint]


def strip_record(world: World, plan: int, opened: int = START + 4 * 3600) -> BatchRecord:
    """6 t of coil and 4 t of strip of 11 t of slab, in an hour."""
    run = Run("order-2", "line-1", clock.utc_text(opened), clock.utc_text(opened + 3600))
    return BatchRecord(
        str(STRIP.gtin), str(STRIP.code), "Hot-rolled coil", str(PLANT), "Asia/Seoul", run, world.id(plan), "recorded",
        outputs=(
            Output("product", "coil", "6", "t", DECLARED), Output("co-product", "strip", "4", "t", DECLARED),
        ),
        inputs=(Input("slab", "11", "t", DECLARED, material="steel-slab"),),
        activity=(w.activity_of(world, world.steel, opened, opened + 3600),),
    )  # fmt: skip


def period_of(world: World, lots: list[tuple[int, BatchRecord]], metered: str = "112.080") -> EnergyPeriod:
    """The plant's six hours, shared out over these lots."""
    used = sum(float(a.quantity) for _, r in lots for a in r.activity or ())
    balances = (Balance("electricity", "kWh", metered, f"{used:.3f}"),)
    tonnes = [record.product_mass() for _, record in lots]
    made = zip(lots, share_out(balances, tonnes), strict=True)
    return EnergyPeriod(
        str(PLANT), clock.utc_text(START), clock.utc_text(END), balances,
        tuple(PeriodLot(world.id(i), f"{float(r.product_mass()):g}", s) for (i, r), s in made),
    )  # fmt: skip


def log_period(world: World, period: EnergyPeriod) -> int:
    return world.state(world.steel, "urn:period", body.ENERGY_PERIOD, period.encode_body())


def log_by(
    world: World, record: int, facts: BatchRecord, factors: int, name: str, period: tuple[int, EnergyPeriod]
) -> tuple[int, Footprint]:
    """The record's footprint by a profile, logged."""
    chosen = {"electricity": ("grid", "supply"), "steel-slab": ("steel-slab",)}
    if name == "cbam-steel":
        chosen = {"steel-slab": ("slab-cbam",)}
    by_mass = name in ("cbam-steel", "eu-battery-2023")
    choices = Choices(
        "KR",
        {s: tuple(FactorRef(world.id(factors), one) for one in names) for s, names in chosen.items()},
        allocation=Allocation() if by_mass else BY_VALUE,
        product=FACTS,
        period=None if name == profile.HOUSE else world.id(period[0]),
    )
    sources = calculation.Sources(lambda ref: m.FACTORS[ref.id], lambda _: None, lambda _: period[1])
    stated = calculation.calculate(facts, world.id(record), profile.newest(name), choices, sources)
    return log_stated(world, stated), stated


def log_stated(world: World, stated: Footprint, by: Party | None = None) -> int:
    party = by or world.steel
    data, disclosures = stated.issue(party.key, party.uri)
    return world.state(party, stated.of.urn, body.FOOTPRINT, data, *disclosures.values())


def methods_world(
    lie: Callable[[EnergyPeriod], EnergyPeriod] = lambda period: period,
) -> tuple[World, w.Places, Methods]:
    """Everything anchored and minted; `lie` is what the owner logs as the period, whose footprints hide it."""
    world, at = w.honest_world()
    factors = world.state(world.steel, "urn:more", body.FACTOR_SET, FACTORS.encode_body())
    facts = strip_record(world, at.steel_plan)
    record = w.log_record(world, world.steel, facts)
    world.anchor()
    world.mint(world.steel, STRIP, record)
    coil = w.coil_record(world, at.steel_plan)
    period = period_of(world, [(at.coil, coil), (record, facts)])
    index = log_period(world, lie(period))
    made = {name: log_by(world, record, facts, factors, name, (index, period)) for name in m.PROFILES}
    world.anchor()
    places = {name: place for name, (place, _) in made.items()}
    stated = {name: one for name, (_, one) in made.items()}
    return world, at, Methods(factors, record, index, places, stated)


def changed(stated: Footprint, supersedes: str, **members: object) -> Footprint:
    """The same with other members, as the next version."""
    return msgspec.structs.replace(stated, supersedes=supersedes, **members)


def by_factors(f: Footprint, subject: str, *names: str) -> Footprint:
    components = [
        msgspec.structs.replace(c, factors=tuple(FactorRef(c.factors[0].set, n) for n in names))
        if c.subject == subject
        else c
        for c in f.components or ()
    ]
    return msgspec.structs.replace(f, components=tuple(components))


def share_more(f: Footprint) -> Footprint:
    shares = (msgspec.structs.replace(f.allocation.shares[0], share="0.950000"), *f.allocation.shares[1:])
    return msgspec.structs.replace(f, allocation=msgspec.structs.replace(f.allocation, shares=shares))


def by_mass(f: Footprint) -> Footprint:
    return msgspec.structs.replace(f, allocation=msgspec.structs.replace(f.allocation, method="mass"))


# By which profile, what is made of its footprint, and what a replay says of it.
LIES: dict[str, tuple[str, Callable[[Footprint], Footprint], str]] = {
    "a factor swapped": (
        "iso-14067-2018",
        lambda f: by_factors(f, "steel-slab", "slab-cbam"),
        "per_tonne: stated",
    ),
    "generation passed off as complete": (
        "iso-14067-2018",
        lambda f: by_factors(f, "electricity", "grid"),
        "iso14067-electricity: grid: fuel supply not included",
    ),
    "an allocation changed after the fact": (
        "iso-14067-2018",
        lambda f: msgspec.structs.replace(f, allocation=Allocated()),
        "per_tonne: stated",
    ),
    "mass where PACT demands value": (
        "pact-3",
        by_mass,
        "pact-allocation: by the prices stated, allocation is by economic, not by mass",
    ),
    "mass where PACT demands value, and a price left out": (
        "pact-3",
        lambda f: by_mass(msgspec.structs.replace(f, prices=(f.prices or ())[:1])),
        "pact-allocation: there must be one price for each product and co-product",
    ),
    "a stage left out": (
        "iso-14067-2018",
        lambda f: msgspec.structs.replace(f, stages=f.stages[:1]),
        "stages: stated",
    ),
    "a share that does not add up": ("iso-14067-2018", share_more, "allocation: stated"),
    "overhead left out": (
        "iso-14067-2018",
        lambda f: msgspec.structs.replace(f, period=None),
        "per_tonne: stated",
    ),
    "another profile's name": (
        "iso-14067-2018",
        lambda f: msgspec.structs.replace(f, profile=msgspec.structs.replace(f.profile, id="pact-3")),
        "profile: 'pact-3'",
    ),
    "overhead where the house's method has none": (
        profile.HOUSE,
        lambda f: msgspec.structs.replace(f, period="ab" * 32),
        "partial-overhead: energy outside runs is not part of it",
    ),
    "no ratings": ("pact-3", lambda f: msgspec.structs.replace(f, quality=None), "quality: stated None"),
    "a gas left out": (
        "iso-14067-2018",
        lambda f: msgspec.structs.replace(f, masses=f.masses[:1]),
        "masses: stated",
    ),
    "another product": (
        "cbam-steel",
        lambda f: msgspec.structs.replace(f, product=ProductFacts(cn_code="8544", process="drawing")),
        "cbam-product: CN 8544 is not among the goods of this profile",
    ),
    "three percent and a bit cut off": (
        "eu-battery-2023",
        lambda f: msgspec.structs.replace(f, exempted=Exempted("3.01", "small")),
        "battery-cut-off: 3.01 % are exempted",
    ),
}
