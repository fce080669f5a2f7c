"""Meters behind Modbus TCP (MODBUS Application Protocol 1.1b3; registers of 16 bits, most significant byte first).

Every point is read once each interval, as soon as the interval begins: a counting register's value carries the
second in which it was read, an interval register's the interval's end. After an outage the running interval is
still read, once; intervals that passed unseen stay gaps, which the counting registers bridge.

A float is emitted as the multiple of the register's resolution nearest to it, computed exactly.
"""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Sequence
from fractions import Fraction

import msgspec
from pymodbus import ModbusException
from pymodbus.client import ModbusTcpClient

from iot_gateway.errors import SourceFailed
from iot_gateway.sources.base import Batch, Rejected
from iot_gateway.sources.settings import ModbusPoint, ModbusSettings
from leafproof import units
from leafproof.errors import InvalidInput
from leafproof.frame import Reading

# type -> big-endian struct code; its size gives the number of registers
_TYPES = {"u16": "H", "i16": "h", "u32": "I", "i32": "i", "u64": "Q", "float32": "f", "float64": "d"}
# Together 28 digits, as many as `MAX_VALUE_DIGITS`; a u64 has 20.
_LIMIT, _FINEST = 10**20, 10**8


class ModbusSource:
    """See the module."""

    mode = "live"
    finite = False

    def __init__(self, settings: ModbusSettings) -> None:
        self.name = settings.name
        self.width = len(settings.points)
        self._settings = settings
        self._client: ModbusTcpClient | None = None
        self._done: dict[str, int] = {}  # point -> start of the interval in which it was last read

    def open(self, position: str | None) -> None:
        """Remember what was read in this interval before a restart."""
        self._done = msgspec.json.decode(position, type=dict[str, int]) if position is not None else {}

    def read(self, limit: int) -> Batch:
        """Poll what is due; raises `SourceFailed` when no meter behind the address answers."""
        now = time.time()
        tick = int(now) - int(now) % self._settings.interval
        due = [point for point in self._settings.points if self._done.get(point.point) != tick][:limit]
        if not due:
            return Batch([], self._position(), wait=max(0.0, tick + self._settings.interval - now))
        readings: list[Reading] = []
        rejected: list[Rejected] = []
        for point in due:
            try:
                readings.append(self._poll(point, tick))
            except InvalidInput as error:
                rejected.append(Rejected(0, str(error), ""))
            except SourceFailed:
                if readings or rejected:
                    break  # what was read is stored; the rest is tried again
                raise
            self._done[point.point] = tick
        return Batch(readings, self._position(), rejected)

    def probe(self) -> list[Reading]:
        """Each point's register now."""
        try:
            return [self._poll(point, int(time.time())) for point in self._settings.points]
        except InvalidInput as error:
            raise SourceFailed(str(error)) from error

    def close(self) -> None:
        """Drop the connection."""
        if self._client is not None:
            self._client.close()  # type: ignore[no-untyped-call]
            self._client = None

    def _position(self) -> str:
        return msgspec.json.encode(self._done).decode()

    def _connected(self) -> ModbusTcpClient:
        if self._client is None:
            settings = self._settings
            client = ModbusTcpClient(settings.host, port=settings.port, timeout=settings.timeout, retries=0)
            if not client.connect():  # type: ignore[no-untyped-call]
                client.close()  # type: ignore[no-untyped-call]
                raise SourceFailed(f"no Modbus server answers at {settings.host}:{settings.port}")
            self._client = client
        return self._client

    def _poll(self, point: ModbusPoint, tick: int) -> Reading:
        client = self._connected()
        read = client.read_holding_registers if point.function == "holding" else client.read_input_registers
        count = struct.calcsize(f">{_TYPES[point.type]}") // 2
        try:
            answer = read(point.address, count=count, device_id=point.unit_id)
        except (ModbusException, OSError) as error:
            # After a time-out a late answer may still arrive: only a new connection is surely in step.
            self.close()
            raise SourceFailed(f"{point.point}: {error}") from error
        if answer.isError():
            raise InvalidInput(point.point, f"the meter refuses register {point.address} ({answer})")
        if len(answer.registers) != count:
            raise InvalidInput(point.point, f"{len(answer.registers)} registers came, {count} were asked for")
        at = tick if point.value == "interval" else int(time.time())
        return decode(point, answer.registers, at)


def decode(point: ModbusPoint, registers: Sequence[int], at: int) -> Reading:
    """The reading that registers hold; raises `InvalidInput` for a float that is no number."""
    words = registers if point.word_order == "big" else registers[::-1]
    raw = struct.pack(f">{len(words)}H", *words)
    (number,) = struct.unpack(f">{_TYPES[point.type]}", raw)
    if not math.isfinite(number):
        raise InvalidInput(point.point, f"register {point.address} holds {number}")
    exact = Fraction(number) * Fraction(point.scale)
    if point.resolution is not None:
        resolution = Fraction(point.resolution)
        exact = round(exact / resolution) * resolution
    if abs(exact) >= _LIMIT or _FINEST % exact.denominator:
        raise InvalidInput(point.point, f"register {point.address} holds {number}, which no meter shows")
    return Reading(point.point, at, units.exact_decimal(exact), point.unit)
