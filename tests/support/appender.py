"""Processes that append to a log until they are done or killed."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from sqlalchemy import Engine

from backend import database
from backend.log.service import stored_logs
from tests.support.storage import statements

# Children are forked from a server process that has imported this once: importing takes longer than appending.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


class Appender:
    """One such process; `told` collects the statement ids of batches whose commit it reported."""

    def __init__(self, engine: Engine, first: int, batches: int) -> None:
        """Appends `batches` batches of many sizes; their contents are numbered from `first`."""
        url = engine.url.render_as_string(hide_password=False)
        self._pipe, theirs = _CONTEXT.Pipe(duplex=False)
        self.process: BaseProcess = _CONTEXT.Process(target=_append, args=(url, first, batches, theirs))
        self.process.start()
        theirs.close()
        self.told: set[bytes] = set()

    def listen(self) -> bool:
        """Wait for the next commit; False when the process has ended."""
        try:
            data = self._pipe.recv_bytes()
        except (EOFError, OSError):  # OSError: killed while it was telling
            return False
        self.told.update(data[i : i + 32] for i in range(0, len(data), 32))
        return True

    def finish(self) -> int | None:
        """Listen to the end; the exit code, negative for a signal's number."""
        while self.listen():
            pass
        self._pipe.close()
        self.process.join(60)
        return self.process.exitcode


def _append(url: str, first: int, batches: int, tell: Connection) -> None:
    engine = database.create(url)
    with database.reading(engine) as connection:
        (log,) = stored_logs(connection)
    for number in range(batches):
        batch = statements(1 + number * 37 % 90, first + number * 100)
        with database.transaction(engine) as connection:
            log.append(connection, batch)
        tell.send_bytes(b"".join(e.envelope.statement_id for e in batch))
    engine.dispose()
