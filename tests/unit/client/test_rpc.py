"""The JSON-RPC client against a node that misbehaves, and that its URL's secrets stay its own."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from leafproof.client import rpc as module
from leafproof.client.rpc import AnswerTooLarge, NodeRefused, NodeUnreachable, Rpc
from leafproof.errors import InvalidInput

Answer = tuple[int, bytes]


class Node:
    """A node that answers as `answers` say, one a request, the last one ever after."""

    def __init__(self) -> None:
        self.answers: list[Answer | Callable[[Any], Answer]] = []
        self.requests: list[Any] = []
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["content-length"])))
                node.requests.append(request)
                answer = node.answers.pop(0) if len(node.answers) > 1 else node.answers[0]
                status, data = answer(request) if callable(answer) else answer
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://user:hunter2@127.0.0.1:{self.server.server_port}/v3/secret-token?key=abc"


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.001)
    made = Node()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def rpc(node: Node) -> Iterator[Rpc]:
    with Rpc(node.url) as made:
        yield made


def result(value: object) -> Answer:
    return 200, json.dumps({"jsonrpc": "2.0", "id": 0, "result": value}).encode()


def error(code: int, message: object, data: object = None) -> bytes:
    return json.dumps(
        {"jsonrpc": "2.0", "id": 0, "error": {"code": code, "message": message, "data": data}}
    ).encode()


class TestCall:
    def test_a_result(self, node: Node, rpc: Rpc) -> None:
        node.answers = [result("0x1")]
        assert rpc.call("eth_chainId") == "0x1"
        assert node.requests == [{"jsonrpc": "2.0", "id": 0, "method": "eth_chainId", "params": []}]

    def test_a_busy_node_is_asked_again(self, node: Node, rpc: Rpc) -> None:
        node.answers = [(429, b""), (503, b"later"), result(None)]
        assert rpc.call("eth_getTransactionReceipt", "0x") is None
        assert len(node.requests) == 3

    @pytest.mark.parametrize("status", [200, 400, 500])
    def test_an_error_object_is_said_whatever_the_status(self, node: Node, rpc: Rpc, status: int) -> None:
        node.answers = [(status, error(-32602, "block\nrange too large", "0x08c379a0"))]
        with pytest.raises(NodeRefused, match="block range too large") as caught:
            rpc.call("eth_getLogs", {})
        assert (caught.value.code, caught.value.data) == (-32602, b"\x08\xc3\x79\xa0")
        assert len(node.requests) == 1

    @pytest.mark.parametrize("message", [None, 5, "x" * 5000])
    def test_whatever_the_node_says_is_kept_short(self, node: Node, rpc: Rpc, message: object) -> None:
        node.answers = [(200, error(1, message, {"data": "0xzz"}))]
        with pytest.raises(NodeRefused) as caught:
            rpc.call("eth_call")
        assert len(caught.value.message) < 300
        assert caught.value.data == b""

    @pytest.mark.parametrize("data", [b"", b"<html>", b'"text"', b"[" * 100_000, b"\xff\xfe"])
    def test_what_is_not_json_rpc_is_said(self, node: Node, rpc: Rpc, data: bytes) -> None:
        node.answers = [(200, data)]
        with pytest.raises(NodeUnreachable, match="does not speak JSON-RPC"):
            rpc.call("eth_chainId")

    @pytest.mark.parametrize("data", [b"{}", b"[]", b'{"result": 1, "error": "x"}'])
    def test_what_is_no_response_is_refused(self, node: Node, rpc: Rpc, data: bytes) -> None:
        node.answers = [(200, data)]
        with pytest.raises(NodeRefused):
            rpc.call("eth_chainId")

    def test_an_answer_without_end_is_cut_off(self, node: Node, rpc: Rpc, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MAX_ANSWER", 1000)
        node.answers = [(200, b"x" * 100_000)]
        with pytest.raises(AnswerTooLarge):
            rpc.call("eth_getLogs")

    def test_nobody_there(self) -> None:
        with Rpc("http://127.0.0.1:9", retries=0) as rpc, pytest.raises(NodeUnreachable, match=r"127\.0\.0\.1:9"):
            rpc.call("eth_chainId")

    def test_silence_is_not_waited_for_longer_than_the_reader_has_patience(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            started = time.monotonic()
            with (
                Rpc(f"http://127.0.0.1:{silent.getsockname()[1]}", patience=0.2) as rpc,
                pytest.raises(NodeUnreachable, match="does not answer"),
            ):
                rpc.call("eth_chainId")
        assert time.monotonic() - started < 5
        assert module.READERS_PATIENCE + module._CONNECT <= 20

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "ftp://x",
            "http://",
            "127.0.0.1:8545",
            "http://[::1",
            "file:///etc/passwd",
            "http://a..b/x",
            f"http://{'a' * 70}.de",
            "http://xn--/x",
            "http://127.0.0.1:99999",
        ],
    )
    def test_a_url_that_is_none_is_refused_at_once(self, url: str) -> None:
        with pytest.raises(InvalidInput, match="rpc"):
            Rpc(url)


class TestCallMany:
    def test_results_come_in_the_order_of_the_calls(self, node: Node, rpc: Rpc) -> None:
        def reversed_batch(request: Any) -> Answer:
            answers = [{"jsonrpc": "2.0", "id": r["id"], "result": r["params"][0]} for r in request]
            return 200, json.dumps(answers[::-1]).encode()

        node.answers = [reversed_batch]
        assert rpc.call_many("eth_getBlockByNumber", [(i,) for i in range(250)]) == list(range(250))
        assert [len(r) for r in node.requests] == [100, 100, 50]

    @pytest.mark.parametrize("answer", [b"[]", b'[{"id": 0, "result": 1}, {"id": 0, "result": 2}]', b"[1, 2]"])
    def test_an_incomplete_batch_is_not_believed(self, node: Node, rpc: Rpc, answer: bytes) -> None:
        node.answers = [(200, answer)]
        with pytest.raises(NodeUnreachable, match="incompletely"):
            rpc.call_many("eth_getBlockByNumber", [(0,), (1,)])

    def test_one_error_for_all(self, node: Node, rpc: Rpc) -> None:
        node.answers = [(200, error(-32600, "no batches here"))]
        with pytest.raises(NodeRefused, match="no batches here"):
            rpc.call_many("eth_getBlockByNumber", [(0,), (1,)])


class TestSecrets:
    def test_neither_errors_nor_logs_tell_the_urls_secrets(
        self, node: Node, rpc: Rpc, caplog: pytest.LogCaptureFixture
    ) -> None:
        told = []
        with caplog.at_level(logging.INFO):
            for answer in ((200, b"no"), (503, b""), (200, error(1, "refused"))):
                node.answers = [answer]
                with pytest.raises((NodeUnreachable, NodeRefused)) as caught:
                    rpc.call("eth_chainId")
                told.append(str(caught.value))
        text = " ".join(told) + caplog.text + rpc.name + repr(rpc)
        for secret in ("hunter2", "secret-token", "abc", "user"):
            assert secret not in text
