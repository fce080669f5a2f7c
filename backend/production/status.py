"""How far a lot's records and transfers have come: from the log, the queue and the chain, never from a flag."""

from __future__ import annotations

from sqlalchemy import Connection

from backend.anchor import transactions
from backend.anchor.registry import Registry
from backend.context import Context
from backend.errors import NotFound
from backend.footprints import repository as footprint_rows
from backend.production import pointing, repository
from backend.production import schemas as s
from backend.production.repository import Row
from backend.production.statements import Archive
from leafproof import clock
from leafproof.chain.view import LotRecord
from leafproof.values import Lot


def place(archive: Archive, log: int, index: int, statement_id: bytes) -> s.StatementOut:
    """Where a statement is."""
    return s.StatementOut(log_id=archive.log(log).ref.log_id, index=index, statement_id=statement_id)


def versions(connection: Connection, context: Context, archive: Archive, lot: Lot) -> s.LotOut:
    """All versions of a lot's record. Raises `NotFound` where there is none."""
    rows = repository.record_versions(connection, str(lot.gtin), str(lot.code))
    if not rows:
        raise NotFound(f"lot {lot} has no record here")
    registry = Registry(context.settings.trust())
    on_chain = pointing.on_chain(connection, registry, lot)
    printed = footprint_rows.versions(connection, str(lot.gtin), str(lot.code))
    found = [_version(connection, registry, archive, row, on_chain, printed) for row in rows]
    return s.LotOut(gtin=str(lot.gtin), lot=str(lot.code), versions=found)


def _version(
    connection: Connection,
    registry: Registry,
    archive: Archive,
    row: Row,
    on_chain: LotRecord | None,
    printed: list[Row],
) -> s.VersionOut:
    log_id = archive.log(row["log"]).ref.log_id
    anchored = registry.first_head_covering(connection, log_id, row["index"]) is not None
    leaf = bytes(row["leaf_hash"])
    state: s.VersionState = "anchored" if anchored else "logged"
    if on_chain is not None and pointing.points_to(on_chain, leaf):
        state = "current" if on_chain.current.leaf == leaf else "superseded"
    arrived = state in ("current", "superseded")
    return s.VersionOut(
        version=row["version"],
        record=place(archive, row["log"], row["index"], bytes(row["statement_id"])),
        footprints=[
            place(archive, f["log"], f["index"], bytes(f["statement_id"]))
            for f in printed
            if f["record"] == row["statement_id"]
        ],
        created_at=clock.utc_text(row["created_at"]),
        state=state,
        problem=None if arrived else transactions.status(connection, row["transaction"]).error,
    )


def transfer(connection: Connection, row: Row) -> s.TransferOut:
    """A transfer with its transaction's state."""
    sent = transactions.status(connection, row["transaction"])
    return s.TransferOut(
        id=row["id"],
        to=bytes(row["receiver"]),
        quantity=row["quantity"],
        unit=row["unit"],
        shares=str(row["shares"]),
        state=sent.state,
        problem=sent.error,
    )
