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
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, localcontext

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

    def add(self, bits: Sequence[int], times: Sequence[int], numbers: Sequence[Number], index: int) -> None:
        """Count readings of one frame, in the order of their strictly ascending times; `bits` as in `seen`."""
        if self.first_index < 0:
            self.first_index = index
        self.last_index = index  # frames come in the order of the log
        together = _together(bits)
        if self.seen & together:
            fresh = [i for i, bit in enumerate(bits) if not self.seen >> bit & 1]
            self.repeated += len(bits) - len(fresh)
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


def _together(bits: Sequence[int]) -> int:
    low, high = (bits[0], bits[-1]) if bits[0] < bits[-1] else (bits[-1], bits[0])
    if high - low == len(bits) - 1:  # every second, or a single reading
        return ((1 << len(bits)) - 1) << low
    result = 0
    for bit in bits:
        result |= 1 << bit
    return result


Run = tuple[int, Sequence[int], Sequence[int], Sequence[Number], int]
"""A quarter's start; bits as in `Quarter.seen`, times and numbers, parallel and in order of time; and how many
readings of the same frame were left out because their second had one already."""


def runs(times: list[int], numbers: list[Number], names: str) -> list[Run]:
    """A series of one frame, cut by quarters."""
    shift = 1 if names == "end" else 0
    if len(times) == 1:
        start = (times[0] - shift) // QUARTER * QUARTER
        return [(start, [start + QUARTER - times[0] if shift else times[0] - start], times, numbers, 0)]
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
        right = left + 1
        if right < size and times[right] < end + shift:
            right = bisect_left(times, end + shift, right)
        inside = times[left:right]
        bits = [end - time for time in inside] if shift else [time - start for time in inside]
        found.append((start, bits, inside, numbers[left:right], repeats.get(start, 0)))
        left = right
    return found


def _ascending(times: list[int]) -> bool:
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
