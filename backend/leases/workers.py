"""Workers that run only as long as this process holds their lease; several processes share them out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from backend.leases.service import Holding, Lease, Leases
from backend.workers import ThreadWorker, Worker

_NOT_YET = "has not begun yet"
_log = structlog.get_logger(__name__)

Maker = Callable[[Lease | None], Worker]
"""Makes the worker of one name. It is given None where one process does everything."""


@dataclass(frozen=True, slots=True)
class _Running:
    lease: Lease
    worker: Worker
    before: int  # restarts of an object that ran before

    @property
    def restarts(self) -> int:
        """Under this lease."""
        return self.worker.restarts - self.before


class SharedWorkers(ThreadWorker):
    """One worker a name: all of them without `leases`, else those whose lease this process holds.

    A worker whose lease ended is stopped beside the renewals: it may wait for a lock while the others go on.
    """

    def __init__(self, name: str, makers: Mapping[str, Maker], leases: Leases | None) -> None:
        super().__init__(name)
        self._makers = makers
        self._leases = leases
        self._alone: list[Worker] = []
        self._running: dict[str, _Running] = {}
        self._leaving: dict[str, threading.Thread] = {}
        self._trouble: str | None = _NOT_YET
        self._past_restarts = 0

    @property
    def restarts(self) -> int:
        """See `Worker`: with those of the workers inside."""
        leased = sum(one.restarts for one in list(self._running.values()))
        alone = sum(one.restarts for one in self._alone)
        return super().restarts + self._past_restarts + leased + alone

    def run(self, stop: threading.Event) -> None:
        """See `ThreadWorker`."""
        if self._leases is None:
            self._run_all(stop)
        else:
            self._run_leased(self._leases, stop)

    def check(self) -> str | None:
        """See `ThreadWorker`: the first trouble of a worker inside."""
        return self._trouble or next((said for one in self._workers() if (said := one.ready())), None)

    def _workers(self) -> list[Worker]:
        return [*self._alone, *(one.worker for one in list(self._running.values()))]

    def _run_all(self, stop: threading.Event) -> None:
        self._alone = [make(None) for make in self._makers.values()]
        try:
            for worker in self._alone:
                worker.start()
            self._trouble = None
            stop.wait()
        finally:
            for worker in self._alone:
                worker.stop()

    def _run_leased(self, leases: Leases, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                self._round(leases)
                stop.wait(leases.interval)
        finally:
            for name in list(self._running):
                self._leave(name)
            for thread in self._leaving.values():
                thread.join()
            self._leaving.clear()
            try:
                leases.leave()
            except SQLAlchemyError as error:  # they end by themselves
                _log.warning("leases could not be given back", kind=leases.kind, error=type(error).__name__)

    def _round(self, leases: Leases) -> None:
        try:
            holding = leases.renew()
            trouble = None
        except SQLAlchemyError as error:
            self._trouble = trouble = f"leases cannot be renewed ({type(error).__name__})"
            _log.warning("leases cannot be renewed", kind=leases.kind, error=str(error)[:300])
            if leases.in_force:
                return
            holding = Holding({}, ())
        for name in [name for name, thread in self._leaving.items() if not thread.is_alive()]:
            del self._leaving[name]
        for name, running in list(self._running.items()):
            if holding.held.get(name) != running.lease or name in holding.surplus:
                self._leave(name)
        for name in holding.held.keys() - self._running.keys() - self._leaving.keys() - set(holding.surplus):
            self._start(holding.held[name])
        self._trouble = trouble
        self._give_back(leases, [name for name in holding.surplus if name not in self._leaving])

    def _start(self, lease: Lease) -> None:
        _log.info("a lease begins", kind=lease.leases.kind, name=lease.name, token=lease.token)
        worker = self._makers[lease.name](lease)
        before = worker.restarts
        worker.start()
        self._running[lease.name] = _Running(lease, worker, before)

    def _leave(self, name: str) -> None:
        running = self._running.pop(name)
        _log.info("a lease ends", kind=running.lease.leases.kind, name=name, token=running.lease.token)
        self._past_restarts += running.restarts
        thread = threading.Thread(target=running.worker.stop, name=f"{self.name}-leaves-{name}", daemon=True)
        thread.start()
        self._leaving[name] = thread

    def _give_back(self, leases: Leases, names: list[str]) -> None:
        if not names:
            return
        try:
            leases.release(names)
        except SQLAlchemyError as error:  # the next round tries again
            _log.warning("leases could not be given back", kind=leases.kind, error=type(error).__name__)


def single(engine: Engine, worker: Worker) -> Worker:
    """`worker`, running in one process at a time of those that share this database: in the one that came first.

    For what would do no harm twice, but be done twice; on SQLite, whose one process it is, the worker itself.
    """
    if engine.dialect.name != "postgresql":
        return worker
    return SharedWorkers(worker.name, {"one": lambda _lease: worker}, Leases(engine, worker.name, ["one"]))
