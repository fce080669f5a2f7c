"""The SQL of gateways, their streams and frames, and nothing else.

All that writes is called under the log's lock (see `backend.ingest.service`), so that a row of a gateway has one
writer at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from backend import database
from backend.ingest.schemas import Accepted, EpochOut, EquivocationOut, EquivocationPage, GatewayOut
from backend.ingest.tables import equivocations, frames, gateways, series, streams
from backend.log.tables import bodies

T = TypeVar("T")
KEYS_A_QUERY = 300  # three values each; SQLite's oldest limit of bound values in one statement is 999
FRAMES_A_PAGE = 500

Place = tuple[int, int, int]
"""Gateway's number, epoch, sequence."""


@dataclass(slots=True)
class Stream:
    """A row of `streams`."""

    gateway: int
    epoch: int
    next_sequence: int = 0
    covered_index: int = -1
    last_id: bytes | None = None
    highest: int = -1
    frames: int = 0
    flagged: int = 0
    last_time: int = 0
    last_seen: int = 0


_STREAM = tuple(column.name for column in streams.columns)


def chunks(items: Sequence[T], size: int = KEYS_A_QUERY) -> Iterator[Sequence[T]]:
    """`items` in runs of `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def gateway_numbers(connection: Connection, key_ids: Sequence[bytes]) -> dict[bytes, int]:
    """The numbers of those gateways that are known."""
    found: dict[bytes, int] = {}
    for some in chunks(key_ids):
        rows = connection.execute(
            sa.select(gateways.c.key_id, gateways.c.number).where(gateways.c.key_id.in_(some))
        )
        found.update((bytes(key_id), number) for key_id, number in rows)
    return found


def add_gateway(connection: Connection, log: int, partition: int, first: Accepted) -> int:
    """A gateway that is heard for the first time; its number."""
    inserted = connection.execute(
        sa.insert(gateways).values(
            log=log,
            key_id=first.envelope.key_id,
            operator=first.operator,
            facility=first.facility,
            name=first.gateway,
            partition=partition,
            last_seen=first.message.received_at,
        )
    )
    assert inserted.inserted_primary_key is not None
    return int(inserted.inserted_primary_key[0])


def seen(connection: Connection, last_seen: dict[int, int]) -> None:
    """Note when gateways (by number) were heard."""
    statement = (
        sa.update(gateways)
        .where(gateways.c.number == sa.bindparam("gateway"))
        .values(last_seen=sa.bindparam("at"))
    )
    connection.execute(statement, [{"gateway": number, "at": at} for number, at in sorted(last_seen.items())])


def load_streams(connection: Connection, keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Stream]:
    """The streams of these (gateway, epoch), new ones where there are none."""
    found = {key: Stream(*key) for key in keys}
    for some in chunks(list(found)):
        rows = connection.execute(
            sa.select(streams).where(sa.tuple_(streams.c.gateway, streams.c.epoch).in_(some))
        )
        found.update(((row.gateway, row.epoch), Stream(*row)) for row in rows)
    return found


def save_streams(connection: Connection, changed: Sequence[Stream]) -> None:
    """Write streams back."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(streams)
    values = {c.name: statement.excluded[c.name] for c in streams.columns if not c.primary_key}
    upsert = statement.on_conflict_do_update(index_elements=[streams.c.gateway, streams.c.epoch], set_=values)
    database.insert_many(connection, upsert, [_stream_row(one) for one in changed])


def _stream_row(stream: Stream) -> dict[str, Any]:
    return {name: getattr(stream, name) for name in _STREAM}


def has_earlier_epoch(connection: Connection, gateway: int, epoch: int) -> bool:
    """Whether the gateway has a stream before `epoch`."""
    query = sa.select(sa.literal(1)).where(streams.c.gateway == gateway, streams.c.epoch < epoch).limit(1)
    return connection.execute(query).first() is not None


def statement_ids(connection: Connection, places: Sequence[Place]) -> dict[Place, bytes]:
    """The statement ids of the frames at these places, where there are any."""
    found: dict[Place, bytes] = {}
    key = sa.tuple_(frames.c.gateway, frames.c.epoch, frames.c.sequence)
    for some in chunks(places):
        rows = connection.execute(
            sa.select(frames.c.gateway, frames.c.epoch, frames.c.sequence, frames.c.statement_id).where(
                key.in_(some)
            )
        )
        found.update(((row[0], row[1], row[2]), bytes(row[3])) for row in rows)
    return found


def other_statements(connection: Connection, places: Sequence[Place]) -> set[tuple[Place, bytes]]:
    """The further statements already kept for these places."""
    found: set[tuple[Place, bytes]] = set()
    table = equivocations.c
    for some in chunks(places):
        rows = connection.execute(
            sa.select(table.gateway, table.epoch, table.sequence, table.statement_id).where(
                sa.tuple_(table.gateway, table.epoch, table.sequence).in_(some)
            )
        )
        found.update(((row[0], row[1], row[2]), bytes(row[3])) for row in rows)
    return found


