"""All readings of one metering point, kept small, and what they give in a window of time.

A frame's readings of one point are a *block*: their times, mostly evenly spaced, and their numbers in as few bytes
as they need. Blocks that overlap in time, such as of a frame sent twice, form a group; groups are in order of time
and do not overlap. So a window is answered from the blocks near it, however long the log is.

A block that is alone in its group, evenly spaced by the plan's interval, and in whole numbers needs no look at its
single readings: no interval is told twice in it and none is missing, so that its sum is a sum of integers. All
others are read one by one, by the rules of `leafproof.metering`, which give the same.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import cast

from leafproof import metering, units
from leafproof.frame import Series
from leafproof.metering import Intervals, Metered, Whole
from leafproof.plan import MeteringPoint

_CODES = "HIQq"  # the smallest that holds all numbers of a block
_PORTION = 64  # groups that are looked at together when all of them are asked for
Row = tuple[int, Decimal, str]


@dataclass(slots=True)
class Block:
    """One point's readings of one frame, in the order of the frame; `order` counts the blocks of a point."""

    unit: str
    mode: str
    times: Sequence[int]  # a range where they are evenly spaced
    numbers: Sequence[int | Decimal]
    first: int
    last: int
    order: int = 0

    @classmethod
    def of(cls, series: Series, mode: str) -> Block:
        """What a frame of `mode` says of one point."""
        times = _times(series.times)
        if isinstance(times, range):
            return cls(series.unit, mode, times, _numbers(series.numbers), times[0], times[-1])
        return cls(series.unit, mode, times, _numbers(series.numbers), min(times), max(times))

    @property
    def plain(self) -> bool:
        """Whether it is evenly spaced, in time's order, and its numbers are whole."""
        return isinstance(self.times, range) and isinstance(self.numbers, array)


def _times(times: list[int]) -> Sequence[int]:
    step = times[1] - times[0] if len(times) > 1 else 1
    if step > 0:
        even = range(times[0], times[0] + step * len(times), step)
        if times == list(even):
            return even
    return array("q", times)


def _numbers(numbers: Sequence[int | Decimal]) -> Sequence[int | Decimal]:
    for code in _CODES:
        try:
            return array(code, cast(list[int], numbers))
        except OverflowError:
            continue
        except TypeError:  # a decimal fraction
            break
    return tuple(numbers)


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


@dataclass(slots=True)
class Readings:
    """One point's readings; `firsts` and `lasts` are the times of `groups`."""

    groups: list[list[Block]] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)
    count: int = 0

    def add(self, block: Block) -> None:
        """Take in a block, in the order of the log."""
        block.order, self.count = self.count, self.count + 1
        low = bisect_left(self.lasts, block.first)
        high = bisect_right(self.firsts, block.last)
        if low >= high:  # it overlaps none
            self.groups.insert(low, [block])
            self.firsts.insert(low, block.first)
            self.lasts.insert(low, block.last)
            return
        group = self.groups[low]
        for other in self.groups[low + 1 : high]:
            group = sorted([*group, *other], key=lambda b: b.order)
        group.append(block)
        self.groups[low:high] = [group]
        self.firsts[low:high] = [min(self.firsts[low], block.first)]
        self.lasts[low:high] = [max(self.lasts[high - 1], block.last)]

    def window(self, point: MeteringPoint, start: int, end: int) -> Window:
        """What the readings say of [start, end) under the plan."""
        if point.kind == "register":
            return self._states(point, start, end)
        rows: list[tuple[int, list[Row]]] = []
        whole: list[Whole] = []
        near = point.interval_seconds  # no reading that is further away names an interval of the window
        for group in self._groups(start - near, end + near):
            if point.kind != "value" and len(group) == 1 and group[0].plain and _countable(point, group[0]):
                rows += _cut(point, group[0], start, end, whole)
            else:
                rows += [(b.order, list(_rows(b, start - near, end + near))) for b in group]
        rows.sort(key=lambda r: r[0])  # by the log's order: the first word stands
        found = metering.intervals(point, (row for _, several in rows for row in several))
        spans = [*found.within(start, end), *((w.start, w.end) for w in whole)]
        return Window(found, whole, _named(point, spans))

    def _states(self, point: MeteringPoint, start: int, end: int) -> Window:
        """A register's: its states within the window, and the next ones on both sides."""
        low, high = bisect_left(self.lasts, start), bisect_right(self.firsts, end)
        while True:
            blocks = sorted((b for group in self.groups[low:high] for b in group), key=lambda b: b.order)
            rows = [row for b in blocks for row in _rows(b, 0, self.lasts[-1])]
            known = [time for time, value, unit in rows if metering.readable(value, unit, point.unit)]
            before = low == 0 or any(time < start for time in known)
            after = high >= len(self.groups) or any(time > end for time in known)
            if before and after:
                break
            low, high = low - (not before), high + (not after)
        found = metering.intervals(point, rows)
        return Window(found, [], _named(point, found.within(start, end)))

    def portions(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """[start, end) in windows of a bounded number of groups."""
        cuts = [first for first in self.firsts[_PORTION::_PORTION] if start < first < end]
        yield from zip([start, *cuts], [*cuts, end], strict=True)

    def within(self, first: int, last: int) -> Iterator[Block]:
        """The blocks that have a reading of a time from `first` to `last`."""
        for group in self._groups(first, last):
            for block in group:
                inside = first <= block.first <= last or first <= block.last <= last
                if inside or any(first <= time <= last for time in block.times):
                    yield block

    def _groups(self, first: int, last: int) -> list[list[Block]]:
        return self.groups[bisect_left(self.lasts, first) : bisect_right(self.firsts, last)]


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
