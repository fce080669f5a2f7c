"""`leafproof backend establish`: what a new server puts into its log and onto the chain, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from backend import bootstrap, database, settings
from backend.context import Context
from backend.enrolment import service
from backend.footprints import service as footprints
from backend.production.worker import desk_of
from leafproof.errors import LeafproofError
from leafproof.values import Gln


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except LeafproofError as error:
        typer.echo(f"leafproof backend: {error}", err=True)
        raise typer.Exit(2) from None


def establish(
    steward: Annotated[str, typer.Option(help="party GLN of who runs this server")],
    name: Annotated[str, typer.Option(help="its name")],
    config: Annotated[Path | None, typer.Option("--config", help="TOML file; or LEAFPROOF_CONFIG")] = None,
) -> None:
    """Admit this server's steward, open its logs on the chain, and log the shipped factor set.

    What goes to the chain is sent once the server runs. Calling this again does nothing.
    """
    with _said():
        party = Gln.parse(steward, "steward")
        chosen = settings.load(config)
        engine = bootstrap.open_engine(chosen)
        database.check_schema(engine)
        context = Context(chosen, engine, bootstrap.open_logs(chosen, engine))
        with database.transaction(engine) as connection:
            service.admit_operator(connection, context, party, name)
            for hosted in context.logs:
                service.open_log(connection, context, hosted, party)
                footprints.use_set(connection, desk_of(context), hosted.log, party, footprints.shipped_set())
        engine.dispose()
    typer.echo(f"{name} ({party}) is this server's steward.")
