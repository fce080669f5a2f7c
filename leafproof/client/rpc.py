"""JSON-RPC 2.0 over HTTP to an EVM node: bounded, with time-outs and retries.

Every call may be sent twice: reads, and transactions already signed, which a node knows by their hash.

The node is not trusted with anything but availability here: what it answers is checked by whoever decodes it.
URLs of nodes carry credentials (user:password@, a key in the path or the query), so that errors name the host
alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from ipaddress import ip_address
from math import inf
from typing import Any

import httpx
import msgspec

from leafproof.client.http import address, origin
from leafproof.errors import LeafproofError

MAX_ANSWER = 64 << 20  # bytes; larger answers make the reader ask for fewer blocks at once
MAX_BATCH = 100  # calls in one request: below what public providers allow
_SILENCE, _CONNECT = 30.0, 5.0  # seconds
READERS_PATIENCE = 15.0  # seconds: somebody sits before the command and waits
_RETRIES = 4
_FIRST_PAUSE = 0.25  # seconds, doubled from try to try
_BUSY = frozenset({429, 502, 503, 504})


class NodeUnreachable(LeafproofError):
    """The node does not answer, or not with JSON-RPC."""


class NodeRefused(LeafproofError):
    """The node answered with an error object: `code` as JSON-RPC has it, `reason` the node's own words, `data`
    what a contract reverted with, where the node says so."""

    def __init__(self, method: str, code: int, reason: str, data: bytes = b"") -> None:
        super().__init__(f"the chain node refused {method}: {reason} ({code})")
        self.code = code
        self.reason = reason
        self.data = data


class AnswerTooLarge(NodeRefused):
    """The answer has more than `MAX_ANSWER` bytes."""

    def __init__(self, method: str) -> None:
        super().__init__(
            method, -32005, f"the answer has more than {MAX_ANSWER} bytes"
        )  # EIP-1474: limit exceeded


class Rpc:
    """A node at `url` (http or https). Threads may share one; close it when done, a later call opens it again.

    `patience` is after how many seconds of silence no new try is begun.

    Every call raises `NodeUnreachable` or `NodeRefused`; a wrong URL raises `InvalidInput` at once.
    """

    def __init__(self, url: str, *, retries: int = _RETRIES, patience: float = inf) -> None:
        self._url = address(url, "rpc")
        self.name = origin(self._url)
        self._retries = retries
        self._patience = patience
        # httpx logs whole URLs, with the provider's token in them.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._http: httpx.Client | None = None
        self._opening = threading.Lock()

    def call(self, method: str, *params: object) -> Any:
        """The result of one call."""
        answer = self._send(method, {"jsonrpc": "2.0", "id": 0, "method": method, "params": params})
        return _result(method, answer)

    def call_many(self, method: str, params: Sequence[Sequence[object]]) -> list[Any]:
        """The results of many calls of one method, in order, sent in batches."""
        results: list[Any] = []
        for start in range(0, len(params), MAX_BATCH):
            part = params[start : start + MAX_BATCH]
            calls = [{"jsonrpc": "2.0", "id": i, "method": method, "params": p} for i, p in enumerate(part)]
            answers = self._send(method, calls)
            if isinstance(answers, dict):
                _result(method, answers)  # one error for the whole batch
            listed = answers if isinstance(answers, list) else []
            by_id = {a["id"]: a for a in listed if isinstance(a, dict) and type(a.get("id")) is int}
            if by_id.keys() != set(range(len(part))):
                raise NodeUnreachable(f"the chain node at {self.name} answered a batch incompletely")
            results += [_result(method, by_id[i]) for i in range(len(part))]
        return results

    def close(self) -> None:
        """Close the connections."""
        with self._opening:
            client, self._http = self._http, None
        if client is not None:
            client.close()

    def __enter__(self) -> Rpc:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, method: str, request: object) -> Any:
        body = msgspec.json.encode(request)
        give_up = time.monotonic() + self._patience
        for attempt in range(self._retries + 1):
            try:
                status, data = self._post(method, body)
            except httpx.HTTPError as error:
                reason = type(error).__name__
            else:
                if status not in _BUSY:
                    return self._parse(status, data)
                reason = f"HTTP status {status}"
            if time.monotonic() >= give_up:
                break
            if attempt < self._retries:
                time.sleep(_FIRST_PAUSE * 2**attempt)
        raise NodeUnreachable(f"the chain node at {self.name} does not answer ({reason})")

    def _post(self, method: str, body: bytes) -> tuple[int, bytes]:
        headers = {"content-type": "application/json"}
        with self._client().stream("POST", self._url, content=body, headers=headers) as response:
            data = bytearray()
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > MAX_ANSWER:
                    raise AnswerTooLarge(method)
            return response.status_code, bytes(data)

    def _client(self) -> httpx.Client:
        with self._opening:
            if self._http is None:
                # A proxy named in the environment has no business with this machine's own node.
                self._http = httpx.Client(timeout=self._timeout(), trust_env=not _is_loopback(self._url.host))
            return self._http

    def _timeout(self) -> httpx.Timeout:
        return httpx.Timeout(min(_SILENCE, self._patience), connect=_CONNECT)

    def _parse(self, status: int, data: bytes) -> Any:
        # Some nodes send an error object with status 400 or 500: the object says more than the status.
        try:
            answer = msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError):
            answer = None
        if isinstance(answer, dict | list):
            return answer
        raise NodeUnreachable(f"{self.name} does not speak JSON-RPC (HTTP status {status})")


def _result(method: str, answer: Any) -> Any:
    if isinstance(answer, dict):
        error = answer.get("error")
        if isinstance(error, dict):
            code, message = error.get("code"), error.get("message")
            number = code if isinstance(code, int) else 0
            raise NodeRefused(method, number, _printable(message), _revert_data(error.get("data")))
        if "result" in answer and error is None:
            return answer["result"]
    raise NodeRefused(method, 0, "the answer is no JSON-RPC response")


def _printable(message: object) -> str:
    text = message if isinstance(message, str) else "without saying why"
    return "".join(c if c.isprintable() else " " for c in text[:200])


def _revert_data(data: object) -> bytes:
    """The revert's ABI-encoded error: geth and Besu give it as `data`, others inside it."""
    if isinstance(data, dict):
        data = data.get("data")
    if not isinstance(data, str) or not data.startswith("0x"):
        return b""
    try:
        return bytes.fromhex(data[2:])
    except ValueError:
        return b""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
