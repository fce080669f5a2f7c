"""Main meter, sub-meters and invoices: within the plan's tolerance, or said by everybody who checks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from leafproof.errors import InvalidInput
from leafproof.frame import Reading
from leafproof.period import Invoice
from leafproof.plan import MeteringPlan
from leafproof.verification.report import Status
from tests.support import world_plant as p
from tests.support.world import START, Party, World
from tests.unit.test_plant import codes, kinds, replayed, verified

DOCUMENT = "cd" * 32
SUB = sum((Decimal("3.17") + i for i in range(4)), Decimal(0)) * 6  # 112.08 kWh of the line in six hours


def submetered(party: Party, tolerance: str = "5") -> MeteringPlan:
    """The line's meter hangs on the works' main meter; the gas meter has no part."""
    true = p.plan_of(party)
    main = p.point(party, "works", "electricity", "kWh", line=None, tolerance=tolerance)
    points = [msgspec.structs.replace(o, parent="works") if o.point == "rolling" else o for o in true.points]
    return msgspec.structs.replace(true, points=(main, *points))


def main_meter(total: str) -> Any:
    """The main meter's six hours: the same each quarter, the rest in the last one."""

    def more(world: World) -> None:
        whole = Decimal(total)
        each = (whole / 24).quantize(Decimal("0.01"))
        amounts = [each] * 23 + [whole - 23 * each]
        p.log_readings(
            world, 6, [Reading("works", START + 900 * (i + 1), a, "kWh") for i, a in enumerate(amounts)]
        )

    return more


def plant(total: str = "115") -> p.Plant:
    return p.plant(planned=submetered, more=main_meter(total))


class TestSubMeters:
    def test_within_the_tolerance(self) -> None:
        """115 kWh came in, 112.08 went to the line: 2.92 apart, and 5 % are 5.75."""
        made = plant()
        period = p.close(made)
        (one,) = period.meters
        assert (one.metered, one.sub_meters, str(one.difference)) == ("115.000", "112.080", "2.920")
        assert replayed(made).discrepancies == []
        assert "reconciled" in codes(made, 7, Status.PASS)

    @pytest.mark.parametrize("total", ["118", "120"])
    def test_outside_of_it_is_a_warning_and_a_discrepancy(self, total: str) -> None:
        """At 118 the difference of 5.92 is more than 5 % of 118, 5.90."""
        made = plant(total)
        p.close(made)
        assert kinds(made) == {"meters-differ"}
        report = verified(made)
        assert report[7].status is Status.WARNING and report.exit_code == 0
        assert "meters-differ" in codes(made, 7, Status.WARNING)

    def test_just_within(self) -> None:
        made = plant("117.978")  # 5 % are 5.8989; it differs by 5.898
        p.close(made)
        assert kinds(made) == set()

    def test_not_saying_it(self) -> None:
        made = plant()
        p.close(made, meters=())
        assert kinds(made) == {"energy-period"}
        assert "unreconciled" in codes(made, 7, Status.WARNING)

    def test_saying_something_else(self) -> None:
        made = plant("120")
        true = p.close(made).meters[0]
        other = plant("120")
        p.close(other, meters=(msgspec.structs.replace(true, sub_meters="119.000"),))
        assert "energy-period" in kinds(other)

    @pytest.mark.parametrize("tolerance", ["-1", "101", "some"])
    def test_a_tolerance_is_a_percentage(self, tolerance: str) -> None:
        with pytest.raises(InvalidInput, match="tolerance"):
            submetered(Party(p.w.STEEL, p.PLANT, b"\xa1" * 20), tolerance).check()


class TestInvoices:
    @pytest.mark.parametrize(
        ("quantity", "unit", "good"),
        [
            ("115", "kWh", True),
            ("0.12", "MWh", True),
            ("0.414", "GJ", True),
            ("121", "kWh", False),
            ("90", "kWh", False),
        ],
    )
    def test_agree_within_the_main_meters_tolerance(self, quantity: str, unit: str, good: bool) -> None:
        made = plant()
        p.close(made, Invoice("electricity", quantity, unit, DOCUMENT))
        assert kinds(made) == (set() if good else {"meters-differ"})
        assert (
            "invoice-agrees" in codes(made, 7, Status.PASS)
            if good
            else "invoice-differs" in codes(made, 7, Status.WARNING)
        )

    def test_several_add_up(self) -> None:
        made = plant()
        p.close(
            made, Invoice("electricity", "60", "kWh", DOCUMENT), Invoice("electricity", "55", "kWh", "ef" * 32)
        )
        assert kinds(made) == set()

    def test_without_a_tolerance_nothing_may_differ(self) -> None:
        made = plant()
        p.close(made, Invoice("natural-gas", "23.100", "GJ", DOCUMENT))
        assert kinds(made) == set()
        made = plant()
        p.close(made, Invoice("natural-gas", "23.2", "GJ", DOCUMENT))
        assert kinds(made) == {"meters-differ"}

    @pytest.mark.parametrize(
        "invoice",
        [
            Invoice("steam", "1", "GJ", DOCUMENT),
            Invoice("electricity", "0", "kWh", DOCUMENT),
            Invoice("electricity", "1", "kg", DOCUMENT),
            Invoice("electricity", "1", "kWh", "paper"),
        ],
    )
    def test_what_is_no_invoice(self, invoice: Invoice) -> None:
        made = plant()
        true = p.close(made)
        with pytest.raises(InvalidInput):
            msgspec.structs.replace(true, invoices=(invoice,)).check()
