"""`leafproof label`: for scheme owners, certifiers and markets' authorities, who sign with keys of their own.

The key stays on this machine. A label is signed only for a lot whose bundle passes the checks that every reader
makes, against the criteria that the chain says are in force.
"""

from __future__ import annotations

import json
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn
from urllib.parse import quote

import typer

from leafproof import cbor, values
from leafproof.cli.common import AsJson, RpcUrl, TrustFile, read_file, read_trust
from leafproof.criteria import Evidence, evaluate
from leafproof.errors import InvalidInput
from leafproof.label import (
    KINDS,
    MAX_FILE,
    Accredited,
    Label,
    LabelChange,
    LabelStatement,
    Recognition,
    Scheme,
    registered_id,
)
from leafproof.structs import convert
from leafproof.texts import printable
from leafproof.values import party, party_of, party_uri
from leafproof.verification.report import EXIT_FAILED, Status

if TYPE_CHECKING:
    from leafproof.envelope import LogRef
    from leafproof.trust import Trust
    from leafproof.verification.labels import Subject
    from leafproof.verification.reading import Reading

app = typer.Typer(
    help="For scheme owners, certifiers and markets' authorities: labels and where they count.",
    no_args_is_help=True,
)
KeyFile = Annotated[Path, typer.Option("--key", help="file of your private key, see `leafproof opinion key`")]
Party = Annotated[str, typer.Option("--gln", help="your party GLN or LEI, as the chain's registry names you")]
Server = Annotated[str, typer.Option(help="the server whose log takes the statement, https://...")]
What = Literal["scheme", "accreditation", "recognition"]
_STATED: dict[What, type[Scheme | Accredited | Recognition]] = {
    "scheme": Scheme,
    "accreditation": Accredited,
    "recognition": Recognition,
}
_MAX_ANSWER = 1 << 20
_MEDIA_TYPE = "application/cbor"


@app.callback()
def _group() -> None:
    """For scheme owners, certifiers and markets' authorities: labels and where they count."""


@app.command()
def state(
    what: Annotated[What, typer.Argument(help="what the file is")],
    file: Annotated[Path, typer.Argument(help="TOML, see docs/howto/labels.md")],
    key_file: KeyFile,
    gln: Party,
    server: Server,
) -> None:
    """Sign a scheme's criteria, an accreditation or a recognition, and send it; prints its entry."""
    said = convert(_toml(file), _STATED[what], what)
    said.check()
    _send(said, _log_of(server, gln), key_file, gln, server)


@app.command()
def worklist(
    scheme: Annotated[str, typer.Argument(help="the scheme's name")], server: Server, as_json: AsJson = False
) -> None:
    """Lots without a valid label of the scheme, with its criteria evaluated by the server."""
    found = _get(server, f"/v1/labels/worklist?scheme={quote(scheme, safe='')}")
    if as_json:
        typer.echo(json.dumps(found))
        return
    for one in _listed(found):
        typer.echo(
            printable(f"{one.get('gtin')}/{one.get('lot')}: {'ready' if one.get('ready') else 'not ready'}")
        )
        for each in one.get("criteria", []):
            word = {True: "met", False: "not met"}.get(each.get("met"), "open")
            typer.echo(printable(f"  {word}: {each.get('criterion')} ({each.get('found')})"))


@app.command()
def issue(
    source: Annotated[str, typer.Argument(metavar="BUNDLE|URL", help="a lot's bundle, or its passport's address")],
    trust: TrustFile,
    key_file: KeyFile,
    gln: Party,
    server: Server,
    label: Annotated[Path, typer.Option(help="TOML file with what you say, see docs/howto/labels.md")],
    rpc: RpcUrl = None,
) -> None:
    """Sign a label for a lot, and send it; nothing is signed where a check or a criterion fails.

    Exit codes: 0 issued, 1 a check or a criterion failed, 2 usage."""
    from leafproof.verification.labels import subject_here

    believed, said = read_trust(trust), _toml(label)
    reading = _read(source, believed, rpc)
    subject = subject_here(reading, reading.bundle.lot)
    record = reading.record(reading.bundle.lot)
    if reading.report.status is Status.FAIL or subject is None or record is None:
        _refused(reading.report.verdict())
    statement, scheme = _criteria(server, str(said.get("scheme", "")), reading)
    made = _label(said, statement, reading, subject)
    attested = {one.criterion for one in made.attested}
    labelled = None  # what it rests on, the server and each reader look up on the chain
    evidence = Evidence(subject.footprints, subject.assurances, attested, labelled)
    for outcome in (evaluate(one, evidence) for one in scheme.criteria):
        if outcome.met is False or (outcome.met is None and outcome.criterion.kind != "labelled inputs"):
            _refused(f"not met: {outcome.criterion.words}; found: {outcome.found}")
    typer.echo(printable(reading.report.verdict()))
    _send(made, record[0].envelope.header.log, key_file, gln, server)


