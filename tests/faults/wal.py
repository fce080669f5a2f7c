"""Tearing the last write of an SQLite write-ahead log, as a power cut does.

What was synced before the cut stays; that is what a disk promises. What was being written behind the last commit may
be there in part, be wrong, or be missing. https://www.sqlite.org/fileformat2.html#walformat: a header of 32
bytes (page size at 8, salts at 16), then frames: a header of 24 bytes (size of the database after a commit, else 0,
at 4; the salts at 8) and a page.
"""

from __future__ import annotations

import random
import struct
from pathlib import Path

_HEADER, _FRAME = 32, 24


def tear(path: Path, chance: random.Random) -> None:
    """Leave behind the last commit a part of a frame that looks like the next one, some of its bits wrong."""
    with path.open("r+b") as file:
        data = file.read()
        if len(data) < _HEADER:
            return  # killed before its first write
        (page,) = struct.unpack_from(">I", data, 8)
        end, last = _committed(data, page)
        torn = bytearray(data[last : last + _FRAME + page] or bytes(_FRAME + page))
        for _ in range(chance.randrange(1, 64)):
            torn[chance.randrange(_FRAME, len(torn))] ^= 1 << chance.randrange(8)
        file.seek(end)
        file.truncate()
        file.write(torn[: chance.randrange(len(torn) + 1)])


def _committed(data: bytes, page: int) -> tuple[int, int]:
    """Where the last commit ends, and where its last frame begins."""
    salts = data[16:24]
    end = last = at = _HEADER
    while at + _FRAME + page <= len(data) and data[at + 8 : at + 16] == salts:
        if struct.unpack_from(">I", data, at + 4)[0]:
            end, last = at + _FRAME + page, at
        at += _FRAME + page
    return end, last
