"""`leafproof backend labels ...`: the authority's part, which schemes and markets there are.

What scheme owners, certifiers and markets' authorities say, they sign themselves: `leafproof label`.
Exit codes: 0 good, 2 refused, or wrong usage.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from backend import database, settings
from backend.labels import service
from leafproof.errors import LeafproofError
from leafproof.values import party

app = typer.Typer(help="Labels: the schemes and markets that the authority admits.", no_args_is_help=True)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file; or LEAFPROOF_CONFIG")]
Name = Annotated[str, typer.Argument(help="as statements give it")]


@contextmanager
def _at_work(config: Path | None) -> Iterator[Connection]:
    """One database transaction; what goes wrong is said."""
    try:
        engine = database.open_engine(settings.load(config))
        try:
            database.check_schema(engine)
            with database.transaction(engine) as connection:
                yield connection
        finally:
            engine.dispose()
    except (LeafproofError, OSError) as error:
        typer.echo(f"leafproof backend labels: {error}", err=True)
        raise typer.Exit(2) from None


@app.command("admit-scheme")
def admit_scheme(
    name: Name, owner: Annotated[str, typer.Option(help="GLN or LEI of its owner")], config: Config = None
) -> None:
    """Have the signer `authority` admit a scheme; the running backend sends it."""
    with _at_work(config) as connection:
        typer.echo(service.admit_scheme(connection, name, party(owner, "owner")))


@app.command("admit-market")
def admit_market(
    name: Name, authority: Annotated[str, typer.Option(help="GLN or LEI of its authority")], config: Config = None
) -> None:
    """Have the signer `authority` admit a market; the running backend sends it."""
    with _at_work(config) as connection:
        typer.echo(service.admit_market(connection, name, party(authority, "authority")))
