"""The log's SQL, and nothing else: each function is one question or one change inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from backend.access.tiers import Tier
from backend.anchor.tables import chain_alarms
from backend.database import insert_many
from backend.errors import LogDamaged
from backend.log.schemas import Disclosure, Entry, StoredBody
from backend.log.tables import bodies, entries, logs, tiles
from leafproof import cbor
from leafproof.errors import Malformed

_IDS_A_QUERY = 500  # SQLite's oldest limit of bound values in one statement is 999
_MAX_DISCLOSURES = 1 << 20  # bytes
_ENTRY = (
    entries.c.index,
    entries.c.envelope,
    entries.c.leaf_hash,
    entries.c.statement_id,
    entries.c.content_type,
    entries.c.issuer,
    entries.c.subject,
    entries.c.key_id,
    entries.c.received_at,
)
_BODY = (bodies.c.index, bodies.c.body, bodies.c.disclosures, bodies.c.tier)


def find_log(connection: Connection, log_id: bytes) -> sa.Row[Any] | None:
    """The row of `logs`."""
    return connection.execute(sa.select(logs).where(logs.c.log_id == log_id)).one_or_none()


def every_log(connection: Connection) -> list[sa.RowMapping]:
    """All rows of `logs`, in the order in which they were made."""
    return list(connection.execute(sa.select(logs).order_by(logs.c.number)).mappings())


def insert_log(connection: Connection, **values: Any) -> None:
    """A new, empty log; does nothing when another process was first."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(logs).values(size=0, revision=0, frontier=b"", **values).on_conflict_do_nothing())


def state(connection: Connection, number: int, *, lock: bool = False) -> tuple[int, bytes]:
    """Size and frontier; with `lock`, nobody else appends before this transaction ends."""
    query = sa.select(logs.c.size, logs.c.frontier).where(logs.c.number == number)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise LogDamaged("this database does not hold the log any more")
    return row.size, row.frontier


def alarm(connection: Connection, log_id: bytes) -> str | None:
    """Why nothing may be appended: the chain holds a head that this log does not contain (`backend.anchor`)."""
    query = sa.select(chain_alarms.c.reason).where(chain_alarms.c.log_id == log_id)
    return connection.execute(query).scalar_one_or_none()


def advance(
    connection: Connection, number: int, old_size: int, size: int, frontier: bytes, *, facts: bool
) -> None:
    """Move the head, and the revision if there are `facts` among the new entries; raises `LogDamaged` if it was
    not at `old_size` although it was locked."""
    changed = connection.execute(
        sa.update(logs)
        .where(logs.c.number == number, logs.c.size == old_size)
        .values(size=size, frontier=frontier, revision=logs.c.revision + int(facts))
    )
    if changed.rowcount != 1:
        raise LogDamaged("the head moved under the log's own lock")


def indexes_of(connection: Connection, number: int, statement_ids: Sequence[bytes]) -> dict[bytes, int]:
    """Index by statement id, for those that the log holds."""
    found: dict[bytes, int] = {}
    for first in range(0, len(statement_ids), _IDS_A_QUERY):
        rows = connection.execute(
            sa.select(entries.c.statement_id, entries.c.index).where(
                entries.c.log == number, entries.c.statement_id.in_(statement_ids[first : first + _IDS_A_QUERY])
            )
        )
        found.update((statement_id, index) for statement_id, index in rows)
    return found


def insert_entries(connection: Connection, rows: list[dict[str, Any]], body_rows: list[dict[str, Any]]) -> None:
    """Entries and their bodies."""
    insert_many(connection, sa.insert(entries), rows)
    insert_many(connection, sa.insert(bodies), body_rows)


def put_tiles(connection: Connection, number: int, changed: Mapping[tuple[int, int], bytes]) -> None:
    """Write tiles, whether they are new or grew."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(tiles)
    upsert = statement.on_conflict_do_update(
        index_elements=[tiles.c.log, tiles.c.level, tiles.c.number],
        set_={"hashes": statement.excluded.hashes},
    )
    rows = [
        {"log": number, "level": level, "number": index, "hashes": hashes}
        for (level, index), hashes in sorted(changed.items())
    ]
    insert_many(connection, upsert, rows)


def tile(connection: Connection, number: int, level: int, index: int) -> bytes:
    """A tile's hashes; empty where there is none."""
    hashes = connection.execute(
        sa.select(tiles.c.hashes).where(tiles.c.log == number, tiles.c.level == level, tiles.c.number == index)
    ).scalar_one_or_none()
    return bytes(hashes or b"")


def tile_names(connection: Connection, number: int) -> Iterator[sa.Row[int, int]]:
    """(level, number) of every stored tile."""
    query = sa.select(tiles.c.level, tiles.c.number).where(tiles.c.log == number)
    yield from connection.execute(query.execution_options(yield_per=1000))


def entry(connection: Connection, number: int, index: int) -> Entry | None:
    """The entry at `index`."""
    row = connection.execute(
        sa.select(*_ENTRY).where(entries.c.log == number, entries.c.index == index)
    ).one_or_none()
    return None if row is None else Entry(*row)


def by_statement(connection: Connection, number: int, statement_id: bytes) -> Entry | None:
    """The entry with this statement."""
    row = connection.execute(
        sa.select(*_ENTRY).where(entries.c.log == number, entries.c.statement_id == statement_id)
    ).one_or_none()
    return None if row is None else Entry(*row)


def page(connection: Connection, number: int, start: int, limit: int) -> list[Entry]:
    """Up to `limit` entries from `start` on, in order."""
    rows = connection.execute(
        sa.select(*_ENTRY)
        .where(entries.c.log == number, entries.c.index >= start)
        .order_by(entries.c.index)
        .limit(limit)
    )
    return [Entry(*row) for row in rows]


def body(connection: Connection, number: int, index: int) -> StoredBody | None:
    """What is stored beside the entry; None if no body ever came. Raises `LogDamaged`."""
    row = connection.execute(
        sa.select(*_BODY).where(bodies.c.log == number, bodies.c.index == index)
    ).one_or_none()
    return None if row is None else _stored_body(*row)


def bodies_from(connection: Connection, number: int, start: int, end: int) -> Iterable[StoredBody]:
    """The bodies beside the entries [start, end), in order. Raises `LogDamaged`."""
    rows = connection.execute(
        sa.select(*_BODY)
        .where(bodies.c.log == number, bodies.c.index >= start, bodies.c.index < end)
        .order_by(bodies.c.index)
    )
    return [_stored_body(*row) for row in rows]


def delete_body(connection: Connection, number: int, index: int) -> bool:
    """Forget the body and its disclosures; whether there was one."""
    changed = connection.execute(
        sa.update(bodies)
        .where(bodies.c.log == number, bodies.c.index == index, bodies.c.body.is_not(None))
        .values(body=None, disclosures=None)
    )
    revise(connection, number)
    return bool(changed.rowcount)


def revise(connection: Connection, number: int) -> None:
    """Say that something changed which is told of the log's statements, though none was added."""
    connection.execute(sa.update(logs).where(logs.c.number == number).values(revision=logs.c.revision + 1))


def _stored_body(index: int, body: bytes | None, packed: bytes | None, tier: int) -> StoredBody:
    try:
        listed = [] if packed is None else cbor.decode(packed, "disclosures", _MAX_DISCLOSURES)
        disclosures = tuple(Disclosure(Tier(lowest), text) for lowest, text in listed)
        return StoredBody(index, body, disclosures, Tier(tier))
    except (Malformed, ValueError, TypeError) as error:
        raise LogDamaged(f"entry {index}: its stored tier or disclosures cannot be read") from error
