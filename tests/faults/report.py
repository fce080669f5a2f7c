"""The table: a fault a row, with what was lost (0), what was doubled (0), and how long the log stood still at most."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table

from tests.support.machine import machine

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- table -->\n", "<!-- end of table -->\n"


@dataclass
class Row:
    """What came of one fault. Seconds; `figures` is whatever else its runs measured, lowest and highest."""

    name: str
    title: str
    bound: float
    seed: int
    runs: int = 0
    lost: int = 0
    duplicated: int = 0
    worst: float = 0.0
    figures: dict[str, tuple[float, float]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    skipped: str | None = None

    def recovered(self, pause: float, figures: Mapping[str, float] | None) -> None:
        """Count a run."""
        self.runs += 1
        self.worst = max(self.worst, pause)
        for name, value in (figures or {}).items():
            low, high = self.figures.get(name, (value, value))
            self.figures[name] = (min(low, value), max(high, value))

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "fault": self.name,
            "title": self.title,
            "runs": self.runs,
            "lost": self.lost,
            "duplicated": self.duplicated,
            "worst_recovery_seconds": round(self.worst, 2),
            "bound_seconds": self.bound,
            "figures": {name: list(values) for name, values in self.figures.items()},
            "seed": self.seed,
            "broken": self.broken,
            "skipped": self.skipped,
        }

    @property
    def verdict(self) -> str:
        """In a word, or why it was not done."""
        if self.skipped is not None:
            return f"skipped: {self.skipped}"
        return "broken" if self.broken else "holds"


HEADINGS = ("fault", "runs", "lost", "duplicated", "worst recovery, s", "stated, s", "measured", "invariants")


def cells_of(row: Row) -> tuple[str, ...]:
    """A row's cells as `HEADINGS` names them."""
    figures = "; ".join(f"{name} {_span(low, high)}" for name, (low, high) in row.figures.items())
    numbers = (str(row.runs), str(row.lost), str(row.duplicated), f"{row.worst:.1f}", f"{row.bound:g}")
    if row.skipped is not None:
        numbers = ("0", "-", "-", "-", f"{row.bound:g}")
    return (row.title, *numbers, figures or "-", row.verdict)


def table(rows: Sequence[Row]) -> Table:
    """For a terminal."""
    made = Table(*HEADINGS)
    made.columns[0].no_wrap = made.columns[-1].no_wrap = True
    for row in rows:
        made.add_row(row.name, *cells_of(row)[1:], style="red" if row.broken else None)
    return made


def markdown(rows: Sequence[Row]) -> str:
    """For a document."""
    return "".join(_line(cells) for cells in (HEADINGS, ("---",) * len(HEADINGS), *map(cells_of, rows)))


def write(rows: Sequence[Row], document: Path = DOCUMENT) -> None:
    """Put the whole table, with machine and date, where the document has it."""
    told = f"{_today()}, {machine()}, seed {rows[0].seed}:\n\n{markdown(rows)}"
    _replace(document, lambda _: told)


def write_alone(rows: Sequence[Row], document: Path = DOCUMENT) -> None:
    """Put these rows, with date and seed, in the place of those of the same faults; the others stay."""

    def put(table: str) -> str:
        for row in rows:
            *first, verdict = cells_of(row)
            line = _line((*first, f"{verdict} ({_today()}, seed {row.seed})"))
            before = re.compile(rf"^\| {re.escape(row.title)} \|.*\n", re.MULTILINE)
            table = before.sub(lambda _, line=line: line, table) if before.search(table) else table + line
        return table

    _replace(document, put)


def _replace(document: Path, put: Callable[[str], str]) -> None:
    head, begin, rest = document.read_text(encoding="utf-8").partition(_BEGIN)
    table, end, tail = rest.partition(_END)
    document.write_text(head + begin + put(table) + end + tail, encoding="utf-8")


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _today() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime())


def _span(low: float, high: float) -> str:
    return f"{low:.3g}" if f"{low:.3g}" == f"{high:.3g}" else f"{low:.3g} to {high:.3g}"
