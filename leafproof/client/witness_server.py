"""`add-checkpoint` over HTTP (C2SP tlog-witness), on the standard library's server: one thread a connection."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from leafproof.client.witness_service import Answer, WitnessService
from leafproof.errors import InvalidInput
from leafproof.witness import MAX_SUBMISSION

MAX_CONNECTIONS = 64  # at once; more wait
_IDLE_SECONDS = 30.0


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int, service: WitnessService) -> None:
        self.service = service
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a place, for as long as the connection lives."""
        self._places.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve the connection, and give its place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "leafproof-witness", ""
    timeout = _IDLE_SECONDS
    server: _Server

    def do_POST(self) -> None:
        """The one thing that can be asked."""
        length = self.headers.get("content-length", "")
        if not length.isdecimal():
            self._answer(Answer(HTTPStatus.LENGTH_REQUIRED, b"a content length is needed\n"), last=True)
        elif int(length) > MAX_SUBMISSION:
            self._answer(Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"too large\n"), last=True)
        else:
            body = self.rfile.read(int(length))
            self._answer(self._judged(body) if self.path == "/add-checkpoint" else _NOWHERE)

    def do_GET(self) -> None:
        """Nothing is here to be read."""
        self._answer(_NOWHERE)

    def _judged(self, body: bytes) -> Answer:
        try:
            return self.server.service.add_checkpoint(body)
        except OSError as error:
            sys.stderr.write(f"cannot remember what was seen ({error.strerror}); nothing was cosigned\n")
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"the witness cannot write to its disk\n")

    def _answer(self, answer: Answer, last: bool = False) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if last:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Who asks is nobody's business."""


_NOWHERE = Answer(HTTPStatus.NOT_FOUND, b"only POST /add-checkpoint is here\n")


@contextmanager
def serving(service: WitnessService, host: str, port: int) -> Iterator[int]:
    """Serve from threads of its own, on `port` or, for 0, on any; the port. Raises `InvalidInput`."""
    try:
        server = _Server(host, port, service)
    except OSError as error:
        raise InvalidInput("port", f"cannot listen on {host}:{port} ({error.strerror or error})") from None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
