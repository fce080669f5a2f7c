"""The whole way once, on real parts: frames through ingest, records, contracts on a chain, and the server's pages."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec
import sqlalchemy as sa
from fastapi import FastAPI

from backend import database
from backend.app import create_app
from backend.context import Context
from backend.database import transaction
from backend.embedded.node import EmbeddedNode
from backend.footprints import service as footprints
from backend.passports import endpoints as passports
from backend.production import lots
from backend.production.tables import companies, facilities, products
from backend.settings import Settings
from backend.web.pages import router as pages
from leafproof import units, values
from leafproof.chain.possession import Claim, prove
from leafproof.chain.view import Role
from leafproof.keys import SigningKey
from leafproof.record import Input, Output
from leafproof.trust import Trust
from leafproof.values import Gln, Lot
from tests.integration.anchor.ledger import Ledger, make_ledger
from tests.integration.production.works import (
    COIL,
    DECLARED,
    FABRICATOR,
    PLANT,
    QUARTER,
    SECTION,
    START,
    STEEL,
    STEWARD,
    WORKSHOP,
    Gateway,
    Works,
    coil,
    of_lot,
    section,
    slab,
)

NOTICE = "Demonstration: tonnages are invented."
_NAMES = {STEEL: "Hanbit Steel", FABRICATOR: "Donghai Tower"}
_PLACES = {PLANT: "Gwangyang strip mill", WORKSHOP: "Nantong workshop"}
_PRODUCTS = {COIL: "Hot-rolled coil", SECTION: "Wind-tower section"}


@dataclass
class Street:
    """A server's world: `app` serves it, `works` and `ledger` change it."""

    app: FastAPI
    works: Works
    ledger: Ledger
    settings: Settings
    trust_file: Path

    @property
    def trust(self) -> Trust:
        return Trust.decode(self.trust_file.read_bytes())

    def settle(self) -> None:
        """Record what is closed, anchor it, send what waits for the anchor, and read the chain."""
        self.works.recorder().step()
        self.ledger.anchor()
        self.ledger.follow()
        for _ in range(3):
            self.ledger.queue().work()
        self.ledger.follow()


@contextmanager
def street(node: EmbeddedNode, empty: Path, folder: Path) -> Iterator[Street]:
    """A coil and a tower section made from it, on the node's chain and in a copy of the database `empty`."""
    shutil.copy(empty, folder / "street.db")
    engine = database.create(f"sqlite:///{folder / 'street.db'}")
    keys = folder / "keys"
    try:
        with make_ledger(node.url, [node.account(i) for i in range(4)], engine, keys) as ledger:
            yield _built(node, ledger, folder)
    finally:
        engine.dispose()


def _built(node: EmbeddedNode, ledger: Ledger, folder: Path) -> Street:
    for place, party in enumerate((STEEL, FABRICATOR, STEWARD)):
        ledger.signers.store(f"operator-{party}", node.account(4 + place).key)
    addresses = {party: ledger.address(f"operator-{party}") for party in (STEEL, FABRICATOR)}
    works = Works(ledger.engine, ledger.log, ledger.keys, addresses, int(time.time())).found()
    for party in (STEEL, FABRICATOR, STEWARD):
        ledger.admit(f"operator-{party}")
        register(ledger, party, works.signer.key(party), Role.ISSUER, values.party_uri(party))
    for gateway in (works.mill, works.shop):
        register(ledger, gateway.operator, gateway.key, Role.GATEWAY, gateway.issuer)
    _rename(works)
    with transaction(works.engine) as connection:
        opened = sa.update(products).where(products.c.gtin == SECTION.zfill(14))
        connection.execute(opened.values(disclosure="open"))
    trust_file = folder / "trust.json"
    believed = msgspec.structs.replace(ledger.trust, publishers=[values.party_uri(STEWARD)])
    trust_file.write_bytes(believed.encode())
    settings = Settings(data=folder, trust_file=trust_file, public_url="https://passport.example", notice=NOTICE)
    app = create_app(
        Context(settings, ledger.engine, ledger.logs), routers=(passports.router, pages), kept=passports.KEPT
    )
    made = Street(app, works, ledger, settings, trust_file)
    _produce(made)
    return made


def register(ledger: Ledger, party: Gln, key: SigningKey, role: Role, issuer: str) -> None:
    log = bytes(32) if role == Role.ISSUER else ledger.log_id
    registry = ledger.trust.contracts["KeyRegistry"].address_bytes
    signer = f"operator-{party}"
    claim = Claim(ledger.trust.chain_id, registry, ledger.address(signer), role, log, issuer)
    args = [key.public.key_id, int(role), log, issuer, key.public.cose, prove(key, claim)]
    ledger.done(signer, "KeyRegistry", "register", args, f"key {key.public.key_id.hex()}")


def _rename(works: Works) -> None:
    with transaction(works.engine) as connection:
        for table, names, key in (
            (companies, _NAMES, "gln"),
            (facilities, _PLACES, "gln"),
            (products, _PRODUCTS, "gtin"),
        ):
            for number, name in names.items():
                digits = str(number).zfill(14) if key == "gtin" else str(number)
                connection.execute(sa.update(table).where(table.c[key] == digits).values(name=name))


def meter(works: Works, gateway: Gateway, base: str) -> None:
    gateway.mode = "recorded"
    works.meter(gateway, [Decimal(base) + Decimal(i % 7) * Decimal("1.25") for i in range(64)], each=16)


def _produce(made: Street) -> None:
    """18.4 t of coil; 10 t of it become a section of 9.7 t; then the coil's weight is corrected."""
    works = made.works
    meter(works, works.mill, "61.40")
    meter(works, works.shop, "7.15")
    parts = [Output("product", "coil", "18.4", "t", DECLARED), Output("waste", "scrap", "0.6", "t", DECLARED)]
    works.run(coil("C-1"), START + 4 * QUARTER, START + 20 * QUARTER, parts, [slab("19.2")])
    made.settle()
    with transaction(works.engine) as connection:
        lots.transfer(
            connection, works.desk, coil("C-1"), STEEL, str(FABRICATOR), units.Quantity(Decimal(10), "t")
        )
    made.settle()
    inputs: list[Input] = [of_lot(coil("C-1"), "10")]
    tower = [Output("product", "section", "9.7", "t", DECLARED), Output("waste", "scrap", "0.3", "t", DECLARED)]
    works.run(section("T-1"), START + 24 * QUARTER, START + 40 * QUARTER, tower, inputs)
    made.settle()


def correct(made: Street, lot: Lot, tonnes: str) -> None:
    """A newer record of `lot` that says another weight."""
    change = lots.Correction("misread", "shift leader", outputs=[Output("product", "coil", tonnes, "t", DECLARED)])
    with transaction(made.works.engine) as connection:
        lots.correct(connection, made.works.desk, lot, change)
    made.settle()


__all__ = ["NOTICE", "STEEL", "Street", "coil", "correct", "footprints", "meter", "register", "section", "street"]
