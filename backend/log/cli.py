"""`leafproof log ...`: is the stored log whole? Exit codes: 0 whole, 1 findings or a repair refused, 2 usage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from backend import database, settings
from backend.log.anchored import NotCompared, anchored_head
from backend.log.fsck import Finding
from backend.log.fsck import fsck as run_fsck
from backend.log.repair import RepairRefused
from backend.log.repair import repair as run_repair
from backend.log.service import TransparencyLog, stored_logs
from leafproof.errors import LeafproofError

app = typer.Typer(help="The stored logs of this server.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The stored logs of this server."""


@contextmanager
def _opened(config: Path | None) -> Iterator[tuple[settings.Settings, Engine]]:
    try:
        chosen = settings.load(config)
        engine = database.open_engine(chosen)
        try:
            database.check_schema(engine)
            yield chosen, engine
        finally:
            engine.dispose()
    except LeafproofError as error:
        typer.echo(f"leafproof log: {error}", err=True)
        raise typer.Exit(2) from None


@app.command()
def fsck(
    config: Annotated[Path | None, typer.Option("--config", help="TOML file; or LEAFPROOF_CONFIG")] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="put right what derives from the entries; never touches the entries")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """Rebuild the logs' trees, places and rollups from the stored statements, and say what differs."""
    with _opened(config) as (chosen, engine):
        with database.reading(engine) as connection:
            logs = stored_logs(connection)
        count = _look(engine, logs, as_json)
        if count and repair:
            refused = [log for log in logs if not _repaired(chosen, engine, log)]
            if refused:
                raise typer.Exit(1)
            typer.echo("Repaired; what is left:", err=True)
            count = _look(engine, logs, as_json)
    if count:
        raise typer.Exit(1)
    if not as_json:
        typer.echo("The stored logs are whole.")


def _look(engine: Engine, logs: list[TransparencyLog], as_json: bool) -> int:
    """Say every finding; how many there are."""
    from rich.console import Console
    from rich.progress import Progress

    from backend import bootstrap

    count = 0
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading the log", total=None)
        for finding in run_fsck(
            engine, logs, bootstrap.CHECKS, lambda done, total: bar.update(task, completed=done, total=total)
        ):
            count += 1
            bar.stop()
            typer.echo(_line(finding, as_json))
    return count


def _line(finding: Finding, as_json: bool) -> str:
    if as_json:
        return json.dumps({"log": finding.log, "index": finding.index, "kind": finding.kind, "text": finding.text})
    place = "" if finding.index is None else f", entry {finding.index}"
    return f"log {finding.log}{place}: {finding.kind}: {finding.text}"


def _repaired(chosen: settings.Settings, engine: Engine, log: TransparencyLog) -> bool:
    """Whether the log's derived data could be repaired; says why not."""
    from backend import bootstrap

    try:
        head = anchored_head(chosen, log.ref)
    except NotCompared as error:
        typer.echo(f"log {log.name}: not compared with the chain: {error.message}", err=True)
        head = None
    try:
        run_repair(engine, log, head, bootstrap.REPAIRS)
    except RepairRefused as error:
        typer.echo(f"log {log.name}: nothing was repaired: {error.message}", err=True)
        return False
    return True
