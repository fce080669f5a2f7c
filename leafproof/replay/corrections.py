"""Corrections over a whole log: each names what it says, and nothing was superseded without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from leafproof import body
from leafproof.correction import Change, Correction
from leafproof.footprint import Footprint, chosen_anew, parents_used
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
    # What a correction has to name, by its id, and what it is that needs a reason.
    _due: dict[str, tuple[Statement, str]] = field(default_factory=dict)

    def record(self, statement: Statement, record: BatchRecord) -> None:
        """A batch record: one that supersedes needs a reason."""
        if record.supersedes is not None:
            self._due[statement.id] = statement, "it supersedes another statement"

    def footprint(self, statement: Statement, stated: Footprint) -> None:
        """A footprint: one that supersedes another by other choices of the issuer needs a reason, and that the
        record was corrected is none."""
        before = self._footprint(stated.supersedes)
        if before is None:
            return
        changed = chosen_anew(before, stated)
        if self._goes_back(before, stated):
            changed = (*changed, "parents")
        if changed:
            self._due[statement.id] = statement, f"it supersedes another statement by other {', '.join(changed)}"

    def _footprint(self, statement_id: str | None) -> Footprint | None:
        found = self.statements.get(statement_id or "")
        return found.content if found and isinstance(found.content, Footprint) else None

    def _goes_back(self, before: Footprint, after: Footprint) -> bool:
        """Whether an input lot counts with a footprint that does not follow on the one before."""
        old, new = parents_used(before), parents_used(after)
        return not all(self._follows(new[lot], old[lot]) for lot in old.keys() & new.keys())

    def _follows(self, newer: str, older: str) -> bool:
        """Whether `newer` is `older` or supersedes it, as far as the versions between are known."""
        found: str | None = newer
        while found is not None and found != older:
            content = self._footprint(found)
            if content is None:
                return True  # another log's, or withheld
            found = content.supersedes
        return found == older

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
        for statement, what in self._due.values():
            if self.operator_of(statement) not in hidden:
                self.report.add("correction-hidden", statement.index, f"{what}, and no correction says why")

    def _fits(self, statement: Statement, said: Correction, change: Change) -> bool:
        old, new = self.statements.get(change.old), self.statements.get(change.new)
        if old is None or new is None:
            return False
        makers = {self.operator_of(one) for one in (statement, old, new)}
        kind = Footprint if said.what == "factor" else BatchRecord
        if len(makers) > 1 or not isinstance(old.content, kind) or not isinstance(new.content, kind):
            return False
        return old.content.of == new.content.of == said.of and new.content.supersedes == change.old
