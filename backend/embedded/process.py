"""One program in a process group of its own, that never outlives its parent."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from backend.embedded.errors import PartFailed

_GUARD = Path(__file__).with_name("guard.py")
# The guard is a bare Python with five imports; seconds pass only on a machine that swaps.
_GUARD_SECONDS = 20.0
_PROBE_SECONDS = 0.02
_TAIL_LINES = 20


class ChildProcess:
    """A program under a guard, with its output in a log file.

    `start` raises `PartFailed` when the program cannot be executed; `stop` never raises and may be called twice.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        grace: float = 5.0,
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._environment = environment
        self._folder = folder
        self._grace = grace
        self._guard: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._pid: int | None = None

    @property
    def pid(self) -> int:
        """The program's own process id; raises `PartFailed` before `start`."""
        if self._pid is None:
            raise PartFailed(f"{self.name} has not been started")
        return self._pid

    @property
    def running(self) -> bool:
        """Whether the program is alive."""
        return self._guard is not None and self._guard.poll() is None

    def start(self) -> None:
        """Start the program; raises `PartFailed` with the log's last lines when that is not possible."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-I", "-S", str(_GUARD), str(self._grace), *self._command]
        with theirs, self.log.open("ab") as output:
            self._guard = subprocess.Popen(  # noqa: S603 - the command is our own
                command,
                stdin=theirs.fileno(),
                stdout=output,
                stderr=output,
                cwd=self._folder,
                env=dict(self._environment) if self._environment is not None else None,
                start_new_session=True,
            )
        self._line = ours
        told = self._read_pid(ours)
        if told is None:
            self.stop()
            raise PartFailed(f"{self.name} could not be started{self.log_tail()}")
        self._pid = told

    def stop(self) -> None:
        """End the program: politely, and by force after the time of grace."""
        guard, self._guard = self._guard, None
        line, self._line = self._line, None
        if line is not None:
            line.close()  # the guard takes this for the order to end
        if guard is None:
            return
        try:
            guard.wait(timeout=self._grace + 5.0)
        except subprocess.TimeoutExpired:
            guard.kill()
            guard.wait()
        if guard.returncode < 0 and self._pid is not None:  # the guard itself was killed: look after its charge
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)

    def log_tail(self, lines: int = _TAIL_LINES) -> str:
        """The last lines of the log, ready to end an error's text; empty when there are none."""
        try:
            with self.log.open(encoding="utf-8", errors="replace") as log:
                last = deque((line.rstrip() for line in log), maxlen=lines)
        except OSError:
            return ""
        return "".join(f"\n  {self.log.name}: {line}" for line in last if line)

    def _read_pid(self, line: socket.socket) -> int | None:
        line.settimeout(_GUARD_SECONDS)
        received = b""
        while not received.endswith(b"\n"):
            try:
                chunk = line.recv(32)
            except OSError:
                return None
            if not chunk:
                return None
            received += chunk
        return int(received)


def wait_until_ready(part: ChildProcess, probe: Callable[[], bool], seconds: float) -> None:
    """Wait for `probe`; raises `PartFailed` when the program ends before, or when `seconds` have passed."""
    deadline = time.monotonic() + seconds
    while not probe():
        if not part.running:
            raise PartFailed(f"{part.name} ended while it was starting{part.log_tail()}")
        if time.monotonic() > deadline:
            raise PartFailed(f"{part.name} was not ready after {seconds:g} seconds{part.log_tail()}")
        time.sleep(_PROBE_SECONDS)
