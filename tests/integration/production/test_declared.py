"""Declaring: all recorded lots of a period, once, and anew when one came or changed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import httpx
import pytest

from backend.access.service import WRITE_PRODUCTION
from backend.access.tiers import Tier
from backend.database import reading, transaction
from backend.declared import repository, service
from backend.declared.service import Declared
from backend.errors import Conflict, NotFound
from backend.production import lots
from leafproof import clock, envelope
from leafproof.declared import method_of
from leafproof.errors import InvalidInput
from leafproof.values import Gtin
from leafproof.verification.report import Status
from leafproof.verification.verify import verify
from tests.integration.production.test_bundles import TRUST, build
from tests.integration.production.test_http import key, served  # noqa: F401
from tests.integration.production.works import (
    COIL,
    PLANT,
    SECTION,
    START,
    STEEL,
    WORKSHOP,
    Works,
    coil,
    product,
    slab,
)

HOUR = 3600
MARCH = (START, START + 31 * 86400)
GTIN = Gtin.parse(COIL)
ASKED = {"gtin": COIL, "from": "2018-03-01 00:00", "to": "2018-04-01 00:00"}


def declare(works: Works, start: int = MARCH[0], end: int = MARCH[1], gtin: Gtin = GTIN) -> Declared:
    with transaction(works.engine) as connection:
        return service.declare(connection, works.desk, PLANT, gtin, start, end)


def make(works: Works, code: str, hour: int, tonnes: str) -> None:
    works.run(coil(code), START + hour * HOUR, START + (hour + 1) * HOUR, [product(tonnes)], [slab(tonnes)])
    works.recorder().step()


def produce(works: Works) -> None:
    """Three coils of different hours, so of different energy, and one whose readings are not there yet."""
    works.time = START + 40 * 86400
    works.meter(works.mill, [str(20 + i) for i in range(16)], each=4)
    for code, hour, tonnes in (("A", 0, "10"), ("B", 1, "12.5"), ("C", 2, "7.25")):
        make(works, code, hour, tonnes)
    works.run(coil("LATE"), START + 5 * HOUR, START + 6 * HOUR, [product("9")], [slab("9")])


@pytest.fixture
def made(works: Works) -> Works:
    produce(works)
    return works


class TestDeclaring:
    def test_takes_every_recorded_lot_weighted_by_its_tonnes(self, made: Works) -> None:
        found = declare(made)
        lines = found.stated.lots or ()
        assert [one.lot for one in lines] == ["A", "B", "C"]
        own = {code: Fraction(Decimal(made.footprint(coil(code)).per_tonne)) for code in "ABC"}
        tonnes = {"A": Fraction(10), "B": Fraction("12.5"), "C": Fraction("7.25")}
        mean = sum(own[code] * tonnes[code] for code in "ABC") / sum(tonnes.values())
        assert abs(Fraction(Decimal(found.stated.per_tonne)) - mean) <= Fraction(1, 2000)
        assert (found.stated.size, found.stated.mass, found.stated.count) == (found.index, "29.75", 3)
        assert found.stated.status == "final" and found.stated.method == method_of(made.footprint(coil("A")))
        with reading(made.engine) as connection:
            assert repository.waiting(connection, str(PLANT), str(GTIN), *MARCH) == 1

    def test_asked_again_is_the_same_statement(self, made: Works) -> None:
        first = declare(made)
        assert declare(made) == first
        assert (again := declare(made)).statement_id == first.statement_id and again.index == first.index

    def test_a_lot_that_came_later_is_in_the_next_one_which_supersedes(self, made: Works) -> None:
        first = declare(made)
        made.meter(made.mill, ["44"] * 8, start=START + 4 * HOUR)
        made.recorder().step()
        second = declare(made)
        assert second.stated.supersedes == first.statement_id.hex()
        assert [one.lot for one in second.stated.lots or ()] == ["A", "B", "C", "LATE"]
        with reading(made.engine) as connection:
            assert [r["statement_id"] for r in repository.newest(connection, str(PLANT), str(GTIN))] == [
                second.statement_id
            ]
            assert len(repository.all_of(connection, str(PLANT), None)) == 2

    def test_a_lot_that_was_corrected_changes_it(self, made: Works) -> None:
        first = declare(made)
        with transaction(made.engine) as connection:
            lots.correct(
                connection,
                made.desk,
                coil("B"),
                lots.Correction("misread", "shift leader", outputs=[product("12")]),
            )
        second = declare(made)
        assert second.stated.supersedes == first.statement_id.hex()
        assert {one.lot: one.mass for one in second.stated.lots or ()}["B"] == "12"

    def test_counts_by_the_close_of_the_run(self, made: Works) -> None:
        found = declare(made, START, START + 2 * HOUR)  # the second run closes at its very end
        assert [one.lot for one in found.stated.lots or ()] == ["A"]

    def test_is_provisional_until_the_period_is_over(self, made: Works) -> None:
        made.time = START + 10 * 86400
        first = declare(made)
        assert first.stated.status == "provisional"
        made.time = MARCH[1]
        second = declare(made)
        assert (second.stated.status, second.stated.supersedes) == ("final", first.statement_id.hex())

    def test_periods_do_not_overlap_but_the_longer_takes_the_place_of_the_shorter(self, made: Works) -> None:
        first = declare(made)
        for start, end in ((START, START + 2 * HOUR), (START - 86400, START + 2 * HOUR)):
            with pytest.raises(Conflict, match="overlaps"):
                declare(made, start, end)
        year = declare(made, START - 59 * 86400, START + 306 * 86400)
        assert year.stated.supersedes == first.statement_id.hex()

    def test_of_nothing_is_refused(self, made: Works) -> None:
        with pytest.raises(InvalidInput, match="no lot of"):
            declare(made, START - 86400, START)
        with pytest.raises(InvalidInput, match="366 days"):
            declare(made, START, START + 400 * 86400)
        with pytest.raises(NotFound):
            declare(made, gtin=Gtin.parse("4006381333931"))


class TestTheBundle:
    def test_of_a_lot_has_the_newest_declared_footprint_of_its_time(self, made: Works) -> None:
        declare(made)
        made.meter(made.mill, ["44"] * 8, start=START + 4 * HOUR)
        made.recorder().step()
        newest = declare(made)
        for tier in Tier:
            bundle = build(made, coil("A"), tier)
            ids = [envelope.parse(i.envelope).statement_id for i in bundle.items]
            assert ids.count(newest.statement_id) == 1
            report = verify(bundle, TRUST, None)
            assert [f.text() for c in report.checks for f in c.findings if f.status is Status.FAIL] == []
            codes = {f.code for f in report[8].findings}
            assert "lot-deviation" in codes
            assert ("declared-recomputed" in codes) == (tier >= Tier.AUTHORITY)


class TestOverHttp:
    def test_the_company_declares_and_everybody_reads(self, served: tuple[httpx.Client, Works]) -> None:  # noqa: F811
        client, works = served
        produce(works)
        mine, path = key(works, STEEL, WRITE_PRODUCTION), f"/v1/facilities/{PLANT}/declared-footprints"
        done = client.post(path, json=ASKED, headers=mine)
        assert done.status_code == 201, done.text
        told: dict[str, Any] = done.json()
        assert (told["count"], told["waiting"], told["size"]) == (3, 1, told["index"])
        assert (told["from"], told["to"]) == (clock.utc_text(MARCH[0]), clock.utc_text(MARCH[1]))
        assert client.post(path, json=ASKED, headers=mine).json() == told
        assert client.get(path, params={"gtin": COIL}).json() == [told]
        assert client.get(path, params={"gtin": SECTION}).json() == []
        assert client.get(f"/v1/declared-footprints/{told['statement_id']}").json() == told
        assert client.get(f"/v1/declared-footprints/{'00' * 32}").status_code == 404

    def test_nobody_else_declares(self, served: tuple[httpx.Client, Works]) -> None:  # noqa: F811
        client, works = served
        path = f"/v1/facilities/{WORKSHOP}/declared-footprints"
        assert client.post(path, json=ASKED, headers=key(works, STEEL, WRITE_PRODUCTION)).status_code == 403
        assert client.post(path, json=ASKED).status_code == 401
