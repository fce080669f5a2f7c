"""Derived sums, rebuilt from the readings: each series by quarters of an hour.

A reading named by its interval's end at 00:15 belongs to the quarter from 00:00; each time counts once, and
the first reading logged stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from leafproof.envelope import FrameHeader
from leafproof.frame import FrameContent
from leafproof.numbers import EXACT
from leafproof.replay.report import ReplayReport
from leafproof.replay.source import Rollup

QUARTER = 900
Series = tuple[str, str, str, str, str]  # gateway, facility, point, unit, mode


class Sums:
    """Readings by series and time, and their quarters on demand."""

    def __init__(self) -> None:
        self._readings: dict[Series, dict[int, int | Decimal]] = {}
        self._withheld: set[str] = set()

    def withhold(self, gateway: bytes) -> None:
        """A frame of the gateway was not handed over: its sums cannot be rebuilt."""
        self._withheld.add(gateway.hex())

    def add(self, gateway: bytes, place: FrameHeader, content: FrameContent) -> None:
        """Take a frame's readings in."""
        for one in content.series:
            key = (gateway.hex(), content.facility, one.point, one.unit, place.mode)
            known = self._readings.setdefault(key, {})
            for time, number in zip(one.times, one.numbers, strict=True):
                known.setdefault(time, number)

    def compare(self, stored: Iterable[Rollup] | None, report: ReplayReport) -> None:
        """Report each quarter that the stored rollups have otherwise, too many or not at all."""
        if stored is None:
            return
        names: dict[Series, str] = {}
        given: dict[tuple[Series, int], Rollup] = {}
        for rollup in stored:
            if rollup.gateway in self._withheld:
                continue
            series = (rollup.gateway, rollup.facility, rollup.point, rollup.unit, rollup.mode)
            names[series] = rollup.names
            given[series, rollup.start] = rollup
        for series, readings in self._readings.items():
            if series[0] in self._withheld:
                continue
            for start, (count, total) in _quarters(readings, names.get(series, "end")).items():
                found = given.pop((series, start), None)
                if found is None or found.count != count or _number(found.total) != total:
                    report.add(
                        "rollup-differs", None, _sentence(series, start, found, f"{count} readings, {total}")
                    )
        for (series, start), found in given.items():
            report.add("rollup-differs", None, _sentence(series, start, found, "none"))


def _quarters(readings: dict[int, int | Decimal], names: str) -> dict[int, tuple[int, Decimal]]:
    quarters: dict[int, tuple[int, Decimal]] = {}
    for time, number in readings.items():
        start = (time - (names == "end")) // QUARTER * QUARTER
        count, total = quarters.get(start, (0, Decimal(0)))
        quarters[start] = count + 1, EXACT.add(total, Decimal(number))
    return quarters


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _sentence(series: Series, start: int, found: Rollup | None, computed: str) -> str:
    _, facility, point, unit, _ = series
    stored = f"{found.count} readings, {found.total}" if found else "none"
    return f"{facility}/{point} from {start}: stored {stored}, the readings give {computed} ({unit})"
