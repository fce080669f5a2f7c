"""The readers' commands against servers that answer something else than was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from leafproof.bundle import MEDIA_TYPE
from leafproof.cli import audit
from leafproof.cli.main import _application
from leafproof.cli.verify import asked_for
from leafproof.errors import InvalidInput
from leafproof.replay.report import ReplayReport
from tests.support import world as w
from tests.support.world import COIL, TOWER


@contextmanager
def serving(content: bytes) -> Iterator[str]:
    """A server that answers every request with this bundle."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", MEDIA_TYPE)
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
