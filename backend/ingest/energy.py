"""What a facility metered, by quarter, hour or day, from the rollups.

Hours and days are those of the facility's zone (its metering plan's; UTC until there is one), so that a day may
have 92 or 100 quarters. An interval counts where its naming time says: a meter whose intervals are longer than
the grain, or do not divide it, cannot be shown exactly at that grain, and `aligned` says so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import localcontext
from enum import StrEnum
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from backend.ingest import quarters
from backend.ingest.plans import PlanDirectory
from backend.ingest.quarters import EXACT, QUARTER, Number, Quarter
from backend.ingest.rollups import read_quarter
from backend.ingest.tables import gateways, rollups, series
from backend.log.schemas import Hex
from leafproof import clock
from leafproof.envelope import MODES
from leafproof.errors import InvalidInput
from leafproof.plan import MeteringPlan, MeteringPoint


class Grain(StrEnum):
    """Spans of time in which energy is shown."""

    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"


_SECONDS = {Grain.QUARTER: QUARTER, Grain.HOUR: 3600, Grain.DAY: 86_400}
# Of each series: a month of quarters, four months of hours, three years of days.
_MAX_DAYS = {Grain.QUARTER: 32, Grain.HOUR: 124, Grain.DAY: 1_100}
_MAX_QUARTERS = 1_000_000  # read for one answer: some ten seconds


class Span(BaseModel):
    """One quarter, hour or day of a series; numbers are exact decimals in the series' unit."""

    start: str
    end: str
    count: int = Field(description="readings counted")
    amount: str | None = Field(description="sum of intervals, or difference of registers; null for a quality")
    minimum: str
    maximum: str
    last: str = Field(description="the newest reading's value")
    repeated: int = Field(description="readings for a time that already had one; not counted")
    first_index: int = Field(description="the log's entries that hold the frames: from here")
    last_index: int = Field(description="to here")


class SeriesOut(BaseModel):
    """What one gateway metered at one point, in one mode and unit."""

    point: str
    gateway: Hex
    mode: str
    unit: str
    kind: str | None = Field(description="interval, register, weight or value, as the metering plan says")
    names: str = Field(description="a reading's time is its interval's end or start")
    aligned: bool = Field(description="false: intervals may reach over the bounds of the spans")
    spans: list[Span]


class EnergyOut(BaseModel):
    """Derived from the frames of the log; the frames are the evidence."""

    facility: str
    zone: str
    planned: bool = Field(
        description="whether a metering plan is known; without one, times are taken as ends, in UTC"
    )
    grain: Grain
    start: str
    end: str
    series: list[SeriesOut]


def energy(
    connection: Connection,
    plans: PlanDirectory,
    facility: str,
    operators: Sequence[str],
    window: tuple[int, int],
    grain: Grain,
) -> EnergyOut:
    """All series of `facility` by the gateways of `operators`, within `window` (Unix seconds, the end excluded).

    Raises `InvalidInput` naming `from` or `to`.
    """
    start, end = window
    if start % QUARTER or end % QUARTER:
        raise InvalidInput("from" if start % QUARTER else "to", "not a whole quarter of an hour")
    if not start < end <= start + _MAX_DAYS[grain] * 86_400:
        raise InvalidInput("to", f"not after `from`, or more than {_MAX_DAYS[grain]} days after it, by {grain}")
    plan = plans.plan(connection, facility)
    query = (
        sa.select(series, gateways.c.key_id)
        .select_from(series)
        .join(gateways, gateways.c.number == series.c.gateway)
        .where(series.c.facility == facility, gateways.c.operator.in_(operators))
        .order_by(series.c.point, series.c.number)
    )
    found = connection.execute(query).all()
    if len(found) * (end - start) // QUARTER > _MAX_QUARTERS:
        raise InvalidInput("to", f"{facility} has {len(found)} series; ask for a shorter time")
    bounds = _bounds(start, end, grain, clock.zone(plan.zone) if plan else UTC)
    shown = [_series_out(connection, row, _point(plan, row.point), grain, bounds) for row in found]
    return EnergyOut(
        facility=facility,
        zone=plan.zone if plan else "UTC",
        planned=plan is not None,
        grain=grain,
        start=clock.utc_text(start),
        end=clock.utc_text(end),
        series=[one for one in shown if one.spans],
    )


