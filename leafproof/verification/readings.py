"""All readings of one metering point, and what they give in a window of time.

They are held in blocks (`leafproof.verification.blocks`), so that a window is answered from the blocks near it,
however long the log is.

A block that is alone in its group, evenly spaced by the plan's interval, and in whole numbers needs no look at its
single readings: no interval is told twice in it and none is missing, so that its sum is a sum of integers. All
others are read one by one, by the rules of `leafproof.metering`, which give the same.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from leafproof import metering, units
from leafproof.metering import Intervals, Metered, Whole
from leafproof.plan import MeteringPoint
from leafproof.verification.blocks import Block, Groups
from leafproof.verification.shelf import MemoryShelf, Shelf

Row = tuple[int, Decimal, str]


@dataclass(slots=True)
class Window:
    """What a point's readings say of [start, end): single intervals, those counted as wholes, and the times by
    which readings name them, the first and the last (None where there are none)."""

    intervals: Intervals
    whole: list[Whole]
    named: tuple[int, int] | None

    def metered(self, start: int, end: int) -> Metered:
        """Raises `InvalidInput` for impossible readings."""
        return metering.metered(self.intervals, start, end, self.whole)

    def amount(self, start: int, end: int) -> Fraction:
        """The amount of all that can be read, in the plan's unit."""
        return metering.amount(self.intervals, start, end, self.whole)


class Readings:
    """One point's readings."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        """`shelf` is where most of them are kept; memory if none is given."""
        self.groups = Groups(shelf or MemoryShelf())
        self.count = 0

    def add(self, block: Block) -> None:
        """Take in a block, in the order of the log."""
        block.order, self.count = self.count, self.count + 1
        self.groups.add(block)

    def window(self, point: MeteringPoint, start: int, end: int) -> Window:
        """What the readings say of [start, end) under the plan."""
        if point.kind == "register":
            return self._states(point, start, end)
        rows: list[tuple[int, list[Row]]] = []
        whole: list[Whole] = []
        single = point.kind == "value" or (point.plausible, point.estimates) != (None, None)
        # Of a single one each interval is looked at for itself.
        near = point.interval_seconds  # no reading that is further away names an interval of the window
        for group in self.groups.between(start - near, end + near):
            if not single and len(group) == 1 and group[0].plain and _countable(point, group[0]):
                rows += _cut(point, group[0], start, end, whole)
            else:
                rows += [(b.order, list(_rows(b, start - near, end + near))) for b in group]
        rows.sort(key=lambda r: r[0])  # by the log's order: the first word stands
        found = metering.intervals(point, (row for _, several in rows for row in several))
        spans = [*found.within(start, end), *((w.start, w.end) for w in whole)]
        return Window(found, whole, _named(point, spans))

    def _states(self, point: MeteringPoint, start: int, end: int) -> Window:
        """A register's: its states within the window, and the next ones on both sides."""
        pages = len(self.groups.firsts)
        low, high = bisect_left(self.groups.lasts, start), bisect_right(self.groups.firsts, end)
        while True:
            near = [b for number in range(low, high) for group in self.groups.page(number) for b in group]
            rows = [row for b in sorted(near, key=lambda b: b.order) for row in _rows(b, 0, self.groups.lasts[-1])]
            known = [time for time, value, unit in rows if metering.readable(value, unit, point.unit)]
            before = low == 0 or any(time < start for time in known)
            after = high >= pages or any(time > end for time in known)
            if before and after:
                break
            low, high = low - (not before), high + (not after)
        found = metering.intervals(point, rows)
        return Window(found, [], _named(point, found.within(start, end)))

    def portions(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """[start, end) in windows of a bounded number of groups."""
        cuts = [first for first in self.groups.firsts[1:] if start < first < end]
        yield from zip([start, *cuts], [*cuts, end], strict=True)

    def within(self, first: int, last: int) -> Iterator[Block]:
        """The blocks that have a reading of a time from `first` to `last`."""
        for group in self.groups.between(first, last):
            for block in group:
                inside = first <= block.first <= last or first <= block.last <= last
                if inside or any(first <= time <= last for time in block.times):
                    yield block


def _rows(block: Block, first: int, last: int) -> Iterable[Row]:
    for time, number in zip(block.times, block.numbers, strict=True):
        if first <= time <= last:
            yield time, Decimal(number), block.unit


def _countable(point: MeteringPoint, block: Block) -> bool:
    assert isinstance(block.times, range)
    even = len(block.times) == 1 or block.times.step == point.interval_seconds
    return even and metering.countable(block.unit, point.unit)


def _cut(
    point: MeteringPoint, block: Block, start: int, end: int, whole: list[Whole]
) -> list[tuple[int, list[Row]]]:
    """Those of the block's intervals that lie within the window as one `Whole`; the rows of those on its edges."""
    step = point.interval_seconds
    lead = step if point.names == "end" else 0  # how far its start lies before a reading's time
    low = max(0, -((block.first - lead - start) // step))
    high = min(len(block.times), (end - (block.first - lead)) // step)
    edges = [i for i in (low - 1, high) if 0 <= i < len(block.times)]
    if low < high:
        inside = block.numbers[low:high]
        left = block.times[low] - lead
        amount = Fraction(sum(inside)) * units.scale(block.unit, point.unit)
        whole.append(Whole(left, left + step * len(inside), amount, len(inside)))
    return [(block.order, [(block.times[i], Decimal(block.numbers[i]), block.unit) for i in dict.fromkeys(edges)])]


def _named(point: MeteringPoint, spans: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The first and the last time by which readings name these intervals."""
    if not spans:
        return None
    first, last = min(left for left, _ in spans), max(right for _, right in spans)
    if point.kind == "register":
        return first, last
    return (
        (first + point.interval_seconds, last) if point.names == "end" else (first, last - point.interval_seconds)
    )
