"""The buyer's passport page: a real Chromium checks a lot whose input stands in another company's log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leafproof.bundle import Bundle
from tests.integration.received.sites import COIL_OF_A, SECTION_OF_B, Pair, pair, sqlite_engine
from tests.integration.received.test_two_backends import other_number, send
from tests.integration.web.judging import agreed, of_check
from tests.integration.web.phone import PHONE, Phone, altered
from tests.support.server import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from backend.embedded.node import EmbeddedNode

PASSPORT = f"/01/{SECTION_OF_B.gtin}/10/T-1"


def test_the_buyers_page_finds_what_the_kernel_finds(
    browser: Browser, open_node: EmbeddedNode, migrated_sqlite: Path, tmp_path: Path
) -> None:
    engines = (
        sqlite_engine(migrated_sqlite, tmp_path, "steel"),
        sqlite_engine(migrated_sqlite, tmp_path, "tower"),
    )
    with pair(open_node, engines, tmp_path) as two, serving(two.tower.app) as client:
        lot = two.make_coil()
        two.steel.transfer(lot, two.buyer, "10")
        two.tower.ledger.follow()
        assert send(two.tower, two.steel.bundle(lot), client=client).status_code == 201
        two.make_section()
        data = two.tower.bundle(SECTION_OF_B)
        report = two.judged(data)
        kernel = {c.number: (str(c.status), sorted((f.code, f.text()) for f in c.findings)) for c in report.checks}
        context = browser.new_context(**PHONE)
        try:
            phone = Phone(context, str(client.base_url).rstrip("/"))
            page = phone.open(PASSPORT)
            assert agreed({n: of_check(page, n) for n in range(11)}) == agreed(kernel)
            assert page.get_attribute("#device", "data-state") == "pass"
            altered(page, other_number(Bundle.decode(data)).encode())
            assert phone.again() == "fail"
            assert phone.errors == []
            page.unroute_all()
            supplier = phone.open(f"/01/{COIL_OF_A.gtin}/10/C-1")  # the evidence that the buyer keeps
            assert supplier.get_attribute("#check-5", "data-device") == "pass"
        finally:
            context.close()
    for engine in engines:
        engine.dispose()


@pytest.mark.parametrize("form", ["application/json", "text/html", "application/linkset+json"])
def test_a_received_lot_has_a_passport_at_its_buyers(handed_over: Pair, form: str) -> None:
    with serving(handed_over.tower.app) as client:
        send(handed_over.tower, handed_over.steel.bundle(COIL_OF_A), client=client)
        answer = client.get(f"/01/{COIL_OF_A.gtin}/10/C-1", headers={"Accept": form})
        assert answer.status_code == 200
        if form == "application/json":
            assert answer.json()["status"] != "fail"
