"""Production's SQL, and nothing else: a function is one question or one change inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from backend.anchor.tables import chain_transactions
from backend.ingest.tables import equivocations, frames, gateways, streams
from backend.production.tables import (
    companies,
    facilities,
    issuer_keys,
    metering_plans,
    products,
    records,
    run_inputs,
    run_segments,
    runs,
    transfers,
    weighings,
)

Row = sa.RowMapping


def _insert(connection: Connection, table: sa.Table, values: dict[str, Any]) -> bool:
    """Insert unless a key or a unique value is there already; whether it was new."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**values).on_conflict_do_nothing()
    return connection.execute(statement.returning(*table.primary_key.columns)).first() is not None


def _one(connection: Connection, query: sa.Select[Any]) -> Row | None:
    return connection.execute(query).mappings().one_or_none()


def _all(connection: Connection, query: sa.Select[Any]) -> list[Row]:
    return list(connection.execute(query).mappings())


# companies, facilities, products, plans


def keep_issuer_key(connection: Connection, key_id: bytes, gln: str, cose: bytes) -> None:
    """Remember a public key that signed."""
    _insert(connection, issuer_keys, {"key_id": key_id, "gln": gln, "cose": cose})


def issuer_key(connection: Connection, key_id: bytes) -> bytes | None:
    """The COSE_Key of an issuer of this server."""
    found = connection.execute(
        sa.select(issuer_keys.c.cose).where(issuer_keys.c.key_id == key_id)
    ).scalar_one_or_none()
    return None if found is None else bytes(found)


def insert_company(connection: Connection, **values: Any) -> bool:
    """Whether it was new."""
    return _insert(connection, companies, values)


def company(connection: Connection, gln: str) -> Row | None:
    """By party GLN."""
    return _one(connection, sa.select(companies).where(companies.c.gln == gln))


def insert_facility(connection: Connection, **values: Any) -> bool:
    """Whether it was new."""
    return _insert(connection, facilities, values)


def facility(connection: Connection, gln: str, *, lock: bool = False) -> Row | None:
    """By GLN; with `lock`, no other run is opened or closed there before this transaction ends."""
    query = sa.select(facilities).where(facilities.c.gln == gln)
    return _one(connection, query.with_for_update() if lock else query)


def insert_product(connection: Connection, **values: Any) -> bool:
    """Whether it was new."""
    return _insert(connection, products, values)


def product(connection: Connection, gtin: str) -> Row | None:
    """By its 14 digits."""
    return _one(connection, sa.select(products).where(products.c.gtin == gtin))


def insert_plan(connection: Connection, **values: Any) -> bool:
    """Whether this version was new."""
    return _insert(connection, metering_plans, values)


def plans(connection: Connection, facility_gln: str) -> list[Row]:
    """All versions, in order."""
    query = sa.select(metering_plans).where(metering_plans.c.facility == facility_gln)
    return _all(connection, query.order_by(metering_plans.c.version))


def plan_at(connection: Connection, facility_gln: str, moment: int) -> Row | None:
    """The highest version that was in force at `moment`."""
    query = sa.select(metering_plans).where(
        metering_plans.c.facility == facility_gln, metering_plans.c.valid_from <= moment
    )
    return _one(connection, query.order_by(metering_plans.c.version.desc()).limit(1))


def plan_by_statement(connection: Connection, statement_id: bytes) -> Row | None:
    """The version that this statement is."""
    return _one(connection, sa.select(metering_plans).where(metering_plans.c.statement_id == statement_id))


# runs


def insert_run(connection: Connection, **values: Any) -> bool:
    """Whether its lot (and its order) was new."""
    return _insert(connection, runs, values)


def run(connection: Connection, run_id: str, *, lock: bool = False) -> Row | None:
    """By id."""
    query = sa.select(runs).where(runs.c.id == run_id)
    return _one(connection, query.with_for_update() if lock else query)


def run_of_lot(connection: Connection, gtin: str, lot: str, *, lock: bool = False) -> Row | None:
    """The run that makes, or made, the lot."""
    query = sa.select(runs).where(runs.c.gtin == gtin, runs.c.lot == lot)
    return _one(connection, query.with_for_update() if lock else query)


def run_of_order(connection: Connection, facility_gln: str, order: str) -> Row | None:
    """The run imported from this production order."""
    return _one(connection, sa.select(runs).where(runs.c.facility == facility_gln, runs.c.order == order))


def put_segments(
    connection: Connection, run_id: str, facility_gln: str, parts: Iterable[tuple[str, int, int | None]]
) -> None:
    """On which lines a run was, and from when to when, in place of what was known."""
    connection.execute(sa.delete(run_segments).where(run_segments.c.run == run_id))
    for number, (line, opened, closed) in enumerate(parts):
        values = {"run": run_id, "number": number, "facility": facility_gln}
        connection.execute(sa.insert(run_segments).values(**values, line=line, opened=opened, closed=closed))


