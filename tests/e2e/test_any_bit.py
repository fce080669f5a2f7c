"""An auditor's export in which any one bit of any file was changed: never clean, never a traceback."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from leafproof.chain.view import ChainView
from leafproof.client.export_folder import ExportFolder
from leafproof.errors import LeafproofError
from leafproof.replay.replay import replay
from leafproof.trust import Trust
from tests.e2e.bench import Bench
from tests.e2e.conftest import Played, Serving
from tests.e2e.processes import leafproof
from tests.e2e.table import caught_by

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
EDGE, INSIDE = 8, 70  # bytes at each end, all of them; bytes in between, by chance


def places(size: int, chance: random.Random) -> Iterator[tuple[int, int]]:
    """(byte, bit)."""
    for byte in {*range(min(EDGE, size)), *range(max(0, size - EDGE), size)}:
        yield byte, chance.randrange(8)
    for _ in range(INSIDE):
        yield chance.randrange(size), chance.randrange(8)


def is_clean(folder: Path, trust: Trust, chain: ChainView) -> bool:
    try:
        return replay(ExportFolder(folder), trust, chain).clean
    except LeafproofError:
        return False


@caught_by("any one bit of any file of an export", "replay")
def test_no_changed_bit_of_an_export_is_clean_or_crashes(played: Played, bench: Bench, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance, chain = random.Random(seed), bench.view()
    folder = tmp_path / "copy"
    shutil.copytree(played.result["export"], folder)
    assert is_clean(folder, bench.trust, chain)
    tried = 0
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        true = path.read_bytes()
        for byte, bit in places(len(true), chance):
            path.write_bytes(true[:byte] + bytes([true[byte] ^ 1 << bit]) + true[byte + 1 :])
            assert not is_clean(folder, bench.trust, chain), (path.name, byte, bit)
            tried += 1
        path.write_bytes(true)
    assert tried > 4 * INSIDE
    assert is_clean(folder, bench.trust, chain)


@caught_by("a file of an export cut short, emptied, taken away or added", "replay")
def test_no_changed_file_of_an_export_is_clean_or_crashes(played: Played, bench: Bench, tmp_path: Path) -> None:
    chain, folder = bench.view(), tmp_path / "copy"
    shutil.copytree(played.result["export"], folder)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        true = path.read_bytes()
        for changed in (b"", true[:-1], true[: len(true) // 2], true + b"\0", true + true):
            path.write_bytes(changed)
            assert not is_clean(folder, bench.trust, chain), (path.name, len(changed))
        path.unlink()
        assert not is_clean(folder, bench.trust, chain), path.name
        path.write_bytes(true)
    (folder / "more.txt").write_bytes(b"")
    assert not is_clean(folder, bench.trust, chain)


@pytest.mark.parametrize("name", ["manifest.json", "leaves.bin", "rollups.json", "entries/00000000.cbor"])
def test_the_command_exits_with_1_and_words(played: Played, serving: Serving, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(played.result["export"], folder)
    data = bytearray((folder / name).read_bytes())
    if name == "manifest.json":  # another digit of a hash, and still a manifest
        at = data.index(b'"sha256":"') + len(b'"sha256":"')
        data[at : at + 1] = b"1" if data[at : at + 1] == b"0" else b"0"
    else:
        data[len(data) // 2] ^= 4
    (folder / name).write_bytes(data)
    words = ["audit", "replay", "--trust", serving.trust, "--rpc", serving.rpc, "--export", str(folder)]
    assert not json.loads(leafproof(*words, "--json", code=1))["clean"]
