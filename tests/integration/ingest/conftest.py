"""Both databases, and an ingest service on each."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from backend import database
from backend.ingest.metrics import IngestMetrics
from backend.ingest.plans import LoggedPlans
from backend.ingest.service import IngestService
from backend.log.service import HostedLog
from tests.support.storage import (  # noqa: F401
    LOG_KEY,
    engine,
    migrated_postgres,
    migrated_sqlite,
    open_test_log,
    postgres_engine,
)
from tests.support.stream import KeyRing, Stream


@pytest.fixture
def stream() -> Stream:
    return Stream()


@pytest.fixture
def ring(stream: Stream) -> KeyRing:
    return KeyRing(stream.registered())


@pytest.fixture
def new_service(engine: Engine, ring: KeyRing) -> Callable[[], IngestService]:  # noqa: F811
    """Makes a service as a starting process would."""

    def make() -> IngestService:
        hosted = HostedLog(open_test_log(engine), LOG_KEY)
        return IngestService(engine, hosted, ring, LoggedPlans(), IngestMetrics(CollectorRegistry()))

    return make


@pytest.fixture
def service(new_service: Callable[[], IngestService]) -> IngestService:
    return new_service()


@pytest.fixture
def new_database(migrated_sqlite: Path, tmp_path: Path) -> Callable[[], Engine]:  # noqa: F811
    """Makes empty SQLite databases: for tests that need one for each example."""
    numbers = itertools.count()

    def make() -> Engine:
        path = tmp_path / f"{next(numbers)}.db"
        shutil.copy(migrated_sqlite, path)
        return database.create(f"sqlite:///{path}")

    return make
