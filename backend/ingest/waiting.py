"""Frames of keys that the chain does not name yet: kept, and judged again when it does.

Without the key nothing about them can be verified, so what may wait is bounded for each topic and in total.
Where it is too much, the oldest of the topic that holds the most goes to the quarantine: a flooder (whom the
broker confines to topics in its own name) pushes out its own messages, not those of others. Nothing is lost by
that: a gateway keeps a frame until the log has acknowledged it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from backend.ingest.schemas import Message, Reason, Refused, Unregistered, WaitingOut
from backend.ingest.tables import waiting

MAX_TOPIC_MESSAGES, MAX_TOPIC_BYTES = 2_000, 8 << 20  # a day of frames at one in 45 seconds
MAX_MESSAGES, MAX_BYTES = 20_000, 64 << 20  # of one log
_KEYS_A_LOOK = 1_000
_NUMBERS_A_QUERY = 500  # SQLite's oldest limit of bound values in one statement is 999


def add(connection: Connection, log: int, unregistered: Sequence[Unregistered]) -> list[Refused]:
    """Let them wait, the same bytes only once; what had to go for them, for the quarantine."""
    if not unregistered:
        return []
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(
        insert(waiting).on_conflict_do_nothing(),
        [
            {
                "log": log,
                "digest": _digest(one.message),
                "key_id": one.key_id,
                "topic": one.message.topic,
                "payload": one.message.payload,
                "size": len(one.message.payload),
                "received_at": one.message.received_at,
            }
            for one in unregistered
        ],
    )
    return list(_evict(connection, log))


def key_ids(connection: Connection, log: int) -> list[bytes]:
    """The keys that are waited for."""
    query = sa.select(waiting.c.key_id).where(waiting.c.log == log).distinct().limit(_KEYS_A_LOOK)
    return list(connection.execute(query).scalars())


def count(connection: Connection, log: int) -> int:
    """How many messages wait."""
    query = sa.select(sa.func.count()).select_from(waiting).where(waiting.c.log == log)
    return int(connection.execute(query).scalar_one())


def take(connection: Connection, log: int, keys: Sequence[bytes], limit: int) -> list[Message]:
    """Remove and return the oldest messages of these keys."""
    query = sa.select(waiting).where(waiting.c.log == log, waiting.c.key_id.in_(keys[:_NUMBERS_A_QUERY]))
    rows = connection.execute(query.order_by(waiting.c.number).limit(limit)).all()
    _delete(connection, [row.number for row in rows])
    return [Message(row.topic, row.payload, row.received_at) for row in rows]


def summary(connection: Connection, limit: int) -> list[WaitingOut]:
    """Who waits: the keys with the most bytes first."""
    size = sa.func.sum(waiting.c.size)
    query = (
        sa.select(
            waiting.c.key_id,
            waiting.c.topic,
            sa.func.count().label("messages"),
            size.label("bytes"),
            sa.func.min(waiting.c.received_at).label("oldest"),
        )
        .group_by(waiting.c.key_id, waiting.c.topic)
        .order_by(size.desc(), waiting.c.key_id)
        .limit(limit)
    )
    return [WaitingOut(**row._mapping) for row in connection.execute(query)]


def _digest(message: Message) -> bytes:
    # Of all bytes, not the statement's id: a copy with a spoilt signature must not take the place of the real one.
    return hashlib.sha256(message.topic.encode() + b"\x00" + message.payload).digest()


def _evict(connection: Connection, log: int) -> Iterator[Refused]:
    query = sa.select(waiting.c.topic, sa.func.count(), sa.func.sum(waiting.c.size))
    held = {
        topic: (int(messages), int(size))
        for topic, messages, size in connection.execute(
            query.where(waiting.c.log == log).group_by(waiting.c.topic)
        )
    }
    for topic in list(held):
        messages, size = held[topic]
        if messages > MAX_TOPIC_MESSAGES or size > MAX_TOPIC_BYTES:
            removed = _remove_oldest(connection, log, topic, messages - MAX_TOPIC_MESSAGES, size - MAX_TOPIC_BYTES)
            yield from removed
            held[topic] = (messages - len(removed), size - sum(len(r.message.payload) for r in removed))
    messages, size = (sum(column) for column in zip(*held.values(), strict=True))
    while messages > MAX_MESSAGES or size > MAX_BYTES:
        topic = max(held, key=lambda name: held[name][1])
        # A quarter of the largest at a time, so that a flood costs few passes.
        removed = _remove_oldest(connection, log, topic, held[topic][0] // 4 + 1, 0)
        yield from removed
        freed = sum(len(r.message.payload) for r in removed)
        held[topic] = (held[topic][0] - len(removed), held[topic][1] - freed)
        messages, size = messages - len(removed), size - freed


def _remove_oldest(connection: Connection, log: int, topic: str, messages: int, size: int) -> list[Refused]:
    """At least `messages` messages and `size` bytes of a topic."""
    query = sa.select(waiting).where(waiting.c.log == log, waiting.c.topic == topic).order_by(waiting.c.number)
    removed, numbers = [], []
    for row in connection.execute(query):
        if messages <= 0 and size <= 0:
            break
        messages, size = messages - 1, size - row.size
        numbers.append(row.number)
        message = Message(row.topic, row.payload, row.received_at)
        removed.append(Refused(message, Reason.WAITED_IN_VAIN, f"key {row.key_id.hex()}; too many messages wait"))
    _delete(connection, numbers)
    return removed


def _delete(connection: Connection, numbers: Sequence[int]) -> None:
    for i in range(0, len(numbers), _NUMBERS_A_QUERY):
        some = numbers[i : i + _NUMBERS_A_QUERY]
        connection.execute(sa.delete(waiting).where(waiting.c.number.in_(some)))
