"""Footprints' SQL: a function is one question or one change inside the caller's transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.footprints.tables import facility_factors, factor_sets, footprints

Row = sa.RowMapping


def insert_set(connection: Connection, **values: Any) -> None:
    """A set that was just logged."""
    connection.execute(sa.insert(factor_sets).values(**values))


def sets(connection: Connection, log: int) -> list[Row]:
    """The sets of a log, in the order in which they came into use."""
    query = sa.select(factor_sets).where(factor_sets.c.log == log).order_by(factor_sets.c.number)
    return list(connection.execute(query).mappings())


def set_by_statement(connection: Connection, statement_id: bytes) -> Row | None:
    """The set that this statement is."""
    query = sa.select(factor_sets).where(factor_sets.c.statement_id == statement_id)
    return connection.execute(query).mappings().one_or_none()


def put_factor(connection: Connection, facility: str, subject: str, factor: str) -> None:
    """Use this factor from now on."""
    where = (facility_factors.c.facility == facility, facility_factors.c.subject == subject)
    if not connection.execute(sa.update(facility_factors).where(*where).values(factor=factor)).rowcount:
        connection.execute(sa.insert(facility_factors).values(facility=facility, subject=subject, factor=factor))


def factors_of(connection: Connection, facility: str) -> dict[str, str]:
    """Factor ids by subject."""
    query = sa.select(facility_factors.c.subject, facility_factors.c.factor).where(
        facility_factors.c.facility == facility
    )
    return {row.subject: row.factor for row in connection.execute(query)}


def insert_footprint(connection: Connection, **values: Any) -> None:
    """A new version."""
    connection.execute(sa.insert(footprints).values(**values))


def versions(connection: Connection, gtin: str, lot: str) -> list[Row]:
    """All versions of a lot's footprint, in order."""
    query = sa.select(footprints).where(footprints.c.gtin == gtin, footprints.c.lot == lot)
    return list(connection.execute(query.order_by(footprints.c.version)).mappings())


def by_statement(connection: Connection, statement_id: bytes) -> Row | None:
    """The footprint that this statement is."""
    query = sa.select(footprints).where(footprints.c.statement_id == statement_id)
    return connection.execute(query).mappings().one_or_none()
