"""What a bundle says, read leniently: for showing. What is wrong with it stands in the report, not here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from leafproof.bundle import Bundle, BundleHead
from leafproof.declared import DeclaredFootprint, method_of
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.factors import Factor, FactorSet
from leafproof.footprint import FactorRef, Footprint
from leafproof.keys import PublicKey, public_key
from leafproof.lifecycle import Lifecycle
from leafproof.opinion import Opinion
from leafproof.record import BatchRecord
from leafproof.values import Lot
from leafproof.verification.statements import Statement

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stated(Generic[T]):
    """What a statement says, and the statement; `head` is the one that the bundle proves it in."""

    content: T
    statement: Statement
    head: BundleHead


@dataclass(slots=True)
class Material:
    """The readable statements of a bundle: records by lot, footprints and factor sets by statement id."""

    lot: Lot
    records: dict[Lot, Stated[BatchRecord]] = field(default_factory=dict)
    footprints: dict[str, Stated[Footprint]] = field(default_factory=dict)
    factor_sets: dict[str, FactorSet] = field(default_factory=dict)
    declared: dict[str, Stated[DeclaredFootprint]] = field(default_factory=dict)
    opinions: list[Stated[Opinion]] = field(default_factory=list)
    stages: list[Stated[Lifecycle]] = field(default_factory=list)
    frames: int = 0
    keys: dict[bytes, PublicKey] = field(default_factory=dict)

    @property
    def record(self) -> Stated[BatchRecord] | None:
        """The batch record of the bundle's lot."""
        return self.records.get(self.lot)

    @property
    def footprint(self) -> Stated[Footprint] | None:
        """The main footprint of the bundle's lot: the last one that the bundle holds."""
        return next((f for f in reversed(self.footprints.values()) if f.content.of == self.lot), None)

    def input_footprint(self, lot: Lot) -> Stated[Footprint] | None:
        """The last footprint of an input lot by the main one's profile: any other is no part of its number."""
        main = self.footprint
        of_lot = (f for f in reversed(self.footprints.values()) if f.content.of == lot)
        return next((f for f in of_lot if main and f.content.profile.id == main.content.profile.id), None)

    @property
    def declared_footprint(self) -> Stated[DeclaredFootprint] | None:
        """The one beside the lot's footprint: by the same method."""
        printed = self.footprint
        if printed is None:
            return None
        method = method_of(printed.content)
        return next((d for d in reversed(self.declared.values()) if d.content.method == method), None)

    def factor(self, ref: FactorRef) -> Factor | None:
        """The factor, if its set is here."""
        found = self.factor_sets.get(ref.set)
        try:
            return found.get(ref.id) if found else None
        except InvalidInput:
            return None


def read(bundle: Bundle) -> Material:
    """Everything in `bundle` that can be read."""
    material = Material(bundle.lot)
    for cose in bundle.keys:
        try:
            key = public_key(cose)
        except LeafproofError:
            continue
        material.keys[key.key_id] = key
    for item in bundle.items:
        try:
            statement = Statement.parse(item.envelope, item.index, item.body, item.disclosures)
            statement.read(material.keys[statement.envelope.key_id])
        except (LeafproofError, KeyError):
            continue
        _sort_in(material, statement, bundle.heads[item.head])
    return material


def _sort_in(material: Material, statement: Statement, head: BundleHead) -> None:
    material.frames += statement.envelope.header.frame is not None
    match statement.content:
        case BatchRecord() as record:
            material.records[record.of] = Stated(record, statement, head)
        case Footprint() as footprint:
            material.footprints[statement.id] = Stated(footprint, statement, head)
        case FactorSet() as factors:
            material.factor_sets[statement.id] = factors
        case DeclaredFootprint() as declared:
            material.declared[statement.id] = Stated(declared, statement, head)
        case Opinion() as said:
            material.opinions.append(Stated(said, statement, head))
        case Lifecycle() as stage if stage.of == material.lot:
            material.stages.append(Stated(stage, statement, head))
