"""`ingest_*`: frames through a real broker into the log, until the signed acknowledgement is back.

The publisher is a process of its own, the broker is mosquitto where it is installed, and the worker is the one of
`leafproof backend serve`, with the chain's registry read from the database. Verified, deduped, in the log, rolled
up, committed with fsync, acknowledged: nothing of it is left out.
"""

from __future__ import annotations

import functools
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine

from backend import database, garbage
from backend.anchor.registry import Registry
from backend.context import Context
from backend.embedded.broker import EmbeddedBroker
from backend.ingest.consumer import MAX_GROUP
from backend.ingest.plans import LoggedPlans
from backend.ingest.worker import IngestWorker
from backend.log.service import HostedLog, HostedLogs, open_log
from backend.settings import Settings
from benchmarks import traffic
from benchmarks.floor import floor_of_frames
from benchmarks.sample import Clock, Row, Sample, cpu_of, peak_memory
from leafproof.envelope import LogRef
from leafproof.keys import SigningKey
from tests.support.postgres import PostgresCluster, find_postgres
from tests.support.processes import children

LOG = LogRef(traffic.CHAIN_ID, traffic.ADDRESSES["TransparencyLog"], b"\x1d" * 32)
GATEWAYS = 40
ACKS = "leafproof/v1/0/+/+/+/ack"


@dataclass(frozen=True)
class Load:
    """Frames of all gateways, alternately, and the last sequence of each gateway, by its key id."""

    gateways: list[traffic.Gateway]
    streams: list[list[bytes]]
    messages: list[tuple[str, bytes]]
    last: dict[bytes, int]
    readings: int

    @classmethod
    def of(cls, readings: int, frames: int, short: bool) -> Load:
        """`readings` in each frame; a few frames where `short`."""
        gateways = traffic.new_gateways(4 if short else GATEWAYS, LOG)
        each = 5 if short else frames // len(gateways)
        streams = [traffic.frames(one, each, readings) for one in gateways]
        messages = [(g.topic, s[i]) for i in range(each) for g, s in zip(gateways, streams, strict=True)]
        last = {one.key.public.key_id: each - 1 for one in gateways}
        return cls(gateways, streams, messages, last, len(messages) * readings)

    def floor(self, path: Path) -> Clock:
        """The unavoidable work on the same frames."""
        signed = [(one.key, stream) for one, stream in zip(self.gateways, self.streams, strict=True)]
        return floor_of_frames(signed, path, MAX_GROUP)


@dataclass(frozen=True)
class _Taken:
    """Seconds from the first byte to the last acknowledgement, CPU seconds of this process and of the database's
    server meanwhile, and the broker."""

    seconds: float
    cpu: float
    server: float
    broker: str


def _measure(readings: int, frames: int, short: bool) -> Sample:
    load = Load.of(readings, frames, short)
    with tempfile.TemporaryDirectory() as folder:
        taken = _take(load, f"sqlite:///{folder}/bench.db", Path(folder) / "broker")
        floor = load.floor(Path(folder) / "floor")
    return _sample(load, taken, floor, peak_memory())


def _measure_postgres(short: bool) -> Sample:
    """PostgreSQL and SQLite by turns on the same frames: what else the machine does then touches both."""
    binaries = find_postgres()
    if binaries is None:
        raise RuntimeError("PostgreSQL's server is not installed")
    load, postgres, sqlite = Load.of(256, 8_000, short), [], []
    with tempfile.TemporaryDirectory(prefix="leafproof-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # the server has an account of its own
        with PostgresCluster(Path(folder) / "cluster", binaries, durable=True) as cluster:
            postgres.append(_take(load, cluster.new_database(), Path(folder) / "broker-1", cluster))
            memory = peak_memory()
            sqlite += [_take(load, f"sqlite:///{folder}/{n}.db", Path(folder) / f"broker-{n}") for n in (2, 3)]
            postgres.append(_take(load, cluster.new_database(), Path(folder) / "broker-4", cluster))
        floor = load.floor(Path(folder) / "floor")
    taken, beside = _mean(postgres), _mean(sqlite)
    sample = _sample(load, taken, floor, memory)
    shares = {
        "share_of_sqlite": round(beside.seconds / taken.seconds, 3),
        "sqlite_readings_per_second": round(load.readings / beside.seconds),
        "server_cpu_seconds_per_million": round(taken.server / load.readings * 1e6, 3),
    }
    return replace(sample, more=sample.more | shares)


def _mean(runs: list[_Taken]) -> _Taken:
    parts = zip(*((one.seconds, one.cpu, one.server) for one in runs), strict=True)
    seconds, cpu, server = (sum(each) / len(runs) for each in parts)
    return _Taken(seconds, cpu, server, runs[0].broker)


def _take(load: Load, url: str, broker_folder: Path, cluster: PostgresCluster | None = None) -> _Taken:
    """All frames into a new database, `cluster`'s where that is given."""

    def server() -> float:
        return sum(map(cpu_of, [cluster.pid, *children(cluster.pid)])) if cluster else 0.0

    engine = database.create(url)
    database.migrate(engine)
    traffic.register(engine, load.gateways)
    with EmbeddedBroker(broker_folder) as broker, _running(engine, broker.port):
        garbage.collect_seldom()  # as `serve` does
        cpu, servers = time.process_time(), server()
        seconds = _publish_elsewhere(broker.port, load.messages, load.last)
        cpu, servers = time.process_time() - cpu, server() - servers
    engine.dispose()
    return _Taken(seconds, cpu, servers, broker.kind.value)


def _sample(load: Load, taken: _Taken, floor: Clock, memory: float) -> Sample:
    cpu = taken.cpu + taken.server
    return Sample(
        value=load.readings / taken.seconds,
        floor=load.readings / floor.wall,
        ratio=cpu / floor.cpu,
        cpu=cpu / load.readings * 1e6,
        memory=memory,
        more={
            "readings": load.readings,
            "frames_per_second": round(len(load.messages) / taken.seconds),
            "broker": taken.broker,
        },
    )


@contextmanager
def _running(engine: Engine, port: int) -> Iterator[None]:
    key = SigningKey.generate()
    with database.transaction(engine) as connection:
        log = open_log(connection, LOG, "bench", 0, key.public.key_id)
    context = Context(Settings(mqtt_port=port, data=Path("unused")), engine, HostedLogs([HostedLog(log, key)]))
    registry = Registry(traffic.trust())
    worker = IngestWorker(context, registry, registry, LoggedPlans())
    worker.start()
    try:
        while (trouble := worker.ready()) is not None:
            if worker.restarts:
                raise RuntimeError(trouble)
            time.sleep(0.05)
        yield
    finally:
        worker.stop()


def _publish_elsewhere(port: int, messages: list[tuple[str, bytes]], last: dict[bytes, int]) -> float:
    """By a process of its own, which loads next to nothing."""
    command = [sys.executable, "-m", "benchmarks.publisher"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as publisher:
        assert publisher.stdin and publisher.stdout
        with publisher.stdin as work:  # piece by piece: a copy of it all would count as memory of the worker
            pickle.dump((port, messages, ACKS, last), work)
        return float(publisher.stdout.read())


ROWS = (
    Row("ingest_256", "readings/s", "300,000; CPU at most 4 x the floor", functools.partial(_measure, 256, 8_000)),
    Row("ingest_16", "readings/s", "50,000", functools.partial(_measure, 16, 30_000)),
    Row("ingest_256_postgres", "readings/s", "60 % of ingest_256 (SQLite)", _measure_postgres),
)
