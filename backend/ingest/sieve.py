"""What is plainly no frame is dropped where it comes in from the network, counted to the last message.

A message on a frames topic has one shape, `[envelope, body]` as two CBOR byte strings (`leafproof.frame`). What
has another is refused in any case (`judge`, steps 1 and 3), but until there it costs an MQTT library, a queue and
a transaction some hundred microseconds. A broker has one queue for garbage and frames: who reads more slowly than
a flood comes in makes the broker drop both. Here a message of a flood costs a few microseconds.

What must hold:

1. Only what `judge` would refuse is dropped. Of each topic the first `TOPIC_SAMPLES` between two `take`s go the
   usual way all the same, so that the quarantine shows what comes, and from where.
2. What is dropped is counted (`take`), for the metrics and for the quarantine's counts by reason.
3. PUBACKs go out in the order of the PUBLISHes (MQTT 5, 4.6.0-2): that of a dropped message waits for those of the
   frames before it.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from socket import socket

from backend.ingest.schemas import Reason
from leafproof.frame import MAX_MESSAGE

TOPIC_SAMPLES = 8  # messages of one topic that are let through between two `take`s
SAMPLES = 64  # of all topics
_CHUNK = 1 << 18  # bytes read at once
_UNSENT = 1 << 20  # bytes that the broker has not taken yet, before more are refused
# First bytes of packets, and flags in them (MQTT 3.1.1 and 5, 3.3 and 3.4).
_KIND, _PUBLISH, _QOS = 0xF0, 0x30, 0x06
_PUBACK, _PUBACK_SIZE = b"\x40\x02", 4  # without reason code and properties
_LONG = 0x80  # in a byte of a variable byte integer: another one follows (1.5.5)
# CBOR's first bytes (RFC 8949 3.1): an array of two; byte strings with their length inside, in one byte, in two.
_PAIR, _STRING, _STRING_8, _STRING_16 = 0x82, 0x40, 0x58, 0x59


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was dropped for one reason; `topic` is that of the newest, `last_at` in Unix seconds."""

    reason: Reason
    messages: int
    bytes: int
    topic: str
    last_at: int


