"""Footprints anew, by other factors, profiles or periods: the batch record stays, newer footprints supersede."""

from __future__ import annotations

from sqlalchemy import Connection

from backend.corrections import service as corrections
from backend.errors import NotFound
from backend.footprints import service
from backend.production import recording
from backend.production import service as production
from backend.production.statements import Desk, Logged
from leafproof.footprint import factors_used
from leafproof.values import Gln, Lot

BY = "server"
_NO_REASON = "the facility uses other factors now"


def reissue(connection: Connection, desk: Desk, lot: Lot, reason: str = _NO_REASON, by: str = BY) -> Logged | None:
    """Issue the footprints of a lot's current record again, by the profiles, factors and period that its facility
    has now; the main one, or None where it would say what it says. Where factors changed, a correction says why
    and by whom. Raises `NotFound`, `InvalidInput`."""
    row, before = recording.current(connection, lot), service.current(connection, lot)
    if row is None or before is None:
        raise NotFound(f"lot {lot} has no footprint yet")
    record = recording.read(connection, desk, row)
    place = production.facility(connection, Gln(record.facility))
    company, log = Gln(place["company"]), desk.log(row["log"])
    record_id = bytes(row["statement_id"])
    earlier = _current(connection, lot, record_id)
    main = service.issue(connection, desk, company, place, record, log, record_id)
    changes = [
        (earlier[by_], now)
        for by_, now in _current(connection, lot, record_id).items()
        if by_ in earlier and earlier[by_] != now and _other_factors(connection, desk, earlier[by_], now)
    ]
    if changes:
        corrections.state(connection, desk, log, company, lot, "factor", reason, by, changes)
    return main


def _current(connection: Connection, lot: Lot, record: bytes) -> dict[str, bytes]:
    """Statement ids of the newest footprints by profile."""
    rows = service.current_by_profile(connection, lot, record)
    return {row["profile"]: bytes(row["statement_id"]) for row in rows}


def _other_factors(connection: Connection, desk: Desk, earlier: bytes, now: bytes) -> bool:
    first, second = (service.read(connection, desk, one) for one in (earlier, now))
    return factors_used(first) != factors_used(second)
