"""Reading an audit export from a folder. Nothing in it is believed, and nothing in it can crash the reader."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG

from leafproof.envelope import LogRef
from leafproof.errors import InvalidInput, LeafproofError, Malformed
from leafproof.note import MAX_NOTE
from leafproof.replay import export
from leafproof.replay.source import Entry, Rollup


class ExportFolder:
    """A `leafproof.replay.source.LogSource` on a folder.

    Raises `InvalidInput` where there is no readable manifest; any other fault is kept for `faults`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._faults: list[tuple[int | None, str]] = []
        try:
            data = _regular(folder / export.MANIFEST, export.MAX_MANIFEST)
        except OSError as error:
            raise InvalidInput("export", f"{folder} has no readable {export.MANIFEST}") from error
        self._manifest = export.Manifest.decode(data if len(data) <= export.MAX_MANIFEST else b"")
        self._ref = self._manifest.log.ref()
        self._leaves = self._read(export.LEAVES, 32 * self._manifest.size) or b""
        self._strangers()

    @property
    def ref(self) -> LogRef:
        """See `LogSource`."""
        return self._ref

    @property
    def size(self) -> int:
        """See `LogSource`."""
        return self._manifest.size

    def entries(self) -> Iterator[Entry | None]:
        """See `LogSource`."""
        for start in range(0, self.size, export.CHUNK):
            count = min(export.CHUNK, self.size - start)
            found = self._chunk(start)
            if len(found) != count:
                self._faults.append((start, f"{len(found)} entries where {count} belong"))
            yield from found[:count]
            yield from [None] * (count - len(found))

    def _chunk(self, start: int) -> list[Entry]:
        data = self._read(export.chunk_name(start // export.CHUNK), export.MAX_CHUNK, start)
        try:
            return export.decode_chunk(data or b"")
        except LeafproofError as error:
            self._faults.append((start, error.message))
            return []

    def leaf_hash(self, index: int) -> bytes | None:
        """See `LogSource`."""
        return self._leaves[32 * index : 32 * index + 32] or None

    def rollups(self) -> list[Rollup]:
        """See `LogSource`."""
        try:
            return export.decode_rollups(self._read(export.ROLLUPS, export.MAX_ROLLUPS) or b"")
        except Malformed as error:
            self._faults.append((None, error.message))
            return []

    def checkpoint(self) -> bytes | None:
        """See `LogSource`."""
        if export.CHECKPOINT not in self._manifest.files:
            return None
        return self._read(export.CHECKPOINT, MAX_NOTE)

    def faults(self) -> list[tuple[int | None, str]]:
        """See `LogSource`."""
        return self._faults

    def _read(self, name: str, limit: int, index: int | None = None) -> bytes | None:
        """A listed file; what is not as listed becomes a fault, and is handed on all the same."""
        listed, path = self._manifest.files[name], self._folder / name
        try:
            data = _regular(path, limit)
        except OSError:
            self._faults.append((index, f"{name} cannot be read"))
            return None
        if len(data) > limit:
            self._faults.append((index, f"{name} is larger than any such file can be"))
            return None
        if export.FileDigest.of(data) != listed:
            self._faults.append((index, f"{name} is not the file that the manifest lists"))
        return data

    def _strangers(self) -> None:
        listed = {export.MANIFEST, *self._manifest.files}
        for path in sorted(self._folder.rglob("*")):
            name = path.relative_to(self._folder).as_posix()
            if name not in listed and not path.is_dir():
                self._faults.append((None, f"{name} is not in the manifest"))


def _regular(path: Path, limit: int) -> bytes:
    """At most `limit` bytes and one more of a regular file; raises `OSError` for anything else.

    Opening a pipe would wait for its writer, a device has no end, and a link leads out of the folder.
    """
    if not S_ISREG(path.lstat().st_mode):
        raise OSError("not a regular file")
    with open(path, "rb", opener=_open_at_once) as file:
        if not S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("not a regular file")
        return file.read(limit + 1)


def _open_at_once(path: str, flags: int) -> int:
    """Neither following nor waiting: the file may be another one than a moment ago."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
