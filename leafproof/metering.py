"""The metering plan, and what readings mean under it.

A plan says which points must exist, on which line, by which gateway, how often, and whether a value is an
interval's amount (named by its end or its start) or a register's state. From plan and readings come
*intervals*: half-open spans [start, end) in Unix seconds with an exact amount.

Rules:
* A point's interval that two readings name counts once, if they agree; the first one logged stands, and a
  disagreement is reported.
* An interval that a window's bound cuts is split pro rata of time, and counted as split.
* An interval of the plan's grid that no reading names is a gap.
* A reading in a unit that measures something else, and a register that runs backwards (its meter was exchanged),
  give no interval. Whoever asks for a window that holds such a thing is told; all other windows stay good.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Literal, Self

import msgspec

from leafproof import body, clock, numbers, units, values
from leafproof.errors import InvalidInput, PrecisionLost
from leafproof.structs import convert
from leafproof.texts import check_printable

_DAY = 86400
MAX_POINTS = 4096  # a large integrated works has some hundreds


class MeteringPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place where energy is metered; it outlives its meters. `parent` is null for the facility's main meter."""

    point: str
    line: str | None
    carrier: Literal["electricity"]
    kind: Literal["interval", "register"]
    names: Literal["end", "start"]
    interval_seconds: int
    unit: str
    resolution: str
    gateway: str  # key id, hexadecimal
    parent: str | None
    meter: str
    accuracy_class: str
    heartbeat_seconds: int


class MeteringPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must exist at a facility from `valid_from` on; a newer version supersedes."""

    facility: str
    zone: str
    version: int
    valid_from: str
    points: tuple[MeteringPoint, ...]

    def encode_body(self) -> bytes:
        """The statement's body: `[salt, plan]`."""
        return body.encode(msgspec.to_builtins(self))

    @classmethod
    def decode_body(cls, data: bytes) -> Self:
        """Read and check a plan; raises `InvalidInput` naming the field."""
        (value,) = body.decode(data, 1)
        plan = convert(value, cls, "metering plan")
        plan.check()
        return plan

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        check_printable(self)
        values.Gln.parse(self.facility, "facility")
        clock.zone(self.zone)
        clock.utc_seconds(self.valid_from, "valid_from")
        if not 1 <= len(self.points) <= MAX_POINTS:
            raise InvalidInput("points", f"1 to {MAX_POINTS} are allowed")
        names = [p.point for p in self.points]
        if len(set(names)) != len(names):
            raise InvalidInput("points", "one name is given twice")
        for point in self.points:
            values.point_name(point.point)
            values.digest(point.gateway, "points.gateway")
            units.scale(point.unit, "kWh")
            units.parse_decimal(point.resolution, "points.resolution")
            if not 1 <= point.interval_seconds <= _DAY or _DAY % point.interval_seconds:
                raise InvalidInput("points.interval_seconds", "not a whole part of a day")
            if point.parent is not None and point.parent not in names:
                raise InvalidInput("points.parent", f"{point.parent} is no point of this plan")
        by_name = {p.point: p for p in self.points}
        for point in self.points:
            self._check_nesting(point, by_name)

    def _check_nesting(self, point: MeteringPoint, by_name: Mapping[str, MeteringPoint]) -> None:
        """Energy of a line is the sum of its points, energy of the facility that of its main points: a point
        that meters a part of another line's point, or of none, would be counted twice or never."""
        above = point.parent
        for _ in self.points:
            if above is None:
                return
            parent = by_name[above]
            if point.line is not None and parent.line is not None:
                raise InvalidInput(
                    "points.line", f"{point.point} is metered by {parent.point} as well, and both are on a line"
                )
            above = parent.parent
        if above is not None:
            raise InvalidInput("points.parent", f"{point.point} hangs on itself")

    def point(self, name: str) -> MeteringPoint:
        """The point of that name; raises `InvalidInput`."""
        for point in self.points:
            if point.point == name:
                return point
        raise InvalidInput("point", f"{name[:63]!r} is not in the metering plan of {self.facility}")

    def of_line(self, line: str) -> tuple[MeteringPoint, ...]:
        """The points that meter a production line; raises `InvalidInput` where there are none."""
        found = tuple(p for p in self.points if p.line == line)
        if not found:
            raise InvalidInput("line", f"no metering point of {self.facility} is on line {line[:63]!r}")
        return found

    def main_points(self) -> tuple[MeteringPoint, ...]:
        """The facility's main meters: their sum is all energy that came in."""
        return tuple(p for p in self.points if p.parent is None)


@dataclass(slots=True)
class Intervals:
    """The intervals of `point`, `amounts[(start, end)]`, in `unit`; `conflicts` names those told in two ways,
    `impossible[(start, end)]` says what kept a reading from giving one."""

    point: str
    unit: str
    amounts: dict[tuple[int, int], Decimal] = field(default_factory=dict)
    conflicts: list[tuple[int, int]] = field(default_factory=list)
    impossible: dict[tuple[int, int], str] = field(default_factory=dict)
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
    result = Intervals(point.point, point.unit)
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
    _differences(result, registers)
    return result


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
