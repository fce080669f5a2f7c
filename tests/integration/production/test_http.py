"""Production over HTTP: who may, and the way from a company to a recorded lot."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from backend.access.service import WRITE_PRODUCTION, create
from backend.app import create_app
from backend.context import Context
from backend.database import transaction
from backend.declared.endpoints import router as declared_router
from backend.lifecycle.endpoints import router as lifecycle_router
from backend.production.endpoints import router
from backend.settings import Settings
from leafproof.plan import MeteringPlan
from leafproof.trust import CONTRACTS, Contract, Trust
from leafproof.values import Gln
from tests.integration.production.works import (
    COIL,
    FABRICATOR,
    PLANT,
    START,
    STEEL,
    Works,
    coil,
    point,
    product,
)
from tests.support.server import serving
from tests.support.storage import REF, hosted

READ_AUTHORITY = "read:authority"
DIRECT = {"from": "2018-03-01T00:00+09:00", "to": "2018-03-02T00:00+09:00"}


@pytest.fixture
def served(sqlite_works: Works, tmp_path: Path) -> Iterator[tuple[httpx.Client, Works]]:
    contracts = {name: Contract("0x" + REF.contract.hex(), "00" * 32) for name in CONTRACTS}
    trust = Trust(1, REF.chain_id, "0x" + "47" * 32, "development", 1, 0, contracts)
    (tmp_path / "trust.json").write_bytes(trust.encode())
    settings = Settings(data=tmp_path, keys=sqlite_works.keys, trust_file=tmp_path / "trust.json")
    context = Context(settings, sqlite_works.engine, hosted(sqlite_works.log))
    with serving(create_app(context, (), (router, declared_router, lifecycle_router))) as client:
        yield client, sqlite_works


def key(works: Works, operator: Gln | None, *scopes: str) -> dict[str, str]:
    with transaction(works.engine) as connection:
        now = int(time.time())
        _, text = create(connection, label="test", scopes=scopes, operator=operator, now=now)
    return {"Authorization": f"Bearer {text}"}


def run(lot: str = "A", **changes: Any) -> dict[str, Any]:
    plain = {"facility": str(PLANT), "line": "mill", "gtin": COIL, "lot": lot, "opened": "2018-03-01 00:00"}
    return plain | changes


CLOSE = {
    "closed": "2018-03-01 01:00",
    "outputs": [{"role": "product", "name": "coil", "quantity": "10", "unit": "t"}],
    "inputs": [{"name": "slab", "quantity": "11", "unit": "t", "material": "steel-slab"}],
}


def test_from_a_run_to_its_versions_and_the_energy_balance(served: tuple[httpx.Client, Works]) -> None:
    client, works = served
    mine = key(works, STEEL, WRITE_PRODUCTION)
    opened = client.post("/v1/runs", json=run(), headers=mine)
    assert opened.status_code == 201, opened.text
    path = f"/v1/runs/{opened.json()['id']}"
    assert client.post(f"{path}/close", json=CLOSE, headers=mine).json()["state"] == "closed"
    works.meter(works.mill, ["2.5"] * 96)
    works.recorder().step()
    assert client.get(path, headers=mine).json()["state"] == "recorded"
    (version,) = client.get(f"/v1/lots/{COIL}/A/versions").json()["versions"]
    assert (version["version"], version["state"], len(version["footprints"])) == (1, "logged", 1)
    found = client.get(f"/v1/facilities/{PLANT}/energy-balance", params=DIRECT, headers=mine).json()
    assert (found["total"], found["lots"], found["idle"]) == ("240", "10.000", "230.000")
    sent = client.post(
        f"/v1/lots/{COIL}/A/transfers", json={"to": str(FABRICATOR), "quantity": "2.5"}, headers=mine
    )
    assert (sent.status_code, sent.json()["state"], sent.json()["shares"]) == (202, "queued", str(25 * 10**16))
    corrected = client.post(
        f"/v1/lots/{COIL}/A/corrections", json={"inputs": [], "reason": "misread", "by": "me"}, headers=mine
    )
    assert corrected.status_code == 201, corrected.text
    assert len(client.get(f"/v1/lots/{COIL}/A/versions").json()["versions"]) == 2


def test_only_the_operators_own_key_writes(served: tuple[httpx.Client, Works]) -> None:
    client, works = served
    assert client.post("/v1/runs", json=run()).status_code == 401
    others = key(works, FABRICATOR, WRITE_PRODUCTION)
    assert client.post("/v1/runs", json=run(), headers=others).status_code == 403
    reader = key(works, STEEL, READ_AUTHORITY)
    assert client.post("/v1/runs", json=run(), headers=reader).status_code == 403


def test_runs_and_energy_are_for_the_operator_and_the_authority(served: tuple[httpx.Client, Works]) -> None:
    client, works = served
    path = f"/v1/facilities/{PLANT}/energy-balance"
    assert client.get(path, params=DIRECT).status_code == 401
    assert client.get(path, params=DIRECT, headers=key(works, FABRICATOR, WRITE_PRODUCTION)).status_code == 403
    assert client.get(path, params=DIRECT, headers=key(works, None, READ_AUTHORITY)).status_code == 200
    assert client.get(f"/v1/facilities/{PLANT}/runs").status_code == 401


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (run(gtin=COIL[:-1] + "x"), "gtin"),
        (run(line="melt"), "line"),
        (run(opened="yesterday"), "opened"),
        (run(lot="ä"), "lot"),
        (run(colour="red"), "colour"),
    ],
)
def test_a_bad_run_names_the_field(served: tuple[httpx.Client, Works], asked: dict[str, Any], field: str) -> None:
    client, works = served
    answer = client.post("/v1/runs", json=asked, headers=key(works, STEEL, WRITE_PRODUCTION))
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text


def test_orders_come_as_csv(served: tuple[httpx.Client, Works]) -> None:
    client, works = served
    text = (
        "order,line,gtin,lot,opened,closed,output_t\n"
        f"1,mill,{COIL},A,2018-03-01 06:00,2018-03-01 14:00,18\n"
        f"2,mill,{COIL},B,2018-03-01 14:00,2018-03-01 13:00,18\n"
    )
    answer = client.post(
        f"/v1/facilities/{PLANT}/orders",
        content=text,
        headers=key(works, STEEL, WRITE_PRODUCTION) | {"Content-Type": "text/csv"},
    ).json()
    assert (answer["taken"], answer["known"], answer["refused"]) == (1, 0, 1)
    assert (answer["lines"][1]["line"], answer["lines"][1]["field"]) == (3, "closed")


def test_a_fault_within_a_line_names_it(served: tuple[httpx.Client, Works]) -> None:
    client, works = served
    ours = key(works, STEEL, WRITE_PRODUCTION)
    made = client.post("/v1/runs", json=run(), headers=ours).json()
    output = {"role": "product", "name": "coil", "quantity": "10", "unit": "t"}
    paint = {"name": "paint", "quantity": "1", "unit": "t", "material": "paint"}
    for outputs, inputs, field in (
        ([output, output | {"quantity": "ten"}], [], "outputs.1.quantity"),
        ([output | {"unit": None}], [], "outputs.0.unit"),
        ([output], [paint], "inputs.0.material"),
    ):
        asked = {"closed": "2018-03-01 01:00", "outputs": outputs, "inputs": inputs}
        answer = client.post(f"/v1/runs/{made['id']}/close", json=asked, headers=ours)
        assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text


def test_everybody_sees_the_factors_in_use(served: tuple[httpx.Client, Works]) -> None:
    found = served[0].get("/v1/factors").json()
    (grid,) = [f for f in found["factors"] if f["id"] == "electricity-cn-east-2023"]
    assert (grid["region"], grid["unit"], grid["per"]) == ("CN-East", "kg CO2", "kWh")
    assert grid["name"] and grid["value"] and grid["boundary"] and grid["source"]
    assert served[0].get("/v1/factors?partition=7").status_code == 404


def test_a_transfer_asked_for_again_is_the_first_one(served: tuple[httpx.Client, Works]) -> None:
    client, works = served
    works.meter(works.mill, ["1"] * 8)
    works.run(coil("A"), START, START + 3600, [product("10")])
    works.recorder().step()
    ours = key(works, STEEL, WRITE_PRODUCTION)

    def ask(name: str | None, quantity: str = "4") -> httpx.Response:
        sent = ours if name is None else ours | {"Idempotency-Key": name}
        asked = {"to": str(FABRICATOR), "quantity": quantity}
        return client.post(f"/v1/lots/{COIL}/A/transfers", json=asked, headers=sent)

    first, again, other = ask("order 7"), ask("order 7"), ask("order 8")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json() != other.json()
    assert ask("order 7", "5").status_code == 409
    assert (ask("x" * 201).status_code, ask("").status_code) == (422, 422)
    assert ask("x" * 201).json()["field"] == "idempotency-key"
    assert ask(None, "3").status_code == 422  # two were handed over, 2 t are left
    listed = client.get(f"/v1/lots/{COIL}/A/transfers", headers=ours).json()
    assert len(listed) == 2


def test_setting_up_a_company(served: tuple[httpx.Client, Works]) -> None:
    client, works = served
    ours = key(works, None, WRITE_PRODUCTION)
    party, place = Gln.parse("4012345000009"), Gln.parse("4012345000016")
    company = {"gln": str(party), "name": "New", "address": "0x" + "c3" * 20}
    assert client.post("/v1/companies", json=company, headers=ours).status_code == 201
    made = client.put(f"/v1/companies/{party}/issuer-key", headers=ours).json()
    assert made == client.put(f"/v1/companies/{party}/issuer-key", headers=ours).json()
    facility = {
        "gln": str(place),
        "company": str(party),
        "name": "Works",
        "country": "CN",
        "zone": "Asia/Shanghai",
        "region": "CN-East",
    }
    assert client.post("/v1/facilities", json=facility, headers=ours).status_code == 201
    factor = {"subject": "electricity", "factor": "electricity-cn-east-2023"}
    assert client.put(f"/v1/facilities/{place}/factors", json=factor, headers=ours).status_code == 200
    plan = MeteringPlan(str(place), "Asia/Shanghai", 1, "2018-01-01T00:00:00Z", (point(works.shop),))
    asked = msgspec.to_builtins(plan)
    first = client.post(f"/v1/facilities/{place}/metering-plans", json=asked, headers=ours)
    assert first.status_code == 201, first.text
    assert client.post(f"/v1/facilities/{place}/metering-plans", json=asked, headers=ours).json() == first.json()
    product = {"gtin": "4006381333931", "name": "Flange", "company": str(party)}
    assert client.post("/v1/products", json=product, headers=ours).status_code == 201
