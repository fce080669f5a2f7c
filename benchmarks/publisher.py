"""A publisher that costs next to nothing: MQTT 3.1.1 over a plain socket, packets made beforehand.

A client library would take a processor's half at these rates, and the figure would be the library's. It keeps
QoS 1 and a window of unacknowledged packets like any client (MQTT 3.1.1, sections 3.1 to 3.9 and 4.4).
"""

from __future__ import annotations

import pickle
import socket
import sys
import time
from collections.abc import Sequence

from leafproof import cbor

WINDOW = 500  # PUBLISH packets without their PUBACK: half of what the broker takes
_CONNACK, _PUBLISH, _PUBACK, _SUBACK = 2, 3, 4, 9


def publish_and_wait(port: int, messages: Sequence[tuple[str, bytes]], acks: str, last: dict[bytes, int]) -> float:
    """Publish all messages in order and wait until the log has acknowledged, signed, the `last` sequence of each
    gateway (by key id); seconds from the first byte to the last acknowledgement. Raises `OSError`."""
    packets = [_publish(topic, payload, 1 + number % 65_000) for number, (topic, payload) in enumerate(messages)]
    waiting = dict(last)
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = _Reader(connection)
        connection.sendall(_packet(0x10, b"\x00\x04MQTT\x04\x02\x00\x00" + _text("bench")))
        reader.expect(_CONNACK)
        connection.sendall(_packet(0x82, b"\x00\x01" + _text(acks) + b"\x01"))
        reader.expect(_SUBACK)
        began, sent, open_packets = time.perf_counter(), 0, 0
        while waiting:
            room = min(WINDOW - open_packets, len(packets) - sent)
            if room > 0:
                connection.sendall(b"".join(packets[sent : sent + room]))
                sent, open_packets = sent + room, open_packets + room
            kind, content = reader.packet()
            if kind == _PUBACK:
                open_packets -= 1
            elif kind == _PUBLISH:
                gateway, sequence = _acknowledged(connection, content)
                if waiting.get(gateway, -1) == sequence:
                    del waiting[gateway]
        return time.perf_counter() - began


def publish(port: int, messages: Sequence[tuple[str, bytes]]) -> None:
    """Publish all messages in order; returns when the broker has taken them. Raises `OSError`."""
    packets = [_publish(topic, payload, 1 + number % 65_000) for number, (topic, payload) in enumerate(messages)]
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        reader = _Reader(connection)
        connection.sendall(_packet(0x10, b"\x00\x04MQTT\x04\x02\x00\x00" + _text("bench")))
        reader.expect(_CONNACK)
        for start in range(0, len(packets), WINDOW):
            some = packets[start : start + WINDOW]
            connection.sendall(b"".join(some))
            for _ in some:
                reader.expect(_PUBACK)


def _acknowledged(connection: socket.socket, content: bytes) -> tuple[bytes, int]:
    """Gateway and sequence of a signed acknowledgement; its PUBACK goes back."""
    topic = int.from_bytes(content[:2], "big")
    connection.sendall(_packet(0x40, content[2 + topic : 4 + topic]))
    _, _, payload, _ = cbor.decode(content[5 + topic :], "acknowledgement", 4096)
    gateway, _epoch, sequence, _index = cbor.decode(payload, "acknowledgement", 4096)
    return gateway, sequence


class _Reader:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._held = bytearray()

    def expect(self, kind: int) -> None:
        found, _ = self.packet()
        if found != kind:
            raise OSError(f"the broker answered with packet type {found}, not {kind}")

    def packet(self) -> tuple[int, bytes]:
        """The next packet's type and what follows its fixed header."""
        first = self._take(1)[0]
        length = shift = 0
        while True:
            byte = self._take(1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return first >> 4, self._take(length)

    def _take(self, count: int) -> bytes:
        while len(self._held) < count:
            more = self._connection.recv(1 << 16)
            if not more:
                raise OSError("the broker closed the connection")
            self._held += more
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken


def _publish(topic: str, payload: bytes, packet_id: int) -> bytes:
    return _packet(0x32, _text(topic) + packet_id.to_bytes(2, "big") + payload)


def _text(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data


def _packet(head: int, content: bytes) -> bytes:
    length, size = bytearray(), len(content)
    while True:
        size, part = size >> 7, size & 127
        length.append(part | (128 if size else 0))
        if not size:
            return bytes([head]) + bytes(length) + content


if __name__ == "__main__":
    print(publish_and_wait(*pickle.load(sys.stdin.buffer)))
