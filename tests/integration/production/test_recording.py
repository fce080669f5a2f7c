"""From a closed run to its record and footprint: when, with which digits, and what it waits for."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from backend.access.tiers import Tier
from backend.anchor.tables import chain_transactions
from backend.database import reading
from backend.production.tables import records
from leafproof import clock, metering
from leafproof.frame import Reading
from leafproof.plan import MeteringPlan
from leafproof.record import Output
from tests.integration.production.works import (
    DECLARED,
    PLANT,
    QUARTER,
    START,
    Works,
    coil,
    of_lot,
    point,
    product,
    section,
    slab,
)
from tests.support.storage import open_test_log


def hours(count: float) -> int:
    return START + int(count * 3600)


class TestWaiting:
    def test_a_run_is_recorded_when_its_last_interval_is_there_and_not_before(self, works: Works) -> None:
        works.run(coil("A"), hours(0), hours(4), inputs=[slab()])
        works.time = hours(5)
        works.meter(works.mill, ["2.5"] * 15)
        assert works.recorder().step() == 0
        assert works.problem(coil("A")) == (
            "waits for readings: no readings of main from 2018-02-28T18:45:00Z to 2018-02-28T19:00:00Z"
        )
        works.meter(works.mill, ["3.25"], hours(3.75))
        assert works.recorder().step() == 1
        (activity,) = works.record(coil("A")).activity or ()
        assert (activity.quantity, activity.intervals, activity.split, activity.gaps) == ("40.750", 16, 0, ())
        assert works.recorder().step() == 0

    def test_after_the_grace_gaps_are_recorded_as_gaps_and_the_footprint_is_provisional(
        self, works: Works
    ) -> None:
        works.run(coil("A"), hours(0), hours(4), inputs=[slab()])
        works.meter(works.mill, ["2.5"] * 8)
        works.time += 99
        assert works.recorder(grace=100).step() == 0
        works.time += 1
        assert works.recorder(grace=100).step() == 1
        (activity,) = works.record(coil("A")).activity or ()
        assert activity.quantity == "20.000"
        assert activity.gaps == (("2018-02-28T17:00:00Z", "2018-02-28T19:00:00Z"),)
        found = works.footprint(coil("A"))
        assert found.status == "provisional"
        assert "metering gaps: energy not metered is not counted" in found.flags

    def test_a_run_without_any_reading_is_not_recorded_whatever_the_grace(self, works: Works) -> None:
        works.run(coil("A"), hours(0), hours(4))
        works.time += 10**6
        assert works.recorder(grace=1).step() == 0
        assert str(works.problem(coil("A"))).startswith("waits for readings: no readings of main")

    def test_a_run_with_impossible_readings_says_so_and_does_not_keep_the_others(self, works: Works) -> None:
        works.run(coil("A"), hours(0), hours(1))
        works.run(coil("B"), hours(2), hours(3))
        works.meter(works.mill, ["1"] * 12)
        works.say(works.mill, [Reading("main", START + 450, Decimal(1), "t")])
        assert works.recorder().step() == 1
        assert works.problem(coil("A")) == "main: kg (mass) is no kWh (energy)"
        assert works.record(coil("B")).of == coil("B")

    def test_a_run_waits_for_the_record_of_its_input_lot(self, works: Works) -> None:
        works.run(coil("A"), hours(0), hours(1), [product("10")])
        works.run(coil("B"), hours(1), hours(2), [product("5")], [of_lot(coil("A"), "4")])
        works.meter(works.mill, ["1"] * 4, hours(1))
        assert works.recorder().step() == 0
        assert str(works.problem(coil("B"))).startswith("waits for the record of input lot")
        works.meter(works.mill, ["1"] * 4)
        assert works.recorder().step() + works.recorder().step() == 2


class TestDigits:
    def test_intervals_cut_by_the_bounds_are_split_pro_rata_and_cut_to_the_watt_hour(self, works: Works) -> None:
        works.meter(works.mill, ["1"] * 8)
        works.run(coil("A"), START + 300, START + 2 * QUARTER + 1)
        works.recorder().step()
        (activity,) = works.record(coil("A")).activity or ()
        # 2/3 of the first, all of the second, 1/900 of the third
        assert (activity.quantity, activity.intervals, activity.split) == ("1.667", 3, 2)
        assert "metering intervals cut by the run's bounds were split pro rata" in works.footprint(coil("A")).flags

    def test_the_range_names_the_frames_that_carry_the_run_and_no_others(self, works: Works) -> None:
        works.meter(works.mill, ["1"] * 40, each=4)  # ten frames of an hour each
        works.run(coil("A"), hours(3), hours(5))
        works.recorder().step()
        (activity,) = works.record(coil("A")).activity or ()
        with reading(works.engine) as connection:
            first = works.log.size(connection)
        assert activity.last_index - activity.first_index == 1
        assert activity.last_index < first

    def test_the_weakest_mode_of_the_frames_is_the_records(self, works: Works) -> None:
        works.meter(works.mill, ["1"] * 4)
        works.mill.mode = "simulated"
        works.meter(works.mill, ["1"] * 4, hours(1))
        works.mill.mode = "recorded"
        works.meter(works.mill, ["1"] * 4, hours(2))
        for code, opened, closed in (("A", 0, 1), ("B", 1, 2), ("C", 2, 3)):
            works.run(coil(code), hours(opened), hours(closed))
        works.recorder().step()
        records = [works.record(coil(c)) for c in "ABC"]
        assert [r.mode for r in records] == ["live", "simulated", "recorded"]
        assert [(r.activity or ())[0].mode for r in records] == ["live", "simulated", "recorded"]
        assert [r.simulated for r in records] == [(), ("electricity",), ()]

    def test_the_first_reading_of_an_interval_stands(self, works: Works) -> None:
        works.meter(works.mill, ["1"] * 4)
        works.meter(works.mill, ["9"], hours(0))
        works.run(coil("A"), hours(0), hours(1))
        works.recorder().step()
        (activity,) = works.record(coil("A")).activity or ()
        assert activity.quantity == "4.000"
        assert activity.last_index > activity.first_index  # whoever replays it sees the other word too

    def test_the_order_of_frames_changes_no_digit(self, works: Works) -> None:
        amounts = [str(Decimal(7 * i % 31) / 8) for i in range(16)]
        for first in (12, 4, 0, 8):
            works.meter(works.mill, amounts[first : first + 4], START + first * QUARTER)
        works.run(coil("A"), START + 77, START + 15 * QUARTER + 11)
        works.recorder().step()
        (activity,) = works.record(coil("A")).activity or ()
        rows = [(START + (i + 1) * QUARTER, Decimal(a), "kWh") for i, a in enumerate(amounts)]
        expected = metering.metered(
            metering.intervals(point(works.mill), rows), START + 77, START + 15 * QUARTER + 11
        )
        assert Decimal(activity.quantity) <= expected.amount < Decimal(activity.quantity) + Decimal("0.001")

    def test_registers_give_their_differences(self, sqlite: sa.Engine, tmp_path: object) -> None:
        from pathlib import Path

        works = Works(sqlite, open_test_log(sqlite), Path(str(tmp_path)) / "keys")
        register = point(works.mill, kind="register")
        works.found(MeteringPlan(str(PLANT), "Asia/Seoul", 1, "2018-01-01T00:00:00Z", (register,)))
        works.say(works.mill, [Reading("main", START + i * QUARTER, Decimal(100 + i), "kWh") for i in range(9)])
        works.run(coil("A"), hours(0.5), hours(1.5))
        works.recorder().step()
        (activity,) = works.record(coil("A")).activity or ()
        assert (activity.quantity, activity.intervals) == ("4.000", 4)


class TestFootprints:
    def test_electricity_and_material_by_their_factors(self, works: Works) -> None:
        works.meter(works.mill, ["250"] * 4)
        works.run(coil("A"), hours(0), hours(1), [product("10")], [slab("11")])
        works.recorder().step()
        found = works.footprint(coil("A"))
        # (1000 kWh x 0.4781 + 11 t x 2320) / 10 t
        assert found.per_tonne == "2599.810"
        assert [c.emissions for c in found.components or ()] == ["47.810", "2552.000"]
        assert found.primary_data_share == "0.0184"
        assert found.status == "final"

    def test_co_products_share_by_mass_and_waste_carries_nothing(self, works: Works) -> None:
        works.meter(works.mill, ["250"] * 4)
        outputs = [
            product("6"),
            Output("co-product", "strip", "4000", "kg", DECLARED),
            Output("waste", "scrap", "1", "t", DECLARED),
        ]
        works.run(coil("A"), hours(0), hours(1), outputs, [slab("11")])
        works.recorder().step()
        found = works.footprint(coil("A"))
        assert found.per_tonne == "2599.810"
        assert "burden shared with co-products by mass" in found.flags

    def test_an_input_lot_brings_its_own_footprint(self, works: Works) -> None:
        works.meter(works.mill, ["250"] * 8)
        works.run(coil("A"), hours(0), hours(1), [product("10")], [slab("11")])
        works.run(coil("B"), hours(1), hours(2), [product("5")], [of_lot(coil("A"), "5")])
        works.recorder().step()
        works.recorder().step()
        # (5 t x 2599.810 + 1000 kWh x 0.4781) / 5 t
        assert works.footprint(coil("B")).per_tonne == "2695.430"
        (line,) = works.record(coil("B")).inputs or ()
        assert line.operator == "0x" + works.addresses[works.mill.operator].hex()


class TestTransactionsAndTiers:
    def test_record_and_order_to_the_chain_are_written_together(self, works: Works) -> None:
        works.meter(works.mill, ["1"] * 4)
        works.run(coil("A"), hours(0), hours(1))
        works.recorder().step()
        with reading(works.engine) as connection:
            row = connection.execute(sa.select(records)).mappings().one()
            sent = connection.execute(sa.select(chain_transactions)).mappings().one()
        assert (sent["function"], sent["state"], sent["signer"]) == (
            "mint",
            "queued",
            f"operator-{works.mill.operator}",
        )
        assert row["transaction"] == sent["key"]

    def test_outputs_are_public_inputs_for_buyers_and_activity_for_the_authority(self, works: Works) -> None:
        works.meter(works.mill, ["1"] * 4)
        works.run(coil("A"), hours(0), hours(1), inputs=[slab()])
        works.recorder().step()
        with reading(works.engine) as connection:
            row = connection.execute(sa.select(records)).mappings().one()
            opened = works.desk.read(connection, row["log"], row["index"])
        assert sorted(d.tier for d in opened.disclosures) == [Tier.PUBLIC, Tier.BUYER, Tier.AUTHORITY]

    def test_times_are_utc_with_the_facilitys_zone_beside_them(self, works: Works) -> None:
        works.meter(works.mill, ["1"] * 4)
        works.run(coil("A"), hours(0), hours(1))
        works.recorder().step()
        record = works.record(coil("A"))
        assert (record.run.opened, record.zone) == (clock.utc_text(START), "Asia/Seoul")


@pytest.mark.usefixtures("works")
def test_two_facilities_do_not_mix(works: Works) -> None:
    works.meter(works.mill, ["1"] * 4)
    works.meter(works.shop, ["100"] * 4)
    works.run(section("S"), hours(0), hours(1), [product("2", "section")], [slab("3")])
    works.recorder().step()
    (activity,) = works.record(section("S")).activity or ()
    assert activity.quantity == "400.000"
