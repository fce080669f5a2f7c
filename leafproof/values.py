"""Frozen, validated value types in place of bare strings.

Sources: GS1 General Specifications (GTIN section 3.3.2 "AI 01", batch or lot number section 3.4.1 "AI 10",
GLN section 3.7 "AI 410-417", check digit section 7.9, character set 82 section 7.11).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from leafproof.errors import InvalidInput

_LOT = re.compile(r"""[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}""")
_POINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_PARTY, _GATEWAY = "https://id.gs1.org/417/", "urn:leafproof:gateway:"
_HEX32 = re.compile(r"[0-9a-f]{64}")


def gs1_check_digit(payload: str) -> int:
    """Check digit of a GS1 key's digits without their last one (GS1 General Specifications 7.9.1)."""
    weighted = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(payload)))
    return -weighted % 10


@lru_cache(maxsize=4096)  # statements name a few parties and products, each many times over
def _gs1_key(field: str, text: str, lengths: tuple[int, ...]) -> str:
    if not (text.isascii() and text.isdigit() and len(text) in lengths):
        raise InvalidInput(field, f"{text[:40]!r} is not {' or '.join(map(str, lengths))} digits")
    expected = gs1_check_digit(text[:-1])
    if int(text[-1]) != expected:
        raise InvalidInput(field, f"{text} has check digit {text[-1]}, its digits give {expected}")
    return text


@dataclass(frozen=True, slots=True, order=True)
class Gtin:
    """A product's Global Trade Item Number, kept in its 14-digit form."""

    digits: str

    @classmethod
    def parse(cls, text: str, field: str = "gtin") -> Self:
        """Read 8, 12, 13 or 14 digits; raises `InvalidInput` naming `field`."""
        return cls(_gs1_key(field, text, (8, 12, 13, 14)).zfill(14))

    def __str__(self) -> str:
        return self.digits


@dataclass(frozen=True, slots=True, order=True)
class Gln:
    """A party's or a facility's Global Location Number, 13 digits."""

    digits: str

    @classmethod
    def parse(cls, text: str, field: str = "gln") -> Self:
        """Read 13 digits; raises `InvalidInput` naming `field`."""
        return cls(_gs1_key(field, text, (13,)))

    def __str__(self) -> str:
        return self.digits


@dataclass(frozen=True, slots=True, order=True)
class LotCode:
    """A batch or lot number: 1 to 20 characters of GS1 character set 82."""

    text: str

    @classmethod
    def parse(cls, text: str, field: str = "lot") -> Self:
        """Raises `InvalidInput` naming `field`."""
        if not _LOT.fullmatch(text):
            raise InvalidInput(field, f"{text[:40]!r} is not 1 to 20 characters of GS1 character set 82")
        return cls(text)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, order=True)
class Lot:
    """A lot of a product: what a passport, a batch record and a pointer on chain are about."""

    gtin: Gtin
    code: LotCode

    @classmethod
    def parse(cls, gtin: str, code: str) -> Self:
        """Raises `InvalidInput` naming `gtin` or `lot`."""
        return cls(Gtin.parse(gtin), LotCode.parse(code))

    @property
    def urn(self) -> str:
        """The EPC class URI's plain sibling, used as a statement's subject."""
        return f"urn:leafproof:lot:{self.gtin}:{self.code}"

    def __str__(self) -> str:
        return f"{self.gtin}/{self.code}"


def point_name(text: str, field: str = "point") -> str:
    """A metering point's name: letters, digits, `.`, `_`, `-` (all allowed in SenML names, RFC 8428 4.5.1)."""
    if not _POINT.fullmatch(text):
        raise InvalidInput(field, f"{text[:70]!r} is not 1 to 63 letters, digits, dots, dashes or underscores")
    return text


def digest(text: str, field: str) -> bytes:
    """32 bytes from 64 lower-case hexadecimal digits; raises `InvalidInput` naming `field`."""
    if not _HEX32.fullmatch(text):
        raise InvalidInput(field, "not 64 lower-case hexadecimal digits")
    return bytes.fromhex(text)


def party_uri(gln: Gln) -> str:
    """A legal entity as issuer of statements: GS1 Digital Link of its party GLN (AI 417)."""
    return f"{_PARTY}{gln}"


def gateway_uri(operator: Gln, name: str) -> str:
    """A gateway as issuer of frames: named by its operator."""
    return f"{_GATEWAY}{operator}:{point_name(name, 'gateway')}"


def gateway_of(issuer: str) -> tuple[str, str]:
    """Operator's GLN and name of the gateway that issues as `issuer`; raises `InvalidInput`."""
    operator, _, name = issuer.removeprefix(_GATEWAY).partition(":")
    if gateway_uri(Gln.parse(operator, "gateway"), name) != issuer:
        raise InvalidInput("gateway", "is not named as a gateway")
    return operator, name


def speaks_for(identifier: str, issuer: str) -> bool:
    """Whether `issuer` names the legal entity `identifier` itself (`party_uri`), or a gateway of it."""
    gateways = f"{_GATEWAY}{identifier.removeprefix(_PARTY)}:"
    return issuer == identifier or (identifier.startswith(_PARTY) and issuer.startswith(gateways))
