"""Derived sums, rebuilt from the readings: each series by quarters of an hour.

A reading named by its interval's end at 00:15 belongs to the quarter from 00:00; each time counts once, and
the first reading logged stands.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import cast

from leafproof.numbers import EXACT
from leafproof.replay.report import ReplayReport
from leafproof.replay.source import Rollup
from leafproof.verification.blocks import Block
from leafproof.verification.evidence import Evidence
from leafproof.verification.readings import Readings

QUARTER = 900
_WHOLE = re.compile("0|-?[1-9][0-9]{0,17}")  # what a column of 64 bits gives back as it was written
_COLUMN = 2**63
Series = tuple[str, str, str, str, str]  # gateway, facility, point, unit, mode


class Sums:
    """The quarters of all series, from the readings in `evidence`, held against the stored ones."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._series: dict[tuple[bytes, str, str, str, str], None] = {}  # as they were first heard of
        self._withheld: set[str] = set()

    def withhold(self, gateway: bytes) -> None:
        """A frame of the gateway was not handed over: its sums cannot be rebuilt."""
        self._withheld.add(gateway.hex())

    def take(self, gateway: bytes, facility: str, mode: str, blocks: Iterable[tuple[str, Block]]) -> None:
        """Note which series a frame continues; its readings are in the evidence already."""
        for point, block in blocks:
            self._series.setdefault((gateway, facility, point, block.unit, mode))

    def compare(self, stored: Iterable[Rollup] | None, report: ReplayReport) -> None:
        """Report each quarter that the stored rollups have otherwise, too many or not at all."""
        if stored is None:
            return
        given = _Given(one for one in stored if one.gateway not in self._withheld)
        for gateway, facility, point, unit, mode in self._series:
            series = (gateway.hex(), facility, point, unit, mode)
            if series[0] in self._withheld:
                continue
            known = self._evidence.known(gateway, facility, point)
            differing: list[tuple[tuple[int, int], str]] = []
            for quarter in quarters(known, unit, mode, given.names.get(series, "end")):
                found = given.pop(series, quarter.start)
                if found is None or found[0] != quarter.count or _number(found[1]) != quarter.total:
                    computed = f"{quarter.count} readings, {quarter.total}"
                    differing.append((quarter.place, _sentence(series, quarter.start, found, computed)))
            for _, sentence in sorted(differing):
                report.add("rollup-differs", None, sentence)
        for series, start, found in given.left():
            report.add("rollup-differs", None, _sentence(series, start, found, "none"))


class _Given:
    """Stored sums by series and start; of two for one quarter the later one counts."""

    def __init__(self, stored: Iterable[Rollup]) -> None:
        self.names: dict[Series, str] = {}
        self._sums: dict[Series, _Stored] = {}
        for place, one in enumerate(stored):
            series = (one.gateway, one.facility, one.point, one.unit, one.mode)
            known = self._sums.get(series)
            if known is None:
                known = self._sums[series] = _Stored()
            self.names[series] = one.names
            known.put(one.start, one.count, one.total, place)

    def pop(self, series: Series, start: int) -> tuple[int, str] | None:
        """Readings and total of a quarter, which is asked for once."""
        known = self._sums.get(series)
        return known.pop(start) if known else None

    def left(self) -> Iterator[tuple[Series, int, tuple[int, str]]]:
        """What nobody asked for, in the order in which it was given."""
        left = [(place, series, start) for series, known in self._sums.items() for start, place in known.left()]
        for _, series, start in sorted(left):
            found = self._sums[series].pop(start)
            if found:
                yield series, start, found


