"""Corrections over a whole log: each names what it says, and nothing was superseded without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from leafproof import body
from leafproof.correction import Change, Correction
from leafproof.footprint import Footprint, factors_used
from leafproof.record import BatchRecord
from leafproof.replay.report import ReplayReport
from leafproof.verification.statements import Statement


@dataclass(slots=True)
class Corrections:
    """`statements` are all that the logs said so far, by id; `withheld` those without bodies."""

    report: ReplayReport
    operator_of: Callable[[Statement], bytes]
    statements: dict[str, Statement]
    withheld: dict[str, Statement]
    _due: dict[str, Statement] = field(default_factory=dict)  # what a correction has to name, by its id

    def record(self, statement: Statement, record: BatchRecord) -> None:
        """A batch record: one that supersedes needs a reason."""
        if record.supersedes is not None:
            self._due[statement.id] = statement

    def footprint(self, statement: Statement, stated: Footprint) -> None:
        """A footprint: one that supersedes another of the same record, with other factors, needs a reason."""
        before = self.statements.get(stated.supersedes or "")
        if before is None or not isinstance(before.content, Footprint) or before.content.record != stated.record:
            return
        told = None not in (stated.components, before.content.components)
        if told and factors_used(stated) != factors_used(before.content):
            self._due[statement.id] = statement

    def take(self, statement: Statement, said: Correction) -> None:
        """A correction whose key, signature and body are good, in the order of the log."""
        for change in said.changes:
            if {change.old, change.new} & self.withheld.keys() or self._fits(statement, said, change):
                self._due.pop(change.new, None)
            else:
                message = f"{change.new} does not supersede {change.old}, or is not this lot's and operator's"
                self.report.add("correction-differs", statement.index, message)

    def judge(self) -> None:
        """After the whole log was taken: what was superseded without a word."""
        hidden = {
            self.operator_of(s)
            for s in self.withheld.values()
            if s.envelope.header.content_type == body.CORRECTION
        }
        for statement in self._due.values():
            if self.operator_of(statement) not in hidden:
                message = "it supersedes another statement, and no correction says why"
                self.report.add("correction-hidden", statement.index, message)

    def _fits(self, statement: Statement, said: Correction, change: Change) -> bool:
        old, new = self.statements.get(change.old), self.statements.get(change.new)
        if old is None or new is None:
            return False
        makers = {self.operator_of(one) for one in (statement, old, new)}
        kind = Footprint if said.what == "factor" else BatchRecord
        if len(makers) > 1 or not isinstance(old.content, kind) or not isinstance(new.content, kind):
            return False
        return old.content.of == new.content.of == said.of and new.content.supersedes == change.old
