"""What a source is: something that yields batches of readings and knows how to go on after a crash.

The contract that every source keeps:

* `open(position)` is called once, with the position stored with the last batch, or None at the very first time;
* `read(limit)` returns at most `limit` readings (`limit` is at least `width`) and the position behind them. The
  caller stores both in one transaction and calls again only after that; a batch that was never stored is read
  again after the next `open`, as far as a source can (a file can; a meter shows what it shows then);
* `read` and `probe` raise `SourceFailed` for what may pass (the caller waits and tries again), `SourceChanged`
  for what will not.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from leafproof import units
from leafproof.errors import InvalidInput
from leafproof.frame import Reading

# Decimal's default context works with 28 digits; longer readings no meter has, and they would be rounded.
MAX_VALUE_DIGITS = 28
MAX_REJECTED_TEXT = 1000  # of a broken line so much is kept
_BREATH_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Rejected:
    """Input that could not be read: where it stood (a line number, or 0), why, and its text, shortened."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What a source has now, and where it stands behind it; ask again after `wait` seconds, never if `done`."""

    readings: list[Reading]
    position: str
    rejected: list[Rejected] = field(default_factory=list)
    wait: float = 0.0
    done: bool = False


class Source(Protocol):
    """See the module's contract. `mode` is live, recorded or simulated; a `finite` source comes to an end."""

    name: str
    mode: str
    finite: bool
    width: int  # readings that belong together: the points of one line, of one poll

    def open(self, position: str | None) -> None:
        """Go to `position`."""

    def read(self, limit: int) -> Batch:
        """The next readings, at most `limit`."""

    def probe(self) -> list[Reading]:
        """Each point's current value, for a person; moves nothing and needs no `open`."""

    def close(self) -> None:
        """Let go of files and connections; safe to call twice."""


def parse_value(text: str, field: str) -> Decimal:
    """A meter's plain decimal; raises `InvalidInput` naming `field`."""
    value = units.parse_decimal(text, field)
    if len(value.as_tuple().digits) > MAX_VALUE_DIGITS:
        raise InvalidInput(field, f"more than {MAX_VALUE_DIGITS} digits")
    return value


class Pace:
    """So many readings a second, from the first call on; 0 means no brake."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._began = time.monotonic()
        self._passed = 0

    def allowed(self, limit: int) -> int:
        """How many of `limit` readings may come now."""
        if not self._speed:
            return limit
        return min(limit, int((time.monotonic() - self._began) * self._speed) - self._passed)

    def passed(self, count: int) -> None:
        """So many came."""
        self._passed += count

    def wait(self, count: int) -> float:
        """Seconds until `count` more may come; if any, then a breath at least, for each batch costs a commit."""
        if not self._speed:
            return 0.0
        due = (self._passed + count) / self._speed - (time.monotonic() - self._began)
        return max(_BREATH_SECONDS, due) if due > 0 else 0.0
