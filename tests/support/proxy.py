"""A TCP proxy that does to connections what networks do: cut, delay, swallow."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from types import TracebackType

_CHUNK = 65536


class FaultProxy:
    """Passes bytes between clients of `port` and a server, until told otherwise.

    `cut` drops what is open (and, with `refuse`, what comes); `blackhole` swallows bytes both ways while
    connections stay open, `mute` those of the client alone; `delay` holds each chunk back that many seconds; `heal`
    returns to passing all on.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self.host, self.port = self._listener.getsockname()[:2]
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._guard = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._closed = False
        self._refusing = False
        self._swallowing = self._muted = False
        self._delay = 0.0
        self.connections = 0

    def start(self) -> None:
        """Begin to accept."""
        self._spawn(self._accept)

    def stop(self) -> None:
        """Close all connections and wait for the threads."""
        self._closed = True
        self.cut()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def cut(self, *, refuse: bool = False) -> None:
        """Drop every open connection; with `refuse`, new ones too, until `heal`."""
        self._refusing = refuse
        with self._guard:
            pairs = list(self._pairs)
        for pair in pairs:
            for side in pair:
                with contextlib.suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)

    def blackhole(self) -> None:
        """Swallow all bytes from now on."""
        self._swallowing = True

    def mute(self) -> None:
        """Swallow what the clients say from now on; what the server says still reaches them."""
        self._muted = True

    def delay(self, seconds: float) -> None:
        """Hold back each chunk."""
        self._delay = seconds

    def heal(self) -> None:
        """Pass all on again; connections that lost bytes in a blackhole are dropped: TCP loses none."""
        if self._swallowing or self._muted:
            self.cut()
        self._refusing = self._swallowing = self._muted = False
        self._delay = 0.0

    def __enter__(self) -> FaultProxy:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _spawn(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            self._spawn(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client:
            if self._refusing:
                return
            try:
                server = socket.create_connection(self._target, timeout=5.0)
            except OSError:
                return
            with server:
                pair = (client, server)
                with self._guard:
                    self._pairs.add(pair)
                try:
                    self._pump(client, server)
                except OSError:
                    return
                finally:
                    with self._guard:
                        self._pairs.discard(pair)

    def _pump(self, client: socket.socket, server: socket.socket) -> None:
        client.settimeout(None)
        server.settimeout(None)
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while not self._closed:
                for key, _ in selector.select(0.1):
                    source: socket.socket = key.fileobj
                    chunk = source.recv(_CHUNK)
                    if not chunk:
                        return
                    if self._swallowing or (self._muted and source is client):
                        continue
                    if self._delay:
                        time.sleep(self._delay)
                    key.data.sendall(chunk)
