"""A server takes nothing before its log was compared with the chain, or with the newest head that it saw there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from backend import bootstrap
from backend.anchor.comparison import ComparisonWorker
from backend.anchor.mark import Mark, Marks
from backend.context import Context
from backend.database import transaction
from backend.errors import Unavailable
from backend.log.service import HostedLog, HostedLogs, TransparencyLog
from backend.log.tables import bodies, entries, logs, tiles
from backend.settings import Settings
from tests.integration.anchor.ledger import Ledger
from tests.support.ports import free_port
from tests.support.storage import LOG_KEY, statement
from tests.support.waiting import eventually


@contextmanager
def made(ledger: Ledger, folder: Path, url: str) -> Iterator[tuple[TransparencyLog, ComparisonWorker]]:
    """The comparison of a server on this database, with `folder` for its data; not started."""
    (folder / "trust.json").write_bytes(ledger.trust.encode())
    settings = Settings(
        data=folder,
        trust_file=folder / "trust.json",
        rpc_url=SecretStr(url),
        keys=ledger.keys,
        log_owner="0x" + "0a" * 20,
        anchor_seconds=1,
    )
    ref = ledger.log.ref
    log = TransparencyLog(ref, ledger.log.number, ledger.log.name, ledger.log.partition)
    context = Context(settings, ledger.engine, HostedLogs([HostedLog(log, LOG_KEY)]))
    worker = next(w for w in bootstrap.workers_of(context) if isinstance(w, ComparisonWorker))
    try:
        yield log, worker
    finally:
        worker._chain.rpc.close()


@contextmanager
def started(ledger: Ledger, folder: Path, url: str) -> Iterator[tuple[TransparencyLog, ComparisonWorker]]:
    """The comparison of a server that has just started."""
    with made(ledger, folder, url) as (log, worker):
        worker.start()
        try:
            yield log, worker
        finally:
            worker.stop()


def append(ledger: Ledger, log: TransparencyLog, said: object = "more") -> int:
    with transaction(ledger.engine) as connection:
        (index,) = log.append(connection, [statement(said, ref=log.ref)])
    return index


@pytest.fixture
def nowhere() -> str:
    """A node that does not answer."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def looked(ledger: Ledger) -> Callable[[ComparisonWorker], None]:
    """Waits until the worker has found out that the chain does not answer."""
    return lambda worker: eventually(lambda: "does not answer" in str(worker._trouble), "a look at the chain", 60)


class TestWithTheChain:
    def test_a_log_is_held_until_it_was_compared(self, ledger: Ledger, tmp_path: Path) -> None:
        ledger.write(3)
        ledger.anchor()
        log = TransparencyLog(ledger.log.ref, ledger.log.number, "main", 0)
        log.hold("it was not compared with the chain yet")
        with pytest.raises(Unavailable, match="takes nothing: it was not compared"):
            append(ledger, log)
        with started(ledger, tmp_path, ledger.url) as (log, _):
            eventually(lambda: log.held is None, "the comparison")
            assert append(ledger, log) == 3

    def test_the_newest_head_is_noted_outside_the_database(self, ledger: Ledger, tmp_path: Path) -> None:
        size, root = ledger.write(3)
        ledger.anchor()
        with started(ledger, tmp_path, ledger.url) as (log, _):
            eventually(lambda: log.held is None, "the comparison")
        assert Marks(tmp_path).get(ledger.log_id) == Mark(size, root.hex())

    def test_a_database_older_than_the_chain_takes_nothing(self, ledger: Ledger, tmp_path: Path) -> None:
        ledger.write(3)
        ledger.anchor()
        set_back(ledger)
        with started(ledger, tmp_path, ledger.url) as (log, worker):
            eventually(lambda: "the log has 0" in str(log.held), "the comparison")
            assert "takes nothing: the chain holds a head of 3 entries, the log has 0" in str(worker.ready())
            with pytest.raises(Unavailable):
                append(ledger, log)

    def test_one_that_the_chain_contradicts_stays_held_when_the_chain_goes_away(
        self, ledger: Ledger, tmp_path: Path
    ) -> None:
        ledger.write(3)
        ledger.anchor()
        with made(ledger, tmp_path, ledger.url) as (log, worker):
            worker.look()
            assert log.held is None
            ledger.write(2)
            ledger.anchor()
            set_back(ledger)
            worker.look()
            worker.away()
            assert "the log has 0" in str(log.held)

    def test_a_damaged_one_is_held_with_its_reason(self, ledger: Ledger, tmp_path: Path) -> None:
        ledger.write(3)
        ledger.anchor()
        with made(ledger, tmp_path, ledger.url) as (log, worker):
            with transaction(ledger.engine) as connection:
                connection.execute(sa.delete(tiles))
                connection.execute(sa.update(logs).values(frontier=b"torn"))
            worker.look()  # raises nothing: other logs are compared too
            assert log.held is not None
            assert "not compared" not in log.held

    def test_after_an_outage_of_the_database_it_is_compared_again(self, ledger: Ledger, tmp_path: Path) -> None:
        ledger.write(3)
        with made(ledger, tmp_path, ledger.url) as (log, worker):
            worker.look()
            worker.without_database()
            with pytest.raises(Unavailable, match="the database was away"):
                append(ledger, log)
            worker.look()
            assert append(ledger, log) == 3


class TestTheMark:
    def test_a_node_that_lags_does_not_set_it_back(self, tmp_path: Path) -> None:
        for size in (3, 8, 5):
            Marks(tmp_path).put(b"log", size, bytes([size]) * 32)
        assert Marks(tmp_path).get(b"log") == Mark(8, "08" * 32)


class TestWithoutTheChain:
    def test_a_log_that_holds_the_newest_head_ever_seen_goes_on(
        self, ledger: Ledger, tmp_path: Path, nowhere: str
    ) -> None:
        size, root = ledger.write(3)
        Marks(tmp_path).put(ledger.log_id, size, root)
        with started(ledger, tmp_path, nowhere) as (log, _):
            eventually(lambda: log.held is None, "the mark is looked at", 60)
            assert append(ledger, log) == 3

    def test_a_database_that_lacks_it_takes_nothing(self, ledger: Ledger, tmp_path: Path, nowhere: str) -> None:
        size, root = ledger.write(3)
        Marks(tmp_path).put(ledger.log_id, size, root)
        set_back(ledger)
        with started(ledger, tmp_path, nowhere) as (log, _):
            eventually(lambda: "the log has 0" in str(log.held), "the mark is looked at", 60)
            with pytest.raises(Unavailable):
                append(ledger, log)

    def test_one_of_which_nothing_is_known_waits(
        self, ledger: Ledger, tmp_path: Path, nowhere: str, looked: Callable[[ComparisonWorker], None]
    ) -> None:
        ledger.write(3)
        with started(ledger, tmp_path, nowhere) as (log, worker):
            looked(worker)
            with pytest.raises(Unavailable):
                append(ledger, log)


def set_back(ledger: Ledger) -> None:
    """The database as an old copy would have it: without an entry."""
    with transaction(ledger.engine) as connection:
        for table in (bodies, tiles, entries):
            connection.execute(sa.delete(table))
        connection.execute(sa.update(logs).values(size=0, frontier=b""))
