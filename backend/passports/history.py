"""A lot's records and footprints through time: nothing is edited, so every version can be shown."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from backend.access.tiers import Tier
from backend.errors import NotFound
from backend.log.service import HostedLogs, TransparencyLog
from backend.passports import repository
from backend.passports.repository import Place
from backend.production.repository import issuer_key
from leafproof import envelope
from leafproof.errors import LeafproofError
from leafproof.footprint import Footprint
from leafproof.keys import public_key
from leafproof.record import BatchRecord
from leafproof.values import Lot
from leafproof.verification.statements import Statement


@dataclass(frozen=True, slots=True)
class Version:
    """One record of a lot, and its footprints in order; None where a statement cannot be read (any more)."""

    number: int
    index: int
    statement_id: str
    created_at: int
    record: BatchRecord | None
    footprints: tuple[Footprint | None, ...]


def versions(connection: Connection, logs: HostedLogs, lot: Lot) -> tuple[Version, ...]:
    """All versions, the first one first, as the public sees them."""
    by_number = {hosted.log.number: hosted.log for hosted in logs}
    found = []
    for place in repository.record_versions(connection, str(lot.gtin), str(lot.code)):
        record = _read(connection, by_number, place)
        printed = [
            _read(connection, by_number, p) for p in repository.footprint_versions(connection, place.statement_id)
        ]
        found.append(
            Version(
                place.version,
                place.index,
                place.statement_id.hex(),
                place.created_at,
                record if isinstance(record, BatchRecord) else None,
                tuple(f if isinstance(f, Footprint) else None for f in printed),
            )
        )
    return tuple(found)


def _read(
    connection: Connection, logs: dict[int, TransparencyLog], place: Place
) -> BatchRecord | Footprint | None:
    log = logs.get(place.log)
    if log is None:
        return None
    try:
        stored = log.body(connection, place.index)
        raw = log.entry(connection, place.index).envelope
        cose = issuer_key(connection, envelope.parse(raw).key_id)
        if cose is None or stored.tier > Tier.PUBLIC:
            return None
        statement = Statement.parse(raw, place.index, stored.body, stored.shown_to(Tier.PUBLIC))
        statement.read(public_key(cose))
    except (LeafproofError, NotFound):
        return None
    return statement.content if isinstance(statement.content, BatchRecord | Footprint) else None