def segments_of(connection: Connection, run_id: str) -> list[Row]:
    """A run's segments, in order."""
    query = sa.select(run_segments).where(run_segments.c.run == run_id)
    return _all(connection, query.order_by(run_segments.c.number))


def overlapping(
    connection: Connection, facility_gln: str, line: str, opened: int, closed: int | None, but_run: str
) -> Row | None:
    """Another run that is on the line within [opened, closed), None meaning for ever: its lot, and from when to
    when it is there."""
    conditions = [
        run_segments.c.facility == facility_gln,
        run_segments.c.line == line,
        run_segments.c.run != but_run,
        sa.or_(run_segments.c.closed.is_(None), run_segments.c.closed > opened),
    ]
    if closed is not None:
        conditions.append(run_segments.c.opened < closed)
    query = sa.select(runs.c.gtin, runs.c.lot, run_segments.c.opened, run_segments.c.closed)
    query = query.join(runs, runs.c.id == run_segments.c.run).where(*conditions)
    return _one(connection, query.order_by(run_segments.c.opened).limit(1))


def closed_between(connection: Connection, facility_gln: str, start: int, end: int) -> list[Row]:
    """Closed runs that overlap [start, end), in order."""
    query = sa.select(runs).where(runs.c.facility == facility_gln, runs.c.closed > start, runs.c.opened < end)
    return _all(connection, query.order_by(runs.c.opened, runs.c.id))


def open_before(connection: Connection, facility_gln: str, end: int) -> Row | None:
    """A run that opened before `end` and is open still, if there is one."""
    query = sa.select(runs).where(runs.c.facility == facility_gln, runs.c.closed.is_(None), runs.c.opened < end)
    return _one(connection, query.limit(1))


def closed_runs(connection: Connection, after: tuple[int, str], limit: int) -> list[Row]:
    """Runs that are closed and not recorded, by their close (and id), behind `after`."""
    behind = sa.tuple_(runs.c.closed, runs.c.id) > after
    query = sa.select(runs).where(runs.c.state == "closed", behind)
    return _all(connection, query.order_by(runs.c.closed, runs.c.id).limit(limit))


def runs_page(connection: Connection, facility_gln: str, after: str, limit: int) -> list[Row]:
    """A facility's runs by id."""
    query = sa.select(runs).where(runs.c.id > after, runs.c.facility == facility_gln)
    return _all(connection, query.order_by(runs.c.id).limit(limit))


def update_run(connection: Connection, run_id: str, **values: Any) -> None:
    """Change a run."""
    connection.execute(sa.update(runs).where(runs.c.id == run_id).values(**values))


# shares


def put_run_inputs(connection: Connection, run_id: str, shares: Iterable[tuple[str, str, int]]) -> None:
    """What a run spends: (gtin, lot, shares); replaces what was promised before."""
    connection.execute(sa.delete(run_inputs).where(run_inputs.c.run == run_id))
    for gtin, lot, count in shares:
        connection.execute(sa.insert(run_inputs).values(run=run_id, gtin=gtin, lot=lot, shares=count))


def inputs_of_run(connection: Connection, run_id: str) -> list[Row]:
    """In the order of their lots."""
    query = sa.select(run_inputs).where(run_inputs.c.run == run_id)
    return _all(connection, query.order_by(run_inputs.c.gtin, run_inputs.c.lot))


def put_weighings(
    connection: Connection, run_id: str, used: Iterable[tuple[str, str, int]]
) -> tuple[str, str, int] | None:
    """Which weighings (gateway, point, time) evidence a run's lines, in place of those before; the first that is
    taken already."""
    connection.execute(sa.delete(weighings).where(weighings.c.run == run_id))
    for one in used:
        gateway, point, time = one
        values = {"gateway": bytes.fromhex(gateway), "point": point, "time": time, "run": run_id}
        if not _insert(connection, weighings, values):
            return one
    return None


def spent(connection: Connection, gtin: str, lot: str, company_gln: str, but_run: str) -> int:
    """Shares of a lot that a company's runs spend, other than `but_run`."""
    query = (
        sa.select(run_inputs.c.shares)
        .join(runs, run_inputs.c.run == runs.c.id)
        .join(facilities, runs.c.facility == facilities.c.gln)
        .where(
            run_inputs.c.gtin == gtin,
            run_inputs.c.lot == lot,
            facilities.c.company == company_gln,
            run_inputs.c.run != but_run,
        )
    )
    return sum(connection.execute(query).scalars())


def given(connection: Connection, gtin: str, lot: str, company_gln: str) -> int:
    """Shares of a lot that a company handed on."""
    query = sa.select(transfers.c.shares).where(
        transfers.c.gtin == gtin, transfers.c.lot == lot, transfers.c.sender == company_gln
    )
    return sum(connection.execute(query).scalars())


