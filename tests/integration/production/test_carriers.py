"""Gas, beside electricity, from the gateway's frames to record, footprint, balance and energy period."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from backend.database import reading, transaction
from backend.errors import Conflict
from backend.footprints import periods
from backend.footprints import repository as footprint_rows
from backend.footprints import service as footprints
from backend.footprints.closing import close_period
from backend.production import runs
from backend.production import service as production
from backend.production.balance import energy_balance
from leafproof import clock
from leafproof.errors import InvalidInput
from leafproof.frame import Reading
from leafproof.period import EnergyPeriod, Invoice
from leafproof.plan import Conversion, MeteringPlan
from leafproof.record import Segment
from tests.integration.production.works import PLANT, QUARTER, START, Works, coil, point, product
from tests.support.storage import open_test_log

HOUR = 3600
GAS = ("fuel-natural-gas-co2-ipcc2006", "fuel-natural-gas-ch4-ipcc2006", "fuel-natural-gas-n2o-ipcc2006")
BY_READING = Conversion("calorific value", "MJ/Nm3", "own gas chromatograph", point="gc", basis="net")


@pytest.fixture
def works(sqlite: sa.Engine, tmp_path: Path) -> Works:
    """Six hours of 100 Nm3 of gas each, whose calorific value rises from 36 MJ/Nm3 by 1 an hour."""
    made = Works(sqlite, open_test_log(sqlite), tmp_path / "keys")
    points = (
        point(made.mill),
        point(made.mill, "gas", carrier="natural-gas", unit="Nm3", conversions=(BY_READING,)),
        point(
            made.mill, "gc", carrier="natural-gas", kind="value", unit="MJ/Nm3", interval_seconds=HOUR, line=None
        ),
    )
    made.found(MeteringPlan(str(PLANT), "Asia/Seoul", 1, "2018-01-01T00:00:00Z", points))
    made.meter(made.mill, ["3"] * 24)
    quarters = [Reading("gas", START + (i + 1) * QUARTER, Decimal(25), "Nm3") for i in range(24)]
    made.say(made.mill, quarters)
    values = [Reading("gc", START + (i + 1) * HOUR, Decimal(36 + i), "MJ/Nm3") for i in range(6)]
    made.say(made.mill, values)
    return made


def choose_gas(works: Works) -> None:
    with transaction(works.engine) as connection:
        row = production.facility(connection, PLANT)
        footprints.set_factor(connection, works.desk, works.log, row, "natural-gas", *GAS)


def test_a_run_whose_gas_has_no_factor_is_not_closed(works: Works) -> None:
    with pytest.raises(InvalidInput, match="no factor is set for natural-gas"):
        works.run(coil("A"), START + HOUR, START + 3 * HOUR)


def test_a_factor_of_something_else_is_not_taken_for_it(works: Works) -> None:
    with transaction(works.engine) as connection:
        row = production.facility(connection, PLANT)
        with pytest.raises(InvalidInput, match="natural-gas is fuel"):
            footprints.set_factor(
                connection, works.desk, works.log, row, "natural-gas", "steel-slab-bf-bof-glo-2023"
            )


def test_gas_is_recorded_as_energy_and_counted_by_its_factors(works: Works) -> None:
    """Second and third hour: 100 Nm3 x (37 + 38) MJ = 7.5 GJ; 56.1 kg CO2 a GJ for 10 t is 42.075 a tonne, and
    1 g CH4 x 29.8 and 0.1 g N2O x 273 a GJ add 0.043."""
    choose_gas(works)
    works.run(coil("A"), START + HOUR, START + 3 * HOUR)
    works.recorder().step()
    gas = next(a for a in works.record(coil("A")).activity or () if a.carrier == "natural-gas")
    assert (gas.quantity, gas.unit, gas.basis, gas.gaps) == ("7.500", "GJ", "net", ())
    part = next(c for c in works.footprint(coil("A")).components or () if c.subject == "natural-gas")
    assert part.emissions == "42.118"
    assert gas.first_index < gas.last_index  # the frame with the calorific values is evidence too


def test_a_record_waits_for_the_calorific_value(sqlite: sa.Engine, tmp_path: Path, works: Works) -> None:
    choose_gas(works)
    works.meter(works.mill, ["3"] * 4, START + 6 * HOUR)
    works.say(
        works.mill, [Reading("gas", START + 6 * HOUR + (i + 1) * QUARTER, Decimal(25), "Nm3") for i in range(4)]
    )
    works.run(coil("A"), START + 6 * HOUR, START + 7 * HOUR)
    works.recorder().step()
    assert (
        works.problem(coil("A"))
        == "waits for readings: no readings of gas from 2018-02-28T21:00:00Z to 2018-02-28T22:00:00Z"
    )


def test_what_no_lot_took_is_shared_out_by_carrier_and_nothing_remains(works: Works) -> None:
    """23.1 GJ came in; 7.5 went into the lots of 10 and 5 t, which share the rest, 10.4 and 5.2."""
    choose_gas(works)
    works.run(coil("A"), START + HOUR, START + 2 * HOUR)
    works.run(coil("B"), START + 2 * HOUR, START + 3 * HOUR, [product("5")])
    works.recorder().step()
    with reading(works.engine) as connection:
        found = energy_balance(connection, works.desk, PLANT, START, START + 6 * HOUR, "natural-gas")
        assert [str(v) for v in (found.total, found.lots, found.idle)] == ["23.1", "7.500", "15.600"]
        assert (found.unit, found.expected, found.present) == ("GJ", 24, 24)
        with pytest.raises(InvalidInput, match="carrier"):
            energy_balance(connection, works.desk, PLANT, START, START + 6 * HOUR, "steam")
    with transaction(works.engine) as connection:
        close_period(connection, works.desk, PLANT, START, START + 6 * HOUR)
    with reading(works.engine) as connection:
        (row,) = footprint_rows.periods(connection, str(PLANT))
        period = periods.read(connection, works.desk, bytes(row["statement_id"])).content
    gas = next(i for i, b in enumerate(period.balances) if b.carrier == "natural-gas")
    balance = period.balances[gas]
    assert (balance.unit, balance.metered, balance.in_lots) == ("GJ", "23.100", "7.500")
    assert [lot.overhead[gas] for lot in period.lots] == ["10.400", "5.200"]


class TestMetersAndInvoices:
    """A main meter of 80 kWh over the line's 72; the plan allows 15 %."""

    INVOICE = Invoice("electricity", "0.081", "MWh", "cd" * 32)

    @pytest.fixture
    def submetered(self, sqlite: sa.Engine, tmp_path: Path) -> Works:
        made = Works(sqlite, open_test_log(sqlite), tmp_path / "keys")
        points = (point(made.mill, line=None, tolerance="15"), point(made.mill, "rolls", parent="main"))
        made.found(MeteringPlan(str(PLANT), "Asia/Seoul", 1, "2018-01-01T00:00:00Z", points))
        made.meter(made.mill, ["4", "3"] * 10 + ["2.5"] * 4)
        made.meter(made.mill, ["3"] * 24, name="rolls")
        made.run(coil("A"), START + HOUR, START + 2 * HOUR)
        made.recorder().step()
        return made

    def closed(self, works: Works, *invoices: Invoice) -> EnergyPeriod:
        with transaction(works.engine) as connection:
            close_period(connection, works.desk, PLANT, START, START + 6 * HOUR, invoices or None)
        with reading(works.engine) as connection:
            row = footprint_rows.periods(connection, str(PLANT))[-1]
            return periods.read(connection, works.desk, bytes(row["statement_id"])).content

    def test_stand_in_the_period(self, submetered: Works) -> None:
        found = self.closed(submetered, self.INVOICE)
        (one,) = found.meters
        assert (one.point, one.metered, one.sub_meters, one.within("15")) == ("main", "80.000", "72.000", True)
        assert [(b.carrier, str(total)) for b, total in found.invoiced()] == [("electricity", "81.000")]

    def test_invoices_stay_when_the_period_is_closed_again(self, submetered: Works) -> None:
        self.closed(submetered, self.INVOICE)
        assert self.closed(submetered).invoices == (self.INVOICE,)


