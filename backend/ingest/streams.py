"""Gateways' places in the log: `frames`, `equivocations` and `streams` compared with the logged statements.

Of the frames logged for one (gateway, epoch, sequence) the one with the lowest entry stands in `frames`, each
other in `equivocations`. What a frame's envelope and place in the log say is compared, and put right by `repair`:
index, statement id, previous frame, mode. What only the moment of arrival knew (flags, times of a body deleted
since) is kept where a row is there. A stream is computed from its frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.ingest.tables import equivocations, frames, gateways, streams
from backend.log.fsck import Finding
from backend.log.schemas import Entry
from backend.log.service import TransparencyLog
from backend.log.tables import entries
from leafproof import body as bodies
from leafproof import envelope as statements
from leafproof import frame, values
from leafproof.envelope import MODES, FrameHeader
from leafproof.errors import LeafproofError

_PAGE = 500
_FACILITY = "https://id.gs1.org/414/"
_STREAM = ("next_sequence", "covered_index", "last_id", "highest", "frames", "flagged")


@dataclass(frozen=True, slots=True)
class _Logged:
    """A frame's entry; `kept` is whether its row says what it should, `first` whether it is the first at its
    place."""

    entry: Entry
    place: FrameHeader
    first: bool
    kept: bool


def check(connection: Connection, log: TransparencyLog) -> Iterator[Finding]:
    """What differs, for `leafproof log fsck`."""
    for one in _logged(connection, log):
        if not one.kept:
            table = "frames" if one.first else "equivocations"
            where = f"epoch {one.place.epoch}, sequence {one.place.sequence}"
            yield Finding(log.name, one.entry.index, "frame", f"the table {table} does not say so: {where}")
    for index in _baseless(connection, log):
        yield Finding(log.name, index, "frame", "a gateway's place names this entry, which is no such frame")
    for stored, computed in _streams(connection, log):
        if stored != computed:
            key_id, epoch = computed["key_id"], computed["epoch"]
            yield Finding(
                log.name, None, "stream", f"of key {key_id.hex()[:16]}, epoch {epoch}: not its frames' own"
            )


def repair(connection: Connection, log: TransparencyLog) -> None:
    """Put it right, in a `transaction` that holds the log's lock."""
    for table in (frames, equivocations):
        connection.execute(sa.delete(table).where(_of_log(table, log), ~_has_entry(table, log)))
    for one in _logged(connection, log):
        if not one.kept:
            _write(connection, log, one)
    for stored, computed in list(_streams(connection, log)):
        if stored != computed:
            _write_stream(connection, stored, computed)


def _logged(connection: Connection, log: TransparencyLog) -> Iterator[_Logged]:
    """Every frame of the log in order, a page of entries in memory."""
    for entry in log.iterate(connection):
        if entry.content_type != bodies.FRAME:
            continue
        try:
            place = frame.place_of(statements.parse(entry.envelope))
        except LeafproofError:
            continue  # the log's own check names it
        yield _judge(connection, entry, place)


def _judge(connection: Connection, entry: Entry, place: FrameHeader) -> _Logged:
    row = connection.execute(
        sa.select(frames.c.index.label("entry"), frames.c.statement_id, frames.c.previous, frames.c.mode)
        .join_from(frames, gateways, gateways.c.number == frames.c.gateway)
        .where(
            gateways.c.key_id == entry.key_id, frames.c.epoch == place.epoch, frames.c.sequence == place.sequence
        )
    ).one_or_none()
    mode = MODES.index(place.mode)
    if row is None or row.entry >= entry.index:
        told = (entry.index, entry.statement_id, place.previous, mode)
        return _Logged(entry, place, True, row is not None and tuple(row) == told)
    other = connection.execute(
        sa.select(equivocations.c.index.label("entry"), equivocations.c.mode)
        .join_from(equivocations, gateways, gateways.c.number == equivocations.c.gateway)
        .where(
            gateways.c.key_id == entry.key_id,
            equivocations.c.epoch == place.epoch,
            equivocations.c.sequence == place.sequence,
            equivocations.c.statement_id == entry.statement_id,
        )
    ).one_or_none()
    return _Logged(entry, place, False, other is not None and tuple(other) == (entry.index, mode))


def _of_log(table: sa.Table, log: TransparencyLog) -> sa.ColumnElement[bool]:
    return table.c.gateway.in_(sa.select(gateways.c.number).where(gateways.c.log == log.number))


def _has_entry(table: sa.Table, log: TransparencyLog) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        entries.c.log == log.number,
        entries.c.index == table.c.index,
        entries.c.statement_id == table.c.statement_id,
        entries.c.content_type == bodies.FRAME,
    )


def _baseless(connection: Connection, log: TransparencyLog) -> Iterator[int]:
    """Indexes that rows name, and where no such statement is."""
    for table in (frames, equivocations):
        query = sa.select(table.c["index"]).where(_of_log(table, log), ~_has_entry(table, log))
        yield from connection.execute(query.order_by(table.c["index"])).scalars()


