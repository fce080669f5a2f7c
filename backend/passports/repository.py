"""SQL of the passports: names, versions, and the list of lots. A function is one question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.footprints.tables import footprints
from backend.production.tables import companies, facilities, products, records, runs


@dataclass(frozen=True, slots=True)
class Place:
    """A statement's place in a log of this database, and when it was put there (Unix seconds)."""

    version: int
    log: int
    index: int
    statement_id: bytes
    created_at: int


@dataclass(frozen=True, slots=True)
class LotLine:
    """A lot as the list shows it."""

    gtin: str
    lot: str
    product: str
    maker: str
    closed: int


def company_name(connection: Connection, gln: str) -> str | None:
    """By party GLN."""
    return connection.execute(sa.select(companies.c.name).where(companies.c.gln == gln)).scalar_one_or_none()


def facility_name(connection: Connection, gln: str) -> str | None:
    """By GLN."""
    return connection.execute(sa.select(facilities.c.name).where(facilities.c.gln == gln)).scalar_one_or_none()


def is_recorded(connection: Connection, gtin: str, lot: str) -> bool:
    """Whether the lot has a batch record here."""
    query = sa.select(records.c.version).where(records.c.gtin == gtin, records.c.lot == lot).limit(1)
    return connection.execute(query).first() is not None


def record_versions(connection: Connection, gtin: str, lot: str) -> list[Place]:
    """Where each version of a lot's record is, the first one first."""
    columns = [records.c[name] for name in Place.__slots__]
    query = sa.select(*columns).where(records.c.gtin == gtin, records.c.lot == lot).order_by(records.c.version)
    return [_place(row) for row in connection.execute(query)]


def footprint_versions(connection: Connection, record: bytes) -> list[Place]:
    """Where each footprint of a record (its statement id) is, the first one first."""
    columns = [footprints.c[name] for name in Place.__slots__]
    query = sa.select(*columns).where(footprints.c.record == record).order_by(footprints.c.version)
    return [_place(row) for row in connection.execute(query)]


def _place(row: sa.Row[Any]) -> Place:
    version, log, index, statement_id, created_at = tuple(row)  # a row's own `index` is a tuple's method
    return Place(version, log, index, bytes(statement_id), created_at)


def lots(connection: Connection, limit: int) -> list[LotLine]:
    """Lots with a record, the newest first."""
    query = (
        sa.select(runs.c.gtin, runs.c.lot, products.c.name, companies.c.name, runs.c.closed)
        .join(products, products.c.gtin == runs.c.gtin)
        .join(facilities, facilities.c.gln == runs.c.facility)
        .join(companies, companies.c.gln == facilities.c.company)
        .join(records, sa.and_(records.c.gtin == runs.c.gtin, records.c.lot == runs.c.lot, records.c.version == 1))
        .order_by(runs.c.closed.desc(), runs.c.gtin, runs.c.lot)
        .limit(limit)
    )
    return [LotLine(*row) for row in connection.execute(query)]