class Sieve:
    """Decides what is dropped, and counts it. One thread asks, another one takes the counts."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._samples: Counter[bytes] = Counter()
        self._dropped: dict[Reason, tuple[int, int, bytes]] = {}

    def drops(self, topic: bytes, reason: Reason, size: int) -> bool:
        """Whether a message that is no frame is dropped, and counted here; else it goes the usual way."""
        with self._guard:
            if self._samples[topic] < TOPIC_SAMPLES and self._samples.total() < SAMPLES:
                self._samples[topic] += 1
                return False
            self._add(reason, 1, size, topic)
            return True

    def take(self) -> list[Dropped]:
        """What was dropped since the last call."""
        with self._guard:
            dropped, self._dropped = self._dropped, {}
            self._samples.clear()
        now = int(time.time())
        return [
            Dropped(reason, messages, total, topic.decode(errors="replace"), now)
            for reason, (messages, total, topic) in dropped.items()
        ]

    def put_back(self, dropped: Sequence[Dropped]) -> None:
        """They could not be counted elsewhere: the next `take` gives them again."""
        with self._guard:
            for one in dropped:
                self._add(one.reason, one.messages, one.bytes, one.topic.encode())

    def _add(self, reason: Reason, messages: int, size: int, topic: bytes) -> None:
        before, total, _ = self._dropped.get(reason, (0, 0, b""))
        self._dropped[reason] = (before + messages, total + size, topic)


class SievedSocket:
    """A connection to the broker as paho uses one, without the messages that the sieve drops.

    `recv` and `send` are for one thread. paho reads a packet in small pieces, which come from memory here, and
    writes each packet, and a group's PUBACKs, with one `send`, all of which is taken or nothing."""

    def __init__(self, connection: socket | ssl.SSLSocket, sieve: Sieve, *, properties: bool) -> None:
        """`properties`: PUBLISH has some, as in MQTT 5 (3.3.2.3)."""
        self._connection = connection
        self._sieve = sieve
        self._properties = properties
        self._rest = b""  # of a packet that has not come to its end
        self._passed, self._at = b"", 0
        self._unsent = bytearray()
        # PUBACKs in the order of arrival: packet ids of passed messages, and behind them PUBACKs that are ready.
        self._due: deque[bytes | bytearray] = deque()

    def recv(self, size: int) -> bytes:
        """As of a socket that does not block; nothing at its end."""
        if self._at == len(self._passed) and not self._read():
            return b""
        piece = self._passed[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def send(self, packet: bytes | bytearray) -> int:
        """Takes a whole packet; raises `BlockingIOError` while the broker takes nothing."""
        if len(self._unsent) > _UNSENT:
            self.flush()
            raise BlockingIOError
        if packet[:2] == _PUBACK:  # one, or several at once
            for at in range(0, len(packet), _PUBACK_SIZE):
                self._unsent += packet[at : at + _PUBACK_SIZE]
                self._answered(bytes(packet[at + 2 : at + _PUBACK_SIZE]))
        else:
            self._unsent += packet
        self.flush()
        return len(packet)

    def pending(self) -> int:
        """Bytes in memory that can be read before the connection itself is ready."""
        inside = self._connection.pending() if isinstance(self._connection, ssl.SSLSocket) else 0
        return len(self._passed) - self._at + inside

    @property
    def unsent(self) -> int:
        """Bytes that the connection did not take yet: `flush` when it can."""
        return len(self._unsent)

    def fileno(self) -> int:
        """As of the connection."""
        return self._connection.fileno()

    def setblocking(self, flag: bool) -> None:
        """As of the connection."""
        self._connection.setblocking(flag)

    def close(self) -> None:
        """As of the connection."""
        self._connection.close()

    def _read(self) -> bool:
        """Read on until something passed; False at the end. Raises `BlockingIOError` and ssl's like."""
        self.flush()
        data = self._connection.recv(_CHUNK)
        if not data:
            return False
        self._sift(self._rest + data)
        self.flush()
        if not self._passed:
            raise BlockingIOError
        return True

    def _sift(self, data: bytes) -> None:
        """Split into packets, and keep those that pass."""
        passed, at, end = [], 0, len(data)
        while (span := _span(data, at, end)) is not None:
            start, stop = span
            if data[at] & _KIND != _PUBLISH or not self._dropped(data, at, start, stop):
                passed.append(data[at:stop])
            at = stop
        if _endless(data, at):
            passed.append(data[at:])  # paho says what is wrong
            at = end
        self._rest = data[at:]
        self._passed, self._at = b"".join(passed), 0

    def _dropped(self, data: bytes, at: int, start: int, stop: int) -> bool:
        """Of a PUBLISH whose first byte is at `at` and whose content is data[start:stop]; notes its PUBACK."""
        topic_end = payload = start + 2 + int.from_bytes(data[start : start + 2])
        acknowledged = data[at] & _QOS
        if acknowledged:
            payload += 2
        if self._properties:
            found = _span(data, payload - 1, stop)
            if found is None:
                return False  # not MQTT 5: paho says what is wrong
            payload = found[1]
        drops = not _shaped(data, payload, stop) and self._sieve.drops(
            data[start + 2 : topic_end], _reason(stop - payload), stop - payload
        )
        if acknowledged:
            self._note(data[topic_end : topic_end + 2], ready=drops)
        return drops

    def _note(self, packet_id: bytes, *, ready: bool) -> None:
        if not ready:
            self._due.append(packet_id)
        elif not self._due:
            self._unsent += _PUBACK + packet_id
        elif isinstance(self._due[-1], bytearray):
            self._due[-1] += _PUBACK + packet_id
        else:
            self._due.append(bytearray(_PUBACK + packet_id))

    def _answered(self, packet_id: bytes) -> None:
        """A passed message has its PUBACK: so have the dropped ones behind it."""
        with suppress(ValueError):  # of a connection before this one
            self._due.remove(packet_id)
        while self._due and isinstance(self._due[0], bytearray):
            self._unsent += self._due.popleft()

    def flush(self) -> None:
        """Send what the connection takes now."""
        while self._unsent:
            try:
                sent = self._connection.send(self._unsent)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            del self._unsent[:sent]


def _span(data: bytes, at: int, end: int) -> tuple[int, int] | None:
    """Where the content begins and ends that a variable byte integer behind data[at] counts; None if it is not all
    there before `end`."""
    if at + 1 < end and data[at + 1] < _LONG:  # as most are
        stop = at + 2 + data[at + 1]
        return (at + 2, stop) if stop <= end else None
    length = shift = 0
    for start in range(at + 1, min(at + 5, end)):
        byte = data[start]
        length |= (byte & ~_LONG) << shift
        if byte < _LONG:
            stop = start + 1 + length
            return (start + 1, stop) if stop <= end else None
        shift += 7
    return None


def _endless(data: bytes, at: int) -> bool:
    """Whether what stands behind data[at] is no variable byte integer: it has four bytes at most (1.5.5)."""
    found = data[at + 1 : at + 5]
    return len(found) == 4 and min(found) >= _LONG


def _shaped(data: bytes, at: int, stop: int) -> bool:
    """Whether data[at:stop] can be a frame's message, as far as its shape tells."""
    if at >= stop or data[at] != _PAIR or stop - at > MAX_MESSAGE:
        return False
    body = _string_end(data, at + 1, stop)
    return body is not None and _string_end(data, body, stop) == stop


def _reason(size: int) -> Reason:
    """Why `judge` would refuse what is not shaped so."""
    return Reason.TOO_LARGE if size > MAX_MESSAGE else Reason.MALFORMED_MESSAGE


def _string_end(data: bytes, at: int, stop: int) -> int | None:
    """Where the byte string at `at` ends; None if there is none, or none as short as `MAX_MESSAGE`."""
    if at >= stop:
        return None
    head = data[at]
    if _STRING <= head < _STRING_8:
        return at + 1 + head - _STRING
    if head == _STRING_8:
        return at + 2 + int.from_bytes(data[at + 1 : at + 2])
    if head == _STRING_16:
        return at + 3 + int.from_bytes(data[at + 1 : at + 3])
    return None
