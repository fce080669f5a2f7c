"""`python -m benchmarks`: run the rows, print one table, write `benchmarks/latest.json`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from benchmarks import page
from benchmarks.rows import ROWS
from benchmarks.sample import Row, Sample
from tests.support.machine import machine

LATEST = Path(__file__).with_name("latest.json")
RUNS = 5
app = typer.Typer(add_completion=False)


@app.command()
def main(
    only: Annotated[list[str] | None, typer.Option(help="name of a row; may be repeated")] = None,
    runs: Annotated[int, typer.Option(min=1, help="runs of each row")] = RUNS,
    short: Annotated[bool, typer.Option("--short", help="that all rows run; the figures mean nothing")] = False,
    write: Annotated[bool, typer.Option("--write", help="with --only: put these beside the other rows")] = False,
    sample: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Measure and print the table; a whole run writes latest.json and docs/performance.md too."""
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
    if not short and (write or not only):
        _write(found)
    Console().print(_table(found))


def _write(found: list[dict[str, Any]]) -> None:
    """Into latest.json and the page, with machine and date; rows that were not measured now stay as they are."""
    where = {"machine": machine(), "date": time.strftime("%Y-%m-%d", time.gmtime())}
    rows = {row["name"]: row for row in json.loads(LATEST.read_text())}
    rows |= {row["name"]: row | where for row in found}
    known = [rows[row.name] for row in ROWS if row.name in rows]
    LATEST.write_text(json.dumps(known, indent=1) + "\n")
    page.write(known)


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


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("row", no_wrap=True)
    for name in ("value", "floor", "ratio", "spread"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for name in ("CPU s/M", "peak MB"):
        table.add_column(name, justify="right")
    for row in rows:
        figures = (row[name] for name in ("value", "floor", "ratio", "spread"))
        rest = (row["cpu_seconds_per_million"], row["peak_memory_mb"])
        table.add_row(row["name"], *map(page.plain, figures), row["unit"], *map(page.plain, rest))
    return table


if __name__ == "__main__":
    app()
