"""What the HTTP interface of labels gives."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from backend.log.schemas import Hex


class TakenOut(BaseModel):
    """A statement that was logged; `label` is the id that a label has on the chain once `transaction` is final."""

    log_id: Hex
    index: int
    statement_id: Hex
    label: Hex | None
    transaction: str


class SchemeOut(BaseModel):
    """A scheme's criteria in force, and the statement in hexadecimal, to be checked by its reader."""

    statement_id: Hex
    scheme: dict[str, Any]
    envelope: Hex
    body: Hex


class OutcomeOut(BaseModel):
    """A criterion, whether it is met (null: no evidence, or the certifier's to attest), and what was found."""

    criterion: str
    met: bool | None
    found: str


class WorkOut(BaseModel):
    """A lot without a valid label of the scheme, held against its criteria."""

    gtin: str
    lot: str
    maker: str
    ready: bool
    criteria: list[OutcomeOut]


class LabelOut(BaseModel):
    """A label on the chain, where it counts now, and since when it does not, if it ended."""

    label: Hex
    scheme: str
    certifier: str
    status: str
    start: str
    until: str
    markets: list[str]


class FindingOut(BaseModel):
    """One observation."""

    status: str
    code: str
    message: str


class LabelCheckOut(BaseModel):
    """One of the seven numbered checks of a label."""

    number: int
    name: str
    status: str
    findings: list[FindingOut]


class VerifiedLabelOut(BaseModel):
    """Whether a label counts, in `market` if one was asked for, and why not (`reason`, the first that says so);
    `agreement` is the statement by which the market recognises it."""

    label: Hex
    scheme: str
    certifier: str
    market: str | None
    valid: bool
    reason: str | None
    agreement: Hex | None
    checks: list[LabelCheckOut]
