"""A gateway's stream of frames without its processes: honest by default, and lying on request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from backend.ingest.schemas import Message
from leafproof import frame, values
from leafproof.chain.view import Moment, RegisteredKey, Role
from leafproof.envelope import FrameHeader, LogRef, parse
from leafproof.frame import FrameContent, Opening, Reading
from leafproof.keys import SigningKey
from leafproof.values import Gln
from tests.support.storage import REF

NOW = 1_700_000_100  # when frames arrive, and shortly after their readings; a quarter begins at 1_699_999_200
MOMENT = Moment(7, b"\x07" * 32, NOW - 1000)


def gln(payload: str) -> Gln:
    """The GLN of 12 digits."""
    return Gln.parse(payload + str(values.gs1_check_digit(payload)))


OPERATOR, FACILITY = gln("401234500001"), gln("401234500002")


@dataclass
class Stream:
    """One gateway; `frame` makes its next frame, linked to the one before."""

    name: str = "gw-1"
    ref: LogRef = REF
    partition: int = 0
    mode: str = "live"
    facility: Gln = FACILITY
    key: SigningKey = field(default_factory=SigningKey.generate)
    epoch: int = 1
    sequence: int = 0
    previous: bytes | None = None
    clock: int = NOW - 900

    @property
    def issuer(self) -> str:
        return values.gateway_uri(OPERATOR, self.name)

    @property
    def topic(self) -> str:
        return f"leafproof/v1/{self.partition}/{OPERATOR}/{self.facility}/{self.name}/frames"

    @property
    def key_id(self) -> bytes:
        return self.key.public.key_id

    def registered(self) -> RegisteredKey:
        """As the chain would name it."""
        public = self.key.public
        return RegisteredKey(
            public.key_id, b"\xa1" * 20, Role.GATEWAY, self.ref.log_id, self.issuer, public.cose, MOMENT
        )

    def frame(self, count: int = 3, value: Decimal = Decimal("1.5"), opening: Opening | None = None) -> Message:
        """The next frame, with `count` readings a second apart."""
        readings = [Reading("main", self.clock + i, value + i, "kWh") for i in range(count)]
        self.clock += count
        heartbeats = [] if count else [self.clock]
        return self.say(FrameContent(str(self.facility), frame.group(readings), heartbeats, opening))

    def frames(self, count: int) -> list[Message]:
        """The next `count` frames."""
        return [self.frame() for _ in range(count)]

    def say(self, content: FrameContent) -> Message:
        """The next frame, with this content."""
        body = frame.encode_body(self.facility, content)
        return self.sign(body)

    def sign(self, body: bytes) -> Message:
        """The next frame, with these bytes for a body."""
        place = FrameHeader(self.epoch, self.sequence, self.previous, None, self.mode)
        envelope = frame.sign_frame(self.key, self.issuer, self.facility, self.ref, place, body, self.clock)
        self.previous = parse(envelope).statement_id
        self.sequence += 1
        return Message(self.topic, frame.encode_message(envelope, body), NOW)

    def restart(self, reason: str = "restart") -> Opening:
        """Open the next epoch; what its first frame must say."""
        opening = Opening(reason, self.epoch, self.sequence - 1, self.clock, self.clock)
        self.epoch, self.sequence = self.epoch + 1, 0
        return opening

    def again(self) -> Stream:
        """Another one that goes on from the same place with the same key: a liar."""
        return replace(self)


class KeyRing:
    """The chain's registry of keys, as far as ingest asks it; tests register, retire and compromise."""

    def __init__(self, *keys: RegisteredKey) -> None:
        self.keys = {key.key_id: key for key in keys}

    def lookup(self, _connection: object) -> Callable[[bytes], RegisteredKey | None]:
        return self.keys.get

    def registered_key(self, _connection: object, key_id: bytes) -> RegisteredKey | None:
        return self.keys.get(key_id)

    def put(self, key: RegisteredKey) -> None:
        self.keys[key.key_id] = key
