"""A load of HTTP/1.1 requests on one address, from a process of its own: `python -m benchmarks.http_load`.

Two shapes. *Closed*: each connection asks again as soon as it was answered, which finds the most that the server
can do. *Open*: requests are due at fixed moments, however the server fares, and each one's time counts from the
moment when it was due, not from when a connection was free for it: a server that stalls is charged for everybody
who waited (coordinated omission).

It speaks to sockets itself: a general client costs more than the server that it asks, and would be what is
measured. It reads answers with a Content-Length alone, and compares every body with the first.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

import typer

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_NO_BODY = (b"304", b"204")


@dataclass
class Load:
    """What came back. Times are in milliseconds from when a request was due; `differing` counts bodies that were
    not the first one's."""

    seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    differing: int = 0
    size: int = 0
    p50: float = 0.0
    p99: float = 0.0
    worst: float = 0.0

    @property
    def answered(self) -> int:
        """How many requests were answered, whatever the status."""
        return sum(self.statuses.values())

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


class _Connection(asyncio.Protocol):
    """One request at a time; `answered(self, status, body)` is called for each answer."""

    def __init__(self, request: bytes, answered: Callable[[_Connection, bytes, bytes], None]) -> None:
        self._request = request
        self._answered = answered
        self._data = bytearray()
        self._transport: asyncio.WriteTransport | None = None
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def ask(self, due: float) -> None:
        """Send the request that was due at the loop's time `due`."""
        self.due = due
        assert self._transport is not None
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._data += data
        end = self._data.find(_END)
        if end < 0:
            return
        head = bytes(self._data[:end]).lower()
        status, place = head[9:12], head.find(_LENGTH)
        length = 0
        if status not in _NO_BODY:
            if place < 0:
                raise RuntimeError("an answer without a Content-Length")
            length = int(head[place + len(_LENGTH) :].partition(b"\r\n")[0])
        whole = end + len(_END) + length
        if len(self._data) < whole:
            return
        body = bytes(self._data[end + len(_END) : whole])
        del self._data[:whole]
        self._answered(self, status, body)

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            raise exc


class _Run:
    """Counts answers; the subclass says when the next request is sent."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.times: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.differing = 0
        self.first: bytes | None = None

    def answered(self, connection: _Connection, status: bytes, body: bytes) -> None:
        self.times.append(self._loop.time() - connection.due)
        self.statuses[status.decode()] += 1
        if self.first is None:
            self.first = body
        self.differing += body != self.first

    def load(self, seconds: float) -> Load:
        """What was counted in `seconds`."""
        ordered = sorted(self.times)

        def at(share: float) -> float:
            return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1e3 if ordered else 0.0

        size = len(self.first or b"")
        return Load(seconds, dict(self.statuses), self.differing, size, at(0.5), at(0.99), at(1.0))


class _Closed(_Run):
    def __init__(self) -> None:
        super().__init__()
        self.stopped = False

    def answered(self, connection: _Connection, status: bytes, body: bytes) -> None:
        if not self.stopped:
            super().answered(connection, status, body)
            connection.ask(self._loop.time())


class _Open(_Run):
    def __init__(self) -> None:
        super().__init__()
        self.free: deque[_Connection] = deque()
        self.waiting: deque[float] = deque()

    def ask(self, due: float) -> None:
        """Send what is due, or let it wait for a connection."""
        if self.free:
            self.free.popleft().ask(due)
        else:
            self.waiting.append(due)

    def answered(self, connection: _Connection, status: bytes, body: bytes) -> None:
        super().answered(connection, status, body)
        if self.waiting:
            connection.ask(self.waiting.popleft())
        else:
            self.free.append(connection)


async def closed(port: int, request: bytes, connections: int, seconds: float) -> Load:
    """As much as `connections` get in `seconds`."""
    loop, run = asyncio.get_running_loop(), _Closed()
    asking = [await _connect(port, request, run) for _ in range(connections)]
    began = loop.time()
    for one in asking:
        one.ask(loop.time())
    await asyncio.sleep(seconds)
    run.stopped = True
    return run.load(loop.time() - began)


async def opened(port: int, request: bytes, connections: int, seconds: float, rate: float) -> Load:
    """`rate` requests a second for `seconds`, and then until the last is answered, at most ten times as long."""
    loop, run = asyncio.get_running_loop(), _Open()
    run.free.extend([await _connect(port, request, run) for _ in range(connections)])
    total, began = int(rate * seconds), loop.time()
    for number in range(total):
        due = began + number / rate
        while (left := due - loop.time()) > 0:
            await asyncio.sleep(left)
        run.ask(due)
        if number % 16 == 0:
            await asyncio.sleep(0)  # answers are read even when requests are late
    async with asyncio.timeout(10 * seconds):
        while len(run.times) < total:
            await asyncio.sleep(0.01)
    return run.load(loop.time() - began)


async def _connect(port: int, request: bytes, run: _Closed | _Open) -> _Connection:
    _, made = await asyncio.get_running_loop().create_connection(
        lambda: _Connection(request, run.answered), "127.0.0.1", port
    )
    return made


def request_bytes(port: int, path: str, headers: dict[str, str]) -> bytes:
    """A GET, as it is sent."""
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def main(
    port: int,
    path: str,
    seconds: float,
    connections: int = 16,
    rate: Annotated[float | None, typer.Option(help="requests a second; default: as many as it takes")] = None,
    header: Annotated[list[str] | None, typer.Option(help="Name: value")] = None,
) -> None:
    """Print what came back, as JSON."""
    headers = dict(one.split(": ", 1) for one in header or ())
    request = request_bytes(port, path, headers)
    work: Any = (
        closed(port, request, connections, seconds)
        if rate is None
        else opened(port, request, connections, seconds, rate)
    )
    print(json.dumps(asdict(asyncio.run(work))))


if __name__ == "__main__":
    typer.run(main)
