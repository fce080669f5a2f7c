"""What is dropped before it is a message: never a frame, always counted, and acknowledged in its turn."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.ingest.schemas import Reason
from backend.ingest.sieve import SAMPLES, TOPIC_SAMPLES, Sieve, SievedSocket
from leafproof.errors import Malformed
from leafproof.frame import MAX_MESSAGE, decode_message, encode_message

TOPIC = "leafproof/v1/0/4012345000016/4012345000023/press/frames"
FRAME = encode_message(b"envelope" * 50, b"body" * 200)
PUBACK, PINGRESP = b"\x40\x02", b"\xd0\x00"


def length(number: int) -> bytes:
    """A variable byte integer."""
    digits = bytearray([number & 127])
    while number := number >> 7:
        digits[-1] |= 128
        digits.append(number & 127)
    return bytes(digits)


def publish(
    number: int, payload: bytes, *, topic: str = TOPIC, properties: bytes | None = b"", qos: int = 1
) -> bytes:
    """A PUBLISH; `properties` None: of MQTT 3.1.1."""
    name = topic.encode()
    content = struct.pack(">H", len(name)) + name + (struct.pack(">H", number) if qos else b"")
    content += b"" if properties is None else length(len(properties)) + properties
    content += payload
    return bytes([0x30 | qos << 1]) + length(len(content)) + content


def puback(number: int) -> bytes:
    return PUBACK + struct.pack(">H", number)


class Line:
    """A sieved socket, and the broker's end of it."""

    def __init__(self, *, properties: bool = True) -> None:
        self.broker, here = socket.socketpair()
        self.broker.setblocking(False)
        here.setblocking(False)
        self.sieve = Sieve()
        self.socket = SievedSocket(here, self.sieve, properties=properties)

    def passed(self, sent: bytes, chunk: int = 1 << 16) -> bytes:
        """What comes through of what the broker sends in chunks."""
        found = b""
        for at in range(0, len(sent), chunk):
            self.broker.sendall(sent[at : at + chunk])
            with suppress(BlockingIOError):
                while True:
                    found += self.socket.recv(7)
        return found

    def answered(self) -> bytes:
        """What the broker has got."""
        with suppress(BlockingIOError):
            return self.broker.recv(1 << 16)
        return b""


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.broker.close()
    made.socket.close()


def dropped(payload: bytes) -> bool:
    """Whether it is, where the topic's samples are used up."""
    line = Line()
    line.passed(publish(0, b"garbage", qos=0) * TOPIC_SAMPLES)
    line.passed(publish(0, payload, qos=0))
    line.broker.close()
    line.socket.close()
    return sum(one.messages for one in line.sieve.take()) == 1


def is_no_message(payload: bytes) -> bool:
    try:
        decode_message(payload)
    except Malformed:
        return True
    return False


class TestWhatIsDropped:
    @given(st.binary(max_size=300), st.binary(max_size=300))
    def test_never_a_message_of_a_gateway(self, envelope: bytes, body: bytes) -> None:
        assert not dropped(encode_message(envelope, body))

    @pytest.mark.parametrize("size", [0, 23, 24, 255, 256, 32_000])
    def test_nor_one_of_any_size(self, size: int) -> None:
        assert not dropped(encode_message(bytes(450), bytes(size)))

    @given(st.binary(max_size=40), st.integers(0, 60), st.binary(max_size=3))
    @example(b"", 0, b"\x82\x40\x40")
    @example(b"\x82\x58", 0, b"")
    @example(b"\x82\x5a\x00\x00\x00\x01\x00\x40", 0, b"")  # lengths longer than they must be
    @example(b"\x98\x02\x40\x40", 0, b"")
    @example(b"\x9f\x40\x40\xff", 0, b"")
    def test_only_what_the_judge_refuses(self, start: bytes, cut: int, end: bytes) -> None:
        for payload in (start + end, FRAME[:cut] + end, start + FRAME[cut:], FRAME + end):
            if dropped(payload):
                assert is_no_message(payload)

    @pytest.mark.parametrize(
        ("payload", "reason"),
        [
            (b"", Reason.MALFORMED_MESSAGE),
            (b"hello", Reason.MALFORMED_MESSAGE),
            (FRAME[:-1], Reason.MALFORMED_MESSAGE),
            (FRAME + b"\x00", Reason.MALFORMED_MESSAGE),
            (encode_message(b"", bytes(MAX_MESSAGE)), Reason.TOO_LARGE),
        ],
    )
    def test_it_is_counted_by_its_reason(self, line: Line, payload: bytes, reason: Reason) -> None:
        samples = [publish(n, b"garbage") for n in range(1, 1 + TOPIC_SAMPLES)]
        assert line.passed(b"".join(samples)) == b"".join(samples)
        assert line.passed(publish(100, payload) + publish(101, payload)) == b""
        (found,) = line.sieve.take()
        assert (found.reason, found.messages, found.bytes) == (reason, 2, 2 * len(payload))
        assert found.topic == TOPIC and found.last_at > 0
        assert line.sieve.take() == []
        line.sieve.put_back([found])
        assert [(one.reason, one.messages, one.bytes, one.topic) for one in line.sieve.take()] == [
            (reason, 2, 2 * len(payload), TOPIC)
        ]

    def test_the_first_of_each_topic_pass_again_and_again_but_not_of_endless_topics(self, line: Line) -> None:
        for _ in range(2):
            passed = line.passed(publish(0, b"x", qos=0) * 100)
            assert passed == publish(0, b"x", qos=0) * TOPIC_SAMPLES
            many = [publish(0, b"x", topic=f"leafproof/v1/0/a/b/{n}/frames", qos=0) for n in range(1000)]
            assert line.passed(b"".join(many)) == b"".join(many[: SAMPLES - TOPIC_SAMPLES])
            (found,) = line.sieve.take()
            assert found.messages == 1100 - SAMPLES


