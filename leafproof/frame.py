"""Frames: up to 512 readings of one gateway, signed once.

The body is `[salt, pack, opening]`. `pack` is SenML in CBOR (RFC 8428): one run of records a metering point,
whose first record carries base name, base time and base unit, so that the others are two integers each.
Names are `<facility GLN>/<point>`. A record named `heartbeat` with the boolean value true says that the
gateway lived at that time. `opening` is null, but in the first frame of an epoch: there it says how the last
one ended.

Values are exact: integers, or decimal fractions (CBOR tag 4), never floats. Times are whole Unix seconds,
absolute (RFC 8428 4.5.3: at least 2^28).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any, cast

from leafproof import body as bodies
from leafproof import cbor, clock, columns, units, values
from leafproof.envelope import Envelope, FrameHeader, Header, LogRef, sign
from leafproof.errors import InvalidInput, LeafproofError, Malformed
from leafproof.keys import SigningKey

MAX_READINGS = 512  # one signature (85 us on this kind of machine) then costs each reading well under 1 us
MAX_FRAME_BODY = 32768  # 512 readings of the longest kind that a meter emits, with room
# Senders and brokers bound a message by this: envelope, body and two CBOR lengths.
MAX_MESSAGE = 4096 + MAX_FRAME_BODY + 16
_EARLIEST = 1 << 28
_SALTED = bytes([0x83, 0x40 + bodies.SALT_SIZE])  # how `[salt, pack, opening]` starts
_PACK = 2 + bodies.SALT_SIZE
_NO_OPENING = b"\xf6"
_BASE_NAME, _BASE_TIME, _BASE_UNIT, _NAME, _VALUE, _BOOLEAN, _TIME = -2, -3, -4, 0, 2, 4, 6
HEARTBEAT = "heartbeat"
_LIMIT = 10**units.MAX_DIGITS
_NO_TIME = "not a whole absolute number of Unix seconds"
_WHOLE = {int}
# A value of 40 digits times a power of ten: nothing rounds, as it would in the default context of 28.
_EXACT = Context(prec=2 * units.MAX_DIGITS)
OPENING_REASONS = ("first start", "restart", "crash", "restored")


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one metering point; `time` is what the metering plan says it names (an interval's end,
    its start, or the register's instant), in Unix seconds."""

    point: str
    time: int
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Series:
    """The readings of one point in one frame, in the order of the source; `times` and `numbers` are parallel."""

    point: str
    unit: str
    times: list[int]
    numbers: list[int | Decimal]

    def __iter__(self) -> Iterator[Reading]:
        for time, number in zip(self.times, self.numbers, strict=True):
            yield Reading(self.point, time, Decimal(number), self.unit)


@dataclass(frozen=True, slots=True)
class Opening:
    """How a gateway's new epoch came about: the last epoch's end, the reason, and the gap in Unix seconds."""

    reason: str
    last_epoch: int | None
    last_sequence: int | None
    stopped_at: int | None
    started_at: int


@dataclass(frozen=True, slots=True)
class FrameContent:
    """What a frame's body says."""

    facility: str
    series: list[Series]
    heartbeats: list[int]
    opening: Opening | None

    @property
    def count(self) -> int:
        """How many readings there are."""
        return sum(len(s.times) for s in self.series)


def group(readings: list[Reading]) -> list[Series]:
    """Readings by point and unit, in first-seen order, in the unit that makes most numbers whole."""
    grouped: dict[tuple[str, str], Series] = {}
    for reading in readings:
        unit, number = _whole(reading)
        series = grouped.setdefault((reading.point, unit), Series(reading.point, unit, [], []))
        series.times.append(reading.time)
        series.numbers.append(number)
    return list(grouped.values())


def _whole(reading: Reading) -> tuple[str, int | Decimal]:
    unit = units.WHOLE_NUMBER_UNIT.get(reading.unit, reading.unit)
    scaled = _EXACT.multiply(reading.value, Decimal(int(units.scale(reading.unit, unit))))
    if scaled == scaled.to_integral_value():
        return unit, int(scaled)
    return unit, scaled.normalize(_EXACT)


