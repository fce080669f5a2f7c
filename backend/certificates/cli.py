"""`leafproof backend certificates ...`: what was cancelled, and what is claimed of it.

Exit codes: 0 good, 2 refused, or wrong usage.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from sqlalchemy import Connection

from backend import database, settings
from backend.anchor.registry import Registry
from backend.certificates import repository, service
from backend.footprints import service as footprints
from backend.footprints.reissue import reissue
from backend.log.hosting import open_logs
from backend.production.keystore import FileSigner
from backend.production.statements import Desk
from leafproof.certificate import Cancellation
from leafproof.errors import InvalidInput, LeafproofError, Malformed
from leafproof.structs import convert
from leafproof.values import Lot, digest

MAX_FILE = 65536

app = typer.Typer(help="Certificates of energy: what was cancelled, claimed once.", no_args_is_help=True)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file; or LEAFPROOF_CONFIG")]


@contextmanager
def _at_work(config: Path | None) -> Iterator[tuple[Connection, Desk, Registry]]:
    """One database transaction, with what the service needs; what goes wrong is said."""
    try:
        chosen = settings.load(config)
        engine = database.open_engine(chosen)
        try:
            database.check_schema(engine)
            desk = Desk(open_logs(chosen, engine), FileSigner(chosen.keys_folder))
            with database.transaction(engine) as connection:
                yield connection, desk, Registry(chosen.trust())
        finally:
            engine.dispose()
    except (LeafproofError, OSError) as error:
        typer.echo(f"leafproof backend certificates: {error}", err=True)
        raise typer.Exit(2) from None


@app.command()
def admit(
    name: Annotated[str, typer.Argument(help="the registry's name, as cancellations give it")],
    registrar: Annotated[str | None, typer.Option(help="account that speaks for it, 0x...")] = None,
    config: Config = None,
) -> None:
    """Have the signer `authority` admit a registry of certificates; the running backend sends it."""
    with _at_work(config) as (connection, _, _registry):
        for key in service.admit_registry(connection, name, _address(registrar)):
            typer.echo(key)


@app.command()
def state(
    file: Annotated[Path, typer.Argument(help="JSON of a cancellation, see docs/howto/certificates.md")],
    config: Config = None,
) -> None:
    """State a cancellation in its beneficiary's name, and print the statement's id."""
    with _at_work(config) as (connection, desk, _):
        with file.open("rb") as opened:
            data = opened.read(MAX_FILE + 1)
        typer.echo(service.state(connection, desk, _read(data)).statement_id.hex())


@app.command()
def claim(
    statement: Annotated[str, typer.Argument(help="id of the cancellation")],
    gtin: Annotated[str, typer.Option()],
    lot: Annotated[str, typer.Option()],
    first: Annotated[str, typer.Option(help="first serial")],
    last: Annotated[str, typer.Option(help="last serial")],
    config: Config = None,
) -> None:
    """Claim serials for a lot's footprint, and print the transaction's key; the running backend sends it."""
    with _at_work(config) as (connection, desk, registry):
        wanted = digest(statement, "id")
        typer.echo(service.claim(connection, desk, registry, wanted, Lot.parse(gtin, lot), first, last))


@app.command()
def count(
    gtin: Annotated[str, typer.Option()], lot: Annotated[str, typer.Option()], config: Config = None
) -> None:
    """Issue a lot's footprints anew, market-based ones with the certificates that the chain holds for it by now,
    and print each profile's number."""
    with _at_work(config) as (connection, desk, _):
        named = Lot.parse(gtin, lot)
        reissue(connection, desk, named)
        for row in footprints.current_by_profile(connection, named):
            found = footprints.read(connection, desk, bytes(row["statement_id"]))
            typer.echo(f"{found.profile.id}: {found.per_tonne} kg CO2e per tonne, {found.status}")
            for one in found.certificates:
                typer.echo(f"  counts {one.first} to {one.last} of cancellation {one.cancellation}")


@app.command()
def show(statement: Annotated[str, typer.Argument(help="id of the cancellation")], config: Config = None) -> None:
    """Print what is claimed of a cancellation, and what the contract refused."""
    with _at_work(config) as (connection, desk, registry):
        _, stated = service.read(connection, desk, digest(statement, "id"))
        typer.echo(f"{stated.kind} {stated.first} to {stated.last} of {stated.registry}")
        first, last = stated.serials
        for one in registry.claims(connection, stated.registry_id):
            if one.rejected is None and one.first <= last and first <= one.last:
                by = "attested" if one.attested else "not exclusive"
                typer.echo(f"  {one.first} to {one.last}: claimed by 0x{one.operator.hex()}, {by}")
        for row in repository.claims_of(connection, digest(statement, "id")):
            if row["state"] != "final":
                why = f" ({row['error']})" if row["error"] else ""
                typer.echo(
                    f"  {row['first']} to {row['last']}, lot {row['gtin']}/{row['lot']}: {row['state']}{why}"
                )


def _read(data: bytes) -> Cancellation:
    if len(data) > MAX_FILE:
        raise Malformed("cancellation", f"more than {MAX_FILE} bytes")
    try:
        return convert(msgspec.json.decode(data), Cancellation, "cancellation")
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Malformed("cancellation", str(error)) from error


def _address(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 20:
        raise InvalidInput("registrar", "not an address of 0x and 40 hexadecimal digits")
    return found
