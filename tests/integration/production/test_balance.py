"""Energy in lots and outside them adds up to the meters, digit for digit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.database import reading, transaction
from backend.production import runs
from backend.production.balance import EnergyBalance, energy_balance
from leafproof import metering
from leafproof.errors import InvalidInput
from leafproof.plan import MeteringPlan
from tests.integration.production.works import (
    PLANT,
    QUARTER,
    START,
    Gateway,
    Works,
    coil,
    point,
    product,
)
from tests.support.storage import open_test_log

DAY = 86400
AMOUNTS = [str(Decimal(i * i % 977) / 100) for i in range(96 * 2)]


class _Undo(Exception):
    pass


@contextmanager
def undone(works: Works) -> Iterator[sa.Connection]:
    """A transaction that leaves nothing behind."""
    try:
        with transaction(works.engine) as connection:
            yield connection
            raise _Undo
    except _Undo:
        pass


def balance(works: Works, start: int = START, end: int = START + 2 * DAY) -> EnergyBalance:
    with reading(works.engine) as connection:
        return energy_balance(connection, works.desk, PLANT, start, end)


def test_runs_that_end_with_intervals_leave_exactly_the_rest(works: Works) -> None:
    works.meter(works.mill, AMOUNTS)
    works.run(coil("A"), START, START + 96 * QUARTER)
    works.run(coil("B"), START + 100 * QUARTER, START + 101 * QUARTER)
    found = balance(works)
    assert found.total == sum(map(Decimal, AMOUNTS))
    assert [one.energy for one in found.per_lot] == [sum(map(Decimal, AMOUNTS[:96])), Decimal(AMOUNTS[100])]
    assert found.idle == found.total - found.lots
    assert (found.expected, found.present) == (192, 192)


def test_what_a_record_publishes_is_what_the_balance_counts(works: Works) -> None:
    works.meter(works.mill, AMOUNTS)
    works.run(coil("A"), START + 77, START + 5 * QUARTER + 13)
    works.recorder().step()
    (activity,) = works.record(coil("A")).activity or ()
    assert [f"{one.energy:f}" for one in balance(works).per_lot] == [activity.quantity]


def test_missing_intervals_are_counted_and_in_none_of_the_numbers(works: Works) -> None:
    works.meter(works.mill, AMOUNTS[:90])
    works.meter(works.mill, AMOUNTS[100:], START + 100 * QUARTER)
    found = balance(works)
    assert (found.expected, found.present) == (192, 182)
    assert found.total == sum(map(Decimal, AMOUNTS[:90] + AMOUNTS[100:]))


def test_a_line_with_its_own_meter_is_a_part_of_the_main_meters_energy(
    sqlite: sa.Engine, tmp_path: object
) -> None:
    from pathlib import Path

    works = Works(sqlite, open_test_log(sqlite), Path(str(tmp_path)) / "keys")
    points = (point(works.mill, line=None), point(works.mill, "rolls", parent="main"))
    works.found(MeteringPlan(str(PLANT), "Asia/Seoul", 1, "2018-01-01T00:00:00Z", points))
    works.meter(works.mill, ["10"] * 96)
    works.meter(works.mill, ["7"] * 96, name="rolls")
    works.run(coil("A"), START, START + 4 * QUARTER)
    found = balance(works, end=START + DAY)
    assert (found.total, found.lots, found.idle) == (Decimal(960), Decimal(28), Decimal(932))
    assert found.expected == 96


@pytest.mark.parametrize(("start", "end"), [(START, START), (START, START - 1), (START, START + 500 * DAY)])
def test_a_window_must_be_one(sqlite_works: Works, start: int, end: int) -> None:
    with pytest.raises(InvalidInput, match=r"^to: "):
        balance(sqlite_works, start, end)


@st.composite
def shifts(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Runs on one line, one after the other, with bounds at any second."""
    bounds = draw(st.lists(st.integers(START, START + 2 * DAY), min_size=2, max_size=16, unique=True).map(sorted))
    return list(zip(bounds[::2], bounds[1::2], strict=False))


@pytest.fixture
def fed(sqlite_works: Works) -> Works:
    sqlite_works.meter(sqlite_works.mill, AMOUNTS)
    return sqlite_works


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shifts=shifts(), window=st.tuples(st.integers(0, DAY), st.integers(DAY + 1, 2 * DAY)))
def test_lots_and_rest_are_the_total_wherever_runs_and_window_cut_intervals(
    fed: Works, shifts: list[tuple[int, int]], window: tuple[int, int]
) -> None:
    start, end = START + window[0], START + window[1]
    with undone(fed) as connection:
        for number, (opened, closed) in enumerate(shifts):
            run = runs.open_run(connection, fed.desk, PLANT, "mill", coil(f"P{number}"), opened, closed=closed)
            runs.close_run(connection, fed.desk, run, closed, [product()], ())
        found = energy_balance(connection, fed.desk, PLANT, start, end)
        again = energy_balance(connection, fed.desk, PLANT, start, end)
    assert found == again
    assert found.lots + found.idle == found.total
    assert found.idle >= 0
    exact = metered(fed.mill, start, end)
    assert 0 <= exact - Fraction(found.total) < Fraction(1, 1000)
    for one in found.per_lot:
        assert 0 <= metered(fed.mill, one.start, one.end) - Fraction(one.energy) < Fraction(1, 1000)


def metered(gateway: Gateway, start: int, end: int) -> Fraction:
    """Straight from the amounts, without a database."""
    rows = [(START + (i + 1) * QUARTER, Decimal(a), "kWh") for i, a in enumerate(AMOUNTS)]
    return metering.metered(metering.intervals(point(gateway), rows), start, end).amount
