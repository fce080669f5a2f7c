"""Certificates on a real chain: stated, claimed for one lot, and refused a second time, by the server and by the
contract; what a reader then finds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from backend.access.service import WRITE_PRODUCTION
from backend.app import create_app
from backend.certificates import service
from backend.certificates.cli import app as command_line
from backend.certificates.endpoints import router
from backend.context import Context
from backend.database import reading, transaction
from backend.embedded.node import EmbeddedNode
from backend.errors import Conflict, NotFound
from backend.footprints import methods
from backend.footprints import service as footprints
from backend.footprints import sets as factor_sets
from backend.footprints.reissue import reissue
from backend.log.keys import create_key
from backend.production import lots
from backend.production import service as production
from backend.production.service import signer_of
from backend.settings import Settings
from leafproof.certificate import Cancellation, Days
from leafproof.chain.view import lot_id
from leafproof.errors import InvalidInput
from leafproof.footprint import Footprint, Serials
from leafproof.values import Lot
from tests.integration.anchor.ledger import ACME, make_ledger
from tests.integration.production.test_chain import Group, failures, feed
from tests.integration.production.test_http import key
from tests.integration.production.works import (
    FABRICATOR,
    PLANT,
    START,
    STEEL,
    STEWARD,
    WORKSHOP,
    coil,
    product,
    slab,
)
from tests.support.certificates import HONEST, cancelled
from tests.support.server import serving
from tests.support.storage import LOG_KEY

HOUR = 3600
LOCATION, MARKET = "leafproof-partial", "iso-14067-2018-market"
REGISTRY = HONEST.registry
STATED = cancelled(
    first="501",
    last="520",
    period=Days("2018-01-01", "2018-12-31"),
    generated=Days("2018-02-01", "2018-02-28"),
    cancelled="2018-06-30",
)


class Certified(Group):
    """Two coils on the chain, and a registry of certificates."""

    def begin(self) -> None:
        self.admit(STEEL, FABRICATOR, STEWARD)
        feed(self.works, self.works.mill)
        for number, name in enumerate("AB"):
            opened = START + number * HOUR
            self.works.run(coil(name), opened, opened + HOUR, [product("10")], [slab("11")])
        self.settle()
        registrar = self.ledger.address("anchor")
        with transaction(self.ledger.engine) as connection:
            keys = service.admit_registry(connection, REGISTRY, registrar)
        self.ledger.settle(*keys)
        self.ledger.follow()

    def state(self, stated: Cancellation = STATED) -> bytes:
        with transaction(self.ledger.engine) as connection:
            return service.state(connection, self.works.desk, stated).statement_id

    def claim(self, statement: bytes, lot: Lot, first: str, last: str) -> str:
        registry = self.ledger.follow()
        with transaction(self.ledger.engine) as connection:
            return service.claim(connection, self.works.desk, registry, statement, lot, first, last)

    def codes(self, lot: Lot) -> set[str]:
        report = self.verify(lot)
        assert failures(report) == []
        return {f.code for f in report[10].findings}


@pytest.fixture
def group(node: EmbeddedNode, sqlite: Engine, tmp_path: Path) -> Iterator[Certified]:
    with make_ledger(node.url, [node.account(i) for i in range(4)], sqlite, tmp_path / "keys") as ledger:
        made = Certified(ledger, node)
        made.begin()
        yield made


class TestClaims:
    def test_serials_are_claimed_for_one_lot_and_a_second_claim_is_refused_with_whose_they_are(
        self, group: Certified
    ) -> None:
        statement = group.state()
        asked = group.claim(statement, coil("A"), "505", "506")
        assert group.claim(statement, coil("A"), "505", "506") == asked  # asked again while it is under way
        with pytest.raises(Conflict, match="505 to 506 of I-REC.E. is under way"):
            group.claim(statement, coil("B"), "506", "507")
        group.settle()
        assert group.ledger.status(asked).state == "final"
        assert group.codes(coil("A")) == {"no-labels", "claimed", "claim-not-exclusive"}
        with pytest.raises(Conflict, match="505 to 506 of I-REC.E. are claimed already: by operator 0x"):
            group.claim(statement, coil("B"), "506", "507")
        assert group.claim(statement, coil("A"), "505", "506") == asked
        below, above = (group.claim(statement, coil("B"), *pair) for pair in (("501", "504"), ("507", "520")))
        group.settle()
        assert {group.ledger.status(k).state for k in (below, above)} == {"final"}

    def test_what_another_claimed_meanwhile_the_contract_refuses_and_says_so(self, group: Certified) -> None:
        statement = group.state()
        registry = group.ledger.follow()  # and knows nothing of what comes now
        subject = lot_id(group.works.addresses[FABRICATOR], coil("A"))
        taken = [STATED.registry_id, 510, 512, b"\x01" * 32, subject, b"\x02" * 32, 0]
        group.ledger.done(signer_of(FABRICATOR), "CertificateClaims", "claim", taken, "elsewhere")
        with transaction(group.ledger.engine) as connection:
            asked = service.claim(connection, group.works.desk, registry, statement, coil("A"), "512", "513")
        group.settle()
        status = group.ledger.status(asked)
        assert status.state == "failed"
        assert status.error == f"SerialsClaimed(0x{STATED.registry_id.hex()}, 510, 512)"
        assert group.codes(coil("A")) == {"no-labels"}

    def test_a_newer_footprint_takes_the_claim_over(self, group: Certified) -> None:
        statement = group.state()
        group.claim(statement, coil("A"), "505", "506")
        group.settle()
        with transaction(group.ledger.engine) as connection:
            lots.correct(
                connection,
                group.works.desk,
                coil("A"),
                lots.Correction("misread", "shift leader", outputs=[product("9")]),
            )
        group.settle()
        assert group.codes(coil("A")) == {"no-labels", "claimed", "claim-older", "claim-not-exclusive"}
        again = group.claim(statement, coil("A"), "505", "506")
        group.settle()
        assert group.ledger.status(again).function == "nameFootprint"
        assert group.codes(coil("A")) == {"no-labels", "claimed", "claim-not-exclusive"}

    def test_the_registrys_word_makes_it_exclusive_for_whoever_trusts_its_registrar(
        self, group: Certified
    ) -> None:
        statement = group.state()
        group.claim(statement, coil("A"), "505", "506")
        group.settle()
        args = [STATED.registry_id, 505, b"\x07" * 32]
        group.ledger.done("anchor", "CertificateClaims", "attest", args, "attest")
        registrar = "0x" + group.ledger.address("anchor").hex()
        group.ledger.trust = msgspec.structs.replace(group.ledger.trust, registrars=[registrar])
        assert group.codes(coil("A")) == {"no-labels", "claimed", "claim-attested"}

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"country": "VN"}, "not one market"),
            ({"generated": Days("2017-01-01", "2017-02-28")}, "vintage does not count"),
            ({"period": Days("2018-03-02", "2018-03-31")}, "cancelled for use from"),
        ],
    )
    def test_what_a_reader_would_find_fault_with_is_not_claimed(
        self, group: Certified, changes: dict[str, Any], said: str
    ) -> None:
        statement = group.state(msgspec.structs.replace(STATED, **changes))
        with pytest.raises(InvalidInput, match=said):
            group.claim(statement, coil("A"), "505", "506")

    def test_serials_and_lots_that_are_not_there(self, group: Certified) -> None:
        statement = group.state()
        with pytest.raises(InvalidInput, match="not within the cancellation"):
            group.claim(statement, coil("A"), "520", "521")
        with pytest.raises(InvalidInput, match="last"):
            group.claim(statement, coil("A"), "505", "0506")
        with pytest.raises(NotFound):
            group.claim(statement, coil("Z"), "505", "506")
        with pytest.raises(NotFound):
            group.claim(b"\x09" * 32, coil("A"), "505", "506")


SOURCES = "electricity-wind-offshore-glo-2014", "electricity-kr-2018-transmission-losses"


def by_market(group: Certified) -> None:
    """The plant has a location-based and a market-based profile from now on."""
    works = group.works
    with transaction(group.ledger.engine) as connection:
        content = factor_sets.shipped_set(factor_sets.SOURCES_SET)
        factor_sets.use_set(connection, works.desk, works.log, STEWARD, content)
        place = production.facility(connection, PLANT)
        grid = "electricity-kr-2018-consumption", "electricity-fuel-supply-coal-glo-2014"
        footprints.set_factor(connection, works.desk, works.log, place, "electricity", *grid)
        footprints.set_factor(connection, works.desk, works.log, place, "electricity-wind", *SOURCES)
        methods.set_profiles(connection, str(PLANT), [LOCATION, MARKET])


def again(group: Certified, lot: Lot) -> dict[str, Footprint]:
    """The lot's footprints, issued anew with what the chain holds by now; by profile."""
    group.ledger.follow()
    with transaction(group.ledger.engine) as connection:
        reissue(connection, group.works.desk, lot)
        rows = footprints.current_by_profile(connection, lot)
        return {
            r["profile"]: footprints.read(connection, group.works.desk, bytes(r["statement_id"])) for r in rows
        }


