"""A real chain with the real contracts on it, and the real log whose head goes there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from backend import database
from backend.embedded.node import EmbeddedNode
from leafproof.keys import SigningKey
from tests.integration.anchor.ledger import Ledger, make_ledger
from tests.support.storage import engine, migrated_postgres, migrated_sqlite  # noqa: F401


@pytest.fixture
def sqlite(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Engine]:  # noqa: F811
    """An empty database with this version's schema."""
    shutil.copy(migrated_sqlite, tmp_path / "chain.db")
    made = database.create(f"sqlite:///{tmp_path}/chain.db")
    yield made
    made.dispose()


@pytest.fixture
def second(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Engine]:  # noqa: F811
    """Another server's database."""
    shutil.copy(migrated_sqlite, tmp_path / "second.db")
    made = database.create(f"sqlite:///{tmp_path}/second.db")
    yield made
    made.dispose()


@pytest.fixture
def key() -> SigningKey:
    """A gateway's: registered once on a chain that other tests may use too."""
    return SigningKey.generate()


@pytest.fixture
def ledger(node: EmbeddedNode, sqlite: Engine, tmp_path: Path) -> Iterator[Ledger]:
    """Contracts, signers, an open log with an appointed anchor key, on SQLite."""
    with make_ledger(node.url, [node.account(i) for i in range(4)], sqlite, tmp_path / "keys") as made:
        yield made


@pytest.fixture
def any_ledger(node: EmbeddedNode, engine: Engine, tmp_path: Path) -> Iterator[Ledger]:  # noqa: F811
    """The same on each database."""
    with make_ledger(node.url, [node.account(i) for i in range(4)], engine, tmp_path / "keys") as made:
        yield made
