"""What readings mean under a metering plan.

From a plan's point and its readings come *intervals*: half-open spans [start, end) in Unix seconds with an exact
amount.

Rules:
* A point's interval that two readings name counts once, if they agree; the first one logged stands, and a
  disagreement is reported.
* An interval that a window's bound cuts is split pro rata of time, and counted as split.
* An interval of the plan's grid that no reading names is a gap; between two weighings there is none.
* An exchange of meters that the plan states ends one register and begins the next.
* A reading in a unit that measures something else, and a register that runs backwards, give no interval. Whoever
  asks for a window that holds such a thing is told; all other windows stay good.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from leafproof import clock, numbers, units
from leafproof.errors import InvalidInput, PrecisionLost
from leafproof.plan import MeteringPoint

_DAY = 86400


@dataclass(slots=True)
class Intervals:
    """The intervals of `point`, `amounts[(start, end)]`, in `unit`; `conflicts` names those told in two ways,
    `impossible[(start, end)]` says what kept a reading from giving one. `sparse`: nothing need be between them."""

    point: str
    unit: str
    amounts: dict[tuple[int, int], Decimal] = field(default_factory=dict)
    conflicts: list[tuple[int, int]] = field(default_factory=list)
    impossible: dict[tuple[int, int], str] = field(default_factory=dict)
    sparse: bool = False
    _ordered: list[tuple[int, int]] = field(default_factory=list)

    def add(self, start: int, end: int, amount: Decimal) -> None:
        """Count an interval once; the first word stands."""
        known = self.amounts.setdefault((start, end), amount)
        if known != amount:
            self.conflicts.append((start, end))

    def extend(self, later: Intervals) -> None:
        """Take in what readings logged later give: no interval of a register reaches across both."""
        for (start, end), amount in later.amounts.items():
            self.add(start, end, amount)
        self.conflicts.extend(later.conflicts)
        for span, reason in later.impossible.items():
            self.impossible.setdefault(span, reason)

    def check(self, start: int, end: int) -> None:
        """Raises `InvalidInput` for a reading within [start, end) that cannot be."""
        for (left, right), reason in self.impossible.items():
            if (start <= left <= end) if left == right else (left < end and right > start):
                raise InvalidInput(self.point, reason)

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        """The intervals that overlap [start, end), in order; none may be longer than a day."""
        if len(self._ordered) != len(self.amounts):
            self._ordered = sorted(self.amounts)
        low = bisect_left(self._ordered, (start - _DAY, 0))
        high = bisect_left(self._ordered, (end, 0))
        return [span for span in self._ordered[low:high] if span[1] > start]


def intervals(point: MeteringPoint, readings: Iterable[tuple[int, Decimal, str]]) -> Intervals:
    """Intervals from a point's readings (time, value, unit) in log order, in the plan's unit."""
    result = Intervals(point.point, point.unit, sparse=point.kind == "weight")
    registers: dict[int, Decimal] = {}
    for time, value, unit in readings:
        span = _span(point, time)
        try:
            amount = _in_unit(value, unit, point.unit)
        except InvalidInput as error:
            result.impossible.setdefault(span, error.reason)
            continue
        except PrecisionLost as error:
            result.impossible.setdefault(span, error.message)
            continue
        if point.kind != "register":
            result.add(*span, amount)
        elif registers.setdefault(time, amount) != amount:
            result.conflicts.append(span)
    for one in _meters(point, registers, result):
        _differences(result, one)
    return result


def _meters(point: MeteringPoint, states: dict[int, Decimal], result: Intervals) -> Iterable[dict[int, Decimal]]:
    """A register's states by meter: what the plan says of an exchange ends the old one's, and begins the new
    one's."""
    for one in point.replaced:
        at, (final, initial) = one.moment, one.states
        old = {time: state for time, state in states.items() if time <= at}
        if old.setdefault(at, final) != final:
            result.conflicts.append((at, at))
        yield old
        states = {at: initial} | {time: state for time, state in states.items() if time > at}
    yield states


