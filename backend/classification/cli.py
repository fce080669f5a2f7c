"""`leafproof backend living-list ...`: what became of a list, the authority's refusal, and files of trade
statistics, tagged by a version of the list.

Exit codes: 0 good, 2 refused, or wrong usage.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from backend import database, settings
from backend.anchor.registry import Registry
from backend.classification import service
from backend.log.hosting import open_logs
from backend.production.keystore import FileSigner
from backend.production.statements import Desk
from leafproof import clock
from leafproof.classification import Remark
from leafproof.comtrade import tagged
from leafproof.errors import LeafproofError
from leafproof.values import Gln, digest

app = typer.Typer(help="The living list of green goods.", no_args_is_help=True)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file; or LEAFPROOF_CONFIG")]
ListId = Annotated[str, typer.Argument(help="the proposal's id, see `GET /v1/living-list`")]


@dataclass(frozen=True, slots=True)
class _Office:
    engine: Engine
    desk: Desk
    registry: Registry


@contextmanager
def _at_work(config: Path | None) -> Iterator[_Office]:
    """The database, logs and chain of a backend; what goes wrong is said."""
    try:
        chosen = settings.load(config)
        engine = database.open_engine(chosen)
        try:
            database.check_schema(engine)
            desk = Desk(open_logs(chosen, engine), FileSigner(chosen.keys_folder))
            yield _Office(engine, desk, Registry(chosen.trust()))
        finally:
            engine.dispose()
    except (LeafproofError, OSError, UnicodeDecodeError) as error:
        typer.echo(f"leafproof backend living-list: {error}", err=True)
        raise typer.Exit(2) from None


@app.command()
def tag(
    file: Annotated[Path, typer.Argument(help="CSV of UN Comtrade, see docs/howto/living-list.md")],
    version: Annotated[int, typer.Option(min=1, help="of the living list")],
    config: Config = None,
) -> None:
    """Print the file with a column `candidates`."""
    with _at_work(config) as office:
        with database.reading(office.engine) as connection:
            _, rules = service.version(connection, office.desk, office.registry, version)
        with file.open(encoding="utf-8-sig", newline="") as source:
            csv.writer(sys.stdout).writerows(tagged(rules, source))


@app.command()
def refuse(
    proposal: ListId,
    by: Annotated[str, typer.Option(help="GLN of the operator in whose name the authority says why")],
    reason: Annotated[str, typer.Option(help="why")],
    config: Config = None,
) -> None:
    """Have the signer `authority` refuse a proposal; the running backend sends it."""
    refusal = Remark(proposal, "refusal", reason)
    with _at_work(config) as office, database.transaction(office.engine) as connection:
        operator = Gln.parse(by, "by")
        asked = service.refuse(connection, office.desk, office.registry, operator, refusal)
        typer.echo(asked.transaction)


@app.command()
def history(proposal: ListId, config: Config = None) -> None:
    """What was said of a list, and what was decided."""
    with _at_work(config) as office, database.reading(office.engine) as connection:
        chain = service.chain_of(connection, office.registry)
        content = digest(proposal, "proposal")
        for step in service.history(connection, office.desk, chain, content):
            typer.echo(f"{clock.utc_text(step.at)}  {step.did:9}  {step.by or 'the authority'}  {step.text}")
