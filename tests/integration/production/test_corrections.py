"""Corrections on real parts: a reason beside each newer record, and frames that come late."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from backend.access.service import WRITE_PRODUCTION
from backend.access.tiers import Tier
from backend.corrections import repository
from backend.database import reading, transaction
from backend.footprints import service as footprints
from backend.footprints.reissue import reissue
from backend.production import lots
from backend.production import service as production
from leafproof.correction import Correction
from leafproof.verification.report import Report, Status
from leafproof.verification.verify import verify
from tests.integration.production.test_bundles import TRUST, build, chain_of_two  # noqa: F401
from tests.integration.production.test_http import key, served  # noqa: F401
from tests.integration.production.works import COIL, PLANT, START, STEEL, Works, coil, product, section, slab

HOUR = 3600


def stated(works: Works, lot: Any) -> list[Correction]:
    """All corrections of a lot, as the log holds them."""
    with reading(works.engine) as connection:
        rows = repository.of_lot(connection, str(lot.gtin), str(lot.code))
        opened = [works.desk.read(connection, row["log"], row["index"]) for row in rows]
    return [Correction.decode_body(one.body) for one in opened]


def judged(works: Works, lot: Any) -> Report:
    report = verify(build(works, lot, Tier.AUDITOR), TRUST, None)
    assert [f.text() for c in report.checks for f in c.findings if f.status is Status.FAIL] == []
    return report


class TestAReason:
    def test_stands_beside_the_newer_record(self, works: Works) -> None:
        works.meter(works.mill, ["25.5"] * 16)
        works.run(coil("A"), START, START + HOUR, [product("10")], [slab("11")])
        works.recorder().step()
        change = lots.Correction("the scale was off", "quality manager", outputs=[product("9.5")])
        with transaction(works.engine) as connection:
            before = works.record(coil("A"))
            lots.correct(connection, works.desk, coil("A"), change)
        (said,) = stated(works, coil("A"))
        assert (said.what, said.reason, said.by) == ("record", "the scale was off", "quality manager")
        assert works.record(coil("A")).supersedes == said.changes[0].old
        assert before.supersedes is None
        (one,) = [f for f in judged(works, coil("A"))[6].findings if f.code == "lot-corrected"]
        assert one.params["reason"] == "the scale was off"

    def test_is_told_downstream_with_what_it_changes(self, chain_of_two: Works) -> None:  # noqa: F811
        works = chain_of_two
        before = Decimal(works.footprint(coil("A")).per_tonne)
        change = lots.Correction("the scale was off", "quality manager", outputs=[product("9")])
        with transaction(works.engine) as connection:
            lots.correct(connection, works.desk, coil("A"), change)
        after = Decimal(works.footprint(coil("A")).per_tonne)
        (one,) = [f for f in judged(works, section("S"))[9].findings if f.code == "input-changed"]
        assert one.params["delta"] == f"{((after - before) * 4 / 3).quantize(Decimal('0.001')):+f}"  # 4 t in 3 t

    def test_of_other_factors_is_stated_for_each_profile_and_for_nothing_else(self, works: Works) -> None:
        works.meter(works.mill, ["25.5"] * 16)
        works.run(coil("A"), START, START + HOUR, [product("10")], [slab("11")])
        works.recorder().step()
        first = works.footprint(coil("A"))
        with transaction(works.engine) as connection:
            reissue(connection, works.desk, coil("A"))
            assert stated(works, coil("A")) == []
            row = production.facility(connection, PLANT)
            footprints.set_factor(
                connection, works.desk, works.log, row, "electricity", "electricity-kr-2018-generation"
            )
            reissue(connection, works.desk, coil("A"), "the factor was recalled", "controller")
        (said,) = stated(works, coil("A"))
        assert (said.what, said.reason) == ("factor", "the factor was recalled")
        assert works.footprint(coil("A")).supersedes == said.changes[0].old
        assert works.footprint(coil("A")).per_tonne != first.per_tonne

    def test_of_a_record_says_too_that_other_factors_are_used_since(self, works: Works) -> None:
        works.meter(works.mill, ["25.5"] * 16)
        works.run(coil("A"), START, START + HOUR, [product("10")], [slab("11")])
        works.recorder().step()
        first = works.footprint(coil("A"))
        with transaction(works.engine) as connection:
            row = production.facility(connection, PLANT)
            footprints.set_factor(
                connection, works.desk, works.log, row, "electricity", "electricity-kr-2018-generation"
            )
            change = lots.Correction("the scale was off", "quality manager", outputs=[product("9")])
            lots.correct(connection, works.desk, coil("A"), change)
        record, factor = stated(works, coil("A"))
        assert (record.what, factor.what, factor.by) == ("record", "factor", "server")
        assert factor.reason == "the facility counts with other factors now"
        newest = works.footprint(coil("A"))
        assert newest.supersedes == factor.changes[0].old and first.record != newest.record


class TestLateFrames:
    @pytest.fixture
    def gapped(self, works: Works) -> Works:
        """A run of an hour whose last two quarters nobody sent before the grace was over."""
        works.meter(works.mill, ["25.5"] * 2)
        works.run(coil("A"), START, START + HOUR, [product("10")], [slab("11")])
        works.recorder(grace=0).step()
        assert (works.record(coil("A")).activity or ())[0].gaps
        return works

    def test_complete_the_record_with_the_reason(self, gapped: Works) -> None:
        assert gapped.recorder().late() == 0
        gapped.meter(gapped.mill, ["30", "31"], start=START + HOUR // 2)
        told = []
        recorder = gapped.recorder()
        recorder._recorded = lambda: told.append(1)
        assert (recorder.late(), told) == (1, [1])
        record = gapped.record(coil("A"))
        (activity,) = record.activity or ()
        assert (activity.gaps, activity.quantity) == ((), "112.000")
        (said,) = stated(gapped, coil("A"))
        assert (said.what, said.by) == ("frames", "server")
        assert "2 intervals of main" in said.reason
        assert recorder.late() == 0
        assert judged(gapped, coil("A"))[7].status is Status.WARNING

    def test_that_fill_a_part_leave_the_rest_to_be_waited_for(self, gapped: Works) -> None:
        gapped.meter(gapped.mill, ["30"], start=START + HOUR // 2)
        assert gapped.recorder().late() == 1
        assert (gapped.record(coil("A")).activity or ())[0].gaps
        gapped.meter(gapped.mill, ["31"], start=START + 3 * HOUR // 4)
        assert gapped.recorder().late() == 1
        assert len(stated(gapped, coil("A"))) == 2

    def test_of_another_time_change_nothing(self, gapped: Works) -> None:
        gapped.meter(gapped.mill, ["30"] * 4, start=START + 5 * HOUR)
        assert gapped.recorder().late() == 0
        assert stated(gapped, coil("A")) == []


def test_over_http_a_correction_says_why(served: tuple[httpx.Client, Works]) -> None:  # noqa: F811
    client, works = served
    works.meter(works.mill, ["25.5"] * 16)
    works.run(coil("A"), START, START + HOUR, [product("10")], [slab("11")])
    works.recorder().step()
    path, mine = f"/v1/lots/{COIL}/A/corrections", key(works, STEEL, WRITE_PRODUCTION)
    for asked in ({"inputs": []}, {"inputs": [], "reason": "", "by": "me"}, {"inputs": [], "reason": "so"}):
        assert client.post(path, json=asked, headers=mine).status_code == 422
    asked = {"inputs": [], "reason": "no slab went in", "by": "shift leader"}
    assert client.post(path, json=asked, headers=mine).status_code == 201
    assert [one.reason for one in stated(works, coil("A"))] == ["no slab went in"]