def _streams(
    connection: Connection, log: TransparencyLog
) -> Iterator[tuple[dict[str, Any] | None, dict[str, Any]]]:
    """Each stream that frames make: as it is stored, and as it should be."""
    known = connection.execute(
        sa.select(gateways.c.number, gateways.c.key_id)
        .where(gateways.c.log == log.number)
        .order_by(gateways.c.number)
    ).all()
    for gateway, key_id in known:
        epochs = sa.select(frames.c.epoch).where(frames.c.gateway == gateway).distinct().order_by(frames.c.epoch)
        for epoch in connection.execute(epochs).scalars().all():
            place = {"gateway": gateway, "epoch": epoch, "key_id": key_id}
            row = connection.execute(
                sa.select(*(streams.c[name] for name in _STREAM)).where(
                    streams.c.gateway == gateway, streams.c.epoch == epoch
                )
            ).one_or_none()
            stored = None if row is None else place | dict(row._mapping)
            yield stored, place | _stream(_frames(connection, gateway, epoch))


def _frames(connection: Connection, gateway: int, epoch: int) -> Iterable[sa.Row[Any]]:
    table = frames.c
    query = (
        sa.select(table.sequence, table.index.label("entry"), table.statement_id, table.flags)
        .where(table.gateway == gateway, table.epoch == epoch)
        .order_by(table.sequence)
    )
    return connection.execute(query.execution_options(yield_per=_PAGE))


def _stream(rows: Iterable[sa.Row[Any]]) -> dict[str, Any]:
    made: dict[str, Any] = dict.fromkeys(_STREAM, 0) | {"covered_index": -1, "last_id": None}
    for row in rows:
        if row.sequence == made["next_sequence"]:
            made["next_sequence"] += 1
            made["covered_index"] = max(made["covered_index"], row.entry)
            made["last_id"] = row.statement_id
        made["highest"] = row.sequence
        made["frames"] += 1
        made["flagged"] += row.flags != 0
    return made


def _gateway(connection: Connection, log: TransparencyLog, entry: Entry) -> int:
    number = connection.execute(
        sa.select(gateways.c.number).where(gateways.c.key_id == entry.key_id)
    ).scalar_one_or_none()
    if number is not None:
        return int(number)
    operator, name = values.gateway_of(entry.issuer)
    row: dict[str, Any] = {"operator": operator, "name": name, "facility": entry.subject.removeprefix(_FACILITY)}
    row |= {"log": log.number, "partition": log.partition, "key_id": entry.key_id, "last_seen": entry.received_at}
    inserted = connection.execute(sa.insert(gateways).values(**row))
    assert inserted.inserted_primary_key is not None
    return int(inserted.inserted_primary_key[0])


def _write(connection: Connection, log: TransparencyLog, one: _Logged) -> None:
    """Give a frame its row, in the place of whatever stands there."""
    gateway, entry, place = _gateway(connection, log, one.entry), one.entry, one.place
    key = {"gateway": gateway, "epoch": place.epoch, "sequence": place.sequence}
    told = {"index": entry.index, "statement_id": entry.statement_id, "mode": MODES.index(place.mode)}
    if not one.first:
        table = equivocations
        where = [table.c[name] == value for name, value in (key | {"statement_id": entry.statement_id}).items()]
        connection.execute(sa.delete(table).where(*where))
        connection.execute(sa.insert(table).values(**key, **told, received_at=entry.received_at))
        return
    where = [frames.c[name] == value for name, value in key.items()]
    changed = connection.execute(
        sa.update(frames)
        .where(*where, frames.c.statement_id == entry.statement_id)
        .values(**told, previous=place.previous)
    )
    if not changed.rowcount:
        connection.execute(sa.delete(frames).where(*where))
        found = _content(connection, log, entry)
        row = key | told | found | {"previous": place.previous, "received_at": entry.received_at, "flags": 0}
        connection.execute(sa.insert(frames).values(**row))


def _content(connection: Connection, log: TransparencyLog, entry: Entry) -> dict[str, int]:
    """What the body says of times; of a body that was deleted only the arrival is known."""
    try:
        content = frame.decode_body(log.body(connection, entry.index).body or b"")
    except LeafproofError:
        return {"first_time": entry.received_at, "last_time": entry.received_at, "readings": 0}
    times = [time for part in content.series for time in part.times] + content.heartbeats
    return {"first_time": min(times), "last_time": max(times), "readings": content.count}


def _write_stream(connection: Connection, stored: dict[str, Any] | None, computed: dict[str, Any]) -> None:
    place = {"gateway": computed["gateway"], "epoch": computed["epoch"]}
    told = {name: computed[name] for name in _STREAM}
    if stored is not None:
        where = [streams.c[name] == value for name, value in place.items()]
        connection.execute(sa.update(streams).where(*where).values(**told))
        return
    of_place = [frames.c[name] == value for name, value in place.items()]
    latest = sa.select(sa.func.max(frames.c.last_time), sa.func.max(frames.c.received_at)).where(*of_place)
    last_time, last_seen = connection.execute(latest).one()
    connection.execute(sa.insert(streams).values(**place, **told, last_time=last_time, last_seen=last_seen))
