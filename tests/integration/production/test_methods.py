"""Footprints by several profiles, what they refuse, and energy periods: on real frames, logs and databases."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import msgspec
import pytest

from backend.access.service import WRITE_PRODUCTION, create
from backend.app import create_app
from backend.context import Context
from backend.database import reading, transaction
from backend.errors import Conflict
from backend.footprints import endpoints, methods, periods, repository
from backend.footprints import service as footprints
from backend.footprints.closing import close_period
from backend.footprints.methods import ProductMethod
from backend.footprints.reissue import reissue
from backend.production import balance, lots
from backend.production import service as production
from backend.production.endpoints import router
from backend.settings import Settings
from leafproof import clock
from leafproof.errors import InvalidInput
from leafproof.footprint import Allocation, Footprint, Price, ProductFacts
from leafproof.period import EnergyPeriod
from leafproof.record import Output
from leafproof.trust import CONTRACTS, Contract, Trust
from leafproof.values import Gln, Gtin, Lot
from tests.integration.production.works import (
    COIL,
    DECLARED,
    FABRICATOR,
    PLANT,
    START,
    STEEL,
    Works,
    coil,
    of_lot,
    product,
    slab,
)
from tests.support.server import serving
from tests.support.storage import REF, hosted

HOUR = 3600
SUPPLY, CBAM_SLAB = "electricity-fuel-supply-coal-glo-2014", "steel-slab-kr-cbam-2026"
KR = "electricity-kr-2018-consumption"
CUSTOMS = ProductFacts(cn_code="7208", process="hot rolling of slab")


def choose(works: Works, *profiles: str, facts: ProductFacts | None = CUSTOMS) -> None:
    """The plant's profiles; its electricity is complete, and CBAM has its own slab."""
    with transaction(works.engine) as connection:
        place = production.facility(connection, PLANT)
        footprints.set_factor(connection, works.desk, works.log, place, "electricity", KR, SUPPLY)
        footprints.set_factor(connection, works.desk, works.log, place, "steel-slab", CBAM_SLAB, by="cbam-steel")
        methods.set_profiles(connection, str(PLANT), profiles)
        methods.set_product(connection, Gtin.parse(COIL), ProductMethod(facts))


def made(works: Works, *codes: str) -> None:
    """Eight hours of 10 kWh each quarter; each lot in an hour of its own, from the first one on."""
    works.meter(works.mill, ["10"] * 32)
    for place, code in enumerate(codes):
        works.run(
            coil(code), START + 2 * place * HOUR, START + (2 * place + 1) * HOUR, [product("10")], [slab("11")]
        )
    works.recorder().step()


def by(works: Works, lot: Lot, name: str) -> Footprint:
    with reading(works.engine) as connection:
        row = footprints.current(connection, lot, name)
        assert row is not None
        return footprints.read(connection, works.desk, bytes(row["statement_id"]))


def close(works: Works, start: int = START, end: int = START + 8 * HOUR) -> EnergyPeriod:
    with transaction(works.engine) as connection:
        logged = close_period(connection, works.desk, PLANT, start, end)
        return periods.read(connection, works.desk, logged.statement_id).content


