"""What a buyer keeps of suppliers: by tier, merged, in trees that come home; and what has no evidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from backend.access.tiers import Tier
from backend.database import transaction
from backend.production import runs
from backend.production import service as production
from backend.received import cli, service
from leafproof import checkpoint, envelope
from leafproof.bundle import Bundle, Witnessed
from leafproof.disclosure import member
from leafproof.errors import InvalidInput
from leafproof.keys import EDDSA, SigningKey
from leafproof.record import Input, Output
from tests.integration.production.works import (
    DECLARED,
    FABRICATOR,
    QUARTER,
    START,
    WORKSHOP,
    coil,
    of_lot,
    product,
    section,
    slab,
)
from tests.integration.received.sites import COIL_OF_A, SECTION_OF_B, Pair, Site, failed
from tests.integration.received.test_two_backends import send
from tests.support.server import serving

SECTION = [Output("product", "section", "9.7", "t", DECLARED)]


def members(data: bytes) -> set[str]:
    return {member(text) for item in Bundle.decode(data).items for text in item.disclosures}


def bodies(data: bytes) -> int:
    return sum(item.body is not None for item in Bundle.decode(data).items)


class TestTiers:
    def test_what_a_buyer_was_given_is_not_everybodys(self, two: Pair) -> None:
        lot = two.make_coil()
        two.tower.ledger.follow()
        full = two.steel.bundle(lot, Tier.AUDITOR)
        assert send(two.tower, full, "buyer").status_code == 201
        assert members(two.tower.bundle(lot)) == {"outputs"}
        assert members(two.tower.bundle(lot, Tier.BUYER)) == {"outputs", "inputs"}
        assert members(two.tower.bundle(lot, Tier.AUTHORITY)) == members(full)
        assert (
            bodies(two.tower.bundle(lot, Tier.AUTHORITY))
            < bodies(full)
            == bodies(two.tower.bundle(lot, Tier.AUDITOR))
        )

    def test_the_same_bundle_given_to_everybody_opens_it_and_nothing_closes_it_again(self, two: Pair) -> None:
        lot = two.make_coil()
        two.tower.ledger.follow()
        full = two.steel.bundle(lot, Tier.AUDITOR)
        for given_to in ("auditor", "public", "auditor"):
            assert send(two.tower, full, given_to).status_code == 201
        assert send(two.tower, two.steel.bundle(lot), "public").status_code == 201
        assert members(two.tower.bundle(lot)) == members(full)
        assert bodies(two.tower.bundle(lot)) == bodies(full)

    def test_what_witnesses_cosigned_comes_along(self, two: Pair) -> None:
        lot = two.make_coil()
        two.tower.ledger.follow()
        bundle = Bundle.decode(two.steel.bundle(lot))
        head = bundle.heads[0]
        note = checkpoint.sign(SigningKey.generate(EDDSA), head.log, head.size, head.root).encode()
        given = replace(bundle, checkpoints=(Witnessed(note, ((0, ()),)),))
        assert send(two.tower, given.encode()).status_code == 201
        assert [one.note for one in Bundle.decode(two.tower.bundle(lot)).checkpoints] == [note]


class TestTrees:
    def test_a_lot_that_comes_home_is_told_from_the_own_log(self, two: Pair) -> None:
        """The fabricator's section goes to the steel plant, becomes a coil, and comes back."""
        first = section("T-0")
        two.tower.works.run(first, START, START + 4 * QUARTER, SECTION)
        two.tower.settle()
        two.tower.transfer(first, two.steel.works.addresses[two.steel.party], "9")
        two.steel.ledger.follow()
        assert send(two.steel, two.tower.bundle(first, Tier.AUDITOR), "public").status_code == 201
        start = START + 4 * QUARTER
        two.steel.works.run(
            COIL_OF_A, start, start + 4 * QUARTER, [product("18.4")], [of_lot(first, "9"), slab("10")]
        )
        two.steel.settle()
        two.steel.transfer(COIL_OF_A, two.buyer, "10")
        two.tower.ledger.follow()
        home = two.steel.bundle(COIL_OF_A, Tier.AUDITOR)
        assert send(two.tower, home, "public").status_code == 201
        two.make_section()
        data = two.tower.bundle(SECTION_OF_B, Tier.AUDITOR)
        report = two.judged(data)
        assert failed(report) == []
        assert report.exit_code == 0
        lots = {f.params["lot"] for f in report[9].findings if f.code == "input-verified"}
        assert lots == {str(first), str(COIL_OF_A)}
        places = [(i.index, envelope.parse(i.envelope).header.log) for i in Bundle.decode(data).items]
        assert len(places) == len(set(places))  # each statement once

    def test_two_lots_with_a_common_upstream_are_kept_once(self, two: Pair) -> None:
        for number, code in enumerate(("C-1", "C-2")):
            lot = two.make_coil(code, number)
            two.steel.transfer(lot, two.buyer, "5")
            two.tower.ledger.follow()
            assert send(two.tower, two.steel.bundle(lot)).status_code == 201
        inputs = [of_lot(coil("C-1"), "5"), of_lot(coil("C-2"), "5")]
        two.tower.works.run(SECTION_OF_B, START + 24 * QUARTER, START + 40 * QUARTER, SECTION, inputs)
        two.tower.settle()
        assert failed(two.judged(two.tower.bundle(SECTION_OF_B))) == []

    def test_another_makers_lot_of_a_name_that_is_taken(self, two: Pair) -> None:
        lot = two.make_coil()
        two.tower.ledger.follow()
        works = two.tower.works
        with transaction(works.engine) as connection:
            production.add_product(connection, lot.gtin, "coil", FABRICATOR)
            runs.open_run(connection, works.desk, WORKSHOP, "mill", lot, START)
        answer = send(two.tower, two.steel.bundle(lot))
        assert answer.status_code == 409
        assert "another maker's lot of that name" in answer.json()["detail"]


