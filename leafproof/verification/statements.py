"""One statement as a reader holds it: envelope, place, and what its body says as far as it was given out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from leafproof import body, classification, envelope, frame, tree
from leafproof.certificate import Cancellation
from leafproof.classification import Classifying
from leafproof.correction import Correction
from leafproof.declared import DeclaredFootprint
from leafproof.envelope import Envelope
from leafproof.errors import Malformed
from leafproof.factors import FactorSet
from leafproof.footprint import Footprint
from leafproof.frame import FrameContent, Opening
from leafproof.keys import PublicKey
from leafproof.label import KINDS, LabelStatement
from leafproof.lifecycle import Lifecycle
from leafproof.opinion import Opinion
from leafproof.period import EnergyPeriod
from leafproof.plan import MeteringPlan
from leafproof.record import BatchRecord

Content: TypeAlias = (
    FrameContent
    | MeteringPlan
    | BatchRecord
    | Footprint
    | FactorSet
    | EnergyPeriod
    | DeclaredFootprint
    | Opinion
    | Correction
    | Lifecycle
    | Cancellation
    | LabelStatement
    | Classifying
)

_NAMES = {
    body.FRAME: "frame",
    body.METERING_PLAN: "metering plan",
    body.BATCH_RECORD: "batch record",
    body.FOOTPRINT: "footprint",
    body.FACTOR_SET: "factor set",
    body.ENERGY_PERIOD: "energy period",
    body.DECLARED_FOOTPRINT: "declared footprint",
    body.OPINION: "opinion",
    body.CORRECTION: "correction",
    body.LIFECYCLE_STAGE: "life-cycle stage",
    body.CANCELLATION: "cancellation",
    body.SCHEME: "label scheme",
    body.ACCREDITATION: "accreditation",
    body.LABEL: "label",
    body.LABEL_CHANGE: "change of a label",
    body.RECOGNITION: "recognition",
    body.LIVING_LIST: "living list",
    body.REMARK: "remark",
    body.CLASSIFIED: "classification of a lot",
}
# How bodies are read: whole, or with what of them is disclosed.
_WHOLE: dict[str, Callable[[bytes], Content]] = {
    body.FRAME: frame.decode_body,
    body.METERING_PLAN: MeteringPlan.decode_body,
    body.FACTOR_SET: FactorSet.decode_body,
    body.LIFECYCLE_STAGE: Lifecycle.decode_body,
    body.CORRECTION: Correction.decode_body,
    body.OPINION: Opinion.decode_body,
    body.ENERGY_PERIOD: EnergyPeriod.decode_body,
    body.CANCELLATION: Cancellation.decode_body,
    **{kind.CONTENT_TYPE: kind.decode_body for kind in (*KINDS, *classification.KINDS)},
}
_DISCLOSING: dict[str, Callable[[bytes, tuple[str, ...], PublicKey, str], Content]] = {
    body.BATCH_RECORD: BatchRecord.read,
    body.FOOTPRINT: Footprint.read,
    body.DECLARED_FOOTPRINT: DeclaredFootprint.read,
}


@dataclass(slots=True)
class Statement:
    """`content` is None until the body was read, or where it is withheld."""

    envelope: Envelope
    index: int
    body: bytes | None
    disclosures: tuple[str, ...]
    content: Content | None = None

    @classmethod
    def parse(cls, raw: bytes, index: int, body_: bytes | None, disclosures: tuple[str, ...]) -> Statement:
        """Raises `Malformed` for an envelope that is none, or of an unknown kind."""
        parsed = envelope.parse(raw)
        if parsed.header.content_type not in _NAMES:
            raise Malformed("content type", f"unknown: {parsed.header.content_type[:80]}")
        if (parsed.header.frame is not None) != (parsed.header.content_type == body.FRAME):
            raise Malformed("statement", "a frame has a place in a stream, and nothing else has")
        return cls(parsed, index, body_, disclosures)

    @property
    def id(self) -> str:
        """The statement's identity, hexadecimal: how statements cite each other."""
        return self.envelope.statement_id.hex()

    @property
    def leaf(self) -> bytes:
        """Its leaf hash."""
        return tree.leaf_hash(self.envelope.raw)

    @property
    def label(self) -> str:
        """How findings name it."""
        return f"{_NAMES[self.envelope.header.content_type]}, entry {self.index}"

    @property
    def opening(self) -> Opening | None:
        """How a gateway's epoch came about, if this is its first frame and its body was read."""
        return self.content.opening if isinstance(self.content, FrameContent) else None

    def read(self, key: PublicKey) -> None:
        """Check the body's hash and read it; raises `InvalidInput` naming what differs."""
        if self.body is None:
            return
        body.check_hash(self.envelope, self.body)
        kind = self.envelope.header.content_type
        if kind in _DISCLOSING:
            self.content = _DISCLOSING[kind](self.body, self.disclosures, key, self.envelope.header.issuer)
        else:
            self.content = _WHOLE[kind](self.body)
