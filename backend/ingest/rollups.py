"""Rollups: each series by quarters of an hour, derived from the frames' bodies and rebuildable at any time.

`add` is called in the transaction that appends the frames. `compare` computes everything again and says what
differs; `rebuild` puts it right. Quarters that came partly from a body deleted since then can no longer be
computed: both leave them as they are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import localcontext
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from backend import database
from backend.ingest import quarters, repository
from backend.ingest.plans import PlanDirectory
from backend.ingest.quarters import EXACT, Quarter
from backend.ingest.tables import gateways, rollups, series
from backend.log.fsck import Check, Finding, Repair
from backend.log.service import TransparencyLog
from backend.log.tables import logs
from leafproof import clock, frame
from leafproof.envelope import MODES
from leafproof.errors import LeafproofError
from leafproof.frame import FrameContent

NAMES_UNTIL_PLANNED = "end"  # what most meters' interval profiles do, and the steel plant's file too
SeriesKey = tuple[int, str, str, str, int]
"""Gateway's number, facility, point, unit, position of the mode in leafproof.envelope.MODES."""
QuarterKey = tuple[int, int]
"""Series' number, start."""


@dataclass(frozen=True, slots=True)
class FrameReadings:
    """A logged frame for the rollups; frames are given in the order of the log."""

    gateway: int
    mode: int
    index: int
    content: FrameContent


@dataclass(frozen=True, slots=True)
class Difference:
    """A quarter that is not what the bodies say: `stored` or `computed` is None where there is none."""

    gateway: bytes
    facility: str
    point: str
    unit: str
    mode: int
    start: int
    stored: dict[str, Any] | None
    computed: dict[str, Any] | None


def add(connection: Connection, new: Sequence[FrameReadings], plans: PlanDirectory) -> None:
    """Count the readings of new frames."""
    parts = _by_series(new)
    known = _known(connection, parts, plans)
    pending = list(_pending(parts, known))
    keys = {(number, quarter.start) for number, quarter in pending}
    # Only quarters up to the newest of a series can be there already: in the usual order that is one each.
    newest = _newest(connection, {key[0] for key in parts})
    old = sorted(key for key in keys if key[1] <= newest.get(key[0], -1))
    touched: dict[QuarterKey, Quarter] = {}
    for some in repository.chunks(old):
        rows = connection.execute(sa.select(rollups).where(sa.tuple_(rollups.c.series, rollups.c.start).in_(some)))
        touched.update(((row[0], row[1]), read_quarter(row)) for row in rows)
    with localcontext(EXACT):
        _count(touched, pending)
    _save(connection, touched)


_Parts = dict[SeriesKey, list[quarters.Part]]


def _by_series(new: Iterable[FrameReadings]) -> _Parts:
    """What each series is told, in the order of the log."""
    parts: _Parts = {}
    for one in new:
        facility, gateway, mode, index = one.content.facility, one.gateway, one.mode, one.index
        for part in one.content.series:
            key = gateway, facility, part.point, part.unit, mode
            parts.setdefault(key, []).append((part.times, part.numbers, index))
    return parts


def _pending(parts: _Parts, known: dict[SeriesKey, tuple[int, str]]) -> Iterator[tuple[int, quarters.Run]]:
    for key, several in parts.items():
        number, names = known[key]
        for times, numbers, entries in quarters.joined(several, names):
            for run in quarters.runs(times, numbers, names, entries):
                yield number, run


def _count(touched: dict[QuarterKey, Quarter], pending: Iterable[tuple[int, quarters.Run]]) -> None:
    for number, run in pending:
        quarter = touched.get((number, run.start))
        if quarter is None:
            quarter = touched[number, run.start] = Quarter()
        quarter.add(run)


def _known(connection: Connection, wanted: _Parts, plans: PlanDirectory) -> dict[SeriesKey, tuple[int, str]]:
    """The series of these frames; those that are new get a row."""
    gateways_here = {key[0] for key in wanted}
    known = _series(connection, gateways_here)
    fresh = sorted(wanted.keys() - known.keys())
    if not fresh:
        return known
    planned = _Planned(connection, plans)
    connection.execute(sa.insert(series), [_series_row(key, planned.names(key[1], key[2])) for key in fresh])
    return _series(connection, gateways_here)


