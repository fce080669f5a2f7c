"""What goes on by itself: closed runs become records, and what the chain refused is asked again."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from sqlalchemy import Connection, Engine

from backend.anchor.registry import Registry
from backend.context import Context
from backend.corrections import late
from backend.database import reading, transaction
from backend.production import pointing, recording, repository, runs
from backend.production.keystore import FileSigner
from backend.production.repository import Row
from backend.production.statements import Desk
from backend.workers import ThreadWorker
from leafproof.errors import LeafproofError

INTERVAL = 1.0  # seconds between looks
RETRY_EVERY = 60  # looks between two looks at what the chain refused
PAGE = 200  # runs looked at in one snapshot
_BEHIND = "waits for readings: the line's gateways have not come to the end of the run"
_log = structlog.get_logger(__name__)


class Recorder:
    """One look at everything that waits; tests call it themselves. `recorded` is told after each look that
    recorded something, for instance so that an anchor is made at once."""

    def __init__(
        self,
        engine: Engine,
        desk: Desk,
        grace: int = recording.GRACE,
        recorded: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._desk = desk
        self._grace = grace
        self._recorded = recorded

    def step(self) -> int:
        """Record every closed run that can be; how many. A run that cannot be says why in its `problem`, and
        does not keep the others."""
        count, after = 0, (-1, "")
        # Lines whose gateways have not come to the end of a run: nor have they to that of a later one.
        behind: set[tuple[str, str]] = set()
        while True:
            with reading(self._engine) as connection:
                page = repository.closed_runs(connection, after, PAGE)
            for row in page:
                count += self._look(row, behind)
            if len(page) < PAGE:
                break
            after = (page[-1]["closed"], page[-1]["id"])
        if count:
            self._recorded()
        return count

    def retry(self, registry: Registry) -> int:
        """Ask the chain again for what it refused a while ago; how many transactions."""
        with transaction(self._engine) as connection:
            return pointing.retry(connection, self._desk, registry)

    def late(self) -> int:
        """Supersede records whose gaps were filled by frames that came late; how many."""
        count = late.look(self._engine, self._desk)
        if count:
            self._recorded()
        return count

    def _look(self, row: Row, behind: set[tuple[str, str]]) -> bool:
        """Whether the run was recorded now."""
        line = (row["facility"], row["line"])
        overdue = recording.is_overdue(row, self._desk.now(), self._grace)
        if line in behind and not overdue:
            return False
        try:
            with reading(self._engine) as connection:
                reached = overdue or recording.has_come_to_the_end(connection, self._desk, row)
                problem = self._obstacle(connection, row["id"]) if reached else _BEHIND
                single = len(repository.segments_of(connection, row["id"])) == 1
            if not reached and single:  # of several lines another may be the late one
                behind.add(line)
            if problem is None:
                with transaction(self._engine) as connection:
                    problem = recording.record_run(connection, self._desk, row["id"], self._grace)
        except LeafproofError as error:
            problem = error.message
        if problem is not None:
            self._note(row["id"], problem)
        return problem is None

    def _obstacle(self, connection: Connection, run_id: str) -> str | None:
        """As `recording.record_run` would say it, but without holding up those who write."""
        run = runs.find(connection, run_id)
        found = recording.gather(connection, self._desk, run)
        return recording.obstacle(connection, self._desk, run, found, self._grace)

    def _note(self, run_id: str, problem: str) -> None:
        with reading(self._engine) as connection:
            known = runs.find(connection, run_id)["problem"]
        if known != problem:
            _log.info("a run is not recorded yet", run=run_id, reason=problem)
            with transaction(self._engine) as connection:
                repository.update_run(connection, run_id, problem=problem)


def desk_of(context: Context) -> Desk:
    """The desk of a running backend: its logs, and the issuer keys in its keys folder."""
    return Desk(context.logs, FileSigner(context.settings.keys_folder))


class ProductionWorker(ThreadWorker):
    """`Recorder`, once a second; `recorded` is told when there is something to anchor."""

    def __init__(self, context: Context, recorded: Callable[[], None]) -> None:
        super().__init__("production")
        self._recorder = Recorder(context.engine, desk_of(context), recorded=recorded)
        self._registry = Registry(context.settings.trust())

    def run(self, stop: threading.Event) -> None:
        """See `ThreadWorker`."""
        looks = 0
        while not stop.is_set():
            self._recorder.step()
            if looks % RETRY_EVERY == 0:
                self._recorder.retry(self._registry)
                self._recorder.late()
            looks += 1
            stop.wait(INTERVAL)
