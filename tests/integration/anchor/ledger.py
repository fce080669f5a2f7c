"""What the tests of the chain's side start from: contracts deployed, signers stored, a log opened on chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from eth_account.signers.local import LocalAccount
from sqlalchemy import Engine

from backend.anchor.anchorer import Anchorer, AnchorPolicy
from backend.anchor.chain import Chain, address_of
from backend.anchor.deploy import deploy, make_trust
from backend.anchor.registry import Follower, Registry
from backend.anchor.signers import Signers
from backend.anchor.tables import chain_attempts, chain_slots
from backend.anchor.transactions import Queue, TransactionStatus, status, submit
from backend.database import reading, transaction
from backend.log.keys import log_id
from backend.log.schemas import NewEntry
from backend.log.service import HostedLogs, TransparencyLog
from leafproof.chain.possession import Claim, prove
from leafproof.chain.view import Head, Role
from leafproof.client.rpc import Rpc
from leafproof.envelope import LogRef
from leafproof.keys import SigningKey
from leafproof.trust import Trust
from tests.support.storage import hosted, open_test_log, statement
from tests.support.waiting import eventually

ACME, OTHER = "operator-4012345000009", "operator-4006381333931"
ALWAYS = AnchorPolicy(seconds=1, entries=1)


@dataclass
class Ledger:
    """One chain, one database, one log."""

    rpc: Rpc
    url: str
    trust: Trust
    engine: Engine
    keys: Path
    log: TransparencyLog
    entries: list[NewEntry] = field(default_factory=list)
    written: int = 0

    @property
    def chain(self) -> Chain:
        return Chain(self.rpc, self.trust)

    @property
    def signers(self) -> Signers:
        return Signers(self.keys)

    @property
    def logs(self) -> HostedLogs:
        return hosted(self.log)

    @property
    def log_id(self) -> bytes:
        return self.log.ref.log_id

    def address(self, signer: str) -> bytes:
        return address_of(self.signers.get(signer))

    def anchorer(self, policy: AnchorPolicy = ALWAYS, **other: Any) -> Anchorer:
        given = {"chain": self.chain, "engine": self.engine, "logs": self.logs} | other
        return Anchorer(account=self.signers.get("anchor"), policy=policy, **given)

    def queue(self) -> Queue:
        return Queue(self.chain, self.engine, self.signers, self.logs)

    def write(self, count: int) -> tuple[int, bytes]:
        """New entries in the log; its head then."""
        new = self._first(self.written + count)[self.written :]
        self.written += count
        with transaction(self.engine) as connection:
            self.log.append(connection, new)
            return self.log.head(connection)

    def twin(self, engine: Engine, count: int) -> HostedLogs:
        """Another server's copy of the log: the first `count` entries, of which this one may have fewer yet."""
        copy = open_test_log(engine, self.log.ref)
        with transaction(engine) as connection:
            copy.append(connection, self._first(count))
        return hosted(copy)

    def _first(self, count: int) -> list[NewEntry]:
        """As many statements as ever were asked for; each is salted, so that no second one is like it."""
        self.entries += [statement(i, ref=self.log.ref) for i in range(len(self.entries), count)]
        return self.entries[:count]

    def leaf(self, index: int) -> bytes:
        with reading(self.engine) as connection:
            return self.log.entry(connection, index).leaf_hash

    def anchor(self) -> None:
        """Until the chain holds the log's head, finally."""
        anchorer = self.anchorer()
        eventually(lambda: anchorer.step(at_once=True), "the head is on the chain")

    def held(self) -> tuple[int, bytes]:
        return self.chain.head(self.log_id)

    def submit(self, signer: str, contract: str, function: str, args: Sequence[Any], key: str) -> None:
        with transaction(self.engine) as connection:
            submit(connection, signer, contract, function, args, key)

    def status(self, key: str) -> TransactionStatus:
        with reading(self.engine) as connection:
            return status(connection, key)

    def done(self, signer: str, contract: str, function: str, args: Sequence[Any], key: str) -> None:
        """Submitted, sent, final."""
        self.submit(signer, contract, function, args, key)
        self.settle(key)
        assert self.status(key).state == "final", self.status(key)

    def settle(self, *keys: str) -> None:
        """Send what was submitted, until each of these is final or failed."""
        queue = self.queue()

        def ended() -> bool:
            queue.work()
            return all(self.status(key).state in ("final", "failed") for key in keys)

        eventually(ended, f"final: {', '.join(keys)}")

    def register(self, key: SigningKey, signer: str = ACME, role: Role = Role.ISSUER) -> list[Any]:
        """The arguments of KeyRegistry.register."""
        registry = self.trust.contracts["KeyRegistry"].address_bytes
        log = bytes(32) if role == Role.ISSUER else self.log_id
        claim = Claim(self.trust.chain_id, registry, self.address(signer), role, log, "https://id.gs1.org/x")
        proof = prove(key, claim)
        return [key.public.key_id, int(role), log, claim.issuer, key.public.cose, proof]

    def admit(self, signer: str = ACME) -> None:
        name = signer.rpartition("-")[2]
        identifier = f"urn:lei:{name}" if len(name) == 20 else f"https://id.gs1.org/417/{signer[-13:]}"
        args = [self.address(signer), identifier]
        self.done("authority", "KeyRegistry", "admitOperator", args, f"admit {signer}")

    def follow(self) -> Registry:
        """The events up to now, and who answers questions about them."""
        follower = Follower(self.chain, self.engine)
        while follower.follow():
            pass
        return Registry(self.trust)

    def latest_anchor(self) -> Head | None:
        registry = self.follow()
        with reading(self.engine) as connection:
            return registry.latest_anchor(connection, self.log_id)

    def slots(self, signer: str) -> list[tuple[int, str]]:
        """(nonce, state) of a signer's slots."""
        query = sa.select(chain_slots.c.nonce, chain_slots.c.state).order_by(chain_slots.c.nonce)
        with reading(self.engine) as connection:
            rows = connection.execute(query.where(chain_slots.c.address == self.address(signer)))
            return [(row.nonce, row.state) for row in rows]

    def attempts(self, signer: str) -> list[sa.Row[Any]]:
        query = sa.select(chain_attempts).order_by(chain_attempts.c.nonce, chain_attempts.c.number)
        with reading(self.engine) as connection:
            return list(connection.execute(query.where(chain_attempts.c.address == self.address(signer))))

    def node(self, method: str, *params: object) -> Any:
        """What only a development chain can do."""
        return self.rpc.call(method, *params)


