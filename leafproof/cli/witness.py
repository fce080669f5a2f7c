"""`leafproof witness`: watch logs, cosign what extends what was seen before, raise an alarm on a split view."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leafproof.cli.common import AsJson
from leafproof.errors import LeafproofError
from leafproof.texts import printable
from leafproof.verification.report import EXIT_FAILED
from leafproof.witness import Alarm, Seen

if TYPE_CHECKING:
    from leafproof.client.witness_folder import WatchedLog
    from leafproof.client.witness_service import WitnessService

app = typer.Typer(help="For whoever watches logs that others trust (C2SP tlog-witness).", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(file_okay=False, help="the witness's folder: key, logs, memory")]


@app.command()
def init(
    folder: Folder,
    name: Annotated[str, typer.Option(help="a name of yours, such as example.org/witness")],
) -> None:
    """Make a witness and its key in a new folder; prints its vkey, which trust files and logs name."""
    from leafproof.client.witness_folder import WitnessFolder

    typer.echo(WitnessFolder.create(folder, name).witness.verifier.vkey)


@app.command()
def add(
    folder: Folder,
    vkey: Annotated[str, typer.Argument(help="the log's vkey: `vkey` at its server's /v1/logs")],
    url: Annotated[
        str, typer.Option(help="prefix of its tiles, to follow it: https://.../v1/logs/LOG-ID/tlog")
    ] = "",
) -> None:
    """Tell the witness of a log, whose checkpoints it will cosign, or of a known log's new address."""
    from leafproof.client.witness_folder import WatchedLog, WitnessFolder

    found = WitnessFolder(folder)
    with found.locked():
        found.add(WatchedLog(vkey, url))


@app.command()
def run(
    folder: Folder,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any")] = 7880,
    every: Annotated[float, typer.Option(min=0.1, help="seconds between looks at a followed log")] = 10.0,
) -> None:
    """Serve `add-checkpoint`, and follow the logs whose address is known, until it is stopped.

    Exit codes: 0 nothing was found, 1 there is an alarm, of this or an earlier run; 2 usage."""
    from leafproof.client.witness_folder import WitnessFolder
    from leafproof.client.witness_server import serving
    from leafproof.client.witness_service import WitnessService

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    found = WitnessFolder(folder)
    with found.locked():
        service = WitnessService(found, _tell)
        for seen in service.seen:
            for alarm in seen.alarms:
                _tell(seen.origin, alarm)
        with serving(service, host, port) as listening:
            where = f"http://{host}:{listening}"
            typer.echo(f"{found.witness.verifier.vkey} listens at {where}, logs: {len(found.logs)}", err=True)
            _follow(service, [log for log in found.logs if log.url], every, stop)
        raise typer.Exit(_exit_code(service.seen))


@app.command()
def status(folder: Folder, as_json: AsJson = False) -> None:
    """What the witness remembers of each log, and what it is alarmed about.

    Exit codes: 0 nothing was found, 1 there is an alarm, 2 usage."""
    from leafproof.client.witness_folder import WitnessFolder

    found = WitnessFolder(folder)
    all_seen = [found.seen(log.verifier.name) for log in found.logs]
    if as_json:
        told = [{**json.loads(seen.encode()), "suspects": len(seen.suspects)} for seen in all_seen]
        typer.echo(json.dumps({"vkey": found.witness.verifier.vkey, "logs": told}, ensure_ascii=False))
    else:
        typer.echo(found.witness.verifier.vkey)
        for seen in all_seen:
            typer.echo(printable(f"{seen.origin}: {seen.size} entries, root {seen.root}"))
            if seen.suspects:
                typer.echo(f"  {len(seen.suspects)} checkpoints that came without a proof that leads to them")
            for alarm in seen.alarms:
                _tell(seen.origin, alarm)
    raise typer.Exit(_exit_code(all_seen))


def _follow(service: WitnessService, logs: Sequence[WatchedLog], every: float, stop: threading.Event) -> None:
    troubles: dict[str, str] = {}
    while not stop.is_set():
        for log in logs:
            origin = log.verifier.name
            try:
                service.follow(log)
                troubles.pop(origin, None)
            except (LeafproofError, OSError) as error:
                if troubles.get(origin) != str(error):
                    typer.echo(printable(f"{origin}: cannot be followed: {error}"), err=True)
                troubles[origin] = str(error)
        stop.wait(every)


def _exit_code(all_seen: Sequence[Seen]) -> int:
    return EXIT_FAILED if any(seen.alarms for seen in all_seen) else 0


def _tell(origin: str, alarm: Alarm) -> None:
    typer.echo(printable(f"ALARM: split view of {origin}: {alarm.message}"), err=True)
