"""What the HTTP interface of the living list takes and gives."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from backend.log.schemas import Hex
from backend.production.schemas import StatementOut, Taken, Text
from leafproof.classification import MAX_SHOWN, MAX_TEXT


class StatedOut(BaseModel):
    """A list or a refusal that was logged, and the transaction that tells the chain."""

    statement: StatementOut
    transaction: str


class RemarkIn(Taken):
    """A `comment` or an `objection`, by an operator."""

    by: Text
    kind: Text
    text: Text


class RefuseIn(Taken):
    """Why the authority refuses a proposal, in the name of an operator."""

    by: Text
    reason: Text


class StepOut(BaseModel):
    """A step of a list's way: `proposed`, `comment`, `objection`, `refusal` (not on the chain yet), `refused` or
    `adopted`; `by` is null where the authority alone did it."""

    did: str
    at: str
    by: str | None
    text: str


class AdoptIn(Taken):
    """From when the list is to be in force (UTC, such as 2027-01-01T00:00:00Z), well ahead."""

    in_force_from: Text


class AskedOut(BaseModel):
    """The transaction, see `/v1/transactions/{key}`."""

    transaction: str


class ListLineOut(BaseModel):
    """A list, `proposed`, `refused` or `adopted`: then its version, and from when it is in force."""

    id: Hex
    title: str
    state: str
    version: int | None
    in_force_from: str | None


class ListOut(ListLineOut):
    """A list with its content, and its way: what was said of it, and what was decided."""

    content: dict[str, Any]
    history: list[StepOut]


class ShownIn(Taken):
    """Evidence in an entry's words, and the document that it is."""

    evidence: Annotated[str, Field(max_length=MAX_TEXT)]
    document: Text


class ClassifyIn(Taken):
    """A lot's code, with the evidence for ex-outs."""

    edition: Text
    code: Text
    shown: Annotated[tuple[ShownIn, ...], Field(max_length=MAX_SHOWN)] = ()


class CategoriesOut(BaseModel):
    """A lot's categories, by the version in force when it was classified, or by the one asked for; `candidates`
    are those that its code may be of."""

    statement_id: Hex
    edition: str
    code: str
    version: int
    categories: list[str]
    candidates: list[str]


class CellOut(BaseModel):
    """A cell of the statistics; lots and tonnes are null where it is suppressed. `market` is a country, `unknown`
    for what was sold to a buyer whose country no record tells, and null for what was not sold."""

    version: int
    category: str
    origin: str
    market: str | None
    period: str
    lots: int | None
    tonnes: str | None
