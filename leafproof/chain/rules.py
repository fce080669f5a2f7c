"""How a fold says that an event cannot have come from the contracts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from leafproof.chain.view import Moment

Handlers = Mapping[type[Any], Callable[[Any, Moment], None]]


class Impossible(Exception):
    """An event that the contracts would not have emitted here."""


def require(condition: bool, otherwise: str) -> None:
    """Raises `Impossible` with `otherwise` unless the condition holds."""
    if not condition:
        raise Impossible(otherwise)
