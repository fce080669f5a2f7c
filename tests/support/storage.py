"""Fixtures for tests that run on both databases, and statements to put into a log.

A folder's conftest.py takes them with
`from tests.support.storage import database_url, engine, migrated_postgres, migrated_sqlite  # noqa: F401`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from backend import database
from backend.log.schemas import Disclosure, NewEntry
from backend.log.service import HostedLog, HostedLogs, TransparencyLog, open_log
from leafproof import body, envelope
from leafproof.envelope import Header, LogRef
from leafproof.keys import EDDSA, SigningKey

if TYPE_CHECKING:
    from tests.support.postgres import PostgresCluster

REF = LogRef(31337, b"\xc0" * 20, b"\x1d" * 32)
ISSUER_KEY = SigningKey.generate(EDDSA)
LOG_KEY = SigningKey.generate(EDDSA)
ISSUER = "https://id.gs1.org/417/4012345000009"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new, empty database; each test that uses it runs on both engines."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with this version's schema, to be copied: migrating anew for each test takes long."""
    path = tmp_path_factory.mktemp("schema") / "empty.db"
    made = database.create(f"sqlite:///{path}")
    database.migrate(made)
    made.dispose()  # the last connection writes the WAL back
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_cluster: PostgresCluster) -> str:
    """The URL of a database with this version's schema, which `engine` empties after each test."""
    url = postgres_cluster.new_database()
    made = database.create(url)
    database.migrate(made)
    made.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database with this version's schema; each test that uses it runs on both engines."""
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        url = f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("migrated_postgres")
    made = database.create(url)
    try:
        yield made
    finally:
        if request.param == "postgresql":
            _empty(made)
        made.dispose()


@pytest.fixture
def postgres_engine(migrated_postgres: str) -> Iterator[Engine]:
    """An empty PostgreSQL with this version's schema: for what several processes do with it."""
    made = database.create(migrated_postgres)
    try:
        yield made
    finally:
        _empty(made)
        made.dispose()


def _empty(engine: Engine) -> None:
    with database.transaction(engine) as connection:
        connection.execute(sa.text("SET LOCAL lock_timeout = '20s'"))  # a test that left one open fails here
        for table in reversed(database.all_tables().sorted_tables):
            connection.execute(sa.delete(table))


def open_test_log(engine: Engine, ref: LogRef = REF, name: str = "main", partition: int = 0) -> TransparencyLog:
    """The log `ref` of this database."""
    with database.transaction(engine) as connection:
        return open_log(connection, ref, name, partition, LOG_KEY.public.key_id)


def hosted(log: TransparencyLog) -> HostedLogs:
    """A server's logs, with this one alone."""
    return HostedLogs([HostedLog(log, LOG_KEY)])


def statement(
    content: object,
    content_type: str = body.BATCH_RECORD,
    ref: LogRef = REF,
    disclosures: tuple[Disclosure, ...] = (),
    issuer: str = ISSUER,
) -> NewEntry:
    """A signed statement that says `content`."""
    data = body.encode(content)
    header = Header(issuer, "urn:leafproof:test", 1_700_000_000, content_type, ref)
    return NewEntry(envelope.parse(envelope.sign(ISSUER_KEY, header, data)), data, disclosures)


def statements(count: int, start: int = 0) -> list[NewEntry]:
    """`count` different statements."""
    return [statement(i) for i in range(start, start + count)]
