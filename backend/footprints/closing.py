"""Closing an energy period: energy outside runs is shared out, and the period's lots get their final footprints.

A period is closed when its bounds cut no run and each run in it is recorded; closed again, it supersedes. The
period and the footprints that rest on it are one transaction.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from sqlalchemy import Connection

from backend.errors import Conflict
from backend.footprints import periods, repository
from backend.footprints.reissue import reissue
from backend.log import repository as log_repository
from backend.production import recording
from backend.production import repository as runs
from backend.production import service as production
from backend.production.evidence import FrameReader
from backend.production.service import PlanInForce
from backend.production.statements import Desk, Logged
from leafproof import body, clock, numbers, units
from leafproof.errors import InvalidInput
from leafproof.measuring import QUANTUM, Total, Window, measured
from leafproof.period import (
    Balance,
    EnergyPeriod,
    Invoice,
    PeriodLot,
    counted,
    metered,
    reconcile,
    share_out,
    tonnes_of,
    with_estimated,
)
from leafproof.plan import MeteringPlan, MeteringPoint
from leafproof.record import BatchRecord
from leafproof.values import Gln

MAX_SPAN = 400 * 86400  # seconds: a year, with room
_Made = list[tuple[str, BatchRecord]]  # statement id, and what it says


def close_period(
    connection: Connection,
    desk: Desk,
    facility: Gln,
    start: int,
    end: int,
    invoices: tuple[Invoice, ...] | None = None,
) -> Logged:
    """Share out the energy outside runs in [start, end), Unix seconds, and issue the footprints of the period's
    lots again; without `invoices` those of the period that it supersedes stay. Raises `InvalidInput`, `Conflict`:
    see `_close`."""
    logged, lots = _close(connection, desk, facility, start, end, invoices)
    for record in lots:
        reissue(connection, desk, record.of)
    return logged


def _close(
    connection: Connection,
    desk: Desk,
    facility: Gln,
    start: int,
    end: int,
    invoices: tuple[Invoice, ...] | None,
) -> tuple[Logged, list[BatchRecord]]:
    """Share out the facility's energy outside runs in [start, end), Unix seconds, and log that.

    Raises `InvalidInput` for bounds that cut a run or for energy that does not add up, `Conflict` for a run that
    is not recorded yet, or a period that overlaps another one.
    """
    if not start < end <= start + MAX_SPAN or end > desk.now():
        raise InvalidInput("to", f"not after `from`, more than {MAX_SPAN // 86400} days after it, or not over yet")
    place = production.facility(connection, facility, lock=True)
    before = _before(connection, facility, start, end)
    made = _records(connection, desk, facility, start, end)
    plan = _plan(connection, desk, facility, start, end)
    reader = FrameReader(connection, desk.log(plan.log), str(facility), start, end)
    balances = _balances(plan.plan, reader, (start, end), made)
    tonnes = [record.product_mass() for _, record in made]
    shares = share_out(balances, tonnes)
    period = EnergyPeriod(
        facility=str(facility),
        start=clock.utc_text(start),
        end=clock.utc_text(end),
        balances=tuple(balances),
        lots=tuple(PeriodLot(i, tonnes_of(r), s) for (i, r), s in zip(made, shares, strict=True)),
        meters=reconcile(plan.plan, lambda p: _metered(plan.plan, p, reader, (start, end), made)[0]),
        invoices=_invoices(connection, desk, before) if invoices is None else invoices,
        supersedes=before,
    )
    period.check()
    log = desk.of_partition(place["partition"])
    subject = f"urn:leafproof:energy-period:{facility}:{start}:{end}"
    issuer = Gln(place["company"])
    logged = desk.put(connection, log, issuer, subject, body.ENERGY_PERIOD, period.encode_body())
    repository.insert_period(
        connection,
        facility=str(facility),
        start=start,
        end=end,
        log=logged.log,
        index=logged.index,
        statement_id=logged.statement_id,
    )
    return logged, [record for _, record in made]


def _before(connection: Connection, facility: Gln, start: int, end: int) -> str | None:
    """The newest period of the same span; raises `Conflict` for one that overlaps it."""
    newest = None
    for row in repository.periods(connection, str(facility)):
        if (row["start"], row["end"]) == (start, end):
            newest = bytes(row["statement_id"]).hex()
        elif row["start"] < end and start < row["end"]:
            span = f"{clock.utc_text(row['start'])} to {clock.utc_text(row['end'])}"
            raise Conflict(f"the period from {span} overlaps it, and energy would be counted twice")
    return newest


def _records(connection: Connection, desk: Desk, facility: Gln, start: int, end: int) -> _Made:
    """Each run's newest record, with its statement id, in the order in which they opened."""
    still_open = runs.open_before(connection, str(facility), end)
    if still_open is not None:
        raise Conflict(f"run {still_open['id']} of lot {still_open['gtin']}/{still_open['lot']} is still open")
    found = []
    for run in runs.closed_between(connection, str(facility), start, end):
        name = f"run {run['id']} of lot {run['gtin']}/{run['lot']}"
        if run["opened"] < start or run["closed"] > end:
            raise InvalidInput("from", f"the period's bounds cut {name}")
        versions = runs.record_versions(connection, run["gtin"], run["lot"])
        if not versions:
            raise Conflict(f"{name} is not recorded yet")
        found.append((bytes(versions[-1]["statement_id"]).hex(), recording.read(connection, desk, versions[-1])))
    if not found:
        raise InvalidInput("from", "no run lies within the period: there is no good output to carry its energy")
    return found


def _invoices(connection: Connection, desk: Desk, before: str | None) -> tuple[Invoice, ...]:
    """Those of the period that is superseded."""
    if before is None:
        return ()
    return periods.read(connection, desk, bytes.fromhex(before)).content.invoices


def _plan(connection: Connection, desk: Desk, facility: Gln, start: int, end: int) -> PlanInForce:
    """The one plan of the period; from now on no frame comes between."""
    plan = production.plan_at(connection, desk, facility, end - 1)
    if production.plan_at(connection, desk, facility, start).statement_id != plan.statement_id:
        raise InvalidInput("from", "another metering plan came into force within the period: close it in two")
    log_repository.state(connection, plan.log, lock=True)
    return plan


def _balances(plan: MeteringPlan, reader: FrameReader, span: Window, made: _Made) -> list[Balance]:
    """What the main meters metered, by carrier, and what the records count of it."""
    whole: dict[str, Fraction] = defaultdict(Fraction)
    estimated: dict[str, Fraction] = defaultdict(Fraction)
    unit: dict[str, str] = {}
    for point in plan.main_points():
        scale = units.scale(point.published.unit, unit.setdefault(point.carrier, point.published.unit))
        found = _metered(plan, point, reader, span, made)
        whole[point.carrier] += found[0] * scale
        estimated[point.carrier] += found[1] * scale
    records = [record for _, record in made]
    balances = (
        Balance(carrier, of, f"{numbers.rounded(whole[carrier], QUANTUM):f}", f"{counted(records, carrier, of):f}")
        for carrier, of in unit.items()
    )
    return [with_estimated(plan, balance, estimated[balance.carrier]) for balance in balances]


def _metered(
    plan: MeteringPlan, point: MeteringPoint, reader: FrameReader, span: Window, made: _Made
) -> tuple[Fraction, Fraction]:
    """What a point metered in the period; see `leafproof.period.metered`."""

    def amount(one: MeteringPoint, windows: list[Window]) -> Total:
        found = measured(plan, one, reader, windows)
        return Total(found.exact, found.estimate.exact)

    return metered(plan, point, [record for _, record in made], span, amount)
