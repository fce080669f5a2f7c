"""Readings summed up by quarters of an hour, exactly: the arithmetic of the rollups, without a database.

* A quarter is named by its start in UTC, a multiple of 900 s. Every zone in use is a whole number of quarters
  from UTC, so that hours and days of any zone are made of whole quarters.
* A reading named by its end belongs to (start, start + 900], one named by its start to [start, start + 900).
* A second of a series counts once: the first reading logged stands (the rule of `leafproof.metering`), a later
  one for the same second is only counted as repeated. `seen` has one bit for each second of the quarter, from
  the end that single readings are at, so that it is usually one byte.
* Sums are exact: integers, and decimals under a context that cannot round (`EXACT`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, localcontext
from typing import NamedTuple

QUARTER = 900  # seconds

# A frame's numbers have up to 40 digits before and 40 after the point (leafproof.units.MAX_DIGITS); 900 of them
# add 3 digits. Should that ever be wrong, it is a trap and not a rounding.
EXACT = Context(prec=100, traps=[Inexact, InvalidOperation, Overflow])

Number = int | Decimal


@dataclass(slots=True)
class Quarter:
    """What a series metered in one quarter of an hour; `first_index` and `last_index` are the log's entries that
    it was computed from."""

    count: int = 0
    total: Number = 0
    low: Number = 0
    high: Number = 0
    last_time: int = 0
    last: Number = 0
    seen: int = 0
    repeated: int = 0
    first_index: int = -1
    last_index: int = -1

    def add(self, run: Run) -> None:
        """Count a run; runs come in the order of the log."""
        edge, times, numbers = run.edge, run.times, run.numbers
        self.repeated += run.repeats
        if self.first_index < 0:
            self.first_index = run.entries[0]
        self.last_index = run.entries[1]
        together = _bits(edge, times)
        if self.seen & together:
            fresh = [i for i, time in enumerate(times) if not self.seen >> abs(edge - time) & 1]
            self.repeated += len(times) - len(fresh)
            if not fresh:
                return
            times, numbers = [times[i] for i in fresh], [numbers[i] for i in fresh]
        self.seen |= together
        low, high = min(numbers), max(numbers)
        self.low = low if not self.count else min(self.low, low)
        self.high = high if not self.count else max(self.high, high)
        self.total += sum(numbers)
        self.count += len(numbers)
        if times[-1] > self.last_time:
            self.last_time, self.last = times[-1], numbers[-1]


def _bits(edge: int, times: Sequence[int]) -> int:
    """The bits of these times, as in `Quarter.seen`."""
    first, last = abs(edge - times[0]), abs(edge - times[-1])
    if abs(first - last) == len(times) - 1:  # every second, or a single reading
        return ((1 << len(times)) - 1) << min(first, last)
    result = 0
    for time in times:
        result |= 1 << abs(edge - time)
    return result


Part = tuple[list[int], list[Number], int]
"""What one frame says of a series: times, numbers, parallel to them, and the frame's entry."""


class Run(NamedTuple):
    """Readings of one quarter: times ascend strictly, and numbers are parallel to them.

    `edge` is the second that has bit 0 in `Quarter.seen`: the quarter's end where readings are named by their end,
    else its start. `repeats` readings were left out because their second had one already. `entries` are the first
    and the last of the log's that the run is from."""

    start: int
    edge: int
    times: Sequence[int]
    numbers: Sequence[Number]
    repeats: int
    entries: tuple[int, int]


def joined(parts: Sequence[Part], names: str) -> Iterator[tuple[list[int], list[Number], tuple[int, int]]]:
    """Parts of a series, in the order of the log, with those that follow each other within one quarter as one:
    short frames have a dozen to a quarter. Times, numbers, first and last entry."""
    shift = 1 if names == "end" else 0
    held: tuple[list[int], list[Number], tuple[int, int]] | None = None
    quarter: int | None = None  # that all of `held` is in
    for times, numbers, index in parts:
        first, last = (min(times) - shift) // QUARTER, (max(times) - shift) // QUARTER
        if held is not None and quarter == first == last:
            held[0].extend(times)
            held[1].extend(numbers)
            held = held[0], held[1], (held[2][0], index)
            continue
        if held is not None:
            yield held
        held = list(times), list(numbers), (index, index)
        quarter = first if first == last else None
    if held is not None:
        yield held


def runs(times: list[int], numbers: list[Number], names: str, entries: tuple[int, int]) -> list[Run]:
    """Readings of a series, in the order of the log, cut by quarters."""
    shift = 1 if names == "end" else 0
    repeats: dict[int, int] = {}
    if not _ascending(times):
        first: dict[int, Number] = {}
        for time, number in zip(times, numbers, strict=True):
            if time in first:
                start = (time - shift) // QUARTER * QUARTER
                repeats[start] = repeats.get(start, 0) + 1
            first.setdefault(time, number)
        times = sorted(first)
        numbers = [first[time] for time in times]
    found: list[Run] = []
    left, size = 0, len(times)
    while left < size:
        start = (times[left] - shift) // QUARTER * QUARTER
        end = start + QUARTER
        edge = end if shift else start
        right = size if times[-1] < end + shift else bisect_left(times, end + shift, left + 1)
        whole = right - left == size
        inside = (times, numbers) if whole else (times[left:right], numbers[left:right])
        found.append(Run(start, edge, *inside, repeats.get(start, 0), entries))
        left = right
    return found


def _ascending(times: list[int]) -> bool:
    if len(times) == 1:
        return True
    step = times[1] - times[0]
    if step > 0 and times == list(range(times[0], times[0] + step * len(times), step)):
        return True  # evenly spaced, as nearly all are: compared faster than pair by pair
    return times == sorted(set(times))


def text(number: Number) -> str:
    """The one form of a number: no exponent, no zeros that say nothing."""
    if type(number) is int:
        return str(number)
    with localcontext(EXACT):
        plain = format(Decimal(number).normalize(EXACT), "f")
    return "0" if plain == "-0" else plain


def number(text: str) -> Number:
    """What `text` wrote."""
    return Decimal(text) if "." in text else int(text)


def seen_bytes(seen: int) -> bytes:
    """`Quarter.seen` as stored."""
    return seen.to_bytes((seen.bit_length() + 7) // 8, "big")


def seen_bits(data: bytes) -> int:
    """What `seen_bytes` wrote."""
    return int.from_bytes(data, "big")
