"""`leafproof backend living-list ...`: files of trade statistics, tagged by a version of the list.

Exit codes: 0 good, 2 refused, or wrong usage.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated

import typer

from backend import database, settings
from backend.anchor.registry import Registry
from backend.classification import service
from backend.log.hosting import open_logs
from backend.production.statements import Archive
from leafproof.comtrade import tagged
from leafproof.errors import LeafproofError

app = typer.Typer(help="The living list of green goods.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The living list of green goods."""


@app.command()
def tag(
    file: Annotated[Path, typer.Argument(help="CSV of UN Comtrade, see docs/howto/living-list.md")],
    version: Annotated[int, typer.Option(min=1, help="of the living list")],
    config: Annotated[Path | None, typer.Option("--config", help="TOML file; or LEAFPROOF_CONFIG")] = None,
) -> None:
    """Print the file with a column `candidates`."""
    try:
        chosen = settings.load(config)
        engine = database.open_engine(chosen)
        try:
            database.check_schema(engine)
            archive = Archive(open_logs(chosen, engine))
            with database.reading(engine) as connection:
                _, rules = service.version(connection, archive, Registry(chosen.trust()), version)
        finally:
            engine.dispose()
        with file.open(encoding="utf-8-sig", newline="") as source:
            csv.writer(sys.stdout).writerows(tagged(rules, source))
    except (LeafproofError, OSError, UnicodeDecodeError) as error:
        typer.echo(f"leafproof backend living-list: {error}", err=True)
        raise typer.Exit(2) from None
