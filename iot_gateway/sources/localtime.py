"""Local times of a zone as moments: nothing is guessed, and what cannot be is refused.

When clocks go back, an hour of local times is told twice; when they go forward, an hour of them does not exist
(the difference shows in the two readings of a local time that PEP 495 calls `fold`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from leafproof import clock
from leafproof.errors import InvalidInput

Rule = Literal["error", "in-order", "first", "second"]


class LocalClock:
    """Turns the local times of one zone into Unix seconds; `rule` says what an ambiguous one means.

    `in-order`: the first of the two moments, unless it is not after the one before; then the second. `first`,
    `second`: always that one. `error`: refused.
    """

    def __init__(self, zone: str, rule: Rule) -> None:
        self._zone = clock.zone(zone)
        self._rule = rule

    def seconds(self, local: datetime, after: int | None = None) -> int:
        """The moment of `local`, Unix seconds; `after` is the moment before it, if any. Raises `InvalidInput`."""
        first = int(local.replace(tzinfo=self._zone, fold=0).timestamp())
        second = int(local.replace(tzinfo=self._zone, fold=1).timestamp())
        if first == second:
            return first
        if first > second:
            raise InvalidInput("time", f"{local} does not exist in {self._zone.key}: the clocks went forward")
        if self._rule == "error":
            raise InvalidInput("time", f"{local} came twice in {self._zone.key}; say which by `ambiguous`")
        if self._rule == "in-order":
            return second if after is not None and first <= after else first
        return first if self._rule == "first" else second
