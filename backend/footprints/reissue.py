"""Footprints anew, by other factors, profiles or periods: the batch record stays, newer footprints supersede."""

from __future__ import annotations

from sqlalchemy import Connection

from backend.errors import NotFound
from backend.footprints import service
from backend.production import recording
from backend.production import service as production
from backend.production.statements import Desk, Logged
from leafproof.values import Gln, Lot


def reissue(connection: Connection, desk: Desk, lot: Lot) -> Logged | None:
    """Issue the footprints of a lot's current record again, by the profiles, factors and period that its facility
    has now; the main one, or None where it would say what it says. Raises `NotFound`, `InvalidInput`."""
    row, before = recording.current(connection, lot), service.current(connection, lot)
    if row is None or before is None:
        raise NotFound(f"lot {lot} has no footprint yet")
    record = recording.read(connection, desk, row)
    place = production.facility(connection, Gln(record.facility))
    company, log = Gln(place["company"]), desk.log(row["log"])
    return service.issue(connection, desk, company, place, record, log, bytes(row["statement_id"]))
