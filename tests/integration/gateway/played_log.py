"""A log that a test plays: it takes frames from the broker, checks all that a log checks, and answers, signed."""

from __future__ import annotations

import ssl
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from leafproof import body as bodies
from leafproof import envelope as envelopes
from leafproof import frame as frames
from leafproof import notice
from leafproof.envelope import Envelope, LogRef
from leafproof.frame import FrameContent, Reading
from leafproof.keys import PublicKey, SigningKey

LOG = LogRef(1337, bytes(range(20)), bytes(range(32)))


@dataclass
class Entry:
    """One frame in the log."""

    envelope: Envelope
    content: FrameContent

    @property
    def place(self) -> tuple[int, int]:
        header = frames.place_of(self.envelope)
        return header.epoch, header.sequence


@dataclass
class PlayedLog:
    """`entries` is the log. `muted`: takes frames, says nothing. `deaf`: takes nothing either."""

    port: int
    gateway: PublicKey
    topic: str
    name: str = "played-log"
    key: SigningKey = field(default_factory=SigningKey.generate)
    entries: list[Entry] = field(default_factory=list)
    equivocations: list[str] = field(default_factory=list)
    received: int = 0
    muted: bool = False
    deaf: bool = False
    statuses: list[str] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._guard = threading.Lock()
        self._known: dict[tuple[int, int], bytes] = {}
        self._waiting: dict[tuple[int, int], Entry] = {}
        self._next: dict[int, int] = defaultdict(int)
        self._index: dict[tuple[int, int], int] = {}
        self._failure: Exception | None = None
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.name,
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        self._client.reconnect_delay_set(1, 1)
        if self.tls is not None:
            self._client.tls_set_context(self.tls)
        self._client.on_connect = lambda client, *_: client.subscribe(
            [(f"{self.topic}/frames", 1), (f"{self.topic}/status", 1)]
        )
        self._client.on_message = lambda _client, _userdata, message: self._take(message.topic, message.payload)

    def __enter__(self) -> PlayedLog:
        self._client.connect("127.0.0.1", self.port, keepalive=20)
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def readings(self) -> list[Reading]:
        """All readings, in log order."""
        return [r for entry in list(self.entries) for series in entry.content.series for r in series]

    @property
    def numbers(self) -> list[int]:
        """What a file of `Plant.readings` comes to: 0, 1, 2..., if nothing is lost, doubled or out of order."""
        return [int(r.value) // 1000 for r in self.readings]

    @property
    def openings(self) -> list[str]:
        """Why each epoch was opened."""
        return [e.content.opening.reason for e in list(self.entries) if e.content.opening]

    def anchor(self) -> None:
        """Tell of an anchored head over all entries."""
        size, now = len(self.entries), int(time.time())
        beacon = notice.Beacon(size + 1, size.to_bytes(32, "big"), now, size, bytes(32))
        topic = "/".join(self.topic.split("/")[:3]) + "/beacon"
        self._client.publish(topic, notice.sign_beacon(self.key, LOG, beacon), qos=1, retain=True)

    def say(self, payload: bytes) -> None:
        """Send anything on the acknowledgement topic."""
        self._client.publish(f"{self.topic}/ack", payload, qos=1)

    def check_chain(self) -> None:
        """Each epoch is contiguous from 0, opens with its opening, and names the frame before, across epochs."""
        assert not self.equivocations
        if self._failure:
            raise self._failure
        ordered = sorted(self.entries, key=lambda entry: entry.place)
        previous, last = None, None
        for entry in ordered:
            header, opening = frames.place_of(entry.envelope), entry.content.opening
            assert header.previous == previous
            if last is None or header.epoch != last[0]:
                assert header.sequence == 0
                assert opening is not None
                assert last is None or (opening.last_epoch, opening.last_sequence) == last
            else:
                assert opening is None
                assert header.sequence == last[1] + 1
            previous, last = entry.envelope.statement_id, entry.place

    def _take(self, topic: str, payload: bytes) -> None:
        if topic.endswith("/status"):
            self.statuses.append(payload.decode())
            return
        self.received += 1
        if self.deaf:
            return
        try:
            raw, body = frames.decode_message(payload)
            envelope = envelopes.parse(raw)
            envelope.verify(self.gateway)
            assert envelope.header.log == LOG
            bodies.check_hash(envelope, body)
            entry = Entry(envelope, frames.decode_body(body))
        except Exception as error:
            self._failure = error
            raise
        with self._guard:
            self._append(entry)

    def _append(self, entry: Entry) -> None:
        place = entry.place
        known = self._known.setdefault(place, entry.envelope.statement_id)
        if known != entry.envelope.statement_id:
            self.equivocations.append(f"{place} told two ways")
        if place not in self._index and place not in self._waiting:
            self._waiting[place] = entry
        epoch = place[0]
        while (epoch, self._next[epoch]) in self._waiting:
            ready = (epoch, self._next[epoch])
            self._index[ready] = len(self.entries)
            self.entries.append(self._waiting.pop(ready))
            self._next[epoch] += 1
        if self._next[epoch] and not self.muted:
            sequence = self._next[epoch] - 1
            ack = notice.Acknowledgement(self.gateway.key_id, epoch, sequence, self._index[epoch, sequence])
            self.say(notice.sign_acknowledgement(self.key, LOG, ack))
