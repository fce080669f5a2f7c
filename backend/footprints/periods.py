"""Energy periods of a facility, and the one that a lot is of. All arithmetic is `leafproof.period`'s."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection

from backend.errors import NotFound
from backend.footprints import repository
from backend.production.statements import Archive
from leafproof.period import EnergyPeriod
from leafproof.record import BatchRecord


@dataclass(frozen=True, slots=True)
class LoggedPeriod:
    """A period and the statement that holds it."""

    content: EnergyPeriod
    log: int
    index: int


def read(connection: Connection, archive: Archive, statement_id: bytes) -> LoggedPeriod:
    """The period that a footprint names. Raises `NotFound`."""
    row = repository.period_by_statement(connection, statement_id)
    if row is None:
        raise NotFound(f"energy period {statement_id.hex()} is not known here")
    opened = archive.read(connection, row["log"], row["index"])
    return LoggedPeriod(_decoded(opened.body), row["log"], row["index"])


@lru_cache(maxsize=8)
def _decoded(stated: bytes) -> EnergyPeriod:
    """Each lot of a period asks for it, and it names them all: decoded every time, it would cost their square."""
    return EnergyPeriod.decode_body(stated)


def of_record(connection: Connection, archive: Archive, record: BatchRecord, record_id: str) -> str | None:
    """The newest period that counts this very record; a correction waits until its period is closed again."""
    opened, closed = record.run.window
    for row in reversed(repository.periods(connection, record.facility)):
        if row["start"] <= opened and closed <= row["end"]:
            found = read(connection, archive, bytes(row["statement_id"]))
            if any(lot.record == record_id for lot in found.content.lots):
                return bytes(row["statement_id"]).hex()
    return None
