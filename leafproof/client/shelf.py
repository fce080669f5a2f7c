"""A shelf on disk (`leafproof.verification.shelf`): an unnamed temporary file, gone with the process."""

from __future__ import annotations

import tempfile
from typing import Self

from leafproof.errors import LeafproofError

_LENGTH = 4  # bytes before each piece


class ShelfLost(LeafproofError):
    """The temporary file cannot be written or read: the disk is full, or fails."""


class DiskShelf:
    """A `leafproof.verification.shelf.Shelf` in the system's folder for temporary files, to be used in a `with`.
    Its methods raise `ShelfLost`."""

    def __init__(self) -> None:
        try:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the shelf is there
        except OSError as error:
            raise _lost(error) from error
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def put(self, data: bytes) -> int:
        """See `Shelf`."""
        place = self._end
        try:
            self._file.seek(place)
            self._file.write(len(data).to_bytes(_LENGTH, "big") + data)
        except OSError as error:
            raise _lost(error) from error
        self._end += _LENGTH + len(data)
        return place

    def get(self, place: int) -> bytes:
        """See `Shelf`."""
        try:
            self._file.seek(place)
            length = int.from_bytes(self._file.read(_LENGTH), "big")
            data = self._file.read(length)
        except OSError as error:
            raise _lost(error) from error
        if len(data) != length:
            raise ShelfLost("the temporary file was cut short")
        return data


def _lost(error: OSError) -> ShelfLost:
    return ShelfLost(f"the temporary file of the replay cannot be used ({error.strerror}): is there room for it?")
