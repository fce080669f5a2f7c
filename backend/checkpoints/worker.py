"""The loop that publishes checkpoints and gathers cosignatures."""

from __future__ import annotations

import threading

import httpx
import structlog
from sqlalchemy.exc import OperationalError

from backend.anchor.registry import Registry
from backend.checkpoints.service import Publisher
from backend.checkpoints.witnesses import WitnessAt
from backend.context import Context
from backend.workers import ThreadWorker

INTERVAL = 1.0  # seconds: a reader who demands witnesses waits for this after an anchor
_log = structlog.get_logger(__name__)


class CheckpointWorker(ThreadWorker):
    """Publishes the checkpoints of this server's logs."""

    def __init__(self, context: Context) -> None:
        """Raises `SettingsError`."""
        super().__init__("checkpoints")
        settings = context.settings
        witnesses = [WitnessAt(key, url) for key, url in settings.cosigners()]
        self._publisher = Publisher(context.engine, context.logs, witnesses, Registry(settings.trust()))

    def run(self, stop: threading.Event) -> None:
        """See `ThreadWorker`."""
        with httpx.Client() as http:
            while not stop.is_set():
                try:
                    self._publisher.step(http)
                except OperationalError:
                    _log.warning("the database does not answer", worker=self.name)
                stop.wait(INTERVAL)

    def check(self) -> str | None:
        """See `ThreadWorker`: a witness that is away is no fault of this server, one that refuses is an alarm."""
        return next(iter(self._publisher.refusals), None)
