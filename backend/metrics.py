"""Figures for Prometheus, on the registry that `Context` carries and never on the library's global one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from backend.context import Context
from backend.database import reading
from backend.errors import LogDamaged
from backend.workers import Worker


class HttpMetrics:
    """Requests by method, route pattern and status, and how long they took."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("method", "route", "status")
        self._requests = Counter("leafproof_http_requests", "Requests answered.", labels, registry=registry)
        self._seconds = Histogram(
            "leafproof_http_request_seconds", "Time to answer.", ("route",), registry=registry
        )

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        known = method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


class StateCollector(Collector):
    """What is read when somebody asks: the logs' sizes, and how the workers fare."""

    def __init__(self, context: Context, workers: Sequence[Worker]) -> None:
        self._context = context
        self._workers = workers

    def describe(self) -> Iterator[Metric]:
        """Nothing: the library must not read the database while it registers this."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The figures of this moment; those of a database that does not answer are left out."""
        restarts = CounterMetricFamily("leafproof_worker_restarts", "Crashes of a worker.", labels=["worker"])
        ready = GaugeMetricFamily("leafproof_worker_ready", "1 when it does its work.", labels=["worker"])
        for worker in self._workers:
            restarts.add_metric([worker.name], worker.restarts)
            ready.add_metric([worker.name], 0 if worker.ready() else 1)
        yield restarts
        yield ready
        sizes = GaugeMetricFamily("leafproof_log_entries", "Entries in the log.", labels=["log"])
        try:
            with reading(self._context.engine) as connection:
                for hosted in self._context.logs:
                    sizes.add_metric([hosted.name], hosted.log.size(connection))
        except (SQLAlchemyError, LogDamaged):
            return
        yield sizes
