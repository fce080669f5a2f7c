"""A server's world for the HTTP rows: a passport that was played through real parts, and a log with full tiles.

The world is the one that the tests of the pages use (`tests.integration.web.street`): frames through ingest,
records, contracts on a chain. So it is taken from there; a second one would only differ from it by accident.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from backend import database
from backend.anchor.chain import address_of
from backend.embedded.accounts import new_mnemonic
from backend.embedded.node import EmbeddedNode
from backend.log.keys import create_key
from tests.integration.anchor.ledger import ACME
from tests.integration.web.street import section, street
from tests.support.storage import LOG_KEY

_ENTRIES = 512  # two full tiles


@dataclass(frozen=True)
class World:
    """What a server is started with, and the addresses to ask for."""

    config: Path
    passport: str
    tile: str


def made(folder: Path) -> World:
    """A coil, a tower section made from it, and `_ENTRIES` statements more; the chain is gone when this returns,
    for what is shown stands in the database."""
    empty = folder / "empty.db"
    engine = database.create(f"sqlite:///{empty}")
    database.migrate(engine)
    engine.dispose()
    with EmbeddedNode(folder / "chain", new_mnemonic()) as node, street(node, empty, folder) as built:
        log = built.ledger.log
        built.ledger.write(_ENTRIES)
        built.settle()
        create_key(folder / "keys" / f"log-{log.ref.log_id.hex()[:16]}.pem", LOG_KEY.pem())
        told = {
            "data": str(folder),
            "trust_file": str(built.trust_file),
            "public_url": built.settings.public_url,
            "notice": built.settings.notice,
            "log_owner": "0x" + address_of(built.ledger.signers.get(ACME)).hex(),
        }
    (folder / "street.db").rename(folder / "leafproof.db")
    config = folder / "leafproof.toml"
    config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in told.items()))
    lot = section("T-1")
    return World(config, f"/01/{lot.gtin}/10/{lot.code}", f"/v1/logs/{log.ref.log_id.hex()}/tlog/tile/0/000")
