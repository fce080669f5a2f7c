"""Coils on a real chain, and a server with the living list."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from backend.access.service import ADMIN, WRITE_PRODUCTION
from backend.app import create_app
from backend.classification import service
from backend.classification.endpoints import router
from backend.classification.tables import classifications, list_statements
from backend.context import Context
from backend.database import transaction
from backend.embedded.node import EmbeddedNode
from backend.passports.endpoints import KEPT
from backend.passports.endpoints import router as passports_router
from backend.settings import Settings
from leafproof import clock
from leafproof.classification import Entry, LivingList, shipped
from leafproof.values import Gln
from tests.integration.anchor.ledger import make_ledger
from tests.integration.production.test_chain import Group, feed
from tests.integration.production.test_http import key
from tests.integration.production.works import FABRICATOR, START, STEEL, STEWARD, coil, product, slab
from tests.support.server import serving

COILS = Entry("HS 2022", "7208", "low-carbon steel", "Hot-rolled coil", "a test", "Of low carbon", "A label")
WIDER = msgspec.structs.replace(shipped(), title="With coil", entries=(*shipped().entries, COILS))
EVIDENCE = [{"evidence": "A label", "document": "label 5"}]


class Listed(Group):
    """Coils on the chain, and a server."""

    client: httpx.Client

    def begin(self) -> None:
        self.admit(STEEL, FABRICATOR, STEWARD)
        feed(self.works, self.works.mill)
        for number, name in enumerate("ABC"):
            opened = START + number * 1200
            self.works.run(coil(name), opened, opened + 1200, [product("10")], [slab("11")])
        self.settle()
        self.ledger.follow()
        self.mine, self.others = (key(self.works, gln, WRITE_PRODUCTION) for gln in (STEEL, FABRICATOR))
        self.admin = key(self.works, None, ADMIN)

    def propose(self, wanted: LivingList, by: Gln = STEEL, told: bool = True) -> str:
        """The list's id; the chain is `told`, or not yet."""
        answer = self.client.post(
            "/v1/living-list", params={"by": str(by)}, json=msgspec.to_builtins(wanted), headers=self.mine
        )
        assert answer.status_code == 201, answer.text
        if told:
            self.ledger.settle(answer.json()["transaction"])
            self.ledger.follow()
        return str(answer.json()["statement"]["statement_id"])

    def decide(self, content: str, ahead: int) -> httpx.Response:
        """Adopt it, in force in so many seconds."""
        body = {"in_force_from": clock.utc_text(int(time.time()) + ahead)}
        return self.client.post(f"/v1/living-list/{content}/adoption", json=body, headers=self.admin)

    def adopt(self, content: str) -> None:
        start = clock.utc_text(int(time.time()) + 4)
        answer = self.client.post(
            f"/v1/living-list/{content}/adoption", json={"in_force_from": start}, headers=self.admin
        )
        assert answer.status_code == 202, answer.text
        self.ledger.settle(answer.json()["transaction"])
        self.ledger.follow()
        time.sleep(max(0.0, clock.utc_seconds(start, "start") + 0.1 - time.time()))

    def forget(self, statement: str) -> None:
        """A list's or a classification's body is deleted, as the law may ask."""
        with transaction(self.ledger.engine) as connection:
            tables = (list_statements, classifications)
            queries = (
                sa.select(one.c.log, one.c.index).where(one.c.statement_id == bytes.fromhex(statement))
                for one in tables
            )
            (row,) = (row for query in queries for row in connection.execute(query))
            self.works.desk.log(row.log).delete_body(connection, row.index)

    def classify(self, name: str, code: str = "720810", **more: Any) -> dict[str, Any]:
        path = f"/v1/lots/{coil(name).gtin}/{name}/categories"
        answer = self.client.post(path, json={"edition": "HS 2022", "code": code, **more}, headers=self.mine)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def listed(node: EmbeddedNode, engine: Engine, tmp_path: Path) -> Iterator[Listed]:
    accounts = [node.account(i) for i in range(4)]
    with (
        make_ledger(node.url, accounts, engine, tmp_path / "keys") as ledger,
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setattr(service, "BLOCK_SECONDS", 1)  # this chain makes one for each transaction
        made = Listed(ledger, node)
        made.begin()
        (tmp_path / "trust.json").write_bytes(ledger.trust.encode())
        settings = Settings(data=tmp_path, keys=ledger.keys, trust_file=tmp_path / "trust.json")
        context = Context(settings, ledger.engine, made.works.desk.logs)
        routers = (router, passports_router)
        with serving(create_app(context, (), routers, kept=KEPT)) as made.client:
            yield made
