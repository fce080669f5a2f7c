"""Footprints anew, by other choices, profiles or periods: the batch record stays, newer footprints supersede.

Where the issuer's choices changed, a correction says why: here, and where the record itself is corrected.
"""

from __future__ import annotations

from sqlalchemy import Connection

from backend.corrections import service as corrections
from backend.errors import NotFound
from backend.footprints import service
from backend.log.service import TransparencyLog
from backend.production import recording
from backend.production import service as production
from backend.production.statements import Desk, Logged
from leafproof.footprint import chosen_anew
from leafproof.values import Gln, Lot

BY = "server"
Newest = dict[str, bytes]


def reissue(
    connection: Connection, desk: Desk, lot: Lot, reason: str | None = None, by: str = BY
) -> Logged | None:
    """Issue the footprints of a lot's current record again, by the profiles, factors and period that its facility
    has now; the main one, or None where it would say what it says. Where a choice changed, a correction says why
    and by whom; without a `reason`, what changed. Raises `NotFound`, `InvalidInput`."""
    row, before = recording.current(connection, lot), service.current(connection, lot)
    if row is None or before is None:
        raise NotFound(f"lot {lot} has no footprint yet")
    record = recording.read(connection, desk, row)
    place = production.facility(connection, Gln(record.facility))
    company, log = Gln(place["company"]), desk.log(row["log"])
    record_id = bytes(row["statement_id"])
    earlier = current(connection, lot)
    main = service.issue(connection, desk, company, place, record, log, record_id)
    explain(connection, desk, log, company, lot, earlier, reason, by)
    return main


def current(connection: Connection, lot: Lot) -> Newest:
    """Statement ids of a lot's newest footprints, by profile."""
    return {row["profile"]: bytes(row["statement_id"]) for row in service.current_by_profile(connection, lot)}


def explain(
    connection: Connection,
    desk: Desk,
    log: TransparencyLog,
    company: Gln,
    lot: Lot,
    earlier: Newest,
    reason: str | None = None,
    by: str = BY,
) -> None:
    """Log a correction of the footprints that by now differ from `earlier` in what the issuer chose, if any do."""
    changes: list[tuple[bytes, bytes]] = []
    names: dict[str, None] = {}
    for profile, now in current(connection, lot).items():
        if profile not in earlier or earlier[profile] == now:
            continue
        before, after = (service.read(connection, desk, one) for one in (earlier[profile], now))
        if changed := chosen_anew(before, after):
            names.update(dict.fromkeys(changed))
            changes.append((earlier[profile], now))
    if changes:
        why = reason or f"the facility counts with other {', '.join(names)} now"
        corrections.state(connection, desk, log, company, lot, "factor", why, by, changes)
