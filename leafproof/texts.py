"""Texts that others signed: what of them may reach a terminal, a page or a file.

A newline or an escape sequence in a signed name could draw a verifier's output anew, and half of a UTF-16 pair
(which JSON can say) has no bytes to be written as. Letters of every script, and spaces, pass.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec

from leafproof.errors import InvalidInput

_CANNOT_SHOW = "\N{REPLACEMENT CHARACTER}"
# What `str.isprintable` refuses for being blank, private or newer than this Python: none of it moves a cursor,
# and a verdict must not depend on the version of Python.
_HARMLESS = frozenset({"Zs", "Co", "Cn"})
_JOINERS = frozenset("\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}")  # Persian and Indic spelling needs them


def printable(text: str) -> str:
    """`text`, each character that cannot be shown replaced by U+FFFD."""
    return text if text.isprintable() else "".join(c if _shows(c) else _CANNOT_SHOW for c in text)


def _shows(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) in _HARMLESS or character in _JOINERS


def check_printable(statement: msgspec.Struct) -> None:
    """Raises `InvalidInput` naming the first field of `statement` that has a character which cannot be shown."""
    for name, value in msgspec.structs.asdict(statement).items():
        _check(value, name)


def _check(value: Any, field: str) -> None:
    if isinstance(value, str):
        if not value.isprintable() and printable(value) != value:
            raise InvalidInput(field, "has a character that cannot be shown, such as a control character")
    elif isinstance(value, tuple):
        for part in value:
            _check(part, field)
    elif isinstance(value, msgspec.Struct):
        for name, part in msgspec.structs.asdict(value).items():
            _check(part, f"{field}.{name}")
