"""The newest head of a log that this server saw on the chain, kept outside the database.

A database that was set back (a backup, a snapshot, a replica) does not know it. This file does, as long as it was
not set back as well: while the chain does not answer, it says whether the log may take entries. One file a log, so
that processes of several partitions may share a folder.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import msgspec
import structlog

_MAX_FILE = 4096
_log = structlog.get_logger(__name__)


class Mark(msgspec.Struct, frozen=True):
    """A head that the chain held; `root` in hexadecimal."""

    size: int
    root: str


class Marks:
    """The marks in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[bytes, Mark] = {}

    def get(self, log_id: bytes) -> Mark | None:
        """The mark of a log; None where there is none that can be read."""
        try:
            with self._path(log_id).open("rb") as file:
                return msgspec.json.decode(file.read(_MAX_FILE), type=Mark)
        except (OSError, msgspec.MsgspecError):
            return None

    def put(self, log_id: bytes, size: int, root: bytes) -> None:
        """Replace an older one, whole or not at all: a node that lags sets nothing back. A disk that takes nothing
        stops nobody: the mark stays older."""
        mark = Mark(size, root.hex())
        before = self._written.get(log_id) or self.get(log_id)
        if before is not None and (before == mark or before.size > size):
            self._written[log_id] = before
            return
        try:
            self._replace(self._path(log_id), msgspec.json.encode(mark))
        except OSError as error:
            _log.warning("the newest anchored head cannot be noted", reason=error.strerror)
            return
        self._written[log_id] = mark

    def _path(self, log_id: bytes) -> Path:
        return self._folder / f"anchored-{log_id.hex()[:16]}.json"

    def _replace(self, path: Path, data: bytes) -> None:
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".anchored-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
