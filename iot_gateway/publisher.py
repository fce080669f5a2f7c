"""The publisher: sends what the outbox holds, in order, until the log has acknowledged it.

* The broker's PUBACK only paces: it frees a place in the window, never a frame in the outbox.
* After each connect everything that the log has not acknowledged is sent again, oldest first; and so it is when
  the log stays silent for a while (`broker.resend`, doubling up to ten minutes).
* At most `LOG_WINDOW` frames are under way without the log's word, so that a log that is down does not fill the
  broker's queue, and a resend stays small.
* Acknowledgements and beacons are believed for the log's signature alone; others are counted and ignored.

One thread owns the connection and everything here; the rest of the gateway reads `report`.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from dataclasses import dataclass
from typing import Any

import structlog
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion

from iot_gateway.config import Config
from iot_gateway.errors import OutboxFull
from iot_gateway.mqtt import PROTOCOL_NAMES, V5, V311, connect, new_client
from iot_gateway.outbox import Outbox
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.keys import PublicKey
from leafproof.notice import MAX_NOTICE, read_acknowledgement, read_beacon

LOG_WINDOW = 256  # frames; at 512 readings each a log would have to be two minutes behind a fast gateway
_MAX_RESEND_SECONDS = 600.0
_FIRST_BACKOFF, _LAST_BACKOFF = 0.5, 60.0
# Some 3.1.1 brokers read MQTT 5's CONNECT as garbage and say nothing at all, so its answer is not waited for long.
_CONNACK_SECONDS = {V5: 3.0, V311: 10.0}
_GOODBYE_SECONDS = 2.0
_POLL_SECONDS = 0.1  # how long a new frame may wait to be noticed

_log = structlog.get_logger(part="publisher")


@dataclass(slots=True)
class Report:
    """What a person may ask about the connection; counters since the start."""

    state: str = "not connected"
    protocol: str | None = None
    in_flight: int = 0
    sent_up_to: int = 0
    published: int = 0
    resends: int = 0
    connections: int = 0
    bad_acknowledgements: int = 0
    bad_beacons: int = 0
    last_acknowledgement: float | None = None


class Publisher:
    """See the module. `run` returns when `stop` is set."""

    def __init__(self, config: Config, log_key: PublicKey, outbox: Outbox, stop: threading.Event) -> None:
        self.report = Report()
        self._settings = config.broker
        self._name = config.client_id
        self._frames, self._status = config.topic("frames"), config.topic("status")
        self._ack, self._beacon = config.topic("ack"), config.beacon_topic
        self._log_key, self._log_ref = log_key, config.log_ref
        self._outbox = outbox
        self._stop = stop
        self._random = secrets.SystemRandom()
        self._resend = config.broker.resend
        # Of the running attempt: a server was there, it spoke our protocol, it took us, it would not.
        self._reached = self._answered = self._connected = self._refused = False
        self._window = 0
        self._in_flight: dict[int, float] = {}  # message id -> when it was sent
        self._progress = 0.0  # when the log last moved, or began to owe something

    def run(self) -> None:
        """Connect, send, receive, connect again, until told to stop."""
        backoff = _FIRST_BACKOFF
        protocol, other = V5, V311
        while not self._stop.is_set():
            accepted = self._attempt(protocol)
            if not accepted and self._reached and not self._answered and not self._stop.is_set():
                protocol, other = other, protocol
                accepted = self._attempt(protocol)
            if accepted:
                backoff = _FIRST_BACKOFF
            self.report.protocol = None
            # Jitter, so that a thousand gateways do not come back in the same second.
            self._stop.wait(backoff * self._random.uniform(0.5, 1.0))
            backoff = min(backoff * 2, _LAST_BACKOFF)

    def _attempt(self, protocol: MQTTProtocolVersion) -> bool:
        """One connection from beginning to end; returns whether the broker accepted it.

        Afterwards `_reached` tells whether a server was there at all, `_answered` whether it spoke this protocol.
        """
        self._connected = self._answered = self._reached = self._refused = False
        self._in_flight.clear()
        self.report.sent_up_to = 0
        try:
            client = self._client(protocol)
            connect(client, self._settings)
        except (OSError, InvalidInput) as error:
            self._state(f"unreachable: {error}")
            return False
        self._reached = True
        deadline = time.monotonic() + _CONNACK_SECONDS[protocol]
        reason = MQTTErrorCode.MQTT_ERR_SUCCESS
        while not self._stop.is_set():
            reason = _loop(client)
            if reason != MQTTErrorCode.MQTT_ERR_SUCCESS or self._refused:
                break
            if self._connected and not self._send(client):
                break
            if not self._connected and time.monotonic() > deadline:
                break
        accepted = self._connected
        self._leave(client)
        if accepted:
            self._state("connection lost" if not self._stop.is_set() else "not connected")
        elif not self._answered and not self._refused:
            self._state(f"no answer in {PROTOCOL_NAMES[protocol]} ({reason.name})")
        return accepted

    def _client(self, protocol: MQTTProtocolVersion) -> Client:
        client = new_client(self._settings, self._name, protocol)
        client.will_set(self._status, _status_text("offline"), qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        return client

    def _send(self, client: Client) -> bool:
        """Fill the window; false when the connection should be given up."""
        now = time.monotonic()
        owed = self._outbox.count_unacknowledged(self.report.sent_up_to)
        if not owed:
            self._progress = now
        elif now - self._progress > self._resend:
            self._progress = now
            self._resend = min(self._resend * 2, _MAX_RESEND_SECONDS)
            self.report.resends += 1
            _log.warning(
                "the log is silent: sending again",
                frames=owed,
                next_after_seconds=self._resend,
                hint="a log waits with frames of a key that is not registered yet",
            )
            if self._in_flight:
                return False  # the broker is silent too: begin anew with another connection
            self.report.sent_up_to, owed = 0, 0
        room = min(self._window - len(self._in_flight), LOG_WINDOW - owed)
        if room > 0:
            for number, message in self._outbox.unacknowledged(self.report.sent_up_to, room):
                info = client.publish(self._frames, message, qos=1)
                if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                    return False
                self._in_flight[info.mid] = now
                self.report.sent_up_to = number
                self.report.published += 1
        self.report.in_flight = len(self._in_flight)
        return True

    def _leave(self, client: Client) -> None:
        """Say goodbye where there is still somebody to hear it."""
        if self._connected:
            deadline = time.monotonic() + _GOODBYE_SECONDS
            farewell = client.publish(self._status, _status_text("offline"), qos=1, retain=True)
            alive = farewell.rc == MQTTErrorCode.MQTT_ERR_SUCCESS
            while alive and not farewell.is_published() and time.monotonic() < deadline:
                alive = _loop(client) == MQTTErrorCode.MQTT_ERR_SUCCESS
        client.disconnect()
        self._connected = False

    def _on_connect(self, client: Client, _userdata: Any, _flags: Any, reason: Any, properties: Any) -> None:
        self._answered = True
        if reason.is_failure:
            self._refused = True
            # A 3.1.1 broker may say so in words instead of hanging up.
            self._answered = "protocol version" not in str(reason).lower()
            self._state(f"refused: {reason}")
            return
        self._connected = True
        self._window = min(self._settings.in_flight, getattr(properties, "ReceiveMaximum", 65535) or 65535)
        self._progress = time.monotonic()
        self.report.connections += 1
        self.report.protocol = PROTOCOL_NAMES[client.protocol]
        client.subscribe([(self._ack, 1), (self._beacon, 1)])
        client.publish(self._status, _status_text("online"), qos=1, retain=True)
        self._state("connected")

    def _on_subscribe(
        self, _client: Client, _userdata: Any, _mid: int, reasons: list[Any], _properties: Any
    ) -> None:
        refused = [t for t, reason in zip((self._ack, self._beacon), reasons, strict=False) if reason.is_failure]
        if refused:
            self._state(f"connected, but may not read {' and '.join(refused)}")

    def _on_publish(self, _client: Client, _userdata: Any, mid: int, reason: Any, _properties: Any) -> None:
        sent = self._in_flight.pop(mid, None)
        if sent is not None and reason is not None and reason.is_failure:
            self._state(f"connected, but the broker refuses frames: {reason}")

    def _on_message(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        try:
            if message.topic == self._ack:
                self._acknowledged(bytes(message.payload[: MAX_NOTICE + 1]))
            elif message.topic == self._beacon:
                self._anchored(bytes(message.payload[: MAX_NOTICE + 1]))
        except OutboxFull as error:
            # It will be told again: the frame is sent once more, the next beacon says no less.
            _log.warning("what the log said could not be stored", reason=error.message)

    def _acknowledged(self, payload: bytes) -> None:
        try:
            ack = read_acknowledgement(payload, self._log_key, self._log_ref)
            newly = self._outbox.acknowledge(ack, payload)
        except OutboxFull:
            raise
        except LeafproofError as error:
            self.report.bad_acknowledgements += 1
            _log.warning("an acknowledgement was ignored", reason=error.message)
            return
        if newly:
            self._progress = time.monotonic()
            self._resend = self._settings.resend
            self.report.last_acknowledgement = time.time()

    def _anchored(self, payload: bytes) -> None:
        try:
            self._outbox.anchored(read_beacon(payload, self._log_key, self._log_ref))
        except OutboxFull:
            raise
        except LeafproofError as error:
            self.report.bad_beacons += 1
            _log.warning("a beacon was ignored", reason=error.message)

    def _state(self, state: str) -> None:
        if state != self.report.state:
            self.report.state = state
            _log.info("broker", state=state, protocol=self.report.protocol)


def _loop(client: Client) -> MQTTErrorCode:
    try:
        return client.loop(_POLL_SECONDS)
    except sqlite3.DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a broker sends, it ends its connection and nothing else
        _log.warning("the broker sent what is no MQTT", reason=repr(error))
        return MQTTErrorCode.MQTT_ERR_PROTOCOL


def _status_text(state: str) -> str:
    return json.dumps({"state": state})
