"""A gateway without a process: a fault makes its frames and publishes them by its own hand."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from backend.ingest.schemas import Message
from leafproof.envelope import parse
from leafproof.frame import decode_message
from tests.support.mqtt import MqttClient
from tests.support.stream import Stream
from tests.support.waiting import eventually

_PUBACK_SECONDS = 120.0


class Sender:
    """What is in `made` has to be in the log, once each; what is in `refused`, never (statement ids)."""

    def __init__(self, stream: Stream, port: int) -> None:
        self.stream, self._port = stream, port
        self.made: list[bytes] = []
        self.refused: list[bytes] = []

    def make(self, count: int, readings: int = 3) -> list[Message]:
        """The next frames of the stream."""
        return self.note([self.stream.frame(readings) for _ in range(count)])

    def note(self, messages: list[Message]) -> list[Message]:
        """These have to be in the log, too."""
        self.made += [identity(message) for message in messages]
        return messages

    def send(self, messages: Sequence[Message]) -> None:
        """Publish in this order; returns when the broker has taken all."""
        publish(self._port, [(message.topic, message.payload) for message in messages])


def identity(message: Message) -> bytes:
    """The statement id of a frame's message."""
    return parse(decode_message(message.payload)[0]).statement_id


def publish(port: int, messages: Sequence[tuple[str, bytes]]) -> None:
    """Publish topics and payloads in this order, with QoS 1; returns when the broker has taken all."""
    with MqttClient("127.0.0.1", port, f"publisher-{secrets.token_hex(4)}") as client:
        sent = [client.paho.publish(topic, payload, qos=1).mid for topic, payload in messages]
        eventually(lambda: client.acknowledged.keys() >= set(sent), "the broker takes all", _PUBACK_SECONDS)