class TestAMarketBasedFootprint:
    def test_counts_what_the_chain_holds_for_the_lot_and_the_other_one_does_not(self, group: Certified) -> None:
        by_market(group)
        before = again(group, coil("A"))
        assert before[MARKET].per_tonne == before[LOCATION].per_tonne
        assert before[MARKET].certificates == ()
        statement = group.state(msgspec.structs.replace(STATED, wh_per_serial=1000))
        group.claim(statement, coil("A"), "505", "507")
        assert again(group, coil("A")) == before  # nothing is final yet
        group.settle()
        found = again(group, coil("A"))
        assert found[LOCATION] == before[LOCATION]
        assert found[MARKET].certificates == (Serials(statement.hex(), "505", "507"),)
        energy = {c.subject: Decimal(c.quantity) for c in found[MARKET].components or () if c.unit == "kWh"}
        used = sum(Decimal(c.quantity) for c in before[MARKET].components or () if c.unit == "kWh")
        assert energy == {"electricity-wind": Decimal(3), "electricity": used - 3}
        # 3 kWh x (0.4781 + 0.060 - 0.012 - 0.0347), over 10 t; both numbers are rounded
        saved = Decimal(before[MARKET].per_tonne) - Decimal(found[MARKET].per_tonne)
        assert abs(saved - Decimal("0.14742")) < Decimal("0.001")
        assert group.codes(coil("A")) >= {"claimed", "claim-counted", "claim-not-exclusive"}
        assert again(group, coil("A")) == found

    def test_counts_no_more_what_the_registry_rejects(self, group: Certified) -> None:
        by_market(group)
        before = again(group, coil("A"))
        statement = group.state(msgspec.structs.replace(STATED, wh_per_serial=1000))
        for first, last in (("505", "506"), ("510", "510")):
            group.claim(statement, coil("A"), first, last)
        group.settle()
        assert [one.first for one in again(group, coil("A"))[MARKET].certificates] == ["505", "510"]
        rejected = [STATED.registry_id, 505, b"\x07" * 32, 0]
        group.ledger.done("anchor", "CertificateClaims", "reject", rejected, "reject")
        assert [one.first for one in again(group, coil("A"))[MARKET].certificates] == ["510"]
        assert again(group, coil("A"))[LOCATION] == before[LOCATION]

    def test_counts_what_its_maker_claimed_elsewhere_and_its_bundle_has_the_cancellation(
        self, group: Certified
    ) -> None:
        by_market(group)
        main = again(group, coil("A"))[LOCATION]
        statement = group.state(msgspec.structs.replace(STATED, wh_per_serial=1000))
        with reading(group.ledger.engine) as connection:
            row = footprints.current(connection, coil("A"), LOCATION)
        assert row is not None
        subject = lot_id(group.works.addresses[STEEL], coil("A"))
        taken = [STATED.registry_id, 505, 506, statement, subject, bytes(row["statement_id"]), 0]
        group.ledger.done(signer_of(STEEL), "CertificateClaims", "claim", taken, "elsewhere")
        found = again(group, coil("A"))
        assert found[MARKET].certificates == (Serials(statement.hex(), "505", "506"),)
        assert found[LOCATION] == main
        assert "claim-counted" in group.codes(coil("A"))

    def test_counts_nothing_that_a_stranger_claims_or_whose_source_has_no_factor(self, group: Certified) -> None:
        by_market(group)
        statement = group.state(msgspec.structs.replace(STATED, wh_per_serial=1000))
        subject = lot_id(group.works.addresses[STEEL], coil("A"))
        taken = [STATED.registry_id, 505, 506, statement, subject, b"\x02" * 32, 0]
        group.ledger.done(signer_of(FABRICATOR), "CertificateClaims", "claim", taken, "elsewhere")
        other = msgspec.structs.replace(STATED, first="601", last="610", source="biomass")
        group.claim(group.state(other), coil("A"), "601", "602")
        group.settle()
        assert again(group, coil("A"))[MARKET].certificates == ()

    @pytest.mark.parametrize(
        ("subject", "factors", "said"),
        [
            ("electricity-hydro", SOURCES, "is a factor of electricity-wind, not of electricity-hydro"),
            ("electricity", SOURCES, "is a factor of electricity-wind, not of electricity"),
            ("electricity-wind", ("electricity-kr-2018-generation",), "not of electricity-wind"),
            ("electricity-wind", ("steel-slab-kr-cbam-2026",), "electricity-wind is electricity"),
            (
                "electricity-wind",
                (SOURCES[0], "electricity-cn-east-2023-transmission-losses"),
                "is of region CN-East",
            ),
            ("electricity-wind", ("moon",), "is not in leafproof-starter"),
        ],
    )
    def test_takes_factors_of_the_very_source_alone(
        self, group: Certified, subject: str, factors: tuple[str, ...], said: str
    ) -> None:
        by_market(group)
        works = group.works
        with transaction(group.ledger.engine) as connection, pytest.raises(InvalidInput, match=said):
            place = production.facility(connection, PLANT)
            footprints.set_factor(connection, works.desk, works.log, place, subject, *factors)


