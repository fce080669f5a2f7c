"""What ingest tells Prometheus."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from backend.ingest.schemas import Kind, Outcome, Refused
from backend.ingest.sieve import Dropped


class IngestMetrics:
    """One set of metrics in one registry, whatever the number of logs."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._messages = Counter(
            "leafproof_ingest_messages", "Messages by what became of them", ["outcome"], registry=registry
        )
        self._readings = Counter(
            "leafproof_ingest_readings", "Readings of frames that were logged", registry=registry
        )
        self._quarantined = Counter(
            "leafproof_ingest_quarantined",
            "Messages refused by reason, kept in quarantine or not",
            ["reason"],
            registry=registry,
        )
        self._waiting = Gauge(
            "leafproof_ingest_waiting", "Messages whose key is not registered", ["partition"], registry=registry
        )
        self._commit = Histogram(
            "leafproof_ingest_commit_seconds", "From the first message of a group to its commit", registry=registry
        )

    def committed(self, outcomes: Sequence[Outcome], refused: Sequence[Refused], seconds: float) -> None:
        """A group of messages is on disk; `refused` went to the quarantine with it."""
        for kind, count in Tally(outcome.kind for outcome in outcomes).items():
            self._messages.labels(kind.value).inc(count)
        for reason, count in Tally(one.reason for one in refused).items():
            self._quarantined.labels(reason.value).inc(count)
        self._readings.inc(sum(outcome.readings for outcome in outcomes))
        self._commit.observe(seconds)

    def dropped(self, dropped: Sequence[Dropped]) -> None:
        """Messages that the sieve dropped."""
        for one in dropped:
            self._messages.labels(Kind.QUARANTINED.value).inc(one.messages)
            self._quarantined.labels(one.reason.value).inc(one.messages)

    def waiting(self, partition: int, messages: int) -> None:
        """How many messages wait."""
        self._waiting.labels(str(partition)).set(messages)
