"""A lot's footprint by other factors: the batch record stays, a newer footprint supersedes the last one."""

from __future__ import annotations

from sqlalchemy import Connection

from backend.errors import NotFound
from backend.footprints import service
from backend.production import recording
from backend.production import service as production
from backend.production.statements import Desk, Logged
from leafproof.footprint import factors_used
from leafproof.values import Gln, Lot


def reissue(connection: Connection, desk: Desk, lot: Lot) -> Logged | None:
    """Issue the footprint of a lot's current record again, by the factors that its facility uses now; None where
    they are those that its current footprint names. Raises `NotFound`, `InvalidInput`."""
    row, before = recording.current(connection, lot), service.current(connection, lot)
    if row is None or before is None:
        raise NotFound(f"lot {lot} has no footprint yet")
    record = recording.read(connection, desk, row)
    place = production.facility(connection, Gln(record.facility))
    log = desk.log(row["log"])
    used = factors_used(service.read(connection, desk, bytes(before["statement_id"])))
    chosen = service.choose(connection, desk, log, place)
    if all(chosen.get(subject) == ref for subject, ref in used.items()):
        return None
    return service.issue(connection, desk, Gln(place["company"]), place, record, log, bytes(row["statement_id"]))
