"""Classifications of lots, recomputed: by the version of the living list in force then, and what follows of it."""

from __future__ import annotations

from leafproof.chain.view import ChainView
from leafproof.classification import Classified, LivingList, in_force
from leafproof.replay.report import ReplayReport
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
        """All of them, after the whole log was taken."""
        for statement, said in self._taken:
            for message in self._faults(statement, said):
                self._report.add("category-differs", statement.index, f"lot {said.of}: {message}")

    def _faults(self, statement: Statement, said: Classified) -> list[str]:
        maker = self._chain.keys[statement.envelope.key_id].operator
        if self._chain.lot(maker, said.of) is None:
            return ["it is classified by an operator who has no such lot on the chain"]
        held = in_force(self._chain.list_versions, statement.envelope.header.issued_at)
        if held is None or (held.version, held.content.hex()) != (said.version, said.content):
            number = held.version if held else 0
            return [f"version {said.version} of the living list was not in force, but version {number}"]
        stated = self._statements.get(said.content)
        if stated is None or not isinstance(stated.content, LivingList):
            return []
        expected = stated.content.categories(said.edition, said.code, said.evidence)
        if expected == said.categories:
            return []
        return [f"its categories are {', '.join(expected) or 'none'}, not {', '.join(said.categories) or 'none'}"]
