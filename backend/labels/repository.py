"""Queries of statements on labels; rules are in `backend.labels.service`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.anchor.tables import chain_transactions
from backend.labels.tables import statements
from backend.production.repository import Row
from backend.production.tables import records


def insert(connection: Connection, **values: Any) -> None:
    """A statement that was just logged."""
    connection.execute(sa.insert(statements).values(values))


def by_statement(connection: Connection, statement_id: bytes) -> Row | None:
    """Where a statement is."""
    query = sa.select(statements).where(statements.c.statement_id == statement_id)
    return connection.execute(query).mappings().one_or_none()


def standing(connection: Connection, kind: str, name: str) -> list[Row]:
    """Statements of a kind about a scheme or a label, but for those that the chain refused, in their order."""
    query = _accepted().where(statements.c.kind == kind, statements.c.name == name)
    return list(connection.execute(query.order_by(statements.c.number)).mappings())


def for_lot(connection: Connection, gtin: str, lot: str) -> list[Row]:
    """A lot's labels, but for those that the chain refused, in their order."""
    query = _accepted().where(statements.c.gtin == gtin, statements.c.lot == lot)
    return list(connection.execute(query.order_by(statements.c.number)).mappings())


def about_lot(connection: Connection, gtin: str, lot: str) -> list[Row]:
    """A lot's labels, with what each is judged by: its scheme's criteria, accreditations and recognitions, and
    what changed it."""
    found = []
    for row in for_lot(connection, gtin, lot):
        found.append(row)
        for kind in ("scheme", "accreditation", "recognition"):
            found += standing(connection, kind, row["name"])
        found += standing(connection, "label-change", bytes(row["label"]).hex())
    return found


def recent_lots(connection: Connection, limit: int) -> list[tuple[str, str]]:
    """GTIN and code of the lots that were recorded last."""
    last = sa.func.max(records.c.created_at)
    query = sa.select(records.c.gtin, records.c.lot).group_by(records.c.gtin, records.c.lot)
    found = connection.execute(query.order_by(last.desc(), records.c.gtin, records.c.lot).limit(limit))
    return [(row.gtin, row.lot) for row in found]


def _accepted() -> sa.Select[Any]:
    state = chain_transactions.c.state
    joined = sa.select(statements, state, chain_transactions.c.error).join(
        chain_transactions, chain_transactions.c.key == statements.c.transaction
    )
    return joined.where(state != "failed")
