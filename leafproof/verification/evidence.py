"""Checks 7 and 8 on frames: is the stream whole, and do the raw readings give the record's numbers?

Frames are taken in log order. Each must continue its gateway's last one: the next sequence of the epoch, or
sequence 0 of a later epoch, and in both cases the hash of the one before. A gateway whose disk was lost, or
replaced by an older image, cannot name the frame before: its epoch begins without one, or its opening names an
older one. That is no failure, for what is in the log is there and in order; but what the gateway signed and had
not sent may be missing, so it is always said (`gateway-restored`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import msgspec

from leafproof import clock
from leafproof.chain.view import ChainView, RegisteredKey
from leafproof.envelope import MODES, FrameHeader
from leafproof.frame import FrameContent, Opening
from leafproof.measuring import Window, measured
from leafproof.metering import Intervals, Metered
from leafproof.plan import MeteringPlan, MeteringPoint
from leafproof.record import Activity, BatchRecord, Input, Output
from leafproof.verification import estimates
from leafproof.verification import readings as rd
from leafproof.verification.blocks import Block
from leafproof.verification.readings import Readings
from leafproof.verification.report import Finding, Status
from leafproof.verification.shelf import MemoryShelf, Shelf
from leafproof.verification.statements import Statement
from leafproof.verification.suspected import suspected


class Stream:
    """One gateway's frames, judged as they come in (epoch, sequence) order."""

    def __init__(self) -> None:
        self.count = 0
        self._last: tuple[FrameHeader, bytes] | None = None

    def add(
        self, place: FrameHeader, statement_id: bytes, label: str, opening: Opening | None = None
    ) -> list[Finding]:
        """What does not fit behind the frame before; `opening` as the frame's body has it."""
        last, self._last = self._last, (place, statement_id)
        self.count += 1
        if last is None:
            return []
        before, before_id = last
        if (place.epoch, place.sequence) == (before.epoch, before.sequence):
            self._last = last
            return [_fail("equivocation", label, sequence=place.sequence, epoch=place.epoch)]
        expected = before.sequence + 1 if place.epoch == before.epoch else 0
        if place.sequence != expected or place.epoch < before.epoch:
            return [_fail("frame-gap", label, first=expected, last=place.sequence - 1, epoch=place.epoch)]
        if place.previous != before_id:
            if place.sequence == 0 and _restored(before, place.previous, opening):
                return [Finding(Status.WARNING, "gateway-restored", label, {"epoch": str(place.epoch)})]
            return [_fail("frame-chain", label, sequence=place.sequence, epoch=place.epoch)]
        return []


def _restored(before: FrameHeader, previous: bytes | None, opening: Opening | None) -> bool:
    """Whether an epoch says of itself that it does not begin where the last one in the log ended."""
    if previous is None:
        return True
    if opening is None or opening.last_epoch is None or opening.last_sequence is None:
        return False
    return (opening.last_epoch, opening.last_sequence) < (before.epoch, before.sequence)


class Evidence:
    """Readings by gateway and point, in log order, and what they give in a window of time under a plan."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        """`shelf` is where most readings are kept; memory if none is given."""
        self._shelf = shelf or MemoryShelf()
        self._readings: dict[tuple[bytes, str, str], Readings] = {}
        self._asked: tuple[object, rd.Window] | None = None  # the last question: it comes several times
        self.frames: dict[bytes, int] = defaultdict(int)
        self._withheld: set[bytes] = set()

    def withhold(self, gateway: bytes) -> None:
        """A frame of the gateway was not handed over: what it metered cannot be judged."""
        self._withheld.add(gateway)

    def lacks(self, plan: MeteringPlan) -> bool:
        """Whether frames of one of the plan's gateways are withheld."""
        return any(bytes.fromhex(point.gateway) in self._withheld for point in plan.points)

    def add(self, gateway: bytes, place: FrameHeader, content: FrameContent) -> None:
        """Take a frame's readings in."""
        series = ((one.point, Block.of(one, place.mode)) for one in content.series)
        self.take(gateway, content.facility, series)

    def take(self, gateway: bytes, facility: str, blocks: Iterable[tuple[str, Block]]) -> None:
        """The same, of a frame that is in blocks by metering point already."""
        self.frames[gateway] += 1
        for point, block in blocks:
            known = self._readings.get((gateway, facility, point))
            if known is None:
                known = self._readings[gateway, facility, point] = Readings(self._shelf)
            known.add(block)

    def known(self, gateway: bytes, facility: str, point: str) -> Readings:
        """A point's readings as far as frames were taken in."""
        return self._readings.get((gateway, facility, point), _NONE)

    def readings(self, facility: str, point: MeteringPoint) -> Readings:
        """The same, of a plan's point."""
        return self.known(bytes.fromhex(point.gateway), facility, point.point)

    def window(self, facility: str, point: MeteringPoint, start: int, end: int) -> rd.Window:
        """What the point's readings say of [start, end), Unix seconds."""
        known = self.readings(facility, point)
        question = (facility, point, start, end, known.count)
        if self._asked is None or self._asked[0] != question:
            self._asked = question, known.window(point, start, end)
        return self._asked[1]

    def at(self, facility: str) -> MeterOf:
        """The readings of one facility."""
        return MeterOf(self, facility)

    def modes(self, facility: str, point: MeteringPoint, start: int, end: int) -> set[str]:
        """The modes of the frames that carry what the point metered in [start, end)."""
        named = self.window(facility, point, start, end).named
        if named is None:
            return set()
        return {block.mode for block in self.readings(facility, point).within(*named)}


