"""Classifications of lots, judged as a reader judges them (check 10), from chain and log alone."""

from __future__ import annotations

from leafproof.chain.view import ChainView
from leafproof.classification import Classified, LivingList
from leafproof.replay.report import ReplayReport
from leafproof.verification.classified import judge
from leafproof.verification.report import Status
from leafproof.verification.statements import Statement


class Classifications:
    """What one log says of categories; `statements` are those of all logs replayed so far, by id."""

    def __init__(self, report: ReplayReport, chain: ChainView, statements: dict[str, Statement]) -> None:
        self._report, self._chain, self._statements = report, chain, statements
        self._taken: list[tuple[Statement, Classified]] = []

    def take(self, statement: Statement) -> None:
        """A classification whose key, signature and body are good."""
        if isinstance(statement.content, Classified):
            self._taken.append((statement, statement.content))

    def against_chain(self) -> None:
        """All of them, after the whole log was taken. Without the list that one names, its categories stand."""
        for statement, said in self._taken:
            maker = self._chain.keys[statement.envelope.key_id].operator
            stated = self._statements.get(said.content)
            rules = stated.content if stated and isinstance(stated.content, LivingList) else None
            finding = judge(self._chain, maker, statement.envelope.header.issued_at, said, rules)
            if finding.status is Status.FAIL:
                self._report.add("category-differs", statement.index, finding.text())
