"""A steel plant and a fabricator, on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from backend import database
from tests.integration.production.works import Works
from tests.support.storage import engine, migrated_postgres, migrated_sqlite, open_test_log  # noqa: F401


@pytest.fixture
def works(engine: Engine, tmp_path: Path) -> Works:  # noqa: F811
    """On each database."""
    return Works(engine, open_test_log(engine), tmp_path / "keys").found()


@pytest.fixture
def sqlite(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Engine]:  # noqa: F811
    """An empty database with this version's schema."""
    shutil.copy(migrated_sqlite, tmp_path / "works.db")
    made = database.create(f"sqlite:///{tmp_path}/works.db")
    yield made
    made.dispose()


@pytest.fixture
def sqlite_works(sqlite: Engine, tmp_path: Path) -> Works:
    """On SQLite alone, for what does not depend on the engine."""
    return Works(sqlite, open_test_log(sqlite), tmp_path / "keys").found()
