"""`scale_out`: two ingest processes against one, on the same backlog of the same broker and the same PostgreSQL.

The backlog waits in the broker, in the sessions of the partitions. The workers lease these; the rate is taken
while all partitions move, from the moment when each has begun until the first is done. PostgreSQL is durable, as
Debian configures it. What kept the processors busy stands beside the figure: where broker and database take more
than the second worker needs, it makes little difference.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Engine

from backend import database, garbage
from backend.anchor.registry import Registry
from backend.context import Context
from backend.embedded.broker import EmbeddedBroker
from backend.ingest.consumer import session_of
from backend.ingest.intake import Intake
from backend.ingest.judge import frames_filter
from backend.ingest.link import Link
from backend.ingest.plans import LoggedPlans
from backend.ingest.worker import KIND, IngestWorker
from backend.leases.service import Leases
from backend.leases.tables import lease_seekers
from backend.log.service import HostedLog, HostedLogs, open_log, stored_logs
from backend.log.tables import logs
from backend.settings import Settings
from benchmarks import traffic
from benchmarks.publisher import publish
from benchmarks.sample import Row, Sample, cpu_of
from leafproof.envelope import LogRef
from leafproof.keys import SigningKey
from tests.support.postgres import PostgresCluster, find_postgres
from tests.support.processes import children

PARTITIONS = 4  # two a worker at least: while one waits for its fsync, the other has its CPU
GATEWAYS = 10  # a partition
READINGS = 256
FRAMES = 12_000
LEASE_SECONDS = 4  # so that the workers begin within a second
PATIENCE = 300.0  # seconds


@dataclass(frozen=True)
class Load:
    """Frames of all partitions, alternately, and the gateways that the chain must name for them."""

    gateways: list[traffic.Gateway]
    messages: list[tuple[str, bytes]]


@dataclass(frozen=True)
class Drain:
    """Frames a second, how many processors workers, PostgreSQL and broker kept busy meanwhile, and by how many
    bytes a reading the database grew."""

    rate: float
    workers: float
    postgres: float
    broker: float
    stored: float


def _measure(short: bool) -> Sample:
    binaries = find_postgres()
    if binaries is None:
        raise RuntimeError("PostgreSQL's server is not installed")
    load = _load(400 if short else FRAMES)
    with tempfile.TemporaryDirectory(prefix="leafproof-scale-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        with PostgresCluster(Path(name) / "cluster", binaries, durable=True) as cluster:
            one, two = (_drain(load, count, cluster, Path(name) / f"broker-{count}") for count in (1, 2))
    busy = {
        f"{label}_{part}": round(getattr(drain, part), 2)
        for label, drain in (("one_worker", one), ("two_workers", two))
        for part in ("rate", "workers", "postgres", "broker", "stored")
    }
    return Sample(value=two.rate / one.rate, more={**busy, "processors": os.cpu_count()})


def _log(partition: int) -> LogRef:
    log_id = hashlib.sha256(b"scale %d" % partition).digest()
    return LogRef(traffic.CHAIN_ID, traffic.ADDRESSES["TransparencyLog"], log_id)


def _load(frames: int) -> Load:
    gateways = [
        gateway
        for partition in range(PARTITIONS)
        for gateway in traffic.new_gateways(GATEWAYS, _log(partition), partition)
    ]
    each = frames // len(gateways)
    streams = [traffic.frames(one, each, READINGS) for one in gateways]
    return Load(gateways, [(g.topic, s[i]) for i in range(each) for g, s in zip(gateways, streams, strict=True)])


def _drain(load: Load, count: int, cluster: PostgresCluster, folder: Path) -> Drain:
    url, key = cluster.new_database(), SigningKey.generate()
    engine = database.create(url)
    database.migrate(engine)
    traffic.register(engine, load.gateways)
    with database.transaction(engine) as connection:
        for partition in range(PARTITIONS):
            open_log(connection, _log(partition), f"log {partition}", partition, key.public.key_id)
    with EmbeddedBroker(folder) as broker, ExitStack() as stack:
        for partition in range(PARTITIONS):
            _open_session(broker.port, partition)
        publish(broker.port, load.messages)
        keeper = Leases(engine, KIND, [str(partition) for partition in range(PARTITIONS)], 600)
        keeper.renew()
        empty = _stored(engine)
        workers = [stack.enter_context(_worker(url, broker.port, key)) for _ in range(count)]
        _wait(lambda: _seekers(engine) == count + 1, workers)
        keeper.leave()
        groups = [lambda: [one.pid or 0 for one in workers]]
        groups += [lambda: [cluster.pid, *children(cluster.pid)], lambda: [broker.pid]]
        rate, busy = _watch(engine, len(load.messages) // PARTITIONS, groups, workers)
        stored = (_stored(engine) - empty) / (len(load.messages) * READINGS)
    engine.dispose()
    cluster.drop_database(url)
    of_workers, of_postgres, of_broker = busy
    return Drain(rate, of_workers, of_postgres, of_broker, stored)


def _open_session(port: int, partition: int) -> None:
    """As a worker would that then went away."""
    settings, filters = Settings(mqtt_port=port), [frames_filter(partition)]
    link = Link(settings, session_of(_log(partition).log_id), filters, Intake())
    link.start()
    _wait(lambda: link.trouble is None, [])
    link.stop()


@contextmanager
def _worker(url: str, port: int, key: SigningKey) -> Iterator[BaseProcess]:
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(url, port, key.pem()), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def _work(url: str, port: int, key: bytes) -> None:
    engine = database.create(url)
    with database.reading(engine) as connection:
        hosted = [HostedLog(log, SigningKey.from_pem(key)) for log in stored_logs(connection)]
    context = Context(Settings(mqtt_port=port, data=Path("unused")), engine, HostedLogs(hosted))
    registry = Registry(traffic.trust())
    garbage.collect_seldom()
    IngestWorker(context, registry, registry, LoggedPlans(), LEASE_SECONDS).start()
    threading.Event().wait()


def _watch(
    engine: Engine, each: int, groups: Sequence[Callable[[], list[int]]], workers: Sequence[BaseProcess]
) -> tuple[float, list[float]]:
    """From the moment when every log has begun until the first holds its `each` frames; from the start where the
    load is too small for that."""
    opened = time.perf_counter()
    _wait(lambda: min(_sizes(engine)) > 0, workers)
    began, first = time.perf_counter(), sum(_sizes(engine))
    before = [sum(map(cpu_of, group())) for group in groups]
    _wait(lambda: max(_sizes(engine)) >= each, workers)
    seconds, last = time.perf_counter() - began, sum(_sizes(engine))
    after = [sum(map(cpu_of, group())) for group in groups]
    _wait(lambda: min(_sizes(engine)) >= each, workers)
    if last == first:
        seconds, first = time.perf_counter() - opened, 0
    busy = [(now - then) / seconds for now, then in zip(after, before, strict=True)]
    return (last - first) / seconds, busy


def _wait(condition: Callable[[], bool], workers: Sequence[BaseProcess]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline or any(not one.is_alive() for one in workers):
            raise RuntimeError("a worker died, or nothing goes on")
        time.sleep(0.02)


def _sizes(engine: Engine) -> list[int]:
    with database.reading(engine) as connection:
        return list(connection.execute(sa.select(logs.c.size)).scalars())


def _stored(engine: Engine) -> int:
    """Bytes of the database with its indexes, as PostgreSQL counts them."""
    with database.reading(engine) as connection:
        size = sa.func.pg_database_size(sa.func.current_database())
        return int(connection.execute(sa.select(size)).scalar_one())


def _seekers(engine: Engine) -> int:
    with database.reading(engine) as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(lease_seekers)).scalar_one())


ROWS = (Row("scale_out", "times one worker", "1.5", _measure),)
