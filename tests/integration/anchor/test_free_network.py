"""A network without a base fee and without fees, as many permissioned ones are: accounts own nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account
from sqlalchemy import Engine

from backend.embedded.node import find_anvil
from backend.embedded.ports import free_port
from backend.embedded.process import ChildProcess, wait_until_ready
from leafproof.client.rpc import NodeUnreachable, Rpc
from tests.integration.anchor.ledger import Ledger, make_ledger


def answers(url: str) -> bool:
    try:
        with Rpc(url, retries=0) as rpc:
            return rpc.call("eth_chainId") is not None
    except NodeUnreachable:
        return False


@pytest.fixture
def free(sqlite: Engine, tmp_path: Path) -> Iterator[Ledger]:
    """Berlin is the last fork without a base fee (EIP-1559 came with London)."""
    port = free_port()
    command = [str(find_anvil()), "--host", "127.0.0.1", "--port", str(port), "--hardfork", "berlin"]
    command += ["--gas-price", "0", "--accounts", "0", "--quiet", "--cache-path", str(tmp_path / "cache")]
    part = ChildProcess("anvil", command, tmp_path / "anvil.log")
    part.start()
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(part, lambda: answers(url), 30)
        accounts = [Account.create() for _ in range(4)]
        with make_ledger(url, accounts, sqlite, tmp_path / "keys") as made:
            yield made
    finally:
        part.stop()


def test_nothing_is_paid_and_a_stuck_anchor_is_sent_again_as_it_is(free: Ledger) -> None:
    assert free.chain.fees().free
    assert free.chain.fees().priority is None
    free.node("evm_setAutomine", False)
    anchorer = free.anchorer()
    free.write(3)
    anchorer.step(at_once=True)
    (sent,) = free.attempts("anchor")
    free.node("anvil_dropTransaction", "0x" + sent.tx_hash.hex())
    for _ in range(5):
        free.node("evm_mine")
    assert free.held()[0] == 0
    free.write(2)
    anchorer.step(at_once=True)
    free.node("evm_mine")
    assert free.held()[0] == 3
    free.node("evm_setAutomine", True)
    free.anchor()
    assert free.held()[0] == 5
    assert [row.nonce for row in free.attempts("anchor")] == [0, 1]
    assert all(row.max_fee == 0 for row in free.attempts("anchor"))
