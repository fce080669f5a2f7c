"""Fixtures for the real parts: brokers, a chain, a database server, a browser."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.require import need

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from backend.embedded.broker import EmbeddedBroker
    from backend.embedded.node import EmbeddedNode
    from tests.support.postgres import PostgresCluster


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """A mosquitto on loopback, shared by all tests: use topics and client ids of your own."""
    from backend.embedded.broker import BrokerKind, EmbeddedBroker, find_mosquitto

    need(find_mosquitto() is not None, "mosquitto is not installed")
    with EmbeddedBroker(tmp_path_factory.mktemp("mosquitto"), kind=BrokerKind.MOSQUITTO) as embedded:
        yield embedded


@pytest.fixture(scope="session")
def amqtt_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """The PyPI broker on loopback, shared by all tests: use topics and client ids of your own."""
    from backend.embedded.broker import BrokerKind, EmbeddedBroker

    with EmbeddedBroker(tmp_path_factory.mktemp("amqtt"), kind=BrokerKind.AMQTT) as embedded:
        yield embedded


@pytest.fixture(scope="session")
def session_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedNode]:
    """The chain node that `node` lends to one test at a time."""
    from backend.embedded.accounts import new_mnemonic
    from backend.embedded.errors import PartMissing
    from backend.embedded.node import EmbeddedNode, find_anvil

    try:
        find_anvil()
    except PartMissing as error:
        need(False, error.message)
    with EmbeddedNode(tmp_path_factory.mktemp("chain"), new_mnemonic()) as embedded:
        yield embedded


@pytest.fixture
def node(session_node: EmbeddedNode) -> Iterator[EmbeddedNode]:
    """A chain as it was at its beginning: what a test does to it is reverted after the test."""
    from backend.embedded.rpc import NodeRpc

    rpc = NodeRpc(session_node.url)
    try:
        snapshot = rpc.call("evm_snapshot")
        yield session_node
        assert rpc.call("evm_revert", snapshot) is True
    finally:
        rpc.close()


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """A database server for the whole run."""
    from tests.support.postgres import PostgresCluster, find_postgres

    binaries = find_postgres()
    need(binaries is not None, "PostgreSQL's server is not installed")
    assert binaries is not None
    # Not pytest's folder: its parents are closed to the account that the server runs as, and its path may be too
    # long for a socket.
    with tempfile.TemporaryDirectory(prefix="leafproof-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with PostgresCluster(Path(folder) / "cluster", binaries) as cluster:
            yield cluster


@pytest.fixture
def postgres_url(postgres_cluster: PostgresCluster) -> Iterator[str]:
    """The SQLAlchemy URL of a fresh, empty database, dropped after the test."""
    url = postgres_cluster.new_database()
    yield url
    postgres_cluster.drop_database(url)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the system's Chromium."""
    from tests.support.browser import find_chromium

    found = find_chromium()
    need(found is not None, "Chromium is not installed")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """A headless Chromium; open a context of your own in it (`browser.new_context()`)."""
    from tests.support.browser import launched

    with launched(chromium) as running:
        yield running
