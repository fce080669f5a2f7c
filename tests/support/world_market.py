"""The world of `tests.support.world_methods`, with certificates claimed for its second coil, and a market-based
footprint that counts them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import msgspec

from leafproof import calculation, clock, profile
from leafproof.certificate import Cancellation, Days
from leafproof.chain.view import Consumption, Transfer, lot_id
from leafproof.footprint import Choices, FactorRef, Footprint, Serials, choices_of
from leafproof.record import BatchRecord, Input, Output, Run, shares_for
from tests.support import methods as m
from tests.support import world as w
from tests.support import world_methods as wm
from tests.support.certificates import cancelled, claim_of, log_cancellation
from tests.support.world import COIL, DECLARED, FABRICATOR, START, TOWER, WORKSHOP, Places, World

# Of 1 kWh each; the lot used some hundred.
STATED = cancelled(wh_per_serial=1000)
FIRST, LAST = STATED.first, str(int(STATED.first) + 1)


@dataclass
class Market:
    """The world, and where in it the market-based footprint and the cancellation stand."""

    world: World
    at: Places
    methods: wm.Methods
    cancellation: int
    footprint: int
    stated: Footprint

    def counting(self, *serials: Serials) -> Footprint:
        """The footprint with these certificates instead, honestly counted, as the next version."""
        return calculated(self, serials, STATED)

    def state(self, spoilt: Footprint) -> None:
        """Log a next version, and anchor it."""
        self.stated = wm.changed(spoilt, self.world.id(self.footprint))
        self.footprint = wm.log_stated(self.world, self.stated)
        self.world.anchor()


def calculated(market: Market, serials: tuple[Serials, ...], stated: Cancellation) -> Footprint:
    """The lot's market-based footprint with certificates, superseding the one before."""
    world, methods = market.world, market.methods
    before = market.stated
    named = {s: tuple(FactorRef(world.id(methods.factors), r.id) for r in refs) for s, refs in m.CERTIFIED.items()}
    choices = msgspec.structs.replace(choices_of(before), factors=named, certificates=serials)
    facts = wm.strip_record(world, market.at.steel_plan)
    body = world.entries[methods.period].body
    assert body is not None
    period = wm.EnergyPeriod.decode_body(body)
    sources = calculation.Sources(
        lambda ref: m.FACTORS[ref.id], lambda _: before, lambda _: period, lambda _: stated
    )
    before_id = world.id(market.footprint)
    return calculation.calculate(
        facts, world.id(methods.record), profile.newest(m.MARKET), choices, sources, before_id
    )


def market_world(stated: Cancellation = STATED) -> Market:
    """Two kilowatt-hours of wind claimed for the coil, counted by its newest market-based footprint. What is stated
    may be otherwise: the footprint counts it as if it were not."""
    world, at, methods = wm.methods_world()
    index = log_cancellation(world, stated)
    main = bytes.fromhex(world.id(methods.footprints["iso-14067-2018"]))
    claim = claim_of(world, at, stated, index, subject=lot_id(world.steel.address, wm.STRIP))
    claim = replace(claim, footprints=(replace(claim.footprints[0], footprint=main),))
    world.registries[claim.registry] = stated.registry
    world.claims.append(claim)
    place = methods.footprints[m.MARKET]
    made = Market(world, at, methods, index, place, methods.stated[m.MARKET])
    found = calculated(made, (Serials(world.id(index), FIRST, LAST),), STATED)
    made.footprint, made.stated = wm.log_stated(world, found), found
    world.anchor()
    return made


@dataclass
class Section:
    """A tower section that the fabricator makes of two tonnes of the coil in the works' third hour: its record, and
    its market-based footprint."""

    market: Market
    facts: BatchRecord
    record: int
    footprint: str | None = None

    def count(self) -> None:
        """Issue its footprint, anew if there is one, by the coil's newest market-based one."""
        market = self.market
        world, printed = market.world, market.stated
        named = {
            s: tuple(FactorRef(world.id(market.methods.factors), r.id) for r in refs)
            for s, refs in m.CERTIFIED.items()
        }
        choices = Choices("KR", named, {str(wm.STRIP): world.id(market.footprint)})
        sources = calculation.Sources(lambda ref: m.FACTORS[ref.id], lambda _: printed, w.no_period)
        by = profile.newest(m.MARKET)
        found = calculation.calculate(self.facts, world.id(self.record), by, choices, sources, self.footprint)
        self.footprint = world.id(wm.log_stated(world, found, world.fabricator))
        world.anchor()


def section_of(market: Market) -> Section:
    """Its record names the coil's market-based footprint."""
    world, opened = market.world, START + 2 * 3600
    coil = Input(
        "coil", "2", "t", DECLARED, str(wm.STRIP.gtin), str(wm.STRIP.code), "0x" + world.steel.address.hex(),
        world.id(market.footprint),
    )  # fmt: skip
    facts = BatchRecord(
        str(TOWER.gtin), "T-2", "Tower section", str(WORKSHOP), "Asia/Shanghai",
        Run("order-10", "line-1", clock.utc_text(opened), clock.utc_text(opened + 3600)),
        world.id(market.at.workshop_plan), "recorded",
        outputs=(Output("product", "section", "1.9", "t", DECLARED),), inputs=(coil,),
        activity=(w.activity_of(world, world.fabricator, opened, opened + 3600),),
    )  # fmt: skip
    record = w.log_record(world, world.fabricator, facts)
    made = Section(market, facts, record)
    made.count()
    shares, token = shares_for(Fraction(2), Fraction(10)), lot_id(world.steel.address, wm.STRIP)
    world.transfers.append(Transfer(token, world.steel.address, world.fabricator.address, shares, world.tick()))
    world.mint(world.fabricator, facts.of, record, (Consumption(token, shares),))
    return made


