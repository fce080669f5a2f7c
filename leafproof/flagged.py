"""What a footprint's reader must know: flags, each behind the factor's id that it is about, or alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from leafproof import market, profile
from leafproof.carbon import LUMP, Part
from leafproof.carriers import ELECTRICITY
from leafproof.factors import Factor
from leafproof.footprint import Choices
from leafproof.profile import Profile
from leafproof.quality import covers
from leafproof.record import BatchRecord
from leafproof.sharing import Shared

OUTSIDE = "energy outside runs"  # the name of such a component
SUPPLEMENTS = ("transmission-losses", "fuel-supply")  # what a second factor of a carrier may add


def flags(
    record: BatchRecord,
    parts: Sequence[Part],
    by: Profile,
    choices: Choices,
    shared: Shared,
    certified: market.Certified,
) -> tuple[str, ...]:
    """Each once, in the order in which they arise."""
    found: list[str] = []
    resting = False
    for part in parts:
        if part.component.kind == "secondary" and not part.component.estimated:
            found.append(f"{part.component.name}: no evidence from upstream, counted by a secondary factor")
        found += _of_factors(part.component.subject, part.factors, by, choices.region)
        if part.component.overhead and part.primary < 1:
            found.append("part of the energy outside runs is estimated, for want of readings")
        resting |= part.upstream is not None and part.upstream.status == "provisional"
    found += _of_contracts(parts, by, certified)
    if shared.stated.method == "mass":
        found.append("burden shared with co-products by mass")
    if shared.stated.method == "economic":
        found.append("burden shared with co-products by value")
    if shared.stated.subdivided:
        found.append("some metering points serve one output alone")
    if by.rule(profile.Sharing).value_ratio and shared.stated.method == "mass" and not shared.prices:
        found.append("prices of the co-products are not stated: whether mass is allowed was not tested")
    found += _of_readings(record)
    if by.rule(profile.Overhead).required and choices.period is None:
        found.append("energy outside runs is not shared out yet")
    if resting:
        found.append("an input lot's footprint is provisional")
    return tuple(dict.fromkeys(found))


def _of_contracts(parts: Sequence[Part], by: Profile, certified: market.Certified) -> Iterable[str]:
    rest = [p.factors for p in parts if p.component.subject == ELECTRICITY]
    if by.instruments and any(all(f.subject != market.RESIDUAL for f in used) for used in rest):
        yield "no residual mix known: grid mix"
    if market.surplus(certified, [p.component for p in parts]):
        yield "certificates of more electricity than was used: the surplus is not counted"


def _of_readings(record: BatchRecord) -> Iterable[str]:
    """Of what was metered, and what was not."""
    activity = record.activity or ()
    if any(a.split for a in activity):
        yield "metering intervals cut by the run's bounds were split pro rata"
    if any(a.gaps for a in activity):
        yield "metering gaps: energy not metered is not counted"
    for one in activity:
        if one.estimated is not None:
            yield f"{one.point} {one.estimated_percent} %: estimated, for want of readings"
        if one.mostly_estimated:
            yield f"{one.point}: most of it is estimated"
    if any(a.implausible for a in activity):
        yield "readings outside the metering plan's plausible range are counted"
    if any(a.frozen for a in activity):
        yield "readings of a meter that repeated itself are counted"


def _of_factors(subject: str, used: Sequence[Factor], by: Profile, region: str) -> Iterable[str]:
    """Of one component."""
    if not used:
        return
    counted = {part for one in used for part in one.boundary}
    gases = {gas for one in used for gas in one.gases}
    base = ELECTRICITY if subject in market.SOURCES else subject
    own = [subject, *(f"{base}-{part}" for part in SUPPLEMENTS)]
    if by.instruments and subject == ELECTRICITY:
        own.append(market.RESIDUAL)
    for one in used:
        if one.subject not in own:
            yield f"{one.id}: a factor of {one.subject}, used for {subject}"
        if one.category == ELECTRICITY and not covers(one.region, region):
            yield f"{one.id}: of another region"
        yield from _weighed(one, by)
    if used[0].category == ELECTRICITY:
        for missing in by.rule(profile.Electricity).required:
            if missing not in counted:
                yield f"{used[0].id}: {missing.replace('-', ' ')} not included"
    if by.rule(profile.Weights).gases is None:
        # The parts of a grid's electricity have their gases each for itself; a fuel has a factor for each gas.
        parts = used if used[0].category == ELECTRICITY else ()
        yield from (f"{one.id}: CO2 only" for one in parts if set(one.gases) == {"CO2"})
        if not parts and gases == {"CO2"}:
            yield f"{used[0].id}: CO2 only"


def _weighed(one: Factor, by: Profile) -> Iterable[str]:
    if one.gas != LUMP:
        return
    if one.gwp_set is None:
        yield f"{one.id}: CO2e by a set of GWPs that is not stated"
    elif one.gwp_set != by.rule(profile.Weights).gwp_set:
        yield f"{one.id}: CO2e by another set of GWPs"
