"""Messages judged, without any I/O: is each an authentic frame of a gateway of this log?

The checks, cheapest first, each with the reason it gives to the quarantine (`schemas.Reason`):

 1. size                                                                    (too large)
 2. topic: `leafproof/v1/{partition}/{operator}/{facility}/{gateway}/frames` (no frame topic of this log)
 3. `[envelope, body]`                                                      (malformed message)
 4. the envelope's form                                                     (malformed envelope)
 5. it is a frame                                                           (not a frame)
 6. it is for this log                                                      (for another log)
 7. its key is registered: else it waits
 8. as a gateway's key of this log                                          (not a gateway's key)
 9. for this issuer                                                         (not the key's issuer)
10. issuer and subject are those that the topic names                       (topic of another gateway)
11. the signature                                                           (bad signature)
12. the key is in force for this frame                                      (key compromised, key retired)
13. the body is the one that was signed                                     (body altered)
14. the body's form, and it is about the facility of the envelope           (malformed body)

A topic is only an address, and proves nothing: what was signed decides.

A group is judged abreast: all are read, then all signatures are checked, then all bodies are read. What one of
these needs of the processor's caches is then there for the next message too.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import structlog

from backend.ingest.schemas import Accepted, Message, Reason, Refused, Unregistered, Verdict
from leafproof import body as bodies
from leafproof import envelope as envelopes
from leafproof import frame, keys, values
from leafproof.chain.view import RegisteredKey, Role
from leafproof.envelope import Envelope, FrameHeader, LogRef
from leafproof.errors import InvalidInput, LeafproofError

TOPIC_ROOT = "leafproof/v1"
MAX_TOPIC = 512  # two GLNs of 13 digits, a name of 63 characters, and room for a partition
_FACILITY = "https://id.gs1.org/414/"  # subject of a frame: GS1 Digital Link of a physical location (AI 414)
_T = TypeVar("_T")
_log = structlog.get_logger(__name__)


KeyLookup = Callable[[bytes], RegisteredKey | None]
"""The key of this id, if the chain names it; asked once for each `Judge`."""


@dataclass(frozen=True, slots=True)
class Address:
    """What a topic names, and the issuer and subject that follow from it."""

    partition: int
    operator: str
    facility: str
    gateway: str
    issuer: str
    subject: str


class _NotAuthentic(Exception):
    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@lru_cache(maxsize=4096)
def address(topic: str) -> Address:
    """The parts of a frame topic; raises `InvalidInput`."""
    parts = topic[: MAX_TOPIC + 1].split("/")
    if len(topic) > MAX_TOPIC or len(parts) != 7 or "/".join(parts[:2]) != TOPIC_ROOT or parts[6] != "frames":
        raise InvalidInput("topic", f"not {TOPIC_ROOT}/partition/operator/facility/gateway/frames")
    if not (parts[2].isascii() and parts[2].isdigit() and str(int(parts[2])) == parts[2]):
        raise InvalidInput("topic", "the partition is not a whole number")
    operator, facility = values.Gln.parse(parts[3], "operator"), values.Gln.parse(parts[4], "facility")
    name = values.point_name(parts[5], "gateway")
    return Address(
        int(parts[2]),
        operator.digits,
        facility.digits,
        name,
        values.gateway_uri(operator, name),
        _FACILITY + facility.digits,
    )


def frames_filter(partition: int) -> str:
    """The subscription to all frames of a partition."""
    return f"{TOPIC_ROOT}/{partition}/+/+/+/frames"


def ack_topic(frames_topic: str) -> str:
    """Where the gateway that sends to `frames_topic` listens."""
    return frames_topic.removesuffix("frames") + "ack"


class Judge:
    """Judges messages for one log. It remembers keys: make one for each group."""

    def __init__(self, log: LogRef, partition: int, lookup: KeyLookup) -> None:
        self._log = log
        self._partition = partition
        self._lookup = lookup
        self._keys: dict[bytes, RegisteredKey | None] = {}

    def judge(self, messages: Sequence[Message]) -> list[Verdict]:
        """The verdict on each, in order. Never raises for what a message holds; raises what the lookup raises."""
        verdicts: list[Verdict | None] = [None] * len(messages)
        under_way = [(number, self._judge(message)) for number, message in enumerate(messages)]
        while under_way:
            going = []
            for number, one in under_way:
                try:
                    next(one)
                except StopIteration as done:
                    verdicts[number] = done.value
                except _NotAuthentic as error:
                    verdicts[number] = Refused(messages[number], error.reason, error.detail)
                else:
                    going.append((number, one))
            under_way = going
        return [verdict for verdict in verdicts if verdict is not None]

    def _judge(self, message: Message) -> Generator[None, None, Verdict]:
        """All checks of one message; it pauses where the others of its group should come as far."""
        if len(message.payload) > frame.MAX_MESSAGE:
            raise _NotAuthentic(Reason.TOO_LARGE, f"{len(message.payload)} bytes, {frame.MAX_MESSAGE} at most")
        sender = _step(Reason.TOPIC, address, message.topic)
        if sender.partition != self._partition:
            raise _NotAuthentic(Reason.TOPIC, f"partition {sender.partition}, this log has {self._partition}")
        raw, body = _step(Reason.MALFORMED_MESSAGE, frame.decode_message, message.payload)
        envelope = _step(Reason.MALFORMED_ENVELOPE, envelopes.parse, raw)
        place = _step(Reason.NOT_A_FRAME, frame.place_of, envelope)
        if envelope.header.log != self._log:
            raise _NotAuthentic(Reason.ANOTHER_LOG, f"log {envelope.header.log.log_id.hex()}")
        key = self._key(envelope.key_id)
        if key is None:
            return Unregistered(message, envelope.key_id)
        self._check_key(key, envelope, sender)
        yield
        _step(Reason.BAD_SIGNATURE, _check_signature, envelope, key)
        _check_in_force(key, place)
        yield
        _step(Reason.BODY_ALTERED, bodies.check_hash, envelope, body)
        content = _step(Reason.MALFORMED_BODY, frame.decode_body, body)
        if content.facility != sender.facility:
            raise _NotAuthentic(Reason.MALFORMED_BODY, f"its readings are of facility {content.facility}")
        return Accepted(message, sender.operator, sender.facility, sender.gateway, envelope, place, body, content)

    def _key(self, key_id: bytes) -> RegisteredKey | None:
        if key_id not in self._keys:
            self._keys[key_id] = self._lookup(key_id)
        return self._keys[key_id]

    def _check_key(self, key: RegisteredKey, envelope: Envelope, sender: Address) -> None:
        header = envelope.header
        if key.role is not Role.GATEWAY or key.log_id != self._log.log_id:
            raise _NotAuthentic(Reason.NO_GATEWAY_KEY, f"registered as {key.role.name} of {key.log_id.hex()}")
        if key.issuer != header.issuer:
            raise _NotAuthentic(Reason.ANOTHER_ISSUER, f"signed as {header.issuer}, the key is {key.issuer}'s")
        if (header.issuer, header.subject) != (sender.issuer, sender.subject):
            raise _NotAuthentic(Reason.TOPIC_OF_ANOTHER, f"signed as {header.issuer} at {header.subject}")


def _step(reason: Reason, check: Callable[..., _T], *arguments: object) -> _T:
    try:
        return check(*arguments)
    except LeafproofError as error:
        raise _NotAuthentic(reason, error.message) from error
    except Exception as error:
        # One message that trips a defect of ours must not keep all others out of the log.
        _log.exception("a check failed in an unforeseen way", reason=reason)
        raise _NotAuthentic(Reason.UNFORESEEN, f"{type(error).__name__} while checking: {reason}") from error


def _check_signature(envelope: Envelope, key: RegisteredKey) -> None:
    envelope.verify(keys.public_key(key.cose))


def _check_in_force(key: RegisteredKey, place: FrameHeader) -> None:
    if key.compromised is not None:
        at = key.compromised.block_number
        raise _NotAuthentic(Reason.KEY_COMPROMISED, f"since block {at} nobody knows who signs with this key")
    end = key.retired
    if end is not None and (place.epoch, place.sequence) > (end.epoch, end.last_sequence):
        raise _NotAuthentic(
            Reason.KEY_RETIRED, f"its last frame was number {end.last_sequence} of epoch {end.epoch}"
        )
