"""Gaps that a plant's metering plan lets be estimated: in the record after the grace, in the balance, in the period;
and readings that come after all."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from backend.database import reading
from backend.production import balance
from leafproof.plan import Estimates, MeteringPlan
from leafproof.record import Estimated
from tests.integration.production.test_corrections import judged, stated
from tests.integration.production.test_methods import choose, close
from tests.integration.production.works import PLANT, START, Works, coil, point, product, slab
from tests.support.storage import engine, open_test_log  # noqa: F401

HOUR, QUARTER = 3600, 900
RULE = Estimates("neighbours", HOUR // 2, "monitoring plan, 7.2")
SPAN = ("2018-02-28T15:15:00Z", "2018-02-28T15:45:00Z")


@pytest.fixture
def gapped(engine: Engine, tmp_path: Path) -> Works:  # noqa: F811
    """8 hours of 10 kWh a quarter, without the second and the third quarter, which lie in the run, and without one
    of the fifth hour, when nothing was made."""
    made = Works(engine, open_test_log(engine), tmp_path / "keys")
    one = point(made.mill, estimates=RULE)
    made.found(MeteringPlan(str(PLANT), "Asia/Seoul", 1, "2018-01-01T00:00:00Z", (one,)))
    choose(made, "iso-14067-2018")
    made.meter(made.mill, ["10"])
    made.meter(made.mill, ["12", *["10"] * 13], start=START + 3 * QUARTER)
    made.meter(made.mill, ["10"] * 14, start=START + 18 * QUARTER)
    made.run(coil("A"), START, START + HOUR, [product("10")], [slab("11")])
    return made


def test_a_run_waits_for_its_readings_before_any_are_estimated(gapped: Works) -> None:
    gapped.recorder().step()
    assert "no readings of main from 2018-02-28T15:15:00Z" in str(gapped.problem(coil("A")))


def test_the_record_states_what_is_estimated_and_a_period_counts_it_alike(gapped: Works) -> None:
    """10, two quarters of (10 + 12) / 2, 12: 22 read and 22 estimated in the run; one quarter of 10 outside."""
    gapped.recorder(grace=0).step()
    (activity,) = gapped.record(coil("A")).activity or ()
    assert (activity.quantity, activity.gaps) == ("22.000", ())
    assert activity.estimated == Estimated("neighbours", 2, "22.000", (SPAN,))
    closed = close(gapped)
    (one,) = closed.balances
    # 29 of 32 quarters were read: 10 + 12 + 27 x 10 = 292; 22 + 10 are estimated
    assert (one.metered, one.in_lots, one.estimated) == ("324.000", "44.000", "10.000")
    stated_now = gapped.footprint(coil("A"))
    parts = [c for c in stated_now.components or () if c.subject == "electricity"]
    assert [(c.quantity, c.estimated, c.overhead) for c in parts] == [
        ("22.000", False, False),
        ("22.000", True, False),
        ("280.000", False, True),
    ]
    assert "main 50.00 %: estimated, for want of readings" in stated_now.flags
    assert stated_now.status == "final"
    with reading(gapped.engine) as connection:
        found = balance.energy_balance(connection, gapped.desk, PLANT, START, START + 8 * HOUR)
    assert (found.total, found.estimated, found.lots, found.idle) == (324, 32, Decimal("44.000"), 280)
    assert (found.expected, found.present) == (32, 29)
    assert balance.as_text(found)["estimated"] == "32"
    assert "estimated" in {f.code for f in judged(gapped, coil("A"))[7].findings}


def test_the_range_of_a_record_has_the_frames_that_close_its_gaps(gapped: Works) -> None:
    """A run that closes within a gap of a quarter: the frame behind it has no reading of the run, and is named."""
    gapped.run(coil("B"), START + HOUR, START + 17 * QUARTER + 300, [product("10")], [slab("11")])
    gapped.recorder(grace=0).step()
    (activity,) = gapped.record(coil("B")).activity or ()
    assert activity.estimated is not None and activity.estimated.quantity == "3.333"  # a third of 10
    assert activity.last_index > activity.first_index
    assert {"metering-gap", "activity-differs", "estimate-gap"}.isdisjoint(
        f.code for number in (7, 8) for f in judged(gapped, coil("B"))[number].findings
    )


def test_readings_that_come_after_all_take_its_place(gapped: Works) -> None:
    gapped.recorder(grace=0).step()
    gapped.meter(gapped.mill, ["30", "31"], start=START + QUARTER)
    assert gapped.recorder().late() == 1
    (activity,) = gapped.record(coil("A")).activity or ()
    assert (activity.quantity, activity.estimated) == ("83.000", None)
    (said,) = stated(gapped, coil("A"))
    assert "2 intervals of main" in said.reason
