"""Estimates: what intervals without readings are taken to hold, by a method that the metering plan states.

A plan may state of a point (`leafproof.plan.Estimates`) the method `neighbours`, and up to which length of a gap.
Without that nothing is estimated, and a gap stays a gap. The rules:

* A gap is a span of a window that no reading covers. A window is the time of one run on one line, or the time
  between two runs: what is beyond its bounds is another product, or idleness, and says nothing of the gap. A run
  that stood still for a while has several windows on a line; its neighbours are looked for in all of them.
* The neighbours are the interval that ends where the gap begins and the one that begins where it ends, each
  between the run's bounds and not wholly in a standstill. Each interval of the gap gets the mean of both; at an
  edge of the run it gets the one that is there, and without any it stays a gap. Of an interval that the window's
  bound cuts, the part within counts, pro rata of time.
* A gap longer than `up_to_seconds` stays one, all of it. So does one that no reading of the point closes on both
  sides: it may be longer. How long it is counts beyond the window's bounds too. Whoever withholds the readings of
  a run's end so has a gap there, and no estimate.
* Of a quality (kind `value`) each interval gets the mean of the values beside it.

An estimate is never a measurement: a record states it apart, with its method, its intervals and their spans, and
the footprint counts it as secondary data. (Regulation (EU) 2018/2066, Article 66: missing data are replaced by an
estimate whose method is laid down in writing. That article asks for a conservative one, which a mean is not by
itself; whoever reports under it chooses `up_to_seconds` accordingly, or states no method.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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


def fills(point: MeteringPoint, windows: Sequence[Span], gaps: Iterable[Span], near: Near) -> list[Fill]:
    """Those of a point's gaps that its method fills, in their order; none without a method. `windows` are all of
    one run on the point's line, or one of the time between runs; the gaps lie in one of them."""
    if point.estimates is None:
        return []
    found = []
    for gap in gaps:
        known = [one for one in closing(point, gap, near) if _within(windows, one)]
        if known:
            amounts = near(*_reach(point, gap)).amounts
            beside = [Fraction(amounts[one]) for one in known]
            found.append(Fill(*gap, sum(beside, Fraction(0)) / len(beside)))
    return found


def closing(point: MeteringPoint, gap: Span, near: Near) -> tuple[Span, ...]:
    """The two intervals that were read before and behind a gap, in the window or beyond it; none where one is
    missing, or where they lie further apart than the point's method allows."""
    longest = point.estimates.up_to_seconds if point.estimates else 0
    if gap[1] - gap[0] > longest:
        return ()
    reach = _reach(point, gap)
    spans = near(*reach).within(*reach)
    before = max((one for one in spans if one[1] <= gap[0]), key=lambda one: one[1], default=None)
    behind = min((one for one in spans if one[0] >= gap[1]), default=None)
    if before is None or behind is None or behind[0] - before[1] > longest:
        return ()
    return before, behind


def _reach(point: MeteringPoint, gap: Span) -> Span:
    """Where the intervals lie that may close the gap."""
    assert point.estimates is not None
    reach = point.estimates.up_to_seconds + point.interval_seconds
    return gap[1] - reach, gap[0] + reach


def _within(windows: Sequence[Span], one: Span) -> bool:
    """Whether an interval is the run's: between its bounds, and not all of it in a standstill. Were one that a
    standstill cuts left out, a standstill of a second beside it would choose the neighbour."""
    between = min(a for a, _ in windows) <= one[0] and one[1] <= max(b for _, b in windows)
    return between and any(one[0] < b and a < one[1] for a, b in windows)
