"""A database into a file and back, while others write to it: SQLite's backup API, PostgreSQL's own programs.

Either way the file holds one moment's state, and what is read on the connection that `snapshot` yields is of the
same moment.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, Engine

from backend import database
from backend.backup.archive import sync_folder
from leafproof.errors import InvalidInput, LeafproofError

_DEBIAN = Path("/usr/lib/postgresql")  # where Debian keeps each version's programs


class EngineFailed(LeafproofError):
    """A program of the database did not do its work; the text carries what it said."""


@contextmanager
def snapshot(engine: Engine, target: Path) -> Iterator[Connection]:
    """Write the database to `target`; yields a connection that reads the state which it holds.

    Raises `EngineFailed`.
    """
    if engine.dialect.name == "sqlite":
        _copy_sqlite(_file(engine), target)
        copy = database.create(f"sqlite:///{target}")
        try:
            with database.reading(copy) as connection:
                yield connection
        finally:
            copy.dispose()
            _close_journal(target)
        return
    with database.reading(engine) as connection:
        name = connection.execute(sa.text("SELECT pg_export_snapshot()")).scalar_one()
        # This transaction rests for as long as the dump takes; elsewhere such a one is ended (`STOPPED_SECONDS`).
        connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        _run(
            engine,
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-acl",
            f"--snapshot={name}",
            f"--file={target}",
        )
        yield connection


def check_empty(engine: Engine) -> None:
    """Raises `InvalidInput` unless there is nothing in the place of the database."""
    if engine.dialect.name == "sqlite":
        path = _file(engine)
        if any(Path(f"{path}{suffix}").exists() for suffix in ("", "-wal", "-journal")):
            raise InvalidInput("database_url", f"{path} exists: a backup is restored into an empty place only")
    elif sa.inspect(engine).get_table_names():
        raise InvalidInput("database_url", "the database has tables: a backup is restored into an empty one only")


def load(engine: Engine, source: Path) -> None:
    """Put what `snapshot` wrote in the database's place: all of it or nothing. Raises `EngineFailed`,
    `InvalidInput`."""
    if engine.dialect.name == "sqlite":
        try:
            os.link(source, _file(engine))  # never over a file that came meanwhile
        except OSError as error:
            raise InvalidInput("database_url", f"{_file(engine)} cannot be made ({error.strerror})") from error
        sync_folder(_file(engine).parent)
        return
    _run(engine, "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-acl", str(source))


def folder_of(engine: Engine, otherwise: Path) -> Path:
    """Where a restored database is unpacked: beside its place, if it is a file."""
    return _file(engine).parent if engine.dialect.name == "sqlite" else otherwise


def _file(engine: Engine) -> Path:
    return Path(str(engine.url.database))


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.exists():
        raise InvalidInput("database_url", f"{source} does not exist")
    try:
        # All pages in one step: one read transaction, which in WAL mode keeps no writer waiting.
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as db,
            closing(sqlite3.connect(target)) as to,
        ):
            db.backup(to)
    except sqlite3.Error as error:
        raise EngineFailed(f"the database cannot be copied: {error}") from error


def _close_journal(path: Path) -> None:
    """Fold the write-ahead log into the file, so that it is one."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _run(engine: Engine, program: str, *words: str) -> None:
    given = {**engine.url.translate_connect_args(username="user", database="dbname"), **engine.url.query}
    password = given.pop("password", None)
    # The password goes where other accounts cannot read it: a command line is everybody's.
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    command = [str(find_program(program)), f"--dbname={make_conninfo('', **given)}", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise EngineFailed(f"{program} failed: {said[-1][:300] if said else f'exit code {done.returncode}'}")


def find_program(name: str) -> Path:
    """pg_dump or pg_restore of the newest version; raises `EngineFailed` where none is installed."""
    packaged = [path for path in _DEBIAN.glob(f"*/bin/{name}") if path.parts[-3].isdigit()]
    if packaged:
        return max(packaged, key=lambda path: int(path.parts[-3]))
    found = shutil.which(name)
    if found is None:
        raise EngineFailed(f"{name} is not installed: it is in Debian's package postgresql-client")
    return Path(found)
