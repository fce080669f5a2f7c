"""Replay and witnesses: is the log that was handed over the one that the trust file's witnesses cosigned?"""

from __future__ import annotations

from leafproof.checkpoint import Checkpoint, origin_of
from leafproof.errors import LeafproofError
from leafproof.note import Note
from leafproof.replay.report import ReplayReport
from leafproof.replay.source import LogSource
from leafproof.tree import Frontier
from leafproof.trust import Trust


class Witnessed:
    """Compares the log's published checkpoint with the tree that is rebuilt from its entries."""

    def __init__(self, source: LogSource, trust: Trust) -> None:
        self._required = trust.witnesses_required
        self._head: Checkpoint | None = None
        self._names: list[str] = []
        self._rebuilt: bytes | None = None
        data = source.checkpoint()  # read by whoever trusts no witness too: what was handed over is looked at
        if data is None or not trust.witnesses:
            return
        try:
            read = Note.decode(data)
            head = Checkpoint.parse(read.text)
            if head.origin == origin_of(source.ref):
                self._names = [found.by.name for found in read.signed_by(trust.trusted_witnesses)]
                self._head = head
        except LeafproofError:
            return  # it counts for nobody

    def grown(self, size: int, tree: Frontier) -> None:
        """The tree has `size` entries now."""
        if self._head is not None and size == self._head.size:
            self._rebuilt = tree.root()

    def judge(self, report: ReplayReport) -> None:
        """Once the tree is whole, and the report says what the chain holds."""
        covered = self._head.size if self._head else 0
        if self._head and self._names and self._rebuilt not in (None, self._head.root):
            message = f"{', '.join(self._names)} cosigned another root of {covered} entries than the entries give"
            report.add("split-view", covered - 1, message)
        if not self._required:
            return
        if len(self._names) < self._required or covered < report.anchored_size or covered > report.size:
            message = (
                f"a head of {covered} entries is cosigned by {len(self._names)} of the witnesses whom you trust; "
                f"you demand {self._required}, for the {report.anchored_size} entries that the chain holds"
            )
            report.add("unwitnessed", None, message)
