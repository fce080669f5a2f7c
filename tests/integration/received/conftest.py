"""Two backends on one chain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine

from tests.integration.received.sites import Pair, pair, sqlite_engine
from tests.integration.web.conftest import open_node  # noqa: F401
from tests.support.storage import migrated_postgres, migrated_sqlite, postgres_engine  # noqa: F401

if TYPE_CHECKING:
    from backend.embedded.node import EmbeddedNode


@pytest.fixture
def two(
    open_node: EmbeddedNode,  # noqa: F811
    migrated_sqlite: Path,  # noqa: F811
    postgres_engine: Engine,  # noqa: F811
    tmp_path: Path,
) -> Iterator[Pair]:
    """The supplier's on SQLite, the buyer's on PostgreSQL; for one test alone."""
    engine = sqlite_engine(migrated_sqlite, tmp_path, "steel")
    try:
        with pair(open_node, (engine, postgres_engine), tmp_path) as made:
            yield made
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def handed_over(
    open_node: EmbeddedNode,  # noqa: F811
    migrated_sqlite: Path,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Pair]:
    """Both on SQLite: the supplier made a coil and handed 10 t of it over. To be looked at, and refused things."""
    folder = tmp_path_factory.mktemp("pair")
    engines = (sqlite_engine(migrated_sqlite, folder, "steel"), sqlite_engine(migrated_sqlite, folder, "tower"))
    try:
        with pair(open_node, engines, folder) as made:
            lot = made.make_coil()
            made.steel.transfer(lot, made.buyer, "10")
            made.tower.ledger.follow()
            yield made
    finally:
        for engine in engines:
            engine.dispose()
