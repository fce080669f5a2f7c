"""The parts that other tests stand on: a fresh database each, a chain that forgets, a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from backend.embedded.rpc import NodeRpc

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from backend.embedded.node import EmbeddedNode


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_an_empty_database(postgres_url: str, turn: int) -> None:
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE mine (turn integer)"))
        connection.execute(text("INSERT INTO mine VALUES (:turn)"), {"turn": turn})
        assert connection.execute(text("SELECT turn FROM mine")).scalars().all() == [turn]
    engine.dispose()


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_the_chain_at_its_beginning(node: EmbeddedNode, turn: int) -> None:
    rpc = NodeRpc(node.url)
    try:
        assert int(rpc.call("eth_blockNumber"), 16) == 0
        rpc.call("anvil_mine", hex(turn))
        assert int(rpc.call("eth_blockNumber"), 16) == turn
    finally:
        rpc.close()


def test_the_browser_shows_chinese(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<p id=word style='display:inline-block'>绿色标签</p>")
    width = page.evaluate("document.getElementById('word').getBoundingClientRect().width")
    page.close()
    assert width > 0