def _series_out(
    connection: Connection, row: sa.Row[Any], point: MeteringPoint | None, grain: Grain, bounds: list[int]
) -> SeriesOut:
    return SeriesOut(
        point=row.point,
        gateway=row.key_id,
        mode=MODES[row.mode],
        unit=row.unit,
        kind=point.kind if point else None,
        names=row.names,
        aligned=point is None or _SECONDS[grain] % point.interval_seconds == 0,
        spans=_spans(connection, row.number, bounds, point.kind if point else None),
    )


def _point(plan: MeteringPlan | None, name: str) -> MeteringPoint | None:
    return next((p for p in plan.points if p.point == name), None) if plan else None


def _bounds(start: int, end: int, grain: Grain, zone: tzinfo) -> list[int]:
    """Where the spans begin, and where the last one ends: `start`, local boundaries between, `end`."""
    if grain is Grain.QUARTER:
        return list(range(start, end + 1, QUARTER))
    if grain is Grain.HOUR:
        # A quarter at a time: a zone may shift by half an hour, or be a fraction of an hour from UTC.
        between = [t for t in range(start + QUARTER, end, QUARTER) if _begins_hour(t, zone)]
    else:
        between, day = [], datetime.fromtimestamp(start, zone).date()
        while (midnight := _midnight(day := day + timedelta(days=1), zone)) < end:
            between.append(midnight)
    return [start, *between, end]


def _begins_hour(moment: int, zone: tzinfo) -> bool:
    local, before = datetime.fromtimestamp(moment, zone), datetime.fromtimestamp(moment - QUARTER, zone)
    return local.minute == 0 or local.utcoffset() != before.utcoffset()


def _midnight(day: date, zone: tzinfo) -> int:
    """The first moment of a local day; one that the clocks jump over is the jump itself (PEP 495, fold 0)."""
    return int(datetime.combine(day, time(), zone).timestamp())


def _spans(connection: Connection, number: int, bounds: list[int], kind: str | None) -> list[Span]:
    register = kind == "register"
    rows = connection.execute(
        sa.select(rollups)
        .where(rollups.c.series == number, rollups.c.start >= bounds[0], rollups.c.start < bounds[-1])
        .order_by(rollups.c.start)
    )
    before = _last_before(connection, number, bounds[0]) if register else None
    result: list[Span] = []
    with localcontext(EXACT):
        for place, group in groupby(rows, key=lambda row: bisect_right(bounds, row.start)):
            parts = [read_quarter(row) for row in group]
            last = max(parts, key=lambda part: part.last_time).last
            amount: Number | None = sum(part.total for part in parts)
            if register:
                amount = None if before is None else last - before
                before = last
            if kind == "value":
                amount = None  # a mean is never summed
            result.append(_span(bounds[place - 1], bounds[place], parts, last, amount))
    return result


def _last_before(connection: Connection, number: int, start: int) -> Number | None:
    query = sa.select(rollups.c.last).where(rollups.c.series == number, rollups.c.start < start)
    found = connection.execute(query.order_by(rollups.c.start.desc()).limit(1)).scalar_one_or_none()
    return None if found is None else quarters.number(found)


def _span(start: int, end: int, parts: list[Quarter], last: Number, amount: Number | None) -> Span:
    return Span(
        start=clock.utc_text(start),
        end=clock.utc_text(end),
        count=sum(part.count for part in parts),
        amount=None if amount is None else quarters.text(amount),
        minimum=quarters.text(min(part.low for part in parts)),
        maximum=quarters.text(max(part.high for part in parts)),
        last=quarters.text(last),
        repeated=sum(part.repeated for part in parts),
        first_index=min(part.first_index for part in parts),
        last_index=max(part.last_index for part in parts),
    )
