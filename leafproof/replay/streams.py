"""A gateway's frames over a whole log, judged in the order of epochs and sequences.

Nearly always they stand in the log in that order, and each is judged as it comes: the one before it is all that it
is held against. Places and identities go to the shelf. Should a frame come behind a later one, or its place be
taken, they are fetched, the gateway's frames are remembered from then on, and judged once all are known.
"""

from __future__ import annotations

from collections.abc import Iterator

from leafproof import cbor
from leafproof.envelope import FrameHeader
from leafproof.frame import Opening
from leafproof.replay.report import ReplayReport
from leafproof.verification.evidence import Stream
from leafproof.verification.report import Finding, Status
from leafproof.verification.shelf import Shelf

_TOGETHER = 64  # frames that go to the shelf in one piece
_Frame = tuple[int, int, int, bytes, bytes | None]
"""Epoch, sequence, entry, statement id, and the statement id that it says it follows."""


class Frames:
    """The frames of one key, in the order of the log."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._away: list[int] = []  # pieces on the shelf
        self._near: list[_Frame] = []
        self._openings: dict[int, Opening] = {}  # by entry
        self._stream, self._found = Stream(), list[tuple[int, Finding]]()
        self._begins: tuple[int, bytes | None] | None = None  # entry of the first frame, and what it follows
        self._last = -1, -1  # epoch and sequence
        self._entries: dict[bytes, int] | None = None  # by statement id; None as long as all came in order

    def add(self, index: int, place: FrameHeader, statement_id: bytes, opening: Opening | None) -> int:
        """One more frame, at `index` of the log; `opening` as its body has it. Gives the first entry with this
        statement: another one than `index` where it is logged twice."""
        at = place.epoch, place.sequence
        if self._entries is None and at <= self._last:
            self._entries = {one[3]: one[2] for one in reversed(list(self._all()))}
        if opening is not None:
            self._openings[index] = opening
        self._near.append((*at, index, statement_id, place.previous))
        if len(self._near) == _TOGETHER:
            self._away.append(self._shelf.put(cbor.encode(self._near)))
            self._near = []
        if self._entries is not None:
            return self._entries.setdefault(statement_id, index)
        if self._begins is None:
            self._begins = index, place.previous
        self._last = at  # what was logged before is all of earlier places, and so no statement of this one
        self._found += ((index, one) for one in self._stream.add(place, statement_id, "", opening))
        return index

    def judge(self, report: ReplayReport) -> None:
        """Report whatever does not continue the frame before it, in the order of epochs and sequences."""
        if self._entries is not None:
            self._judge_again()
        if self._begins is not None and self._begins[1] is not None:
            report.add("frame-gap", self._begins[0], "the gateway's first frames are missing")
        for index, finding in self._found:
            say = report.add if finding.status is Status.FAIL else report.note
            say(finding.code, index, finding.text())

    def _judge_again(self) -> None:
        ordered = sorted(self._all(), key=lambda one: one[:3])
        self._begins = ordered[0][2], ordered[0][4]
        self._stream, self._found = Stream(), []
        for epoch, sequence, index, statement_id, previous in ordered:
            place = FrameHeader(epoch, sequence, previous, None, "")
            found = self._stream.add(place, statement_id, "", self._openings.get(index))
            self._found += ((index, one) for one in found)

    def _all(self) -> Iterator[_Frame]:
        for piece in self._away:
            data = self._shelf.get(piece)
            yield from (tuple(one) for one in cbor.decode(data, "frames", len(data)))
        yield from self._near
