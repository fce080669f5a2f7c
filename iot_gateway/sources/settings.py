"""What the configuration says about each kind of source, as `[[source]]` in the TOML file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from leafproof import clock, units, values
from leafproof.errors import InvalidInput

LocalTime = Annotated[datetime, msgspec.Meta(tz=False)]
Interval = Annotated[int, msgspec.Meta(ge=1, le=86400)]
Speed = Annotated[float, msgspec.Meta(ge=0)]
OneCharacter = Annotated[str, msgspec.Meta(min_length=1, max_length=1)]
_DAY = 86400
# Scales, resolutions and loads within these bounds keep every product exact in 28 digits.
_FINEST, _LARGEST = Decimal("0.00000001"), Decimal(10**12)


class CsvPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One metering point of a file: the column that holds its values, and their unit."""

    point: str
    column: str
    unit: str


class CsvSettings(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="csv"
):
    """A recorded file, or one that nobody measured (`simulated`). `interval` is in seconds; `from` and `until`
    bound the intervals, in local time; `speed` is in readings per second, 0 for as fast as possible."""

    name: str
    file: Path
    encoding: str = "utf-8"
    delimiter: OneCharacter = ","
    decimal: Literal[".", ","] = "."
    time_column: str
    time_format: str
    zone: str
    interval: Interval
    times: Literal["end", "start"]
    midnight: Literal["new-date", "old-date"] = "new-date"
    ambiguous: Literal["error", "in-order", "first", "second"] = "error"
    from_: LocalTime | None = msgspec.field(name="from", default=None)
    until: LocalTime | None = None
    speed: Speed = 0.0
    simulated: bool = False
    points: Annotated[tuple[CsvPoint, ...], msgspec.Meta(min_length=1, max_length=256)]

    def check(self) -> None:
        """Raises `InvalidInput` naming the key at fault."""
        field = f"source {self.name}"
        clock.zone(self.zone, f"{field}: zone")
        _check_points(field, self.points)
        _check_encoding(f"{field}: encoding", self.encoding)
        _check_bounds(field, self.from_, self.until)
        if self.delimiter == self.decimal:
            raise InvalidInput(f"{field}: decimal", "the decimal sign is also the delimiter")
        if self.midnight == "old-date" and self.times == "start":
            raise InvalidInput(f"{field}: midnight", "old-date is for times that name an interval's end")


class SimulatedPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A simulated energy meter: the load's peak in kW, and the register's resolution in kWh."""

    point: str
    peak_kw: str
    resolution: str = "0.01"


class SimulatorSettings(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="simulator"
):
    """Simulated meters: in real time, or over a past period when `from` and `until` (local times) are given."""

    name: str
    seed: str
    zone: str
    interval: Interval = 900
    from_: LocalTime | None = msgspec.field(name="from", default=None)
    until: LocalTime | None = None
    speed: Speed = 0.0
    points: Annotated[tuple[SimulatedPoint, ...], msgspec.Meta(min_length=1, max_length=256)]

    def check(self) -> None:
        """Raises `InvalidInput` naming the key at fault."""
        field = f"source {self.name}"
        clock.zone(self.zone, f"{field}: zone")
        _check_bounds(field, self.from_, self.until)
        if (self.from_ is None) != (self.until is None):
            raise InvalidInput(f"{field}: from", "from and until go together; without both it runs in real time")
        for point in self.points:
            values.point_name(point.point, f"{field}: point")
            _positive(point.peak_kw, f"{field}: peak_kw")
            _positive(point.resolution, f"{field}: resolution")


RegisterType = Literal["u16", "i16", "u32", "i32", "u64", "float32", "float64"]


class ModbusPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A meter's register. `value`: a `register` that counts on, or the amount of the last `interval`. What is read
    is multiplied by `scale`; floats are emitted at `resolution`, in `unit`."""

    point: str
    unit: str
    value: Literal["register", "interval"]
    unit_id: Annotated[int, msgspec.Meta(ge=0, le=255)] = 1
    address: Annotated[int, msgspec.Meta(ge=0, le=65535)]
    function: Literal["holding", "input"] = "holding"
    type: RegisterType
    word_order: Literal["big", "little"] = "big"
    scale: str = "1"
    resolution: str | None = None


class ModbusSettings(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="modbus"
):
    """Meters behind one Modbus TCP address, read every `interval` seconds; `timeout` in seconds."""

    name: str
    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 502
    interval: Interval
    timeout: Annotated[float, msgspec.Meta(gt=0, le=60)] = 3.0
    points: Annotated[tuple[ModbusPoint, ...], msgspec.Meta(min_length=1, max_length=256)]

    def check(self) -> None:
        """Raises `InvalidInput` naming the key at fault."""
        field = f"source {self.name}"
        if _DAY % self.interval:
            raise InvalidInput(f"{field}: interval", "not a whole part of a day")
        _check_points(field, self.points)
        for point in self.points:
            _positive(point.scale, f"{field}: scale")
            if point.type.startswith("float") and point.resolution is None:
                raise InvalidInput(f"{field}: resolution", f"{point.point} is a float: state its resolution")
            if not point.type.startswith("float") and point.resolution is not None:
                raise InvalidInput(f"{field}: resolution", f"{point.point} is whole: its scale is its resolution")
            if point.resolution is not None:
                _positive(point.resolution, f"{field}: resolution")


SourceSettings = CsvSettings | SimulatorSettings | ModbusSettings


def _check_points(field: str, points: Sequence[CsvPoint | ModbusPoint]) -> None:
    for point in points:
        values.point_name(point.point, f"{field}: point")
        units.known(point.unit, f"{field}: unit")


def _check_encoding(field: str, encoding: str) -> None:
    try:
        plain = "\n,".encode(encoding.removesuffix("-sig"))
    except LookupError as error:
        raise InvalidInput(field, f"unknown encoding {encoding[:40]!r}") from error
    if plain != b"\n,":
        raise InvalidInput(field, f"{encoding} does not write line ends as one byte; convert the file to utf-8")


def _check_bounds(field: str, start: datetime | None, end: datetime | None) -> None:
    if start is not None and end is not None and start >= end:
        raise InvalidInput(f"{field}: until", "not after from")


def _positive(text: str, field: str) -> Decimal:
    value = units.parse_decimal(text, field)
    if not _FINEST <= value < _LARGEST or value % _FINEST:
        raise InvalidInput(field, f"not from {_FINEST:f} to {_LARGEST:f}, in steps of {_FINEST:f}")
    return value
