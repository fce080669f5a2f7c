"""What a passport says of energy that was estimated, and of a carrier whose readings are simulated."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest
import sqlalchemy as sa

from backend.database import transaction
from backend.production import service as production
from backend.production.tables import products
from leafproof import clock
from leafproof.frame import Reading
from leafproof.plan import Conversion, Estimates, MeteringPlan
from tests.integration.production.test_carriers import choose_gas
from tests.integration.production.works import COIL, PLANT, QUARTER, START, coil, point, product, slab
from tests.integration.web.street import Street
from tests.support.server import serving

LATER = START + 64 * QUARTER
RULE = Estimates("neighbours", QUARTER, "monitoring plan, 7.2")
STATED = Conversion("calorific value", "MJ/Nm3", "supplier", value="36", basis="net")


def made(own: Street, disclosed: str) -> str:
    """A coil of an hour: 8, 12, nothing read, 16 kWh, as recorded; and simulated gas. The path of its passport."""
    works = own.works
    with transaction(works.engine) as connection:
        changed = sa.update(products).where(products.c.gtin == COIL.zfill(14))
        connection.execute(changed.values(disclosure=disclosed))
        points = (
            point(works.mill, estimates=RULE),
            point(works.mill, "gas", carrier="natural-gas", unit="Nm3", conversions=(STATED,)),
        )
        plan = MeteringPlan(str(PLANT), "Asia/Seoul", 2, clock.utc_text(LATER), points)
        production.add_metering_plan(connection, works.desk, plan)
    choose_gas(works)
    works.meter(works.mill, ["8", "12"], start=LATER)
    works.meter(works.mill, ["16"], start=LATER + 3 * QUARTER)
    works.mill.mode = "simulated"
    works.say(works.mill, [Reading("gas", LATER + (i + 1) * QUARTER, Decimal(25), "Nm3") for i in range(4)])
    works.run(coil("E-1"), LATER, LATER + 4 * QUARTER, [product("10")], [slab("11")])
    works.recorder(grace=0).step()
    own.settle()
    return f"/01/{coil('E-1').gtin}/10/E-1"


def page(http: httpx.Client, path: str, language: str) -> str:
    return http.get(f"{path}?lang={language}", headers={"Accept": "text/html"}).text


@pytest.mark.parametrize("disclosed", ["open", "restricted"])
def test_a_passport_says_what_was_estimated_and_what_is_simulated(own: Street, disclosed: str) -> None:
    """14 of 50 kWh, whoever may see the load data; and of which carrier readings are simulated, as far as they may."""
    path = made(own, disclosed)
    with serving(own.app) as http:
        english, chinese = page(http, path, "en"), page(http, path, "zh")
        told = http.get(path, headers={"Accept": "application/json"}).json()
    assert "main 28.00 %: estimated, for want of readings" in english
    assert "main 28.00 %: 为估算值，因缺少读数" in chinese
    assert "main 28.00 %: estimated, for want of readings" in str(told)
    if disclosed == "restricted":
        assert "the readings are simulated" in english
        assert "simulated meter</li>" in english
        return
    assert "14.000 kWh (28.00 %) estimated, in 1 intervals" in english
    assert "其中 14.000 kWh（28.00 %）为估算值，共 1 个时段" in chinese
    assert "+ 14.000 kWh estimated" in english and "+ 14.000 kWh 估算" in chinese
    assert "Energy metered in the run: 36.000 kWh." in english
    assert '<span class="soft">estimated, point main</span>' in english
    assert "the readings of natural-gas are simulated" in english
    assert "simulated meter: natural-gas</li>" in english
    assert "% from meters, some of its own are simulated" in english
