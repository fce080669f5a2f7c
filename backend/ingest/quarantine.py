"""The quarantine: what was not authentic, with the reason, so that someone can see why a gateway is not heard.

It is bounded, whatever comes: of each group of messages at most `STORED_A_GROUP` are stored, each cut to
`KEPT_PAYLOAD` bytes, and beyond `MAX_STORED` the oldest go. What is plainly no frame is dropped before it gets
here (`sieve`), but for the first of each topic. The counts by reason are never dropped, and count all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from backend.ingest.schemas import QuarantineCount, QuarantinedOut, QuarantinePage, Reason, Refused
from backend.ingest.sieve import Dropped
from backend.ingest.tables import quarantine, quarantine_counts

MAX_STORED = 10_000  # with what follows at most some 20 MB
KEPT_PAYLOAD = 1024  # bytes: an envelope's beginning, enough to see who and what
KEPT_TEXT = 512  # characters of topic and of detail
STORED_A_GROUP = 64  # a flood is counted to the last message, but does not fill the disk's time


def add(connection: Connection, refused: Sequence[Refused]) -> None:
    """Count all of them, store the first few."""
    if not refused:
        return
    connection.execute(
        sa.insert(quarantine),
        [
            {
                "received_at": one.message.received_at,
                "reason": one.reason.value,
                "detail": _text(one.detail),
                "topic": _text(one.message.topic),
                "size": len(one.message.payload),
                "payload": one.message.payload[:KEPT_PAYLOAD],
            }
            for one in refused[:STORED_A_GROUP]
        ],
    )
    _count(connection, refused)
    newest = sa.select(sa.func.max(quarantine.c.number)).scalar_subquery()
    connection.execute(sa.delete(quarantine).where(quarantine.c.number <= newest - MAX_STORED))


def _count(connection: Connection, refused: Sequence[Refused]) -> None:
    totals: dict[Reason, list[int]] = {}
    for one in refused:
        total = totals.setdefault(one.reason, [0, 0, 0])
        total[0] += 1
        total[1] += len(one.message.payload)
        total[2] = max(total[2], one.message.received_at)
    for reason in sorted(totals):
        _add_up(connection, reason, *totals[reason])


def count_dropped(connection: Connection, dropped: Sequence[Dropped]) -> None:
    """Count what the sieve dropped."""
    for one in sorted(dropped, key=lambda one: one.reason):
        _add_up(connection, one.reason, one.messages, one.bytes, one.last_at)


def _add_up(connection: Connection, reason: Reason, messages: int, size: int, last: int) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(quarantine_counts).values(reason=reason.value, messages=messages, bytes=size, last_at=last)
    old, new = quarantine_counts.c, statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[old.reason],
            set_={
                "messages": old.messages + new.messages,
                "bytes": old.bytes + new.bytes,
                "last_at": new.last_at,
            },
        )
    )


def page(connection: Connection, before: int | None, limit: int) -> QuarantinePage:
    """The newest messages with a number below `before`, at most `limit`, and all counts."""
    query = sa.select(quarantine).order_by(quarantine.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(quarantine.c.number < before)
    messages = [QuarantinedOut(**row._mapping) for row in connection.execute(query)]
    return QuarantinePage(
        counts=counts(connection),
        messages=messages,
        next=messages[-1].number if len(messages) == limit else None,
    )


def counts(connection: Connection) -> list[QuarantineCount]:
    """All that ever came, by reason."""
    rows = connection.execute(sa.select(quarantine_counts).order_by(quarantine_counts.c.reason))
    return [QuarantineCount(**row._mapping) for row in rows]


def _text(text: str) -> str:
    """What any database stores and any page shows: no control characters, no lone surrogates."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:KEPT_TEXT])
