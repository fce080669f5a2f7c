"""The simulated meter and the reading of registers."""

from __future__ import annotations

import struct
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_gateway.sources.modbus import decode
from iot_gateway.sources.settings import ModbusPoint, ModbusSettings, SimulatorSettings
from iot_gateway.sources.simulator import SimulatorSource
from leafproof.errors import InvalidInput

PERIOD = {"from": datetime(2026, 3, 2), "until": datetime(2026, 3, 9)}  # noqa: DTZ001 - a week from Monday on


def simulator(**changes: Any) -> SimulatorSource:
    values = {
        "kind": "simulator",
        "name": "sim",
        "seed": "a plant",
        "zone": "Asia/Seoul",
        "points": [{"point": "main", "peak_kw": "400"}, {"point": "line", "peak_kw": "150", "resolution": "0.5"}],
    }
    found = msgspec.convert(values | changes, SimulatorSettings)
    found.check()
    return SimulatorSource(found)


def point(**changes: Any) -> ModbusPoint:
    values = {"point": "p", "unit": "kWh", "value": "register", "address": 0, "type": "u16"}
    return msgspec.convert(values | changes, ModbusPoint)


def registers(code: str, number: float) -> list[int]:
    raw = struct.pack(f">{code}", number)
    return list(struct.unpack(f">{len(raw) // 2}H", raw))


class TestSimulator:
    def test_it_is_the_same_whenever_and_in_whatever_steps_it_is_read(self) -> None:
        whole = simulator(**PERIOD)
        whole.open(None)
        batches = []
        while not batches or not batches[-1].done:
            batches.append(whole.read(512))
        expected = [r for batch in batches for r in batch.readings]
        assert len(expected) == 7 * 96 * 2
        again = simulator(**PERIOD)
        again.open(batches[0].position)
        assert again.read(100).readings == expected[len(batches[0].readings) :][:100]

    def test_it_says_that_it_is_simulated_and_keeps_the_registers_resolution(self) -> None:
        source = simulator(**PERIOD)
        source.open(None)
        readings = source.read(512).readings
        assert source.mode == "simulated"
        assert source.finite
        assert all(r.value % Decimal("0.01") == 0 for r in readings)
        assert all(r.value % Decimal("0.5") == 0 for r in readings if r.point == "line")
        assert all(0 < r.value <= Decimal("400") * 900 / 3600 for r in readings)

    def test_another_seed_is_another_plant(self) -> None:
        one, other = simulator(**PERIOD), simulator(**PERIOD, seed="another")
        for source in (one, other):
            source.open(None)
        assert one.read(100).readings != other.read(100).readings

    def test_in_real_time_only_intervals_that_have_ended_are_told(self) -> None:
        source = simulator()
        source.open(None)
        batch = source.read(512)
        assert not source.finite
        assert not batch.done
        assert len(batch.readings) <= 2  # only if a quarter of an hour has just ended
        assert 0 <= batch.wait <= 900

    def test_half_a_period_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="go together"):
            simulator(until=datetime(2026, 3, 9))  # noqa: DTZ001


class TestRegisters:
    @pytest.mark.parametrize(
        ("kind", "words", "order", "expected"),
        [
            ("u16", [0xFFFF], "big", 65535),
            ("i16", [0xFFFF], "big", -1),
            ("u32", [1, 2], "big", 65538),
            ("u32", [1, 2], "little", 131073),
            ("i32", [0xFFFF, 0xFFFE], "big", -2),
            ("u64", [0xFFFF] * 4, "big", 2**64 - 1),
            ("u64", [1, 0, 0, 0], "little", 1),
        ],
    )
    def test_whole_registers(self, kind: str, words: list[int], order: str, expected: int) -> None:
        assert decode(point(type=kind, word_order=order), words, 7).value == expected

    def test_a_scale_is_exact(self) -> None:
        assert decode(point(scale="0.1"), [3], 7).value == Decimal("0.3")

    def test_a_float_becomes_the_decimal_that_the_meter_shows(self) -> None:
        told = decode(point(type="float32", resolution="0.01"), registers("f", 1234.56), 7)
        assert told.value == Decimal("1234.56")

    @given(st.integers(-(10**9), 10**9), st.integers(0, 3))
    def test_every_decimal_that_a_float64_stands_for_comes_back(self, digits: int, places: int) -> None:
        shown = Decimal(digits).scaleb(-places)
        resolution = f"{Decimal(1).scaleb(-places):f}"
        words = registers("d", float(shown))
        assert decode(point(type="float64", resolution=resolution), words, 7).value == shown

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e300])
    def test_what_is_no_number_is_refused_by_name(self, number: float) -> None:
        with pytest.raises(InvalidInput, match="register 0 holds"):
            decode(point(type="float64", resolution="0.01"), registers("d", number), 7)

    @pytest.mark.parametrize(
        "changes", [{"type": "float32"}, {"type": "u16", "resolution": "0.1"}, {"scale": "0"}]
    )
    def test_a_register_map_that_cannot_be_is_refused(self, changes: dict[str, Any]) -> None:
        settings = ModbusSettings(name="m", host="h", interval=900, points=(point(**changes),))
        with pytest.raises(InvalidInput):
            settings.check()