def _series(connection: Connection, wanted: Iterable[int]) -> dict[SeriesKey, tuple[int, str]]:
    """Number and naming of every series of these gateways."""
    found: dict[SeriesKey, tuple[int, str]] = {}
    for some in repository.chunks(sorted(wanted)):
        rows = connection.execute(sa.select(series).where(series.c.gateway.in_(some)))
        found.update(((row[1], row[2], row[3], row[4], row[5]), (row[0], row[6])) for row in rows)
    return found


def _newest(connection: Connection, wanted: Iterable[int]) -> dict[int, int]:
    """The start of the newest quarter of every series of these gateways that has one."""
    of_series = sa.select(sa.func.max(rollups.c.start)).where(rollups.c.series == series.c.number)
    found: dict[int, int] = {}
    for some in repository.chunks(sorted(wanted)):
        rows = connection.execute(
            sa.select(series.c.number, of_series.scalar_subquery()).where(series.c.gateway.in_(some))
        )
        found.update((number, start) for number, start in rows if start is not None)
    return found


def _series_row(key: SeriesKey, names: str) -> dict[str, Any]:
    return dict(zip([c.name for c in series.columns if not c.primary_key], (*key, names), strict=True))


class _Planned:
    """How the readings of points are named; each facility's plan is asked for once."""

    def __init__(self, connection: Connection, plans: PlanDirectory) -> None:
        self._connection = connection
        self._plans = plans
        self._names: dict[str, dict[str, str]] = {}

    def names(self, facility: str, point: str) -> str:
        if facility not in self._names:
            plan = self._plans.plan(self._connection, facility)
            self._names[facility] = {p.point: p.names for p in plan.points} if plan else {}
        return self._names[facility].get(point, NAMES_UNTIL_PLANNED)


def read_quarter(row: sa.Row[Any]) -> Quarter:
    """A row of `rollups`."""
    return Quarter(
        row.readings,
        quarters.number(row.sum),
        quarters.number(row.min),
        quarters.number(row.max),
        row.last_time,
        quarters.number(row.last),
        quarters.seen_bits(row.seen),
        row.repeated,
        row.first_index,
        row.last_index,
    )


def _row(key: QuarterKey, quarter: Quarter) -> dict[str, Any]:
    return {
        "series": key[0],
        "start": key[1],
        "readings": quarter.count,
        "sum": quarters.text(quarter.total),
        "min": quarters.text(quarter.low),
        "max": quarters.text(quarter.high),
        "last_time": quarter.last_time,
        "last": quarters.text(quarter.last),
        "seen": quarters.seen_bytes(quarter.seen),
        "repeated": quarter.repeated,
        "first_index": quarter.first_index,
        "last_index": quarter.last_index,
    }


def _save(connection: Connection, touched: dict[QuarterKey, Quarter]) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(rollups)
    values = {c.name: statement.excluded[c.name] for c in rollups.columns if not c.primary_key}
    upsert = statement.on_conflict_do_update(index_elements=[rollups.c.series, rollups.c.start], set_=values)
    database.insert_many(connection, upsert, [_row(key, touched[key]) for key in sorted(touched)])


def rebuild(connection: Connection, plans: PlanDirectory, facility: str | None = None) -> None:
    """Compute the rollups again from the bodies, in a `transaction`: all, or those of the gateways that meter at
    `facility`, as after its metering plan has changed. One gateway's rollups are in memory at a time."""
    connection.execute(sa.select(logs.c.number).order_by(logs.c.number).with_for_update())  # no frames meanwhile
    query = sa.select(gateways.c.number).order_by(gateways.c.number)
    if facility is not None:
        query = query.where(
            gateways.c.number.in_(sa.select(series.c.gateway).where(series.c.facility == facility))
        )
    for gateway in connection.execute(query).scalars().all():
        _rebuild_gateway(connection, gateway, plans)


def follow_plan(connection: Connection, plans: PlanDirectory, facility: str) -> bool:
    """Compute a facility's rollups again, in a `transaction`, if its newest plan names readings otherwise than
    they were counted; whether that was so."""
    planned = _Planned(connection, plans)
    rows = connection.execute(sa.select(series.c.point, series.c.names).where(series.c.facility == facility)).all()
    if all(row.names == planned.names(facility, row.point) for row in rows):
        return False
    rebuild(connection, plans, facility)
    return True


