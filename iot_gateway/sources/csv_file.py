"""A recorded file of readings: one line a time, one column a metering point.

The position is the number of lines consumed, the last time among them, and their SHA-256: a file that was
changed in what was already read is refused rather than read on. A line is a record (no line breaks in quotes).
Times must grow from line to line, so that a wrong `midnight` or `ambiguous` is seen and not swallowed.
"""

from __future__ import annotations

import csv
import hashlib
from datetime import datetime, timedelta
from datetime import time as day_time
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import msgspec

from iot_gateway.errors import SourceChanged, SourceFailed
from iot_gateway.sources.base import MAX_REJECTED_TEXT, Batch, Pace, Rejected, parse_value
from iot_gateway.sources.localtime import LocalClock
from iot_gateway.sources.settings import CsvPoint, CsvSettings
from leafproof import clock
from leafproof.errors import InvalidInput
from leafproof.frame import Reading

MAX_LINE = 65536
_EARLIEST, _LATEST = 1 << 28, clock.LATEST  # what a frame can hold, leafproof/frame.py (RFC 8428 4.5.3)
_BATCH_LINES = 4096  # a batch ends here even without readings, so that a stop is not kept waiting


class _Position(msgspec.Struct, frozen=True):
    line: int
    last: int | None
    digest: str


def _position(line: int, last: int | None, digest: hashlib._Hash) -> str:
    return msgspec.json.encode(_Position(line, last, digest.hexdigest())).decode()


