"""Frozen, validated value types in place of bare strings.

Sources: GS1 General Specifications (GTIN section 3.3.2 "AI 01", batch or lot number section 3.4.1 "AI 10",
GLN section 3.7 "AI 410-417", check digit section 7.9, character set 82 section 7.11); ISO 17442-1:2020 (LEI),
whose check digits are those of ISO/IEC 7064 MOD 97-10.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self, TypeAlias

from leafproof.errors import InvalidInput

_LOT = re.compile(r"""[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}""")
_POINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}")
_PARTY, _LEI_URN, _GATEWAY = "https://id.gs1.org/417/", "urn:lei:", "urn:leafproof:gateway:"
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
class Lei:
    """A party's Legal Entity Identifier (ISO 17442): 18 digits or capital letters, and two check digits."""

    text: str

    @classmethod
    def parse(cls, text: str, field: str = "lei") -> Self:
        """Read 20 characters; raises `InvalidInput` naming `field`."""
        if not _LEI.fullmatch(text):
            raise InvalidInput(field, f"{text[:40]!r} is not 18 digits or capital letters and 2 digits")
        # ISO/IEC 7064: A stands for 10, and so on to Z for 35; the whole number leaves 1 by 97.
        if int("".join(str(int(character, 36)) for character in text)) % 97 != 1:
            raise InvalidInput(field, f"{text} has wrong check digits")
        return cls(text)

    def __str__(self) -> str:
        return self.text


Party: TypeAlias = Gln | Lei


def party(text: str, field: str = "party") -> Party:
    """A legal entity by its GLN (13 digits) or LEI (20 characters); raises `InvalidInput` naming `field`."""
    return Lei.parse(text, field) if len(text) == 20 else Gln.parse(text, field)


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


def party_uri(named: Party) -> str:
    """A legal entity as issuer of statements and operator on the chain: GS1 Digital Link of its party GLN
    (AI 417), or the URN of its LEI (IANA's registry of URN namespaces)."""
    return f"{_LEI_URN if isinstance(named, Lei) else _PARTY}{named}"


def party_of(uri: str, field: str = "issuer") -> Party:
    """The legal entity that `party_uri` names so; raises `InvalidInput` naming `field`."""
    found = party(uri.rpartition(":" if uri.startswith(_LEI_URN) else "/")[2], field)
    if party_uri(found) != uri:
        raise InvalidInput(field, "is not named as a legal entity")
    return found


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
    """Whether `issuer` names the legal entity `identifier` itself (`party_uri`), or a gateway of it, which only
    those have that are named by GLN: topics and gateways are."""
    gateways = f"{_GATEWAY}{identifier.removeprefix(_PARTY)}:"
    return issuer == identifier or (identifier.startswith(_PARTY) and issuer.startswith(gateways))
