"""A log over HTTP with its publisher, and a witness in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import structlog
from sqlalchemy import Connection, Engine

from backend import health
from backend.app import create_app
from backend.checkpoints.endpoints import KEPT
from backend.checkpoints.endpoints import router as checkpoints_router
from backend.checkpoints.service import Publisher
from backend.checkpoints.witnesses import WitnessAt
from backend.context import Context
from backend.database import transaction
from backend.log.endpoints import router as log_router
from backend.log.service import TransparencyLog
from backend.settings import Settings
from leafproof.chain.view import Head
from leafproof.note import Verifier
from tests.support.server import serving
from tests.support.storage import LOG_KEY, REF, hosted, open_test_log, statements

TLOG = f"/v1/logs/{REF.log_id.hex()}/tlog"
COMMAND = [sys.executable, "-m", "leafproof.cli.main", "witness"]


class Unanchored:
    """A chain that holds nothing yet."""

    def latest_anchor(self, connection: Connection, log_id: bytes) -> Head | None:
        return None


@dataclass
class Ground:
    """`log` of a database, served at `http`, whose checkpoints `publish` publishes."""

    engine: Engine
    log: TransparencyLog
    http: httpx.Client
    publisher: Publisher
    _count: int = 0

    @property
    def prefix(self) -> str:
        return str(self.http.base_url).rstrip("/") + TLOG

    @property
    def vkey(self) -> str:
        (told,) = self.http.get("/v1/logs").json()["logs"]
        return str(told["vkey"])

    def grow(self, count: int, start: int | None = None) -> None:
        start = self._count if start is None else start
        with transaction(self.engine) as connection:
            self.log.append(connection, statements(count, start))
        self._count = max(self._count, start + count)

    def publish(self) -> bytes:
        """As a minute later; what is then served."""
        self.publisher._published_at.clear()
        for patience in self.publisher._patience.values():
            patience.until = 0.0
        with structlog.testing.capture_logs(), httpx.Client() as http:
            self.publisher.step(http)
        return self.http.get(f"{TLOG}/checkpoint").content

    def ask(self, *witnesses: RunningWitness) -> None:
        self.publisher.witnesses = [WitnessAt(Verifier.parse(w.vkey), w.url) for w in witnesses]


@contextmanager
def ground_of(engine: Engine) -> Iterator[Ground]:
    log = open_test_log(engine)
    context = Context(Settings(), engine, hosted(log))
    app = create_app(context, routers=(health.router, log_router, checkpoints_router), kept=KEPT)
    with structlog.testing.capture_logs(), serving(app) as http:
        yield Ground(engine, log, http, Publisher(engine, context.logs, (), Unanchored()))


@dataclass
class RunningWitness:
    """`leafproof witness run` on a folder; `url` once it listens."""

    folder: Path
    vkey: str = ""
    url: str = ""
    process: subprocess.Popen[str] | None = None
    said: list[str] = field(default_factory=list)

    def make(self, name: str = "example.org/witness") -> None:
        self.vkey = command("init", str(self.folder), "--name", name).strip()

    def add(self, vkey: str, url: str = "") -> None:
        command("add", str(self.folder), vkey, *(["--url", url] if url else []))

    def start(self) -> None:
        words = [*COMMAND, "run", str(self.folder), "--port", "0", "--every", "0.1"]
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env={**os.environ})
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r"listens at (\S+),", line):
                self.url = found[1]
                return
        raise AssertionError(self.said)

    def post(self, body: bytes) -> httpx.Response:
        return httpx.post(f"{self.url}/add-checkpoint", content=body, timeout=30)

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None and self.process.stderr is not None
        self.process.send_signal(number)
        self.said += self.process.stderr.readlines()
        self.process.stderr.close()
        return self.process.wait(30)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()

    def end(self) -> None:
        """Whatever it does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
            if self.process.stderr is not None:
                self.process.stderr.close()


def command(*words: str, code: int = 0) -> str:
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, (words, done.returncode, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stdout


LOG_KEY_OF_TESTS = LOG_KEY
