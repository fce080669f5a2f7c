"""The readers' commands against servers that answer something else than was asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from typer.testing import CliRunner

from leafproof.bundle import MEDIA_TYPE
from leafproof.cli import audit
from leafproof.cli.main import _application, main
from leafproof.cli.verify import asked_for
from leafproof.client.http import NotLetIn, fetch
from leafproof.client.log_server import LogServer, _Head
from leafproof.errors import InvalidInput
from leafproof.replay.report import ReplayReport
from tests.support import world as w
from tests.support.world import COIL, TOWER


@contextmanager
def serving(content: bytes, status: int = 200, kind: str = MEDIA_TYPE) -> Iterator[str]:
    """A server that answers every request with this bundle, or problem."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class TestVerify:
    def test_another_lots_honest_bundle_fails(self, tmp_path: Path) -> None:
        world, _ = w.honest_world()
        trust = tmp_path / "trust.json"
        trust.write_bytes(world.trust().encode())
        with serving(world.bundle(TOWER).encode()) as url:
            for lot, expected in ((TOWER, "warning"), (COIL, "fail")):
                words = [
                    "verify",
                    f"{url}/01/{lot.gtin}/10/{lot.code}",
                    "--trust",
                    str(trust),
                    "--offline",
                    "--json",
                ]
                said = json.loads(CliRunner().invoke(_application(words), words).stdout)
                codes = {f["code"] for f in said["checks"][0]["findings"]}
                assert ("another-lot" in codes) is (expected == "fail")

    def test_what_an_address_asks_for(self) -> None:
        assert asked_for(f"https://a.example/x/01/{COIL.gtin}/10/C%2D1?q=1") == COIL
        assert asked_for(f"https://a.example/v1/lots/{COIL.gtin}/C-1/bundle") == COIL
        assert asked_for("https://a.example/some.cbor") is asked_for("folder/01/2/10/3") is None
        with pytest.raises(InvalidInput):
            asked_for("https://a.example/01/123/10/C-1")


BAD_ADDRESSES = [
    "http://a..b/x",
    f"http://{'a' * 70}.de/x",
    "http://xn--/x",
    "http://[::1",
    "http://127.0.0.1:99999/x",
]


@pytest.fixture
def trust(tmp_path: Path) -> str:
    path = tmp_path / "trust.json"
    path.write_bytes(w.honest_world()[0].trust().encode())
    return str(path)


def slip(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command says of a slip: one sentence, exit code 2."""
    monkeypatch.setattr(sys, "argv", ["leafproof", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err.lstrip()  # a bar of progress leaves an empty line
    assert ended.value.code == 2
    assert said.startswith("leafproof: ")
    assert said.count("\n") == 1
    return said


class TestSlips:
    @pytest.fixture
    def say(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
        return lambda *words: slip(monkeypatch, capsys, *words)

    @pytest.mark.parametrize("address", BAD_ADDRESSES)
    def test_an_address_that_is_none(
        self, say: Callable[..., str], trust: str, tmp_path: Path, address: str
    ) -> None:
        assert "URL" in say("verify", address, "--trust", trust)
        bundle, hints = tmp_path / "bundle", tmp_path / "hints.json"
        world, _ = w.honest_world()
        bundle.write_bytes(world.bundle().encode())
        hints.write_bytes(msgspec.structs.replace(world.trust(), rpc_urls=[address]).encode())
        assert "URL" in say("verify", str(bundle), "--trust", trust, "--rpc", address)
        assert "URL" in say("verify", str(bundle), "--trust", str(hints))
        assert "URL" in say("audit", "replay", "--trust", trust, "--rpc", address, "--url", "http://127.0.0.1:9")

    @pytest.mark.parametrize("data", [b"", b"# Leafproof", b"\x86\x61a", b"\x70leafproof-bundle"])
    def test_a_file_that_is_no_bundle(
        self, say: Callable[..., str], trust: str, tmp_path: Path, data: bytes
    ) -> None:
        (tmp_path / "README.md").write_bytes(data)
        said = say("verify", str(tmp_path / "README.md"), "--trust", trust, "--offline")
        assert said.endswith("README.md is not a Leafproof bundle\n")

    def test_a_damaged_bundle_is_no_slip(self, trust: str, tmp_path: Path) -> None:
        (tmp_path / "bundle").write_bytes(w.honest_world()[0].bundle().encode()[:-1])
        words = ["verify", str(tmp_path / "bundle"), "--trust", trust, "--offline"]
        assert CliRunner().invoke(_application(words), words).exit_code == 1

    def test_a_servers_own_words(self, say: Callable[..., str], trust: str) -> None:
        problem = json.dumps({"detail": "There is no such lot.\x1b[8m"}).encode()
        with serving(problem, 404, "application/problem+json") as url:
            said = say("verify", f"{url}/x", "--trust", trust, "--offline")
        assert "answered 404 (There is no such lot.\ufffd" in said

    def test_a_server_that_is_down_is_named(self, say: Callable[..., str], trust: str) -> None:
        said = say("verify", "http://user:secret@127.0.0.1:9/x", "--trust", trust, "--offline")
        assert "http://127.0.0.1:9 cannot be read" in said
        assert "secret" not in said

    @pytest.mark.parametrize("key", ["leafproof_\ufffd", "a\nb", "a b"])
    def test_a_key_that_no_server_gave(self, key: str) -> None:
        with pytest.raises(InvalidInput, match="API key"):
            fetch("http://127.0.0.1:9/v1/logs", "application/json", 100, key)

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_wrong_key(self, status: int) -> None:
        head = _Head(1, "0x" + "11" * 20, "22" * 32, 3)
        problem = b'{"detail": "Nobody has this key."}'
        with serving(problem, status, "application/problem+json") as url, pytest.raises(NotLetIn, match="Nobody"):
            LogServer(url, head, "leafproof_wrong")


class TestReplay:
    def test_what_was_withheld_is_no_clean_result(self) -> None:
        report = ReplayReport("log")
        assert audit._exit_code([report]) == 0
        report.withheld = 1
        assert audit._exit_code([report]) == 4
        report.add("missing", 0, "an entry")
        assert audit._exit_code([report]) == 1

    def test_a_server_without_logs_is_not_clean(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        world, _ = w.honest_world()
        trust = tmp_path / "trust.json"
        trust.write_bytes(world.trust().encode())
        monkeypatch.setattr(audit, "_sources", lambda *_: [])
        monkeypatch.setattr(audit, "_chain", lambda *_: world.view())
        words = ["audit", "replay", "--trust", str(trust), "--rpc", "x", "--url", "y", "--json"]
        answer = CliRunner().invoke(_application(words), words)
        assert answer.exit_code == 1
        assert json.loads(answer.stdout)["clean"] is False
