"""What the footprints' HTTP interface takes and gives."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from backend.production.schemas import Taken, Text


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


class PeriodIn(Taken):
    """A span of time, in the facility's local time or UTC: `from` is in it, `to` is not."""

    start: Text = Field(alias="from")
    end: Text = Field(alias="to")
