"""Activity data: what a plan's point metered in one or several windows of time, as a record publishes it.

The amount goes through the point's conversions, in their order, exactly. Where a conversion's value is read, each
of its intervals counts for itself: what was metered within it, times the value of that interval. So it does not
matter in which order readings come, and parts of a window add up to the whole.

Published is the amount in the carrier's unit, cut down at 0.001; what is below stays in the carrier's amount
outside runs, so that lots and rest add up to the meter.

What was not read may be estimated, where the plan states by which method (`leafproof.estimating`): that amount
stands beside the measured one. It rests on the window that is asked for, so a span of time in which there were
runs is asked for in the windows that `apart` makes of it: then runs and rest add up, estimates and all.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Protocol

from leafproof import clock, estimating, numbers, plausible, units
from leafproof.errors import InvalidInput
from leafproof.estimating import Fill
from leafproof.metering import Intervals, Metered
from leafproof.plan import Basis, MeteringPlan, MeteringPoint, Method
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
        """The intervals that overlap [start, end), one by one: of kind `value`, or where the plan states what is
        plausible, or estimates."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan's method adds to what was measured: `exact`, in the same unit, for `count` intervals in `spans`.
    Without a method nothing is estimated."""

    method: Method | None = None
    exact: Fraction = Fraction(0)
    count: int = 0
    spans: Spans = ()

    @property
    def quantity(self) -> str:
        """As published: cut down at 0.001."""
        return f"{numbers.rounded_down(self.exact, QUANTUM):f}"

    @property
    def spans_as_text(self) -> tuple[tuple[str, str], ...]:
        """As a record writes them."""
        return tuple((clock.utc_text(a), clock.utc_text(b)) for a, b in self.spans)


@dataclass(frozen=True, slots=True)
class Measured:
    """Activity data: `exact` in `unit`, and cut down at 0.001 as `quantity`. `gaps` are those of the point and of
    the points whose values it is converted by, as far as they are not estimated, and so are `suspects`: readings
    that the plan calls implausible or frozen, which count all the same. `estimate` is in none of them."""

    exact: Fraction
    unit: str
    basis: Basis | None
    count: int
    split: int
    gaps: Spans
    suspects: Suspects = NONE
    estimate: Estimate = Estimate()

    @property
    def quantity(self) -> str:
        """As published."""
        return f"{numbers.rounded_down(self.exact, QUANTUM):f}"

    @property
    def whole(self) -> Fraction:
        """What was measured, and what is estimated."""
        return self.exact + self.estimate.exact

    @property
    def unread(self) -> Spans:
        """All that no reading covers, estimated or not, in order."""
        return _merged((*self.gaps, *self.estimate.spans))

    @property
    def gaps_as_text(self) -> tuple[tuple[str, str], ...]:
        """As a record writes them."""
        return tuple((clock.utc_text(a), clock.utc_text(b)) for a, b in self.gaps)


@dataclass(frozen=True, slots=True)
class Total:
    """Exact amounts in the published unit: what was measured, and what is estimated beside it."""

    measured: Fraction = Fraction(0)
    estimated: Fraction = Fraction(0)

    def __add__(self, other: Total) -> Total:
        return Total(self.measured + other.measured, self.estimated + other.estimated)

    @property
    def whole(self) -> Fraction:
        """Both."""
        return self.measured + self.estimated


def measured(plan: MeteringPlan, point: MeteringPoint, meter: Meter, windows: Sequence[Window]) -> Measured:
    """What `point` metered within `windows`, which do not overlap, and are all of one run on its line, or one of
    the time between runs. Raises `InvalidInput` for readings there that cannot be."""
    published, readers = point.published, plan.readers(point)
    exact, count, split = Fraction(0), 0, 0
    gaps: list[Window] = []
    suspects, estimate = NONE, Estimate()
    for window in windows:
        found = meter.metered(point, *window)
        count, split = count + found.count, split + found.split
        qualities = [meter.values(reader, *window) for reader in readers[1:]]
        missing = [found.gaps, *(_uncovered(one, *window) for one in qualities)]
        fills = [
            estimating.fills(reader, windows, spans, partial(meter.values, reader))
            for reader, spans in zip(readers, missing, strict=True)
        ]
        gaps += (gap for several in zip(missing, fills, strict=True) for gap in _unfilled(*several))
        for reader in readers:
            if reader.plausible is not None:
                suspects += plausible.suspects(reader, meter.values(reader, *window), *window)
        own = _by_values(point, meter, window, qualities) if qualities else found.amount
        exact += own
        if any(fills):
            more = _by_values(point, meter, window, qualities, fills) - own
            estimate = _plus(estimate, plan.estimates(point)[0].method, more, readers, fills)
    constant = _constant(plan, point)
    estimate = replace(estimate, exact=estimate.exact * constant)
    return Measured(
        exact * constant, published.unit, published.basis, count, split, _merged(gaps), suspects, estimate
    )


def total(
    plan: MeteringPlan,
    point: MeteringPoint,
    meter: Meter,
    windows: Sequence[Window],
    portions: Callable[[int, int], Iterable[Window]],
) -> Total:
    """The exact amounts alone, in the published unit, of all that can be read within `windows`, as in `measured`;
    `portions` cuts each in parts that fit in memory."""
    found = Total()
    for window in windows:
        parts = list(portions(*window))
        fills = [_fills(reader, meter, windows, parts) for reader in plan.readers(point)]
        for part in parts:
            qualities = [meter.values(reader, *part) for reader in plan.readers(point)[1:]]
            own = _by_values(point, meter, part, qualities)
            more = _by_values(point, meter, part, qualities, fills) - own if any(fills) else Fraction(0)
            found += Total(own, more)
    constant = _constant(plan, point)
    return Total(found.measured * constant, found.estimated * constant)


def apart(start: int, end: int, runs: Iterable[Sequence[Window]]) -> tuple[list[list[Window]], list[list[Window]]]:
    """[start, end) in groups of windows that are asked for together: those of each run, and each one between
    runs by itself; what two runs have in common counts once, as the earlier one's."""
    inside: dict[int, list[Window]] = defaultdict(list)
    outside: list[list[Window]] = []
    covered = start
    for left, right, run in sorted((a, b, number) for number, several in enumerate(runs) for a, b in several):
        if covered < min(left, end):
            outside.append([(covered, min(left, end))])
        if max(left, covered) < min(right, end):
            inside[run].append((max(left, covered), min(right, end)))
        covered = max(covered, min(right, end))
    if covered < end:
        outside.append([(covered, end)])
    return [*inside.values()], outside


