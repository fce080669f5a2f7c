"""What the footprints' HTTP interface takes and gives."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from backend.production.schemas import Taken, Text
from leafproof.period import MAX_INVOICES, Invoice


class ProfilesIn(Taken):
    """By which method profiles a facility's lots have footprints, the main one first."""

    profiles: Annotated[list[Text], Field(min_length=1, max_length=10)]


class RuleOut(BaseModel):
    """One rule of a profile, and how far its source could be read."""

    id: str
    kind: str
    text_en: str
    text_zh: str
    source: str
    reading: str


class ProfileOut(BaseModel):
    """A method profile that this version knows, and the SHA-256 of its file."""

    id: str
    version: str
    sha256: str
    title_en: str
    title_zh: str
    standard: str
    note: str
    rules: list[RuleOut]


class InvoiceIn(Taken):
    """What a supplier invoiced of a carrier; `document` is the invoice's SHA-256."""

    carrier: Text
    quantity: Text
    unit: Text
    document: Text

    def value(self) -> Invoice:
        """The kernel's type."""
        return Invoice(self.carrier, self.quantity, self.unit, self.document)


class PeriodIn(Taken):
    """A span of time, in the facility's local time or UTC: `from` is in it, `to` is not. Without `invoices` those
    of the period that it supersedes stay."""

    start: Text = Field(alias="from")
    end: Text = Field(alias="to")
    invoices: Annotated[list[InvoiceIn], Field(max_length=MAX_INVOICES)] | None = None
