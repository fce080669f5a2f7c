"""The running gateway: outbox, one pump a source, publisher, heartbeats, and the page that tells of them."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import asdict

import structlog

from iot_gateway.config import Config, log_key
from iot_gateway.errors import OutboxFull
from iot_gateway.outbox import open_outbox
from iot_gateway.page import Page
from iot_gateway.publisher import Publisher
from iot_gateway.pump import Pump
from iot_gateway.sources.base import Source
from iot_gateway.sources.build import build
from iot_gateway.witness import NOT_CONFIGURED, Witness
from leafproof.errors import InvalidInput
from leafproof.keys import SigningKey

_TURN_SECONDS = 0.25
_PAGE_SECONDS = 1.0
_JOIN_SECONDS = 30.0

_log = structlog.get_logger(part="gateway")


def mode_of(sources: list[Source]) -> str:
    """What a heartbeat is: live where anything is, else simulated where anything is, else recorded."""
    modes = {source.mode for source in sources}
    return next(mode for mode in ("live", "simulated", "recorded") if mode in modes)


class Gateway:
    """Runs until `stop` is set, or, on demand, until all there is has been acknowledged by the log."""

    def __init__(self, config: Config, key: SigningKey, stop: threading.Event) -> None:
        """Raises `InvalidInput`, `OutboxInUse`, `OutboxUnusable`."""
        self._config = config
        self._stop = stop
        self._failed = False
        sources = [build(settings) for settings in config.source]
        verification_key = log_key(config.log)
        self._mode = mode_of(sources)
        self._finite = any(source.finite for source in sources)
        self._outbox = open_outbox(config, key)
        self._halt = threading.Event()  # ends publisher and witness, after the sources
        self._publisher = Publisher(config, verification_key, self._outbox, self._halt)
        self._pumps = [Pump(source, self._outbox, config.frame, stop) for source in sources]
        self._witness = None
        if config.witness is not None:
            self._witness = Witness(config, config.witness, self._outbox, self._halt)
        self._page = Page(config.gateway.data)
        self._written = 0.0

    def run(self, *, until_done: bool = False) -> bool:
        """Work; returns whether all went well. Raises `InvalidInput` where `until_done` could never come."""
        if until_done and not self._finite:
            raise InvalidInput("--until-done", "no source of this gateway ever comes to an end")
        if self._outbox.set_aside:
            _log.error(
                "the outbox was damaged and is set aside, nothing deleted", file=str(self._outbox.set_aside)
            )
        if not self._begin():
            return not self._failed
        readers = [self._thread(pump.source.name, pump.run) for pump in self._pumps]
        others = [self._thread("publisher", self._publisher.run)]
        if self._witness is not None:
            others.append(self._thread("witness", self._witness.run))
        while not self._stop.wait(_TURN_SECONDS):
            self._turn()
            if until_done and self._finished():
                break
        self._stop.set()
        for thread in readers:
            thread.join(_JOIN_SECONDS)
        self._halt.set()
        for thread in others:
            thread.join(_JOIN_SECONDS)
        self._end()
        return not self._failed and not (until_done and any(pump.failed for pump in self._pumps))

    def _begin(self) -> bool:
        while not self._stop.is_set():
            try:
                opening = self._outbox.begin_epoch(self._mode, time.time())
            except OutboxFull as error:
                _log.error("no room to begin", reason=error.message)
                self._tell("no room", disk_full=True)
                self._stop.wait(1.0)
                continue
            _log.info("epoch", reason=opening.reason, started_at=opening.started_at, stopped_at=opening.stopped_at)
            return True
        return False

    def _turn(self) -> None:
        if self._outbox.idle() >= self._config.gateway.heartbeat:
            try:
                self._outbox.heartbeat(self._mode, int(time.time()))
            except OutboxFull as error:
                _log.error("a heartbeat could not be stored", reason=error.message)
        if time.monotonic() - self._written >= _PAGE_SECONDS:
            self._tell("running", disk_full=any(pump.disk_full for pump in self._pumps))

    def _finished(self) -> bool:
        finite = [pump for pump in self._pumps if pump.source.finite]
        if any(pump.failed for pump in finite):
            return True
        return all(pump.done for pump in finite) and not self._outbox.count_unacknowledged()

    def _end(self) -> None:
        try:
            if not self._failed:
                self._outbox.stop(int(time.time()))
        except OutboxFull as error:
            _log.error("the clean stop could not be stored", reason=error.message)
        self._tell("stopped", disk_full=any(pump.disk_full for pump in self._pumps))
        self._page.close()
        self._outbox.close()
        _log.info("stopped")

    def _tell(self, state: str, *, disk_full: bool) -> None:
        self._written = time.monotonic()
        self._page.write(
            {
                "state": state,
                "pid": os.getpid(),
                "written_at": time.time(),
                "disk_full": disk_full,
                "broker": asdict(self._publisher.report),
                "witness": self._witness.state if self._witness is not None else NOT_CONFIGURED,
                "sources": {pump.source.name: pump.state[:300] for pump in self._pumps},
            }
        )

    def _thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """A thread whose unforeseen end is everybody's: the gateway stops rather than limps."""

        def guarded() -> None:
            try:
                work()
            except sqlite3.DatabaseError as error:
                _log.critical("the outbox is damaged; start again, and it is set aside", reason=str(error))
                self._failed = True
                self._stop.set()
            except BaseException:
                _log.exception("a part of the gateway broke down", part=name)
                self._failed = True
                self._stop.set()
                raise

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        return thread
