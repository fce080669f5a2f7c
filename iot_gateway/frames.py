"""Frames as this gateway signs them: one chain of statements, without a hole, across all its epochs.

* A frame's sequence is the last one's plus one; each epoch begins at 0.
* `previous` is the statement id (the hash of the Sig_structure) of the frame before, also across epochs.
* An epoch's first frame is a heartbeat that carries the `Opening`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from leafproof import envelope as envelopes
from leafproof.envelope import FrameHeader, LogRef
from leafproof.errors import InvalidInput
from leafproof.frame import FrameContent, Opening, Reading, encode_body, group, sign_frame
from leafproof.keys import SigningKey
from leafproof.values import Gln


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next frame stands; `beacon` is the newest anchored block seen (number, hash)."""

    epoch: int
    sequence: int
    previous: bytes | None
    beacon: tuple[int, bytes] | None


@dataclass(frozen=True, slots=True)
class SignedFrame:
    """A frame ready to be kept: its place, its bytes, its identity, and how many readings it holds."""

    epoch: int
    sequence: int
    envelope: bytes
    body: bytes
    statement_id: bytes
    readings: int


@dataclass(frozen=True, slots=True)
class Framer:
    """Signs this gateway's frames."""

    key: SigningKey
    issuer: str
    facility: Gln
    log: LogRef

    def of_readings(self, place: Place, mode: str, readings: Sequence[Reading], now: int) -> list[SignedFrame]:
        """One frame of `readings`, or more where their names and units would not fit into one body.

        Raises `InvalidInput` for a name or a unit that no frame can hold.
        """
        try:
            content = FrameContent(str(self.facility), group(list(readings)), [], None)
            return [self._sign(place, mode, encode_body(self.facility, content), len(readings), now)]
        except InvalidInput as error:
            if error.field != "body" or len(readings) < 2:
                raise
        half = len(readings) // 2
        first = self.of_readings(place, mode, readings[:half], now)
        return first + self.of_readings(behind(place, first[-1]), mode, readings[half:], now)

    def heartbeat(self, place: Place, mode: str, now: int, opening: Opening | None = None) -> SignedFrame:
        """The frame that says only that the gateway lives, or that it begins an epoch."""
        body = encode_body(self.facility, FrameContent(str(self.facility), [], [now], opening))
        return self._sign(place, mode, body, 0, now)

    def _sign(self, place: Place, mode: str, body: bytes, readings: int, now: int) -> SignedFrame:
        header = FrameHeader(place.epoch, place.sequence, place.previous, place.beacon, mode)
        raw = sign_frame(self.key, self.issuer, self.facility, self.log, header, body, now)
        # Reading it again costs little and shows that what is stored is what a log will take.
        identity = envelopes.parse(raw).statement_id
        return SignedFrame(place.epoch, place.sequence, raw, body, identity, readings)


def behind(place: Place, frame: SignedFrame) -> Place:
    """The place after `frame`."""
    return replace(place, sequence=frame.sequence + 1, previous=frame.statement_id)
