"""How things stand with the chain, read from the database alone: for `/v1/chain`, metrics and alarms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from backend.anchor.anchorer import Alarm, stopped
from backend.anchor.registry import Registry
from backend.anchor.tables import chain_cursor, chain_transactions
from backend.context import Context
from backend.database import reading
from backend.errors import LogDamaged
from backend.log.service import HostedLog
from leafproof.chain.view import Head


@dataclass(frozen=True, slots=True)
class LogAnchor:
    """A log of this server: its size, its newest final head, the alarm that stopped it."""

    hosted: HostedLog
    size: int
    anchor: Head | None
    alarm: Alarm | None

    @property
    def waiting(self) -> int:
        """Entries that no final head covers yet."""
        return self.size - (self.anchor.size if self.anchor else 0)


@dataclass(frozen=True, slots=True)
class ChainStatus:
    """`read_to`: number and time of the newest block whose events are here; transactions by state; hashes of
    others' transactions that were final and vanished."""

    read_to: tuple[int, int] | None
    logs: tuple[LogAnchor, ...]
    transactions: dict[str, int]
    missing: tuple[bytes, ...]


def chain_status(connection: Connection, context: Context, registry: Registry) -> ChainStatus:
    """The status of this moment."""
    cursor = connection.execute(sa.select(chain_cursor)).one_or_none()
    counts = sa.select(chain_transactions.c.state, sa.func.count()).group_by(chain_transactions.c.state)
    logs = []
    for hosted in context.logs:
        log_id = hosted.log.ref.log_id
        logs.append(
            LogAnchor(
                hosted,
                hosted.log.size(connection),
                registry.latest_anchor(connection, log_id),
                stopped(connection, log_id),
            )
        )
    return ChainStatus(
        None if cursor is None else (cursor.block_number, cursor.block_time),
        tuple(logs),
        {row[0]: row[1] for row in connection.execute(counts)},
        tuple(registry.missing(connection)),
    )


class ChainCollector(Collector):
    """The same for Prometheus; read when somebody asks."""

    def __init__(self, context: Context, registry: Registry) -> None:
        self._context = context
        self._registry = registry

    def describe(self) -> Iterator[Metric]:
        """Nothing: the library must not read the database while it registers this."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The figures of this moment; those of a database that does not answer are left out."""
        try:
            with reading(self._context.engine) as connection:
                now = chain_status(connection, self._context, self._registry)
        except (SQLAlchemyError, LogDamaged):
            return
        anchored = GaugeMetricFamily("leafproof_anchored_entries", "Entries in the final head.", labels=["log"])
        waiting = GaugeMetricFamily("leafproof_unanchored_entries", "Entries in no final head.", labels=["log"])
        alarm = GaugeMetricFamily("leafproof_log_stopped", "1 when the chain holds another log.", labels=["log"])
        for log in now.logs:
            anchored.add_metric([log.hosted.name], log.size - log.waiting)
            waiting.add_metric([log.hosted.name], log.waiting)
            alarm.add_metric([log.hosted.name], 0 if log.alarm is None else 1)
        yield from (anchored, waiting, alarm)
        states = GaugeMetricFamily("leafproof_chain_transactions", "Transactions by state.", labels=["state"])
        for state in ("queued", "sent", "final", "failed"):
            states.add_metric([state], now.transactions.get(state, 0))
        yield states
        yield GaugeMetricFamily(
            "leafproof_chain_missing", "Others' transactions that vanished.", value=len(now.missing)
        )
        if now.read_to is not None:
            yield GaugeMetricFamily("leafproof_chain_block", "Newest final block read.", value=now.read_to[0])