def encode_body(facility: values.Gln, content: FrameContent, salt: bytes | None = None) -> bytes:
    """The frame's body; raises `InvalidInput` for too many readings, a point's bad name, or, naming `body`, more
    bytes than `decode_body` takes."""
    if content.count > MAX_READINGS:
        raise InvalidInput("readings", f"{content.count} in one frame, at most {MAX_READINGS} are allowed")
    pack: list[dict[int, Any]] = []
    for series in content.series:
        base = series.times[0]
        pack.extend(
            {_VALUE: number, _TIME: time - base} for time, number in zip(series.times, series.numbers, strict=True)
        )
        first = pack[len(pack) - len(series.times)]
        name = f"{facility}/{values.point_name(series.point)}"
        first.update({_BASE_NAME: name, _BASE_TIME: base, _BASE_UNIT: series.unit})
    for time in content.heartbeats:
        pack.append({_BASE_NAME: f"{facility}/{HEARTBEAT}", _BASE_TIME: time, _BOOLEAN: True})
    opening = content.opening
    body = bodies.encode(
        pack,
        [opening.reason, opening.last_epoch, opening.last_sequence, opening.stopped_at, opening.started_at]
        if opening
        else None,
        salt=salt,
    )
    if len(body) > MAX_FRAME_BODY:
        raise InvalidInput("body", f"{len(body)} bytes, at most {MAX_FRAME_BODY} are read")
    return body


def decode_body(data: bytes) -> FrameContent:
    """Read a frame's body by the rules above; raises `InvalidInput`, mostly `Malformed`, naming the part."""
    return _by_columns(data) or _by_records(data)


def _by_columns(data: bytes) -> FrameContent | None:
    """What `_by_records` gives, for the plain frames that nearly all are; None for all others, good or bad."""
    if not (data.startswith(_SALTED) and data.endswith(_NO_OPENING) and len(data) <= MAX_FRAME_BODY):
        return None
    size = data[_PACK]
    if size == 0x99:  # an array whose length takes two bytes, RFC 8949 3.1
        records, start = int.from_bytes(data[_PACK + 1 : _PACK + 3], "big"), _PACK + 3
    elif size == 0x98:
        records, start = data[_PACK + 1], _PACK + 2
    else:
        return None  # up to 23 records: no columns worth reading
    read = columns.read(data, start, records) if records <= MAX_READINGS else None
    if read is None or read[1] != len(data) - len(_NO_OPENING):
        return None
    facility = ""
    series: list[Series] = []
    for run in read[0]:
        head = {_BASE_NAME: run.name, _BASE_TIME: run.base, _BASE_UNIT: run.unit, _VALUE: 0, _TIME: 0}
        try:
            facility, point, base, unit = _base(head, facility)
        except LeafproofError:
            return None
        if base + max(run.offsets) >= clock.LATEST:  # none is negative; and no number of 64 bits is too long
            return None
        numbers = cast(list[int | Decimal], run.numbers)
        series.append(Series(point, unit, [base + offset for offset in run.offsets], numbers))
    return FrameContent(facility, series, [], None)


def _by_records(data: bytes) -> FrameContent:
    pack, opening = bodies.decode(data, 2, MAX_FRAME_BODY)
    if not isinstance(pack, list) or not pack or len(pack) > MAX_READINGS + 1:
        raise Malformed("pack", f"not a list of 1 to {MAX_READINGS} SenML records")
    heads: list[tuple[int, int, str, str]] = []  # of each run: its place in `values`, base time, point, unit
    records: list[dict[Any, Any]] = []
    heartbeats: list[int] = []
    facility, within = "", False  # a run; a heartbeat ends it
    for record in pack:
        if not isinstance(record, dict):
            raise Malformed("pack", "holds a record that is not a map")
        if len(record) != 2:
            facility, point, base, unit = _base(record, facility)
            within = unit != ""
            if not within:
                heartbeats.append(base)
                continue
            heads.append((len(records), base, point, unit))
        if not within:
            raise Malformed("pack", "a value follows no start of a run")
        records.append(record)
    return FrameContent(facility, _series(heads, records) if heads else [], heartbeats, _opening(opening))


def _series(heads: list[tuple[int, int, str, str]], records: list[dict[Any, Any]]) -> list[Series]:
    """The runs that start with `heads`; all their values are judged at once."""
    numbers = _numbers([record.get(_VALUE) for record in records])
    offsets: list[Any] = [record.get(_TIME) for record in records]
    if set(map(type, offsets)) != _WHOLE:
        raise Malformed("time", _NO_TIME)
    found: list[Series] = []
    end = len(records)
    for start, base, point, unit in reversed(heads):
        times = [base + offset for offset in offsets[start:end]]
        if min(times) < _EARLIEST or max(times) >= clock.LATEST:
            raise Malformed("time", _NO_TIME)
        found.append(Series(point, unit, times, numbers[start:end]))
        end = start
    return found[::-1]


