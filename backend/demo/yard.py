"""What the steel plant meters beside its electricity: the reheating furnace's gas, and coils on a crane scale.

Nobody measured any of it. The gateway's sources say so, hence every frame, and every page.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from datetime import time as day_time
from decimal import Decimal

from backend.demo.cast import FIRST_DAY, SECTION_COILS, Order, Period, csv_text

_QUARTER = timedelta(minutes=15)
_PILOT = Decimal("1.5")  # Nm3 a quarter of an hour, when nothing is rolled
_ROLLING = Decimal("30")  # and in a run, before what its coil weighs


def furnace_csv(period: Period, orders: list[Order]) -> bytes:
    """Natural gas by quarters of an hour, in Nm3."""
    return csv_text([{"time": str(end), "gas": f"{gas}"} for end, gas in _burnt(period, orders)])


def _burnt(period: Period, orders: list[Order]) -> Iterator[tuple[datetime, Decimal]]:
    runs = [(datetime.fromisoformat(o.opened), datetime.fromisoformat(o.closed), o.output) for o in orders]
    end = datetime.combine(FIRST_DAY, day_time(0))
    last = datetime.combine(period.last_day, day_time(0))
    while end < last:
        end += _QUARTER
        while runs and runs[0][1] < end:
            runs.pop(0)
        on = runs and runs[0][0] < end
        yield end, (_ROLLING + (runs[0][2] / 4).quantize(Decimal("0.1"))) if on else _PILOT


def scale_csv(orders: list[Order]) -> bytes:
    """The coils that go into the tower section, in kg, each when it was weighed."""
    return csv_text([{"time": str(o.weighed), "coil": f"{o.output * 1000:f}"} for o in orders[:SECTION_COILS]])
