"""The database: SQLite (WAL, synchronous=FULL) embedded, PostgreSQL in production, the same code on both.

How a capability uses it:

* `with transaction(engine) as connection:` for everything that writes. On SQLite it is BEGIN IMMEDIATE, so that
  two writers queue up instead of failing; on PostgreSQL lock the row that you decide by (`with_for_update()`).
  When the block ends without an exception, the commit is on disk. Acknowledge nothing before.
* `with reading(engine) as connection:` for everything that only reads: one consistent snapshot.
* Columns: exact numbers as Integer, BigInteger or Text, never Float; hashes as LargeBinary; times as BigInteger
  of Unix seconds. What one dialect alone has (ON CONFLICT exists on both) stays out.

How a capability adds its tables: in `backend/<capability>/tables.py`, as `Table(name, metadata, ...)` on the
`metadata` below. Nothing else needs to be told: `all_tables()` imports every such module. Then write the
migration: `.venv/bin/python scripts/new_migration.py "what it is for"`, read it, commit it with the tables.
Until the first release there is one initial migration: `scripts/new_migration.py --initial` writes it anew from
all tables. A test fails as long as migrations and tables differ.
"""

from __future__ import annotations

import importlib
import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, MetaData, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from backend.errors import SettingsError
from backend.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config

BUSY_TIMEOUT = 30  # seconds that a writer waits for SQLite's one write lock; the longest transaction takes under 5
# A process that is stopped in the midst of a transaction, or whose machine is gone, keeps PostgreSQL's locks for
# so many seconds at most; no transaction of ours rests for 5.
STOPPED_SECONDS = 20
_OPTIONS: dict[str, Any] = {
    "pool_size": 10,
    "max_overflow": 40,  # the server's 40 threads, and the workers
    "pool_timeout": 10,
    "hide_parameters": True,  # an error's text must not carry a body or a hash into the server's log
}
# The other way round: a server whose machine is gone says nothing, and a query would wait for it for hours. By
# libpq's parameters (PostgreSQL 34.1.2) silence is asked after, and what nobody acknowledges ends the connection.
_REACHABLE: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": STOPPED_SECONDS // 2,
    "keepalives_interval": 2,
    "keepalives_count": 5,
    "tcp_user_timeout": STOPPED_SECONDS * 1000,  # ms
}
_MIGRATION_LOCK = 0x6C656166  # "leaf": PostgreSQL's advisory lock while the schema changes
_FOLDER = Path(__file__).parent

# Alembic must find a constraint by its name on every engine.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def create(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://...`; connects to nothing yet. Raises `SettingsError`."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError("database_url: not a database URL") from None
    match parsed.get_backend_name():
        case "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise SettingsError("database_url: SQLite needs a file, its memory is no place for evidence")
            return _sqlite(parsed)
        case "postgresql":
            return sa.create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                pool_pre_ping=True,  # a server that was restarted leaves dead connections behind
                connect_args=_REACHABLE
                | {
                    "application_name": _session_name(),
                    "options": f"-c idle_in_transaction_session_timeout={STOPPED_SECONDS}s",
                },
                **_OPTIONS,
            )
    raise SettingsError("database_url: neither sqlite:///path nor postgresql://...")


def _session_name() -> str:
    """How PostgreSQL knows the sessions of one engine: `backend.leases` ends those of a process that was away.
    PostgreSQL cuts it after 63 bytes."""
    return f"leafproof/{secrets.token_hex(6)}/{os.getpid()}/{socket.gethostname()}"[:63]


def _sqlite(url: sa.URL) -> Engine:
    engine = sa.create_engine(
        url.set(drivername="sqlite+pysqlite"), connect_args={"timeout": BUSY_TIMEOUT}, **_OPTIONS
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own accord
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "wal_autocheckpoint=8000",  # pages, 32 MB: what is written often is copied into the file less often
            "cache_size=-16384",  # KiB, as far as it is used: the edge of the index of statements
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A reader that becomes a writer half-way fails at once when another wrote meanwhile.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if may_write(connection) else "BEGIN")

    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: committed when the block ends, rolled back when it raises."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, all of it from one moment's state."""
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def may_write(connection: Connection) -> bool:
    """Whether the connection comes from `transaction`."""
    return bool(connection.get_execution_options().get("writes"))


def insert_many(connection: Connection, insert: sa.Insert, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows (nothing for none) whose values the driver takes as they are, all with the same columns.

    Straight to the driver: SQLAlchemy's handling of each row costs more than SQLite's insert.
    """
    if not rows:
        return
    compiled = insert.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    if compiled.positional:
        assert compiled.positiontup is not None
        values = itemgetter(*compiled.positiontup)
        connection.exec_driver_sql(str(compiled), [values(row) for row in rows])
    else:
        connection.exec_driver_sql(str(compiled), list(rows))


def all_tables() -> MetaData:
    """`metadata` with the tables of every capability: imports each `backend/<capability>/tables.py`."""
    for module in sorted(_FOLDER.glob("*/tables.py")):
        importlib.import_module(f"backend.{module.parent.name}.tables")
    return metadata


def open_engine(settings: Settings) -> Engine:
    """This server's engine; makes the data folder. Raises `SettingsError`."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SettingsError(f"data: {settings.data} cannot be made ({error.strerror})") from None
    return create(settings.database)


def alembic_config() -> Config:
    """Alembic's configuration, without a file: the migrations are part of the package."""
    from alembic.config import Config  # a second of importing that only migrations are worth

    config = Config()
    config.set_main_option("script_location", str(_FOLDER / "migrations").replace("%", "%%"))
    return config


def migrate(engine: Engine) -> None:
    """Bring the schema to this version's, in one transaction; processes that start together take turns."""
    from alembic import command

    config = alembic_config()
    with transaction(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def knows_schema(revision: str) -> bool:
    """Whether this version has the migration `revision`, and can go on from it."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(alembic_config())
    return any(known.revision == revision for known in script.walk_revisions())


def check_schema(engine: Engine) -> None:
    """Raises `SettingsError` unless the database has exactly this version's schema."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    wanted = ScriptDirectory.from_config(alembic_config()).get_current_head()
    with reading(engine) as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != wanted:
        raise SettingsError(
            f"database_url: its schema is {found or 'not there yet'}, this version needs {wanted};"
            " run `leafproof backend migrate`"
        )
