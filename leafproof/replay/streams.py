"""A gateway's frames over a whole log, kept small: their places, identities, and what each said it follows."""

from __future__ import annotations

from dataclasses import dataclass, field

from leafproof.envelope import FrameHeader
from leafproof.frame import Opening
from leafproof.replay.report import ReplayReport
from leafproof.verification.evidence import Stream
from leafproof.verification.report import Status


@dataclass(slots=True)
class Frames:
    """The frames of one key, in the order of the log."""

    places: list[tuple[int, int, int]] = field(default_factory=list)  # epoch, sequence, entry
    ids: list[bytes] = field(default_factory=list)
    previous: list[bytes | None] = field(default_factory=list)
    openings: dict[int, Opening] = field(default_factory=dict)  # by entry

    def add(self, index: int, place: FrameHeader, statement_id: bytes, opening: Opening | None) -> None:
        """One more frame, at `index` of the log; `opening` as its body has it."""
        if opening is not None:
            self.openings[index] = opening
        follows = self.ids and place.previous == self.ids[-1]
        self.previous.append(self.ids[-1] if follows else place.previous)  # the one object, not its copy
        self.places.append((place.epoch, place.sequence, index))
        self.ids.append(statement_id)

    def judge(self, report: ReplayReport) -> None:
        """Report whatever does not continue the frame before it, in the order of epochs and sequences."""
        stream = Stream()
        order = sorted(range(len(self.places)), key=self.places.__getitem__)
        if self.previous[order[0]] is not None:
            report.add("frame-gap", self.places[order[0]][2], "the gateway's first frames are missing")
        for number in order:
            epoch, sequence, index = self.places[number]
            place = FrameHeader(epoch, sequence, self.previous[number], None, "")
            for finding in stream.add(place, self.ids[number], "", self.openings.get(index)):
                say = report.add if finding.status is Status.FAIL else report.note
                say(finding.code, index, finding.text())