class TestProfiles:
    def test_one_record_has_a_footprint_by_each(self, works: Works) -> None:
        choose(works, "iso-14067-2018", "cbam-steel", "pact-3")
        made(works, "A")
        # (40 kWh x (0.4781 + 0.060) + 11 t x 2320) / 10 t
        assert works.footprint(coil("A")).per_tonne == "2554.152"
        assert by(works, coil("A"), "cbam-steel").per_tonne == "2329.800"  # 11 x 2118 / 10
        assert by(works, coil("A"), "pact-3").quality is not None
        records = {by(works, coil("A"), name).record for name in ("iso-14067-2018", "cbam-steel", "pact-3")}
        assert len(records) == 1

    def test_an_input_lot_counts_with_its_footprint_by_the_same_profile(self, works: Works) -> None:
        choose(works, "iso-14067-2018", "cbam-steel")
        made(works, "A")
        works.run(coil("B"), START + 3 * HOUR, START + 4 * HOUR, [product("5")], [of_lot(coil("A"), "5")])
        works.recorder().step()
        assert by(works, coil("B"), "cbam-steel").per_tonne == "2329.800"
        (component,) = by(works, coil("B"), "cbam-steel").components or ()
        (line,) = works.record(coil("B")).inputs or ()
        assert component.footprint not in (None, line.footprint)

    def test_an_input_lot_without_a_footprint_by_a_profile_counts_by_its_materials_factor(
        self, works: Works
    ) -> None:
        choose(works, "iso-14067-2018")
        made(works, "A")
        choose(works, "iso-14067-2018", "cbam-steel")
        named = msgspec.structs.replace(of_lot(coil("A"), "5"), material="steel-slab")
        works.run(coil("B"), START + 3 * HOUR, START + 4 * HOUR, [product("5")], [named])
        works.recorder().step()
        (part,) = by(works, coil("B"), "cbam-steel").components or ()
        assert (part.kind, part.footprint, part.emissions) == ("secondary", None, "2118.000")
        assert (
            "coil: no evidence from upstream, counted by a secondary factor"
            in by(works, coil("B"), "cbam-steel").flags
        )
        kinds = [c.kind for c in works.footprint(coil("B")).components or () if c.stage == "raw material"]
        assert kinds == ["supplier"]
        (line,) = works.record(coil("B")).inputs or ()
        assert line.footprint is not None  # its shares are spent all the same

    def test_what_another_profile_refuses_is_kept_with_its_rule(self, works: Works) -> None:
        choose(works, "iso-14067-2018", "cbam-steel", "eu-battery-2023", facts=None)
        made(works, "A")
        with reading(works.engine) as connection:
            told = {r["profile"]: r["rule"] for r in repository.refused(connection, str(coil("A").gtin), "A")}
        assert told == {"cbam-steel": "cbam-product", "eu-battery-2023": "battery-product"}
        choose(works, "iso-14067-2018", "cbam-steel")
        with transaction(works.engine) as connection:
            assert reissue(connection, works.desk, coil("A")) is None  # the main one says what it said
            told = {r["profile"] for r in repository.refused(connection, str(coil("A").gtin), "A")}
        assert told == {"eu-battery-2023"}
        assert by(works, coil("A"), "cbam-steel").per_tonne == "2329.800"

    def test_a_run_says_which_rule_of_the_main_profile_refuses_it(self, works: Works) -> None:
        with transaction(works.engine) as connection:
            methods.set_profiles(connection, str(PLANT), ["iso-14067-2018"])
        made(works, "A")
        assert str(works.problem(coil("A"))).startswith(
            "iso14067-electricity: electricity-kr-2018-consumption: fuel supply not included"
        )
        choose(works, "iso-14067-2018")
        works.recorder().step()
        assert works.footprint(coil("A")).profile.id == "iso-14067-2018"

    def test_another_main_profile_is_the_main_one_from_the_next_issue_on(self, works: Works) -> None:
        choose(works, "iso-14067-2018", "pact-3")
        made(works, "A")
        choose(works, "pact-3", "iso-14067-2018")
        with transaction(works.engine) as connection:
            assert reissue(connection, works.desk, coil("A")) is not None
        found = works.footprint(coil("A"))
        assert (found.profile.id, found.supersedes is not None) == ("pact-3", True)

    def test_co_products_share_as_their_maker_says(self, works: Works) -> None:
        prices = (Price("coil", "900", "USD", "contract"), Price("strip", "300", "USD", "contract"))
        chosen = Allocation("economic", "strip is a by-product", prices)
        choose(works, "iso-14067-2018")
        with transaction(works.engine) as connection:
            methods.set_product(connection, Gtin.parse(COIL), ProductMethod(allocation=chosen))
        works.meter(works.mill, ["10"] * 8)
        strip = Output("co-product", "strip", "4", "t", DECLARED)
        works.run(coil("A"), START, START + HOUR, [product("6"), strip], [slab("11")])
        works.recorder().step()
        # (21.524 + 25520) x 5400 / 6600 / 6
        assert works.footprint(coil("A")).per_tonne == "3482.935"


