"""Migrations and transactions on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine

from backend import database
from backend.errors import SettingsError
from backend.log.tables import logs

VALUES = {
    "chain_id": 1,
    "contract": b"c" * 20,
    "partition": 0,
    "key_id": b"k" * 32,
    "size": 0,
    "revision": 0,
    "frontier": b"",
    "name": "x",
}


@pytest.fixture
def empty(database_url: str) -> Iterator[Engine]:
    made = database.create(database_url)
    yield made
    made.dispose()


class TestMigrations:
    def test_migrations_lead_to_the_tables_in_the_code(self, empty: Engine) -> None:
        database.migrate(empty)
        with database.transaction(empty) as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            difference = compare_metadata(context, database.all_tables())
        assert difference == [], "run scripts/new_migration.py"

    def test_an_old_schema_is_refused_with_the_way_out(self, empty: Engine) -> None:
        with pytest.raises(SettingsError, match="run `leafproof backend migrate`"):
            database.check_schema(empty)
        database.migrate(empty)
        database.check_schema(empty)
        with database.transaction(empty) as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(SettingsError, match="its schema is 9999"):
            database.check_schema(empty)

    def test_migrating_twice_and_at_once_does_it_once(self, empty: Engine) -> None:
        with ThreadPoolExecutor(3) as pool:
            for run in [pool.submit(database.migrate, empty) for _ in range(3)]:
                run.result()
        database.check_schema(empty)


class TestTransactions:
    def test_what_raises_leaves_nothing(self, engine: Engine) -> None:
        with pytest.raises(ZeroDivisionError), database.transaction(engine) as connection:
            connection.execute(sa.insert(logs).values(log_id=b"1" * 32, **VALUES))
            raise ZeroDivisionError
        with database.reading(engine) as connection:
            assert connection.execute(sa.select(sa.func.count()).select_from(logs)).scalar_one() == 0

    def test_a_reader_sees_one_moment(self, engine: Engine) -> None:
        count = sa.select(sa.func.count()).select_from(logs)
        with database.reading(engine) as reader:
            assert reader.execute(count).scalar_one() == 0
            with database.transaction(engine) as writer:
                writer.execute(sa.insert(logs).values(log_id=b"1" * 32, **VALUES))
            assert reader.execute(count).scalar_one() == 0
        with database.reading(engine) as reader:
            assert reader.execute(count).scalar_one() == 1

    def test_foreign_keys_hold(self, engine: Engine) -> None:
        tiles = database.all_tables().tables["tiles"]
        with pytest.raises(sa.exc.IntegrityError), database.transaction(engine) as connection:
            connection.execute(sa.insert(tiles).values(log=99, level=0, number=0, hashes=b""))

    def test_sqlite_syncs_each_commit_to_the_disk(self, tmp_path: Path) -> None:
        made = database.create(f"sqlite:///{tmp_path}/a.db")
        with database.reading(made) as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2  # FULL
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        made.dispose()

    def test_a_postgres_that_falls_silent_is_given_up(self, postgres_url: str) -> None:
        """Its machine is gone: what is sent is not acknowledged (libpq: ms), or nothing comes (s)."""
        made = database.create(postgres_url)
        with made.connect() as connection:
            given = connection.connection.driver_connection.info.get_parameters()
        made.dispose()
        assert int(given["tcp_user_timeout"]) == database.STOPPED_SECONDS * 1000
        silence = int(given["keepalives_idle"]) + int(given["keepalives_interval"]) * int(
            given["keepalives_count"]
        )
        assert silence == database.STOPPED_SECONDS


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "nonsense"])
def test_other_databases_are_refused_without_repeating_the_url(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^database_url: ") as caught:
        database.create(url)
    assert url not in str(caught.value)
