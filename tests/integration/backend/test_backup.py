"""A backup holds one moment of a server that goes on; what is restored is that, or nothing."""

from __future__ import annotations

import io
import shutil
import stat
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy import Engine

from backend import database
from backend.anchor.tables import chain_transactions
from backend.backup import engines, report, service
from backend.backup.service import Restored
from backend.bootstrap import CHECKS
from backend.database import reading, transaction
from backend.settings import Settings
from leafproof.errors import InvalidInput, LeafproofError, Malformed
from tests.support.postgres import PostgresCluster
from tests.support.storage import open_test_log, statements


@pytest.fixture
def origin(tmp_path: Path, database_url: str) -> Settings:
    """A server with a log of 300 entries and a key."""
    settings = Settings(data=tmp_path / "first", database_url=SecretStr(database_url))
    engine = database.open_engine(settings)
    database.migrate(engine)
    log = open_test_log(engine)
    with transaction(engine) as connection:
        log.append(connection, statements(300))
    engine.dispose()
    settings.keys_folder.mkdir(mode=0o700)
    (settings.keys_folder / "anchor.key").write_text("secret\n")
    return settings


@pytest.fixture
def empty(tmp_path: Path, origin: Settings, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """A new place on the same kind of database."""
    url = f"sqlite:///{tmp_path}/second/leafproof.db"
    (tmp_path / "second").mkdir()
    cluster: PostgresCluster | None = None
    if origin.database.startswith("postgresql"):
        cluster = request.getfixturevalue("postgres_cluster")
        url = cluster.new_database()
    yield Settings(data=tmp_path / "second", database_url=SecretStr(url))
    if cluster is not None:
        cluster.drop_database(url)


@pytest.fixture
def file(tmp_path: Path, origin: Settings) -> Path:
    service.backup(origin, tmp_path / "a.backup", with_keys=True)
    return tmp_path / "a.backup"


def size_in(engine: Engine) -> int:
    log = open_test_log(engine)
    with reading(engine) as connection:
        return log.size(connection)


def rewritten(file: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The same backup with other bytes in its files; None leaves one out."""
    target = file.with_name("changed.backup")
    with tarfile.open(file) as old, tarfile.open(target, "w") as new:
        for header in old.getmembers():
            content = old.extractfile(header)
            assert content is not None
            data = change(header.name, content.read())
            if data is not None:
                header.size = len(data)
                new.addfile(header, io.BytesIO(data))
    return target


class TestBackup:
    def test_it_is_readable_by_its_owner_alone_and_replaces_nothing(self, origin: Settings, file: Path) -> None:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        before = file.read_bytes()
        with pytest.raises(InvalidInput, match="exists already"):
            service.backup(origin, file, with_keys=False)
        assert file.read_bytes() == before
        assert [path.name for path in file.parent.glob(".backup-*")] == []

    def test_keys_and_secrets_are_in_it_only_when_asked_for(self, origin: Settings, tmp_path: Path) -> None:
        manifest = service.backup(origin, tmp_path / "b.backup", with_keys=False)
        assert {member.name for member in manifest.members} == {"database", "settings.json"}
        with tarfile.open(tmp_path / "b.backup") as tar:
            settings = tar.extractfile("settings.json")
            assert settings is not None
            assert b'database_url"' not in settings.read()

    def test_its_transaction_may_rest_for_as_long_as_a_dump_takes(self, postgres_url: str, tmp_path: Path) -> None:
        engine = database.create(postgres_url)
        database.migrate(engine)
        with engines.snapshot(engine, tmp_path / "dump") as connection:
            limit = connection.execute(sa.text("SHOW idle_in_transaction_session_timeout")).scalar_one()
        engine.dispose()
        assert limit == "0"

    def test_it_holds_one_moment_of_a_log_that_grows(
        self, origin: Settings, empty: Settings, tmp_path: Path
    ) -> None:
        engine = database.open_engine(origin)
        log, stop = open_test_log(engine), threading.Event()

        def grow() -> None:
            number = 1000
            while not stop.is_set():
                with transaction(engine) as connection:
                    log.append(connection, statements(3, number))
                number += 3

        growing = threading.Thread(target=grow)
        growing.start()
        try:
            for number in range(3):
                service.backup(origin, tmp_path / f"{number}.backup", with_keys=False)
        finally:
            stop.set()
            growing.join()
        final = size_in(engine)
        engine.dispose()
        done = service.restore(empty, tmp_path / "2.backup", CHECKS)
        assert done.findings == ()
        assert 300 <= done.logs[0].log.size <= final
        assert done.logs[0].log.size % 3 == 0


class TestRestore:
    def test_everything_comes_back(self, origin: Settings, empty: Settings, file: Path) -> None:
        done = service.restore(empty, file, CHECKS)
        assert (done.findings, done.logs[0].log.size) == ((), 300)
        assert "not compared with the chain: trust_file: not set" in str(done.logs[0].trouble)
        key = empty.keys_folder / "anchor.key"
        assert (key.read_text(), stat.S_IMODE(key.stat().st_mode)) == ("secret\n", 0o600)
        engine = database.open_engine(empty)
        log = open_test_log(engine)
        with transaction(engine) as connection:  # it goes on
            assert log.append(connection, statements(1, 5000)) == [300]
        engine.dispose()

    def test_it_goes_into_an_empty_place_only(self, origin: Settings, file: Path) -> None:
        with pytest.raises(InvalidInput, match="is restored into an empty"):
            service.restore(origin, file, CHECKS)

    def test_another_key_in_the_way_is_not_replaced(self, empty: Settings, file: Path) -> None:
        empty.keys_folder.mkdir(mode=0o700)
        (empty.keys_folder / "anchor.key").write_text("another\n")
        self.refused(empty, file, "is not the one that was backed up")
        assert (empty.keys_folder / "anchor.key").read_text() == "another\n"

    def test_a_file_that_was_altered_is_refused(self, empty: Settings, file: Path) -> None:
        def flip(name: str, data: bytes) -> bytes:
            return data[:-1] + bytes([data[-1] ^ 1]) if name == "database" else data

        self.refused(empty, rewritten(file, flip), "its SHA-256 differs")

    @pytest.mark.parametrize("name", ["database", "keys/anchor.key", "manifest.json"])
    def test_a_file_that_is_missing_is_noticed(self, empty: Settings, file: Path, name: str) -> None:
        self.refused(empty, rewritten(file, lambda n, data: None if n == name else data), "missing|manifest")

    def test_a_file_outside_its_folder_is_refused(self, empty: Settings, file: Path) -> None:
        def climb(name: str, data: bytes) -> bytes:
            return data.replace(b"keys/anchor.key", b"keys/../../a.key") if name == "manifest.json" else data

        self.refused(empty, rewritten(file, climb), "names a file that no backup has")

    def test_one_cut_short_is_refused(self, empty: Settings, file: Path) -> None:
        cut = file.with_name("cut.backup")
        shutil.copy(file, cut)
        with cut.open("r+b") as handle:
            handle.truncate(file.stat().st_size // 2)
        self.refused(empty, cut, "cut short|SHA-256")

    def test_a_transfer_that_waited_is_not_sent_by_itself(
        self, origin: Settings, empty: Settings, tmp_path: Path
    ) -> None:
        engine = database.open_engine(origin)
        row = {"signer": "s", "contract": "LotRegistry", "args": b"", "state": "queued", "submitted_at": 0}
        with transaction(engine) as connection:
            for function in ("safeTransferFrom", "mint"):
                connection.execute(sa.insert(chain_transactions).values(**row, key=function, function=function))
        engine.dispose()
        service.backup(origin, tmp_path / "c.backup", with_keys=False)
        done = service.restore(empty, tmp_path / "c.backup", CHECKS)
        engine = database.open_engine(empty)
        with reading(engine) as connection:
            query = sa.select(chain_transactions.c.key, chain_transactions.c.state)
            assert {row.key: row.state for row in connection.execute(query)} == {
                "safeTransferFrom": "failed",
                "mint": "queued",
            }
        engine.dispose()
        assert self.said(done).startswith("Restored the backup of")
        assert "1 transfers of shares waited" in self.said(done)
        assert "has no private keys" in self.said(done)

    @staticmethod
    def said(done: Restored) -> str:
        return "\n".join(report.lines(done))

    @staticmethod
    def refused(empty: Settings, file: Path, why: str) -> None:
        """Nothing is changed, and the right file can still be restored."""
        with pytest.raises(LeafproofError, match=why) as error:
            service.restore(empty, file, CHECKS)
        assert isinstance(error.value, InvalidInput | Malformed)
        assert [path.name for path in empty.data.iterdir() if path.name != "keys"] == []
        engine = database.open_engine(empty)
        if engine.dialect.name == "postgresql":
            assert sa.inspect(engine).get_table_names() == []
        engine.dispose()
