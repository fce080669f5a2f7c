"""The page of a lot whose plant declared a footprint over a period: the two numbers side by side, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from backend.database import transaction
from backend.declared import service
from backend.lifecycle import service as lifecycle
from backend.web.i18n import language
from leafproof import declared
from leafproof.footprint import FactorRef
from leafproof.lifecycle import Line
from leafproof.values import Gtin
from tests.integration.production.works import COIL, PLANT, QUARTER, START, product, slab
from tests.integration.web.phone import PHONE, Phone
from tests.integration.web.street import Street, coil
from tests.support.server import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

YEAR = (START - 59 * 86400, START + 306 * 86400)
PASSPORT = f"/01/{coil('C-1').gtin}/10/C-1"


def declare(made: Street) -> declared.DeclaredFootprint:
    """Two coils more, one of them from little steel; all of the year are declared, and anchored."""
    works = made.works
    for code, first, slabs in (("C-2", 22, "9.0"), ("C-3", 30, "13.5")):
        run = (START + first * QUARTER, START + (first + 6) * QUARTER)
        works.run(coil(code), *run, [product("10")], [slab(slabs)])
        made.settle()
    with transaction(works.engine) as connection:
        found = service.declare(connection, works.desk, PLANT, Gtin.parse(COIL), *YEAR)
    made.settle()
    return found.stated


def test_the_lot_stands_beside_all_lots_of_the_plant(own: Street, browser: Browser, tmp_path: Path) -> None:
    stated = declare(own)
    percent = declared.deviation(own.works.footprint(coil("C-1")).per_tonne, stated.per_tonne)
    with serving(own.app) as http:
        told = http.get(PASSPORT, headers={"Accept": "application/json"}).json()
        assert told["declared"]["per_tonne"] == stated.per_tonne
        assert told["declared"]["deviation_percent"] == percent
        assert "lots" not in told["declared"]  # a competitor does not learn what the plant makes in a year
        context = browser.new_context(**PHONE)
        phone = Phone(context, str(http.base_url).rstrip("/"))
        page = phone.open(PASSPORT)
        assert page.get_attribute("#declared [data-deviation]", "data-deviation") == percent
        assert f"{stated.per_tonne[:1]},{stated.per_tonne[1:]}" in page.inner_text("#declared")
        assert phone.settled() != "fail"
        assert page.locator("#check-8 [data-device-findings] [data-code=lot-deviation]").count() == 1
        page.locator("#declared").scroll_into_view_if_needed()
        phone.keep("declared")
        assert page.locator("#after-gate").count() == 0
        with transaction(own.works.engine) as connection:
            leg = Line("by sea", "18.4", "t", "4200", FactorRef("", "freight-sea-general-cargo-2025"))
            asked = ("logistics", "scenario", "to Nantong", "a ship as usual", "18.4")
            lifecycle.attach(connection, own.works.desk, coil("C-1"), *asked, [leg])
        own.settle()
        page = phone.open(PASSPORT)
        assert page.locator("#after-gate [data-basis=scenario]").count() == 1
        assert "55.482" in page.inner_text("#after-gate")
        assert phone.settled() != "fail"
        chinese = phone.open(f"{PASSPORT}?lang=zh").inner_text("#declared")
        assert language("zh").text("Beside all lots of the plant") in chinese
        assert phone.errors == []
        context.close()


def test_a_lot_of_a_plant_that_declared_nothing_says_so(seen: Street) -> None:
    with serving(seen.app) as http:
        html = http.get(PASSPORT, headers={"Accept": "text/html"}).text
        told = http.get(PASSPORT, headers={"Accept": "application/json"}).json()
    assert told["declared"] is None
    assert "has declared no footprint over a period" in html
