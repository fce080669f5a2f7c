"""What the checks share: the bundle, the reader's trust and chain, and the statements read so far."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeVar

from leafproof.bundle import Bundle
from leafproof.chain.view import ChainView, LotRecord, RegisteredKey, lot_id
from leafproof.errors import InvalidInput
from leafproof.factors import Factor, FactorSet
from leafproof.footprint import FactorRef, Footprint
from leafproof.keys import PublicKey
from leafproof.metering import MeteringPlan
from leafproof.record import BatchRecord
from leafproof.trust import Trust
from leafproof.values import Lot
from leafproof.verification.report import Report
from leafproof.verification.statements import Statement

T = TypeVar("T")
Signed = tuple[Statement, BatchRecord]


@dataclass(slots=True)
class Reading:
    """`no_chain` says why there is no chain, where there is none."""

    bundle: Bundle
    trust: Trust
    chain: ChainView | None
    no_chain: str
    report: Report
    statements: list[Statement] = field(default_factory=list)
    keys: dict[bytes, PublicKey] = field(default_factory=dict)
    records: dict[Lot, list[Signed]] = field(default_factory=lambda: defaultdict(list))
    footprints: dict[str, tuple[Statement, Footprint]] = field(default_factory=dict)

    def content(self, statement_id: str, kind: type[T]) -> T | None:
        """The content of the statement with that id, if it is here and of that kind."""
        for statement in self.statements:
            if statement.id == statement_id and isinstance(statement.content, kind):
                return statement.content
        return None

    def operator(self, statement: Statement) -> RegisteredKey | None:
        """The registered key that signed."""
        return self.chain.keys.get(statement.envelope.key_id) if self.chain else None

    def lots(self) -> list[tuple[Lot, Statement, BatchRecord]]:
        """Each lot with its current record: the one that the chain points to, else the last in the log."""
        found = []
        for lot in self.records:
            record = self.record(lot)
            if record:
                found.append((lot, *record))
        return found

    def record(self, lot: Lot) -> Signed | None:
        """The lot's current record, if the bundle holds one of the lot."""
        versions = sorted(self.records.get(lot, ()), key=lambda r: r[0].index)
        for signed in versions:
            on_chain = self.on_chain_by(signed[0], lot)
            if on_chain and on_chain.current.leaf == signed[0].leaf:
                return signed
        return versions[-1] if versions else None

    def version(self, lot: Lot, record_id: str) -> Signed | None:
        """The record of the lot with that statement id, current or not."""
        return next((r for r in self.records.get(lot, ()) if r[0].id == record_id), None)

    def on_chain(self, lot: Lot) -> LotRecord | None:
        """The lot on chain, under the operator whose key signed its current record."""
        record = self.record(lot)
        return self.on_chain_by(record[0], lot) if record else None

    def on_chain_by(self, statement: Statement, lot: Lot) -> LotRecord | None:
        """The lot on chain, under the operator whose key signed `statement`."""
        key = self.operator(statement)
        return self.chain.lots.get(lot_id(key.operator, lot)) if self.chain and key else None

    def plan(self, signed: Statement, record: BatchRecord) -> MeteringPlan | None:
        """The metering plan that the record names, if it is here, of its facility and by its own issuer."""
        for statement in self.statements:
            if statement.id == record.plan and isinstance(statement.content, MeteringPlan):
                same = statement.envelope.header.issuer == signed.envelope.header.issuer
                return statement.content if same and statement.content.facility == record.facility else None
        return None

    def factor(self, ref: FactorRef) -> Factor:
        """The factor named; raises `InvalidInput` where its set is not here."""
        found = self.content(ref.set, FactorSet)
        if found is None:
            raise InvalidInput("factor", "the factor set that the footprint names is missing")
        return found.get(ref.id)

    def footprint(self, statement_id: str) -> Footprint:
        """The footprint named; raises `InvalidInput` where it is not here."""
        if statement_id not in self.footprints:
            raise InvalidInput("inputs", "the footprint of an input lot is missing")
        return self.footprints[statement_id][1]