class CsvSource:
    """See the module."""

    finite = True

    def __init__(self, settings: CsvSettings) -> None:
        self.name = settings.name
        self.mode = "simulated" if settings.simulated else "recorded"
        self.width = len(settings.points)
        self._settings = settings
        self._clock = LocalClock(settings.zone, settings.ambiguous)
        self._begin = self._clock.seconds(settings.from_) if settings.from_ is not None else 0
        self._end = self._clock.seconds(settings.until) if settings.until is not None else _LATEST
        self._shift = settings.interval if settings.times == "end" else 0
        self._pace = Pace(settings.speed)
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self._line = 0
        self._last: int | None = None
        self._time_index = 0
        self._columns: list[tuple[CsvPoint, int]] = []
        self._fields = 0

    def open(self, position: str | None) -> None:
        """Read the heading, then go to `position`; raises `SourceFailed`, `SourceChanged` for an altered file."""
        self._open_file(self._settings.file)
        try:
            self._read_heading()
            if position is not None:
                self._go_to(position)
        except BaseException:
            self.close()
            raise

    def _go_to(self, position: str) -> None:
        stored = msgspec.json.decode(position, type=_Position)
        while self._line < stored.line:
            if self._next_line() is None:
                break
        if self._line != stored.line or self._digest.hexdigest() != stored.digest:
            raise SourceChanged(
                f"{self._settings.file} was changed in its first {stored.line} lines, which were already read; "
                "put the old file back, or give the new one a source of its own"
            )
        self._last = stored.last

    def read(self, limit: int) -> Batch:
        """The next lines' readings."""
        lines = min(self._pace.allowed(limit), limit) // self.width
        if lines < 1:
            return Batch([], self._position(), wait=self._pace.wait(self.width))
        readings: list[Reading] = []
        rejected: list[Rejected] = []
        done = False
        for _ in range(_BATCH_LINES):
            before = (self._line, self._last, self._digest.copy())
            raw = self._next_line()
            if raw is None:
                done = True
                break
            try:
                time, found = self._parse(raw, rejected)
            except InvalidInput as error:
                rejected.append(self._rejected(str(error), raw))
                continue
            if time is not None and time - self._shift >= self._end:
                # Not counted as read: a later `until` begins with this line.
                self._pace.passed(len(readings))
                return Batch(readings, _position(*before), rejected, done=True)
            readings += found
            if len(readings) + self.width > lines * self.width:
                break
        self._pace.passed(len(readings))
        return Batch(readings, self._position(), rejected, self._pace.wait(self.width), done)

    def probe(self) -> list[Reading]:
        """The first line's values, from a reader of its own."""
        other = CsvSource(self._settings)
        try:
            other.open(None)
            rejected: list[Rejected] = []
            while (raw := other._next_line()) is not None:
                _, found = other._parse(raw, rejected)
                if found:
                    return found
            raise SourceFailed(f"{self._settings.file} holds no reading within its bounds")
        finally:
            other.close()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open_file(self, path: Path) -> None:
        self.close()
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise SourceFailed(f"{path} cannot be read: {error.strerror}") from error
        self._digest, self._line, self._last = hashlib.sha256(), 0, None

    def _position(self) -> str:
        return _position(self._line, self._last, self._digest)

    def _next_line(self) -> bytes | None:
        """The next line, counted and hashed; of one that is too long, its beginning."""
        assert self._file is not None
        try:
            raw = self._file.readline(MAX_LINE + 1)
            if not raw:
                return None
            self._digest.update(raw)
            part = raw
            while len(part) > MAX_LINE and not part.endswith(b"\n"):
                part = self._file.readline(MAX_LINE + 1)
                self._digest.update(part)
        except OSError as error:
            raise SourceFailed(f"{self._settings.file} cannot be read: {error.strerror}") from error
        self._line += 1
        return raw

    def _read_heading(self) -> None:
        settings = self._settings
        raw = self._next_line()
        if raw is None:
            raise SourceFailed(f"{settings.file} is empty")
        try:
            names = self._fields_of(raw)
        except InvalidInput as error:
            raise SourceFailed(f"{settings.file}, its heading: {error}") from error
        where = {}
        for column in (settings.time_column, *(p.column for p in settings.points)):
            if names.count(column) != 1:
                hint = "; it starts with a byte-order mark: set encoding to utf-8-sig" * names[0].startswith(
                    "\ufeff"
                )
                raise SourceFailed(f"{settings.file} has {names.count(column)} columns named {column!r}{hint}")
            where[column] = names.index(column)
        self._time_index = where[settings.time_column]
        self._columns = [(point, where[point.column]) for point in settings.points]
        self._fields = len(names)

    def _fields_of(self, raw: bytes) -> list[str]:
        if len(raw) > MAX_LINE:
            raise InvalidInput("line", f"longer than {MAX_LINE} bytes")
        # A byte-order mark stands before the first line alone.
        encoding = self._settings.encoding if self._line == 1 else self._settings.encoding.removesuffix("-sig")
        try:
            text = raw.decode(encoding).rstrip("\r\n")
            return next(csv.reader([text], delimiter=self._settings.delimiter, strict=True), [])
        except (UnicodeDecodeError, csv.Error) as error:
            raise InvalidInput("line", f"not {self._settings.encoding} fields ({error})") from error

    def _parse(self, raw: bytes, rejected: list[Rejected]) -> tuple[int | None, list[Reading]]:
        """The line's time and readings; a bad cell goes to `rejected` alone, a bad line raises `InvalidInput`."""
        fields = self._fields_of(raw)
        if not any(fields):
            return None, []
        if len(fields) != self._fields:
            raise InvalidInput("line", f"{len(fields)} fields, the heading has {self._fields}")
        time = self._time(fields[self._time_index])
        if self._last is not None and time <= self._last:
            raise InvalidInput("time", "not after the line before it; see `midnight` and `ambiguous`")
        self._last = time
        if time - self._shift < self._begin:
            return time, []
        readings = []
        for point, index in self._columns:
            try:
                readings.append(Reading(point.point, time, self._value(fields[index], point.column), point.unit))
            except InvalidInput as error:
                rejected.append(self._rejected(str(error), raw))
        return time, readings

    def _time(self, text: str) -> int:
        try:
            local = datetime.strptime(text.strip(), self._settings.time_format)  # noqa: DTZ007 - the zone is stated
        except ValueError as error:
            raise InvalidInput("time", f"{text[:40]!r} is not of the form {self._settings.time_format}") from error
        try:
            if self._settings.midnight == "old-date" and local.time() == day_time():
                local += timedelta(days=1)
            # A format with %z states the offset itself.
            time = int(local.timestamp()) if local.tzinfo else self._clock.seconds(local, self._last)
        except (OverflowError, ValueError) as error:
            raise InvalidInput("time", f"{text[:40]!r} is outside the calendar") from error
        if not _EARLIEST <= time < _LATEST:
            raise InvalidInput("time", f"{text[:40]!r} is before 1979 or absurdly late")
        return time

    def _value(self, text: str, column: str) -> Decimal:
        plain = text.strip()
        if self._settings.decimal != ".":
            if "." in plain:
                raise InvalidInput(column, f"{text[:40]!r} has a point, the decimal sign is a comma")
            plain = plain.replace(self._settings.decimal, ".")
        return parse_value(plain, column)

    def _rejected(self, reason: str, raw: bytes) -> Rejected:
        return Rejected(self._line, reason[:MAX_REJECTED_TEXT], raw[:MAX_REJECTED_TEXT].decode("utf-8", "replace"))
