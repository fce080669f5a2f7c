"""Very many MQTT clients from one process, and a flood of garbage from another.

The crowd speaks the little of MQTT 3.1.1 that publishing takes (OASIS standard, sections 3.1 to 3.4), so that a
thousand connections are a thousand coroutines. `python -m tests.faults.crowd PORT TOPIC` is the flood: as much as
the broker takes, until SIGTERM; it says how many messages that was.
"""

from __future__ import annotations

import asyncio
import random
import signal
import struct
import sys
from collections.abc import Sequence

_CONNACK, _PUBACK_SIZE, _PINGRESP = b"\x20\x02\x00\x00", 4, b"\xd0\x00"
_GUSH, _GUSHES = 1_024, 8  # messages of the flood at once, and gushes on their way
_GARBAGE = 1_000  # bytes at most


def publish_all(port: int, clients: Sequence[tuple[str, Sequence[tuple[str, bytes]]]]) -> None:
    """Connect all at once, each by its name, publish each one's messages (topic, payload) with QoS 1; returns when
    the broker has taken all. Raises `OSError` where it refuses."""
    asyncio.run(_all(port, clients))


async def _all(port: int, clients: Sequence[tuple[str, Sequence[tuple[str, bytes]]]]) -> None:
    await asyncio.gather(*(_publish(port, name, messages) for name, messages in clients))


async def _publish(port: int, name: str, messages: Sequence[tuple[str, bytes]]) -> None:
    reader, writer = await _connect(port, name)
    for number, (topic, payload) in enumerate(messages):
        writer.write(_publication(topic, payload, number + 1))
    await writer.drain()
    await reader.readexactly(_PUBACK_SIZE * len(messages))
    await _leave(writer)


async def _connect(port: int, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    content = b"\x00\x04MQTT\x04\x02" + struct.pack(">H", 60) + _text(name)
    writer.write(b"\x10" + _length(len(content)) + content)
    if await reader.readexactly(len(_CONNACK)) != _CONNACK:
        raise OSError(f"the broker refuses {name}")
    return reader, writer


async def _leave(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\xe0\x00")
    await writer.drain()
    writer.close()


def _publication(topic: str, payload: bytes, number: int) -> bytes:
    content = _text(topic) + struct.pack(">H", number) + payload
    return b"\x32" + _length(len(content)) + content


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def _length(number: int) -> bytes:
    found = b""
    while True:
        number, digit = divmod(number, 128)
        found += bytes([digit | (0x80 if number else 0)])
        if not number:
            return found


async def _flood(port: int, topic: str) -> int:
    """Random bytes to `topic`, the same gushes again and again: whoever makes them anew sends fewer."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    reader, writer = await _connect(port, "flood")
    chance = random.Random(port)
    gushes = [
        b"".join(
            _publication(topic, chance.randbytes(chance.randrange(_GARBAGE)), gush * _GUSH + number + 1)
            for number in range(_GUSH)
        )
        for gush in range(_GUSHES)
    ]
    sent = taken = 0
    while not ended.is_set():
        if sent == taken + _GUSHES:
            await reader.readexactly(_PUBACK_SIZE * _GUSH)
            taken += 1
        writer.write(gushes[sent % _GUSHES])
        await writer.drain()
        sent += 1
    await reader.readexactly(_PUBACK_SIZE * _GUSH * (sent - taken))
    await _leave(writer)
    return sent * _GUSH


if __name__ == "__main__":
    print(asyncio.run(_flood(int(sys.argv[1]), sys.argv[2])))