@dataclass(frozen=True, slots=True)
class MeterOf:
    """A `leafproof.measuring.Meter`: one facility's readings of all that were taken in."""

    evidence: Evidence
    facility: str

    def metered(self, point: MeteringPoint, start: int, end: int) -> Metered:
        """In the point's own unit; raises `InvalidInput` for impossible readings."""
        return self.evidence.window(self.facility, point, start, end).metered(start, end)

    def amount(self, point: MeteringPoint, start: int, end: int) -> Fraction:
        """The same, of all that can be read."""
        return self.evidence.window(self.facility, point, start, end).amount(start, end)

    def values(self, point: MeteringPoint, start: int, end: int) -> Intervals:
        """The intervals of a quality, or of what is judged for plausibility or estimated, one by one."""
        return self.evidence.window(self.facility, point, start, end).intervals


_NONE = Readings()


def plan_in_force(record: BatchRecord, plan: MeteringPlan) -> Iterator[Finding]:
    """Check 7: a plan says what must exist from a moment on, not before."""
    if clock.utc_seconds(plan.valid_from, "valid_from") > record.run.window[0]:
        yield _fail("plan-later", "", start=plan.valid_from, opened=record.run.opened)


def foreign_gateways(chain: ChainView | None, maker: RegisteredKey | None, plan: MeteringPlan) -> list[str]:
    """Gateways of the plan that another operator than the record's registered."""
    if chain is None or maker is None:
        return []
    keys = {p.gateway: chain.keys.get(bytes.fromhex(p.gateway)) for p in plan.points}
    return [name for name, key in keys.items() if key is not None and key.operator != maker.operator]


def complete(record: BatchRecord, plan: MeteringPlan, evidence: Evidence) -> Iterator[Finding]:
    """Check 7: every point of the run's lines, every interval of the run on them, by the plan."""
    stated = {a.point for a in record.activity or ()}
    for point, windows in points_of(record, plan):
        if point.point not in stated:
            yield _fail("point-missing", "", point=point.point)
            continue
        found = measured(plan, point, evidence.at(record.facility), windows)
        for gap in found.gaps_as_text:
            yield _fail("metering-gap", "", point=point.point, start=gap[0], end=gap[1])
        for reader in plan.readers(point):
            for right in _told_twice(record, reader, evidence, windows):
                yield _fail("conflict", "", point=reader.point, end=clock.utc_text(right))
        yield from suspected(record, point.point, found.suspects)
        if not found.unread:
            params = {"intervals": found.count, "frames": evidence.frames[bytes.fromhex(point.gateway)]}
            yield _pass("frames-complete", point=point.point, **params)
    yield from _mode(record, plan, evidence)


def points_of(record: BatchRecord, plan: MeteringPlan) -> list[tuple[MeteringPoint, list[Window]]]:
    """The points of the run's lines, each with the times when the run was on its line. Raises `InvalidInput`."""
    on_lines = record.run.on_lines
    return [(point, windows) for line, windows in on_lines.items() for point in plan.of_line(line)]


