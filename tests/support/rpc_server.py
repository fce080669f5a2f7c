"""A JSON-RPC server on loopback, for tests that stand between a reader and a chain, or in a chain's place."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class RpcServer(ABC):
    """A context manager; `url` is where it listens. Web pages of any origin may ask it."""

    def __init__(self) -> None:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_OPTIONS(self) -> None:
                self._send(b"")

            def do_POST(self) -> None:
                self._send(server.respond(self.rfile.read(int(self.headers["content-length"]))))

            def _send(self, data: bytes) -> None:
                self.send_response(200)
                for name in ("origin", "headers"):
                    self.send_header(f"access-control-allow-{name}", "*")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @abstractmethod
    def respond(self, content: bytes) -> bytes:
        """The body of the answer to a request's body."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
