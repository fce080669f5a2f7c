"""Saying why: a correction in the log behind the statements that it names, in the same transaction as they."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from backend.corrections import repository
from backend.log.service import TransparencyLog
from backend.production.statements import Desk, Logged
from leafproof import body
from leafproof.correction import Change, Correction, What
from leafproof.values import Gln, Lot


def state(
    connection: Connection,
    desk: Desk,
    log: TransparencyLog,
    issuer: Gln,
    lot: Lot,
    what: What,
    reason: str,
    by: str,
    changes: Iterable[tuple[bytes, bytes]],
) -> Logged:
    """Log a correction of a lot; `changes` are statement ids, the superseded one and the one in its place.

    Raises `InvalidInput` for a reason that is none.
    """
    named = tuple(Change(old.hex(), new.hex()) for old, new in changes)
    said = Correction(str(lot.gtin), str(lot.code), what, reason, by, named)
    logged = desk.put(connection, log, issuer, lot.urn, body.CORRECTION, said.encode_body())
    repository.insert(
        connection,
        gtin=said.gtin,
        lot=said.lot,
        log=logged.log,
        index=logged.index,
        statement_id=logged.statement_id,
        created_at=desk.now(),
    )
    return logged
