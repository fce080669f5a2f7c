# SPDX-License-Identifier: Apache-2.0
"""The contracts, deployed once a module; each test starts from that state (`fn_isolation`)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from brownie import exceptions
from brownie.network.transaction import TransactionReceipt

from tests.contracts import merkle

ISSUER, GATEWAY, LOG = range(3)  # IKeyRegistry.Role
NONE, ACTIVE, RETIRED, COMPROMISED = range(4)  # IKeyRegistry.Status
NOT_STATED, BOOK_AND_CLAIM = 0, 5  # ILotRegistry.Custody, first and last
ZERO32 = "0x" + "00" * 32
NOBODY = "0x" + "00" * 20
SHARES = 10**18


@contextmanager
def reverts(error: str) -> Iterator[None]:
    """The body sends a transaction that reverts with this custom error and no other."""
    with pytest.raises(exceptions.VirtualMachineError) as caught:
        yield
    message = caught.value.revert_msg or "no reason"
    assert message.split(":")[0].split("(")[0] == error, message


def events(tx: TransactionReceipt) -> list[tuple[str, dict]]:
    """The transaction's events in order, with their fields."""
    return [(event.name, dict(event)) for event in tx.events]


def plain(value):
    """What a call returns, in Python's own types: brownie's tuples do not compare with ours."""
    if isinstance(value, (tuple, list)):
        return tuple(map(plain, value))
    return int(value) if isinstance(value, int) else str(value)


def digest(text: str) -> str:
    """Some 32 bytes that stand for a hash."""
    return "0x" + hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(autouse=True)
def isolation(fn_isolation):
    """Every test is undone."""


@pytest.fixture(scope="module")
def people(accounts):
    """Accounts by what they do here; a stranger has no role anywhere."""
    names = ("authority", "operator", "other_operator", "registrar", "anchor", "buyer", "stranger")
    return type("People", (), dict(zip(names, accounts, strict=False)))


@pytest.fixture(scope="module")
def logs(TransparencyLog, people):
    return TransparencyLog.deploy({"from": people.authority})


@pytest.fixture(scope="module")
def keys(KeyRegistry, people):
    """A registry with two operators and a registrar."""
    keys = KeyRegistry.deploy(people.authority, {"from": people.authority})
    keys.admitOperator(people.operator, "https://id.gs1.org/417/9506000134352", {"from": people.authority})
    keys.admitOperator(people.other_operator, "https://id.gs1.org/417/9506000134369", {"from": people.authority})
    keys.accreditRegistrar(people.registrar, "Prüfstelle", {"from": people.authority})
    return keys


@pytest.fixture(scope="module")
def lots(LotRegistry, logs, keys, people):
    return LotRegistry.deploy(logs, keys, {"from": people.authority})


@pytest.fixture(scope="module")
def claims(CertificateClaims, keys, people):
    return CertificateClaims.deploy(people.authority, keys, {"from": people.authority})


@pytest.fixture(scope="module")
def labels(LabelRegistry, keys, people):
    return LabelRegistry.deploy(people.authority, keys, {"from": people.authority})


@pytest.fixture(scope="module")
def classes(Classification, keys, people):
    return Classification.deploy(people.authority, keys, {"from": people.authority})


class Tree:
    """An anchored log of `count` leaves, and proofs of them as `RecordProof` tuples."""

    def __init__(self, logs, owner, name: str = "records", count: int = 40) -> None:
        self.leaves = merkle.leaves(count)
        self.id = logs.open(name, {"from": owner}).return_value
        logs.extend(self.id, count, merkle.root(self.leaves), [], {"from": owner})

    def proof(self, index: int) -> tuple:
        return (self.id, self.leaves[index], index, merkle.inclusion(index, self.leaves))


@pytest.fixture(scope="module")
def tree(logs, people):
    return Tree(logs, people.authority)
