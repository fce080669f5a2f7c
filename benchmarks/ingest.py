"""`ingest_*`: frames through a real broker into the log, until the signed acknowledgement is back.

The publisher is a process of its own, the broker is mosquitto where it is installed, and the worker is the one of
`leafproof backend serve`, with the chain's registry read from the database. Verified, deduped, in the log, rolled
up, committed with fsync, acknowledged: nothing of it is left out.
"""

from __future__ import annotations

import functools
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
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
from benchmarks.publisher import publish_and_wait
from benchmarks.sample import Row, Sample, peak_memory
from leafproof.envelope import LogRef
from leafproof.keys import SigningKey

LOG = LogRef(traffic.CHAIN_ID, traffic.ADDRESSES["TransparencyLog"], b"\x1d" * 32)
GATEWAYS = 40
ACKS = "leafproof/v1/0/+/+/+/ack"


def _measure(readings: int, frames: int, short: bool, url: str | None = None) -> Sample:
    gateways = traffic.new_gateways(4 if short else GATEWAYS, LOG)
    each = 5 if short else frames // len(gateways)
    streams = [traffic.frames(one, each, readings) for one in gateways]
    messages = [(g.topic, s[i]) for i in range(each) for g, s in zip(gateways, streams, strict=True)]
    last = {one.key.public.key_id: each - 1 for one in gateways}
    with tempfile.TemporaryDirectory() as folder:
        engine = database.create(url or f"sqlite:///{folder}/bench.db")
        database.migrate(engine)
        traffic.register(engine, gateways)
        with EmbeddedBroker(Path(folder) / "broker") as broker, _running(engine, broker.port):
            garbage.collect_seldom()  # as `serve` does
            cpu = time.process_time()
            seconds = _publish_elsewhere(broker.port, messages, last)
            cpu = time.process_time() - cpu
        engine.dispose()
        signed = [(gateway.key, stream) for gateway, stream in zip(gateways, streams, strict=True)]
        floor = floor_of_frames(signed, Path(folder) / "floor", MAX_GROUP)
    count = len(messages) * readings
    return Sample(
        value=count / seconds,
        floor=count / floor.wall,
        ratio=cpu / floor.cpu,
        cpu=cpu / count * 1e6,
        memory=peak_memory(),
        more={"readings": count, "frames_per_second": round(len(messages) / seconds), "broker": broker.kind.value},
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
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    publisher = context.Process(target=_publisher, args=(port, messages, last, theirs))
    publisher.start()
    theirs.close()
    try:
        return float(ours.recv())
    finally:
        publisher.join()


def _publisher(port: int, messages: list[tuple[str, bytes]], last: dict[bytes, int], result: Pipe) -> None:
    result.send(publish_and_wait(port, messages, ACKS, last))


ROWS = (
    Row("ingest_256", "readings/s", "300,000; CPU at most 4 x the floor", functools.partial(_measure, 256, 8_000)),
    Row("ingest_16", "readings/s", "50,000", functools.partial(_measure, 16, 30_000)),
)
