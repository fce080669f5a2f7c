"""What the checks share: the bundle, the reader's trust and chain, and the statements read so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from leafproof.bundle import Bundle
from leafproof.calculation import Sources
from leafproof.certificate import Cancellation
from leafproof.chain.view import ChainView, LotRecord, RegisteredKey, Role, lot_id
from leafproof.classification import Classified
from leafproof.correction import Correction
from leafproof.declared import DeclaredFootprint
from leafproof.errors import InvalidInput
from leafproof.factors import Factor, FactorSet
from leafproof.footprint import FactorRef, Footprint
from leafproof.frame import FrameContent
from leafproof.keys import PublicKey
from leafproof.label import LabelStatement
from leafproof.lifecycle import Lifecycle
from leafproof.opinion import Opinion
from leafproof.period import EnergyPeriod
from leafproof.plan import MeteringPlan
from leafproof.record import BatchRecord
from leafproof.trust import Trust
from leafproof.values import Lot
from leafproof.verification.report import Report
from leafproof.verification.statements import Statement

T = TypeVar("T")
Signed = tuple[Statement, BatchRecord]
# How often a bundle's readings are taken in, on average: twice by the checks, by each line that shares a gateway.
_PASSES = 40


def _no_one_watches() -> None:
    """What a piece of work tells where nobody asked for progress."""


Maker = bytes | str  # the operator's address on chain; without a chain, or a registered key, the issuer's name


@dataclass(slots=True)
class Reading:
    """`no_chain` says why there is no chain, where there is none; `tick` is called at each piece of work.

    A lot is its maker's: two operators may use one GTIN and lot code, and neither speaks for the other.
    """

    bundle: Bundle
    trust: Trust
    chain: ChainView | None
    no_chain: str
    report: Report
    market: str | None = None  # where labels are asked to count
    statements: list[Statement] = field(default_factory=list)
    keys: dict[bytes, PublicKey] = field(default_factory=dict)
    records: dict[tuple[Maker, Lot], list[Signed]] = field(default_factory=lambda: defaultdict(list))
    footprints: dict[str, tuple[Statement, Footprint]] = field(default_factory=dict)
    declared: dict[str, tuple[Statement, DeclaredFootprint]] = field(default_factory=dict)
    opinions: dict[str, tuple[Statement, Opinion]] = field(default_factory=dict)
    corrections: dict[str, tuple[Statement, Correction]] = field(default_factory=dict)
    stages: dict[str, tuple[Statement, Lifecycle]] = field(default_factory=dict)
    frames: dict[bytes, list[Statement]] = field(default_factory=lambda: defaultdict(list))
    cancellations: dict[str, tuple[Statement, Cancellation]] = field(default_factory=dict)
    labelling: dict[str, tuple[Statement, LabelStatement]] = field(default_factory=dict)
    classified: dict[str, tuple[Statement, Classified]] = field(default_factory=dict)
    assurances: list[str] = field(default_factory=list)  # of opinions that stand by the lot's declared footprint
    tick: Callable[[], None] = _no_one_watches
    _budget: int = 1_000_000
    _by_id: dict[str, Statement] = field(default_factory=dict)

    def take(self, statement: Statement) -> None:
        """File a statement that was read, so that others can name it."""
        self._by_id.setdefault(statement.id, statement)
        if statement.envelope.header.frame is not None:
            self.frames[statement.envelope.key_id].append(statement)
        if isinstance(statement.content, FrameContent):
            self._budget += _PASSES * statement.content.count
        if isinstance(statement.content, BatchRecord):
            self.records[self.maker(statement), statement.content.of].append((statement, statement.content))
        if isinstance(statement.content, Footprint):
            self.footprints[statement.id] = (statement, statement.content)
        if isinstance(statement.content, DeclaredFootprint):
            self.declared[statement.id] = (statement, statement.content)
        if isinstance(statement.content, Opinion):
            self.opinions[statement.id] = (statement, statement.content)
        if isinstance(statement.content, Correction):
            self.corrections[statement.id] = (statement, statement.content)
        if isinstance(statement.content, Lifecycle):
            self.stages[statement.id] = (statement, statement.content)
        if isinstance(statement.content, Cancellation):
            self.cancellations[statement.id] = (statement, statement.content)
        if isinstance(statement.content, LabelStatement):
            self.labelling[statement.id] = (statement, statement.content)
        if isinstance(statement.content, Classified):
            self.classified[statement.id] = (statement, statement.content)

    def spend(self, readings: int) -> None:
        """Account for readings that are taken in once more; raises `InvalidInput` beyond what the bundle's lots
        can honestly share: a small upload could else keep a verifier busy for hours."""
        self._budget -= readings
        if self._budget < 0:
            raise InvalidInput("bundle", f"its lots name its readings more than {_PASSES} times over")

    def content(self, statement_id: str, kind: type[T]) -> T | None:
        """The content of the statement with that id, if it is here and of that kind."""
        found = self._by_id.get(statement_id)
        return found.content if found and isinstance(found.content, kind) else None

    def issuer(self, statement_id: str) -> str | None:
        """Who issued the statement with that id, if it is here."""
        found = self._by_id.get(statement_id)
        return found.envelope.header.issuer if found else None

    def operator(self, statement: Statement) -> RegisteredKey | None:
        """The registered key that signed."""
        return self.chain.keys.get(statement.envelope.key_id) if self.chain else None

    def attested(self, gateway: bytes) -> bool:
        """Whether a registrar whom the reader trusts attested the gateway's key."""
        key = self.chain.keys.get(gateway) if self.chain else None
        if key is None or key.role is not Role.GATEWAY:
            return False
        return not self.trust.trusted_registrars.isdisjoint(key.attested_by)

    def maker(self, statement: Statement) -> Maker:
        """Whose statement it is."""
        key = self.operator(statement)
        return key.operator if key else statement.envelope.header.issuer

    def makers(self, lot: Lot) -> list[Maker]:
        """Who has a record of a lot of this name in the bundle."""
        return [maker for maker, named in self.records if named == lot]

    def lots(self) -> list[tuple[Lot, Statement, BatchRecord]]:
        """Each lot with its current record: the one that the chain points to, else the last in the log."""
        return [(lot, *self._current(maker, lot)) for maker, lot in self.records]

    def used(self) -> list[tuple[Lot, Statement, BatchRecord]]:
        """`lots`, and each earlier record on which a footprint rests that goes into another lot."""
        found = {statement.id: (lot, statement, record) for lot, statement, record in self.lots()}
        named = {line.footprint for pairs in self.records.values() for _, r in pairs for line in r.inputs or ()}
        for statement_id in sorted(name for name in named if name):
            printed = self.footprints.get(statement_id)
            rests = self.version(printed[1].of, printed[1].record) if printed else None
            if rests:
                found.setdefault(rests[0].id, (rests[1].of, *rests))
        return list(found.values())

    def record(self, lot: Lot) -> Signed | None:
        """The current record of the lot that has one maker here."""
        makers = self.makers(lot)
        return self._current(makers[0], lot) if makers else None

    def shown(self) -> Footprint | None:
        """The lot's main footprint, whose number a passport shows: the last that the bundle has of its current
        record."""
        record = self.record(self.bundle.lot)
        of_it = (f for _, f in reversed(self.footprints.values()) if record and f.record == record[0].id)
        return next(of_it, None)

    def _current(self, maker: Maker, lot: Lot) -> Signed:
        versions = sorted(self.records[maker, lot], key=lambda r: r[0].index)
        on_chain = self.on_chain_by(versions[-1][0], lot)
        pointed = on_chain.current.leaf if on_chain else None
        return next((signed for signed in versions if signed[0].leaf == pointed), versions[-1])

    def version(self, lot: Lot, record_id: str) -> Signed | None:
        """The record of the lot with that statement id, current or not."""
        found = self._by_id.get(record_id)
        if found is None or not isinstance(found.content, BatchRecord) or found.content.of != lot:
            return None
        return found, found.content

    def on_chain_by(self, statement: Statement, lot: Lot) -> LotRecord | None:
        """The lot on chain, under the operator whose key signed `statement`."""
        key = self.operator(statement)
        return self.chain.lots.get(lot_id(key.operator, lot)) if self.chain and key else None

    def pointer_under_way(self, statement: Statement) -> bool:
        """Whether the chain may not have been told yet that its lot points to this record."""
        log_id = statement.envelope.header.log.log_id
        return self.chain is not None and self.chain.pointer_under_way(log_id, statement.index)

    def plan(self, record: BatchRecord) -> tuple[Statement, MeteringPlan] | None:
        """The metering plan that the record names, if it is here; whether it may name it is another matter."""
        found = self._by_id.get(record.plan)
        if found is None or not isinstance(found.content, MeteringPlan):
            return None
        return found, found.content

    def sources(self) -> Sources:
        """Where a calculation finds what a footprint names."""
        return Sources(self.factor, self.footprint, self.period, self.certificate)

    def withheld(self, statement_id: str) -> bool:
        """Whether the statement is here without its body."""
        found = self._by_id.get(statement_id)
        return found is not None and found.content is None

    def is_read(self, statement_id: str) -> bool:
        """Whether the statement is here with what it says."""
        found = self._by_id.get(statement_id)
        return found is not None and found.content is not None

    def maker_of(self, statement_id: str) -> Maker | None:
        """Whose statement that is, if it is here."""
        found = self._by_id.get(statement_id)
        return self.maker(found) if found else None

    def period(self, statement_id: str) -> EnergyPeriod:
        """The energy period named; raises `InvalidInput` where it is not here."""
        found = self.content(statement_id, EnergyPeriod)
        if found is None:
            raise InvalidInput("period", "the energy period that the footprint names is missing")
        return found

    def certificate(self, statement_id: str) -> Cancellation:
        """The cancellation named; raises `InvalidInput` where it is not here."""
        if statement_id not in self.cancellations:
            raise InvalidInput("certificates", "the cancellation that the footprint names is missing")
        return self.cancellations[statement_id][1]

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
