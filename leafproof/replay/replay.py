"""Rebuilding a log from its entries, in order, against what the chain holds.

First, what the log's owner received of other companies is verified (`leafproof.replay.received`). Then, for each
entry:

1. it is a statement, for this log; its key was in force when it was anchored, its signature verifies, its body is
   the one signed: this needs no other entry, and is `leafproof.replay.checking`;
2. its leaf hash is the one the log claims, and at each anchored size the root is the chain's, as it is at the size
   of the checkpoint that witnesses cosigned (`_grow`);
3. it is logged once (`_entry`);
4. by kind, frames give readings, and plans, records, footprints and factor sets are recomputed from all that
   stood in the log before them (`leafproof.replay.lots`, `leafproof.replay.footprints`).

Then, over the whole: gateways' streams, lots against the chain, shares, claims of certificates, labels, rollups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice

from leafproof import tree
from leafproof.chain.view import ChainView, LogRecord
from leafproof.replay import received
from leafproof.replay.certificates import Certificates
from leafproof.replay.checking import Checked, FrameFacts, Part, Rules, Spread, one_by_one
from leafproof.replay.classified import Classifications
from leafproof.replay.export import CHUNK
from leafproof.replay.known import Known
from leafproof.replay.labels import Labels
from leafproof.replay.lots import Lots
from leafproof.replay.report import ReplayReport
from leafproof.replay.rollups import Sums
from leafproof.replay.source import LogSource
from leafproof.replay.streams import Frames
from leafproof.replay.witnessed import Witnessed
from leafproof.trust import Trust
from leafproof.verification.evidence import Evidence
from leafproof.verification.shelf import MemoryShelf, Shelf

Progress = Callable[[int, int], None]


def replay(
    source: LogSource,
    trust: Trust,
    chain: ChainView,
    progress: Progress | None = None,
    known: Known | None = None,
    spread: Spread = one_by_one,
    shelf: Shelf | None = None,
) -> ReplayReport:
    """Replay one log; `progress(done, total)` counts entries, `known` is shared by logs that are replayed
    together, for a lot may be made from another log's lot; `spread` checks the parts of the log, and whoever does
    it, the report is the same; `shelf` keeps what a long log has too much of for the memory. Raises nothing on
    hostile input, and what `spread` and `shelf` raise."""
    return _Replay(source, trust, chain, known or Known(), shelf or MemoryShelf()).run(progress, spread)


class _Replay:
    def __init__(self, source: LogSource, trust: Trust, chain: ChainView, known: Known, shelf: Shelf) -> None:
        self._source, self._trust, self._chain = source, trust, chain
        self._report = ReplayReport(source.ref.log_id.hex())
        self._frontier = tree.Frontier()
        self._log = chain.logs.get(source.ref.log_id)
        self._roots = {h.size: h.root for h in self._log.heads} if self._log else {}
        self._seen: dict[bytes, int] = {}  # all but frames
        self._streams: dict[bytes, Frames] = defaultdict(lambda: Frames(shelf))
        self._evidence = Evidence(shelf)
        self._sums = Sums(self._evidence)
        self._lots = Lots(self._report, chain, source.ref, self._evidence, known)
        self._certificates = Certificates(self._report, chain, known.statements, trust.trusted_registrars)
        self._labels = Labels(self._report, chain, known.statements)
        self._classified = Classifications(self._report, chain, known.statements)
        self._known = known
        self._checked = 0
        self._settled = chain.settled(source.ref.log_id)
        self._witnessed = Witnessed(source, trust)

    def run(self, progress: Progress | None, spread: Spread) -> ReplayReport:
        """All steps, in the order of the module's docstring."""
        self._known_log()
        received.take(
            self._source.received(), self._source.ref, self._trust, self._chain, self._known, self._report
        )
        rules = Rules.of(self._source.ref, self._trust, self._chain)
        for several in spread(rules, self._parts()):
            for one in several:
                self._entry(one)
            if progress:
                progress(self._frontier.size, self._source.size)
        if self._settled >= self._frontier.size:
            self._lots.settle()
        self._ends(self._log)
        self._witnessed.judge(self._report)
        for frames in self._streams.values():
            frames.judge(self._report)
        self._lots.against_chain()
        self._certificates.against_chain()
        self._labels.against_chain()
        self._classified.against_chain()
        self._report.energy = self._lots.energy()
        self._sums.compare(self._source.rollups(), self._report)
        for fault_index, message in self._source.faults():  # last: everything was read by now
            self._report.add("unreadable", fault_index, message)
        return self._report

    def _parts(self) -> Iterator[Part]:
        """The log in parts of a file each; the claimed hashes of a part are asked for before the next is read."""
        entries, start = self._source.entries(), 0
        while found := list(islice(entries, CHUNK)):
            yield Part(start, found, [self._source.leaf_hash(start + i) for i in range(len(found))])
            start += len(found)

    def _known_log(self) -> None:
        ref = self._source.ref
        if (ref.chain_id, ref.contract) != (self._trust.chain_id, self._trust.log_contract):
            self._report.add(
                "log-unknown", None, "the log is on another chain or contract than your trust file names"
            )
        elif self._log is None:
            self._report.add("log-unknown", None, "the chain knows no such log")

    def _entry(self, one: Checked) -> None:
        index = self._frontier.size
        if index == self._settled:
            self._lots.settle()
        self._grow(index, one)
        if one.kind:
            self._report.statements[one.kind] += 1
            if one.place is None:
                first = self._seen.setdefault(one.statement_id, index)
            else:
                opening = one.said.opening if isinstance(one.said, FrameFacts) else None
                first = self._streams[one.key_id].add(index, one.place, one.statement_id, opening)
            if first != index:
                self._report.add("duplicate", index, f"the statement is entry {first} already")
        for kind, message in one.findings:
            self._report.add(kind, index, message)
        self._report.withheld += one.withheld
        if not one.good:
            return
        if isinstance(one.said, FrameFacts):
            mode = one.place.mode if one.place else ""
            self._evidence.take(one.key_id, one.said.facility, one.said.series)
            self._sums.take(one.key_id, one.said.facility, mode, one.said.series)
            self._report.readings += one.said.readings
        elif one.said is None:
            self._evidence.withhold(one.key_id)
            self._sums.withhold(one.key_id)
        elif one.said.content is not None:
            self._lots.take(one.said)
            self._certificates.take(one.said)
            self._labels.take(one.said)
            self._classified.take(one.said)
        else:
            self._lots.withhold(one.said)

    def _grow(self, index: int, one: Checked) -> None:
        for kind, message in one.unfit:
            self._report.add(kind, index, message)
        self._frontier.append(one.leaf)
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
