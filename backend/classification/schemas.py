"""What the HTTP interface of the living list takes and gives."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from backend.log.schemas import Hex
from backend.production.schemas import StatementOut, Taken, Text


class ProposedOut(BaseModel):
    """A list that was logged, and the transaction that opens it for comment."""

    statement: StatementOut
    transaction: str


class RemarkIn(Taken):
    """A `comment` or an `objection`, by an operator."""

    by: Text
    kind: Text
    text: Text


class RemarkOut(BaseModel):
    """Who said what of a proposal."""

    by: str
    kind: str
    text: str


class AdoptIn(Taken):
    """From when the list is to be in force (UTC, such as 2027-01-01T00:00:00Z)."""

    in_force_from: Text


class AskedOut(BaseModel):
    """The transaction, see `/v1/transactions/{key}`."""

    transaction: str


class ListLineOut(BaseModel):
    """A list: its version, and from when it is in force, if it was adopted."""

    id: Hex
    title: str
    version: int | None
    in_force_from: str | None


class ListOut(ListLineOut):
    """A list with its content, and what was said of it."""

    content: dict[str, Any]
    remarks: list[RemarkOut]


class ShownIn(Taken):
    """Evidence in an entry's words, and the document that it is."""

    evidence: Text
    document: Text


class ClassifyIn(Taken):
    """A lot's code, with the evidence for ex-outs."""

    edition: Text
    code: Text
    shown: tuple[ShownIn, ...] = ()


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
    """A cell of the statistics; null where it is suppressed."""

    version: int
    category: str
    origin: str
    period: str
    lots: int | None
    tonnes: str | None
