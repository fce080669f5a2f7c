"""Labels, recomputed from chain and log: by whom, against which criteria, on what they rest, and where recognised.

Each is judged by the very footprints that its certifier names; what a newer footprint makes of it, is a reader's
check 10.
"""

from __future__ import annotations

from collections import defaultdict

from leafproof.chain.view import Address, ChainView, LabelRecord, lot_id
from leafproof.classification import Classified
from leafproof.declared import DeclaredFootprint
from leafproof.footprint import Footprint
from leafproof.label import KINDS, Label, LabelStatement
from leafproof.opinion import Opinion
from leafproof.record import BatchRecord
from leafproof.replay.report import ReplayReport
from leafproof.verification.classified import Made, made
from leafproof.verification.labels import Case, Subject, judge
from leafproof.verification.report import Status
from leafproof.verification.statements import Statement

_KINDS = {
    "label-unaccredited": "label-unaccredited",
    "label-criterion": "label-criteria",
    "label-used": "label-used",
    "label-claims": "recognition-missing",
    "label-agreement": "recognition-missing",
}
_Of = tuple[Statement, BatchRecord]


class Labels:
    """What one log says of labels; `statements` are those of all logs replayed so far, by id."""

    def __init__(self, report: ReplayReport, chain: ChainView, statements: dict[str, Statement]) -> None:
        self._report, self._chain, self._statements = report, chain, statements
        self._records: dict[bytes, _Of] = {}  # the newest, by lot id
        self._opinions: list[tuple[Address, Opinion]] = []
        self._classified: dict[bytes, list[Made]] = defaultdict(list)  # by lot id

    def take(self, statement: Statement) -> None:
        """A record, opinion or classification whose key, signature and body are good."""
        content = statement.content
        if isinstance(content, BatchRecord):
            self._records[lot_id(self._operator(statement), content.of)] = (statement, content)
        elif isinstance(content, Opinion):
            self._opinions.append((self._operator(statement), content))
        elif isinstance(content, Classified):
            found = made(self._chain, statement, content)
            self._classified[lot_id(self._operator(statement), content.of)].append(found)

    def _operator(self, statement: Statement) -> bytes:
        return self._chain.keys[statement.envelope.key_id].operator

    def against_chain(self) -> None:
        """All labels for lots of this log, after the whole log was taken."""
        for label in self._chain.labels.values():
            if label.subject in self._records:
                self._report.labels += 1
                self._judge(label, *self._records[label.subject])

    def _judge(self, label: LabelRecord, record: Statement, facts: BatchRecord) -> None:
        found = self._find(label.statement)
        maker = self._operator(record)
        operator = self._chain.operators.get(maker)
        if found is None or not isinstance(found[1], Label) or operator is None:
            self._report.labels_unstated += 1
            return
        footprints = self._footprints(found[1], maker, record)
        given = tuple(self._assurances(maker, facts))
        classified = tuple(self._classified[label.subject])
        subject = Subject(str(facts.of), operator.identifier, footprints, given, classified)
        case = Case(self._chain, label, subject, self._find)
        rules = self._find(self._chain.schemes[label.scheme].published[label.version - 1])
        for _, finding in judge(case):
            # What the certifier looked at, he names: without it a criterion was not met.
            unnamed = finding.code == "label-evidence" and rules is not None
            if finding.status is Status.FAIL or unnamed:
                kind = "label-criteria" if unnamed else _KINDS.get(finding.code, "label-differs")
                self._report.add(kind, record.index, finding.text())

    def _footprints(self, stated: Label, maker: Address, record: Statement) -> dict[str, Footprint]:
        """Those that the label names, by profile, of this lot and by its maker."""
        named = {}
        for name in stated.footprints:
            one = self._statements.get(name)
            good = one is not None and isinstance(one.content, Footprint) and one.content.of == stated.of
            if one is None or not good or self._operator(one) != maker:
                message = f"lot {stated.of}: the label names a footprint that is none of the lot's"
                self._report.add("label-differs", record.index, message)
            elif isinstance(one.content, Footprint):
                named[one.content.profile.id] = one.content
        return named

    def _assurances(self, maker: Address, facts: BatchRecord) -> list[str]:
        """Of opinions by others on a footprint that was declared for the lot's product, plant and time."""
        found: list[str] = []
        for signer, said in self._opinions:
            named = self._statements.get(said.declared)
            stated = named.content if named else None
            if signer == maker or not said.supports or not isinstance(stated, DeclaredFootprint):
                continue
            first, last = stated.window
            same = (stated.gtin, stated.facility) == (str(facts.of.gtin), facts.facility)
            if same and first <= facts.run.window[1] <= last:
                found.append(said.assurance)
        return found

    def _find(self, statement_id: bytes) -> tuple[Address | None, LabelStatement] | None:
        one = self._statements.get(statement_id.hex())
        if one is None or not isinstance(one.content, KINDS):
            return None
        return self._operator(one), one.content