def put_contracts(rpc: Rpc, authority: LocalAccount, finality_blocks: int = 1) -> Trust:
    """The contracts on a chain, owned by `authority`, and the trust file that names them."""
    done = deploy(rpc, authority, finality_blocks=finality_blocks)
    return make_trust(
        rpc,
        done.addresses,
        network_class="development",
        finality_blocks=finality_blocks,
        deployed_block=done.block,
    )


@contextmanager
def make_ledger(
    url: str, accounts: Sequence[LocalAccount], engine: Engine, keys: Path, trust: Trust | None = None
) -> Iterator[Ledger]:
    """A log on the contracts that `trust` names, by default on new ones; `accounts`: authority, anchor, two owners."""
    signers = Signers(keys)
    for name, account in zip(("authority", "anchor", ACME, OTHER), accounts, strict=True):
        signers.store(name, account.key)
    with Rpc(url, retries=0) as rpc:
        trust = trust or put_contracts(rpc, signers.get("authority"))
        owner = address_of(signers.get(ACME))
        ref = LogRef(trust.chain_id, trust.log_contract, log_id(owner, "main"))
        made = Ledger(rpc, url, trust, engine, keys, open_test_log(engine, ref))
        made.submit(ACME, "TransparencyLog", "open", ["main"], "open")
        made.submit(ACME, "TransparencyLog", "appoint", [ref.log_id, made.address("anchor")], "appoint")
        made.settle("open", "appoint")
        yield made
