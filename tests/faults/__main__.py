"""`python -m tests.faults`: inject, check, print one table. Exit code 1 if any invariant broke, 2 for usage."""

from __future__ import annotations

import json
import logging
import random
from typing import Annotated

import structlog
import typer
from rich.console import Console

from tests.faults.catalogue import FAULTS
from tests.faults.driver import run_all
from tests.faults.fault import Fault
from tests.faults.report import Row, table, write, write_alone

app = typer.Typer(add_completion=False)


@app.command()
def main(
    seed: Annotated[
        int | None, typer.Option(help="of the moments; printed, so that a run can be done again")
    ] = None,
    runs: Annotated[int | None, typer.Option(min=1, help="runs of each fault; default: each fault's own")] = None,
    only: Annotated[list[str] | None, typer.Option(help="name of a fault; may be repeated")] = None,
    short: Annotated[bool, typer.Option("--short", help="the form for CI: few faults, few runs")] = False,
    to_document: Annotated[
        bool, typer.Option("--write", help="put the table, or the rows of --only, into docs/reliability.md")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Inject faults into real processes and check what must hold."""
    if to_document and short:
        raise typer.BadParameter("the short form is not for the document")
    chosen = _chosen(only)
    # That an embedded part died and was started again is what we are here for.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    seed = random.randrange(2**32) if seed is None else seed
    console = Console(stderr=True)
    console.print(f"seed {seed}")
    plan = [(one, runs or (one.short if short else one.runs)) for one in chosen if one.short or not short]
    rows = [_skipped(one, seed, reason) for one, _ in plan if (reason := one.missing())]
    plan = [(one, count) for one, count in plan if not one.missing()]
    with console.status("a stage comes up") as status:
        for row in run_all(plan, seed, lambda name, done, total: status.update(f"{name}: {done} of {total}")):
            console.print(f"{row.name}: {row.verdict}, {row.runs} runs, worst {row.worst:.1f} s")
            for line in row.broken:
                console.print(f"  {line}", style="red", markup=False)
            rows.append(row)
    names = [one.name for one in FAULTS]
    rows.sort(key=lambda row: names.index(row.name))
    if to_document:
        (write_alone if only else write)(rows)
    if as_json:
        print(json.dumps({"seed": seed, "faults": [row.to_json() for row in rows]}))
    else:
        Console().print(table(rows))
    raise typer.Exit(1 if any(row.broken for row in rows) else 0)


def _chosen(only: list[str] | None) -> list[Fault]:
    known = {one.name: one for one in FAULTS}
    unknown = [name for name in only or () if name not in known]
    if unknown:
        raise typer.BadParameter(f"there is no fault {unknown[0]}; there are {', '.join(known)}")
    return [known[name] for name in only] if only else list(FAULTS)


def _skipped(fault: Fault, seed: int, reason: str) -> Row:
    return Row(fault.name, fault.title, fault.bound, seed, skipped=reason)


if __name__ == "__main__":
    app()
