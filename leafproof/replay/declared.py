"""Declared footprints over a whole log: is each the mean of *all* lots of its period that stood before it?

This is where picking the good lots fails: records and footprints are taken in the order of the log, so that at a
declared footprint's own entry it is known which lots it had to name. What came after it makes it outdated, which
is noted and no discrepancy: the next one supersedes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from leafproof import body, declared
from leafproof.declared import DeclaredFootprint, DeclaredLot
from leafproof.errors import LeafproofError
from leafproof.footprint import Footprint
from leafproof.record import BatchRecord
from leafproof.replay.report import ReplayReport
from leafproof.structs import differences
from leafproof.verification.declared import is_over
from leafproof.verification.statements import Statement

_NAMED = 5  # lots that a message names; the rest is counted

Place = tuple[bytes, str, str, str]  # operator, GTIN, facility, method
Stated = tuple[Statement, DeclaredFootprint]


@dataclass(frozen=True, slots=True)
class Made:
    """A lot's newest record, and its newest footprint by a method."""

    record: Statement
    facts: BatchRecord
    footprint: Callable[[str], Statement | None]


@dataclass(slots=True)
class Declarations:
    """`made` gives an operator's lots as far as the log was taken; `withheld` are statements without bodies."""

    report: ReplayReport
    operator_of: Callable[[Statement], bytes]
    made: Callable[[bytes], Iterable[Made]]
    withheld: dict[str, Statement]
    superseded: set[str] = field(default_factory=set)  # statement ids
    _newest: dict[Place, list[Stated]] = field(default_factory=lambda: defaultdict(list))

    def take(self, statement: Statement, stated: DeclaredFootprint) -> None:
        """A declared footprint whose key, signature and body are good, in the order of the log."""
        operator = self.operator_of(statement)
        self._one_answer(operator, statement, stated)
        if stated.size != statement.index:
            message = f"it speaks for the first {stated.size} entries and stands at entry {statement.index}"
            self.report.add("declared-differs", statement.index, message)
        if stated.lots is None or self._hidden(operator):
            return
        try:
            expected = self._expected(operator, statement, stated)
            if expected is None:
                return
            self._complete(statement, stated.lots, expected)
            over = is_over(statement, stated)
            computed = declared.calculate(stated, expected, stated.size, over, stated.supersedes)
        except LeafproofError as error:
            self.report.add("declared-differs", statement.index, error.message)
            return
        for part, given, wanted in differences(stated, computed):
            if part != "lots":
                message = f"{part}: stated {given}, recomputed {wanted}"
                self.report.add("declared-differs", statement.index, message)

    def judge(self) -> None:
        """Note those that what came later made outdated; after the whole log was taken."""
        for (operator, *_), several in self._newest.items():
            for statement, stated in several:
                if stated.lots is None or self._hidden(operator):
                    continue
                now = {line.lot: line for line in self._lines(operator, stated)}
                known = {line.lot: line for line in stated.lots}
                changed = sum(now.get(lot) != known.get(lot) for lot in now.keys() | known.keys())
                if changed:
                    message = f"{changed} lots of its period were recorded or changed after it"
                    self.report.note("declared-outdated", statement.index, message)

    def _one_answer(self, operator: bytes, statement: Statement, stated: DeclaredFootprint) -> None:
        """For one product, plant, method and time only one may stand, and it may be superseded once."""
        newest = self._newest[operator, stated.gtin, stated.facility, stated.method]
        before = next((one for one in newest if one[0].id == stated.supersedes), None)
        if before is not None:
            newest.remove(before)
            self.superseded.add(before[0].id)
            if not stated.contains(before[1]):
                message = f"it supersedes entry {before[0].index} and does not cover all of its period"
                self.report.add("two-declared", statement.index, message)
        elif stated.supersedes is not None and stated.supersedes not in self.withheld:
            message = "what it supersedes is no declared footprint of this product and plant that stood before it"
            self.report.add("two-declared", statement.index, message)
        for other, rival in newest:
            if rival.clashes(stated):
                message = f"its period overlaps that of entry {other.index}, which it does not supersede"
                self.report.add("two-declared", statement.index, message)
        newest.append((statement, stated))

    def _hidden(self, operator: bytes) -> bool:
        """Whether a record or footprint of the operator is withheld: then nobody knows what it is about."""
        kinds = (body.BATCH_RECORD, body.FOOTPRINT)
        return any(
            s.envelope.header.content_type in kinds and self.operator_of(s) == operator
            for s in self.withheld.values()
        )

    def _expected(
        self, operator: bytes, statement: Statement, stated: DeclaredFootprint
    ) -> list[DeclaredLot] | None:
        """The lines that it had to name; None where outputs are withheld."""
        covered = [m for m in self.made(operator) if stated.covers(m.facts)]
        if any(m.facts.outputs is None for m in covered):
            return None
        lacking = [m.facts.lot for m in covered if _line(m, stated.method) is None]
        if lacking:
            message = f"{_listed(lacking)}: no footprint of the newest record by {stated.method} stood before it"
            self.report.add("declared-incomplete", statement.index, message)
        return self._lines(operator, stated)

    def _lines(self, operator: bytes, stated: DeclaredFootprint) -> list[DeclaredLot]:
        covered = (m for m in self.made(operator) if stated.covers(m.facts) and m.facts.outputs is not None)
        return [line for m in covered if (line := _line(m, stated.method)) is not None]

    def _complete(self, statement: Statement, named: Iterable[DeclaredLot], expected: list[DeclaredLot]) -> None:
        given, wanted = {line.lot: line for line in named}, {line.lot: line for line in expected}
        if left_out := sorted(wanted.keys() - given.keys()):
            message = f"it leaves out {_listed(left_out)}, recorded before it and of its period"
            self.report.add("declared-incomplete", statement.index, message)
        if added := sorted(given.keys() - wanted.keys()):
            message = f"it names {_listed(added)}, of which the log has no footprint in its period"
            self.report.add("declared-incomplete", statement.index, message)
        if differing := sorted(lot for lot in given.keys() & wanted.keys() if given[lot] != wanted[lot]):
            message = f"{_listed(differing)}: not the newest footprint, or other numbers than it has"
            self.report.add("declared-differs", statement.index, message)


def _line(made: Made, method: str) -> DeclaredLot | None:
    printed = made.footprint(method)
    if printed is None or not isinstance(printed.content, Footprint) or printed.content.record != made.record.id:
        return None
    return DeclaredLot.of(made.facts, printed.id, printed.content)


def _listed(lots: list[str]) -> str:
    more = len(lots) - _NAMED
    return f"lots {', '.join(lots[:_NAMED])}" + (f" and {more} more" if more > 0 else "")
