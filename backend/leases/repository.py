"""The SQL of leases, PostgreSQL's alone: a row that another process works on is skipped, not waited for."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql

from backend.leases.tables import lease_seekers, leases


def now(connection: Connection) -> int:
    """Seconds of the database's clock."""
    return int(connection.execute(sa.select(sa.extract("epoch", sa.func.clock_timestamp()))).scalar_one())


def add_missing(connection: Connection, kind: str, names: Collection[str]) -> None:
    """Rows for names that were never leased."""
    rows = [{"kind": kind, "name": name, "holder": None, "token": 0, "until": 0} for name in names]
    connection.execute(postgresql.insert(leases).on_conflict_do_nothing(), rows)


def seek(connection: Connection, kind: str, holder: str, at: int, until: int) -> None:
    """Say that `holder` lives, and forget who does not."""
    statement = postgresql.insert(lease_seekers).values(kind=kind, holder=holder, since=at, until=until)
    own = [lease_seekers.c.kind, lease_seekers.c.holder]
    connection.execute(statement.on_conflict_do_update(index_elements=own, set_={"until": until}))
    dead = (
        sa.select(lease_seekers.c.holder)
        .where(lease_seekers.c.kind == kind, lease_seekers.c.until <= at)
        .with_for_update(skip_locked=True)
    )
    connection.execute(
        sa.delete(lease_seekers).where(lease_seekers.c.kind == kind, lease_seekers.c.holder.in_(dead))
    )


def seekers(connection: Connection, kind: str, at: int) -> list[str]:
    """Who lives, those who came first first."""
    table = lease_seekers.c
    query = sa.select(table.holder).where(table.kind == kind, table.until > at)
    return list(connection.execute(query.order_by(table.since, table.holder)).scalars())


def forget(connection: Connection, kind: str, holder: str) -> None:
    """`holder` ends."""
    table = lease_seekers.c
    connection.execute(sa.delete(lease_seekers).where(table.kind == kind, table.holder == holder))


def renew(connection: Connection, kind: str, holder: str, until: int) -> dict[str, int]:
    """Names and tokens of what `holder` holds, now until `until`; also what had ended and nobody took."""
    rows = connection.execute(
        sa.update(leases)
        .where(leases.c.kind == kind, leases.c.holder == holder)
        .values(until=until)
        .returning(leases.c.name, leases.c.token)
    )
    return {row.name: row.token for row in rows}


def free(connection: Connection, kind: str, names: Collection[str], count: int, at: int) -> dict[str, str | None]:
    """Up to `count` that nobody holds, with who held them until their time ended; locked."""
    query = (
        sa.select(leases.c.name, leases.c.holder)
        .where(leases.c.kind == kind, leases.c.name.in_(names), leases.c.until <= at)
        .order_by(leases.c.name)
        .limit(count)
        .with_for_update(skip_locked=True)
    )
    return {row.name: row.holder for row in connection.execute(query)}


def take(connection: Connection, kind: str, names: Collection[str], holder: str, until: int) -> dict[str, int]:
    """Names and new tokens of what was `free`."""
    rows = connection.execute(
        sa.update(leases)
        .where(leases.c.kind == kind, leases.c.name.in_(names))
        .values(holder=holder, token=leases.c.token + 1, until=until)
        .returning(leases.c.name, leases.c.token)
    )
    return {row.name: row.token for row in rows}


def end_sessions(connection: Connection, holders: Collection[str]) -> int:
    """End the sessions of these: the transaction of a process that was stopped in its midst holds locks, and no
    timeout of PostgreSQL's ends it between two messages of a pipeline. How many there were."""
    sessions = sa.table("pg_stat_activity", sa.column("pid"), sa.column("application_name"), sa.column("usename"))
    query = sa.select(sa.func.pg_terminate_backend(sessions.c.pid)).where(
        sessions.c.application_name.in_(holders), sessions.c.usename == sa.func.current_user()
    )
    return len(connection.execute(query).all())


def session_name(connection: Connection) -> str:
    """What this process's own sessions are called."""
    return str(connection.execute(sa.select(sa.func.current_setting("application_name"))).scalar_one())


def release(connection: Connection, kind: str, holder: str, names: Collection[str]) -> None:
    """Let go of what `holder` still holds of `names`."""
    connection.execute(
        sa.update(leases)
        .where(leases.c.kind == kind, leases.c.holder == holder, leases.c.name.in_(names))
        .values(holder=None, until=0)
    )


def held_by(connection: Connection, kind: str, name: str) -> tuple[str | None, int] | None:
    """Holder and token, ended or not."""
    query = sa.select(leases.c.holder, leases.c.token).where(leases.c.kind == kind, leases.c.name == name)
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.holder, row.token)
