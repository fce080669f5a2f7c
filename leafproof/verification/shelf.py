"""Where a long evaluation puts what it does not look at now, so that its memory need not grow with a log.

The kernel does no I/O: whoever reads a large log hands in a shelf on disk (`leafproof.client.shelf`).
"""

from __future__ import annotations

from typing import Protocol


class Shelf(Protocol):
    """Keeps bytes. What is put stays as it is; nothing is ever taken away."""

    def put(self, data: bytes) -> int:
        """Keep `data`; where it is."""

    def get(self, place: int) -> bytes:
        """What was put there."""


class MemoryShelf:
    """A `Shelf` in memory: for bundles, and for logs that are not large."""

    def __init__(self) -> None:
        self._kept: list[bytes] = []

    def put(self, data: bytes) -> int:
        """See `Shelf`."""
        self._kept.append(data)
        return len(self._kept) - 1

    def get(self, place: int) -> bytes:
        """See `Shelf`."""
        return self._kept[place]
