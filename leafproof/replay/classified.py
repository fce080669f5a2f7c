"""Classifications of lots, judged as a reader judges them (check 10), from chain and log alone."""

from __future__ import annotations

from leafproof.chain.view import Address, ChainView, lot_id
from leafproof.classification import Classified, LivingList
from leafproof.record import BatchRecord
from leafproof.replay.report import ReplayReport
from leafproof.verification.classified import judge
from leafproof.verification.report import Status
from leafproof.verification.statements import Statement


class Classifications:
    """What one log says of categories; `statements` are those of all logs replayed so far, by id."""

    def __init__(self, report: ReplayReport, chain: ChainView, statements: dict[str, Statement]) -> None:
        self._report, self._chain, self._statements = report, chain, statements
        self._taken: list[tuple[Statement, Classified]] = []
        self._records: dict[bytes, Statement] = {}  # the newest, by lot id

    def take(self, statement: Statement) -> None:
        """A classification, or a record, whose key, signature and body are good."""
        if isinstance(statement.content, BatchRecord):
            self._records[lot_id(self._operator(statement), statement.content.of)] = statement
        if isinstance(statement.content, Classified):
            self._taken.append((statement, statement.content))

    def _operator(self, statement: Statement) -> Address:
        return self._chain.keys[statement.envelope.key_id].operator

    def _under_way(self, maker: Address, said: Classified) -> bool:
        """Whether nobody can be blamed yet that the maker has no such lot on the chain: a record of it is here."""
        record = self._records.get(lot_id(maker, said.of))
        log_id = record.envelope.header.log.log_id if record else b""
        return record is not None and self._chain.pointer_under_way(log_id, record.index)

    def against_chain(self) -> None:
        """All of them, after the whole log was taken. Without the list that one names, its categories stand."""
        for statement, said in self._taken:
            maker, issued_at = self._operator(statement), statement.envelope.header.issued_at
            stated = self._statements.get(said.content)
            rules = stated.content if stated and isinstance(stated.content, LivingList) else None
            finding = judge(self._chain, maker, issued_at, said, rules, self._under_way(maker, said))
            if finding.status is Status.FAIL:
                self._report.add("category-differs", statement.index, finding.text())