def compare(connection: Connection, plans: PlanDirectory, log: int) -> Iterator[Difference]:
    """What differs between the stored rollups of a log's frames and their bodies; one gateway's are in memory at
    a time."""
    query = sa.select(gateways.c.number, gateways.c.key_id).where(gateways.c.log == log)
    for gateway, key_id in connection.execute(query.order_by(gateways.c.number)).all():
        derived = _derive(connection, gateway, plans)
        for key in sorted(derived.stored.keys() | derived.computed.keys()):
            one, other = derived.stored.get(key), derived.computed.get(key)
            if one != other:
                (_, facility, point, unit, mode), start = key
                yield Difference(key_id, facility, point, unit, mode, start, _plain(one), _plain(other))


def _plain(row: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if row is None else {name: row[name] for name in row if name not in ("series", "start", "seen")}


def _rebuild_gateway(connection: Connection, gateway: int, plans: PlanDirectory) -> None:
    derived = _derive(connection, gateway, plans)
    for key, (number, names) in derived.known.items():
        if number < 0:
            inserted = connection.execute(sa.insert(series).values(**_series_row(key, names)))
            assert inserted.inserted_primary_key is not None
            derived.known[key] = int(inserted.inserted_primary_key[0]), names
        else:
            connection.execute(sa.update(series).where(series.c.number == number).values(names=names))
    wrong = [key for key, row in derived.stored.items() if derived.computed.get(key) != row]
    for some in repository.chunks([(derived.known[key][0], start) for key, start in wrong]):
        connection.execute(sa.delete(rollups).where(sa.tuple_(rollups.c.series, rollups.c.start).in_(some)))
    missing = [
        row | {"series": derived.known[key[0]][0]}
        for key, row in derived.computed.items()
        if derived.stored.get(key) != row
    ]
    if missing:
        connection.execute(sa.insert(rollups), missing)


@dataclass(frozen=True, slots=True)
class _Derived:
    """All quarters of a gateway that can still be computed, as they are stored and as they should be; a series
    that is not stored has a negative number."""

    known: dict[SeriesKey, tuple[int, str]]
    stored: dict[tuple[SeriesKey, int], dict[str, Any]]
    computed: dict[tuple[SeriesKey, int], dict[str, Any]]


def _derive(connection: Connection, gateway: int, plans: PlanDirectory) -> _Derived:
    planned = _Planned(connection, plans)
    known = {
        key: (number, planned.names(key[1], key[2])) for key, (number, _) in _series(connection, [gateway]).items()
    }
    touched: dict[QuarterKey, Quarter] = {}
    unreadable: list[int] = []
    with localcontext(EXACT):
        for found in repository.frames_in_log_order(connection, gateway):
            try:
                content = frame.decode_body(found.body or b"")
            except LeafproofError:
                unreadable.append(found.entry)  # deleted, or altered: then the log's own check names it
                continue
            parts = _by_series([FrameReadings(gateway, found.mode, found.entry, content)])
            for key in parts:
                known.setdefault(key, (-1 - len(known), planned.names(key[1], key[2])))
            _count(touched, _pending(parts, known))
    keys = {number: key for key, (number, _) in known.items()}
    computed = {
        (keys[number], start): _row((number, start), quarter) for (number, start), quarter in touched.items()
    }
    query = sa.select(rollups).join_from(rollups, series).where(series.c.gateway == gateway)
    stored: dict[tuple[SeriesKey, int], dict[str, Any]] = {}
    for row in connection.execute(query):
        place = bisect_left(unreadable, row.first_index)
        if place < len(unreadable) and unreadable[place] <= row.last_index:
            computed.pop((keys[row.series], row.start), None)
        else:
            stored[keys[row.series], row.start] = dict(row._mapping)
    return _Derived(known, stored, computed)


def check(plans: PlanDirectory) -> Check:
    """`compare` for `leafproof log fsck`."""

    def rollups_match(connection: Connection, log: TransparencyLog) -> Iterator[Finding]:
        for found in compare(connection, plans, log.number):
            index = (found.stored or found.computed or {}).get("first_index")
            what = f"{found.facility}/{found.point} ({found.unit}, {MODES[found.mode]})"
            text = f"{what}, {clock.utc_text(found.start)}: stored {found.stored}, computed {found.computed}"
            yield Finding(log.name, index, "rollup", text)

    return rollups_match


def repair(plans: PlanDirectory) -> Repair:
    """`rebuild` of one log's gateways, for `leafproof log fsck --repair`."""

    def rollups_rebuilt(connection: Connection, log: TransparencyLog) -> None:
        query = sa.select(gateways.c.number).where(gateways.c.log == log.number).order_by(gateways.c.number)
        for gateway in connection.execute(query).scalars().all():
            _rebuild_gateway(connection, gateway, plans)

    return rollups_rebuilt