class TestHandedOn:
    def test_a_received_lot_can_be_handed_on_and_is_then_no_more_ours(self, two: Pair) -> None:
        lot = two.make_coil()
        two.steel.transfer(lot, two.buyer, "10")
        two.tower.ledger.follow()
        assert send(two.tower, two.steel.bundle(lot)).status_code == 201
        with pytest.raises(InvalidInput, match="more than Fabricator holds"):
            two.tower.transfer(lot, b"\x33" * 20, "10.5")
        two.tower.transfer(lot, b"\x33" * 20, "4")
        run = two.tower.works.open(SECTION_OF_B, START + 24 * QUARTER)
        with pytest.raises(InvalidInput, match="overdrawn, 6.5 t are wanted and 6 t are left"):
            two.tower.works.close(run, START + 40 * QUARTER, SECTION, [of_lot(lot, "6.5")])
        two.tower.works.close(run, START + 40 * QUARTER, SECTION, [of_lot(lot, "6")])
        two.tower.settle()
        assert failed(two.judged(two.tower.bundle(SECTION_OF_B))) == []

    def test_over_http_by_the_company_that_holds_it(self, two: Pair) -> None:
        lot = two.make_coil()
        two.steel.transfer(lot, two.buyer, "10")
        two.tower.ledger.follow()
        address, asked = f"/v1/lots/{lot.gtin}/{lot.code}/transfers", {"to": "0x" + "33" * 20, "quantity": "4"}
        with serving(two.tower.app) as client:
            assert send(two.tower, two.steel.bundle(lot), client=client).status_code == 201
            own = two.tower.key(FABRICATOR)
            made = client.post(address, json=asked, headers=own)
            assert made.status_code == 202, made.text
            assert [one["id"] for one in client.get(address, headers=own).json()] == [made.json()["id"]]
            assert client.get(address).json() == []
            held = client.get(f"/v1/received-lots?company={FABRICATOR}", headers=own).json()["lots"][0]["held"]
            assert held == "6.000000"  # before the chain has it

    def test_a_tree_that_no_bundle_could_hold_is_refused(self, two: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
        lot = two.make_coil()
        two.tower.ledger.follow()
        monkeypatch.setattr(service, "MAX_LOTS", 1)
        answer = send(two.tower, two.steel.bundle(lot))
        assert (answer.status_code, answer.json()["field"]) == (400, "bundle")


class TestMissingEvidence:
    def test_a_lot_that_is_only_named_counts_by_its_materials_factor(self, two: Pair) -> None:
        named = replace_lot(slab("12"), "S-1")
        two.steel.works.run(COIL_OF_A, START, START + 4 * QUARTER, [product("10")], [named])
        two.steel.settle()
        found = two.steel.works.footprint(COIL_OF_A)
        (part,) = [c for c in found.components or () if c.stage == "raw material"]
        assert (part.kind, part.footprint) == ("secondary", None)
        assert Decimal(part.emissions) > 0
        assert "slab: no evidence from upstream, counted by a secondary factor" in found.flags
        assert failed(two.judged(two.steel.bundle(COIL_OF_A, Tier.AUDITOR))) == []

    def test_its_evidence_counts_as_soon_as_it_is_here(self, two: Pair) -> None:
        lot = two.make_coil()
        two.steel.transfer(lot, two.buyer, "10")
        two.tower.ledger.follow()
        assert send(two.tower, two.steel.bundle(lot)).status_code == 201
        line = Input("coil", "10", "t", DECLARED, gtin=str(lot.gtin), lot=str(lot.code), material="steel-slab")
        two.tower.works.run(SECTION_OF_B, START + 24 * QUARTER, START + 40 * QUARTER, SECTION, [line])
        two.tower.settle()
        found = two.tower.works.footprint(SECTION_OF_B)
        assert [c.kind for c in found.components or () if c.stage == "raw material"] == ["supplier"]
        report = two.judged(two.tower.bundle(SECTION_OF_B, Tier.AUDITOR))
        assert failed(report) == []
        assert [f.params["lot"] for f in report[9].findings if f.code == "input-verified"] == [str(lot)]

    def test_without_a_material_the_run_cannot_be_closed(self, two: Pair) -> None:
        run = two.tower.works.open(SECTION_OF_B, START)
        with pytest.raises(InvalidInput, match="another company's is taken in first"):
            two.tower.works.close(run, START + 4 * QUARTER, SECTION, [of_lot(coil("C-9"), "1")])


def replace_lot(line: Input, code: str) -> Input:
    return msgspec.structs.replace(line, gtin=str(section(code).gtin), lot=code)


class TestCommandLine:
    @pytest.fixture
    def site(self, two: Pair, monkeypatch: pytest.MonkeyPatch) -> Site:
        @contextmanager
        def running(_config: object) -> Iterator[object]:
            yield two.tower.context

        monkeypatch.setattr(cli, "_open", running)
        return two.tower

    def test_takes_a_bundle_in_lists_it_and_names_what_fails(self, two: Pair, site: Site, tmp_path: Path) -> None:
        lot = two.make_coil()
        two.steel.transfer(lot, two.buyer, "10")
        site.ledger.follow()
        good, bad = tmp_path / "good.bundle", tmp_path / "bad.bundle"
        data = two.steel.bundle(lot)
        good.write_bytes(data)
        bundle = Bundle.decode(data)
        bad.write_bytes(replace(bundle, heads=tuple(replace(h, root=bytes(32)) for h in bundle.heads)).encode())
        runner = CliRunner()
        refused = runner.invoke(cli.app, ["import", str(bad)])
        assert refused.exit_code == 1
        assert "check 4, included in the log" in refused.stderr
        done = runner.invoke(cli.app, ["import", str(good), "--given-to", "public"])
        assert done.exit_code == 0, done.stderr
        assert f"lot {lot} of https://id.gs1.org/417/" in done.stdout
        assert "kg CO2e per tonne by" in done.stdout
        listed = runner.invoke(cli.app, ["list", "--company", str(FABRICATOR)])
        assert listed.stdout.startswith(f"{lot}  10 t  https://id.gs1.org/417/")
        for wrong in (["import", str(tmp_path / "none")], ["import", str(good), "--given-to", "me"]):
            assert runner.invoke(cli.app, wrong).exit_code == 2
