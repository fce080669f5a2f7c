"""SQL of the API keys."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.access.tables import api_keys


def insert(connection: Connection, **values: Any) -> None:
    """A new key."""
    connection.execute(sa.insert(api_keys).values(**values))


def find(connection: Connection, key_id: str) -> sa.RowMapping | None:
    """The key's row."""
    return connection.execute(sa.select(api_keys).where(api_keys.c.key_id == key_id)).mappings().one_or_none()


def every(connection: Connection) -> list[sa.RowMapping]:
    """All rows, oldest first."""
    query = sa.select(api_keys).order_by(api_keys.c.created_at, api_keys.c.key_id)
    return list(connection.execute(query).mappings())


def revoke(connection: Connection, key_id: str, now: int) -> bool:
    """Mark the key as revoked; whether there was one in force."""
    changed = connection.execute(
        sa.update(api_keys)
        .where(api_keys.c.key_id == key_id, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return bool(changed.rowcount)
