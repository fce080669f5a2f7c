"""A chain node seen through a relay that can answer in its place: a balancer with a node that lags behind."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import httpx

Answer = Callable[[str, list[Any], Any], Any]
"""Of the method, its parameters and the node's own result: the result to give."""


class RpcRelay:
    """Between a client and `node`; `answer` may be changed at any time. A context manager."""

    def __init__(self, node: str, answer: Answer = lambda _method, _params, result: result) -> None:
        self.answer = answer
        relay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["content-length"]))
                request = json.loads(content)
                found = httpx.post(node, content=content, headers={"content-type": "application/json"}).json()
                if isinstance(request, dict) and "result" in found:
                    found["result"] = relay.answer(request["method"], request["params"], found["result"])
                data = json.dumps(found).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> RpcRelay:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
