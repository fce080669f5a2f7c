"""`leafproof backend chain ...`: signers, deployment, trust file, transactions. Exit codes: 0 good, 2 usage."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, get_args

import typer

from backend.anchor.chain import address_of
from backend.anchor.deploy import deploy as deploy_contracts
from backend.anchor.deploy import make_trust
from backend.anchor.signers import Signers
from backend.errors import SettingsError
from backend.settings import load
from leafproof.client.rpc import Rpc
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.trust import CONTRACTS, NetworkClass

app = typer.Typer(help="The chain: signers, contracts, and the trust file that names them.", no_args_is_help=True)

Config = Annotated[Path | None, typer.Option("--config", help="TOML file; or LEAFPROOF_CONFIG")]
Url = Annotated[str | None, typer.Option("--rpc", help="node; default: the setting rpc_url", show_default=False)]
Finality = Annotated[
    int, typer.Option(min=1, help="blocks until final: QBFT 1, Clique more than half the signers")
]


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except LeafproofError as error:
        typer.echo(f"leafproof backend chain: {error}", err=True)
        raise typer.Exit(2) from None


@app.command()
def signer(name: str, config: Config = None) -> None:
    """Print a signer's address: `authority`, `anchor` or `operator-<gln>`; makes its key at the first call."""
    with _said():
        account = Signers(load(config).keys_folder).get_or_create(name)
        typer.echo("0x" + address_of(account).hex())


@app.command()
def deploy(
    config: Config = None,
    rpc: Url = None,
    finality: Finality = 1,
    authority: Annotated[
        str | None, typer.Option(help="who admits operators; default: the signer `authority`")
    ] = None,
) -> None:
    """Deploy the contracts, signed by `authority`, and print where they are, as JSON."""
    with _said():
        settings = load(config)
        account = Signers(settings.keys_folder).get("authority")
        owner = None if authority is None else _address(authority, "authority")
        with Rpc(_url(rpc, config)) as node:
            done = deploy_contracts(
                node, account, authority=owner, finality_blocks=finality, progress=_show_progress
            )
        found = {name: "0x" + address.hex() for name, address in done.addresses.items()}
        typer.echo(json.dumps({**found, "deployed_block": done.block}))


@app.command()
def trust(
    log: Annotated[str, typer.Option(help="address of TransparencyLog")],
    keys: Annotated[str, typer.Option(help="address of KeyRegistry")],
    lots: Annotated[str, typer.Option(help="address of LotRegistry")],
    claims: Annotated[str, typer.Option(help="address of CertificateClaims")],
    labels: Annotated[str, typer.Option(help="address of LabelRegistry")],
    classes: Annotated[str, typer.Option(help="address of Classification")],
    deployed_block: Annotated[int, typer.Option(min=0, help="first block that may hold their events")],
    network_class: Annotated[str, typer.Option(help=", ".join(get_args(NetworkClass)))],
    out: Annotated[Path, typer.Option(help="file to write")],
    config: Config = None,
    rpc: Url = None,
    finality: Finality = 1,
    registrar: Annotated[list[str] | None, typer.Option(help="address whose attestations count; repeat")] = None,
    publisher: Annotated[
        list[str] | None, typer.Option(help="issuer whose factor sets count, https://id.gs1.org/417/GLN; repeat")
    ] = None,
    verifier: Annotated[
        list[str] | None, typer.Option(help="issuer whose opinions count, https://id.gs1.org/417/GLN; repeat")
    ] = None,
    witness: Annotated[
        list[str] | None, typer.Option(help="vkey of a witness whose cosignatures count; repeat")
    ] = None,
    witnesses_required: Annotated[
        int, typer.Option(min=0, help="so many of them must have cosigned each head")
    ] = 0,
    public_rpc: Annotated[list[str] | None, typer.Option(help="node that readers may ask; repeat")] = None,
) -> None:
    """Write the trust file of contracts as a node shows them, and print its fingerprint to compare by voice."""
    with _said():
        known: dict[str, NetworkClass] = {name: name for name in get_args(NetworkClass)}
        if network_class not in known:
            raise InvalidInput("network class", f"not one of {', '.join(known)}")
        given = zip(CONTRACTS, (log, keys, lots, claims, labels, classes), strict=True)
        with Rpc(_url(rpc, config)) as node:
            made = make_trust(
                node,
                {name: _address(address, name) for name, address in given},
                network_class=known[network_class],
                finality_blocks=finality,
                deployed_block=deployed_block,
                registrars=[_address(a, "registrar") for a in registrar or ()],
                publishers=publisher or (),
                verifiers=verifier or (),
                rpc_urls=public_rpc or (),
                witnesses=witness or (),
                witnesses_required=witnesses_required,
            )
        try:
            out.write_bytes(made.encode())
        except OSError as error:
            raise InvalidInput("out", f"{out} cannot be written ({error.strerror})") from None
        typer.echo(made.fingerprint)


def _url(rpc: str | None, config: Path | None) -> str:
    if rpc is not None:
        return rpc
    configured = load(config).rpc_url
    if configured is None:
        raise SettingsError("rpc_url: not set; give --rpc")
    return configured.get_secret_value()


def _address(text: str, field: str) -> bytes:
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if len(value) != 20:
        raise InvalidInput(field, "not an address of 0x and 40 hexadecimal digits")
    return value


def _show_progress(name: str) -> None:
    if sys.stderr.isatty():
        typer.echo(f"deploying {name} ...", err=True)
