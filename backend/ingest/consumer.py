"""The worker that brings one partition's frames from the broker into its log and answers the gateways.

The network's thread only fills the intake. This one takes all that waits, has it committed in one transaction,
publishes the signed acknowledgements, and sends the PUBACKs, in the order of arrival; so the group grows with the
load, and one fsync serves it all. It also does what comes round now and then: frames that wait for a key, metering
plans that name readings otherwise, the beacon.

Where several processes share the partitions, it works under a lease: its session at the broker goes by the log's
id, so that the next holder finds what was not acknowledged; what it would commit after it has lost the lease is
rolled back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress

import structlog
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backend.context import Context
from backend.database import reading, transaction
from backend.errors import Unavailable
from backend.ingest import rollups
from backend.ingest.beacon import Anchors, BeaconSource
from backend.ingest.intake import Intake, Received
from backend.ingest.judge import ack_topic, frames_filter
from backend.ingest.link import Link
from backend.ingest.metrics import IngestMetrics
from backend.ingest.plans import PlanDirectory
from backend.ingest.schemas import Message, Outcome
from backend.ingest.service import RETRY_MESSAGES, IngestService, KeyDirectory
from backend.leases.service import Lease, LeaseLost
from backend.log.service import HostedLog
from backend.workers import ThreadWorker
from leafproof.errors import LeafproofError
from leafproof.notice import Acknowledgement, sign_acknowledgement

MAX_GROUP = 512  # messages in one transaction: its fsync is then a small part, and nobody waits long for it
ROUND = 1.0  # seconds between looks at what waits
TELL = 60.0  # seconds between words about a flood
FIRST_PAUSE, LAST_PAUSE = 0.2, 5.0  # seconds, while the database takes nothing
_DATABASE_AWAY = (OperationalError, InterfaceError, InternalError, PoolTimeout, Unavailable)
_log = structlog.get_logger(__name__)


def session_of(log_id: bytes) -> str:
    """The MQTT client id under which a log's frames are taken, whichever process does it."""
    return f"leafproof-ingest-{log_id.hex()[:16]}"


