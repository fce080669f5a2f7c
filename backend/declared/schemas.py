"""What the HTTP interface of declared footprints takes and gives. Quantities are decimal text."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from backend.log.schemas import Hex

Text = Annotated[str, Field(max_length=100)]


class DeclareIn(BaseModel):
    """A product, and the reference period [from, to): UTC, or local time of the facility; by the facility's main
    profile, if none is named."""

    model_config = ConfigDict(extra="forbid")

    gtin: Text
    start: Text = Field(alias="from")
    end: Text = Field(alias="to")
    profile: Text | None = None


class DeclaredOut(BaseModel):
    """A declared footprint and its place in the log. `size` is how many entries it speaks for, `waiting` how many
    lots of the period are closed and not recorded yet; kg CO2e per tonne, tonnes, UTC."""

    log_id: Hex
    index: int
    statement_id: Hex
    gtin: str
    facility: str
    start: str = Field(serialization_alias="from")
    end: str = Field(serialization_alias="to")
    method: str
    size: int
    per_tonne: str
    count: int
    mass: str
    least: str
    greatest: str
    primary_data_share: str
    status: str
    supersedes: str | None
    issued_at: str
    waiting: int
