"""Activity data: what a plan's point metered in one or several windows of time, as a record publishes it.

The amount goes through the point's conversions, in their order, exactly. Where a conversion's value is read, each
of its intervals counts for itself: what was metered within it, times the value of that interval. So it does not
matter in which order readings come, and parts of a window add up to the whole.

Published is the amount in the carrier's unit, cut down at 0.001; what is below stays in the carrier's amount
outside runs, so that lots and rest add up to the meter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from leafproof import clock, numbers, plausible, units
from leafproof.errors import InvalidInput
from leafproof.metering import Intervals, Metered
from leafproof.plan import Basis, MeteringPlan, MeteringPoint
from leafproof.plausible import NONE, Suspects

QUANTUM = Decimal("0.001")  # kWh, GJ, kg or Nm3
Window = tuple[int, int]  # [start, end), Unix seconds
Spans = tuple[Window, ...]


class Meter(Protocol):
    """Where readings of a facility's points are found; each raises `InvalidInput` for impossible readings."""

    def metered(self, point: MeteringPoint, start: int, end: int) -> Metered:
        """What the point metered in [start, end), in its own unit."""

    def amount(self, point: MeteringPoint, start: int, end: int) -> Fraction:
        """The amount alone, of all that can be read; raises nothing."""

    def values(self, point: MeteringPoint, start: int, end: int) -> Intervals:
        """The intervals that overlap [start, end), one by one: of kind `value`, or where `plausible` is stated."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Activity data: `exact` in `unit`, and cut down at 0.001 as `quantity`. `gaps` are those of the point and of
    the points whose values it is converted by, and so are `suspects`: readings that the plan calls implausible or
    frozen, which count all the same."""

    exact: Fraction
    unit: str
    basis: Basis | None
    count: int
    split: int
    gaps: Spans
    suspects: Suspects = NONE

    @property
    def quantity(self) -> str:
        """As published."""
        return f"{numbers.rounded_down(self.exact, QUANTUM):f}"

    @property
    def gaps_as_text(self) -> tuple[tuple[str, str], ...]:
        """As a record writes them."""
        return tuple((clock.utc_text(a), clock.utc_text(b)) for a, b in self.gaps)


def measured(plan: MeteringPlan, point: MeteringPoint, meter: Meter, windows: Sequence[Window]) -> Measured:
    """What `point` metered within `windows`, which do not overlap. Raises `InvalidInput` for readings there that
    cannot be."""
    published = point.published
    exact, count, split = Fraction(0), 0, 0
    gaps: list[Window] = []
    suspects = NONE
    for start, end in windows:
        found = meter.metered(point, start, end)
        count, split = count + found.count, split + found.split
        gaps += found.gaps
        qualities = [meter.values(reader, start, end) for reader in plan.readers(point)[1:]]
        for one in qualities:
            gaps += _uncovered(one, start, end)
        for reader in plan.readers(point):
            if reader.plausible is not None:
                suspects += plausible.suspects(reader, meter.values(reader, start, end), start, end)
        exact += _by_values(point, meter, start, end, qualities) if qualities else found.amount
    exact *= _constant(plan, point)
    return Measured(exact, published.unit, published.basis, count, split, _merged(gaps), suspects)


def total(plan: MeteringPlan, point: MeteringPoint, meter: Meter, windows: Iterable[Window]) -> Fraction:
    """The exact amount alone, in the published unit, of all that can be read."""
    found = Fraction(0)
    for start, end in windows:
        qualities = [meter.values(reader, start, end) for reader in plan.readers(point)[1:]]
        found += _by_values(point, meter, start, end, qualities)
    return found * _constant(plan, point)


def _by_values(
    point: MeteringPoint, meter: Meter, start: int, end: int, qualities: Iterable[Intervals]
) -> Fraction:
    """The amount in the point's own unit, each part of it times the values that were read for its time."""
    pieces: list[tuple[int, int, Fraction]] = [(start, end, Fraction(1))]
    for values in qualities:
        pieces = list(_cut(pieces, values))
    return sum((meter.amount(point, a, b) * ratio for a, b, ratio in pieces), Fraction(0))


def _constant(plan: MeteringPlan, point: MeteringPoint) -> Fraction:
    """All that is the same at any time: stated values, the units between the steps, and the published one."""
    found, unit = Fraction(1), point.unit
    for step in point.conversions:
        above, below = units.ratio(step.unit)
        found *= units.scale(unit, below)
        if step.point is not None:  # its readings are in its own unit
            found *= units.scale(plan.point(step.point).unit, step.unit)
        else:
            found *= Fraction(units.parse_decimal(str(step.value), "conversions.value"))
        unit = above
    return found * units.scale(unit, point.published.unit)


def _cut(pieces: Iterable[tuple[int, int, Fraction]], values: Intervals) -> Iterable[tuple[int, int, Fraction]]:
    """Pieces of time cut where another value begins, and what each amount in them is multiplied by."""
    for start, end, ratio in pieces:
        for left, right in values.within(start, end):
            yield max(left, start), min(right, end), ratio * Fraction(values.amounts[left, right])


def _uncovered(values: Intervals, start: int, end: int) -> list[Window]:
    """Where no value was read; raises `InvalidInput` for two values of one time."""
    values.check(start, end)
    gaps: list[Window] = []
    covered, before = start, 0
    for left, right in values.within(start, end):
        if left < before:
            raise InvalidInput(values.point, f"two values for {clock.utc_text(left)}")
        if left > covered:
            gaps.append((covered, left))
        covered = before = right
    return [*gaps, (covered, end)] if covered < end else gaps


def _merged(gaps: Iterable[Window]) -> Spans:
    """In order of time, those that touch as one."""
    found: list[Window] = []
    for start, end in sorted(gaps):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)
