"""Implausible and frozen readings: what a metering plan says cannot be, or cannot last, counted and never removed.

A plan may state of a point (`leafproof.plan.Plausible`):

* `maximum`, the most that one interval of `interval_seconds` can hold, such as a transformer's rated power times
  its length, and `minimum`. A longer interval of a register may hold as many times that. Of a quality's point both
  are of the value itself;
* `frozen_after`, how many equal readings one after the other a running meter does not give. For intervals and
  values these are equal numbers other than nought, for a register equal states. All of such a series are counted,
  and a gap ends it. A plan states it where what is metered neither stands still in a run nor repeats itself.

Such readings stay in the sum: to drop them would be an estimate that nobody stated. The batch record says how
many there were; whoever has the readings counts again. (Implementing Regulation (EU) 2018/2066, Article 63, asks
operators to compare data and to look for values that cannot be.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from leafproof.metering import Intervals
from leafproof.plan import MeteringPoint, Plausible

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Suspects:
    """How many readings are outside the plan's range, and how many are of a series that repeats itself."""

    implausible: int = 0
    frozen: int = 0

    def __add__(self, other: Suspects) -> Suspects:
        return Suspects(self.implausible + other.implausible, self.frozen + other.frozen)


NONE = Suspects()


def suspects(point: MeteringPoint, found: Intervals, start: int, end: int) -> Suspects:
    """Those that overlap [start, end), Unix seconds; an interval that is cut counts as its whole."""
    limits = point.plausible
    if limits is None:
        return NONE
    spans = found.within(start, end)
    implausible = sum(not _within(point, limits, found, span) for span in spans)
    return Suspects(implausible, _frozen(point, limits, found, spans))


def _within(point: MeteringPoint, limits: Plausible, found: Intervals, span: Span) -> bool:
    amount = Fraction(found.amounts[span])
    length = Fraction(span[1] - span[0], point.interval_seconds)
    low, high = (None if bound is None else bound * length for bound in limits.bounds)
    return (low is None or low <= amount) and (high is None or amount <= high)


def _frozen(point: MeteringPoint, limits: Plausible, found: Intervals, spans: Sequence[Span]) -> int:
    if limits.frozen_after is None:
        return 0
    register = point.kind == "register"
    total, series = 0, 0  # readings of the series that goes on
    before: Span | None = None
    for span in spans:
        amount = found.amounts[span]
        if before is None or before[1] != span[0]:
            total, series = _closed(total, series, limits.frozen_after), 0
        if register:  # an interval that adds nothing is one more state equal to the one before
            if amount:
                total, series = _closed(total, series, limits.frozen_after), 0
            else:
                series = max(series, 1) + 1
        elif series and before is not None and amount == found.amounts[before]:
            series += 1
        else:
            total, series = _closed(total, series, limits.frozen_after), int(amount != 0)
        before = span
    return _closed(total, series, limits.frozen_after)


def _closed(total: int, series: int, least: int) -> int:
    return total + (series if series >= least else 0)
