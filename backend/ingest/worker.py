"""Ingest of all logs of this server: one worker a partition, shared out among processes on one PostgreSQL."""

from __future__ import annotations

import functools

from backend.context import Context
from backend.ingest.beacon import Anchors
from backend.ingest.consumer import PartitionWorker
from backend.ingest.metrics import IngestMetrics
from backend.ingest.plans import PlanDirectory
from backend.ingest.service import KeyDirectory
from backend.leases.service import LEASE_SECONDS, Lease, Leases
from backend.leases.workers import SharedWorkers
from backend.log.service import HostedLog

KIND = "ingest"


class IngestWorker(SharedWorkers):
    """A worker for each partition whose lease this process holds; on SQLite, for each partition.

    A lease's `seconds` are how long the others wait for a process that died.
    """

    def __init__(
        self,
        context: Context,
        directory: KeyDirectory,
        anchors: Anchors,
        plans: PlanDirectory,
        seconds: int = LEASE_SECONDS,
    ) -> None:
        metrics = IngestMetrics(context.registry)
        hosted = {str(one.partition): one for one in context.logs}
        first = min(hosted, key=int)

        def make(one: HostedLog, lease: Lease | None) -> PartitionWorker:
            follows = str(one.partition) == first
            return PartitionWorker(
                context, one, directory, anchors, plans, metrics, lease=lease, follows_plans=follows
            )

        shared = context.engine.dialect.name == "postgresql"
        super().__init__(
            KIND,
            {name: functools.partial(make, one) for name, one in hosted.items()},
            Leases(context.engine, KIND, list(hosted), seconds) if shared else None,
        )
