"""`http_passport` and `http_tile`: one worker, as `leafproof backend serve` runs it, under load on loopback.

The value is what a closed load gets; then an open load of half the wanted rate says how long the slowest hundredth
waits. The floor is the same HTTP server that answers as many bytes without knowing anything, in the same run.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from benchmarks.http_load import Load
from benchmarks.http_world import World, made
from benchmarks.sample import Row, Sample
from tests.support.ports import free_port

WANTED = 1500  # requests a second
SECONDS = 5.0
_STARTING = 60  # seconds; a loaded machine takes long to import
_TICKS = os.sysconf("SC_CLK_TCK")


class _Server:
    """A server's process, and the port that it listens on."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._stat = Path(f"/proc/{process.pid}")
        self.port = port

    def cpu(self) -> float:
        """CPU seconds so far."""
        user, system = (self._stat / "stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / _TICKS

    def memory(self) -> float:
        """Peak resident memory in MB."""
        (line,) = [one for one in (self._stat / "status").read_text().splitlines() if one.startswith("VmHWM")]
        return int(line.split()[1]) / 1024


@contextmanager
def _serving(*arguments: str) -> Iterator[_Server]:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.http_server", str(port), *arguments]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port, process)
            yield _Server(process, port)
        finally:
            process.send_signal(signal.SIGTERM)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    opener, end = build_opener(ProxyHandler({})), time.monotonic() + _STARTING
    while time.monotonic() < end and process.poll() is None:
        try:
            opener.open(f"http://127.0.0.1:{port}/", timeout=5).close()
            return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError("the server does not start")


def _ask_once(port: int, path: str) -> None:
    request = Request(f"http://127.0.0.1:{port}{path}", headers={"Accept": "text/html"})
    build_opener(ProxyHandler({})).open(request, timeout=_STARTING).close()


def _load(port: int, path: str, seconds: float, rate: float | None = None) -> Load:
    """Raises `RuntimeError` for an answer that is not a 200, or not the first one's body."""
    command = [sys.executable, "-m", "benchmarks.http_load", str(port), path, str(seconds)]
    command += ["--header", "Accept: text/html", *(["--rate", str(rate)] if rate else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found = Load(**json.loads(done.stdout))
    if found.differing or set(found.statuses) != {"200"}:
        raise RuntimeError(f"{path}: {found}")
    return found


def _measure(what: str, short: bool) -> Sample:
    seconds = 1.0 if short else SECONDS
    with tempfile.TemporaryDirectory() as name:
        world: World = made(Path(name))
        path = getattr(world, what)
        with _serving("--config", str(world.config)) as server:
            _ask_once(server.port, path)  # the first one is made, the others are kept
            _load(server.port, path, seconds / 3)
            before = server.cpu()
            found = _load(server.port, path, seconds)
            cpu = (server.cpu() - before) / found.answered
            slow = _load(server.port, path, seconds, WANTED / 2)
            memory = server.memory()
    with _serving("--constant", str(found.size)) as server:
        before = server.cpu()
        bare = _load(server.port, "/", seconds)
        floor_cpu = (server.cpu() - before) / bare.answered
    more = {"p50_ms_at_half": round(slow.p50, 2), "p99_ms_at_half": round(slow.p99, 2), "bytes": found.size}
    ratio = cpu / floor_cpu if floor_cpu else None
    return Sample(found.rate, bare.rate, ratio, cpu * 1e6, memory, more)


_TARGET = f"{WANTED:,}, p99 under 25 ms at half"
ROWS = tuple(Row(f"http_{what}", "requests/s", _TARGET, partial(_measure, what)) for what in ("passport", "tile"))
