"""`leafproof backend declared ...`: declare a product's footprint. Exit codes: 0 good, 2 usage."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backend import database, settings
from backend.declared import service
from backend.log.hosting import open_logs
from backend.production import moments
from backend.production import service as production
from backend.production.keystore import FileSigner
from backend.production.statements import Desk
from leafproof.errors import LeafproofError
from leafproof.values import Gln, Gtin

app = typer.Typer(help="Declared footprints: means of all lots of a period.", no_args_is_help=True)


@app.callback()
def declared() -> None:
    """Declared footprints: means of all lots of a period."""


@app.command()
def issue(
    facility: Annotated[str, typer.Option(help="GLN of the facility")],
    gtin: Annotated[str, typer.Option(help="the product")],
    start: Annotated[str, typer.Option("--from", help="the period's start, such as '2026-01-01 00:00'")],
    end: Annotated[str, typer.Option("--to", help="the period's end, which is no more part of it")],
    profile: Annotated[str | None, typer.Option(help="method profile; the facility's main one by default")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file; or LEAFPROOF_CONFIG")] = None,
) -> None:
    """Declare a product's footprint: the mean of all lots whose runs closed in the period."""
    try:
        chosen = settings.load(config)
        engine = database.open_engine(chosen)
        database.check_schema(engine)
        desk = Desk(open_logs(chosen, engine), FileSigner(chosen.keys_folder))
        with database.transaction(engine) as connection:
            place = production.facility(connection, Gln.parse(facility, "facility"))
            bounds = (moments.parse(start, place["zone"], "from"), moments.parse(end, place["zone"], "to"))
            found = service.declare(connection, desk, Gln(place["gln"]), Gtin.parse(gtin), *bounds, profile)
        engine.dispose()
    except LeafproofError as error:
        typer.echo(f"leafproof backend declared: {error}", err=True)
        raise typer.Exit(2) from None
    stated = found.stated
    typer.echo(f"{stated.per_tonne} kg CO2e per tonne, {stated.count} lots, {stated.mass} t; {stated.status}")
    typer.echo(f"entry {found.index}, statement {found.statement_id.hex()}")
