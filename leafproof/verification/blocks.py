"""A frame's readings of one point, in as few bytes as they need; and many of them, in order of time.

Blocks that overlap in time, such as of a frame sent twice, form a group; groups do not overlap. Groups that lie
side by side form a page. Only the pages that were looked at last are in memory, the others are on a shelf: of each
of those memory holds where it is, and its first and last time. So a reading takes next to nothing there.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self, cast

from leafproof import cbor
from leafproof.frame import Series
from leafproof.verification.shelf import Shelf

PAGE = 32  # groups; a page with twice as many is cut in two
_OPEN = 2  # pages of one point in memory: where the log goes on, and where a record is recomputed
_CODES = "HIQq"  # the smallest that holds all numbers of a block


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
    def of(cls, series: Series, mode: str) -> Self:
        """What a frame of `mode` says of one point."""
        return cls._from(series.unit, mode, _times(series.times), _numbers(series.numbers), 0)

    @classmethod
    def _from(
        cls, unit: str, mode: str, times: Sequence[int], numbers: Sequence[int | Decimal], order: int
    ) -> Self:
        ends = (times[0], times[-1]) if isinstance(times, range) else (min(times), max(times))
        return cls(unit, mode, times, numbers, *ends, order)

    @property
    def plain(self) -> bool:
        """Whether it is evenly spaced, in time's order, and its numbers are whole."""
        return isinstance(self.times, range) and isinstance(self.numbers, array)

    def pack(self) -> list[Any]:
        """For the shelf: arrays as bytes, which come back in the same process."""
        times, numbers = self.times, self.numbers
        even = (
            [times.start, times.stop, times.step]
            if isinstance(times, range)
            else cast("array[int]", times).tobytes()
        )
        packed = [numbers.typecode, numbers.tobytes()] if isinstance(numbers, array) else ["", *numbers]
        return [self.unit, self.mode, self.order, even, packed]

    @classmethod
    def unpack(cls, packed: list[Any]) -> Self:
        """What `pack` gave."""
        unit, mode, order, even, (code, *numbers) = packed
        times = range(*even) if isinstance(even, list) else array("q", even)
        return cls._from(unit, mode, times, array(code, numbers[0]) if code else tuple(numbers), order)


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


Group = list[Block]


def _first(group: Group) -> int:
    return min(block.first for block in group)


def _last(group: Group) -> int:
    return max(block.last for block in group)


def _insert(groups: list[Group], block: Block) -> None:
    """Into a group of its own, or into that of the blocks which it overlaps."""
    low = bisect_left(groups, block.first, key=_last)
    high = max(low, bisect_right(groups, block.last, key=_first))
    overlapped = [other for group in groups[low:high] for other in group]
    groups[low:high] = [[*sorted(overlapped, key=lambda b: b.order), block]]


@dataclass(slots=True, eq=False)
class _Page:
    """Groups in order of time; None where they are on the shelf, at `place`, and nothing was changed since."""

    groups: list[Group] | None
    place: int | None = None


class Groups:
    """All blocks of one point."""

    def __init__(self, shelf: Shelf, page: int = PAGE) -> None:
        """`page` is how many groups go together to the shelf."""
        self._shelf, self._size = shelf, page
        self._pages: list[_Page] = []
        self.firsts: list[int] = []  # the first time of each page
        self.lasts: list[int] = []
        self._open: list[_Page] = []  # those in memory, the one looked at last at the end

    def __iter__(self) -> Iterator[Group]:
        """All groups in order of time."""
        for number in range(len(self._pages)):
            yield from self.page(number)

    def page(self, number: int) -> list[Group]:
        """The groups of one page."""
        return self._opened(self._pages[number])

    def between(self, first: int, last: int) -> list[Group]:
        """The groups that reach into [first, last]."""
        found: list[Group] = []
        for number in range(bisect_left(self.lasts, first), bisect_right(self.firsts, last)):
            groups = self.page(number)
            found += groups[bisect_left(groups, first, key=_last) : bisect_right(groups, last, key=_first)]
        return found

    def add(self, block: Block) -> None:
        """Take in a block, in the order of the log."""
        low, high = bisect_left(self.lasts, block.first), bisect_right(self.firsts, block.last)
        if low >= high:  # it overlaps none: behind the page before it
            low, high = (low - 1, low) if low else (0, min(1, len(self._pages)))
        groups = [group for number in range(low, high) for group in self.page(number)]
        _insert(groups, block)
        cuts = [groups] if len(groups) < 2 * self._size else [groups[: self._size], groups[self._size :]]
        self._open = [page for page in self._open if page not in self._pages[low:high]]
        pages = [_Page(several) for several in cuts]
        self._pages[low:high] = pages
        self.firsts[low:high] = [_first(several[0]) for several in cuts]
        self.lasts[low:high] = [_last(several[-1]) for several in cuts]
        self._open += pages
        self._put_away()

    def _opened(self, page: _Page) -> list[Group]:
        if page.groups is None:
            assert page.place is not None
            data = self._shelf.get(page.place)
            packed = cbor.decode(data, "page", len(data))
            page.groups = [[Block.unpack(block) for block in group] for group in packed]
        else:
            self._open.remove(page)
        self._open.append(page)
        self._put_away()
        return page.groups

    def _put_away(self) -> None:
        while len(self._open) > _OPEN:
            page = self._open.pop(0)
            if page.place is None:
                packed = [[block.pack() for block in group] for group in page.groups or ()]
                page.place = self._shelf.put(cbor.encode(packed))
            page.groups = None
