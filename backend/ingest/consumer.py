"""The worker that brings frames from the broker into the logs and answers the gateways.

The network's thread only fills the intake. This one takes all that waits, has it committed in one transaction,
publishes the signed acknowledgements, and sends the PUBACKs, in the order of arrival; so the group grows with the
load, and one fsync serves it all. It also does what comes round now and then: frames that wait for a key, metering
plans that name readings otherwise, the beacon.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

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
from backend.log.service import HostedLog
from backend.workers import ThreadWorker
from leafproof.errors import LeafproofError
from leafproof.notice import Acknowledgement, sign_acknowledgement

MAX_GROUP = 512  # messages in one transaction: its fsync is then a small part, and nobody waits long for it
ROUND = 1.0  # seconds between looks at what waits
FIRST_PAUSE, LAST_PAUSE = 0.2, 5.0  # seconds, while the database takes nothing
_DATABASE_AWAY = (OperationalError, InterfaceError, InternalError, PoolTimeout, Unavailable)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Partition:
    hosted: HostedLog
    service: IngestService
    beacon: BeaconSource


class IngestWorker(ThreadWorker):
    """Ingest of all logs of this server. `directory` and `anchors` are the chain's side
    (`backend.anchor.registry.Registry` is both)."""

    def __init__(self, context: Context, directory: KeyDirectory, anchors: Anchors, plans: PlanDirectory) -> None:
        """Raises `SettingsError`."""
        super().__init__("ingest")
        self._context = context
        self._plans = plans
        self._metrics = IngestMetrics(context.registry)
        self._partitions = {
            hosted.partition: _Partition(
                hosted,
                IngestService(context.engine, hosted, directory, plans, self._metrics),
                BeaconSource(hosted, anchors),
            )
            for hosted in context.logs
        }
        self._intake = Intake()
        self._link = self._new_link()
        self._trouble: str | None = None
        self._connections = 0
        self._next_round = 0.0
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
        finally:
            self._intake.close()
            self._link.stop()

    def check(self) -> str | None:
        """See `ThreadWorker`."""
        return self._trouble or self._link.trouble

    def _new_link(self) -> Link:
        first = next(iter(self._partitions.values())).hosted.log.ref
        filters = [frames_filter(partition) for partition in self._partitions]
        return Link(self._context.settings, f"leafproof-ingest-{first.log_id.hex()[:16]}", filters, self._intake)

    def _commit(self, group: Sequence[Received], stop: threading.Event) -> None:
        """Commit a group, answer, and only then PUBACK. Without a database it waits, and everything with it."""
        pause = FIRST_PAUSE
        waiting = self._by_partition([one.message for one in group])
        while waiting:
            partition, messages = waiting[0]
            try:
                outcomes = self._process(partition.service, messages)
            except _DATABASE_AWAY as error:
                away = f"the database takes no frames ({type(error).__name__})"
                self._trouble = error.message if isinstance(error, Unavailable) else away
                _log.warning("frames cannot be committed", messages=len(messages), error=str(error)[:300])
                if stop.wait(pause):
                    return  # no PUBACK: the broker sends them again
                pause = min(2 * pause, LAST_PAUSE)
                continue
            self._trouble = None
            self._answer(partition.hosted, outcomes)
            del waiting[0]
        for one in group:
            self._link.done(one)

    def _by_partition(self, messages: Sequence[Message]) -> list[tuple[_Partition, list[Message]]]:
        """Messages by the log that their topic names; what names none goes to the first one's quarantine."""
        first = next(iter(self._partitions))
        found: dict[int, list[Message]] = {}
        for message in messages:
            part = message.topic.split("/", 3)[2:3]
            number = int(part[0]) if part and part[0].isascii() and part[0].isdigit() else first
            found.setdefault(number if number in self._partitions else first, []).append(message)
        return [(self._partitions[number], some) for number, some in found.items()]

    def _process(self, service: IngestService, messages: Sequence[Message]) -> list[Outcome]:
        try:
            return service.process(messages)
        except (*_DATABASE_AWAY, ProgrammingError, LeafproofError):
            raise  # not one message's fault: the database, its schema, a damaged log
        except Exception as error:  # noqa: BLE001 - whatever one message does, the others go on
            _log.exception("a group could not be recorded", messages=len(messages))
            if len(messages) == 1:
                return [service.give_up(messages[0], error)]
        return [outcome for message in messages for outcome in self._process(service, [message])]

    def _answer(self, hosted: HostedLog, outcomes: Sequence[Outcome]) -> None:
        newest: dict[tuple[str, bytes, int], Acknowledgement] = {}
        for outcome in outcomes:
            said = outcome.acknowledgement
            if said is not None:
                newest[outcome.topic, said.gateway, said.epoch] = said
        for (topic, _, _), said in newest.items():
            self._link.publish(ack_topic(topic), sign_acknowledgement(hosted.key, hosted.log.ref, said))

    def _go_round(self) -> None:
        self._link.look()
        try:
            for partition in self._partitions.values():
                self._retry_waiting(partition)
            self._publish_beacons()
            self._follow_plans()
        except _DATABASE_AWAY as error:
            _log.warning("the database does not answer", error=str(error)[:300])

    def _retry_waiting(self, partition: _Partition) -> None:
        outcomes = partition.service.retry_waiting()
        self._answer(partition.hosted, outcomes)
        if len(outcomes) == RETRY_MESSAGES:
            self._next_round = 0.0  # there may be more

    def _publish_beacons(self) -> None:
        if self._link.trouble is not None:
            return
        again, self._connections = self._connections != self._link.connections, self._link.connections
        for partition in self._partitions.values():
            if again:
                partition.beacon.forget()
            with reading(self._context.engine) as connection:
                payload = partition.beacon.due(connection)
            if payload is not None:
                self._link.publish(partition.beacon.topic, payload, retain=True)

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