class TestStating:
    def test_the_same_again_is_the_first_and_another_content_is_refused(self, group: Certified) -> None:
        assert group.state() == group.state()
        with pytest.raises(Conflict, match="501 to 520 of I-REC.E. are stated already"):
            group.state(msgspec.structs.replace(STATED, first="520", last="530"))

    def test_only_for_a_facility_of_the_beneficiary(self, group: Certified) -> None:
        with pytest.raises(InvalidInput, match="not a facility of"):
            group.state(msgspec.structs.replace(STATED, facility=str(WORKSHOP)))


@pytest.fixture
def client(group: Certified, tmp_path: Path) -> Iterator[httpx.Client]:
    (tmp_path / "trust.json").write_bytes(group.ledger.trust.encode())
    settings = Settings(data=tmp_path, keys=group.ledger.keys, trust_file=tmp_path / "trust.json")
    context = Context(settings, group.ledger.engine, group.works.desk.logs)
    with serving(create_app(context, (), (router,))) as found:
        yield found


class TestOverHttp:
    def test_stated_claimed_shown_and_a_second_claim_is_a_problem(
        self, group: Certified, client: httpx.Client
    ) -> None:
        mine = key(group.works, STEEL, WRITE_PRODUCTION)
        stated = client.post("/v1/certificates", json=msgspec.to_builtins(STATED), headers=mine)
        assert stated.status_code == 201, stated.text
        path = f"/v1/certificates/{stated.json()['statement_id']}"
        wanted = {"gtin": str(coil("A").gtin), "lot": "A", "first": "505", "last": "506"}
        asked = client.post(f"{path}/claims", json=wanted, headers=mine)
        assert asked.status_code == 202, asked.text
        (shown,) = client.get(path).json()["asked"]
        assert (shown["state"], shown["transaction"]) == ("queued", asked.json()["transaction"])
        group.settle()
        group.ledger.follow()
        (standing,) = client.get(path).json()["standing"]
        assert (standing["first"], standing["last"], standing["attested_by"]) == ("505", "506", None)
        assert standing["operator"] == group.works.addresses[STEEL].hex()
        again = client.post(f"{path}/claims", json={**wanted, "lot": "B"}, headers=mine)
        assert again.status_code == 409
        assert again.headers["content-type"] == "application/problem+json"
        assert again.json()["detail"].startswith("serials 505 to 506 of I-REC(E) are claimed already")

    def test_wrong_ids_bodies_and_keys_are_problems(self, group: Certified, client: httpx.Client) -> None:
        body = msgspec.to_builtins(STATED)
        mine, others = (key(group.works, gln, WRITE_PRODUCTION) for gln in (STEEL, FABRICATOR))
        assert client.post("/v1/certificates", json=body).status_code == 401
        assert client.post("/v1/certificates", json=body, headers=others).status_code == 403
        for change in ({"country": "Korea"}, {"kind": "REC"}, {"first": 501}, {"more": 1}):
            assert client.post("/v1/certificates", json=body | change, headers=mine).status_code in (400, 422)
        assert client.get("/v1/certificates/" + "ab" * 32).status_code == 404
        assert client.get("/v1/certificates/ab").status_code == 422
        path = f"/v1/certificates/{group.state().hex()}/claims"
        wanted = {"gtin": str(coil("A").gtin), "lot": "A", "first": "505", "last": "506"}
        assert client.post(path, json=wanted).status_code == 401
        assert client.post(path, json=wanted, headers=others).status_code == 403
        assert client.post(path, json={**wanted, "lot": "Z"}, headers=mine).status_code == 404
        beyond = client.post(path, json={**wanted, "last": "521"}, headers=mine)
        assert (beyond.status_code, beyond.json()["field"]) == (422, "serials")


