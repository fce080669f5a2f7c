"""Two companies with a backend each, their own databases, and one chain: a steel plant and a fabricator."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec
from fastapi import FastAPI
from sqlalchemy import Engine

from backend import database
from backend.access import service as access
from backend.access.service import WRITE_PRODUCTION
from backend.access.tiers import Tier
from backend.app import create_app
from backend.bootstrap import KEPT, ROUTERS
from backend.context import Context
from backend.database import reading, transaction
from backend.embedded.node import EmbeddedNode
from backend.passports import service as passports
from backend.production import lots
from backend.settings import Settings
from leafproof import units, values
from leafproof.chain.view import Role
from leafproof.client.chain_reader import read_chain
from leafproof.record import Output
from leafproof.trust import Trust
from leafproof.values import Gln, Lot
from leafproof.verification.report import Report, Status
from leafproof.verification.verify import verify
from tests.integration.anchor.ledger import Ledger, make_ledger
from tests.integration.production.works import (
    DECLARED,
    FABRICATOR,
    QUARTER,
    START,
    STEEL,
    Works,
    coil,
    of_lot,
    section,
    slab,
)
from tests.integration.web.street import meter, register

COIL_OF_A, SECTION_OF_B = coil("C-1"), section("T-1")


@dataclass
class Site:
    """One company's backend."""

    party: Gln
    works: Works
    ledger: Ledger
    app: FastAPI
    context: Context

    @property
    def trust(self) -> Trust:
        return self.context.settings.trust()

    def settle(self) -> None:
        """Record what is closed, anchor it, send what waits for the anchor, and read the chain."""
        self.works.recorder().step()
        self.ledger.anchor()
        self.ledger.follow()
        for _ in range(3):
            self.ledger.queue().work()
        self.ledger.follow()

    def bundle(self, lot: Lot, tier: Tier = Tier.PUBLIC) -> bytes:
        return passports.of(self.context).bundle(lot, lambda _issuer: tier)[0]

    def key(self, operator: Gln | None = None, scope: str = WRITE_PRODUCTION) -> dict[str, str]:
        with transaction(self.works.engine) as connection:
            _, text = access.create(
                connection, label="test", scopes=[scope], operator=operator, now=int(time.time())
            )
        return {"Authorization": f"Bearer {text}"}

    def transfer(self, lot: Lot, to: bytes, tonnes: str) -> None:
        amount = units.Quantity(Decimal(tonnes), "t")
        with transaction(self.works.engine) as connection:
            lots.transfer(connection, self.works.desk, lot, self.party, "0x" + to.hex(), amount)
        self.settle()


@dataclass
class Pair:
    """The steel plant's site and the fabricator's."""

    steel: Site
    tower: Site

    @property
    def buyer(self) -> bytes:
        """The fabricator's address on chain."""
        return self.tower.works.addresses[FABRICATOR]

    def judged(self, data: bytes) -> Report:
        """By a reader with a node of his own, and nothing else."""
        from leafproof.bundle import Bundle

        trust = self.tower.trust
        return verify(Bundle.decode(data), trust, read_chain(self.steel.ledger.rpc, trust))

    def make_coil(self, code: str = "C-1", number: int = 0) -> Lot:
        """18.4 t of coil at the steel plant, logged, anchored and on chain."""
        start = START + (4 + 20 * number) * QUARTER
        parts = [Output("product", "coil", "18.4", "t", DECLARED), Output("waste", "scrap", "0.6", "t", DECLARED)]
        self.steel.works.run(coil(code), start, start + 16 * QUARTER, parts, [slab("19.2")])
        self.steel.settle()
        return coil(code)

    def make_section(self, tonnes: str = "10") -> Lot:
        """A tower section made of so much of the coil, at the fabricator's."""
        tower = [Output("product", "section", "9.7", "t", DECLARED)]
        inputs = [of_lot(COIL_OF_A, tonnes)]
        self.tower.works.run(SECTION_OF_B, START + 24 * QUARTER, START + 40 * QUARTER, tower, inputs)
        self.tower.settle()
        return SECTION_OF_B


@contextmanager
def pair(node: EmbeddedNode, engines: tuple[Engine, Engine], folder: Path) -> Iterator[Pair]:
    """Both sites, with their companies, plans and factors; meters have run, nothing is made yet."""
    accounts = [node.account(n) for n in range(10)]
    roots = [folder / "steel", folder / "tower"]
    for root in roots:
        root.mkdir()
    with make_ledger(node.url, accounts[:4], engines[0], roots[0] / "keys") as first:
        others = [accounts[0], *accounts[4:7]]
        with make_ledger(node.url, others, engines[1], roots[1] / "keys", first.trust) as second:
            trust = _trust(first)
            made = Pair(
                _site(STEEL, first, roots[0], trust, accounts[7]),
                _site(FABRICATOR, second, roots[1], trust, accounts[8]),
            )
            for one in (made.steel, made.tower):
                one.ledger.follow()
            yield made


def _trust(ledger: Ledger) -> Trust:
    named = [values.party_uri(party) for party in (STEEL, FABRICATOR)]
    return msgspec.structs.replace(ledger.trust, publishers=named, rpc_urls=[ledger.url])


def _site(party: Gln, ledger: Ledger, folder: Path, trust: Trust, account: object) -> Site:
    name = f"operator-{party}"
    ledger.signers.store(name, account.key)
    addresses = {STEEL: b"\xa1" * 20, FABRICATOR: b"\xb2" * 20, party: ledger.address(name)}
    works = Works(ledger.engine, ledger.log, ledger.keys, addresses, int(time.time()))
    works.found(only=party, steward=party)
    ledger.admit(name)
    register(ledger, party, works.signer.key(party), Role.ISSUER, values.party_uri(party))
    gateway = works.mill if party == STEEL else works.shop
    register(ledger, party, gateway.key, Role.GATEWAY, gateway.issuer)
    meter(works, gateway, "61.40" if party == STEEL else "7.15")
    trust_file = folder / "trust.json"
    trust_file.write_bytes(trust.encode())
    settings = Settings(data=folder, trust_file=trust_file, public_url=f"https://{party}.example")
    context = Context(settings, ledger.engine, ledger.logs)
    app = create_app(context, routers=ROUTERS, kept=KEPT)
    return Site(party, works, ledger, app, context)


def sqlite_engine(empty: Path, folder: Path, name: str) -> Engine:
    shutil.copy(empty, folder / f"{name}.db")
    return database.create(f"sqlite:///{folder / f'{name}.db'}")


def failed(report: Report) -> list[tuple[int, str]]:
    return [(c.number, f.code) for c in report.checks for f in c.findings if f.status is Status.FAIL]


__all__ = ["COIL_OF_A", "SECTION_OF_B", "Pair", "Site", "failed", "pair", "reading", "sqlite_engine"]
