"""`leafproof backend production ...`: orders from a file. Exit codes: 0 all taken, 1 some refused, 2 usage."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backend import database, settings
from backend.log.hosting import open_logs
from backend.production.keystore import FileSigner
from backend.production.orders import MAX_FILE, import_orders
from backend.production.statements import Desk
from leafproof.errors import LeafproofError
from leafproof.values import Gln

app = typer.Typer(help="Production: what was made, when, and from what.", no_args_is_help=True)


@app.callback()
def production() -> None:
    """Production: what was made, when, and from what."""


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV of production orders, see docs/howto/production-orders.md")],
    facility: Annotated[str, typer.Option(help="GLN of the facility")],
    config: Annotated[Path | None, typer.Option("--config", help="TOML file; or LEAFPROOF_CONFIG")] = None,
) -> None:
    """Take a file's production orders; lines that cannot be taken are named with the reason."""
    try:
        chosen = settings.load(config)
        engine = database.open_engine(chosen)
        database.check_schema(engine)
        desk = Desk(open_logs(chosen, engine), FileSigner(chosen.keys_folder))
        with file.open("rb") as opened:
            data = opened.read(MAX_FILE + 1)
        found = import_orders(engine, desk, Gln.parse(facility, "facility"), data)
        engine.dispose()
    except (LeafproofError, OSError) as error:
        typer.echo(f"leafproof backend production: {error}", err=True)
        raise typer.Exit(2) from None
    refused = [one for one in found if one.outcome == "refused"]
    for one in refused:
        where = f"{one.field}: " if one.field else ""
        typer.echo(f"{file.name}, line {one.number}: {where}{one.reason}", err=True)
    known = sum(one.outcome == "known" for one in found)
    typer.echo(f"{len(found) - known - len(refused)} orders taken, {known} known before, {len(refused)} refused")
    if refused:
        raise typer.Exit(1)
