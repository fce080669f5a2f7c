"""Stages' SQL: a function is one question or one change inside the caller's transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.lifecycle.tables import stages

Row = sa.RowMapping


def insert(connection: Connection, **values: Any) -> None:
    """A stage that was just logged."""
    connection.execute(sa.insert(stages).values(**values))


def newest(connection: Connection, gtin: str, lot: str) -> list[Row]:
    """The stages of a lot that none supersedes, in the order in which they were first stated."""
    query = sa.select(stages).where(stages.c.gtin == gtin, stages.c.lot == lot).order_by(stages.c.number)
    return list({(row["stage"], row["name"]): row for row in connection.execute(query).mappings()}.values())