def _span(point: MeteringPoint, time: int) -> tuple[int, int]:
    """What a reading of that time speaks of: a register's one instant, else the interval that it names."""
    if point.kind == "register":
        return time, time
    start = time - point.interval_seconds if point.names == "end" else time
    return start, start + point.interval_seconds


def _in_unit(value: Decimal, unit: str, wanted: str) -> Decimal:
    """Raises `InvalidInput` across dimensions, `PrecisionLost` where there is no exact decimal."""
    if unit == wanted:
        return value
    factor = _factor(unit, wanted)
    # A product of few places has an exact decimal, which need not be looked for.
    if factor is not None and value == value.to_integral_value():
        return numbers.EXACT.multiply(value, factor)
    return units.exact_decimal(Fraction(value) * units.scale(unit, wanted))


@lru_cache(maxsize=256)
def _factor(unit: str, wanted: str) -> Decimal | None:
    """How many `wanted` one `unit` is, where that is an exact decimal; raises `InvalidInput` across dimensions."""
    try:
        return units.exact_decimal(units.scale(unit, wanted))
    except PrecisionLost:
        return None


def readable(value: Decimal, unit: str, wanted: str) -> bool:
    """Whether a reading has an exact amount in the plan's unit."""
    try:
        _in_unit(value, unit, wanted)
    except (InvalidInput, PrecisionLost):
        return False
    return True


def countable(unit: str, wanted: str) -> bool:
    """Whether every whole number of a unit has an exact amount in the other."""
    try:
        return unit == wanted or _factor(unit, wanted) is not None
    except InvalidInput:
        return False


def _differences(result: Intervals, registers: Mapping[int, Decimal]) -> None:
    """Intervals between a register's readings, as far as it ran forwards."""
    for start, end in pairwise(sorted(registers)):
        amount = numbers.difference(registers[end], registers[start])
        if amount < 0:
            result.impossible[start, end] = f"the register runs backwards at {clock.utc_text(end)}"
        elif end - start <= _DAY:  # what a longer silence metered belongs to no day: it stays a gap
            result.add(start, end, amount)


@dataclass(frozen=True, slots=True)
class Metered:
    """What a point metered in a window: the exact amount, how many intervals, how many of them split, and the
    spans that no reading covers."""

    amount: Fraction
    unit: str
    count: int
    split: int
    gaps: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """Intervals from `start` to `end` without a gap, each told once, counted together: their sum and number."""

    start: int
    end: int
    amount: Fraction
    count: int


def metered(found: Intervals, start: int, end: int, whole: Iterable[Whole] = ()) -> Metered:
    """The amount within [start, end), split intervals pro rata; times in Unix seconds. Those of `whole` lie within
    the window, and are none of those found.

    Raises `InvalidInput` for a reading there that cannot be, such as of a register that runs backwards.
    """
    found.check(start, end)
    count, split = 0, 0
    gaps: list[tuple[int, int]] = []
    covered = start
    spans = [(left, right, 1) for left, right in found.within(start, end)]
    for left, right, several in sorted([*spans, *((w.start, w.end, w.count) for w in whole)]):
        count += several
        split += left < start or right > end
        if left > covered:
            gaps.append((covered, left))
        covered = max(covered, right)
    if covered < end:
        gaps.append((covered, end))
    if found.sparse:
        gaps = []
    return Metered(amount(found, start, end, whole), found.unit, count, split, tuple(gaps))


def amount(found: Intervals, start: int, end: int, whole: Iterable[Whole] = ()) -> Fraction:
    """The amount alone, of all that can be read; see `metered`."""
    total = sum((one.amount for one in whole), Fraction(0))
    complete: list[Decimal] = []
    for left, right in found.within(start, end):
        value, inside = found.amounts[left, right], min(right, end) - max(left, start)
        if inside == right - left:
            complete.append(value)
        else:
            total += Fraction(value) * Fraction(inside, right - left)
    try:
        return total + Fraction(numbers.total(complete))
    except PrecisionLost:
        return total + sum(map(Fraction, complete), Fraction(0))