class TestEnergyPeriods:
    def test_closing_shares_out_all_and_makes_footprints_final(self, works: Works) -> None:
        choose(works, "iso-14067-2018", "cbam-steel")
        made(works, "A", "B")
        assert works.footprint(coil("A")).status == "provisional"
        found = close(works)
        assert [(b.metered, b.in_lots) for b in found.balances] == [("320.000", "80.000")]
        assert [lot.overhead for lot in found.lots] == [("120.000",), ("120.000",)]
        after = works.footprint(coil("A"))
        assert after.status == "final"
        # ((40 + 120) kWh x 0.5381 + 25520) / 10
        assert after.per_tonne == "2560.610"
        assert by(works, coil("A"), "cbam-steel").supersedes is None or by(works, coil("A"), "cbam-steel").period

    def test_lots_and_overhead_are_the_meters_total(self, works: Works) -> None:
        choose(works, "iso-14067-2018")
        works.meter(works.mill, [str(Decimal(7 * i % 31) / 8) for i in range(32)])
        works.run(coil("A"), START + 777, START + 2 * HOUR + 5, [product("9.7")], [slab("11")])
        works.run(coil("B"), START + 3 * HOUR, START + 5 * HOUR + 59, [product("3.1")], [slab("4")])
        works.recorder().step()
        close(works)
        energy = Decimal(0)
        for code in "AB":
            parts = works.footprint(coil(code)).components or ()
            energy += sum(Decimal(c.quantity) for c in parts if c.subject == "electricity")
        with reading(works.engine) as connection:
            window = (PLANT, START, START + 8 * HOUR)
            assert energy == balance.energy_balance(connection, works.desk, *window).total

    def test_a_correction_waits_until_the_period_is_closed_again(self, works: Works) -> None:
        choose(works, "iso-14067-2018")
        made(works, "A", "B")
        first = close(works)
        with transaction(works.engine) as connection:
            lots.correct(
                connection,
                works.desk,
                coil("A"),
                lots.Correction("the scale was read wrong", "Quality", outputs=[product("30")]),
            )
        assert works.footprint(coil("A")).status == "provisional"
        second = close(works)
        assert second.supersedes is not None and first.supersedes is None
        assert [lot.overhead for lot in second.lots] == [("180.000",), ("60.000",)]
        assert [works.footprint(coil(c)).status for c in "AB"] == ["final", "final"]

    def test_a_lot_made_from_provisional_ones_is_provisional_until_they_are_final(self, works: Works) -> None:
        choose(works, "iso-14067-2018")
        made(works, "A")
        works.run(coil("B"), START + 3 * HOUR, START + 4 * HOUR, [product("5")], [of_lot(coil("A"), "5")])
        works.recorder().step()
        assert "an input lot's footprint is provisional" in works.footprint(coil("B")).flags
        close(works)
        assert [works.footprint(coil(c)).status for c in "AB"] == ["final", "final"]

    @pytest.mark.parametrize(
        ("start", "end", "says"),
        [
            (START + HOUR // 2, START + 8 * HOUR, "the period's bounds cut run"),
            (START, START + 2 * HOUR + HOUR // 2, "the period's bounds cut run"),
            (START + 5 * HOUR, START + 8 * HOUR, "no run lies within the period"),
            (START, START, "not after `from`"),
            (START, START + 10**10, "or not over yet"),
        ],
    )
    def test_bounds_that_cannot_be(self, works: Works, start: int, end: int, says: str) -> None:
        choose(works, "iso-14067-2018")
        made(works, "A", "B")
        with pytest.raises(InvalidInput, match=says):
            close(works, start, end)

    def test_what_would_count_twice_or_is_not_recorded_is_refused(self, works: Works) -> None:
        choose(works, "iso-14067-2018")
        made(works, "A", "B")
        close(works, START, START + 2 * HOUR)
        with pytest.raises(Conflict, match="overlaps it, and energy would be counted twice"):
            close(works)
        works.run(coil("C"), START + 6 * HOUR, START + 7 * HOUR, [product("1")], [slab("1.1")])
        with pytest.raises(Conflict, match="is not recorded yet"):
            close(works, START + 2 * HOUR)
        works.recorder().step()
        works.open(coil("D"), START + 7 * HOUR + 60)
        with pytest.raises(Conflict, match="is still open"):
            close(works, START + 2 * HOUR)


@pytest.fixture
def served(sqlite_works: Works, tmp_path: Path) -> Iterator[tuple[httpx.Client, Works]]:
    contracts = {name: Contract("0x" + REF.contract.hex(), "00" * 32) for name in CONTRACTS}
    trust = Trust(1, REF.chain_id, "0x" + "47" * 32, "development", 1, 0, contracts)
    (tmp_path / "trust.json").write_bytes(trust.encode())
    settings = Settings(data=tmp_path, keys=sqlite_works.keys, trust_file=tmp_path / "trust.json")
    context = Context(settings, sqlite_works.engine, hosted(sqlite_works.log))
    with serving(create_app(context, (), (router, endpoints.router))) as client:
        yield client, sqlite_works


def key(works: Works, operator: Gln) -> dict[str, str]:
    with transaction(works.engine) as connection:
        now = int(time.time())
        _, text = create(connection, label="t", scopes=(WRITE_PRODUCTION,), operator=operator, now=now)
    return {"Authorization": f"Bearer {text}"}


class TestOverHttp:
    def test_from_a_choice_of_profiles_to_a_closed_period(self, served: tuple[httpx.Client, Works]) -> None:
        client, works = served
        mine = key(works, STEEL)
        known = {p["id"]: p for p in client.get("/v1/profiles").json()}
        assert "iso-14067-2018" in known and known["cbam-steel"]["rules"][0]["text_zh"]
        path = f"/v1/facilities/{PLANT}"
        chosen = {"subject": "electricity", "factor": KR, "added": [SUPPLY]}
        assert client.put(f"{path}/factors", json=chosen, headers=mine).status_code == 200
        profiles = {"profiles": ["iso-14067-2018", "pact-3"]}
        assert client.put(f"{path}/profiles", json=profiles, headers=mine).json() == profiles
        method = {"facts": msgspec.to_builtins(CUSTOMS)}
        answer = client.put(f"/v1/products/{COIL}/method", json=method, headers=mine)
        assert answer.json()["facts"]["cn_code"] == "7208"
        made(works, "A")
        span = {"from": clock.utc_text(START), "to": clock.utc_text(START + 8 * HOUR)}
        closed = client.post(f"{path}/energy-periods", json=span, headers=mine)
        assert closed.status_code == 201, closed.text
        assert works.footprint(coil("A")).status == "final"

    def test_what_is_wrong_is_named_and_others_may_not(self, served: tuple[httpx.Client, Works]) -> None:
        client, works = served
        path, mine, others = f"/v1/facilities/{PLANT}", key(works, STEEL), key(works, FABRICATOR)
        for body in ({"profiles": ["moon"]}, {"profiles": ["pact-3", "pact-3"]}, {"profiles": []}):
            assert client.put(f"{path}/profiles", json=body, headers=mine).status_code == 422
        assert client.put(f"{path}/profiles", json={"profiles": ["pact-3"]}, headers=others).status_code == 403
        assert client.put(f"/v1/products/{COIL}/method", json={}, headers=others).status_code == 403
        shares = {"allocation": {"shares": [{"output": "coil", "share": "1"}]}}  # follow, and are not given
        assert client.put(f"/v1/products/{COIL}/method", json=shares, headers=mine).status_code == 400
        span = {"from": "2018-03-01T00:00+09:00", "to": "2018-03-02T00:00+09:00"}
        assert client.post(f"{path}/energy-periods", json=span, headers=others).status_code == 403
        assert client.post(f"{path}/energy-periods", json=span, headers=mine).status_code == 422
