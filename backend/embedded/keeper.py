"""Keeping a part alive: watch it, start it again when it dies, give up when it dies too often."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from backend.embedded.errors import PartFailed
from backend.embedded.process import ChildProcess
from leafproof.errors import LeafproofError

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class RestartPolicy:
    """How often a part may die (`restarts` times within `window` seconds), and how long to wait in between."""

    restarts: int = 5
    window: float = 60.0
    first_delay: float = 0.1
    longest_delay: float = 5.0


class Keeper:
    """Runs `launch` for the first time in `start`, and again whenever the part it gave has died.

    `tick` is called from the keeper's thread, every `interval` seconds while the part is alive; it must not raise.
    """

    def __init__(
        self,
        name: str,
        launch: Callable[[], ChildProcess],
        *,
        tick: Callable[[], None] | None = None,
        interval: float = 0.2,
        policy: RestartPolicy | None = None,
    ) -> None:
        self._name = name
        self._launch = launch
        self._tick = tick
        self._interval = interval
        self._policy = policy or RestartPolicy()
        self._deaths: deque[float] = deque()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._part: ChildProcess | None = None
        self.restarts = 0
        self.failure: PartFailed | None = None

    @property
    def part(self) -> ChildProcess:
        """The part as it now runs; raises `PartFailed` when it is not started or was given up."""
        if self.failure is not None:
            raise self.failure
        if self._part is None:
            raise PartFailed(f"{self._name} is not running")
        return self._part

    @property
    def alive(self) -> bool:
        """Whether the part is up at this moment."""
        return self._part is not None and self._part.running

    def start(self) -> None:
        """Start the part and the watch over it; raises what `launch` raises."""
        self._part = self._launch()
        self._ended.clear()
        self._deaths.clear()
        self.failure = None
        self._thread = threading.Thread(target=self._watch, name=f"keeper of {self._name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the part and the watch over it; safe to call twice."""
        self._ended.set()
        # The part first: the watch may be waiting for an answer from it.
        self._end_part()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        # And what the watch was just starting again.
        self._end_part()

    def _end_part(self) -> None:
        part, self._part = self._part, None
        if part is not None:
            part.stop()

    def _watch(self) -> None:
        while not self._ended.wait(self._interval):
            if not self.alive:
                if not self._ended.is_set():
                    self._revive()
            elif self._tick is not None:
                self._tick()

    def _revive(self) -> None:
        """Start the part again, or record that it was given up."""
        now = time.monotonic()
        self._deaths.append(now)
        while self._deaths and now - self._deaths[0] > self._policy.window:
            self._deaths.popleft()
        tail = self._release()
        if len(self._deaths) > self._policy.restarts:
            self.failure = PartFailed(
                f"{self._name} died {len(self._deaths)} times within {self._policy.window:g} seconds{tail}"
            )
            _log.error("embedded part given up", part=self._name, reason=self.failure.message)
            self._ended.set()
            return
        delay = min(self._policy.first_delay * 2 ** (len(self._deaths) - 1), self._policy.longest_delay)
        if self._ended.wait(delay):
            return
        try:
            self._part = self._launch()
        except LeafproofError as error:
            _log.warning("embedded part did not come back", part=self._name, reason=error.message)
            return
        self.restarts += 1
        _log.warning("embedded part died and was started again", part=self._name, restarts=self.restarts)

    def _release(self) -> str:
        part, self._part = self._part, None
        if part is None:
            return ""
        tail = part.log_tail()
        part.stop()
        return tail
