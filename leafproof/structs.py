"""Strict reading of what statements say: known members, known types, nothing else."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

import msgspec

from leafproof import body
from leafproof.errors import Malformed
from leafproof.texts import check_printable

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


class Stated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What statements with the body `[salt, members]` have in common. Each kind says its `CALLED`, by which errors
    name it, and has a `check` that begins with this one's."""

    CALLED: ClassVar[str]

    def encode_body(self) -> bytes:
        """The statement's body; raises `InvalidInput` as `check` does, and for one too large to be read."""
        self.check()
        return body.encode(msgspec.to_builtins(self), called=self.CALLED)

    @classmethod
    def decode_body(cls, data: bytes) -> Self:
        """Read and check one; raises `InvalidInput` naming the field."""
        (value,) = body.decode(data, 1)
        found = convert(value, cls, cls.CALLED)
        found.check()
        return found

    def check(self) -> None:
        """Raises `InvalidInput` naming a member with a character that cannot be shown."""
        check_printable(self)