def _told_twice(
    record: BatchRecord, reader: MeteringPoint, evidence: Evidence, windows: Iterable[Window]
) -> Iterator[int]:
    """The ends of intervals that two readings name otherwise."""
    for start, end in windows:
        told = evidence.window(record.facility, reader, start, end).intervals.conflicts
        yield from (right for left, right in told if start < right and (left < end or right == end))


def _mode(record: BatchRecord, plan: MeteringPlan, evidence: Evidence) -> Iterator[Finding]:
    """A record is live only if all that it counts is, and so is an activity; `MODES` has the strongest first."""
    told = {a.point: a.mode for a in record.activity or () if a.mode}
    every: set[str] = set()
    for point, windows in points_of(record, plan):
        found = {
            mode
            for reader in plan.readers(point)
            for start, end in windows
            for mode in evidence.modes(record.facility, reader, start, end)
        }
        every |= found
        stated = told.get(point.point)
        weakest = max(found, key=MODES.index, default=stated)
        if stated is not None and stated != weakest:
            yield _fail("point-mode-differs", "", point=point.point, stated=stated, found=weakest)
    weakest = max(every, key=MODES.index, default=record.mode)
    if weakest != record.mode:
        yield _fail("mode-differs", "", stated=record.mode, found=weakest)


def provenance(record: BatchRecord, entered: int, seen: bool) -> Iterator[Finding]:
    """Check 7: what is recorded or simulated, and what rests on a declaration; `entered` in Unix seconds, `seen`
    says whether the readings of scales are at hand."""
    if record.mode == "recorded":
        measured = clock.local_date(record.run.window[0], record.zone)[:4]
        params = {"measured": measured, "entered": clock.local_date(entered, record.zone)[:4]}
        yield Finding(Status.WARNING, "recorded", "", params)
    for carrier in record.simulated:
        yield Finding(Status.WARNING, "simulated-carrier", "", {"carrier": carrier})
    if record.mode == "simulated" and not record.simulated:
        yield Finding(Status.WARNING, "simulated")
    lines: list[Output | Input] = [*(record.outputs or ()), *(record.inputs or ())]
    for line in lines:
        params = {"name": line.name, "quantity": line.quantity, "unit": line.unit}
        if line.source.kind == "weighed":
            points = ", ".join(dict.fromkeys(one.point for one in line.source.weighings))
            code, status = ("quantity-weighed", Status.PASS) if seen else ("quantity-unseen", Status.WARNING)
            yield Finding(status, code, "", {**params, "points": points})
        else:
            yield Finding(Status.WARNING, f"quantity-{line.source.kind}", "", params)


def recomputed(record: BatchRecord, plan: MeteringPlan, evidence: Evidence) -> Iterator[Finding]:
    """Check 8: each activity of the record, from raw readings, the same digits."""
    on_lines = record.run.on_lines
    for activity in record.activity or ():
        point = plan.point(activity.point)
        if activity.carrier != point.carrier:
            params = {"point": activity.point, "stated": activity.carrier, "planned": point.carrier}
            yield _fail("carrier-differs", "", **params)
        windows = on_lines.get(point.line or "", [record.run.window])
        found = measured(plan, point, evidence.at(record.facility), windows)
        computed = Activity.of(point, found, activity.first_index, activity.last_index)
        yield from estimates.judge(activity, computed)
        elsewhere = ("carrier", "implausible", "frozen", "estimated", "mode")  # judged for themselves
        if msgspec.structs.replace(computed, **{name: getattr(activity, name) for name in elsewhere}) != activity:
            said = {"stated": activity.quantity, "unit": activity.unit, "computed": computed.quantity}
            yield _fail("activity-differs", "", point=activity.point, **said)
        elif computed.estimated == activity.estimated:
            params = {"quantity": computed.quantity, "unit": computed.unit}
            yield _pass("activity-recomputed", point=activity.point, **params)


def in_range(statement: Statement, activities: tuple[Activity, ...]) -> bool:
    """Whether a frame lies in the log range that the record's activities name."""
    return any(a.first_index <= statement.index <= a.last_index for a in activities)


def _fail(code: str, subject: str, **params: object) -> Finding:
    return Finding(Status.FAIL, code, subject, {k: str(v) for k, v in params.items()})


def _pass(code: str, **params: object) -> Finding:
    return Finding(Status.PASS, code, "", {k: str(v) for k, v in params.items()})
