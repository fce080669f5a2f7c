"""`python -m benchmarks`: run the rows, print one table, write `benchmarks/latest.json`."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.rows import ROWS
from benchmarks.sample import Row, Sample

LATEST = Path(__file__).with_name("latest.json")
RUNS = 5
app = typer.Typer(add_completion=False)


@app.command()
def main(
    only: Annotated[list[str] | None, typer.Option(help="name of a row; may be repeated")] = None,
    runs: Annotated[int, typer.Option(min=1, help="runs of each row")] = RUNS,
    short: Annotated[bool, typer.Option("--short", help="that all rows run; the figures mean nothing")] = False,
    sample: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Measure, print the table, and write benchmarks/latest.json (not with --short or --only)."""
    if sample is not None:
        print(json.dumps(asdict(_row(sample).measure(short))))
        return
    rows = [_row(name) for name in only] if only else list(ROWS)
    console = Console(stderr=True)
    found = []
    for row in rows:
        samples = []
        for number in range(1 if short else runs):
            with console.status(f"{row.name}, run {number + 1}"):
                samples.append(_in_own_process(row, short))
        found.append(row.summary(samples))
    if not (short or only):
        where = {"machine": _machine(), "date": time.strftime("%Y-%m-%d", time.gmtime())}
        LATEST.write_text(json.dumps([row | where for row in found], indent=1) + "\n")
    Console().print(_table(found))


def _row(name: str) -> Row:
    for row in ROWS:
        if row.name == name:
            return row
    print(f"there is no row {name}; there are {', '.join(row.name for row in ROWS)}", file=sys.stderr)
    raise typer.Exit(2)


def _in_own_process(row: Row, short: bool) -> Sample:
    """Each run begins with a fresh process, so that its memory and its caches are its own."""
    command = [sys.executable, "-m", "benchmarks", "--sample", row.name, *(["--short"] if short else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(f"{row.name} failed", file=sys.stderr)
        raise typer.Exit(1)
    return Sample(**json.loads(done.stdout.splitlines()[-1]))


def _machine() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}, Python {platform.python_version()}"


def _table(rows: list[dict[str, object]]) -> Table:
    table = Table("row", "value", "floor", "ratio", "spread", "unit", "CPU s/million", "peak MB", "wanted")
    for row in rows:
        figures = (row["value"], row["floor"], row["ratio"], row["spread"])
        rest = (row["unit"], row["cpu_seconds_per_million"], row["peak_memory_mb"], row["target"])
        table.add_row(str(row["name"]), *(_plain(one) for one in (*figures, *rest)))
    return table


def _plain(value: object) -> str:
    if value is None:
        return "-"
    return (
        f"{value:,.4g}"
        if isinstance(value, float) and value < 1e4
        else f"{value:,.0f}"
        if isinstance(value, float)
        else str(value)
    )


if __name__ == "__main__":
    app()
