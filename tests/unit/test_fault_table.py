"""The document's table of faults: whole, or row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.report import Row, write, write_alone


def row(name: str, title: str, pause: float, seed: int = 1) -> Row:
    made = Row(name, title, 60, seed)
    made.recovered(pause, {"garbage/s": 9.0})
    return made


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text("# Above\n<!-- table -->\nstale\n<!-- end of table -->\n\nbelow\n", encoding="utf-8")
    write([row("cut", "cut (-9)", 1.0), row("flood", "flood", 2.0)], path)
    return path


def test_a_whole_run_takes_the_place_of_what_was_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert "stale" not in text and "seed 1:" in text
    assert text.startswith("# Above\n<!-- table -->\n") and text.endswith("<!-- end of table -->\n\nbelow\n")


def test_a_fault_alone_takes_the_place_of_its_row_and_says_when(document: Path) -> None:
    before = document.read_text(encoding="utf-8").splitlines()
    write_alone([row("cut", "cut (-9)", 7.5, seed=5), row("late", "late", 3.0, seed=5)], document)
    after = document.read_text(encoding="utf-8").splitlines()
    (old,) = [line for line in before if line not in after]
    new = [line for line in after if line not in before]
    assert old.startswith("| cut (-9) | 1 | 0 | 0 | 1.0 |")
    assert new[0].startswith("| cut (-9) | 1 | 0 | 0 | 7.5 |") and "seed 5" in new[0]
    assert new[1].startswith("| late |") and after.index(new[1]) == after.index("<!-- end of table -->") - 1
