"""The checkpoints' SQL: each function is one question or one change inside the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from backend.checkpoints.tables import checkpoints
from backend.log import repository as log_rows

_LOOKED_AT = 100  # checkpoints from a head on: one of them has every witness, but for an outage of some hours


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint as it was last stored."""

    size: int
    note: bytes
    cosignatures: int


_COLUMNS = (checkpoints.c.size, checkpoints.c.note, checkpoints.c.cosignatures)


def newest(connection: Connection, number: int) -> Published | None:
    """The log's largest checkpoint."""
    query = sa.select(*_COLUMNS).where(checkpoints.c.log == number).order_by(checkpoints.c.size.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else Published(row.size, bytes(row.note), row.cosignatures)


def covering(connection: Connection, number: int, size: int) -> Published | None:
    """A cosigned checkpoint of at least `size` entries: the first of those with the most cosignatures, so that it
    stays the same while the log grows."""
    query = sa.select(*_COLUMNS).where(checkpoints.c.log == number, checkpoints.c.size >= size)
    rows = connection.execute(query.order_by(checkpoints.c.size).limit(_LOOKED_AT))
    found = [Published(row.size, bytes(row.note), row.cosignatures) for row in rows]
    last = newest(connection, number)
    if last is not None and last.size >= size:
        found.append(last)
    best = max(found, key=lambda one: (one.cosignatures, -one.size), default=None)
    return best if best is not None and best.cosignatures else None


def put(connection: Connection, number: int, published: Published) -> None:
    """Store a checkpoint; one of the same size stays if it has more cosignatures. Bundles tell what was cosigned,
    so that the log's revision moves with it."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(checkpoints)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[checkpoints.c.log, checkpoints.c.size],
            set_={"note": statement.excluded.note, "cosignatures": statement.excluded.cosignatures},
            where=checkpoints.c.cosignatures <= statement.excluded.cosignatures,
        ),
        {
            "log": number,
            "size": published.size,
            "note": published.note,
            "cosignatures": published.cosignatures,
        },
    )
    if published.cosignatures:
        log_rows.revise(connection, number)
