"""Moves one source's readings into the outbox, in a thread of its own, so that a slow meter stops nobody else."""

from __future__ import annotations

import threading
import time

import structlog

from iot_gateway.config import FrameSettings
from iot_gateway.errors import OutboxFull, SourceChanged, SourceFailed
from iot_gateway.outbox import Outbox
from iot_gateway.outbox_file import DAMAGED
from iot_gateway.sources.base import Batch, Source

_FIRST_BACKOFF, _LAST_BACKOFF = 1.0, 60.0
_ROOM_SECONDS = 1.0  # how often a full disk is looked at again

_log = structlog.get_logger(part="source")


class Pump:
    """See the module. `done`: the source came to its end and all of it is in frames; `failed`: it never will."""

    def __init__(self, source: Source, outbox: Outbox, frame: FrameSettings, stop: threading.Event) -> None:
        self.source = source
        self.state = "starting"
        self.done = self.failed = self.disk_full = False
        self._outbox = outbox
        self._stop = stop
        self._readings = max(frame.readings, source.width)  # what belongs together is never parted
        self._seconds = frame.seconds
        self._position: str | None = None
        self._pending = 0
        self._since = 0.0

    def run(self) -> None:
        """Read until the source ends, fails for good, or `stop` is set; then sign what is pending."""
        backoff = _FIRST_BACKOFF
        opened = False
        self._pending = self._outbox.pending(self.source.name)
        while not (self._stop.is_set() or self.done or self.failed):
            try:
                if not opened:
                    self._open()
                    opened = True
                self._step()
                backoff = _FIRST_BACKOFF
            except SourceChanged as error:
                self._say(f"failed: {error.message}")
                self.failed = True
            except SourceFailed as error:
                self._say(f"waiting: {error.message}")
                self.source.close()
                opened = False
                self._stop.wait(backoff)
                backoff = min(backoff * 2, _LAST_BACKOFF)
        self.source.close()
        if self._pending and self._position is not None and not self.disk_full:
            self._store(Batch([], self._position), close_frame=True)

    def _open(self) -> None:
        self._position = self._outbox.position(self.source.name)
        damaged = sorted(self._outbox.folder.glob(f"{DAMAGED}*.sqlite"))
        if self._position is None and self.source.finite and damaged:
            raise SourceChanged(
                f"the outbox was damaged and stands aside as {damaged[-1].name}; how far this source was read is "
                "known only there. To go on, set `from` to where it should begin and move that file elsewhere"
            )
        self.source.open(self._position)

    def _step(self) -> None:
        self._wait_for_room()
        if self._stop.is_set():
            return
        batch = self.source.read(max(self.source.width, self._readings - self._pending))
        self._say("done" if batch.done else "reading")
        now = time.monotonic()
        if batch.readings and not self._pending:
            self._since = now
        held = self._pending + len(batch.readings)
        full = held + self.source.width > self._readings
        old = held > 0 and now - self._since >= self._seconds
        close_frame = full or old or batch.done
        if batch.readings or batch.rejected or (held and close_frame) or batch.position != self._position:
            self._store(batch, close_frame=close_frame)
        for rejected in batch.rejected[:10]:
            _log.warning("rejected", source=self.source.name, line=rejected.line, reason=rejected.reason)
        self.done = batch.done and not self._stop.is_set()
        if not batch.done:
            left = self._seconds - (now - self._since) if self._pending else batch.wait
            self._stop.wait(max(0.0, min(batch.wait, left)))

    def _wait_for_room(self) -> None:
        while not self._outbox.has_room() and not self._stop.is_set():
            self._full(True)
            self._stop.wait(_ROOM_SECONDS)
        if not self._stop.is_set():
            self._full(False)

    def _store(self, batch: Batch, *, close_frame: bool) -> None:
        """Store, or wait until it can be; a batch that a stop cuts off here was never taken."""
        while True:
            try:
                self._outbox.store(
                    self.source.name, self.source.mode, batch, int(time.time()), close_frame=close_frame
                )
            except OutboxFull as error:
                self._full(True, error.message)
                if self._stop.wait(_ROOM_SECONDS):
                    return
                continue
            self._full(False)
            self._position = batch.position
            self._pending = 0 if close_frame else self._pending + len(batch.readings)
            return

    def _full(self, full: bool, reason: str = "") -> None:
        if full != self.disk_full:
            self.disk_full = full
            if full:
                _log.error(
                    "no room: this source is not read until there is", source=self.source.name, reason=reason
                )
            else:
                _log.info("there is room again", source=self.source.name)

    def _say(self, state: str) -> None:
        if state != self.state:
            self.state = state
            _log.info("source", source=self.source.name, state=state)
