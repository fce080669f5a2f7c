"""What comes past paho's tables is what paho itself would have told, and what is not plain goes paho's way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from backend.ingest.mqtt_client import PlainClient

V5, V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
Told = tuple[bytes, bytes, int, int]


def told(
    kind: type[Client], protocol: MQTTProtocolVersion, first: int, packet: bytes
) -> tuple[list[Told], int, str]:
    """What a client says of a PUBLISH: topic, payload, packet id and QoS; how many took the short way; or why not."""
    found: list[Told] = []
    short: list[int] = []

    def plain(topic: str, payload: bytes, mid: int) -> None:
        short.append(mid)
        found.append((topic.encode(), payload, mid, 1))

    def message(_client: Any, _data: Any, one: Any) -> None:
        found.append((one._topic, bytes(one.payload), one.mid, one.qos))

    client = kind(CallbackAPIVersion.VERSION2, protocol=protocol, manual_ack=True)
    client.on_message = message
    if isinstance(client, PlainClient):
        client.on_plain = plain
    client._in_packet.update(command=first, packet=bytearray(packet))
    try:
        client._handle_publish()
    except Exception as error:  # noqa: BLE001 - whatever it is, it must be the same
        return found, len(short), type(error).__name__
    return found, len(short), ""


def publish(topic: bytes, properties: bytes, payload: bytes, mid: bytes = b"\x01\x02") -> bytes:
    return len(topic).to_bytes(2, "big") + topic + mid + properties + payload


def test_a_plain_message_takes_the_short_way() -> None:
    packet = publish("leafproof/v1/0/é".encode(), b"\x00", b"\x00\x01payload")
    found, short, trouble = told(PlainClient, V5, 0x32, packet)
    assert (short, trouble) == (1, "")
    assert found == [("leafproof/v1/0/é".encode(), b"\x00\x01payload", 0x0102, 1)]
    assert found == told(Client, V5, 0x32, packet)[0]


def _expiring() -> bytes:
    properties = Properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = 7
    return bytes(properties.pack())


@pytest.mark.parametrize(
    ("protocol", "first", "packet"),
    [
        (V5, 0x32, publish(b"a/b", _expiring(), b"payload")),
        (V5, 0x32, publish(b"a/\xff", b"\x00", b"payload")),
        (V5, 0x30, publish(b"a/b", b"\x00", b"payload", mid=b"")),
        (V311, 0x32, publish(b"a/b", b"", b"\x00payload")),
        (V5, 0x32, b"\x00\x09a/b"),
        (V5, 0x32, b""),
    ],
    ids=["a property", "no UTF-8", "QoS 0", "MQTT 3.1.1", "cut short", "empty"],
)
def test_whatever_is_not_plain_goes_the_library_s_way(
    protocol: MQTTProtocolVersion, first: int, packet: bytes
) -> None:
    found, short, trouble = told(PlainClient, protocol, first, packet)
    assert short == 0
    assert (found, 0, trouble) == told(Client, protocol, first, packet)


@given(st.sampled_from([0x30, 0x32, 0x3A]), st.binary(max_size=24))
def test_any_bytes_are_told_as_the_library_tells_them(first: int, packet: bytes) -> None:
    ours, theirs = told(PlainClient, V5, first, packet), told(Client, V5, first, packet)
    assert (ours[0], ours[2]) == (theirs[0], theirs[2])


def test_all_acknowledgements_of_a_group_are_those_of_the_library_one_by_one() -> None:
    mids = [1, 500, 65_535]

    def written(kind: type[Client]) -> bytes:
        client = kind(CallbackAPIVersion.VERSION2, protocol=V5, manual_ack=True)
        client.loop_write = lambda: 0  # nobody is connected: what would be written stays in the queue
        if isinstance(client, PlainClient):
            client.ack_all(mids)
            client.ack_all([])
        else:
            for mid in mids:
                client.ack(mid, 1)
        return b"".join(bytes(one["packet"]) for one in client._out_packet)

    assert written(PlainClient) == written(Client)