class TestTheStream:
    @pytest.mark.parametrize("chunk", [1, 2, 3, 50, 1 << 16])
    @pytest.mark.parametrize("properties", [None, b"", b"\x03\x00\x04text", b"\x08" + bytes(200)])
    def test_all_else_comes_through_wherever_it_is_cut(self, chunk: int, properties: bytes | None) -> None:
        line = Line(properties=properties is not None)
        frame, garbage = publish(7, FRAME, properties=properties), publish(8, b"x", properties=properties, qos=0)
        line.passed(garbage * TOPIC_SAMPLES)
        sent = [b"\x20\x02\x00\x00", garbage, frame, garbage, garbage, PINGRESP, frame, garbage]
        assert line.passed(b"".join(sent), chunk) == b"".join(one for one in sent if one != garbage)
        assert sum(one.messages for one in line.sieve.take()) == 4
        line.broker.close()
        assert line.socket.recv(1) == b""
        line.socket.close()

    def test_a_length_without_an_end_is_left_to_the_client(self, line: Line) -> None:
        sent = b"\x30" + b"\xff" * 9
        assert line.passed(sent) == sent

    def test_what_is_no_packet_is_left_to_the_client(self, line: Line) -> None:
        broken = b"\x32\x03\x00\x01a"  # a PUBLISH without its packet id
        assert line.passed(broken) == broken


class TestAnswers:
    def test_they_go_in_the_order_of_arrival(self, line: Line) -> None:
        line.passed(publish(0, b"garbage", qos=0) * TOPIC_SAMPLES)
        sent = [(1, b"x"), (2, FRAME), (3, b"x"), (4, b"x"), (5, FRAME), (6, FRAME), (7, b"x")]
        line.passed(b"".join(publish(number, payload) for number, payload in sent))
        assert line.answered() == puback(1)
        line.socket.send(puback(2))
        assert line.answered() == puback(2) + puback(3) + puback(4)
        line.socket.send(puback(5))
        assert line.answered() == puback(5)
        line.socket.send(puback(6))
        assert line.answered() == puback(6) + puback(7)

    def test_those_of_a_group_that_are_sent_at_once_too(self, line: Line) -> None:
        line.passed(publish(0, b"garbage", qos=0) * TOPIC_SAMPLES)
        sent = [(1, FRAME), (2, b"x"), (3, FRAME), (4, b"x")]
        line.passed(b"".join(publish(number, payload) for number, payload in sent))
        assert line.socket.send(puback(1) + puback(3)) == 8
        assert line.answered() == puback(1) + puback(2) + puback(3) + puback(4)

    def test_a_packet_is_taken_whole_or_not_at_all(self, line: Line) -> None:
        packet, taken = publish(1, bytes(100_000)), 0
        with pytest.raises(BlockingIOError):
            while True:
                taken += line.socket.send(packet)
        assert taken % len(packet) == 0 and line.socket.unsent
        assert line.socket.pending() == 0  # nothing to read: who waits for the broker must not spin
        got = b""
        while line.socket.unsent:
            got += line.answered()
            line.socket.flush()
        while more := line.answered():
            got += more
        assert got == packet * (taken // len(packet))
