"""`leafproof backend received ...`: suppliers' bundles. Exit codes: 0 good, 1 a check failed, 2 usage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from backend import bootstrap, database, settings
from backend.access.tiers import Tier
from backend.anchor.registry import Registry
from backend.context import Context
from backend.passports import service as passports
from backend.received import holdings, service
from leafproof.bundle import MAX_BUNDLE
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.values import Gln

app = typer.Typer(help="Received lots: what suppliers with own backends handed over.", no_args_is_help=True)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file; or LEAFPROOF_CONFIG")]
_PAGE = 200


@app.callback()
def received() -> None:
    """Received lots: what suppliers with own backends handed over."""


@app.command("import")
def import_bundle(
    file: Annotated[Path, typer.Argument(help="the supplier's bundle of the lot")],
    given_to: Annotated[
        str, typer.Option(help="to whom the supplier gives this bundle: public, buyer, authority or auditor")
    ] = "buyer",
    config: Config = None,
) -> None:
    """Verify a supplier's bundle by this server's trust file and chain, and take its lot in."""
    with _running(config) as context:
        words = {tier.word: tier for tier in Tier}
        if given_to not in words:
            raise InvalidInput("--given-to", f"{given_to[:40]!r} is none of {', '.join(words)}")
        with file.open("rb") as opened:
            data = opened.read(MAX_BUNDLE + 1)
        judge = passports.of(context)
        try:
            found = service.take_in(
                context.engine, context.logs, judge, data, words[given_to], int(time.time()), MAX_BUNDLE
            )
        except service.Refused as error:
            for name, text in error.faults:
                typer.echo(f"{file.name}: {name}: {text}", err=True)
            raise typer.Exit(1) from None
    typer.echo(f"lot {found.lot} of {found.issuer} (0x{found.operator.hex()}), {found.statements} statements")
    for profile, value in found.footprints.items():
        typer.echo(f"  {value} kg CO2e per tonne by {profile}")
    typer.echo(f"  {found.report.verdict()}")


@app.command("list")
def list_lots(
    company: Annotated[str, typer.Option(help="GLN of the operator who takes in")], config: Config = None
) -> None:
    """Lots that were taken in, and how much of each the company still holds."""
    with _running(config) as context, database.reading(context.engine) as connection:
        registry, gln, after = Registry(context.settings.trust()), Gln.parse(company, "company"), ("", "")
        while page := list(holdings.of_company(connection, registry, gln, after, _PAGE)):
            for one in page:
                old = "" if one.current else "  (corrected since: ask for a newer bundle)"
                typer.echo(f"{one.lot}  {float(one.tonnes):.6g} t  {one.row['issuer']}{old}")
            after = (str(page[-1].lot.gtin), str(page[-1].lot.code))


@contextmanager
def _running(config: Path | None) -> Iterator[Context]:
    try:
        with _open(config) as context:
            yield context
    except (LeafproofError, OSError) as error:
        typer.echo(f"leafproof backend received: {error}", err=True)
        raise typer.Exit(2) from None


@contextmanager
def _open(config: Path | None) -> Iterator[Context]:
    chosen = settings.load(config)
    engine = database.open_engine(chosen)
    yield bootstrap.context_of(chosen, engine)
    engine.dispose()
