"""Stages after the gate on real parts: attached to a recorded lot, and in its bundle."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from backend.access.service import WRITE_PRODUCTION
from backend.access.tiers import Tier
from backend.database import transaction
from backend.errors import NotFound
from backend.lifecycle import service
from leafproof.errors import InvalidInput
from leafproof.footprint import FactorRef
from leafproof.lifecycle import Line
from leafproof.verification.report import Status
from leafproof.verification.verify import verify
from tests.integration.production.test_bundles import TRUST, build
from tests.integration.production.test_http import key, served  # noqa: F401
from tests.integration.production.works import COIL, FABRICATOR, START, STEEL, Works, coil, product, slab

HOUR = 3600
SEA = Line("Busan to Nantong", "10", "t", "4200", FactorRef("", "freight-sea-general-cargo-2025"))
ROAD = Line("port to works", "10", "t", "120", FactorRef("", "freight-road-hgv-gb-2024"))


def made(works: Works) -> Works:
    works.meter(works.mill, ["25.5"] * 16)
    works.run(coil("A"), START, START + HOUR, [product("10")], [slab("11")])
    works.recorder().step()
    return works


def attach(works: Works, *lines: Line, lot: Any = None, name: str = "to Nantong") -> Any:
    with transaction(works.engine) as connection:
        asked = ("logistics", "supplier-stated", name, "carrier's slip 7", "10")
        return service.attach(connection, works.desk, lot or coil("A"), *asked, lines)


def test_a_stage_is_calculated_logged_and_in_the_bundle(works: Works) -> None:
    before = made(works).footprint(coil("A")).per_tonne
    row = attach(works, SEA, ROAD)
    with transaction(works.engine) as connection:
        stated = service.read(connection, works.desk, row)
    assert (stated.per_tonne, stated.lines[0].emissions) == ("67.184", "55.482")  # as docs/method.md counts it
    assert attach(works, SEA, ROAD)["statement_id"] == row["statement_id"]
    newer = attach(works, SEA)
    other = attach(works, ROAD, name="to the customer")
    bundle = build(works, coil("A"), Tier.PUBLIC)
    report = verify(bundle, TRUST, None)
    assert [f.text() for c in report.checks for f in c.findings if f.status is Status.FAIL] == []
    shown = [f.params["value"] for f in report[8].findings if f.code == "stage-supplier-stated"]
    assert sorted(shown) == ["11.702", "55.482"]
    assert {newer["index"], other["index"]} <= {item.index for item in bundle.items}
    assert row["index"] not in {item.index for item in bundle.items}
    assert works.footprint(coil("A")).per_tonne == before


def test_what_is_no_stage_is_refused(works: Works) -> None:
    made(works)
    with pytest.raises(NotFound):
        attach(works, SEA, lot=coil("Z"))
    with pytest.raises(InvalidInput, match="factor"):
        attach(works, Line("by air", "10", "t", "5", FactorRef("", "freight-dragon")))


def test_over_http_the_maker_attaches_and_everybody_reads(served: tuple[httpx.Client, Works]) -> None:  # noqa: F811
    client, works = served
    made(works)
    path = f"/v1/lots/{COIL}/A/stages"
    line = {"name": "melted again", "stated": "-8000", "source": "closed loop, 80 % recovered"}
    asked = {
        "stage": "recycling", "basis": "scenario", "name": "at the end of life", "assumptions": "80 % recovered",
        "tonnes": "10", "lines": [line],
    }  # fmt: skip
    done = client.post(path, json=asked, headers=key(works, STEEL, WRITE_PRODUCTION))
    assert done.status_code == 201, done.text
    assert done.json()["stated"]["per_tonne"] == "-800.000"
    assert client.get(path).json() == [done.json()]
    credit = {**asked, "basis": "measured"}
    assert client.post(path, json=credit, headers=key(works, STEEL, WRITE_PRODUCTION)).status_code == 422
    assert client.post(path, json=asked, headers=key(works, FABRICATOR, WRITE_PRODUCTION)).status_code == 403
