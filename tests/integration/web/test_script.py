"""The committed script is what its sources give, and knows the contracts' true events and call."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from eth_hash.auto import keccak

from backend.passports import view
from leafproof.chain.decode import topics_of
from leafproof.verification.messages import MESSAGES
from tests.support.require import need

ROOT = Path(__file__).resolve().parents[3]
SOURCES, COMMITTED = ROOT / "backend/web/verify", ROOT / "backend/web/static/verify.js"


def test_the_committed_script_equals_a_fresh_build(tmp_path: Path) -> None:
    modules, npm = ROOT / "node_modules", shutil.which("npm") or str(ROOT / ".venv/bin/npm")
    need((modules / ".bin/esbuild").exists(), "esbuild is not installed")
    need(Path(npm).exists(), "npm is not installed")
    path = os.pathsep.join([str(modules / ".bin"), os.environ["PATH"], str(ROOT / ".venv/bin")])
    fresh = tmp_path / "verify.js"
    build = [npm, "run", "--silent", "build:web", "--", f"--outfile={fresh}"]  # the last one named counts
    before = COMMITTED.stat().st_mtime_ns
    subprocess.run(build, cwd=ROOT, env={**os.environ, "PATH": path}, check=True, timeout=120)
    assert fresh.read_bytes() == COMMITTED.read_bytes()
    assert COMMITTED.stat().st_mtime_ns == before


def test_it_asks_for_the_contracts_own_events_and_function() -> None:
    events = (SOURCES / "events.js").read_text(encoding="utf-8")
    signatures = re.findall(r"\['(\w+\([\w,]+\))', \d\]", events)
    known = {
        name: topic
        for contract in ("log", "keys", "lots", "claims", "labels", "classes")
        for name, topic in topics_of(contract).items()
    }
    assert len(signatures) == 38
    assert {s.partition("(")[0]: bytes(keccak(s.encode())) for s in signatures}.items() <= known.items()
    head = f"const HEAD = '0x{keccak(b'head(bytes32)')[:4].hex()}'"
    assert head in (SOURCES / "chain.js").read_text(encoding="utf-8")


def test_the_page_is_given_every_sentence_that_its_script_says() -> None:
    script = COMMITTED.read_text(encoding="utf-8")
    assert [code for code in view._METERED if f'"{code}"' in script] == []
    assert set(view._METERED) < set(MESSAGES)
