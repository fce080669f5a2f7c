"""An engine with the contracts on it, for all tests that run there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from eth_account.signers.local import LocalAccount

from leafproof.client.rpc import Rpc
from leafproof.trust import Trust
from tests.integration.anchor.ledger import put_contracts


class Network(Protocol):
    """What the tests need of an engine."""

    @property
    def url(self) -> str: ...

    @property
    def finality_blocks(self) -> int: ...

    def accounts(self, count: int) -> list[LocalAccount]:
        """Accounts with money that nobody had before."""


@dataclass(frozen=True)
class Ground:
    """The contracts on `network`, and who owns them."""

    network: Network
    authority: LocalAccount
    trust: Trust


@dataclass(frozen=True)
class Node:
    """A URL, and accounts with money."""

    url: str
    _accounts: list[LocalAccount]

    def account(self, index: int) -> LocalAccount:
        return self._accounts[index]


def prepare(network: Network) -> Ground:
    """Deploy the contracts."""
    (authority,) = network.accounts(1)
    with Rpc(network.url, retries=0) as rpc:
        return Ground(network, authority, put_contracts(rpc, authority, network.finality_blocks))
