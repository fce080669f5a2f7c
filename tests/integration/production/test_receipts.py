"""Receipts over HTTP, for a statement of each kind, verified by a package that is not ours."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import pytest
import scitt_cose
import structlog

from backend.app import create_app
from backend.context import Context
from backend.log.endpoints import router
from backend.settings import Settings
from leafproof import body, envelope
from leafproof.keys import public_key
from tests.integration.production.works import START, Works, coil, product, slab
from tests.support.server import serving
from tests.support.storage import REF, hosted

LOG = f"/v1/logs/{REF.log_id.hex()}"


@pytest.fixture
def client(works: Works) -> Iterator[httpx.Client]:
    works.meter(works.mill, ["25.5"] * 16, each=3)
    works.run(coil("A"), START + 100, START + 3600, [product("10")], [slab("11")])
    works.recorder().step()
    context = Context(Settings(), works.engine, hosted(works.log))
    with structlog.testing.capture_logs(), serving(create_app(context, (), (router,))) as http:
        yield http


def pem_of(client: httpx.Client) -> str:
    return public_key(base64.b64decode(client.get(LOG).json()["key"])).pem()


def leaf_of(client: httpx.Client, index: int) -> bytes:
    return client.get(f"{LOG}/entries/{index}", headers={"Accept": "application/cose"}).content


class TestReceipts:
    def test_of_every_kind_of_statement_verify(self, client: httpx.Client) -> None:
        pem, kinds = pem_of(client), set()
        for index in range(client.get(LOG).json()["size"]):
            leaf = leaf_of(client, index)
            answer = client.get(f"{LOG}/entries/{index}/receipt")
            assert answer.headers["content-type"] == 'application/cose; cose-type="cose-sign1"'
            found = scitt_cose.verify_receipt(answer.content, leaf_entry_hex=leaf.hex(), log_public_key_pem=pem)
            assert found.ok, (index, found.errors)
            kinds.add(envelope.parse(leaf).header.content_type)
        assert kinds == {body.FRAME, body.METERING_PLAN, body.BATCH_RECORD, body.FOOTPRINT, body.FACTOR_SET}

    def test_of_another_entry_or_by_another_key_do_not(self, client: httpx.Client, works: Works) -> None:
        receipt = client.get(f"{LOG}/entries/0/receipt").content
        wrong = scitt_cose.verify_receipt(
            receipt, leaf_entry_hex=leaf_of(client, 1).hex(), log_public_key_pem=pem_of(client)
        )
        assert not wrong.ok
        other = scitt_cose.verify_receipt(
            receipt, leaf_entry_hex=leaf_of(client, 0).hex(), log_public_key_pem=works.mill.key.public.pem()
        )
        assert not other.ok
        assert client.get(f"{LOG}/entries/9999/receipt").status_code == 422
