"""Stages after the gate over a whole log: recomputed from factor sets that stood before them, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from leafproof import lifecycle
from leafproof.errors import LeafproofError
from leafproof.factors import Factor
from leafproof.footprint import FactorRef
from leafproof.lifecycle import Lifecycle
from leafproof.replay.report import ReplayReport
from leafproof.values import Lot
from leafproof.verification.statements import Statement


@dataclass(slots=True)
class Stages:
    """`factor` finds a factor in what the logs said so far; `withheld` are statements without bodies."""

    report: ReplayReport
    operator_of: Callable[[Statement], bytes]
    factor: Callable[[FactorRef], Factor]
    withheld: dict[str, Statement]
    _newest: dict[tuple[bytes, Lot, str, str], str] = field(default_factory=dict)

    def take(self, statement: Statement, stated: Lifecycle) -> None:
        """A stage whose key, signature and body are good, in the order of the log."""
        place = (self.operator_of(statement), stated.of, stated.stage, stated.name)
        before = self._newest.get(place)
        if before != stated.supersedes and stated.supersedes not in self.withheld:
            message = f"lot {stated.of} has another {stated.stage} of this name, which this does not supersede"
            self.report.add("two-stages", statement.index, message)
        self._newest[place] = statement.id
        if {line.factor.set for line in stated.lines if line.factor} & self.withheld.keys():
            return
        try:
            computed = lifecycle.calculate(stated, self.factor)
        except LeafproofError as error:
            self.report.add("stage-differs", statement.index, error.message)
            return
        if computed != stated:
            message = f"stated {stated.per_tonne}, recomputed {computed.per_tonne}, or its lines differ"
            self.report.add("stage-differs", statement.index, message)
