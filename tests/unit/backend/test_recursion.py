"""Nested brackets are an error, never the end of the process."""

from __future__ import annotations

import subprocess
import sys

_SCRIPT = """
import sys
import backend.bootstrap, backend.demo.cli, backend.embedded.accounts, web3
import msgspec
assert sys.getrecursionlimit() == 1000, sys.getrecursionlimit()
try:
    msgspec.json.decode(b"[" * 1_000_000)
except RecursionError:
    print("refused")
"""


def test_what_the_chains_libraries_do_to_the_recursion_limit_is_undone() -> None:
    ended = subprocess.run([sys.executable, "-c", _SCRIPT], check=False, capture_output=True, text=True)
    assert ended.stdout == "refused\n", (ended.returncode, ended.stderr)