def more(footprint: Footprint) -> Footprint:
    """A kilowatt-hour more of wind than is certified, and one less of the grid."""
    moved = {"electricity-wind": "3.000", "electricity": None}
    components = [
        msgspec.structs.replace(c, quantity=moved[c.subject] or c.quantity) if c.subject in moved else c
        for c in footprint.components or ()
    ]
    return msgspec.structs.replace(footprint, components=tuple(components))


def _claimed_for_another(market: Market) -> None:
    market.world.claims[0] = replace(market.world.claims[0], subject=lot_id(market.world.steel.address, COIL))


def _more_than_claimed(market: Market) -> None:
    market.state(market.counting(Serials(market.world.id(market.cancellation), FIRST, STATED.last)))


def _less_than_claimed(market: Market) -> None:
    market.state(market.counting(Serials(market.world.id(market.cancellation), FIRST, FIRST)))


def _rejected(market: Market) -> None:
    market.world.claims[0] = replace(market.world.claims[0], rejected=market.world.tick())


def _counted_twice(market: Market) -> None:
    twice = (Serials(market.world.id(market.cancellation), FIRST, LAST),) * 2
    market.state(msgspec.structs.replace(market.stated, certificates=twice))


def _unnamed(market: Market) -> None:
    market.state(msgspec.structs.replace(market.stated, certificates=()))


def _by_location(market: Market) -> None:
    before = market.methods.stated["iso-14067-2018"]
    spoilt = msgspec.structs.replace(before, certificates=market.stated.certificates)
    wm.log_stated(market.world, wm.changed(spoilt, market.world.id(market.methods.footprints["iso-14067-2018"])))
    market.world.anchor()


def _by_another_market(market: Market) -> None:
    """The location-based one says another country."""
    before = market.methods.stated["iso-14067-2018"]
    spoilt = msgspec.structs.replace(before, region="NO")
    wm.log_stated(market.world, wm.changed(spoilt, market.world.id(market.methods.footprints["iso-14067-2018"])))
    market.world.anchor()


def _by_another_source(market: Market) -> None:
    market.state(wm.by_factors(market.stated, "electricity-wind", "hydro", "losses"))


def _grid_by_a_source(market: Market) -> None:
    market.state(wm.by_factors(market.stated, "electricity", "wind", "losses"))


def _never_cancelled(market: Market) -> None:
    market.state(msgspec.structs.replace(market.stated, certificates=(Serials("0c" * 32, FIRST, LAST),)))


# What is done to the honest one; the codes that checks 8 and 10 fail with, and the kinds that a replay finds.
LIES: dict[str, tuple[Callable[[Market], None], set[str], set[str]]] = {
    "claimed for another lot": (
        _claimed_for_another, {"claim-lacking", "claim-footprint"}, {"claim-lacking", "claim-differs"},
    ),
    "more serials than are claimed": (_more_than_claimed, {"claim-lacking"}, {"claim-lacking"}),
    "fewer serials than the claim has": (_less_than_claimed, {"claim-lacking"}, {"claim-lacking"}),
    "a claim that the registry rejected": (_rejected, {"claim-rejected", "claim-lacking"}, {"claim-lacking"}),
    "more watt-hours than the serials stand for": (
        lambda market: market.state(more(market.stated)), {"footprint-differs"}, {"footprint-differs"},
    ),
    "one serial twice": (_counted_twice, {"not-computable"}, {"footprint-differs"}),
    "electricity of certificates that are not named": (_unnamed, {"footprint-differs"}, {"footprint-differs"}),
    "certificates in a location-based footprint": (_by_location, {"not-computable"}, {"footprint-differs"}),
    "a market beside that of the location": (
        _by_another_market, {"claim-market", "footprint-differs"}, {"claim-outside", "footprint-differs", "correction-hidden"},
    ),
    "another source's factor": (_by_another_source, {"not-computable"}, {"footprint-differs", "correction-hidden"}),
    "a source's factor for the grid": (_grid_by_a_source, {"not-computable"}, {"footprint-differs", "correction-hidden"}),
    "a cancellation that nobody stated": (
        _never_cancelled, {"not-computable", "claim-lacking"}, {"footprint-differs", "claim-lacking"},
    ),
}  # fmt: skip

# What is cancelled for something else; the code that check 10 fails with.
OUTSIDE: dict[str, tuple[Cancellation, str]] = {
    "market": (cancelled(wh_per_serial=1000, country="VN"), "claim-market"),
    "vintage": (cancelled(wh_per_serial=1000, generated=Days("2017-11-01", "2017-12-31")), "claim-vintage"),
    "period": (cancelled(wh_per_serial=1000, period=Days("2018-01-03", "2018-01-31")), "claim-period"),
    "facility": (cancelled(wh_per_serial=1000, facility=str(WORKSHOP)), "claim-facility"),
    "source": (cancelled(wh_per_serial=1000, source="hydro"), ""),
    "beneficiary": (cancelled(wh_per_serial=1000, beneficiary=str(FABRICATOR)), "claim-beneficiary"),
}
