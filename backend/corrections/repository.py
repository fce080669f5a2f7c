"""Corrections' SQL: a function is one question or one change inside the caller's transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.corrections.tables import corrections, gaps

Row = sa.RowMapping


def insert(connection: Connection, **values: Any) -> None:
    """A correction that was just logged."""
    connection.execute(sa.insert(corrections).values(**values))


def of_lot(connection: Connection, gtin: str, lot: str) -> list[Row]:
    """All corrections of a lot, in order."""
    query = sa.select(corrections).where(corrections.c.gtin == gtin, corrections.c.lot == lot)
    return list(connection.execute(query.order_by(corrections.c.number)).mappings())


def put_gaps(connection: Connection, run: str, looked_at: int) -> None:
    """The run's newest record has gaps, and the log's first `looked_at` entries do not fill them."""
    if not connection.execute(sa.update(gaps).where(gaps.c.run == run).values(looked_at=looked_at)).rowcount:
        connection.execute(sa.insert(gaps).values(run=run, looked_at=looked_at))


def drop_gaps(connection: Connection, run: str) -> None:
    """It has none any more."""
    connection.execute(sa.delete(gaps).where(gaps.c.run == run))


def with_gaps(connection: Connection) -> list[tuple[str, int]]:
    """Runs whose record has gaps, and how far the log was looked at."""
    return [(row.run, row.looked_at) for row in connection.execute(sa.select(gaps).order_by(gaps.c.run))]
