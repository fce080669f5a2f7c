"""The figures in docs/performance.md: written here from the rows, never by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
_BEGIN, _END = "<!-- figures: written by make bench -->\n", "<!-- end of figures -->\n"
_GROWTH = tuple(10**power for power in range(4, 9))  # readings

Found = Mapping[str, Any]


def write(rows: Sequence[Found], page: Path = PAGE) -> None:
    """Put the rows between the page's two marks. Raises `ValueError` where the page lacks them."""
    before, begin, rest = page.read_text().partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"{page.name} has no place for figures")
    page.write_text(before + begin + figures(rows) + end + after)


def figures(rows: Sequence[Found]) -> str:
    """The tables, with machine and date."""
    lines = [
        *_measured(rows),
        "",
        "| row | value | unit | floor | times the floor | spread | CPU s per million | peak MB | wanted |",
        "|---|---:|---|---:|---:|---:|---:|---:|---|",
    ]
    for row in rows:
        told = (row["floor"], row["ratio"], row["spread"], row["cpu_seconds_per_million"], row["peak_memory_mb"])
        cells = " | ".join(plain(one) for one in told)
        lines.append(f"| `{row['name']}` | {plain(row['value'])} | {row['unit']} | {cells} | {row['target']} |")
    return "\n".join([*lines, "", *_sizes(rows), *_growth(rows)]) + "\n"


def _measured(rows: Sequence[Found]) -> list[str]:
    """When, where and how often; for each row where they differ."""
    times: dict[str, list[str]] = {}
    for row in rows:
        said = f"Measured on {row['date']}: {row['machine']}; medians of {row['runs']} runs"
        times.setdefault(said, []).append(f"`{row['name']}`")
    if len(times) == 1:
        return [f"{said}." for said in times]
    return [f"{said}: {', '.join(names)}.  " for said, names in times.items()]


def plain(value: float | None) -> str:
    """A figure as people read it: four digits that count."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _sizes(rows: Sequence[Found]) -> list[str]:
    lines = []
    for row in rows:
        if "by_size" in row:
            each = ", ".join(f"{int(size):,}: {plain(cost)}" for size, cost in row["by_size"].items())
            lines += [f"`{row['name']}` by the log's entries, in {row['unit']}: {each}.", ""]
    return lines


def _growth(rows: Sequence[Found]) -> list[str]:
    """CPU of ingest by readings: measured at one size, calculated for the others."""
    measured = next((row for row in rows if row["name"] == "ingest_256"), None)
    if measured is None:
        return []
    each = measured["cpu_seconds_per_million"]
    return [
        f"CPU seconds of ingest, **calculated** from `ingest_256`, measured at {measured['readings']:,}:",
        "",
        "| readings | " + " | ".join(f"{size:,}" for size in _GROWTH) + " |",
        "|---|" + "---:|" * len(_GROWTH),
        "| CPU seconds | " + " | ".join(plain(each * size / 1e6) for size in _GROWTH) + " |",
        "",
    ]
