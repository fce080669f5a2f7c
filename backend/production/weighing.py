"""What a scale weighed: from the people's word, point and time, to the signed reading that evidences a quantity.

A weighing evidences one line of one run: it is taken when the run closes. Its readings may come later; the run is
recorded when they are there, and a quantity that is not what the scale weighed is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from backend.log.service import TransparencyLog
from backend.production import evidence, repository
from leafproof import clock, metering, units
from leafproof.errors import InvalidInput
from leafproof.plan import MeteringPlan, MeteringPoint
from leafproof.record import Input, Output, Weighing
from leafproof.verification.weighing import as_text, scale_of

L = TypeVar("L", bound=Output | Input)


def named(plan: MeteringPlan, lines: Sequence[L], field: str) -> tuple[L, ...]:
    """The lines, each weighing with its scale's gateway and its times in their one form. Raises `InvalidInput` for
    a point that is no scale of the plan."""
    found = []
    for number, line in enumerate(lines):
        try:
            weighings = tuple(_of_plan(plan, one) for one in line.source.weighings)
        except InvalidInput as error:
            raise InvalidInput(f"{field}.{number}.source", f"{line.name}: {error.reason}") from error
        found.append(_with(line, weighings))
    return tuple(found)


def _of_plan(plan: MeteringPlan, one: Weighing) -> Weighing:
    point = plan.point(one.point)
    filled = Weighing(point.gateway, one.point, one.time, one.tare)
    filled.check()
    if scale_of(plan, filled) is None:
        raise InvalidInput("weighings.point", f"{one.point} is no scale of the metering plan")
    return filled


def _with(line: L, weighings: tuple[Weighing, ...]) -> L:
    return msgspec.structs.replace(line, source=msgspec.structs.replace(line.source, weighings=weighings))


def take(connection: Connection, run_id: str, lines: Iterable[Output | Input]) -> None:
    """Note which weighings evidence the run's lines, in place of what was noted before. Raises `InvalidInput` for
    one that evidences another run's."""
    used = [(w.gateway, w.point, w.times[0]) for line in lines for w in line.source.weighings]
    other = repository.put_weighings(connection, run_id, used)
    if other is not None:
        _, point, time = other
        reason = f"what {point} weighed at {clock.utc_text(time)} evidences another line or run already"
        raise InvalidInput("source", reason)


def seen(
    connection: Connection, log: TransparencyLog, plan: MeteringPlan, lines: Sequence[L], *, partly: bool = False
) -> tuple[L, ...]:
    """The lines, each weighing with the frames that hold its readings. With `partly`, those that are not there yet
    stay as they are.

    Raises `InvalidInput` for a quantity that is not what the scale weighed, or a reading that is not there.
    """
    return tuple(_seen(connection, log, plan, line, partly) for line in lines)


def _seen(connection: Connection, log: TransparencyLog, plan: MeteringPlan, line: L, partly: bool) -> L:
    if not line.source.weighings:
        return line
    total, weighings, whole = Fraction(0), [], True
    for one in line.source.weighings:
        scale = scale_of(plan, one)
        if scale is None:
            raise InvalidInput("source", f"{line.name}: {one.point} is no scale of the metering plan")
        found = [_reading(connection, log, plan.facility, scale, time) for time in one.times]
        there = [reading for reading in found if reading is not None]
        if len(there) < len(found):
            whole = False
            weighings.append(one)
            continue
        total += (there[0][1] - sum((r[1] for r in there[1:]), Fraction(0))) * units.scale(scale.unit, line.unit)
        frames = tuple(sorted({index for index, _ in there}))
        weighings.append(msgspec.structs.replace(one, frames=frames))
    if whole and total != line.amount.to(line.unit):
        reason = f"{line.name}: {line.quantity} {line.unit}, and the scale weighed {as_text(total)} {line.unit}"
        raise InvalidInput("quantity", reason)
    if not whole and not partly:
        raise InvalidInput("source", f"{line.name}: its weighing is not there")
    return _with(line, tuple(weighings))


def missing(
    connection: Connection, log: TransparencyLog, plan: MeteringPlan, lines: Sequence[Output | Input]
) -> str | None:
    """In one sentence, which weighing is not there yet. Raises like `seen`."""
    for line in seen(connection, log, plan, lines, partly=True):
        for one in line.source.weighings:
            if not one.frames:
                return f"no reading of {one.point} at {one.time}, by which {line.name} was weighed"
    return None


def _reading(
    connection: Connection, log: TransparencyLog, facility: str, scale: MeteringPoint, time: int
) -> tuple[int, Fraction] | None:
    """The log index of the first frame with that reading, and its value in the scale's unit."""
    gateway = bytes.fromhex(scale.gateway)
    for index in repository.frame_indexes(connection, log.number, gateway, time, time):
        logged = evidence.read_frame(connection, log, index)
        if logged is None or logged.content.facility != facility:
            continue
        rows = [
            (reading.time, reading.value, reading.unit)
            for series in logged.content.series
            if series.point == scale.point
            for reading in series
            if reading.time == time
        ]
        if rows:
            return index, metering.metered(metering.intervals(scale, rows), time - 1, time).amount
    return None
