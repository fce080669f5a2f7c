"""Opinions' SQL: a function is one question or one change inside the caller's transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.opinions.tables import opinions

Row = sa.RowMapping


def insert(connection: Connection, **values: Any) -> None:
    """An opinion that was just logged."""
    connection.execute(sa.insert(opinions).values(**values))


def by_statement(connection: Connection, statement_id: bytes) -> Row | None:
    """The opinion that this statement is."""
    query = sa.select(opinions).where(opinions.c.statement_id == statement_id)
    return connection.execute(query).mappings().one_or_none()


def newest(connection: Connection, declared: bytes) -> list[Row]:
    """Each verifier's last word on a declared footprint."""
    query = sa.select(opinions).where(opinions.c.declared == declared).order_by(opinions.c.number)
    return list({row["issuer"]: row for row in connection.execute(query).mappings()}.values())


def all_on(connection: Connection, declared: bytes) -> list[Row]:
    """Every opinion on a declared footprint, in the order in which they came."""
    query = sa.select(opinions).where(opinions.c.declared == declared).order_by(opinions.c.number)
    return list(connection.execute(query).mappings())