def _fills(reader: MeteringPoint, meter: Meter, windows: Sequence[Window], parts: Iterable[Window]) -> list[Fill]:
    """The same as in `measured`, of one of the windows in parts, and of all that can be read."""
    if reader.estimates is None:
        return []
    gaps = _merged(gap for part in parts for gap in _bare(meter.values(reader, *part), *part))
    return estimating.fills(reader, windows, gaps, partial(meter.values, reader))


def _unfilled(gaps: Iterable[Window], fills: Iterable[Fill]) -> list[Window]:
    filled = {(one.start, one.end) for one in fills}
    return [gap for gap in gaps if gap not in filled]


def _plus(
    estimate: Estimate,
    method: Method,
    more: Fraction,
    readers: Iterable[MeteringPoint],
    fills: Iterable[Sequence[Fill]],
) -> Estimate:
    """With what the fills of one more window add."""
    told = [(one, reader.interval_seconds) for reader, own in zip(readers, fills, strict=True) for one in own]
    spans = sorted({*estimate.spans, *((one.start, one.end) for one, _ in told)})
    count = sum(one.intervals(seconds) for one, seconds in told)
    return Estimate(method, estimate.exact + more, estimate.count + count, tuple(spans))


def _by_values(
    point: MeteringPoint,
    meter: Meter,
    window: Window,
    qualities: Sequence[Intervals],
    fills: Sequence[Sequence[Fill]] = (),
) -> Fraction:
    """The amount in the point's own unit, each part of it times the values that were read for its time; with
    `fills` of it and of the qualities, also what they add."""
    own, *others = fills or [()] * (len(qualities) + 1)
    pieces: list[tuple[int, int, Fraction]] = [(*window, Fraction(1))]
    for values, filled in zip(qualities, others, strict=True):
        read = ((a, b, Fraction(values.amounts[a, b])) for a, b in values.within(*window))
        pieces = list(_cut(pieces, sorted([*read, *((f.start, f.end, f.amount) for f in filled)])))
    filling = [(f.start, f.end, f.amount / point.interval_seconds) for f in own]  # by second
    found = Fraction(0)
    for start, end, ratio in pieces:
        more = sum(((b - a) * each for a, b, each in _overlapping(filling, start, end)), Fraction(0))
        found += (meter.amount(point, start, end) + more) * ratio
    return found


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


def _cut(
    pieces: Iterable[tuple[int, int, Fraction]], values: Sequence[tuple[int, int, Fraction]]
) -> Iterable[tuple[int, int, Fraction]]:
    """Pieces of time cut where another value begins, and what each amount in them is multiplied by."""
    for start, end, ratio in pieces:
        for left, right, value in _overlapping(values, start, end):
            yield left, right, ratio * value


def _overlapping(
    values: Sequence[tuple[int, int, Fraction]], start: int, end: int
) -> Iterable[tuple[int, int, Fraction]]:
    """What lies within [start, end) of values of spans of time. They are in order, and none of them lasts longer
    than another one that begins later."""
    at = bisect_right(values, start, key=lambda one: one[1])
    while at < len(values) and values[at][0] < end:
        left, right, value = values[at]
        yield max(left, start), min(right, end), value
        at += 1


def _uncovered(values: Intervals, start: int, end: int) -> list[Window]:
    """Where no value was read; raises `InvalidInput` for two values of one time."""
    values.check(start, end)
    before = 0
    for left, right in values.within(start, end):
        if left < before:
            raise InvalidInput(values.point, f"two values for {clock.utc_text(left)}")
        before = right
    return _bare(values, start, end)


def _bare(found: Intervals, start: int, end: int) -> list[Window]:
    """The spans of [start, end) that no interval covers."""
    gaps: list[Window] = []
    covered = start
    for left, right in found.within(start, end):
        if left > covered:
            gaps.append((covered, left))
        covered = max(covered, right)
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
