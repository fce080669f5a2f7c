"""Meters behind a real Modbus server, which dies and comes back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from backend.embedded.broker import EmbeddedBroker
from iot_gateway.errors import SourceFailed
from iot_gateway.sources.modbus import ModbusSource
from iot_gateway.sources.settings import ModbusSettings
from leafproof.frame import place_of
from tests.integration.gateway.conftest import Start
from tests.integration.gateway.plant import Plant, end
from tests.support.ports import accepts, free_port
from tests.support.waiting import eventually

METER = Path(__file__).with_name("meter.py")
POINTS = [
    {"point": "counter", "unit": "kWh", "value": "register", "address": 0, "type": "u16", "scale": "0.1"},
    {"point": "float", "unit": "kWh", "value": "interval", "address": 1, "type": "float32", "resolution": "0.01"},
    {"point": "swapped", "unit": "Wh", "value": "register", "address": 3, "type": "u32", "word_order": "little"},
    {"point": "big", "unit": "Wh", "value": "register", "address": 100, "type": "u64", "function": "input"},
]


@contextmanager
def meter(port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, str(METER), str(port)], stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: accepts("127.0.0.1", port), "the meter answers")
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def port() -> int:
    return free_port()


def source(port: int, points: list[dict[str, object]] = POINTS, **changes: object) -> ModbusSource:
    values = {
        "kind": "modbus",
        "name": "panel",
        "host": "127.0.0.1",
        "port": port,
        "interval": 3600,
        "timeout": 1.0,
    }
    given = [{"unit_id": 3} | point for point in points]
    settings = msgspec.convert(values | changes | {"points": given}, ModbusSettings)
    settings.check()
    return ModbusSource(settings)


def test_every_kind_of_register_is_read_exactly(port: int) -> None:
    with meter(port), closing(source(port)) as panel:
        panel.open(None)
        batch = panel.read(512)
        assert not batch.rejected
        assert {r.point: r.value for r in batch.readings} == {
            "counter": Decimal("0.7"),
            "float": Decimal("1234.56"),
            "swapped": Decimal(70_000),
            "big": Decimal(2**40 + 1),
        }
        by_point = {r.point: r for r in batch.readings}
        assert by_point["float"].time % 3600 == 0
        assert by_point["counter"].time >= by_point["float"].time
        assert panel.mode == "live"


def test_a_point_is_read_once_an_interval_even_across_a_restart(port: int) -> None:
    with meter(port):
        with closing(source(port, interval=86_400)) as panel:
            panel.open(None)
            first = panel.read(512)
            second = panel.read(512)
            assert len(first.readings) == 4
            assert not second.readings
            assert 0 < second.wait <= 86_400
        with closing(source(port, interval=86_400)) as panel:
            panel.open(first.position)
            assert not panel.read(512).readings


def test_a_refused_register_and_a_float_that_is_no_number_spoil_their_point_only(port: int) -> None:
    broken = [
        {"point": "absent", "unit": "Wh", "value": "register", "address": 9_000, "type": "u16"},
        {**POINTS[1], "point": "nan", "address": 104, "function": "input"},
    ]
    with meter(port), closing(source(port, [*broken, POINTS[0]])) as panel:
        panel.open(None)
        batch = panel.read(512)
        assert [r.point for r in batch.readings] == ["counter"]
        assert [r.reason.partition(":")[0] for r in batch.rejected] == ["absent", "nan"]


def test_a_meter_that_is_not_there_is_said_so(port: int) -> None:
    with closing(source(port)) as panel:
        panel.open(None)
        with pytest.raises(SourceFailed, match="no Modbus server answers"):
            panel.read(512)


def test_a_meter_that_hangs_runs_into_the_time_out(port: int) -> None:
    import socket

    with socket.create_server(("127.0.0.1", port)), closing(source(port, timeout=0.2)) as panel:
        panel.open(None)
        with pytest.raises(SourceFailed):
            panel.read(512)


def test_a_gateway_goes_on_by_itself_when_its_meter_comes_back(
    broker: EmbeddedBroker, plant: Plant, start: Start, port: int
) -> None:
    points = "".join(
        f"""
[[source.points]]
unit_id = 3
{chr(10).join(f"{key} = {msgspec.json.encode(value).decode()}" for key, value in point.items())}
"""
        for point in POINTS
    )
    plant.configure(
        broker.port,
        f'[[source]]\nkind = "modbus"\nname = "panel"\nhost = "127.0.0.1"\nport = {port}\ninterval = 1\n'
        f"timeout = 0.5\n{points}",
        frame="seconds = 0.2",
    )
    with plant.log(broker.port) as log:
        process = start()
        with meter(port):
            eventually(lambda: len(log.readings) >= 8, "readings")
        eventually(
            lambda: str(plant.status()["sources"]["panel"]["state"]).startswith("waiting"), "the outage shows"
        )
        before = len(log.readings)
        with meter(port):
            eventually(lambda: len(log.readings) >= before + 8, "readings again")
        assert end(process) == 0
        log.check_chain()
        assert {place_of(e.envelope).mode for e in log.entries} == {"live"}
        floats = [r.time for r in log.readings if r.point == "float"]
        assert len(set(floats)) == len(floats)
