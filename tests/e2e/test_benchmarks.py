"""The benchmarks run, each row in a process of its own: that they are fast no test says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.embedded.errors import PartMissing
from backend.embedded.node import find_anvil
from benchmarks import page
from benchmarks.rows import ROWS
from tests.support.require import need

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1000)]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        env={**os.environ, "COLUMNS": "120"},
        check=False,
    )


def test_every_row_runs_and_nothing_is_written_by_a_short_run() -> None:
    try:
        find_anvil()
    except PartMissing as error:
        need(False, str(error))
    before = page.PAGE.read_bytes()
    done = bench("--short")
    assert done.returncode == 0, done.stderr
    for row in ROWS:
        assert f" {row.name} " in done.stdout
    assert page.PAGE.read_bytes() == before


def test_a_row_that_is_not_there_is_named_with_those_that_are() -> None:
    done = bench("--only", "ingest_255")
    assert done.returncode == 2
    assert "no row ingest_255" in done.stderr
    assert "ingest_256" in done.stderr


ROW = {
    "name": "ingest_256",
    "value": 512_345.6,
    "unit": "readings/s",
    "floor": 1_600_000.0,
    "ratio": 3.25,
    "spread": 0.04,
    "runs": 3,
    "target": "300,000",
    "cpu_seconds_per_million": 1.8,
    "peak_memory_mb": None,
    "readings": 2_048_000,
    "machine": "2 x a processor",
    "date": "2026-11-27",
}


class TestPage:
    def test_figures_go_between_the_marks_and_nothing_else_changes(self, tmp_path: Path) -> None:
        copy = tmp_path / "performance.md"
        copy.write_bytes(page.PAGE.read_bytes())
        page.write([ROW], copy)
        once = copy.read_text()
        assert "| `ingest_256` | 512,346 | readings/s | 1,600,000 | 3.25 | 0.04 | 1.8 | - | 300,000 |" in once
        assert (
            "| readings | 10,000 * | 100,000 * | 1,000,000 * | 2,048,000 | 10,000,000 * | 100,000,000 * |" in once
        )
        assert "| CPU seconds | 0.018 | 0.18 | 1.8 | 3.686 | 18 | 180 |" in once
        page.write([ROW], copy)
        assert copy.read_text() == once

    def test_what_was_not_measured_lies_on_the_line_through_what_was(self) -> None:
        points = {1_000_000: 40.0, 4_000_000: 46.0, 16_000_000: 58.0}
        growth = {str(size): {"cpu_seconds": size / 1e6, "memory_mb": mb} for size, mb in points.items()}
        told = page.figures([ROW | {"name": "replay", "growth": growth}])
        cells = "38.02 | 38.2 | 40 | 46 | 52 | 58 | 142"
        assert f"| peak MB of the judging process | {cells} |" in told
        assert "| CPU seconds | 0.01 | 0.1 | 1 | 4 | 10 | 16 | 100 |" in told
        assert "| 4,000,000 | 10,000,000 * | 16,000,000 | 100,000,000 * |" in told

    def test_a_page_without_marks_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "performance.md").write_text("# Performance\n")
        with pytest.raises(ValueError, match="no place for figures"):
            page.write([ROW], tmp_path / "performance.md")