def stored_run(connection: Connection, gateway: int, epoch: int, start: int) -> list[sa.Row[Any]]:
    """Up to `FRAMES_A_PAGE` frames from sequence `start` on: sequence, entry (index), statement_id, previous,
    flags."""
    table = frames.c
    return list(
        connection.execute(
            sa.select(table.sequence, table.index.label("entry"), table.statement_id, table.previous, table.flags)
            .where(table.gateway == gateway, table.epoch == epoch, table.sequence >= start)
            .order_by(table.sequence)
            .limit(FRAMES_A_PAGE)
        )
    )


def insert_frames(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """New frames, each the first at its place."""
    database.insert_many(connection, sa.insert(frames), rows)


def insert_equivocations(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Further statements for places that are taken."""
    database.insert_many(connection, sa.insert(equivocations), rows)


def flag(connection: Connection, place: Place, flags: int) -> None:
    """Add flags to a stored frame."""
    gateway, epoch, sequence = place
    connection.execute(
        sa.update(frames)
        .where(frames.c.gateway == gateway, frames.c.epoch == epoch, frames.c.sequence == sequence)
        .values(flags=frames.c.flags.bitwise_or(flags))
    )


def frames_in_log_order(connection: Connection, gateway: int) -> Iterator[Any]:
    """All frames of a gateway, second ones for the same place too, `FRAMES_A_PAGE` in memory at a time:
    `entry` (its index), mode, and body (None where it was deleted on purpose)."""
    both = sa.union_all(
        *(
            sa.select(table.c.index.label("entry"), table.c.mode.label("mode")).where(table.c.gateway == gateway)
            for table in (frames, equivocations)
        )
    ).subquery()
    log = sa.select(gateways.c.log).where(gateways.c.number == gateway).scalar_subquery()
    query = (
        sa.select(both.c.entry, both.c.mode, bodies.c.body)
        .select_from(both.outerjoin(bodies, (bodies.c.log == log) & (bodies.c.index == both.c.entry)))
        .order_by(both.c.entry)
        .limit(FRAMES_A_PAGE)
    )
    after = -1
    while True:
        rows = connection.execute(query.where(both.c.entry > after)).all()
        yield from rows
        if len(rows) < FRAMES_A_PAGE:
            return
        after = rows[-1].entry


def gateway_list(connection: Connection, epochs: int, limit: int) -> list[GatewayOut]:
    """Gateways by operator, facility and name, with their newest `epochs` epochs."""
    query = sa.select(gateways).order_by(gateways.c.operator, gateways.c.facility, gateways.c.name).limit(limit)
    return [_gateway_out(connection, row, epochs) for row in connection.execute(query).all()]


def _gateway_out(connection: Connection, row: sa.Row[Any], epochs: int) -> GatewayOut:
    newest = sa.select(streams).where(streams.c.gateway == row.number).order_by(streams.c.epoch.desc())
    flagged = sa.select(sa.func.sum(streams.c.flagged)).where(streams.c.gateway == row.number)
    equivocal = sa.select(sa.func.count()).where(equivocations.c.gateway == row.number)
    return GatewayOut(
        key_id=row.key_id,
        operator=row.operator,
        facility=row.facility,
        name=row.name,
        partition=row.partition,
        last_seen=row.last_seen,
        equivocations=connection.execute(equivocal).scalar_one(),
        flagged=int(connection.execute(flagged).scalar_one() or 0),
        epochs=[
            EpochOut(
                epoch=s.epoch,
                contiguous=s.next_sequence - 1 if s.next_sequence else None,
                highest=s.highest,
                missing=s.highest + 1 - s.frames,
                last_time=s.last_time,
                last_seen=s.last_seen,
            )
            for s in (Stream(*found) for found in connection.execute(newest.limit(epochs)))
        ],
    )


def operators_of(connection: Connection, facility: str) -> list[str]:
    """The operators (GLNs) whose gateways sent readings of a facility."""
    query = (
        sa.select(gateways.c.operator)
        .join(series, series.c.gateway == gateways.c.number)
        .where(series.c.facility == facility)
    )
    return list(connection.execute(query.distinct()).scalars())


def equivocation_page(connection: Connection, after: int, limit: int) -> EquivocationPage:
    """Equivocations with a number above `after`, in the order in which they came."""
    other, first = equivocations.c, frames.c
    query = (
        sa.select(
            gateways.c.key_id,
            other.number,
            other.epoch,
            other.sequence,
            other.statement_id,
            other.index.label("entry"),
            other.received_at,
            first.statement_id.label("first_id"),
            first.index.label("first_entry"),
        )
        .join_from(equivocations, gateways, gateways.c.number == other.gateway)
        .join(
            frames,
            (first.gateway == other.gateway) & (first.epoch == other.epoch) & (first.sequence == other.sequence),
        )
        .where(other.number > after)
        .order_by(other.number)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    found = [
        EquivocationOut(
            gateway=row.key_id,
            epoch=row.epoch,
            sequence=row.sequence,
            first_statement=row.first_id,
            first_index=row.first_entry,
            other_statement=row.statement_id,
            other_index=row.entry,
            received_at=row.received_at,
        )
        for row in rows
    ]
    return EquivocationPage(equivocations=found, next=rows[-1].number if len(rows) == limit else None)
