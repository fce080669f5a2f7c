"""Estimates: what intervals without readings are taken to hold, by a method that the metering plan states.

A plan may state of a point (`leafproof.plan.Estimates`) the method `neighbours`, and up to which length of a gap.
Without that nothing is estimated, and a gap stays a gap. The rules:

* A gap is a span of a window that no reading covers. A window is the time of one run on one line, or the time
  between two runs: what is beyond its bounds is another product, or idleness, and says nothing of the gap.
* The neighbours are the interval that ends where the gap begins and the one that begins where it ends, each wholly
  within the window. Each interval of the gap gets the mean of both; at an edge of the window it gets the one that
  is there, and without any it stays a gap. Of an interval that the window's bound cuts, the part within counts,
  pro rata of time.
* A gap longer than `up_to_seconds` stays one, all of it.
* Of a quality (kind `value`) each interval gets the mean of the values beside it.

An estimate is never a measurement: a record states it apart, with its method, its intervals and their spans, and
the footprint counts it as secondary data. (Regulation (EU) 2018/2066, Article 66: missing data are replaced by an
estimate whose method is laid down in writing. That article asks for a conservative one, which a mean is not by
itself; whoever reports under it chooses `up_to_seconds` accordingly, or states no method.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from leafproof.metering import Intervals
from leafproof.plan import MeteringPoint

Span = tuple[int, int]
Near = Callable[[int, int], Intervals]
"""The intervals of a point that overlap [start, end), Unix seconds, and perhaps others."""


@dataclass(frozen=True, slots=True)
class Fill:
    """What [start, end) is taken to hold: `amount` in each interval of the plan's, or at any time as a value."""

    start: int
    end: int
    amount: Fraction

    def intervals(self, seconds: int) -> int:
        """How many intervals of so many seconds it reaches into."""
        return -(-(self.end - self.start) // seconds)


def fills(point: MeteringPoint, window: Span, gaps: Iterable[Span], near: Near) -> list[Fill]:
    """Those of a point's gaps within `window` that its method fills, in their order; none without a method."""
    stated = point.estimates
    if stated is None:
        return []
    found = []
    for left, right in gaps:
        if right - left > stated.up_to_seconds:
            continue
        low, high = left - point.interval_seconds, right + point.interval_seconds
        known = near(low, high)
        beside = [
            Fraction(known.amounts[a, b])
            for a, b in known.within(low, high)
            if window[0] <= a and b <= window[1] and (b == left or a == right)
        ]
        if beside:
            found.append(Fill(left, right, sum(beside, Fraction(0)) / len(beside)))
    return found