class PartitionWorker(ThreadWorker):
    """Ingest of one log. `directory` and `anchors` are the chain's side (`backend.anchor.registry.Registry` is
    both). `follows_plans` is true for one of the partitions that share a database: its rollups are one."""

    def __init__(
        self,
        context: Context,
        hosted: HostedLog,
        directory: KeyDirectory,
        anchors: Anchors,
        plans: PlanDirectory,
        metrics: IngestMetrics,
        *,
        lease: Lease | None = None,
        follows_plans: bool = True,
    ) -> None:
        """Raises `SettingsError`."""
        super().__init__(f"ingest {hosted.partition}")
        self._context = context
        self._hosted = hosted
        self._plans = plans
        self._lease = lease
        self._follows_plans = follows_plans
        self._service = IngestService(context.engine, hosted, directory, plans, metrics, lease)
        self._beacon = BeaconSource(hosted, anchors)
        self._intake = Intake()
        self._link = self._new_link()
        self._trouble: str | None = None
        self._connections = 0
        self._next_round = 0.0
        self._told = 0.0
        self._planned: dict[str, int] = {}

    def run(self, stop: threading.Event) -> None:
        """See `ThreadWorker`."""
        self._intake = Intake()
        self._link = self._new_link()
        self._connections = 0
        self._link.start()
        try:
            while not stop.is_set():
                group = self._intake.take(MAX_GROUP, ROUND / 4)
                if group:
                    self._commit(group, stop)
                if time.monotonic() >= self._next_round:
                    self._next_round = time.monotonic() + ROUND
                    self._go_round()
        except LeaseLost as lost:
            _log.warning("frames go to another process now", reason=lost.message)
            self._intake.close()  # first: the network's thread may wait for room in it
            self._link.stop()
            stop.wait()
        finally:
            self._intake.close()
            self._link.stop()
            with suppress(*_DATABASE_AWAY):
                self._count_dropped()

    def check(self) -> str | None:
        """See `ThreadWorker`."""
        return self._trouble or self._link.trouble

    def _new_link(self) -> Link:
        filters = [frames_filter(self._hosted.partition)]
        lease = self._lease
        allowed = None if lease is None else lambda: lease.in_force
        client_id = session_of(self._hosted.log.ref.log_id)
        return Link(self._context.settings, client_id, filters, self._intake, allowed)

    def _commit(self, group: Sequence[Received], stop: threading.Event) -> None:
        """Commit a group, answer, and only then PUBACK. Without a database it waits, and everything with it."""
        pause, messages = FIRST_PAUSE, [one.message for one in group]
        while True:
            try:
                outcomes = self._process(messages)
                break
            except _DATABASE_AWAY as error:
                away = f"the database takes no frames ({type(error).__name__})"
                self._trouble = error.message if isinstance(error, Unavailable) else away
                _log.warning("frames cannot be committed", messages=len(messages), error=str(error)[:300])
                if stop.wait(pause):
                    return  # no PUBACK: the broker sends them again
                pause = min(2 * pause, LAST_PAUSE)
        self._trouble = None
        self._answer(outcomes)
        self._link.done(group)

    def _process(self, messages: Sequence[Message]) -> list[Outcome]:
        try:
            return self._service.process(messages)
        except (*_DATABASE_AWAY, ProgrammingError, LeafproofError):
            raise  # not one message's fault: the database, its schema, a damaged log
        except Exception as error:  # noqa: BLE001 - whatever one message does, the others go on
            _log.exception("a group could not be recorded", messages=len(messages))
            if len(messages) == 1:
                return [self._service.give_up(messages[0], error)]
        return [outcome for message in messages for outcome in self._process([message])]

    def _answer(self, outcomes: Sequence[Outcome]) -> None:
        newest: dict[tuple[str, bytes, int], Acknowledgement] = {}
        for outcome in outcomes:
            said = outcome.acknowledgement
            if said is not None:
                newest[outcome.topic, said.gateway, said.epoch] = said
        for (topic, _, _), said in newest.items():
            self._link.publish(
                ack_topic(topic), sign_acknowledgement(self._hosted.key, self._hosted.log.ref, said)
            )

    def _go_round(self) -> None:
        self._link.look()
        try:
            self._count_dropped()
            self._retry_waiting()
            self._publish_beacon()
            if self._follows_plans:
                self._follow_plans()
        except Unavailable as error:
            _log.warning("a round waits", reason=error.message)
        except _DATABASE_AWAY as error:
            _log.warning("the database does not answer", error=str(error)[:300])

    def _count_dropped(self) -> None:
        """Count what the sieve dropped, now or when the database is there again, and tell of it now and then."""
        dropped = self._link.sieve.take()
        if not dropped:
            return
        try:
            self._service.count_dropped(dropped)
        except _DATABASE_AWAY:
            self._link.sieve.put_back(dropped)
            raise
        if time.monotonic() >= self._told:
            self._told = time.monotonic() + TELL
            one, total = dropped[-1], sum(one.messages for one in dropped)
            _log.warning("much that is no frame comes", topic=one.topic, messages=total, reason=one.reason)

    def _retry_waiting(self) -> None:
        outcomes = self._service.retry_waiting()
        self._answer(outcomes)
        if len(outcomes) == RETRY_MESSAGES:
            self._next_round = 0.0  # there may be more

    def _publish_beacon(self) -> None:
        if self._link.trouble is not None:
            return
        if self._connections != self._link.connections:
            self._connections = self._link.connections
            self._beacon.forget()
        with reading(self._context.engine) as connection:
            payload = self._beacon.due(connection)
        if payload is not None:
            self._link.publish(self._beacon.topic, payload, retain=True)

    def _follow_plans(self) -> None:
        with reading(self._context.engine) as connection:
            versions = self._plans.versions(connection)
        for facility, version in versions.items():
            if self._planned.get(facility) != version:
                with transaction(self._context.engine) as connection:
                    if rollups.follow_plan(connection, self._plans, facility):
                        _log.info(
                            "rollups computed anew after a metering plan", facility=facility, version=version
                        )
                self._planned[facility] = version
