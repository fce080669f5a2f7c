"""paho's client with two shortcuts for what comes by the thousand; all else is paho's own.

paho builds a table of all MQTT 5 properties and a condition variable for each message, and hands each PUBACK to
the network's thread by itself, with a byte through a pipe to wake it. That took more than half of what receiving a
frame costs. Both shortcuts stand on paho's inner parts (`_handle_publish`, `_in_packet`, `_packet_queue`);
whatever is not plain goes paho's way, and tests hold one against the other.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from paho.mqtt.client import Client
from paho.mqtt.enums import MessageType, MQTTErrorCode, MQTTProtocolVersion

OnPlain = Callable[[str, bytes, int], None]
_QOS, _QOS_1 = 0x06, 0x02  # of a PUBLISH's first byte, MQTT 5 section 3.3.1
_NO_PROPERTIES = b"\x00"


class PlainClient(Client):
    """A client for many messages. Set `on_plain` to take those of QoS 1 without properties: (topic, payload,
    packet id); `on_message` gets all others."""

    on_plain: OnPlain | None = None

    def ack_all(self, mids: Sequence[int]) -> None:
        """PUBACK each of these packet ids, in this order."""
        if mids:
            packets = b"".join(struct.pack("!BBH", MessageType.PUBACK, 2, mid) for mid in mids)
            self._packet_queue(MessageType.PUBACK, packets, 0, 1)

    def _handle_publish(self) -> MQTTErrorCode:
        plain = self._plain()
        if plain is None or self.on_plain is None:
            return super()._handle_publish()
        self.on_plain(*plain)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _plain(self) -> tuple[str, bytes, int] | None:
        """Topic, payload and packet id of the PUBLISH that was read; None of one that is unusual, or not sound."""
        if self._protocol != MQTTProtocolVersion.MQTTv5 or self._in_packet["command"] & _QOS != _QOS_1:
            return None
        packet = self._in_packet["packet"]
        end = 2 + int.from_bytes(packet[:2], "big")  # of the topic; then packet id, properties, payload: 3.3.2
        if packet[end + 2 : end + 3] != _NO_PROPERTIES:
            return None
        try:
            topic = packet[2:end].decode()
        except UnicodeDecodeError:
            return None
        return topic, bytes(packet[end + 3 :]), int.from_bytes(packet[end : end + 2], "big")
