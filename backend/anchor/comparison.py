"""No process takes entries for a log before the log was compared with the chain (docs/adr/0014)."""

from __future__ import annotations

from contextlib import suppress

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from backend.anchor.anchorer import lacks
from backend.anchor.mark import Marks
from backend.anchor.workers import ChainWorker
from backend.context import Context
from backend.database import reading
from backend.errors import LogDamaged
from backend.log.service import TransparencyLog

_log = structlog.get_logger(__name__)


class ComparisonWorker(ChainWorker):
    """Holds each log of this process until it is known to contain the head on the chain, and again when it does
    not. Runs in every process that takes entries, whoever anchors."""

    def __init__(self, context: Context) -> None:
        super().__init__("comparison", context)
        self._marks = Marks(context.settings.data)
        for hosted in context.logs:
            hosted.log.hold("it was not compared with the chain yet")

    def look(self) -> None:
        """See `ChainWorker`."""
        for hosted in self._context.logs:
            size, root = self._chain.head(hosted.log.ref.log_id)
            if size:
                self._marks.put(hosted.log.ref.log_id, size, root)  # also a head that the log lacks
            with reading(self._context.engine) as connection:
                reason = _lacks(connection, hosted.log, size, root)
            if reason is None:
                hosted.log.release()
            else:
                hosted.log.hold(f"{reason}; it continues in a successor")

    def away(self) -> None:
        """See `ChainWorker`: a log that holds the newest head that was ever seen on the chain takes entries all
        the same; an outage of the chain never stops ingestion."""
        with suppress(OperationalError), reading(self._context.engine) as connection:
            for hosted in self._context.logs:
                mark = self._marks.get(hosted.log.ref.log_id)
                if mark is None or hosted.log.held is None:
                    continue
                reason = _lacks(connection, hosted.log, mark.size, bytes.fromhex(mark.root))
                if reason is None:
                    hosted.log.release()
                    _log.warning("the log takes entries without the chain", log=hosted.name, anchored=mark.size)
                else:
                    hosted.log.hold(reason)

    def without_database(self) -> None:
        """See `ChainWorker`: what answers next may be an older copy."""
        for hosted in self._context.logs:
            hosted.log.hold("the database was away, and was not compared with the chain since")

    def check(self) -> str | None:
        """See `ThreadWorker`: also a log that takes nothing."""
        for hosted in self._context.logs:
            if hosted.log.held is not None:
                return f"log {hosted.name} takes nothing: {hosted.log.held}"
        return super().check()


def _lacks(connection: Connection, log: TransparencyLog, size: int, root: bytes) -> str | None:
    """As `lacks`; a log that is damaged is no reason to leave the others uncompared."""
    try:
        return lacks(connection, log, size, root)
    except LogDamaged as error:
        return error.message
