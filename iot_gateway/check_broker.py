"""Asks the broker, under a client id beside the gateway's own, whether it would take what the gateway sends."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion

from iot_gateway.config import Config
from iot_gateway.mqtt import PROTOCOL_NAMES, V5, V311, connect, new_client
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.keys import PublicKey
from leafproof.notice import MAX_NOTICE, Beacon, read_beacon

_ANSWER_SECONDS = 5.0
_BEACON_SECONDS = 1.0  # a retained message comes right behind the subscription


@dataclass(slots=True)
class Answer:
    """What the broker said: (right or not, or None where it could not be asked; words), and a beacon if any."""

    findings: list[tuple[bool | None, str]] = field(default_factory=list)
    beacon: Beacon | None = None


class _Asker:
    def __init__(self, config: Config, key: PublicKey | None, protocol: MQTTProtocolVersion) -> None:
        self.config, self.key, self.protocol = config, key, protocol
        self.answer = Answer()
        self.greeting: Any = None
        self.granted: list[Any] | None = None
        self.taken: Any = None
        self.client: Client | None = None

    def ask(self, *, running: bool) -> bool:
        """Returns whether the broker speaks this protocol."""
        settings = self.config.broker
        client = new_client(settings, f"{self.config.client_id}-check", self.protocol, lasting=False)
        client.on_connect = lambda *a: setattr(self, "greeting", a[3])
        client.on_subscribe = lambda *a: setattr(self, "granted", a[3])
        client.on_publish = lambda *a: setattr(self, "taken", a[3])
        client.on_message = self._message
        self.client = client
        try:
            connect(client, settings, lasting=False)
            if not self._until(lambda: self.greeting is not None):
                return False
            if self.greeting.is_failure:
                if "protocol version" in str(self.greeting).lower():
                    return False
                self._say(False, f"refuses the connection: {self.greeting}")
                return True
            self._say(
                True, f"{settings.host}:{settings.port} answers in {PROTOCOL_NAMES[self.protocol]}{self._tls()}"
            )
            self._topics(client, running=running)
        finally:
            client.disconnect()
        return True

    def _topics(self, client: Client, *, running: bool) -> None:
        topics = (self.config.topic("ack"), self.config.beacon_topic)
        client.subscribe([(topic, 1) for topic in topics])
        self._until(lambda: self.granted is not None)
        for topic, granted in zip(topics, self.granted or [None] * len(topics), strict=False):
            right = granted is not None and not granted.is_failure
            told = "the subscription is granted" if right else f"the subscription is refused ({granted})"
            self._say(right, f"{topic}: {told}")
        self._until(lambda: self.answer.beacon is not None, _BEACON_SECONDS)
        self._may_write(client, running=running)

    def _may_write(self, client: Client, *, running: bool) -> None:
        topic = self.config.topic("status")
        if self.protocol != V5 or running:
            why = "the gateway is running" if running else "MQTT 3.1.1 does not tell"
            self._say(None, f"{topic}: whether it may be written was not tried, {why}")
            return
        # True, and what stands there: the gateway is not running.
        client.publish(topic, '{"state": "offline"}', qos=1, retain=True)
        self._until(lambda: self.taken is not None)
        right = self.taken is not None and not self.taken.is_failure
        self._say(right, f"{topic} may {'' if right else 'not '}be written{'' if right else f' ({self.taken})'}")

    def _message(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        if self.key is None or message.topic != self.config.beacon_topic:
            return
        try:
            payload = bytes(message.payload[: MAX_NOTICE + 1])
            self.answer.beacon = read_beacon(payload, self.key, self.config.log_ref)
        except LeafproofError as error:
            self._say(False, f"the beacon that it holds is not this log's: {error.message}")

    def _tls(self) -> str:
        assert self.client is not None
        wire = self.client.socket()
        return f" over {wire.version()}" if isinstance(wire, ssl.SSLSocket) else ", without TLS"

    def _say(self, right: bool | None, words: str) -> None:
        self.answer.findings.append((right, words))

    def _until(self, condition: Callable[[], bool], seconds: float = _ANSWER_SECONDS) -> bool:
        assert self.client is not None
        deadline = time.monotonic() + seconds
        alive = True
        while not condition() and alive and time.monotonic() < deadline:
            alive = False
            # Whatever the broker sends that is no MQTT: it does not answer.
            with contextlib.suppress(ValueError, IndexError, KeyError):
                alive = self.client.loop(0.1) == MQTTErrorCode.MQTT_ERR_SUCCESS
        return condition()


def ask_broker(config: Config, key: PublicKey | None, *, running: bool) -> Answer:
    """Connect as the gateway would, in MQTT 5 or else 3.1.1, and try its topics."""
    where = f"{config.broker.host}:{config.broker.port}"
    try:
        for protocol in (V5, V311):
            asker = _Asker(config, key, protocol)
            if asker.ask(running=running):
                return asker.answer
    except InvalidInput as error:
        return Answer([(False, str(error))])
    except ssl.SSLError as error:
        return Answer([(False, f"{where}: TLS fails: {error.reason or error}")])
    except OSError as error:
        return Answer([(False, f"{where} cannot be reached: {error.strerror or error}")])
    return Answer([(False, f"{where} accepts connections, but speaks neither MQTT 5 nor 3.1.1")])
