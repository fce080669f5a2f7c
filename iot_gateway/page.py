"""The running gateway's state for others to read: JSON in a file of fixed size, overwritten in place.

Its blocks are taken once, so it can say that the disk is full when the disk is full. What must survive stands in
the outbox; this page may be lost.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

FILE = "gateway.state"
SIZE = 1 << 15


class Page:
    """The writer's side."""

    def __init__(self, folder: Path) -> None:
        self._handle = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def write(self, content: dict[str, Any]) -> None:
        """Replace what stands there; a disk without room keeps the old page."""
        text = msgspec.json.encode(content)
        if len(text) <= SIZE:
            try:
                os.pwrite(self._handle, text.ljust(SIZE), 0)
            except OSError:
                return

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)


def read(folder: Path) -> dict[str, Any] | None:
    """The page, None where there is none or it was caught half written."""
    try:
        content = msgspec.json.decode((folder / FILE).read_bytes()[:SIZE])
    except (OSError, msgspec.MsgspecError):
        return None
    return content if isinstance(content, dict) else None