def _numbers(numbers: list[Any]) -> list[int | Decimal]:
    if set(map(type, numbers)) == _WHOLE:
        bounded = min(numbers) > -_LIMIT and max(numbers) < _LIMIT
    else:
        bounded = False not in set(map(_bounded, numbers))  # all of them: what is no number is refused as such
    if not bounded:
        raise Malformed("value", f"more than {units.MAX_DIGITS} digits")
    return numbers


def _bounded(number: Any) -> bool:
    if type(number) is int:
        return bool(-_LIMIT < number < _LIMIT)
    if not (isinstance(number, Decimal) and number.is_finite()):
        raise Malformed("value", "not an exact decimal number")
    exponent = cast(int, number.as_tuple().exponent)  # finite
    return bool(exponent >= -units.MAX_DIGITS and number.adjusted() < units.MAX_DIGITS)


def _base(record: dict[Any, Any], facility: str) -> tuple[str, str, int, str]:
    name, base, unit = record.get(_BASE_NAME), record.get(_BASE_TIME), record.get(_BASE_UNIT, "")
    starts = len(record) == 5 and _VALUE in record and record.get(_TIME) == 0 and unit
    beats = len(record) == 3 and record.get(_BOOLEAN) is True and unit == ""
    if not (isinstance(name, str) and type(base) is int and isinstance(unit, str) and (starts or beats)):
        raise Malformed("pack", "a record is neither a value in a run, nor the start of one, nor a heartbeat")
    gln, point = _named(name, unit)
    if facility and gln != facility:
        raise Malformed("name", "one frame names two facilities")
    if not _EARLIEST <= base < clock.LATEST or (unit == "") != (point == HEARTBEAT):
        raise Malformed("pack", "base time is not absolute, or a heartbeat carries a value")
    return gln, point, base, unit


@lru_cache(maxsize=8192)
def _named(name: str, unit: str) -> tuple[str, str]:
    """Facility and point, remembered: a log has few of them, and millions of frames. What is refused is not."""
    if unit:
        units.known(unit)
    gln, _, point = name.partition("/")
    values.Gln.parse(gln, "facility")
    return gln, values.point_name(point)


def _opening(value: Any) -> Opening | None:
    if value is None:
        return None
    match value:
        case [str(reason), last_epoch, last_sequence, stopped_at, int(started_at)] if (
            reason in OPENING_REASONS
            and all(v is None or (type(v) is int and 0 <= v < 2**63) for v in value[1:3])
            and (stopped_at is None or (type(stopped_at) is int and 0 <= stopped_at < clock.LATEST))
            and 0 <= started_at < clock.LATEST
        ):
            return Opening(reason, last_epoch, last_sequence, stopped_at, started_at)
    raise Malformed("opening", "not [reason, last epoch, last sequence, stopped at, started at]")


def sign_frame(
    key: SigningKey, issuer: str, facility: values.Gln, log: LogRef, place: FrameHeader, body: bytes, now: int
) -> bytes:
    """The envelope of a frame whose body is `body`."""
    subject = f"https://id.gs1.org/414/{facility}"  # GS1 Digital Link of a physical location's GLN, AI 414
    return sign(key, Header(issuer, subject, now, bodies.FRAME, log, place), body)


def encode_message(envelope: bytes, body: bytes) -> bytes:
    """What travels over MQTT: the envelope and the body beside it."""
    return cbor.encode([envelope, body])


def decode_message(data: bytes) -> tuple[bytes, bytes]:
    """Envelope and body; raises `Malformed`, also for any but the shortest encoding of the two."""
    match cbor.decode_deterministic(data, "message", MAX_MESSAGE):
        case [bytes(envelope), bytes(body)]:
            return envelope, body
    raise Malformed("message", "not [envelope, body]")


def place_of(envelope: Envelope) -> FrameHeader:
    """The frame's place in its stream; raises `Malformed` for any other statement."""
    if envelope.header.frame is None or envelope.header.content_type != bodies.FRAME:
        raise Malformed("statement", "not a frame")
    return envelope.header.frame
