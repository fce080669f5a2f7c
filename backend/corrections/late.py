"""Frames that come after a record with gaps was issued: the record is superseded by one that counts them.

A run is recorded with its gaps once the grace is over. What fills them later is metered anew, as for any
correction, and the correction says that frames came late; the server itself is named as who noticed.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine

from backend.corrections import repository
from backend.database import reading, transaction
from backend.production import lots, recording, runs
from backend.production.statements import Desk
from leafproof.errors import LeafproofError
from leafproof.record import Activity, BatchRecord
from leafproof.values import Lot

BY = "server"


def look(engine: Engine, desk: Desk) -> int:
    """Look once at each record with gaps of whose log new entries came; how many were superseded."""
    with reading(engine) as connection:
        waiting = repository.with_gaps(connection)
    return sum(_look(engine, desk, run, looked_at) for run, looked_at in waiting)


def _look(engine: Engine, desk: Desk, run_id: str, looked_at: int) -> bool:
    try:
        with reading(engine) as connection:
            size = _size(connection, desk, run_id)
            if size == looked_at:
                return False
            reason = _filled(connection, desk, run_id)
        with transaction(engine) as connection:
            if reason is None:
                repository.put_gaps(connection, run_id, size)
                return False
            run = runs.find(connection, run_id)
            change = lots.Correction(what="frames", reason=reason, by=BY)
            lots.correct(connection, desk, Lot.parse(run["gtin"], run["lot"]), change)
            return True
    except LeafproofError:  # a fact that is not right any more: the record stays, and its gaps are looked at again
        return False


def _size(connection: Connection, desk: Desk, run_id: str) -> int:
    record = _record(connection, desk, run_id)
    return desk.log(record[0]).size(connection)


def _record(connection: Connection, desk: Desk, run_id: str) -> tuple[int, BatchRecord]:
    run = runs.find(connection, run_id)
    row = recording.current(connection, Lot.parse(run["gtin"], run["lot"]))
    assert row is not None  # it was noted with its record
    return row["log"], recording.read(connection, desk, row)


def _filled(connection: Connection, desk: Desk, run_id: str) -> str | None:
    """What of the gaps is filled now, in one sentence; None where nothing is."""
    _, record = _record(connection, desk, run_id)
    found = recording.gather(connection, desk, runs.find(connection, run_id))
    now = {point.point.point: point.activity(found.plan.index) for point in found.points}
    before = {activity.point: activity for activity in record.activity or ()}
    more = {name: one.intervals - _intervals(before.get(name)) for name, one in now.items()}
    said = [f"{count} intervals of {name}" for name, count in sorted(more.items()) if count > 0]
    return f"frames came after the record was issued: {', '.join(said)}" if said else None


def _intervals(activity: Activity | None) -> int:
    return activity.intervals if activity else 0
