"""Background workers: what runs beside the HTTP server, in threads with database connections of their own.

A worker that raises is started again after a pause that doubles from `FIRST_PAUSE` to `LAST_PAUSE`; its crash
is logged, counted (`restarts`) and makes `ready()` say so until `run` has lived for `LAST_PAUSE`.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from typing import Protocol

import structlog

FIRST_PAUSE = 0.5  # seconds
LAST_PAUSE = 30.0  # seconds
STOP_WAIT = 20.0  # seconds that `stop` waits: longer than any one transaction or call to the chain
_log = structlog.get_logger(__name__)


class Worker(Protocol):
    """What `backend.bootstrap` is handed: started once before the server listens, stopped once after it."""

    @property
    def name(self) -> str:
        """One word, such as `ingest`: the label in metrics and in `/readyz`."""

    @property
    def restarts(self) -> int:
        """How often it crashed and was started again."""

    def start(self) -> None:
        """Begin, and return at once."""

    def stop(self) -> None:
        """Ask it to end and wait for that, at most `STOP_WAIT`; does nothing when it is not running."""

    def ready(self) -> str | None:
        """None when it does its work, else one sentence saying why not."""


class ThreadWorker(ABC):
    """A `Worker` whose `run` goes on in one supervised thread.

    Subclasses write `run(stop)`: it works until `stop` is set (wait with `stop.wait(seconds)`, never
    `time.sleep`), may raise at any time, and must be callable again after that. They may override `check` to
    say why they are not ready although they run.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._restarts = 0
        self._crash: str | None = None

    @property
    def name(self) -> str:
        """See `Worker`."""
        return self._name

    @property
    def restarts(self) -> int:
        """See `Worker`."""
        return self._restarts

    @abstractmethod
    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""

    def check(self) -> str | None:
        """Why the worker is not ready although it runs; None when it is."""
        return None

    def start(self) -> None:
        """See `Worker`."""
        if self._thread is not None:
            return
        self._stop = threading.Event()  # a new one: a thread that did not stop in time must still end
        self._thread = threading.Thread(target=self._supervise, args=(self._stop,), name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """See `Worker`."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._stop.set()
        thread.join(STOP_WAIT)
        if thread.is_alive():
            _log.error("a worker did not stop in time", worker=self._name, seconds=STOP_WAIT)

    def ready(self) -> str | None:
        """See `Worker`."""
        if self._thread is None:
            return "not started"
        return self._crash or self.check()

    def _supervise(self, stop: threading.Event) -> None:
        pause = FIRST_PAUSE
        while not stop.is_set():
            started = time.monotonic()
            forget = threading.Timer(LAST_PAUSE, self._forget_crash)
            forget.daemon = True
            forget.start()
            try:
                self.run(stop)
                error: str | None = None if stop.is_set() else "it ended by itself"
            except Exception as crash:  # noqa: BLE001 - a supervisor outlives whatever its worker raises
                error = f"{type(crash).__name__}: {crash}"
                _log.exception("a worker crashed", worker=self._name)
            finally:
                forget.cancel()
            if error is None:
                return
            if time.monotonic() - started > LAST_PAUSE:
                pause = FIRST_PAUSE
            self._restarts += 1
            self._crash = f"crashed {self._restarts} times, last: {error}"
            stop.wait(pause)
            pause = min(2 * pause, LAST_PAUSE)

    def _forget_crash(self) -> None:
        self._crash = None