class TestSegments:
    """Two lines, 3 and 1 kWh a quarter; a run that begins on the mill, goes to the saw, and comes back."""

    @pytest.fixture
    def lines(self, sqlite: sa.Engine, tmp_path: Path) -> Works:
        made = Works(sqlite, open_test_log(sqlite), tmp_path / "keys")
        points = (point(made.mill), point(made.mill, "saw", line="saw"))
        made.found(MeteringPlan(str(PLANT), "Asia/Seoul", 1, "2018-01-01T00:00:00Z", points))
        made.meter(made.mill, ["3"] * 24)
        made.meter(made.mill, ["1"] * 24, name="saw")
        return made

    @staticmethod
    def segment(line: str, start: int, end: int) -> Segment:
        return Segment(line, clock.utc_text(START + start * QUARTER), clock.utc_text(START + end * QUARTER))

    def close(self, works: Works, run: str, *segments: Segment) -> None:
        with transaction(works.engine) as connection:
            runs.close_run(connection, works.desk, run, START + 10 * QUARTER, [product()], [], segments)

    def test_are_metered_where_the_run_was(self, lines: Works) -> None:
        run = lines.open(coil("A"), START)
        parts = [self.segment("mill", 0, 4), self.segment("saw", 4, 6), self.segment("mill", 7, 10)]
        self.close(lines, run, *parts)
        self.close(lines, run, *parts)
        lines.recorder().step()
        record = lines.record(coil("A"))
        assert record.run.segments == tuple(parts)
        assert {a.point: a.quantity for a in record.activity or ()} == {"main": "21.000", "saw": "2.000"}
        with reading(lines.engine) as connection:
            found = energy_balance(connection, lines.desk, PLANT, START, START + 24 * QUARTER)
        assert [str(one.energy) for one in found.per_lot] == ["23.000"]

    def test_leave_the_line_to_others_while_the_run_is_elsewhere(self, lines: Works) -> None:
        run = lines.open(coil("A"), START, START + 10 * QUARTER)
        self.close(lines, run, self.segment("mill", 0, 4), self.segment("saw", 4, 6), self.segment("mill", 7, 10))
        lines.run(coil("B"), START + 4 * QUARTER, START + 7 * QUARTER)
        with pytest.raises(Conflict, match="line saw makes lot"):
            lines.open(coil("C"), START + 5 * QUARTER, START + 6 * QUARTER, "saw")
        with pytest.raises(Conflict, match="line mill makes lot"):
            lines.open(coil("C"), START + 6 * QUARTER, START + 7 * QUARTER)

    def test_of_a_line_that_is_not_there_or_taken(self, lines: Works) -> None:
        run = lines.open(coil("A"), START)
        with pytest.raises(InvalidInput, match="no metering point"):
            self.close(lines, run, self.segment("mill", 0, 4), self.segment("paint", 4, 10))
        other = lines.open(coil("B"), START, START + 5 * QUARTER, "saw")
        with pytest.raises(Conflict, match="line saw makes lot"):
            self.close(lines, run, self.segment("mill", 0, 4), self.segment("saw", 4, 10))
        lines.close(other, START + 5 * QUARTER, [product()])
