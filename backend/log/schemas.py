"""The log's value types: what goes in, what comes out, what an HTTP answer looks like."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field, PlainSerializer

from backend.access.tiers import Tier
from leafproof.envelope import Envelope

Base64 = Annotated[bytes, PlainSerializer(lambda b: base64.b64encode(b).decode("ascii"), return_type=str)]
Hex = Annotated[bytes, PlainSerializer(lambda b: b.hex(), return_type=str)]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One field of an SD-JWT body that may be withheld (RFC 9901 4.2), and the lowest tier that gets it."""

    tier: Tier
    text: str


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A statement for the log. `body` is None where it is withheld from this log; `tier` None means the
    content type's default (`backend.access.tiers.default_tier`)."""

    envelope: Envelope
    body: bytes | None
    disclosures: tuple[Disclosure, ...] = ()
    tier: Tier | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A statement in the log: `envelope` is verbatim, `received_at` in Unix seconds by this server's clock."""

    index: int
    envelope: bytes
    leaf_hash: bytes
    statement_id: bytes
    content_type: str
    issuer: str
    subject: str
    key_id: bytes
    received_at: int


@dataclass(frozen=True, slots=True)
class StoredBody:
    """A body beside its entry; `body` None means that it was deleted on purpose."""

    index: int
    body: bytes | None
    disclosures: tuple[Disclosure, ...]
    tier: Tier

    def shown_to(self, tier: Tier) -> tuple[str, ...]:
        """The disclosures that a reader of `tier` gets, in order."""
        return tuple(d.text for d in self.disclosures if d.tier <= tier)


class LogHead(BaseModel):
    """A log and its head, as this server holds it: trust it only as far as the chain confirms it."""

    log_id: Hex
    name: str
    partition: int
    chain_id: int
    contract: Hex
    key: Base64 = Field(description="the log's own public key, a COSE_Key")
    vkey: str = Field(description="the same key with the log's origin, as witnesses take it (C2SP signed-note)")
    size: int
    root: Hex


class LogList(BaseModel):
    """The logs that this server holds."""

    logs: list[LogHead]


class EntryOut(BaseModel):
    """One entry; all but `envelope`, `index` and `received_at` can be derived from the envelope."""

    index: int
    envelope: Base64
    leaf_hash: Hex
    statement_id: Hex
    content_type: str
    issuer: str
    subject: str
    key_id: Hex
    received_at: int

    @classmethod
    def of(cls, entry: Entry) -> EntryOut:
        """The answer for `entry`."""
        return cls(**{name: getattr(entry, name) for name in cls.model_fields})


class EntryPage(BaseModel):
    """Entries from `start` on, in order; `next` is the next page's start, null at the log's end."""

    start: int
    size: int
    entries: list[EntryOut]
    next: int | None


class BodyOut(BaseModel):
    """A body and those of its disclosures that the reader's tier may see."""

    index: int
    tier: str
    body: Base64
    disclosures: list[str]


class Proof(BaseModel):
    """An RFC 9162 inclusion or consistency proof, lowest hash first."""

    hashes: list[Hex]
    root: Hex = Field(description="root of the (larger) tree, computed from the stored tiles")
    leaf_hash: Hex | None = None


def encode_disclosures(disclosures: tuple[Disclosure, ...]) -> list[Any]:
    """The form in which `bodies.disclosures` holds them, before CBOR."""
    return [[int(d.tier), d.text] for d in disclosures]
