"""What the HTTP interface of stages after the gate takes and gives. Quantities are decimal text."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from backend.log.schemas import Hex
from leafproof.footprint import FactorRef
from leafproof.lifecycle import MAX_LINES, Basis, Line, StageName

Text = Annotated[str, Field(max_length=500)]


class LineIn(BaseModel):
    """A leg (a mass, `distance_km`, a factor per t.km), an amount with its factor, or a `stated` number of kg CO2e
    with its `source`. `factor` is an id of the factor set in use."""

    model_config = ConfigDict(extra="forbid")

    name: Text
    quantity: Text | None = None
    unit: Text | None = None
    distance_km: Text | None = None
    factor: Text | None = None
    stated: Text | None = None
    source: Text | None = None

    def value(self) -> Line:
        """As the kernel has it."""
        members = self.model_dump(exclude={"factor"})
        return Line(**members, factor=FactorRef("", self.factor) if self.factor is not None else None)


class StageIn(BaseModel):
    """A stage of a lot after the gate; `tonnes` is the mass that the lines are about."""

    model_config = ConfigDict(extra="forbid")

    stage: StageName
    basis: Basis
    name: Text
    assumptions: Text
    tonnes: Text
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=MAX_LINES)]


class StageOut(BaseModel):
    """A stage as it was signed, and its place in the log."""

    log_id: Hex
    index: int
    statement_id: Hex
    stated: dict[str, Any]
