"""`leafproof gateway`: set up a gateway, check it, run it, ask it."""

from __future__ import annotations

import json
import logging
import signal
import sqlite3
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import structlog
import typer

from iot_gateway import keyfile, status
from iot_gateway.check import examine
from iot_gateway.config import Config, load
from iot_gateway.engine import Gateway
from iot_gateway.enroll import CONFIG_NAME, KEY_NAME, Algorithm, in_words, set_up
from iot_gateway.template import Values
from iot_gateway.witness import look_once
from leafproof.errors import InvalidInput, LeafproofError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="The gateway: takes meter readings, signs them, keeps them.",
)

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The gateway's TOML file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_USAGE = 2


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where configuration and key are written.")] = Path(),
    *,
    name: Annotated[str, typer.Option(help="The gateway's name.")],
    operator: Annotated[str, typer.Option(help="GLN of the operator.")],
    facility: Annotated[str, typer.Option(help="GLN of the facility.")],
    chain_id: Annotated[int, typer.Option(help="EVM chain id of the log.")],
    contract: Annotated[str, typer.Option(help="Address of the log contract.")],
    log_id: Annotated[str, typer.Option(help="The log's id, 32 bytes in hexadecimal.")],
    log_key: Annotated[str, typer.Option(help="The log's COSE public key in hexadecimal.")],
    partition: Annotated[int, typer.Option(help="MQTT partition.")] = 0,
    broker_host: Annotated[str, typer.Option(help="Host of the MQTT broker.")] = "localhost",
    broker_port: Annotated[int, typer.Option(help="Port of the MQTT broker.")] = 1883,
    algorithm: Annotated[Algorithm, typer.Option(help="Kind of the key.")] = "ES256",
    registry: Annotated[str | None, typer.Option(help="Key registry: adds a proof of possession.")] = None,
    operator_address: Annotated[str | None, typer.Option(help="The operator's address on chain.")] = None,
    server: Annotated[str | None, typer.Option(help="The log's server, for `[witness]`.")] = None,
    trust: Annotated[str | None, typer.Option(help="Your trust file, for `[witness]`.")] = None,
    rpc: Annotated[str | None, typer.Option(help="A chain node; default: the trust file's first.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and a commented configuration; overwrites nothing."""
    values = Values(
        name=name,
        operator=operator,
        facility=facility,
        partition=partition,
        key_file=KEY_NAME,
        chain_id=chain_id,
        contract=contract,
        log_id=log_id,
        log_key=log_key,
        broker_host=broker_host,
        broker_port=broker_port,
        server=server,
        trust=trust,
        rpc=rpc,
    )
    try:
        result = set_up(folder, values, algorithm, registry, operator_address)
    except LeafproofError as error:
        _fail(error)
    typer.echo(json.dumps(result) if as_json else in_words(result))


@app.command()
def check(config: ConfigFile = Path(CONFIG_NAME)) -> None:
    """Say in words what is wrong, and show each point's value; exit code 1 if anything is."""
    wrong = 0
    for finding in examine(_config(config)):
        mark = {True: "ok   ", False: "WRONG", None: "-    "}[finding.right]
        typer.echo(f"{mark} {finding.what}: {finding.words}")
        wrong += finding.right is False
    typer.echo("Everything needed is in place." if not wrong else f"{wrong} found wrong.")
    raise typer.Exit(1 if wrong else 0)


@app.command()
def run(
    config: ConfigFile = Path(CONFIG_NAME),
    until_done: Annotated[
        bool, typer.Option("--until-done", help="End once the finite sources are read and all is acknowledged.")
    ] = False,
) -> None:
    """Read, sign, keep, send; SIGTERM and SIGINT end it cleanly."""
    settings = _config(config)
    _log_to_stderr()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        well = Gateway(settings, keyfile.load(settings.gateway.key), stop).run(until_done=until_done)
    except LeafproofError as error:
        _fail(error)
    except sqlite3.DatabaseError as error:
        typer.echo(f"error: the outbox is damaged ({error}); start again, and it is set aside", err=True)
        raise typer.Exit(1) from error
    raise typer.Exit(0 if well else 1)


@app.command()
def witness(config: ConfigFile = Path(CONFIG_NAME), as_json: AsJson = False) -> None:
    """Look once for the acknowledged frames in the head on the chain, while the gateway does not run.

    Exit code 0 when each that the head should hold is there, 1 when not, or when it could not be checked.
    """
    settings = _config(config)
    _log_to_stderr()
    try:
        found = look_once(settings, keyfile.load(settings.gateway.key))
    except LeafproofError as error:
        _fail(error)
    typer.echo(json.dumps(asdict(found)) if as_json else found.in_words())
    raise typer.Exit(1 if found.missing else 0)


@app.command(name="status")
def show_status(config: ConfigFile = Path(CONFIG_NAME), as_json: AsJson = False) -> None:
    """What the gateway did last and what it still holds; works while it runs and while it does not."""
    try:
        found = status.read_status(_config(config))
    except LeafproofError as error:
        _fail(error)
    typer.echo(json.dumps(found) if as_json else status.in_words(found))


def _config(path: Path) -> Config:
    try:
        return load(path)
    except LeafproofError as error:
        _fail(error)


def _fail(error: LeafproofError) -> NoReturn:
    typer.echo(f"error: {error.message}", err=True)
    raise typer.Exit(_USAGE if isinstance(error, InvalidInput) else 1)


def _log_to_stderr() -> None:
    """One line an event: for people on a terminal, JSON elsewhere."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
            if terminal
            else structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # pymodbus tells every time-out by itself; the source tells it once, in words.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
