"""Queries of the living list; rules are in `backend.classification.service`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.anchor.tables import chain_transactions
from backend.classification.tables import classifications, list_statements
from backend.production.repository import Row
from backend.production.tables import companies, facilities, runs, transfers


def insert_statement(connection: Connection, **values: Any) -> None:
    """A list or a remark that was just logged."""
    connection.execute(sa.insert(list_statements).values(values))


def statement(connection: Connection, statement_id: bytes) -> Row | None:
    """Where a list or a remark is."""
    query = sa.select(list_statements).where(list_statements.c.statement_id == statement_id)
    return connection.execute(query).mappings().one_or_none()


def lists(connection: Connection) -> list[Row]:
    """Every list that was proposed here, in the order in which they came."""
    query = sa.select(list_statements).where(list_statements.c.kind == "living-list")
    return list(connection.execute(query.order_by(list_statements.c.number)).mappings())


def remarks(connection: Connection, proposal: bytes) -> list[Row]:
    """What was said of a proposal."""
    query = sa.select(list_statements).where(list_statements.c.proposal == proposal)
    return list(connection.execute(query.order_by(list_statements.c.number)).mappings())


def insert_classification(connection: Connection, **values: Any) -> None:
    """A lot's classification that was just logged."""
    connection.execute(sa.insert(classifications).values(values))


def of_lot(connection: Connection, gtin: str, lot: str) -> list[Row]:
    """A lot's classifications, the newest last."""
    query = sa.select(classifications).where(classifications.c.gtin == gtin, classifications.c.lot == lot)
    return list(connection.execute(query.order_by(classifications.c.number)).mappings())


def newest(connection: Connection) -> list[Row]:
    """Each lot's newest classification, with its plant's company, country, zone, and the end of its run."""
    last = sa.select(sa.func.max(classifications.c.number)).group_by(classifications.c.gtin, classifications.c.lot)
    run = sa.and_(runs.c.gtin == classifications.c.gtin, runs.c.lot == classifications.c.lot)
    place = (facilities.c.company, facilities.c.country, facilities.c.zone)
    query = (
        sa.select(classifications, runs.c.id.label("run"), runs.c.closed, *place)
        .join(runs, run)
        .join(facilities, facilities.c.gln == runs.c.facility)
        .where(classifications.c.number.in_(last))
        .order_by(classifications.c.number)
    )
    return list(connection.execute(query).mappings())


def sales(connection: Connection, gtin: str, lot: str, maker: str) -> list[Row]:
    """What a lot's maker handed on by final transfers: `quantity`, `unit`, the `receiver`'s address, and the
    `buyer`, None where that is no company of this server."""
    query = (
        sa.select(transfers.c.quantity, transfers.c.unit, transfers.c.receiver, companies.c.gln.label("buyer"))
        .join(chain_transactions, chain_transactions.c.key == transfers.c.transaction)
        .outerjoin(companies, companies.c.address == transfers.c.receiver)
        .where(transfers.c.gtin == gtin, transfers.c.lot == lot, transfers.c.sender == maker)
        .where(chain_transactions.c.state == "final")
    )
    return list(connection.execute(query).mappings())


def country_of(connection: Connection, company: str) -> str | None:
    """The country of a company's plants; None where it has none here, or plants in several countries."""
    query = sa.select(facilities.c.country).where(facilities.c.company == company).distinct()
    found = connection.execute(query).scalars().all()
    return str(found[0]) if len(found) == 1 else None
