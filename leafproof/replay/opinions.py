"""Opinions over a whole log: on what was declared before them, by somebody else, and one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from leafproof.declared import DeclaredFootprint
from leafproof.opinion import Opinion
from leafproof.replay.report import ReplayReport
from leafproof.verification.statements import Statement


@dataclass(slots=True)
class Opinions:
    """`statements` are all that the logs said so far, by id; `withheld` those without bodies."""

    report: ReplayReport
    operator_of: Callable[[Statement], bytes]
    statements: dict[str, Statement]
    withheld: dict[str, Statement]
    _newest: dict[tuple[bytes, str], tuple[Statement, Opinion]] = field(default_factory=dict)

    def take(self, statement: Statement, said: Opinion) -> None:
        """An opinion whose key, signature and body are good, in the order of the log."""
        place = (self.operator_of(statement), said.declared)
        before = self._newest.get(place)
        if (before[0].id if before else None) != said.supersedes and said.supersedes not in self.withheld:
            other = (
                f"entry {before[0].index} stands, which it does not supersede" if before else "none stood before"
            )
            self.report.add(
                "two-opinions", statement.index, f"of this verifier on this declared footprint {other}"
            )
        self._newest[place] = (statement, said)
        if said.declared in self.withheld:
            return
        named = self.statements.get(said.declared)
        if named is None or not isinstance(named.content, DeclaredFootprint):
            message = "what it is on is no declared footprint that stood before it"
            self.report.add("opinion-differs", statement.index, message)
            return
        if self.operator_of(named) == place[0]:
            message = f"entry {named.index} was declared by the same operator"
            self.report.add("opinion-own", statement.index, message)
        if part := said.differing(named.id, named.content):
            message = f"{part} is not what entry {named.index} says, or does not cover it"
            self.report.add("opinion-differs", statement.index, message)

    def judge(self, superseded: set[str]) -> None:
        """Note opinions that support what is no longer declared; after the whole log was taken."""
        for statement, said in self._newest.values():
            if said.supports and said.declared in superseded:
                self.report.note("opinion-outdated", statement.index, "what it is on was superseded since")
