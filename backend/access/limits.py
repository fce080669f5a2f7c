"""How often one address may upload without an API key: checking costs seconds of work, asking costs nothing."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from backend.errors import TooMany

PER_MINUTE = 20  # uploads of one address; a person checking by hand needs a few
AT_ONCE = 2  # bundles that are checked at the same time, whoever asks
_ADDRESSES = 10_000  # remembered; beyond them the oldest is forgotten


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """A token bucket an address, and a bound on what runs at once: `take`, read, then `enter` and `leave`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._running = 0
        self._lock = Lock()

    def take(self, address: str) -> None:
        """Count one upload of this address. Raises `TooMany`."""
        with self._lock:
            now = self._clock()
            bucket = self._buckets.pop(address, None) or _Bucket(PER_MINUTE, now)
            bucket.tokens = min(PER_MINUTE, bucket.tokens + (now - bucket.at) * PER_MINUTE / 60)
            bucket.at = now
            self._buckets[address] = bucket
            while len(self._buckets) > _ADDRESSES:
                self._buckets.popitem(last=False)
            if bucket.tokens < 1:
                raise TooMany(int((1 - bucket.tokens) * 60 / PER_MINUTE) + 1)
            bucket.tokens -= 1

    def enter(self) -> None:
        """Take a place among what runs. Raises `TooMany`."""
        with self._lock:
            if self._running >= AT_ONCE:
                raise TooMany(1)
            self._running += 1

    def leave(self) -> None:
        """Give the place back."""
        with self._lock:
            self._running -= 1
