"""What the HTTP interface of certificates takes and gives. Serials are decimal text, never JSON numbers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from backend.log.schemas import Hex
from backend.production.schemas import Taken, Text


class ClaimIn(Taken):
    """Serials `first` to `last` of a cancellation, for a lot of its beneficiary."""

    gtin: Text
    lot: Text
    first: Text
    last: Text


class ClaimOut(BaseModel):
    """A claim that was asked for: `state` is the transaction's (queued, sent, final, failed), `error` why the
    contract refuses it, or what it waits for."""

    gtin: str
    lot: str
    first: str
    last: str
    transaction: str
    state: str
    error: str | None


class StandingOut(BaseModel):
    """A claim that stands on chain, whoever made it; `footprint` is the newest that it names."""

    operator: Hex
    subject: Hex
    first: str
    last: str
    footprint: Hex
    block_number: int
    attested_by: Hex | None


class AskedOut(BaseModel):
    """The transaction that will claim, see `/v1/transactions/{key}`."""

    transaction: str


class CancellationOut(BaseModel):
    """A cancellation, where its statement is, what was asked of the chain, and which serials are claimed there."""

    id: Hex
    log_id: Hex
    index: int
    cancellation: dict[str, Any]
    asked: list[ClaimOut]
    standing: list[StandingOut]
