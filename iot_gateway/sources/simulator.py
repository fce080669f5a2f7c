"""Simulated energy meters: a plant's load curve that depends on nothing but the seed, the point and the time.

Each value is the energy (kWh) of the interval that ends at its time, at the register's resolution. Nothing here
is a measurement, so every frame says `simulated`.
"""

from __future__ import annotations

import hashlib
import time
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from iot_gateway.sources.base import Batch, Pace
from iot_gateway.sources.localtime import LocalClock
from iot_gateway.sources.settings import SimulatedPoint, SimulatorSettings
from leafproof import clock, units
from leafproof.frame import Reading

# Per mille of the peak load, hour by hour: two shifts from 06 to 22 with breaks, a warm plant at night.
_WORKING_DAY = (
    *(180, 180, 180, 180, 190, 320, 640, 780, 830, 720, 860, 880),
    *(610, 850, 870, 860, 820, 640, 790, 800, 780, 690, 380, 220),
)
_DAY_OFF = (150,) * 24
_SWING = 200  # per mille by which chance moves a value, centred on the curve


class SimulatorSource:
    """See the module; with a past period it is finite, else it goes on in real time."""

    mode = "simulated"

    def __init__(self, settings: SimulatorSettings) -> None:
        self.name = settings.name
        self.width = len(settings.points)
        self._settings = settings
        self._zone = clock.zone(settings.zone)
        self._pace = Pace(settings.speed)
        self._last: int | None = None
        local = LocalClock(settings.zone, "error")
        self._begin = local.seconds(settings.from_) if settings.from_ is not None else None
        self._end = local.seconds(settings.until) if settings.until is not None else None
        self.finite = self._end is not None

    def open(self, position: str | None) -> None:
        """Go to `position`, the time of the last value; at first to the period's start, or to now."""
        if position is not None:
            self._last = int(position)
        else:
            self._last = self._begin if self._begin is not None else self._tick(int(time.time()))

    def read(self, limit: int) -> Batch:
        """The values of the intervals that have ended."""
        assert self._last is not None
        step = self._settings.interval
        end = self._end if self._end is not None else int(time.time())
        due = (end - self._last) // step
        steps = min(due, min(self._pace.allowed(limit), limit) // self.width)
        readings: list[Reading] = []
        for _ in range(max(0, steps)):
            self._last += step
            readings += [self._reading(point, self._last) for point in self._settings.points]
        self._pace.passed(len(readings))
        done = self._end is not None and self._last + step > self._end
        if readings or done:
            return Batch(readings, str(self._last), wait=self._pace.wait(self.width), done=done)
        wait = self._pace.wait(self.width) if due > 0 else self._last + step - time.time()
        return Batch([], str(self._last), wait=max(0.0, wait))

    def probe(self) -> list[Reading]:
        """The values of the interval that ended last."""
        at = self._end if self._end is not None else self._tick(int(time.time()))
        return [self._reading(point, at) for point in self._settings.points]

    def close(self) -> None:
        """Nothing is held."""

    def _tick(self, seconds: int) -> int:
        return seconds - seconds % self._settings.interval

    def _reading(self, point: SimulatedPoint, end: int) -> Reading:
        start = datetime.fromtimestamp(end - self._settings.interval, self._zone)
        curve = (_DAY_OFF if start.weekday() >= 5 else _WORKING_DAY)[start.hour]
        drawn = hashlib.sha256(f"{self._settings.seed}/{point.point}/{end}".encode()).digest()
        swing = 1000 - _SWING // 2 + int.from_bytes(drawn[:4], "big") % (_SWING + 1)
        energy = Fraction(point.peak_kw) * Fraction(curve * swing, 10**6) * Fraction(self._settings.interval, 3600)
        resolution = Fraction(point.resolution)
        return Reading(point.point, end, _on_register(energy, resolution), "kWh")


def _on_register(amount: Fraction, resolution: Fraction) -> Decimal:
    return units.exact_decimal(round(amount / resolution) * resolution)
