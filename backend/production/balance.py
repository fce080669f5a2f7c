"""The balance of a facility's energy, of one carrier: all that came in, what went into lots, and the rest.

Everything is computed from frames by the kernel, never from rollups. Lots are counted as their records publish
them (cut down at 0.001 of the carrier's unit); what is outside runs is the total minus the lots, so that they add
up. Estimates by the metering plan's method are in both, each in the windows of the runs and between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import Connection

from backend.production import repository, runs
from backend.production import service as production
from backend.production.evidence import FrameReader
from backend.production.repository import Row
from backend.production.statements import Archive
from leafproof import carriers, clock, numbers, units
from leafproof.errors import InvalidInput, PrecisionLost
from leafproof.measuring import QUANTUM, Window, apart, measured
from leafproof.plan import MeteringPlan, MeteringPoint
from leafproof.values import Gln, Lot

MAX_SPAN = 400 * 86400  # seconds: a year, with room; a longer one would hold its frames in memory


@dataclass(frozen=True, slots=True)
class LotEnergy:
    """What a lot's run took within the window, in the balance's unit; `run` is its id."""

    lot: Lot
    run: str
    line: str
    start: int
    end: int
    energy: Decimal


@dataclass(frozen=True, slots=True)
class EnergyBalance:
    """All in `unit`: total = lots + idle, exactly, and `estimated` is the part of the total that was not metered.
    `expected` and `present` count intervals of the main points by the metering plan; where they differ, what was
    neither metered nor estimated is in none of the numbers."""

    facility: Gln
    carrier: str
    unit: str
    start: int
    end: int
    total: Decimal
    estimated: Decimal
    lots: Decimal
    idle: Decimal
    per_lot: tuple[LotEnergy, ...]
    expected: int
    present: int


def energy_balance(
    connection: Connection,
    archive: Archive,
    facility: Gln,
    start: int,
    end: int,
    carrier: str = carriers.ELECTRICITY,
) -> EnergyBalance:
    """The balance of [start, end), Unix seconds, under the metering plan in force at its end.

    Raises `NotFound`, and `InvalidInput` for a window that is empty, too long, or before any metering plan, and
    for a carrier that no main meter meters.
    """
    if not start < end <= start + MAX_SPAN:
        raise InvalidInput("to", f"not after `from`, or more than {MAX_SPAN // 86400} days after it")
    place = production.facility(connection, facility)
    plan = production.plan_at(connection, archive, facility, end - 1)
    log = archive.log(plan.log)
    reader = FrameReader(connection, log, place["gln"], start, end)
    main = [point for point in plan.plan.main_points() if point.carrier == carrier]
    if not main:
        raise InvalidInput("carrier", f"no main meter of {facility} meters {carrier[:40]!r}")
    closed = repository.closed_between(connection, place["gln"], start, end)
    found = [measured(plan.plan, point, reader, [(start, end)]) for point in main]
    estimates = sum(
        (_estimated(connection, plan.plan, p, reader, closed, (start, end)) for p in main), Fraction(0)
    )
    total = _published(sum((one.exact for one in found), estimates))
    per_lot = tuple(_lot_energy(connection, archive, reader, run, carrier, start, end) for run in closed)
    lots = sum((one.energy for one in per_lot), Decimal(0))
    present = sum(one.count for one in found)
    gaps = sum(_intervals(point, *gap) for point, one in zip(main, found, strict=True) for gap in one.unread)
    return EnergyBalance(
        facility=facility,
        carrier=carrier,
        unit=found[0].unit,
        start=start,
        end=end,
        total=total,
        estimated=_published(estimates),
        lots=lots,
        idle=total - lots,
        per_lot=per_lot,
        expected=present + gaps,
        present=present,
    )


def _lot_energy(
    connection: Connection, archive: Archive, reader: FrameReader, run: Row, carrier: str, start: int, end: int
) -> LotEnergy:
    left, right = max(run["opened"], start), min(run["closed"], end)
    plan = production.plan_at(connection, archive, Gln(run["facility"]), run["opened"]).plan
    energy = Decimal(0)
    for line, windows in runs.on_lines(connection, run).items():
        cut = [(max(a, start), min(b, end)) for a, b in windows if a < end and b > start]
        points = [point for point in plan.of_line(line) if point.carrier == carrier]
        for found in (measured(plan, point, reader, cut) for point in points):
            energy += Decimal(found.quantity) + Decimal(found.estimate.quantity)
    return LotEnergy(Lot.parse(run["gtin"], run["lot"]), run["id"], run["line"], left, right, energy)


def _estimated(
    connection: Connection,
    plan: MeteringPlan,
    point: MeteringPoint,
    reader: FrameReader,
    closed: Sequence[Row],
    span: Window,
) -> Fraction:
    """What is estimated of a point, in the windows of the runs on its line and in those between them."""
    if not plan.estimates(point):
        return Fraction(0)
    windows = (runs.on_lines(connection, run).get(point.line or "", ()) for run in closed)
    inside, outside = apart(*span, windows)
    found = (measured(plan, point, reader, one) for one in (*inside, *outside))
    return sum((one.estimate.exact for one in found), Fraction(0))


def _published(total: Fraction) -> Decimal:
    """The exact decimal; where there is none, since a bound cuts an interval, or by a conversion: cut at 0.001."""
    try:
        return units.exact_decimal(total)
    except PrecisionLost:
        return numbers.rounded_down(total, QUANTUM)


def _intervals(point: MeteringPoint, start: int, end: int) -> int:
    return -(-(end - start) // point.interval_seconds)


def as_text(balance: EnergyBalance) -> dict[str, object]:
    """The balance as answers and reports write it: exact decimals as text, times in UTC."""
    return {
        "facility": str(balance.facility),
        "from": clock.utc_text(balance.start),
        "to": clock.utc_text(balance.end),
        "carrier": balance.carrier,
        "unit": balance.unit,
        "total": f"{balance.total:f}",
        "estimated": f"{balance.estimated:f}",
        "lots": f"{balance.lots:f}",
        "idle": f"{balance.idle:f}",
        "expected_intervals": balance.expected,
        "present_intervals": balance.present,
        "per_lot": [
            {
                "gtin": str(one.lot.gtin),
                "lot": str(one.lot.code),
                "run": one.run,
                "line": one.line,
                "from": clock.utc_text(one.start),
                "to": clock.utc_text(one.end),
                "energy": f"{one.energy:f}",
            }
            for one in balance.per_lot
        ],
    }
