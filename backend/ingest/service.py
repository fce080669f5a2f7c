"""Ingest without MQTT: groups of messages in, each group one transaction, and what to tell the gateways.

What must hold, whatever is killed when:

1. A frame, its place in its stream, its entry in the log and its share of the rollups are committed together or
   not at all. `process` returns only after the commit; nothing may be acknowledged before.
2. An authentic frame is always logged, whatever its times, gaps and links look like: those are flagged.
3. A (gateway, epoch, sequence) has one first statement. The same statement again changes nothing and is
   acknowledged again; another statement is an equivocation: logged too, kept and reported. Of two readings for the
   same second the rollups count the one that was logged first.
4. An acknowledgement names the contiguous part of an epoch alone, and the largest index in it, whatever order
   the frames came in: once a head with more entries is anchored, it covers them all.

All of it happens under the log's lock, so that each row has one writer; two processes that work on one log by
mistake take turns. Where a lease says which of them works (`backend.leases`), it is checked under that lock.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection, Engine

from backend import database
from backend.ingest import quarantine, waiting
from backend.ingest.judge import Judge, KeyLookup
from backend.ingest.metrics import IngestMetrics
from backend.ingest.plans import PlanDirectory
from backend.ingest.record import Recorder
from backend.ingest.schemas import Accepted, Kind, Message, Outcome, Reason, Refused, Unregistered, Verdict
from backend.ingest.sieve import Dropped
from backend.leases.service import Lease
from backend.log import repository as log_repository
from backend.log.service import HostedLog

RETRY_MESSAGES = 500  # of those waiting, in one transaction


class KeyDirectory(Protocol):
    """Which keys the chain names, by the newest final block that this server has read."""

    def lookup(self, connection: Connection) -> KeyLookup:
        """Answers, as of now: the key of this id, with a valid proof of possession; None where there is none."""


class IngestService:
    """Ingest of one log. Not for several threads at once."""

    def __init__(
        self,
        engine: Engine,
        hosted: HostedLog,
        directory: KeyDirectory,
        plans: PlanDirectory,
        metrics: IngestMetrics,
        lease: Lease | None = None,
    ) -> None:
        self._engine = engine
        self._hosted = hosted
        self._directory = directory
        self._plans = plans
        self._metrics = metrics
        self._lease = lease

    def process(self, messages: Sequence[Message]) -> list[Outcome]:
        """What became of each message, in order, committed. Raises `LeaseLost`, and what the database
        raises; then nothing of the group was kept, and the same messages may be given again."""
        started = time.monotonic()
        verdicts = self._judge(messages)
        with database.transaction(self._engine) as connection:
            outcomes, refused = self._record(connection, verdicts)
        self._metrics.committed(outcomes, refused, time.monotonic() - started)
        return outcomes

    def retry_waiting(self) -> list[Outcome]:
        """Judge messages again whose key was not registered when they came, and now is; up to `RETRY_MESSAGES`.
        Raises like `process`."""
        started, log = time.monotonic(), self._hosted.log.number
        with database.reading(self._engine) as connection:
            self._metrics.waiting(self._hosted.partition, waiting.count(connection, log))
            known = self._directory.lookup(connection)
            registered = [key for key in waiting.key_ids(connection, log) if known(key) is not None]
        if not registered:
            return []
        with database.transaction(self._engine) as connection:
            log_repository.state(connection, log, lock=True)
            taken = waiting.take(connection, log, registered, RETRY_MESSAGES)
            outcomes, refused = self._record(connection, self._judge(taken))
        self._metrics.committed(outcomes, refused, time.monotonic() - started)
        return outcomes

    def give_up(self, message: Message, error: Exception) -> Outcome:
        """Put a message aside that `process` failed on, alone and not for want of a database, so that it does not
        keep all others out."""
        refused = Refused(message, Reason.UNFORESEEN, f"{type(error).__name__} while recording")
        with database.transaction(self._engine) as connection:
            outcomes, _ = self._record(connection, [refused])
        self._metrics.committed(outcomes, [refused], 0.0)
        return outcomes[0]

    def count_dropped(self, dropped: Sequence[Dropped]) -> None:
        """Add to the counts what the sieve dropped. Raises like `process`."""
        with database.transaction(self._engine) as connection:
            quarantine.count_dropped(connection, dropped)
        self._metrics.dropped(dropped)

    def _judge(self, messages: Sequence[Message]) -> list[Verdict]:
        log = self._hosted.log
        with database.reading(self._engine) as connection:
            return Judge(log.ref, log.partition, self._directory.lookup(connection)).judge(messages)

    def _record(self, connection: Connection, verdicts: Sequence[Verdict]) -> tuple[list[Outcome], list[Refused]]:
        log = self._hosted.log
        log.check_released()  # what came before is not acknowledged again either
        log_repository.state(connection, log.number, lock=True)
        if self._lease is not None:
            self._lease.check(connection)
        accepted = [v for v in verdicts if isinstance(v, Accepted)]
        recorded = iter(Recorder(connection, self._hosted, self._plans).record(accepted))
        refused = [v for v in verdicts if isinstance(v, Refused)]
        refused += waiting.add(connection, log.number, [v for v in verdicts if isinstance(v, Unregistered)])
        quarantine.add(connection, refused)
        return [next(recorded) if isinstance(v, Accepted) else _aside(v) for v in verdicts], refused


def _aside(verdict: Refused | Unregistered) -> Outcome:
    if isinstance(verdict, Refused):
        return Outcome(verdict.message.topic, Kind.QUARANTINED, verdict.reason)
    return Outcome(verdict.message.topic, Kind.WAITING)
