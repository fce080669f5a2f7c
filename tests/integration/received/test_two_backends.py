"""A supplier and a buyer with a backend each, on one chain: the buyer's passport carries the supplier's evidence."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from backend.access.tiers import Tier
from backend.database import reading, transaction
from backend.production import lots, runs
from backend.production import service as production
from backend.received.tables import received_lots, received_statements
from leafproof import body, envelope
from leafproof.bundle import MEDIA_TYPE, Bundle
from leafproof.errors import InvalidInput
from leafproof.record import Output
from leafproof.verification.report import Status
from tests.integration.production.works import (
    DECLARED,
    FABRICATOR,
    QUARTER,
    START,
    STEEL,
    WORKSHOP,
    coil,
    of_lot,
    section,
)
from tests.integration.received.sites import COIL_OF_A, SECTION_OF_B, Pair, Site, failed
from tests.support.server import serving

SENT = {"Content-Type": MEDIA_TYPE}


def send(site: Site, data: bytes, given_to: str = "public", client: httpx.Client | None = None) -> httpx.Response:
    if client is None:
        with serving(site.app) as made:
            return send(site, data, given_to, made)
    headers = {**SENT, **site.key()}
    return client.post("/v1/received-lots", params={"given_to": given_to}, content=data, headers=headers)


class TestTheWholeWay:
    def test_from_the_suppliers_meters_to_the_buyers_passport(self, two: Pair) -> None:
        lot = two.make_coil()
        two.steel.transfer(lot, two.buyer, "10")
        two.tower.ledger.follow()
        with serving(two.tower.app) as client:
            taken = send(two.tower, two.steel.bundle(lot), client=client)
            assert taken.status_code == 201, taken.text
            stated = two.steel.works.footprint(lot)
            assert taken.json()["footprints"] == {stated.profile.id: stated.per_tonne}
            listed = client.get(f"/v1/received-lots?company={FABRICATOR}", headers=two.tower.key()).json()["lots"]
            assert [(one["lot"], one["held"], one["current"]) for one in listed] == [("C-1", "10.000000", True)]

            two.make_section()
            found = two.tower.works.footprint(SECTION_OF_B)
            (part,) = [c for c in found.components or () if c.kind == "supplier"]
            brought = Decimal(stated.per_tonne) * 10 / Decimal("9.7")
            assert abs(Decimal(part.emissions) - brought) < Decimal("0.01")
            record = two.tower.works.record(SECTION_OF_B)
            assert (record.inputs or ())[0].operator == "0x" + two.steel.works.addresses[STEEL].hex()

            path = f"/v1/lots/{SECTION_OF_B.gtin}/T-1/bundle"
            public = client.get(path).content
            full = client.get(path, headers=two.tower.key(scope="read:auditor")).content
            left = client.get(f"/v1/received-lots?company={FABRICATOR}", headers=two.tower.key()).json()["lots"]
            assert [one["held"] for one in left] == ["0.000000"]
        for data in (public, full):
            bundle, report = Bundle.decode(data), two.judged(data)
            assert failed(report) == []
            assert {head.log.log_id for head in bundle.heads} == {two.steel.ledger.log_id, two.tower.ledger.log_id}
            current = {f.subject for f in report[6].findings if f.code == "current"}
            assert current == {str(COIL_OF_A), str(SECTION_OF_B)}
        assert [f.params["lot"] for f in report[9].findings if f.code == "input-verified"] == [str(COIL_OF_A)]
        assert report.exit_code == 4  # the supplier's load curves are his own
        recomputed = {f.subject for f in report[8].findings if f.code == "footprint-recomputed"}
        assert str(SECTION_OF_B) in recomputed

    def test_of_an_auditors_bundle_everything_is_recomputed(self, two: Pair) -> None:
        lot = two.make_coil()
        two.steel.transfer(lot, two.buyer, "10")
        two.tower.ledger.follow()
        assert send(two.tower, two.steel.bundle(lot, Tier.AUDITOR), "auditor").status_code == 201
        two.make_section()
        report = two.judged(two.tower.bundle(SECTION_OF_B, Tier.AUDITOR))
        assert failed(report) == []
        assert report.exit_code == 0
        public = Bundle.decode(two.tower.bundle(SECTION_OF_B))
        given = [item for item in public.items if item.body is None]
        assert len(given) >= 1  # the supplier's plan, energy and frames are not everybody's
        assert two.judged(public.encode()).exit_code == 4

    def test_a_corrected_coil_makes_the_passport_ask_for_a_newer_bundle(self, two: Pair) -> None:
        lot = two.make_coil()
        two.steel.transfer(lot, two.buyer, "10")
        two.tower.ledger.follow()
        send(two.tower, two.steel.bundle(lot))
        two.make_section()
        outputs = [Output("product", "coil", "17.9", "t", DECLARED)]
        change = lots.Correction("misread", "shift leader", outputs=outputs)
        with transaction(two.steel.works.engine) as connection:
            lots.correct(connection, two.steel.works.desk, lot, change)
        two.steel.settle()
        two.tower.ledger.follow()
        with serving(two.tower.app) as client:
            address = f"/v1/received-lots?company={FABRICATOR}"
            (old,) = client.get(address, headers=two.tower.key()).json()["lots"]
            assert old["current"] is False
            assert (6, "superseded") in failed(two.judged(two.tower.bundle(SECTION_OF_B)))
            assert send(two.tower, two.steel.bundle(lot), client=client).status_code == 201
            (new,) = client.get(address, headers=two.tower.key()).json()["lots"]
            assert new["current"] is True
        report = two.judged(two.tower.bundle(SECTION_OF_B, Tier.AUDITOR))
        assert failed(report) == []
        told = {f.code for f in report[9].findings if f.status is Status.WARNING}
        assert {"input-corrected", "input-lot-corrected", "input-changed"} <= told

    def test_a_lot_is_taken_in_by_quantity_and_no_more_than_was_handed_over(self, two: Pair) -> None:
        lot = two.make_coil()
        two.tower.ledger.follow()
        assert send(two.tower, two.steel.bundle(lot)).status_code == 201
        tower = [Output("product", "section", "9.7", "t", DECLARED)]
        run = two.tower.works.open(SECTION_OF_B, START + 24 * QUARTER)
        with pytest.raises(InvalidInput, match="no share of lot .* belongs to Fabricator"):
            two.tower.works.close(run, START + 40 * QUARTER, tower, [of_lot(lot, "10")])
        two.steel.transfer(lot, two.buyer, "10")
        two.tower.ledger.follow()
        with pytest.raises(InvalidInput, match="overdrawn, 10.5 t are wanted and 10 t are left"):
            two.tower.works.close(run, START + 40 * QUARTER, tower, [of_lot(lot, "10.5")])
        two.tower.works.close(run, START + 40 * QUARTER, tower, [of_lot(lot, "6")])
        two.tower.settle()
        other = two.tower.works.open(section("T-2"), START + 41 * QUARTER)
        with pytest.raises(InvalidInput, match="overdrawn"):
            two.tower.works.close(other, START + 44 * QUARTER, tower, [of_lot(lot, "4.5")])
        two.tower.works.close(other, START + 44 * QUARTER, tower, [of_lot(lot, "4")])
        two.tower.settle()
        for made in (SECTION_OF_B, section("T-2")):
            assert failed(two.judged(two.tower.bundle(made))) == []


def other_number(bundle: Bundle) -> Bundle:
    """The supplier's footprint with another number under the true signature."""
    return changed(bundle, lambda i: replace(i, body=None if i.body is None else i.body[:-3] + b"abc"))


