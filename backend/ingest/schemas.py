"""Ingest's value types: what comes in, what was decided about it, what an HTTP answer looks like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag, StrEnum

from pydantic import BaseModel, Field

from backend.log.schemas import Base64, Hex
from leafproof.envelope import Envelope, FrameHeader
from leafproof.frame import FrameContent
from leafproof.notice import Acknowledgement


@dataclass(frozen=True, slots=True)
class Message:
    """What came over MQTT; `received_at` in Unix seconds by this server's clock."""

    topic: str
    payload: bytes
    received_at: int


class Kind(StrEnum):
    """What became of a message. All five are final: its PUBACK may go out once they are committed."""

    LOGGED = "logged"
    DUPLICATE = "duplicate"
    EQUIVOCATION = "equivocation"
    WAITING = "waiting"
    QUARANTINED = "quarantined"


class Reason(StrEnum):
    """Why a message is in quarantine, in the order in which the checks are made."""

    TOO_LARGE = "too large"
    TOPIC = "no frame topic of this log"
    MALFORMED_MESSAGE = "malformed message"
    MALFORMED_ENVELOPE = "malformed envelope"
    NOT_A_FRAME = "not a frame"
    ANOTHER_LOG = "for another log"
    NO_GATEWAY_KEY = "not a gateway's key"
    ANOTHER_ISSUER = "not the key's issuer"
    TOPIC_OF_ANOTHER = "topic of another gateway"
    BAD_SIGNATURE = "bad signature"
    KEY_COMPROMISED = "key compromised"
    KEY_RETIRED = "key retired"
    BODY_ALTERED = "body altered"
    MALFORMED_BODY = "malformed body"
    WAITED_IN_VAIN = "key never registered"
    UNFORESEEN = "unforeseen error"


class Flag(IntFlag):
    """What is odd about a frame that is authentic, and therefore logged all the same."""

    ODD_CLOCK = 1  # live, but its readings are far from the time of arrival
    AFTER_GAP = 2  # the frame before it was not here when it came
    UNLINKED = 4  # it names another previous frame than the one that is before it


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that is an authentic frame of a gateway of this log."""

    message: Message
    operator: str
    facility: str
    gateway: str
    envelope: Envelope
    place: FrameHeader
    body: bytes
    content: FrameContent


@dataclass(frozen=True, slots=True)
class Unregistered:
    """A well-formed frame of this log by a key that the chain does not name (yet)."""

    message: Message
    key_id: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A message for the quarantine."""

    message: Message
    reason: Reason
    detail: str


Verdict = Accepted | Unregistered | Refused


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was committed about the message of `topic`.

    `acknowledgement` is what its gateway may be told now: the whole contiguous part of the frame's epoch, with
    the largest index in it. None where nothing is contiguous yet, or where no authentic frame came.
    """

    topic: str
    kind: Kind
    reason: Reason | None = None
    readings: int = 0  # new in the log
    acknowledgement: Acknowledgement | None = None


class EpochOut(BaseModel):
    """One epoch of a gateway; times are Unix seconds."""

    epoch: int
    contiguous: int | None = Field(description="every frame up to this sequence is in the log; null: not even 0")
    highest: int = Field(description="highest sequence seen")
    missing: int = Field(description="how many frames below the highest have not come")
    last_time: int = Field(description="newest reading or heartbeat")
    last_seen: int


class GatewayOut(BaseModel):
    """A gateway that sent authentic frames, with its newest epochs, newest first."""

    key_id: Hex
    operator: str
    facility: str
    name: str
    partition: int
    last_seen: int
    equivocations: int
    flagged: int = Field(description="frames with an odd clock, after a gap, or not linked to the one before")
    epochs: list[EpochOut]


class WaitingOut(BaseModel):
    """Messages of a key that the chain does not name (yet). Nothing about them has been verified."""

    key_id: Hex
    topic: str
    messages: int
    bytes: int
    oldest: int


class GatewayList(BaseModel):
    """All gateways, and who waits to become one."""

    gateways: list[GatewayOut]
    waiting: list[WaitingOut]


class QuarantinedOut(BaseModel):
    """A message that was not authentic; `payload` is its beginning."""

    number: int
    received_at: int
    reason: str
    detail: str
    topic: str
    size: int
    payload: Base64


class QuarantineCount(BaseModel):
    """All messages that ever came here for one reason, kept or not."""

    reason: str
    messages: int
    bytes: int
    last_at: int


class QuarantinePage(BaseModel):
    """The newest first; `next` is the next page's `before`, null at the end."""

    counts: list[QuarantineCount]
    messages: list[QuarantinedOut]
    next: int | None


class EquivocationOut(BaseModel):
    """Two statements of a gateway for one place in its stream; both are in the log."""

    gateway: Hex
    epoch: int
    sequence: int
    first_statement: Hex
    first_index: int
    other_statement: Hex
    other_index: int
    received_at: int


class EquivocationPage(BaseModel):
    """In the order in which they came; `next` is the next page's `after`, null at the end."""

    equivocations: list[EquivocationOut]
    next: int | None
