"""Check 8 on what a scale weighed: a quantity called weighed is the sum of its weighings, to the last digit.

A weighing counts where the metering plan has that point, as a scale of goods read by that gateway, and a frame of
that gateway holds a reading of that very time; the first word on a time stands. With a tare, the reading of the
empty vehicle is taken off. One weighing evidences one line, of one lot: within a record that is a rule of its
form, across records a replay finds what is used twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from leafproof import carriers, numbers, units
from leafproof.errors import PrecisionLost
from leafproof.measuring import QUANTUM
from leafproof.plan import MeteringPlan, MeteringPoint
from leafproof.record import BatchRecord, Input, Output, Weighing
from leafproof.verification.evidence import Evidence
from leafproof.verification.report import Finding, Status

Line = Output | Input


def recomputed(record: BatchRecord, plan: MeteringPlan, evidence: Evidence) -> Iterator[Finding]:
    """Each line that was weighed, from raw readings. Raises `InvalidInput` for readings that cannot be."""
    for line in record.weighed():
        total, bad = Fraction(0), None
        for one in line.source.weighings:
            scale = scale_of(plan, one)
            if scale is None:
                bad = bad or _fail("weighing-foreign", line, one)
                continue
            readings = [_reading(evidence, record.facility, scale, time) for time in one.times]
            if None in readings:
                bad = bad or _fail("weighing-missing", line, one)
                continue
            full, *empty = (reading for reading in readings if reading is not None)
            total += (full - sum(empty, Fraction(0))) * units.scale(scale.unit, "kg")
        yield bad or _compared(line, total)


def scale_of(plan: MeteringPlan, weighing: Weighing) -> MeteringPoint | None:
    """The plan's scale that a weighing names; None where there is none."""
    named = (p for p in plan.points if (p.point, p.gateway) == (weighing.point, weighing.gateway))
    return next((p for p in named if p.kind == "weight" and p.carrier == carriers.GOODS), None)


def _reading(evidence: Evidence, facility: str, scale: MeteringPoint, time: int) -> Fraction | None:
    """What the scale said at that time, in its own unit."""
    start = time - scale.interval_seconds
    found = evidence.at(facility).metered(scale, start, time)
    return found.amount if found.count else None


def _compared(line: Line, kilograms: Fraction) -> Finding:
    stated = line.amount.to("kg")
    params = {"name": line.name, "quantity": line.quantity, "unit": line.unit}
    count = len(line.source.weighings)
    if stated == kilograms:
        return Finding(Status.PASS, "weighed", "", {**params, "count": str(count)})
    found = as_text(kilograms * units.scale("kg", line.unit))
    return Finding(Status.FAIL, "weighed-differs", "", {**params, "weighed": found})


def as_text(amount: Fraction) -> str:
    """A decimal; where there is no exact one, cut at 0.001."""
    try:
        return f"{units.exact_decimal(amount):f}"
    except PrecisionLost:
        return f"{numbers.rounded_down(amount, QUANTUM):f}"


def _fail(code: str, line: Line, weighing: Weighing) -> Finding:
    return Finding(Status.FAIL, code, "", {"name": line.name, "point": weighing.point, "time": weighing.time})
