"""Market-based electricity: which of a lot's watt-hours certificates cover, and by which source they count.

A profile with a rule of kind `instruments` counts electricity by contractual instruments (ISO 14067:2018,
6.4.9.4.4; GHG Protocol Scope 2 Guidance, chapter 7). Any other counts it by location, and refuses certificates.

1. Each serial counts once, within the cancellation that is named, and that one fits the lot: its plant, the days
   of its run, vintage and market (`leafproof.certificate`). That the chain holds a claim of it for this very lot
   is no arithmetic: `leafproof.verification.certificates`, `leafproof.replay.certificates`.
2. What is certified is spread over all electricity of the lot, overhead too, in proportion and in whole
   watt-hours, by largest remainder. More than was used is not counted, of each source the same part.
3. It counts by a factor of its own source, with what this leaves out, such as losses on the way, added by others.
   No other electricity may use such a factor.
4. The rest counts by the factors chosen for electricity: a residual mix, or else the grid, flagged.

Hours are not matched: a certificate covers any hour of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import get_args

import msgspec

from leafproof import clock, numbers, profile, units
from leafproof.carriers import ELECTRICITY
from leafproof.certificate import Cancellation, EnergySource, serial
from leafproof.errors import InvalidInput
from leafproof.factors import Factor
from leafproof.footprint import Choices, Component, Serials
from leafproof.profile import Profile
from leafproof.record import BatchRecord

WATT_HOUR = Decimal("0.001")  # kWh
RESIDUAL = "electricity-residual"  # subject of factors for what is left when certificates are taken out
SOURCES = frozenset(f"{ELECTRICITY}-{source}" for source in get_args(EnergySource))  # subjects of factors
Certified = Mapping[str, Fraction]
"""kWh by subject, such as electricity-wind."""


def certified(
    record: BatchRecord, choices: Choices, by: Profile, cancellation: Callable[[str], Cancellation]
) -> Certified:
    """What the certificates chosen certify, in the order in which sources are named first. Raises `InvalidInput`,
    naming the profile's rule for what it does not allow; what `cancellation` raises for one that is not there."""
    rule = by.instruments
    if choices.certificates and rule is None:
        raise by.rule(profile.Electricity).refuse("certificates do not count, electricity is counted by location")
    found: dict[str, Fraction] = {}
    taken: list[tuple[bytes, int, int]] = []
    for one in choices.certificates:
        stated = cancellation(one.cancellation)
        first, last = serial(one.first, "certificates.first"), serial(one.last, "certificates.last")
        if fault := _fault(record, choices, one, stated, taken):
            assert rule is not None  # else refused above
            raise rule.refuse(f"serials {first} to {last} of {stated.registry}: {fault}")
        taken.append((stated.registry_id, first, last))
        subject = f"{ELECTRICITY}-{stated.source}"
        found[subject] = found.get(subject, Fraction(0)) + Fraction(stated.energy(first, last), 1000)
    return found


def _fault(
    record: BatchRecord,
    choices: Choices,
    one: Serials,
    stated: Cancellation,
    taken: Sequence[tuple[bytes, int, int]],
) -> str | None:
    first, last = int(one.first), int(one.last)
    if not stated.serials[0] <= first <= last <= stated.serials[1]:
        return "not within the cancellation"
    if any(registry == stated.registry_id and first <= b and a <= last for registry, a, b in taken):
        return "counted twice"
    opened, closed = (clock.local_date(moment, record.zone) for moment in record.run.window)
    country = choices.region.partition("-")[0]
    outside = [code for code, _ in stated.unfit(record.facility, opened, closed, (country,))]
    return f"outside their {outside[0].removeprefix('claim-')}" if outside else None


def cover(lines: Sequence[Component], wanted: Certified) -> list[list[Component]]:
    """Each line, electricity cut into what is certified, by source, and the rest. Raises `InvalidInput` for
    electricity that is no whole number of watt-hours."""
    cut: list[list[Component]] = [[] for _ in lines]
    left = [_kwh(line) if wanted and line.subject == ELECTRICITY else Fraction(0) for line in lines]
    for subject, amount in _within(wanted, sum(left, Fraction(0))).items():
        whole = sum(left, Fraction(0))
        parts = [amount * one / whole if whole else Fraction(0) for one in left]
        for place, part in enumerate(numbers.apportioned(parts, WATT_HOUR)):
            if part:
                cut[place].append(_of(lines[place], subject, part))
                left[place] -= Fraction(part)
    for place, line in enumerate(lines):
        if not cut[place]:
            cut[place].append(line)
        elif left[place]:
            cut[place].append(_of(line, ELECTRICITY, numbers.rounded(left[place], WATT_HOUR)))
    return cut


def surplus(wanted: Certified, cut: Sequence[Component]) -> bool:
    """Whether more is certified than was used."""
    covered = [one for one in cut if (one.kind == "primary" or one.estimated) and one.subject in wanted]
    counted = sum((Fraction(Decimal(one.quantity)) for one in covered), Fraction(0))
    return counted < sum(wanted.values(), Fraction(0))


def fits(one: Factor, subject: str) -> bool:
    """Whether electricity of `subject` may use a factor: a source's own, and no other source's."""
    of_source = one.subject in SOURCES or (subject in SOURCES and "generation" in one.boundary)
    return not of_source or one.subject == subject


def check_sources(by: Profile, subject: str, used: Sequence[Factor]) -> None:
    """Raises `InvalidInput`, naming the profile's rule, for a factor that does not fit."""
    for one in used:
        if not fits(one, subject):
            rule = by.instruments or by.rule(profile.Electricity)
            raise rule.refuse(f"{one.id} is a factor of {one.subject}, not of {subject}")


def _within(wanted: Certified, used: Fraction) -> Certified:
    """What is wanted; if that is more than was used, of each source the same part, cut at watt-hours."""
    whole = sum(wanted.values(), Fraction(0))
    if whole <= used:
        return wanted
    cut = numbers.apportioned([one * used / whole for one in wanted.values()], WATT_HOUR)
    return {subject: Fraction(part) for subject, part in zip(wanted, cut, strict=True)}


def _kwh(line: Component) -> Fraction:
    found = units.Quantity(units.parse_decimal(line.quantity, "quantity"), line.unit).to("kWh")
    if found < 0 or found % Fraction(WATT_HOUR):
        raise InvalidInput(
            "quantity", f"{line.name}: {line.quantity} {line.unit} is no whole number of watt-hours"
        )
    return found


def _of(line: Component, subject: str, kwh: Decimal) -> Component:
    return msgspec.structs.replace(line, subject=subject, quantity=f"{kwh:f}", unit="kWh")
