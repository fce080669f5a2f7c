"""Rebuilding a log from its entries, in order, against what the chain holds.

For each entry:

1. its leaf hash is the one the log claims, and at each anchored size the root is the chain's, as it is at the size
   of the checkpoint that witnesses cosigned (`_grow`);
2. it is a statement, for this log, once (`_parse`);
3. its key was in force when it was anchored, its signature verifies, its body is the one signed (`_judge`);
4. by kind, frames give readings, and plans, records, footprints and factor sets are recomputed from all that
   stood in the log before them (`leafproof.replay.lots`).

Then, over the whole: gateways' streams, lots against the chain, shares, rollups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from leafproof import tree
from leafproof.chain.view import ChainView, LogRecord
from leafproof.errors import LeafproofError, Malformed
from leafproof.frame import FrameContent, place_of
from leafproof.keys import public_key
from leafproof.replay.lots import Known, Lots
from leafproof.replay.report import ReplayReport
from leafproof.replay.rollups import Sums
from leafproof.replay.source import Entry, LogSource
from leafproof.replay.witnessed import Witnessed
from leafproof.trust import Trust
from leafproof.verification import key_in_force
from leafproof.verification.evidence import Evidence, Stream
from leafproof.verification.report import Status
from leafproof.verification.statements import Statement

Progress = Callable[[int, int], None]


def replay(
    source: LogSource,
    trust: Trust,
    chain: ChainView,
    progress: Progress | None = None,
    known: Known | None = None,
) -> ReplayReport:
    """Replay one log; `progress(done, total)` counts entries, `known` is shared by logs that are replayed
    together, for a lot may be made from another log's lot. Raises nothing on hostile input."""
    return _Replay(source, trust, chain, known or Known()).run(progress)


class _Replay:
    def __init__(self, source: LogSource, trust: Trust, chain: ChainView, known: Known) -> None:
        self._source, self._trust, self._chain = source, trust, chain
        self._report = ReplayReport(source.ref.log_id.hex())
        self._frontier = tree.Frontier()
        self._log = chain.logs.get(source.ref.log_id)
        self._roots = {h.size: h.root for h in self._log.heads} if self._log else {}
        self._seen: dict[bytes, int] = {}
        self._frames: dict[bytes, list[Statement]] = defaultdict(list)
        self._evidence = Evidence()
        self._sums = Sums()
        self._lots = Lots(self._report, chain, source.ref, self._evidence, known)
        self._checked = 0
        self._witnessed = Witnessed(source, trust)

    def run(self, progress: Progress | None) -> ReplayReport:
        """All steps, in the order of the module's docstring."""
        self._known_log()
        for index, entry in enumerate(self._source.entries()):
            self._entry(index, entry)
            if progress:
                progress(index + 1, self._source.size)
        self._ends(self._log)
        self._witnessed.judge(self._report)
        for frames in self._frames.values():
            self._stream(frames)
        self._lots.against_chain()
        self._report.energy = self._lots.energy()
        self._sums.compare(self._source.rollups(), self._report)
        for fault_index, message in self._source.faults():  # last: everything was read by now
            self._report.add("unreadable", fault_index, message)
        return self._report

    def _known_log(self) -> None:
        ref = self._source.ref
        if (ref.chain_id, ref.contract) != (self._trust.chain_id, self._trust.log_contract):
            self._report.add(
                "log-unknown", None, "the log is on another chain or contract than your trust file names"
            )
        elif self._log is None:
            self._report.add("log-unknown", None, "the chain knows no such log")

    def _entry(self, index: int, entry: Entry | None) -> None:
        self._grow(index, entry)
        statement = self._parse(index, entry) if entry else None
        if statement is None or not self._judge(statement):
            return
        content = statement.content
        if isinstance(content, FrameContent):
            place = place_of(statement.envelope)
            self._evidence.add(statement.envelope.key_id, place, content)
            self._sums.add(statement.envelope.key_id, place, content)
            self._report.readings += content.count
        elif content is not None:
            self._lots.take(statement)
        elif statement.envelope.header.frame is not None:
            self._evidence.withhold(statement.envelope.key_id)
            self._sums.withhold(statement.envelope.key_id)
        else:
            self._lots.withhold(statement)

    def _grow(self, index: int, entry: Entry | None) -> None:
        claimed = self._source.leaf_hash(index)
        leaf = tree.leaf_hash(entry.envelope) if entry else claimed or bytes(32)
        if entry is None:
            self._report.add("missing", index, "the entry was not handed over, or cannot be read")
        elif claimed is not None and claimed != leaf:
            self._report.add("leaf-altered", index, "the entry's hash is not the one that the log holds")
        self._frontier.append(leaf)
        size = index + 1
        self._witnessed.grown(size, self._frontier)
        if size in self._roots:
            self._report.heads += 1
            if self._frontier.root() != self._roots[size]:
                message = f"the first {size} entries do not give the root that the chain holds"
                span = f" (the head before it, of {self._checked} entries, fits)" if self._checked else ""
                self._report.add("root-differs", index, message + span)
            else:
                self._checked = size

    def _parse(self, index: int, entry: Entry) -> Statement | None:
        try:
            statement = Statement.parse(entry.envelope, index, entry.body, entry.disclosures)
        except Malformed as error:
            self._report.add("malformed", index, error.message)
            return None
        self._report.statements[statement.label.partition(",")[0]] += 1
        first = self._seen.setdefault(statement.envelope.statement_id, index)
        if first != index:
            self._report.add("duplicate", index, f"the statement is entry {first} already")
        if statement.envelope.header.log != self._source.ref:
            self._report.add("other-log", index, "the statement was signed for another log")
        if statement.envelope.header.frame is not None:
            self._frames[statement.envelope.key_id].append(statement)
        return statement

    def _judge(self, statement: Statement) -> bool:
        """Whether the statement may be taken at its word."""
        good = True
        for finding in key_in_force.judge(statement, self._chain, self._trust.trusted_registrars):
            if finding.status is Status.FAIL:
                self._report.add("key", statement.index, finding.text())
                good = False
        key = self._chain.keys.get(statement.envelope.key_id)
        if key is None:
            return False
        public = public_key(key.cose)
        try:
            statement.envelope.verify(public)
        except LeafproofError as error:
            self._report.add("signature", statement.index, error.message)
            return False
        if statement.body is None:
            self._report.withheld += 1
        try:
            statement.read(public)
        except LeafproofError as error:
            self._report.add("body", statement.index, error.message)
            return False
        return good

    def _ends(self, log: LogRecord | None) -> None:
        report, size = self._report, self._frontier.size
        report.size, report.root = size, self._frontier.root().hex()
        report.anchored_size = log.heads[-1].size if log and log.heads else 0
        report.unanchored = max(0, size - report.anchored_size)
        if size < report.anchored_size:
            message = f"the chain holds {report.anchored_size} entries, {size} were handed over"
            report.add("log-short", None, message)
        if self._source.size != size:
            report.add("unreadable", None, f"{self._source.size} entries were announced, {size} handed over")

    def _stream(self, frames: list[Statement]) -> None:
        stream = Stream()
        placed = [(place_of(s.envelope), s) for s in frames]
        placed.sort(key=lambda p: (p[0].epoch, p[0].sequence, p[1].index))
        if placed[0][0].previous is not None:
            self._report.add("frame-gap", placed[0][1].index, "the gateway's first frames are missing")
        for place, statement in placed:
            for finding in stream.add(place, statement.envelope.statement_id, "", statement.opening):
                note = self._report.add if finding.status is Status.FAIL else self._report.note
                note(finding.code, statement.index, finding.text())
