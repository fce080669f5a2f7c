"""Footprints, recomputed from facts, factors and certificates alone, in the order of the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from leafproof import calculation, footprint
from leafproof.certificate import Cancellation
from leafproof.declared import method_of
from leafproof.envelope import LogRef
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.factors import Factor, FactorSet
from leafproof.footprint import FactorRef, Footprint
from leafproof.period import EnergyPeriod
from leafproof.record import BatchRecord
from leafproof.replay.known import Known
from leafproof.replay.report import ReplayReport
from leafproof.structs import differences
from leafproof.values import Lot
from leafproof.verification.statements import Statement

T = TypeVar("T")


class Footprints:
    """What the log says of footprints, taken one by one; `noted` is told of each that is its record's.

    `absent` are footprints of input lots that were not there when they were used, by the record that names each
    first.
    """

    def __init__(
        self,
        report: ReplayReport,
        ref: LogRef,
        operator: Callable[[Statement], bytes],
        known: Known,
        noted: Callable[[Statement, Footprint], None],
    ) -> None:
        self._report, self._ref, self._operator, self._noted = report, ref, operator, noted
        self._statements, self._withheld = known.statements, known.withheld
        self.absent: dict[str, Statement] = {}
        self._newest: dict[tuple[bytes, Lot, str], Statement] = {}  # by maker, lot, profile

    def take(self, statement: Statement, stated: Footprint) -> None:
        """One, whose record was taken before it."""
        if stated.record in self._withheld:
            return
        record = self._statements.get(stated.record)
        if record is None or not isinstance(record.content, BatchRecord) or record.content.of != stated.of:
            self._report.add(
                "footprint-differs", statement.index, "the batch record that it names is not its lot's"
            )
            return
        if self._operator(statement) != self._operator(record):
            message = "the footprint is not by the operator of the batch record"
            self._report.add("footprint-foreign", statement.index, message)
        place = (self._operator(statement), stated.of, stated.profile.id)
        before = self._newest.get(place)
        if before and stated.supersedes != before.id:
            message = (
                f"lot {stated.of} has a footprint by {stated.profile.id} already, entry {before.index}, which this"
                " does not supersede"
            )
            self._report.add("two-footprints", statement.index, message)
        elif not before and self._is_elsewhere(stated, place):
            message = "what it supersedes is another maker's, or another lot's or profile's"
            self._report.add("two-footprints", statement.index, message)
        self._newest[place] = statement
        self._noted(statement, stated)
        period = self._statements.get(stated.period or "")
        if period is not None and self._operator(period) != self._operator(record):
            message = "the energy period is not by the operator of the batch record"
            self._report.add("footprint-foreign", statement.index, message)
        rests_elsewhere = self._rests_elsewhere(record, record.content, stated)
        if not rests_elsewhere and not self._rests_on_what_is_withheld(stated, record.content):
            self._calculate(statement, stated, record.id, record.content)

    def _is_elsewhere(self, stated: Footprint, place: tuple[bytes, Lot, str]) -> bool:
        """Whether what it supersedes is known, in any log, as about something else than `place`."""
        named = self._statements.get(stated.supersedes or "")
        if named is None:
            return False
        before = named.content
        own = isinstance(before, Footprint) and (self._operator(named), before.of, before.profile.id) == place
        return not own

    def _rests_on_what_is_withheld(self, stated: Footprint, facts: BatchRecord) -> bool:
        if None in (stated.components, stated.prices, facts.outputs, facts.inputs, facts.activity):
            return True
        sets = {ref.set for c in stated.components or () for ref in c.factors}
        parents = {line.footprint for line in facts.inputs or ()} | set(footprint.parents_used(stated).values())
        cancelled = {one.cancellation for one in stated.certificates}
        return bool((sets | parents | cancelled | {stated.period}) & self._withheld.keys())

    def _rests_elsewhere(self, statement: Statement, facts: BatchRecord, stated: Footprint) -> bool:
        """Whether the footprint of an input lot was not handed over: another log's, as far as one can tell."""
        named = [str(line.footprint) for line in facts.inputs or () if line.parent is not None]
        named += footprint.parents_used(stated).values()
        absent = [n for n in named if n not in self._statements and n not in self._withheld]
        for name in absent:
            self.absent.setdefault(name, statement)
        return bool(absent)

    def _calculate(self, statement: Statement, stated: Footprint, record_id: str, facts: BatchRecord) -> None:
        try:
            computed = calculation.calculate(
                facts,
                record_id,
                stated.profile,
                footprint.choices_of(stated),
                calculation.Sources(self.factor, self._parent, self._period, self._certificate),
                stated.supersedes,
            )
        except LeafproofError as error:
            self._report.add("footprint-differs", statement.index, error.message)
            return
        for part, given, expected in differences(stated, computed):
            self._report.add(
                "footprint-differs", statement.index, f"{part}: stated {given}, recomputed {expected}"
            )

    def factor(self, ref: FactorRef) -> Factor:
        """The one that a statement names; raises `InvalidInput` where its set is not in the log before it."""
        return self._named(ref.set, FactorSet, "factor", "factor set that the footprint names").get(ref.id)

    def _period(self, statement_id: str) -> EnergyPeriod:
        return self._named(statement_id, EnergyPeriod, "period", "energy period that the footprint names")

    def _certificate(self, statement_id: str) -> Cancellation:
        return self._named(statement_id, Cancellation, "certificates", "cancellation that the footprint names")

    def _parent(self, statement_id: str) -> Footprint:
        return self._named(statement_id, Footprint, "inputs", "footprint of an input lot")

    def _named(self, statement_id: str, kind: type[T], field: str, what: str) -> T:
        found = self._statements.get(statement_id)
        if found is None or not isinstance(found.content, kind):
            raise InvalidInput(field, f"the {what} is not in the log before it")
        return found.content

    def printed(self, maker: bytes, lot: Lot, method: str) -> Statement | None:
        """A lot's newest footprint by a method."""
        found = self._newest.get((maker, lot, method.partition(" ")[0]))
        by_it = found and isinstance(found.content, Footprint) and method_of(found.content) == method
        return found if by_it else None

    def elsewhere(self) -> None:
        """Input lots whose footprint was not there when it was used: it may stand in another log, and nobody
        handed that over; in this log it stands too late."""
        for name, statement in self.absent.items():
            found = self._statements.get(name)
            if found is None or found.envelope.header.log != self._ref:
                self._report.inputs_elsewhere += 1
            else:
                message = "the footprint of an input lot is not in the log before it"
                self._report.add("footprint-differs", statement.index, message)
