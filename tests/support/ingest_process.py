"""The ingest worker in a process of its own, so that a test can kill it, or stop it for a while."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from dataclasses import replace
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from pathlib import Path

from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, Engine

from backend import database
from backend.context import Context
from backend.ingest.plans import LoggedPlans
from backend.ingest.worker import IngestWorker
from backend.log.service import HostedLog, HostedLogs, stored_logs
from backend.settings import Settings
from leafproof.chain.view import Head, RegisteredKey
from leafproof.envelope import LogRef
from leafproof.keys import SigningKey
from tests.support.storage import LOG_KEY, REF, hosted, open_test_log
from tests.support.stream import KeyRing
from tests.support.waiting import eventually

LEASE_SECONDS = 4  # the shortest whose renewals a busy machine keeps up with
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


class Heads:
    """The chain's heads, as far as ingest asks for them."""

    def __init__(self) -> None:
        self.newest: Head | None = None

    def latest_anchor(self, _connection: Connection, _log_id: bytes) -> Head | None:
        return self.newest


def new_worker(
    engine: Engine, port: int, ring: KeyRing, heads: Heads | None = None, registry: CollectorRegistry | None = None
) -> IngestWorker:
    """A worker on this database and the broker at this port."""
    settings = Settings(mqtt_port=port, data=Path("unused"))
    context = Context(settings, engine, hosted(open_test_log(engine)), registry=registry or CollectorRegistry())
    return IngestWorker(context, ring, heads or Heads(), LoggedPlans())


def ref_of(partition: int) -> LogRef:
    """The log of a partition."""
    return REF if partition == 0 else replace(REF, log_id=bytes([partition]) * 32)


class IngestProcess:
    """Ready when made, and runs until it is killed. On PostgreSQL it shares the partitions with others like it."""

    def __init__(self, engine: Engine, port: int, keys: list[RegisteredKey], partitions: int = 1) -> None:
        for number in range(partitions):
            open_test_log(engine, ref_of(number), f"partition {number}", number)
        url = engine.url.render_as_string(hide_password=False)
        ready, theirs = _CONTEXT.Pipe(duplex=False)
        self.process: BaseProcess = _CONTEXT.Process(
            target=_serve, args=(url, port, keys, LOG_KEY.pem(), theirs), daemon=True
        )
        self.process.start()
        theirs.close()
        with ready:
            ready.recv_bytes()  # EOFError: it died while it started

    def send(self, number: signal.Signals) -> None:
        """A signal, such as SIGSTOP."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        """As the system does when memory runs out, or somebody pulls the plug."""
        self.process.kill()
        self.process.join(60)


def _serve(url: str, port: int, keys: list[RegisteredKey], log_key: bytes, ready: Pipe) -> None:
    engine = database.create(url)
    with database.reading(engine) as connection:
        stored = stored_logs(connection)
    logs = HostedLogs([HostedLog(log, SigningKey.from_pem(log_key)) for log in stored])
    context = Context(Settings(mqtt_port=port, data=Path("unused")), engine, logs)
    worker = IngestWorker(context, KeyRing(*keys), Heads(), LoggedPlans(), LEASE_SECONDS)
    worker.start()
    eventually(lambda: worker.ready() is None, "ingest is ready")
    ready.send_bytes(b"ready")
    threading.Event().wait()
