"""One street for all tests that only look, and one for each test that changes something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.integration.web.phone import PHONE, Phone
from tests.integration.web.street import Street, street
from tests.support.require import need
from tests.support.server import serving
from tests.support.storage import migrated_sqlite  # noqa: F401

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

    from backend.embedded.node import EmbeddedNode


@pytest.fixture(scope="session")
def open_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedNode]:
    """A chain that web pages may ask."""
    from backend.embedded.accounts import new_mnemonic
    from backend.embedded.errors import PartMissing
    from backend.embedded.node import EmbeddedNode, find_anvil

    try:
        find_anvil()
    except PartMissing as error:
        need(False, error.message)
    with EmbeddedNode(tmp_path_factory.mktemp("chain"), new_mnemonic(), allow_origin="*") as embedded:
        yield embedded


@pytest.fixture(scope="session")
def seen(
    open_node: EmbeddedNode,
    migrated_sqlite: Path,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Street]:
    """To be looked at, never changed."""
    with street(open_node, migrated_sqlite, tmp_path_factory.mktemp("street")) as made:
        yield made


@pytest.fixture
def own(open_node: EmbeddedNode, migrated_sqlite: Path, tmp_path: Path) -> Iterator[Street]:  # noqa: F811
    """For one test alone."""
    with street(open_node, migrated_sqlite, tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def client(seen: Street) -> Iterator[httpx.Client]:
    """Of the street that is only looked at."""
    with serving(seen.app) as http:
        yield http


@pytest.fixture
def new_phone(browser: Browser, client: httpx.Client) -> Iterator[Any]:
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> Phone:
        contexts.append(browser.new_context(**{**PHONE, **options}))
        return Phone(contexts[-1], str(client.base_url).rstrip("/"))

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def phone(new_phone: Any) -> Phone:
    made = new_phone()
    assert isinstance(made, Phone)
    return made
