"""One of the stage's programs: started, ended and killed by name, any number of times."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from backend.embedded.process import ChildProcess

LEAFPROOF = (sys.executable, "-m", "leafproof.cli.main")


class Part:
    """A `leafproof` command in a process of its own; its output goes to `log`."""

    def __init__(self, name: str, words: Sequence[str], log: Path, environment: dict[str, str]) -> None:
        self.name, self.words, self.log = name, list(words), log
        self.environment = environment
        self._process: ChildProcess | None = None

    @property
    def pid(self) -> int:
        """The process id as it was last started."""
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it is alive."""
        return self._process is not None and self._process.running

    def start(self) -> None:
        """Start it; returns before it is ready."""
        assert not self.running, f"{self.name} runs already"
        environment = {**os.environ, "COLUMNS": "100", **self.environment}
        self._process = ChildProcess(self.name, [*LEAFPROOF, *self.words], self.log, environment=environment)
        self._process.start()

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def ask_to_end(self) -> None:
        """SIGTERM; returns at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def stop(self) -> None:
        """End it politely, by force after a while; safe to call twice."""
        if self._process is not None:
            self._process.stop()

    def tail(self) -> str:
        """The last lines of its log."""
        return self._process.log_tail(8) if self._process is not None else ""
