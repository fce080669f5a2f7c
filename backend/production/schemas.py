"""What production's HTTP interface takes and gives. Quantities are decimal text, never JSON numbers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.log.schemas import Hex
from leafproof.record import MAX_SEGMENTS, MAX_WEIGHINGS, Input, Output, Source, Weighing

Text = Annotated[str, Field(max_length=500)]
MAX_LINES = 512  # of outputs or inputs, leafproof.record


class Taken(BaseModel):
    """A request's body: known members alone."""

    model_config = ConfigDict(extra="forbid")


class CompanyIn(Taken):
    """`address`: the operator's account on chain, 0x and 40 hexadecimal digits."""

    gln: Text
    name: Text
    address: Text


class IssuerKeyOut(BaseModel):
    """An issuer's public key, to be registered on chain, and the issuer as statements name it."""

    key_id: Hex
    cose: Hex
    issuer: str


class FacilityIn(Taken):
    """See `backend.production.service.add_facility`."""

    gln: Text
    company: Text
    name: Text
    country: Text
    zone: Text
    region: Text
    partition: int = Field(default=0, ge=0, lt=2**31)


class FactorIn(Taken):
    """Which factor a facility uses for "electricity" or a material: `added` are those that add what it leaves out,
    `profile` is the one profile that it is for, or empty for all."""

    subject: Text
    factor: Text
    added: Annotated[list[Text], Field(max_length=9)] = []
    profile: Text = ""


class FactorOut(BaseModel):
    """One factor: `value` `unit` per `per` of what it is a factor of, for `boundary`."""

    id: str
    name: str
    category: str
    subject: str
    region: str
    year: int
    value: str
    unit: str
    per: str
    boundary: list[str]
    source: str


class FactorSetOut(BaseModel):
    """A factor set, as footprints name it."""

    id: str
    version: str
    title: str
    factors: list[FactorOut]


class ProductIn(Taken):
    """A product and its maker. `disclosure` says what the public is shown of its lots' inputs, energy and parts of
    the footprint: `open`, all of it; `restricted`, sums by stage, and the rest by tier of access. `custody`, in
    the terms of ISO 22095, is said on chain of each lot when it is minted, and stays."""

    gtin: Text
    name: Text
    company: Text
    disclosure: Literal["open", "restricted"] = "restricted"
    custody: Literal[
        "not_stated",
        "identity_preserved",
        "segregated",
        "controlled_blending",
        "mass_balance",
        "book_and_claim",
    ] = "not_stated"


class StatementOut(BaseModel):
    """Where a statement is in its log."""

    log_id: Hex
    index: int
    statement_id: Hex


class WeighingIn(Taken):
    """A scale's reading: the metering point, and its time in UTC; `tare` where the empty vehicle was weighed."""

    point: Text
    time: Text
    tare: Text | None = None


class SourceIn(Taken):
    """`declared`; `document` with its SHA-256; `weighed` with its weighings, and perhaps the ticket's number as
    `reference`."""

    kind: Literal["weighed", "document", "declared"] = "declared"
    reference: Text | None = None
    weighings: Annotated[list[WeighingIn], Field(max_length=MAX_WEIGHINGS)] = []

    def value(self) -> Source:
        """The kernel's type; which gateway a scale has, the metering plan says."""
        named = tuple(Weighing("", one.point, one.time, one.tare) for one in self.weighings)
        return Source(self.kind, self.reference, named)


class OutputIn(Taken):
    """What a run made."""

    role: Literal["product", "co-product", "waste", "rework"]
    name: Text
    quantity: Text
    unit: Text
    source: SourceIn = SourceIn()

    def value(self) -> Output:
        """The kernel's type."""
        return Output(self.role, self.name, self.quantity, self.unit, self.source.value())


class InputIn(Taken):
    """What a run consumed: a lot (gtin, lot) or a material."""

    name: Text
    quantity: Text
    unit: Text
    source: SourceIn = SourceIn()
    gtin: Text | None = None
    lot: Text | None = None
    material: Text | None = None

    def value(self) -> Input:
        """The kernel's type."""
        return Input(
            self.name, self.quantity, self.unit, self.source.value(), self.gtin, self.lot, material=self.material
        )


class RunIn(Taken):
    """`opened` as RFC 3339 with an offset, or in the facility's local time."""

    facility: Text
    line: Text
    gtin: Text
    lot: Text
    opened: Text


class SegmentIn(Taken):
    """A part of a run on one line; times as in `RunIn`."""

    line: Text
    start: Text = Field(alias="from")
    end: Text = Field(alias="to")


class CloseIn(Taken):
    """What ends a run. `segments`, where it was on several lines one after the other, or stood still between."""

    closed: Text
    segments: Annotated[list[SegmentIn], Field(max_length=MAX_SEGMENTS)] = []
    outputs: Annotated[list[OutputIn], Field(min_length=1, max_length=MAX_LINES)]
    inputs: Annotated[list[InputIn], Field(max_length=MAX_LINES)] = []


class RunOut(BaseModel):
    """A run. `state` is open, closed or recorded; `problem` says what a closed one waits for."""

    id: str
    facility: str
    line: str
    gtin: str
    lot: str
    order: str | None
    opened: str
    closed: str | None
    state: str
    problem: str | None
    outputs: list[Any] | None
    inputs: list[Any] | None


class RunPage(BaseModel):
    """Runs by id; `next` is the next page's `after`, null at the end."""

    runs: list[RunOut]
    next: str | None


class OrderLineOut(BaseModel):
    """What became of a line of a file of orders."""

    line: int
    order: str
    outcome: Literal["taken", "known", "refused"]
    run: str | None
    field: str | None
    reason: str | None


class OrdersOut(BaseModel):
    """All lines, and how many of each outcome."""

    taken: int
    known: int
    refused: int
    lines: list[OrderLineOut]


class CorrectionIn(Taken):
    """New facts; what is left out stays. `reason` says why, `by` who decided it: both are signed and public."""

    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    by: Text
    outputs: Annotated[list[OutputIn], Field(min_length=1, max_length=MAX_LINES)] | None = None
    inputs: Annotated[list[InputIn], Field(max_length=MAX_LINES)] | None = None


class TransferIn(Taken):
    """`to`: an operator's address (0x...) or party GLN."""

    to: Text
    quantity: Text
    unit: Text = "t"


class TransferOut(BaseModel):
    """A transfer; `state` is its transaction's: queued, sent, final or failed, and `problem` why it waits."""

    id: str
    to: Hex
    quantity: str
    unit: str
    shares: str
    state: str
    problem: str | None


VersionState = Literal["logged", "anchored", "current", "superseded"]


class VersionOut(BaseModel):
    """A version of a lot's record. `state`: logged, anchored, current (the chain points to it), superseded (it
    did); `footprints` are the statement ids of its footprints, the newest last."""

    version: int
    record: StatementOut
    footprints: list[StatementOut]
    created_at: str
    state: VersionState
    problem: str | None


class LotOut(BaseModel):
    """A lot's versions; the highest is the newest."""

    gtin: str
    lot: str
    versions: list[VersionOut]
