"""Runs of plain records in a frame's body, read by columns: what `leafproof.cbor` gives, at a tenth of its price.

A run is one map with a base, and maps of two integers behind it (`leafproof.frame`). As long as the integers keep
their widths, every byte of CBOR structure stands at a fixed distance from the one before: whether all of them are
there is a comparison of a few columns of bytes, and the numbers between them are columns too.

    a2 02 19 0c 62 06 19 03 84    {2: 3170, 6: 900}
    a2 02 19 10 4a 06 19 07 08    {2: 4170, 6: 1800}

CBOR is a prefix code, so that bytes of this shape have no other reading. Only this one shape is read here: every
structural byte is compared, and for anything else, be it wrong or only unusual (negative or huge numbers, decimal
fractions, indefinite lengths, other orders of keys), the answer is None. Then `leafproof.cbor` has the word, and
it alone says what is wrong.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

# A piece of equal widths costs as much as some twelve records read one by one.
_WORTH = 12
_PAIR, _VALUE, _TIME = b"\xa2", b"\x02", b"\x06"
_HEAD = b"\xa5\x02"  # a map of five, in the order of deterministic encoding: value, time, name, base time, unit
_SMALL = bytes(range(24))
# By an integer's first byte: which first bytes a column of the same width has, and how many bytes follow.
_WIDTHS: dict[int, tuple[bytes, int]] = {
    **dict.fromkeys(_SMALL, (_SMALL, 0)),
    0x18: (b"\x18", 1),
    0x19: (b"\x19", 2),
    0x1A: (b"\x1a", 4),
    0x1B: (b"\x1b", 8),
}
_CODES = {2: "H", 4: "I", 8: "Q"}


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it stands: nothing is judged yet. `offsets` are from `base`, the first is 0."""

    name: str
    base: int
    unit: str
    offsets: list[int]
    numbers: list[int]


def read(data: bytes, position: int, records: int) -> tuple[list[Run], int] | None:
    """The runs that `records` maps from `position` on make up, and where they end; None for another shape."""
    found: list[Run] = []
    done, pieces = 0, 0
    try:
        while done < records:
            run, position = _head(data, position)
            done, pieces = done + 1, pieces + 1
            while done < records and data[position] == _PAIR[0]:
                taken, position = _piece(data, position, records - done, run)
                done, pieces = done + taken, pieces + 1
                if done < _WORTH * (pieces - 3):
                    return None
            found.append(run)
    except (_Other, IndexError):
        return None
    return found, position


class _Other(Exception):
    """Another shape than the one that is read here."""


def _head(data: bytes, position: int) -> tuple[Run, int]:
    if data[position : position + 2] != _HEAD:
        raise _Other
    number, position = _integer(data, position + 2)
    if data[position : position + 3] != b"\x06\x00\x21":
        raise _Other
    name, position = _text(data, position + 3)
    if data[position : position + 2] != b"\x22\x1a":
        raise _Other
    base = int.from_bytes(data[position + 2 : position + 6], "big")
    if data[position + 6] != 0x23:
        raise _Other
    unit, position = _text(data, position + 7)
    return Run(name, base, unit, [0], [number]), position


def _integer(data: bytes, position: int) -> tuple[int, int]:
    first = data[position]
    if first not in _WIDTHS:
        raise _Other
    width = _WIDTHS[first][1]
    end = position + 1 + width
    return int.from_bytes(data[position + 1 : end], "big") if width else first, end


def _text(data: bytes, position: int) -> tuple[str, int]:
    length = data[position] - 0x60
    position += 1
    if length == 24:
        length = data[position]
        position += 1
    elif not 0 <= length < 24:
        raise _Other
    text = data[position : position + length]
    if len(text) != length or not text.isascii():
        raise _Other
    return text.decode("ascii"), position + length


def _piece(data: bytes, position: int, most: int, run: Run) -> tuple[int, int]:
    """Take in as many records, up to `most`, as have the widths of the first; how many, and where they end."""
    values, value_width = _width(data, position + 2)
    time = position + 3 + value_width
    times, time_width = _width(data, time + 1)
    stride = time + 2 + time_width - position
    count = min(most, (len(data) - position) // stride)
    fixed = ((0, _PAIR), (1, _VALUE), (2, values), (time - position, _TIME), (time - position + 1, times))
    for offset, allowed in fixed:
        column = data[position + offset : position + count * stride : stride]
        count = len(column) - len(column.lstrip(allowed))
    if not count:
        raise _Other
    end = position + count * stride
    run.numbers.extend(_column(data, position + 2, end, stride, value_width))
    run.offsets.extend(_column(data, time + 1, end, stride, time_width))
    return count, end


def _width(data: bytes, position: int) -> tuple[bytes, int]:
    found = _WIDTHS.get(data[position])
    if found is None:
        raise _Other
    return found


def _column(data: bytes, first: int, end: int, stride: int, width: int) -> bytes | tuple[int, ...]:
    """The integers whose first bytes stand at `first`, `first + stride` and so on."""
    if width < 2:
        return data[first + width : end : stride]
    count = -(-(end - first) // stride)
    together = bytearray(width * count)
    for place in range(width):
        together[place::width] = data[first + 1 + place : end : stride]
    return struct.unpack(f">{count}{_CODES[width]}", together)