@dataclass(slots=True)
class _Stored:
    """The stored sums of one series: in columns of integers, as far as they come in order of time and their totals
    are whole, so that a year of quarters takes 1 MB; whatever is unusual in `others`, by start."""

    starts: array[int] = field(default_factory=lambda: array("q"))
    counts: array[int] = field(default_factory=lambda: array("q"))
    totals: array[int] = field(default_factory=lambda: array("q"))
    places: array[int] = field(default_factory=lambda: array("q"))
    taken: bytearray = field(default_factory=bytearray)
    others: dict[int, tuple[int, str, int]] = field(default_factory=dict)

    def put(self, start: int, count: int, total: str, place: int) -> None:
        """One more, given as number `place` of all; it replaces an earlier one of the same start."""
        if start in self.others:
            self.others[start] = count, total, self.others[start][2]
            return
        ordered = not self.starts or start > self.starts[-1]
        if ordered and _WHOLE.fullmatch(total) and max(abs(start), count, -count) < _COLUMN:
            self.starts.append(start)
            self.counts.append(count)
            self.totals.append(int(total))
            self.places.append(place)
            self.taken.append(0)
            return
        at = self._find(start)
        if at is not None:
            self.taken[at], place = 1, self.places[at]
        self.others[start] = count, total, place

    def pop(self, start: int) -> tuple[int, str] | None:
        """Count and total of a quarter that was not asked for yet."""
        other = self.others.pop(start, None)
        if other is not None:
            return other[:2]
        at = self._find(start)
        if at is None:
            return None
        self.taken[at] = 1
        return self.counts[at], str(self.totals[at])

    def left(self) -> Iterator[tuple[int, int]]:
        """Start and place of each that is left."""
        yield from ((self.starts[at], self.places[at]) for at, taken in enumerate(self.taken) if not taken)
        yield from ((start, other[2]) for start, other in self.others.items())

    def _find(self, start: int) -> int | None:
        at = bisect_left(self.starts, start)
        return at if at < len(self.starts) and self.starts[at] == start and not self.taken[at] else None


@dataclass(slots=True)
class QuarterSum:
    """How many readings a quarter has, and their sum; `place` orders quarters as the log first told of them."""

    start: int
    count: int
    total: int | Decimal
    place: tuple[int, int]


def quarters(known: Readings, unit: str, mode: str, names: str) -> Iterator[QuarterSum]:
    """The quarters of one series, in order of time."""
    shift = int(names == "end")
    last: QuarterSum | None = None
    for group in known.groups:
        blocks = [b for b in group if b.unit == unit and b.mode == mode]
        for one in _plain(blocks[0], shift) if len(blocks) == 1 and blocks[0].plain else _single(blocks, shift):
            if last is None or one.start != last.start:
                if last is not None:
                    yield last
                last = one
            else:
                total = _sum(last.total, one.total)
                last = QuarterSum(last.start, last.count + one.count, total, min(last.place, one.place))
    if last is not None:
        yield last


def _plain(block: Block, shift: int) -> Iterator[QuarterSum]:
    """Of evenly spaced whole numbers."""
    times, numbers = cast(range, block.times), cast(Sequence[int], block.numbers)
    left, size = 0, len(times)
    while left < size:
        start = (times[left] - shift) // QUARTER * QUARTER
        right = min(size, (start + QUARTER + shift - 1 - times.start) // times.step + 1)
        yield QuarterSum(start, right - left, sum(numbers[left:right]), (block.order, left))
        left = right


def _single(blocks: Iterable[Block], shift: int) -> Iterator[QuarterSum]:
    """Of any readings: each time counts once, and the first word stands."""
    readings: dict[int, tuple[int | Decimal, tuple[int, int]]] = {}
    for block in blocks:
        for place, (time, number) in enumerate(zip(block.times, block.numbers, strict=True)):
            readings.setdefault(time, (number, (block.order, place)))
    for time in sorted(readings):
        number, told = readings[time]
        yield QuarterSum((time - shift) // QUARTER * QUARTER, 1, _sum(0, number), told)


def _sum(one: int | Decimal, other: int | Decimal) -> int | Decimal:
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    return EXACT.add(Decimal(one), Decimal(other))


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _sentence(series: Series, start: int, found: tuple[int, str] | None, computed: str) -> str:
    _, facility, point, unit, _ = series
    stored = f"{found[0]} readings, {found[1]}" if found else "none"
    return f"{facility}/{point} from {start}: stored {stored}, the readings give {computed} ({unit})"
