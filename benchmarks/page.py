"""The figures in docs/performance.md: written here from the rows, never by hand."""

from __future__ import annotations

from bisect import bisect_left
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
    """CPU and memory by readings: measured as far as the rows go, calculated for the other sizes."""
    by_name = {row["name"]: row for row in rows}
    lines: list[str] = []
    if "ingest_256" in by_name:
        row = by_name["ingest_256"]
        measured = {row["readings"]: row["cpu_seconds_per_million"] * row["readings"] / 1e6}
        lines += _table("ingest", "`ingest_256`", {"CPU seconds": measured})
    if "replay" in by_name:
        growth = {int(size): found for size, found in by_name["replay"]["growth"].items()}
        parts = {"CPU seconds": "cpu_seconds", "peak MB of the judging process": "memory_mb"}
        told = {label: {size: one[key] for size, one in growth.items()} for label, key in parts.items()}
        lines += _table("replay", "`replay`", told)
    return lines


def _table(what: str, row: str, parts: Mapping[str, Mapping[int, float]]) -> list[str]:
    """One table of what grows; `parts` has the measured points by readings."""
    measured = sorted({size for points in parts.values() for size in points})
    sizes = sorted({*_GROWTH, *measured})
    heads = (f"{size:,}" if size in measured else f"{size:,} *" for size in sizes)
    lines = [
        f"Growth of {what} with readings, measured by {row}; what stands below a * is **calculated** from that.",
        "",
        "| readings | " + " | ".join(heads) + " |",
        "|---|" + "---:|" * len(sizes),
    ]
    lines += [
        f"| {label} | " + " | ".join(plain(_at(size, points)) for size in sizes) + " |"
        for label, points in parts.items()
    ]
    return [*lines, ""]


def _at(size: int, points: Mapping[int, float]) -> float:
    """The measured point; else on the line through the two measured ones next to it (one alone: through none)."""
    if size in points:
        return points[size]
    known = sorted(points.items()) if len(points) > 1 else [(0, 0.0), *points.items()]
    place = bisect_left([one for one, _ in known], size)
    (left, low), (right, high) = known[max(0, min(place, len(known) - 1) - 1) :][:2]
    return max(0.0, low + (high - low) * (size - left) / (right - left))