@app.command()
def change(
    label: Annotated[str, typer.Argument(help="the label's id on the chain")],
    status: Annotated[Literal["suspended", "valid", "revoked"], typer.Option(help="what it is from now on")],
    reason: Annotated[str, typer.Option(help="why, for everybody to read")],
    key_file: KeyFile,
    gln: Party,
    server: Server,
) -> None:
    """Suspend, resume or revoke a label: sign it with its reason, and send it."""
    said = LabelChange(label, status, reason)
    said.check()
    _send(said, _log_of(server, gln), key_file, gln, server)


def _refused(reason: str) -> NoReturn:
    typer.echo(printable(reason), err=True)
    raise typer.Exit(EXIT_FAILED)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_file(path, "statement", MAX_FILE).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput("statement", f"{path}: {error}") from error


def _read(source: str, trust: Trust, rpc: str | None) -> Reading:
    """The bundle after all checks, against the reader's own chain; a label is nothing without one."""
    from leafproof.bundle import Bundle
    from leafproof.cli.verify import fetch_bundle
    from leafproof.client.chain_reader import read_chain
    from leafproof.client.rpc import READERS_PATIENCE, Rpc
    from leafproof.verification.verify import read_and_verify

    node = rpc or next(iter(trust.rpc_urls), None)
    if node is None:
        raise InvalidInput("--rpc", "a label is issued on a chain: name a node of it")
    bundle = Bundle.decode(fetch_bundle(source))
    with Rpc(node, patience=READERS_PATIENCE) as chain:
        return read_and_verify(bundle, trust, read_chain(chain, trust))


def _criteria(server: str, name: str, reading: Reading) -> tuple[str, Scheme]:
    """The scheme's statement that the chain has in force, from the server, whose word is not needed for it."""
    from leafproof import body, envelope

    told = _get(server, f"/v1/labels/scheme?name={quote(name, safe='')}")
    try:
        raw, content = bytes.fromhex(told["envelope"]), bytes.fromhex(told["body"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput("server", "does not give the scheme's statement") from error
    signed = envelope.parse(raw)
    body.check_hash(signed, content)
    on_chain = reading.chain.schemes.get(registered_id(name)) if reading.chain else None
    if on_chain is None or on_chain.published[-1:] != (signed.statement_id,):
        raise InvalidInput("scheme", "the server's criteria are not those that the chain has in force")
    return signed.statement_id.hex(), Scheme.decode_body(content)


def _label(said: dict[str, Any], criteria: str, reading: Reading, subject: Subject) -> Label:
    lot = reading.bundle.lot
    shown = {
        "criteria": criteria,
        "maker": str(party_of(subject.maker, "maker")),
        "gtin": str(lot.gtin),
        "lot": str(lot.code),
        "footprints": [i for i, (_, one) in reading.footprints.items() if one in subject.footprints.values()],
    }
    if taken := sorted(shown.keys() & said.keys()):
        raise InvalidInput("label", f"{', '.join(taken)} are what the bundle says, and not yours to say")
    made = convert({"attested": [], "uses": [], "markets": [], **said, **shown}, Label, "label")
    made.check()
    return made


def _log_of(server: str, gln: str) -> LogRef:
    """The server's first log."""
    from leafproof.envelope import LogRef

    told = _get(server, f"/v1/operators/{party(gln, 'gln')}/enrolment")
    try:
        contract, log_id = bytes.fromhex(told["contract"][2:]), values.digest(told["log_id"][2:], "log_id")
        return LogRef(int(told["chain_id"]), contract, log_id)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput("server", "does not say which log it serves") from error


def _send(said: LabelStatement, log: LogRef, key_file: Path, gln: str, server: str) -> None:
    """Sign `[envelope, body]`, hand it in, and say where it is."""
    from leafproof import envelope
    from leafproof.client.http import send
    from leafproof.client.key_file import load

    assert isinstance(said, KINDS)
    own, content = load(key_file), said.encode_body()
    header = envelope.Header(party_uri(party(gln, "gln")), said.urn, int(time.time()), said.CONTENT_TYPE, log)
    data = cbor.encode([envelope.sign(own, header, content), content])
    answer = send(f"{server.rstrip('/')}/v1/labels/statements", data, _MEDIA_TYPE, _MAX_ANSWER)
    told = _decoded(answer)
    try:
        line = f"entry {int(told['index'])} of log {told['log_id']}, statement {told['statement_id']}"
        label, transaction = told["label"], told["transaction"]
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput("server", "does not say where the statement is") from error
    typer.echo(printable(line if label is None else f"{line}, label {label}"))
    typer.echo(printable(f"the chain is told by transaction {transaction}"))


def _get(server: str, path: str) -> Any:
    from leafproof.client.http import fetch

    return _decoded(fetch(server.rstrip("/") + path, "application/json", _MAX_ANSWER))


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise InvalidInput("server", "does not answer in JSON") from error


def _listed(found: Any) -> list[dict[str, Any]]:
    if not (isinstance(found, list) and all(isinstance(one, dict) for one in found)):
        raise InvalidInput("server", "does not give a list")
    return found
