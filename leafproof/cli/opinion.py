"""`leafproof opinion`: a verifier's key, opinions signed with it, and their way into the log.

The key stays on this machine. What is signed is what a bundle shows, after the same checks that any reader makes.
"""

from __future__ import annotations

import json
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leafproof import cbor
from leafproof.cli.common import RpcUrl, TrustFile, read_file, read_trust
from leafproof.errors import InvalidInput
from leafproof.opinion import MAX_FILE, MEDIA_TYPE, Opinion
from leafproof.structs import convert
from leafproof.texts import printable
from leafproof.values import party, party_uri
from leafproof.verification.report import EXIT_FAILED, Status

if TYPE_CHECKING:
    from leafproof.bundle import Bundle
    from leafproof.declared import DeclaredFootprint
    from leafproof.keys import SigningKey
    from leafproof.verification.statements import Statement

app = typer.Typer(help="For verifiers, who give their opinion on declared footprints.", no_args_is_help=True)
KeyFile = Annotated[Path, typer.Option("--key", help="file of your private key, mode 0600")]
Party = Annotated[str, typer.Option("--gln", help="your party GLN or LEI, as the chain's registry names you")]
_MAX_ANSWER = 1 << 16


@app.callback()
def _group() -> None:
    """For verifiers, who give their opinion on declared footprints."""


@app.command()
def key(
    trust: TrustFile,
    key_file: KeyFile,
    gln: Party,
    address: Annotated[str, typer.Option(help="your account on the chain, 0x...")],
) -> None:
    """Make your key, if there is none yet; prints what its registration on the chain needs, as JSON."""
    from leafproof.chain.possession import Claim, prove
    from leafproof.chain.view import Role
    from leafproof.client.key_file import get_or_create

    believed, issuer = read_trust(trust), party_uri(party(gln, "gln"))
    registry = believed.contracts["KeyRegistry"].address_bytes
    account = _address(address)
    own = get_or_create(key_file)
    claim = Claim(believed.chain_id, registry, account, Role.ISSUER, bytes(32), issuer)
    told = {
        "key_id": own.public.key_id.hex(),
        "issuer": issuer,
        "cose_key": own.public.cose.hex(),
        "proof": prove(own, claim).hex(),
    }
    typer.echo(json.dumps(told))


@app.command()
def sign(
    source: Annotated[str, typer.Argument(metavar="BUNDLE|URL", help="a lot's bundle, or its passport's address")],
    trust: TrustFile,
    key_file: KeyFile,
    gln: Party,
    opinion: Annotated[Path, typer.Option(help="TOML file with what you say, see docs/howto/opinion.md")],
    out: Annotated[Path, typer.Option(help="file to write, for `leafproof opinion submit`")],
    rpc: RpcUrl = None,
    declared: Annotated[
        str | None, typer.Option(help="statement id of the declared footprint, if the bundle has several")
    ] = None,
) -> None:
    """Sign an opinion on the declared footprint in a lot's bundle. Nothing is signed where a check fails.

    Exit codes: 0 signed, 1 a check failed, 2 usage."""
    from leafproof.bundle import Bundle
    from leafproof.cli.verify import fetch_bundle, judged
    from leafproof.client.key_file import load

    own, believed, said = load(key_file), read_trust(trust), _said(opinion)
    bundle = Bundle.decode(fetch_bundle(source))
    report = judged(bundle, believed, rpc)
    if report.status is Status.FAIL:
        typer.echo(printable(report.verdict()), err=True)
        raise typer.Exit(EXIT_FAILED)
    statements, issuer = _statements(bundle), party_uri(party(gln, "gln"))
    statement, stated = _chosen(statements, declared)
    made = _opinion(said, statement, stated, _last(statements, statement, issuer))
    _write(out, _signed(own, issuer, made, statement))
    typer.echo(printable(report.verdict()))
    typer.echo(f"signed: {made.conclusion}, {made.assurance} assurance, on {stated.per_tonne} kg CO2e per tonne,")
    typer.echo(f"{stated.count} lots of {stated.gtin} at {stated.facility}, {stated.start} to {stated.end}")


