"""A running witness: answers `add-checkpoint`, and follows logs by their checkpoints and tiles.

Both ways lead through one memory, so that a log which shows the public another history than it submits is caught.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from leafproof import witness as rules
from leafproof.checkpoint import Checkpoint
from leafproof.client.http import fetch
from leafproof.client.witness_folder import WatchedLog, WitnessFolder
from leafproof.errors import Malformed, SignatureInvalid
from leafproof.note import MAX_NOTE, Note
from leafproof.tiles import TILE_WIDTH, node_reader, tile_path, tile_width
from leafproof.tree import HASH_SIZE, NodeReader
from leafproof.witness import Alarm, Seen, Submission

OnAlarm = Callable[[str, Alarm], None]
"""Told the log's origin and the split view."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What `add-checkpoint` answers over HTTP."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


class WitnessService:
    """The witness of a folder; may be shared by threads."""

    def __init__(self, folder: WitnessFolder, on_alarm: OnAlarm, clock: Callable[[], float] = time.time) -> None:
        """Reads what is remembered of every log: raises `InvalidInput` where that was lost."""
        self._folder, self._on_alarm, self._clock = folder, on_alarm, clock
        self._lock = threading.Lock()
        self._logs = {log.verifier.name: log for log in folder.logs}
        self._seen = {origin: folder.seen(origin) for origin in self._logs}

    @property
    def seen(self) -> list[Seen]:
        """What it remembers, log by log."""
        with self._lock:
            return list(self._seen.values())

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer a submission. Raises `OSError` when it could not be remembered: then nothing was cosigned."""
        try:
            submitted = Submission.decode(body)
            origin = Checkpoint.parse(submitted.note.text).origin
        except Malformed as error:
            return Answer(rules.BAD, f"{error}\n".encode())
        if origin not in self._logs:
            return Answer(rules.UNKNOWN, b"this witness was not told of this log\n")
        with self._lock:
            seen = self._seen[origin]
            judged = self._folder.witness.judge(seen, self._logs[origin].verifier, submitted, self._now())
            self._remember(seen, judged.seen)
        if judged.signature is not None:
            return Answer(rules.OK, judged.signature.line.encode())
        if judged.status == rules.CONFLICT:
            return Answer(rules.CONFLICT, f"{judged.seen.size}\n".encode(), "text/x.tlog.size")
        return Answer(judged.status, _REASONS[judged.status])

    def follow(self, log: WatchedLog) -> None:
        """One look at a log's checkpoint, and at as many tiles as tell whether it fits what is remembered.

        Raises `LeafproofError` when the log does not give what tells; `OSError` when it could not be remembered.
        """
        read = Note.decode(fetch(f"{log.url.rstrip('/')}/checkpoint", "text/plain", MAX_NOTE))
        head = Checkpoint.parse(read.text)
        if head.origin != log.verifier.name:
            raise Malformed("checkpoint", "it is of another log")
        if not rules.signed(read, log.verifier):
            raise SignatureInvalid("the log did not sign its checkpoint")
        with self._lock:
            seen = self._seen[head.origin]
        newer = self._judged(log, seen, read, head)
        with self._lock:
            if self._seen[head.origin] == seen:  # else a submission was faster; the next look compares again
                self._remember(seen, newer)

    def _judged(self, log: WatchedLog, seen: Seen, read: Note, head: Checkpoint) -> Seen:
        small, large = sorted((seen.head, head), key=lambda one: one.size)
        nodes = _nodes(log.url, large.size)
        if rules.contradict(small, large, nodes):
            message = f"no history holds both {small.size} and {large.size} entries"
            return rules.with_alarm(seen, read.encode().decode(), message, self._now())
        if head.size > seen.size or not seen.note:
            seen = self._folder.witness.cosign(seen, read, log.verifier, self._now()).seen
        return rules.resolve(seen, nodes, self._now())

    def _remember(self, seen: Seen, newer: Seen) -> None:
        """Before anything is answered; the lock is held."""
        if newer == seen:
            return
        self._folder.remember(newer)
        self._seen[newer.origin] = newer
        for alarm in newer.alarms[len(seen.alarms) :]:
            self._on_alarm(newer.origin, alarm)

    def _now(self) -> int:
        return int(self._clock())


_REASONS = {
    rules.BAD: b"the old size is larger than the checkpoint's\n",
    rules.FORBIDDEN: b"the log's key did not sign this\n",
    rules.UNPROVEN: b"the proof does not lead from the remembered head to this one\n",
}


def _nodes(url: str, size: int) -> NodeReader:
    """The nodes of the tree of `size` leaves, from the log's tiles."""

    def tile(level: int, number: int) -> bytes:
        width = tile_width(level, number, size)
        if not width:
            return b""
        where = f"{url.rstrip('/')}/tile/{level}/{tile_path(number, width)}"
        return fetch(where, "application/octet-stream", TILE_WIDTH * HASH_SIZE)

    return node_reader(tile)
