"""The chain's tests on other engines than anvil: the same ledger, on contracts that all tests of an engine share.

A module says which engine by its fixture `ground`. No block of theirs can be taken back, so each test has accounts
and a log of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.integration.anchor.conftest import engine, key, migrated_postgres, migrated_sqlite, second, sqlite  # noqa: F401
from tests.integration.anchor.ledger import Ledger, make_ledger
from tests.networks import clique as validators
from tests.networks.clique import CliqueNetwork
from tests.networks.geth import DevelopmentGeth, binary
from tests.networks.ground import Ground, Node, prepare

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What only anvil can do is not asked of others."""
    ours = [item for item in items if item.path.is_relative_to(_HERE) and item.get_closest_marker("anvil")]
    if ours:
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


@pytest.fixture(scope="module")
def geth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevelopmentGeth]:
    """geth's development mode, on disk."""
    program = binary("LEAFPROOF_GETH")
    with DevelopmentGeth(program, tmp_path_factory.mktemp("geth") / "node") as node:
        yield node


@pytest.fixture(scope="module")
def clique(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CliqueNetwork]:
    """Three validators."""
    with validators.running(binary("LEAFPROOF_GETH_CLIQUE"), tmp_path_factory.mktemp("clique")) as network:
        yield network


@pytest.fixture(scope="module")
def geth_ground(geth: DevelopmentGeth) -> Ground:
    return prepare(geth)


@pytest.fixture(scope="module")
def clique_ground(clique: CliqueNetwork) -> Ground:
    return prepare(clique)


@pytest.fixture
def ledger(ground: Ground, sqlite: Engine, tmp_path: Path) -> Iterator[Ledger]:  # noqa: F811
    """See the fixture of the same name in tests/integration/anchor."""
    accounts = [ground.authority, *ground.network.accounts(3)]
    with make_ledger(ground.network.url, accounts, sqlite, tmp_path / "keys", ground.trust) as made:
        yield made


@pytest.fixture
def any_ledger(ledger: Ledger) -> Ledger:
    """One database is enough here: it is the engine that differs."""
    return ledger


@pytest.fixture
def node(ground: Ground) -> Node:
    """As much of an embedded node as the tests ask for that bring no ledger."""
    return Node(ground.network.url, ground.network.accounts(2))