class TestOnTheCommandLine:
    def test_the_same_by_commands(self, group: Certified, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        ledger = group.ledger
        create_key(ledger.keys / f"log-{ledger.log_id.hex()[:16]}.pem", LOG_KEY.pem())
        (tmp_path / "trust.json").write_bytes(ledger.trust.encode())
        for name, value in {
            "DATA": tmp_path,
            "DATABASE_URL": ledger.engine.url,
            "KEYS": ledger.keys,
            "TRUST_FILE": tmp_path / "trust.json",
            "LOG_NAME": "main",
            "LOG_OWNER": "0x" + ledger.address(ACME).hex(),
        }.items():
            monkeypatch.setenv(f"LEAFPROOF_{name}", str(value))

        def run(*words: str) -> tuple[int, str]:
            done = CliRunner().invoke(command_line, words)
            return done.exit_code, done.output.strip()

        file = tmp_path / "cancellation.json"
        file.write_text(json.dumps(msgspec.to_builtins(STATED)))
        code, statement = run("state", str(file))
        assert (code, len(statement)) == (0, 64), statement
        lot = ("--gtin", str(coil("A").gtin), "--lot", "A")
        assert run("claim", statement, *lot, "--first", "505", "--last", "506")[0] == 0
        group.settle()
        ledger.follow()
        assert "505 to 506: claimed by 0x" in run("show", statement)[1]
        code, told = run("count", *lot)
        assert (code, told.startswith("leafproof-partial: ")) == (0, True), told
        other = ("--gtin", str(coil("B").gtin), "--lot", "B")
        code, said = run("claim", statement, *other, "--first", "506", "--last", "506")
        assert code == 2
        assert "are claimed already" in said
        code, key_ = run("admit", "GO")
        assert (code, key_) == (0, "registry:GO")
        assert run("admit", "GO2", "--registrar", "0x12")[0] == 2
        file.write_text("{")
        assert run("state", str(file))[0] == 2
        assert run("show", "ab" * 32)[0] == 2
        with reading(ledger.engine) as connection:
            assert len(group.ledger.follow().claims(connection, STATED.registry_id)) == 1
