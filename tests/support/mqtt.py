"""A paho client that collects what it receives, for tests."""

from __future__ import annotations

import ssl
import threading
from types import TracebackType
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from tests.support.waiting import eventually


class MqttClient:
    """Connected within the `with` block; `received` is topic and payload, in order of arrival."""

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        *,
        protocol: int = 5,
        persistent: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.acknowledged: dict[int, ReasonCode] = {}
        self.connected: ReasonCode | None = None
        self._subscribed = threading.Event()
        options: dict[str, Any] = {} if protocol == paho.MQTTv5 else {"clean_session": not persistent}
        self.paho = paho.Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTProtocolVersion(protocol), **options
        )
        self.paho.on_message = self._on_message
        self.paho.on_connect = self._on_connect
        self.paho.on_publish = self._on_publish
        self.paho.on_subscribe = lambda *_: self._subscribed.set()
        if tls is not None:
            self.paho.tls_set_context(tls)
        properties = Properties(paho.PacketTypes.CONNECT) if protocol == paho.MQTTv5 else None
        if properties is not None and persistent:
            properties.SessionExpiryInterval = 3600
        clean = {"clean_start": not persistent, "properties": properties} if properties is not None else {}
        self.paho.connect(host, port, keepalive=30, **clean)

    def subscribe(self, topic: str) -> None:
        """Subscribe with QoS 1; returns when the broker has answered."""
        self._subscribed.clear()
        self.paho.subscribe(topic, qos=1)
        eventually(self._subscribed.is_set, f"a subscription to {topic}")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> ReasonCode:
        """Publish with QoS 1; the broker's answer."""
        message = self.paho.publish(topic, payload, qos=1, retain=retain)
        eventually(lambda: message.mid in self.acknowledged, f"an acknowledgement of {topic}")
        return self.acknowledged[message.mid]

    def wait_for(self, count: int) -> list[tuple[str, bytes]]:
        """The messages, once there are so many."""
        eventually(lambda: len(self.received) >= count, f"{count} messages (there are {len(self.received)})")
        return self.received

    def __enter__(self) -> MqttClient:
        self.paho.loop_start()
        eventually(lambda: self.connected is not None, "an answer to CONNECT")
        assert self.connected is not None and not self.connected.is_failure, self.connected
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        self.connected = reason

    def _on_publish(self, _client: Any, _data: Any, mid: int, reason: ReasonCode, _properties: Any) -> None:
        self.acknowledged[mid] = reason

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        self.received.append((message.topic, bytes(message.payload)))
