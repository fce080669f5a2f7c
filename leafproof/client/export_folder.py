"""Reading an audit export from a folder. Nothing in it is believed, and nothing in it can crash the reader."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from stat import S_ISREG

from leafproof.bundle import MAX_BUNDLE
from leafproof.envelope import LogRef
from leafproof.errors import InvalidInput, LeafproofError, Malformed
from leafproof.note import MAX_NOTE
from leafproof.replay import export
from leafproof.replay.source import Entry, Rollup

_BLOCK = 1 << 20


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

    def rollups(self) -> Iterable[Rollup]:
        """See `LogSource`. What is given out was looked through before: all of it, or nothing."""
        name, limit = export.ROLLUPS, export.MAX_ROLLUPS
        readable = self._fits(name, limit)
        try:
            for _ in export.rollups_in(_blocks(self._folder / name, limit) if readable else ()):
                pass
        except (OSError, Malformed):
            return self._rollups_at_once() if readable else self._unfit(b"")
        return self._rollups()

    def _rollups(self) -> Iterator[Rollup]:
        try:
            yield from export.rollups_in(_blocks(self._folder / export.ROLLUPS, export.MAX_ROLLUPS))
        except (OSError, Malformed):
            self._faults.append((None, f"{export.ROLLUPS} was changed while it was read"))

    def _rollups_at_once(self) -> list[Rollup]:
        try:
            return self._unfit(_regular(self._folder / export.ROLLUPS, export.MAX_ROLLUPS))
        except OSError:
            self._faults.append((None, f"{export.ROLLUPS} cannot be read"))
            return []

    def _unfit(self, data: bytes) -> list[Rollup]:
        """What is in a file that cannot be read block by block; mostly nothing."""
        try:
            return export.decode_rollups(data)
        except Malformed as error:
            self._faults.append((None, error.message))
            return []

    def checkpoint(self) -> bytes | None:
        """See `LogSource`."""
        if export.CHECKPOINT not in self._manifest.files:
            return None
        return self._read(export.CHECKPOINT, MAX_NOTE)

    def received(self) -> Iterator[bytes]:
        """See `LogSource`."""
        number = 0
        while (name := export.received_name(number)) in self._manifest.files:
            data = self._read(name, MAX_BUNDLE)
            if data is not None:
                yield data
            number += 1

    def faults(self) -> list[tuple[int | None, str]]:
        """See `LogSource`."""
        return self._faults

    def _read(self, name: str, limit: int, index: int | None = None) -> bytes | None:
        """A listed file; what is not as listed becomes a fault, and is handed on all the same."""
        try:
            data = _regular(self._folder / name, limit)
        except OSError:
            self._faults.append((index, f"{name} cannot be read"))
            return None
        return data if self._listed(name, limit, index, export.FileDigest.of(data)) else None

    def _fits(self, name: str, limit: int) -> bool:
        """The same of a file that may be too large for the memory: whether it can be read."""
        length, digest = 0, hashlib.sha256()
        try:
            for block in _blocks(self._folder / name, limit):
                length += len(block)
                digest.update(block)
        except OSError:
            self._faults.append((None, f"{name} cannot be read"))
            return False
        return self._listed(name, limit, None, export.FileDigest(length, digest.hexdigest()))

    def _listed(self, name: str, limit: int, index: int | None, found: export.FileDigest) -> bool:
        if found.length > limit:
            self._faults.append((index, f"{name} is larger than any such file can be"))
            return False
        if found != self._manifest.files[name]:
            self._faults.append((index, f"{name} is not the file that the manifest lists"))
        return True

    def _strangers(self) -> None:
        listed = {export.MANIFEST, *self._manifest.files}
        for path in sorted(self._folder.rglob("*")):
            name = path.relative_to(self._folder).as_posix()
            if name not in listed and not path.is_dir():
                self._faults.append((None, f"{name} is not in the manifest"))


def _regular(path: Path, limit: int) -> bytes:
    """At most `limit` bytes and one more of a regular file; raises `OSError` for anything else."""
    return b"".join(_blocks(path, limit))


def _blocks(path: Path, limit: int) -> Iterator[bytes]:
    """The same in blocks.

    Opening a pipe would wait for its writer, a device has no end, and a link leads out of the folder.
    """
    if not S_ISREG(path.lstat().st_mode):
        raise OSError("not a regular file")
    with open(path, "rb", opener=_open_at_once) as file:
        if not S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("not a regular file")
        left = limit + 1
        while block := file.read(min(_BLOCK, left)):
            left -= len(block)
            yield block


def _open_at_once(path: str, flags: int) -> int:
    """Neither following nor waiting: the file may be another one than a moment ago."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