def received(connection: Connection, gtin: str, lot: str, address: bytes) -> int:
    """Shares of a lot that an address was handed."""
    query = sa.select(transfers.c.shares).where(
        transfers.c.gtin == gtin, transfers.c.lot == lot, transfers.c.receiver == address
    )
    return sum(connection.execute(query).scalars())


def transfer_of_key(connection: Connection, sender: str, key: str) -> Row | None:
    """The transfer that the sender asked for under this idempotency key."""
    named = (transfers.c.sender == sender, transfers.c.idempotency_key == key)
    return _one(connection, sa.select(transfers).where(*named))


def insert_transfer(connection: Connection, **values: Any) -> None:
    """A new transfer."""
    connection.execute(sa.insert(transfers).values(**values))


def transfer(connection: Connection, transfer_id: str) -> Row | None:
    """By id."""
    return _one(connection, sa.select(transfers).where(transfers.c.id == transfer_id))


def transfers_of(connection: Connection, gtin: str, lot: str) -> list[Row]:
    """All of a lot, in order."""
    query = sa.select(transfers).where(transfers.c.gtin == gtin, transfers.c.lot == lot)
    return _all(connection, query.order_by(transfers.c.created_at, transfers.c.id))


def refused_transfers(connection: Connection, tried_before: int) -> list[Row]:
    """Transfers that the chain refused, when they were last tried before this moment."""
    query = sa.select(transfers).join(chain_transactions, chain_transactions.c.key == transfers.c.transaction)
    query = query.where(chain_transactions.c.state == "failed", transfers.c.tried_at < tried_before)
    return _all(connection, query.order_by(chain_transactions.c.id))


def update_transfer(connection: Connection, transfer_id: str, **values: Any) -> None:
    """Change a transfer."""
    connection.execute(sa.update(transfers).where(transfers.c.id == transfer_id).values(**values))


# records


def insert_record(connection: Connection, **values: Any) -> None:
    """A new version."""
    connection.execute(sa.insert(records).values(**values))


def record_versions(connection: Connection, gtin: str, lot: str) -> list[Row]:
    """All versions, in order."""
    query = sa.select(records).where(records.c.gtin == gtin, records.c.lot == lot)
    return _all(connection, query.order_by(records.c.version))


def record_by_statement(connection: Connection, statement_id: bytes) -> Row | None:
    """The version that this statement is."""
    return _one(connection, sa.select(records).where(records.c.statement_id == statement_id))


def refused_records(connection: Connection, tried_before: int) -> list[Row]:
    """Records to which the chain refused to point, when they were last tried before this moment."""
    query = sa.select(records).join(chain_transactions, chain_transactions.c.key == records.c.transaction)
    query = query.where(chain_transactions.c.state == "failed", records.c.tried_at < tried_before)
    return _all(connection, query.order_by(chain_transactions.c.id))


def update_record(connection: Connection, gtin: str, lot: str, version: int, **values: Any) -> None:
    """Change a version's transaction."""
    where = (records.c.gtin == gtin, records.c.lot == lot, records.c.version == version)
    connection.execute(sa.update(records).where(*where).values(**values))


# frames, as ingest keeps them


def newest_reading(connection: Connection, log: int, gateway: bytes) -> int | None:
    """The time of the newest reading or heartbeat of a gateway."""
    query = (
        sa.select(sa.func.max(streams.c.last_time))
        .join(gateways, streams.c.gateway == gateways.c.number)
        .where(gateways.c.log == log, gateways.c.key_id == gateway)
    )
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else int(found)


def frame_indexes(connection: Connection, log: int, gateway: bytes, first: int, last: int) -> list[int]:
    """Log indexes of a gateway's frames with readings within [first, last], in log order, and of every second
    frame for a place in its stream: those are evidence as well, for whoever replays the log reads them too."""
    mine = sa.select(gateways.c.number).where(gateways.c.log == log, gateways.c.key_id == gateway)
    number = connection.execute(mine).scalar_one_or_none()
    query = sa.select(frames.c.index).where(
        frames.c.gateway == number, frames.c.first_time <= last, frames.c.last_time >= first
    )
    doubles = sa.select(equivocations.c.index).where(equivocations.c.gateway == number)
    return sorted({*connection.execute(query).scalars(), *connection.execute(doubles).scalars()})


def frames_between(connection: Connection, log: int, gateway: bytes, first: int, last: int) -> list[int]:
    """Log indexes of all of a gateway's frames within [first, last] of the log, in order."""
    mine = sa.select(gateways.c.number).where(gateways.c.log == log, gateways.c.key_id == gateway)
    number = connection.execute(mine).scalar_one_or_none()
    found: set[int] = set()
    for table in (frames, equivocations):
        query = sa.select(table.c.index).where(table.c.gateway == number, table.c.index.between(first, last))
        found |= set(connection.execute(query).scalars())
    return sorted(found)