def other_signature(bundle: Bundle) -> Bundle:
    return changed(
        bundle, lambda i: replace(i, envelope=i.envelope[:-2] + bytes([i.envelope[-2] ^ 1]) + i.envelope[-1:])
    )


def other_place(bundle: Bundle) -> Bundle:
    return changed(bundle, lambda i: replace(i, index=i.index + 1))


def other_head(bundle: Bundle) -> Bundle:
    heads = (*bundle.heads[:-1], replace(bundle.heads[-1], root=b"\x07" * 32))
    return replace(bundle, heads=heads)


def without_footprint(bundle: Bundle) -> Bundle:
    kept = [item for item in bundle.items if envelope.parse(item.envelope).header.content_type != body.FOOTPRINT]
    return replace(bundle, items=tuple(kept))


def changed(bundle: Bundle, change: Any) -> Bundle:
    return replace(bundle, items=(*bundle.items[:-1], change(bundle.items[-1])))


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "forge, number",
        [(other_number, 3), (other_signature, 2), (other_place, 4), (other_head, 5), (without_footprint, 0)],
        ids=lambda one: getattr(one, "__name__", ""),
    )
    def test_a_tampered_bundle_with_the_check_that_failed(
        self, handed_over: Pair, forge: Any, number: int
    ) -> None:
        bundle = Bundle.decode(handed_over.steel.bundle(COIL_OF_A))
        answer = send(handed_over.tower, forge(bundle).encode())
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert any(one["field"].startswith(f"check {number},") for one in told["errors"]), told
        with reading(handed_over.tower.works.engine) as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(received_lots)) == 0
            assert connection.scalar(sa.select(sa.func.count()).select_from(received_statements)) == 0

    def test_what_is_no_bundle(self, handed_over: Pair) -> None:
        with serving(handed_over.tower.app) as client:
            assert send(handed_over.tower, b"\x00", client=client).status_code == 400
            large = send(handed_over.tower, bytes((8 << 20) + 1), client=client)
            assert large.status_code == 413
            page = client.post("/v1/received-lots", content=b"x", headers=handed_over.tower.key())
            assert page.status_code == 415
            assert client.post("/v1/received-lots", content=b"x", headers=SENT).status_code == 401
            wrong = client.post(
                "/v1/received-lots?given_to=me", content=b"x", headers={**SENT, **handed_over.tower.key()}
            )
            assert (wrong.status_code, wrong.json()["field"]) == (422, "given_to")

    def test_a_lot_of_our_own(self, handed_over: Pair) -> None:
        answer = send(handed_over.steel, handed_over.steel.bundle(COIL_OF_A))
        assert answer.status_code == 409
        assert "is made here" in answer.json()["detail"]

    def test_a_lot_whose_outputs_are_withheld(self, handed_over: Pair) -> None:
        from leafproof.disclosure import member

        bundle = Bundle.decode(handed_over.steel.bundle(COIL_OF_A))
        items = [
            replace(i, disclosures=tuple(d for d in i.disclosures if member(d) != "outputs")) for i in bundle.items
        ]
        answer = send(handed_over.tower, replace(bundle, items=tuple(items)).encode())
        assert answer.status_code == 400
        assert "outputs are withheld" in answer.json()["detail"]


def test_what_is_not_on_the_chain_yet_is_taken_in_later(two: Pair) -> None:
    lot = coil("C-1")
    start = START + 4 * QUARTER
    two.steel.works.run(lot, start, start + 16 * QUARTER)
    two.steel.works.recorder().step()
    answer = send(two.tower, two.steel.bundle(lot))
    assert answer.status_code == 409
    assert "does not hold all of it yet" in answer.json()["detail"]
    two.steel.settle()
    two.tower.ledger.follow()
    assert send(two.tower, two.steel.bundle(lot)).status_code == 201
    works = two.tower.works
    with transaction(works.engine) as connection:
        production.add_product(connection, lot.gtin, "coil", FABRICATOR)
        with pytest.raises(InvalidInput, match="was received of another company"):
            runs.open_run(connection, works.desk, WORKSHOP, "mill", lot, START)
