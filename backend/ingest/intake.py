"""What has come over MQTT and is not committed yet: bounded, so that a slow database slows the broker down and
never fills the memory."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from backend.ingest.schemas import Message

# At MQTT 5 the receive maximum keeps frames of a usual size below both; the largest, and 3.1.1, meet the bounds.
MAX_MESSAGES = 16_384
MAX_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Received:
    """A message with what its PUBACK needs. `connection` counts connections: packet ids of an earlier one mean
    nothing in this one."""

    message: Message
    mid: int
    qos: int
    connection: int


class Intake:
    """A queue between the network's thread and the committer's, bounded in messages and bytes."""

    def __init__(self) -> None:
        self._items: deque[Received] = deque()
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: Received) -> None:
        """Add one; waits while there is no room. Once closed, it forgets what comes: the broker still has it."""
        size = len(item.message.payload)
        with self._changed:
            # One alone is always let in, or a message larger than the bound would wait for ever.
            while not self._closed and self._items and self._full(size):
                self._changed.wait()
            if self._closed:
                return
            self._items.append(item)
            self._bytes += size
            self._changed.notify_all()

    def take(self, limit: int, seconds: float) -> list[Received]:
        """All that waits, at most `limit`, in order; nothing if nothing came for `seconds`."""
        with self._changed:
            if not self._items and not self._closed:
                self._changed.wait(seconds)
            taken = [self._items.popleft() for _ in range(min(limit, len(self._items)))]
            self._bytes -= sum(len(item.message.payload) for item in taken)
            if taken:
                self._changed.notify_all()
            return taken

    def close(self) -> None:
        """Let go of whoever waits, for good."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _full(self, size: int) -> bool:
        return len(self._items) >= MAX_MESSAGES or self._bytes + size > MAX_BYTES
