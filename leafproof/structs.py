"""Strict reading of what statements say: known members, known types, nothing else."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from leafproof.errors import Malformed

T = TypeVar("T")


def convert(value: Any, kind: type[T], field: str) -> T:
    """`value` (decoded CBOR or JSON) as a `kind`; raises `Malformed` naming `field` and the member at fault."""
    try:
        return msgspec.convert(value, kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Malformed(field, str(error)) from error