@app.command()
def submit(
    file: Annotated[Path, typer.Argument(help="what `leafproof opinion sign` wrote")],
    server: Annotated[str, typer.Option(help="the server whose log holds the declared footprint, https://...")],
) -> None:
    """Send a signed opinion to the log; prints its entry. Sending it again changes nothing."""
    from leafproof.client.http import send

    data = read_file(file, "opinion", MAX_FILE)
    answer = send(f"{server.rstrip('/')}/v1/opinions", data, MEDIA_TYPE, _MAX_ANSWER)
    try:
        told = json.loads(answer)
        line = f"entry {int(told['index'])} of log {told['log_id']}, statement {told['statement_id']}"
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput("server", "does not say where the opinion is") from error
    typer.echo(printable(line))


def _said(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_file(path, "opinion", MAX_FILE).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput("opinion", f"{path}: {error}") from error


def _statements(bundle: Bundle) -> list[Statement]:
    """The bundle's statements but for frames; they were judged before."""
    from leafproof.keys import public_key
    from leafproof.verification.statements import Statement

    keys = {one.key_id: one for one in map(public_key, bundle.keys)}
    items = [Statement.parse(i.envelope, i.index, i.body, i.disclosures) for i in bundle.items]
    found = [one for one in items if one.envelope.header.frame is None]
    for one in found:
        one.read(keys[one.envelope.key_id])
    return found


def _chosen(statements: list[Statement], wanted: str | None) -> tuple[Statement, DeclaredFootprint]:
    from leafproof.declared import DeclaredFootprint

    found = {one.id: (one, one.content) for one in statements if isinstance(one.content, DeclaredFootprint)}
    if wanted is not None and wanted not in found:
        raise InvalidInput("--declared", "the bundle has no such declared footprint")
    if wanted is None and len(found) != 1:
        raise InvalidInput("--declared", f"the bundle has not exactly one: {', '.join(found) or 'none'}")
    return found[wanted or next(iter(found))]


def _last(statements: list[Statement], on: Statement, issuer: str) -> str | None:
    """The verifier's own last word on it, as far as the bundle tells."""
    own = [
        (one.index, one.id)
        for one in statements
        if isinstance(one.content, Opinion)
        and one.content.declared == on.id
        and one.envelope.header.issuer == issuer
    ]
    return max(own)[1] if own else None


def _opinion(
    said: dict[str, Any], statement: Statement, stated: DeclaredFootprint, supersedes: str | None
) -> Opinion:
    number = {
        "declared": statement.id,
        "gtin": stated.gtin,
        "facility": stated.facility,
        "method": stated.method,
        "per_tonne": stated.per_tonne,
    }
    if taken := sorted(number.keys() & said.keys()):
        raise InvalidInput("opinion", f"{', '.join(taken)} are what the bundle says, and not yours to say")
    period = {"start": stated.start, "end": stated.end}
    made = convert({**period, "supersedes": supersedes, **said, **number}, Opinion, "opinion")
    made.check()
    if part := made.differing(statement.id, stated):
        raise InvalidInput(part, "the opinion does not cover the period of the declared footprint")
    return made


def _signed(own: SigningKey, issuer: str, made: Opinion, on: Statement) -> bytes:
    """`[envelope, body]`, for the log that holds what the opinion is on."""
    from leafproof import envelope

    content = made.encode_body()
    header = envelope.Header(issuer, made.urn, int(time.time()), MEDIA_TYPE, on.envelope.header.log)
    return cbor.encode([envelope.sign(own, header, content), content])


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InvalidInput("--out", f"{path} cannot be written ({error.strerror})") from error


def _address(text: str) -> bytes:
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 20:
        raise InvalidInput("--address", "not 0x and 40 hexadecimal digits")
    return found
