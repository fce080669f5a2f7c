"""Strict reading of what statements say: known members, known types, nothing else."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from leafproof.errors import Malformed

T = TypeVar("T")


MAX_DIFFERENCE = 300  # characters of a member that differs


def differences(stated: msgspec.Struct, computed: msgspec.Struct) -> list[tuple[str, str, str]]:
    """The members in which two statements of one kind differ: name, stated, computed."""
    pairs = [(name, getattr(stated, name), getattr(computed, name)) for name in stated.__struct_fields__]
    return [(name, str(a)[:MAX_DIFFERENCE], str(b)[:MAX_DIFFERENCE]) for name, a, b in pairs if a != b]


def convert(value: Any, kind: type[T], field: str) -> T:
    """`value` (decoded CBOR or JSON) as a `kind`; raises `Malformed` naming `field` and the member at fault."""
    try:
        return msgspec.convert(value, kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Malformed(field, str(error)) from error
