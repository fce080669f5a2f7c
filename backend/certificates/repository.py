"""Queries of certificates; rules are in `backend.certificates.service`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.anchor.tables import chain_transactions
from backend.certificates.tables import cancellations, claims
from backend.production.repository import Row


def insert_cancellation(connection: Connection, **values: Any) -> None:
    """A cancellation that was logged."""
    connection.execute(sa.insert(cancellations).values(values))


def cancellation(connection: Connection, statement_id: bytes) -> Row | None:
    """Where a cancellation is."""
    query = sa.select(cancellations).where(cancellations.c.statement_id == statement_id)
    return connection.execute(query).mappings().one_or_none()


def cancellations_of(connection: Connection, registry: str) -> list[Row]:
    """What was stated of a registry's serials, the oldest first."""
    query = (
        sa.select(cancellations).where(cancellations.c.registry == registry).order_by(cancellations.c.created_at)
    )
    return list(connection.execute(query).mappings())


def insert_claim(connection: Connection, **values: Any) -> None:
    """A claim that was asked of the chain."""
    connection.execute(sa.insert(claims).values(values))


def claims_of(connection: Connection, statement_id: bytes) -> list[Row]:
    """What was asked for a cancellation's serials, the oldest first; with the transaction's state and error."""
    query = _with_state().where(claims.c.cancellation == statement_id).order_by(claims.c.created_at, claims.c.id)
    return list(connection.execute(query).mappings())


def asked(connection: Connection, registry: str) -> list[Row]:
    """Claims of a registry's serials that were asked for, and that the chain has not refused, the oldest first."""
    query = _with_state().join(cancellations, cancellations.c.statement_id == claims.c.cancellation)
    found = query.where(cancellations.c.registry == registry, chain_transactions.c.state != "failed")
    return list(connection.execute(found.order_by(claims.c.created_at, claims.c.id)).mappings())


def for_lot(connection: Connection, gtin: str, lot: str) -> list[Row]:
    """Places of the cancellations that a lot's claims name, without claims that the chain refused."""
    query = (
        sa.select(cancellations.c.log, cancellations.c.index)
        .distinct()
        .join(claims, claims.c.cancellation == cancellations.c.statement_id)
        .join(chain_transactions, chain_transactions.c.key == claims.c.transaction)
        .where(claims.c.gtin == gtin, claims.c.lot == lot, chain_transactions.c.state != "failed")
        .order_by(cancellations.c.log, cancellations.c.index)
    )
    return list(connection.execute(query).mappings())


def _with_state() -> sa.Select[Any]:
    state = (chain_transactions.c.state, chain_transactions.c.error)
    return sa.select(claims, *state).join(chain_transactions, chain_transactions.c.key == claims.c.transaction)
