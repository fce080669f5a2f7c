"""A chain node seen through a relay that can answer in its place: a balancer with a node that lags behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from tests.support.rpc_server import RpcServer

Answer = Callable[[str, list[Any], Any], Any]
"""Of the method, its parameters and the node's own result: the result to give."""


class RpcRelay(RpcServer):
    """Between a client and `node`; `answer` has the last word."""

    def __init__(self, node: str, answer: Answer) -> None:
        super().__init__()
        self._node, self._answer = node, answer

    def respond(self, content: bytes) -> bytes:
        request = json.loads(content)
        found = httpx.post(self._node, content=content, headers={"content-type": "application/json"}).json()
        if isinstance(request, dict) and "result" in found:
            found["result"] = self._answer(request["method"], request["params"], found["result"])
        return json.dumps(found).encode()
