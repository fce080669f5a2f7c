"""Declared footprints' SQL: a function is one question or one change inside the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.declared.tables import declared_footprints
from backend.footprints.tables import footprints
from backend.production.tables import records, runs

Row = sa.RowMapping


@dataclass(frozen=True, slots=True)
class Pair:
    """A lot's newest record and its newest footprint by a profile, by statement id; None where it has none."""

    lot: str
    record: bytes
    footprint: bytes | None


def insert(connection: Connection, **values: Any) -> None:
    """A statement that was just logged."""
    connection.execute(sa.insert(declared_footprints).values(**values))


def newest(connection: Connection, facility: str, gtin: str) -> list[Row]:
    """Those that none supersedes, by method and period."""
    table, other = declared_footprints, declared_footprints.alias()
    superseded = sa.exists().where(other.c.supersedes == table.c.statement_id)
    query = sa.select(table).where(table.c.facility == facility, table.c.gtin == gtin, ~superseded)
    return list(connection.execute(query.order_by(table.c.method, table.c.start)).mappings())


def all_of(connection: Connection, facility: str, gtin: str | None) -> list[Row]:
    """Every one of a facility, or of a product there, in the order in which they were stated."""
    query = sa.select(declared_footprints).where(declared_footprints.c.facility == facility)
    if gtin is not None:
        query = query.where(declared_footprints.c.gtin == gtin)
    return list(connection.execute(query.order_by(declared_footprints.c.number)).mappings())


def by_statement(connection: Connection, statement_id: bytes) -> Row | None:
    """The declared footprint that this statement is."""
    query = sa.select(declared_footprints).where(declared_footprints.c.statement_id == statement_id)
    return connection.execute(query).mappings().one_or_none()


def pairs(connection: Connection, facility: str, gtin: str, profile: str, start: int, end: int) -> list[Pair]:
    """The recorded lots whose runs closed in [start, end)."""
    printed = sa.and_(
        footprints.c.gtin == runs.c.gtin,
        footprints.c.lot == runs.c.lot,
        footprints.c.version == _newest_version(footprints, profile),
    )
    query = (
        sa.select(runs.c.lot, records.c.statement_id, footprints.c.statement_id)
        .join(records, sa.and_(records.c.gtin == runs.c.gtin, records.c.lot == runs.c.lot))
        .outerjoin(footprints, printed)
        .where(runs.c.facility == facility, runs.c.gtin == gtin, runs.c.closed >= start, runs.c.closed < end)
        .where(records.c.version == _newest_version(records))
        .order_by(runs.c.lot)
    )
    found = connection.execute(query)
    return [Pair(lot, bytes(record), None if one is None else bytes(one)) for lot, record, one in found]


def _newest_version(table: sa.Table, profile: str | None = None) -> sa.ScalarSelect[int]:
    other = table.alias()
    query = sa.select(sa.func.max(other.c.version)).where(other.c.gtin == runs.c.gtin, other.c.lot == runs.c.lot)
    if profile is not None:
        query = query.where(other.c.profile == profile)
    return query.correlate(runs).scalar_subquery()


def waiting(connection: Connection, facility: str, gtin: str, start: int, end: int) -> int:
    """How many lots of the period are closed and have no record yet."""
    query = sa.select(sa.func.count()).where(
        runs.c.facility == facility,
        runs.c.gtin == gtin,
        runs.c.closed >= start,
        runs.c.closed < end,
        runs.c.state == "closed",
    )
    return int(connection.execute(query).scalar_one())
