"""The whole system: from real meter readings to a passport that anyone can check, and two lies caught."""

from __future__ import annotations

import json
import shutil
import signal
import tempfile
import threading
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from backend.demo import cast
from backend.demo.narrator import Narrator
from backend.demo.play import RESULT, opened, serve_until_stopped
from backend.demo.stage import Options, Stage
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.lifecycle import StageName
from leafproof.verification.report import EXIT_VERIFIED

app = typer.Typer(help=__doc__, invoke_without_command=True, add_completion=False, subcommand_metavar="")

_AFTER = get_args(StageName)


@app.callback()
def demo(
    readings: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="steel plant's CSV; by itself: ../shared/data/steel"),
    ] = None,
    simulated: Annotated[bool, typer.Option("--simulated", help="a simulated meter, even with the file")] = False,
    days: Annotated[int, typer.Option(min=2, max=cast.YEAR, help="of readings; 365: the whole year")] = cast.WEEK,
    once: Annotated[bool, typer.Option("--once", help="end after the verdict instead of serving")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="the result as one JSON object, the last line")] = False,
    keep: Annotated[
        Path | None, typer.Option(file_okay=False, help="keeps data and chain; a played one is opened again")
    ] = None,
    host: Annotated[str, typer.Option(help="address to serve on; 0.0.0.0: the whole network")] = "127.0.0.1",
    public_url: Annotated[str | None, typer.Option(help="how others reach the pages; default: by --host")] = None,
    port_base: Annotated[int | None, typer.Option(min=1024, max=65000, help="first port of all")] = None,
) -> None:
    """Play the demo. Exit code 0 only if the passport verifies."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set() if stop_is_awaited.is_set() else _interrupt())
    stop_is_awaited = threading.Event()
    found_readings = readings or (None if simulated else cast.find_readings())
    narrator = Narrator(to_stderr=as_json)
    code, folder = 1, keep
    try:
        _check_wishes(readings, simulated, keep, public_url)
        folder = (keep or Path(tempfile.mkdtemp(prefix="leafproof-demo-"))).resolve()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        options = Options(folder, days, found_readings, host, public_url, port_base)
        with opened(options, narrator) as (stage, result, code):
            _tell(narrator, stage, result)
            _next(narrator, stage, result, once, keep is not None)
            if as_json:
                typer.echo(json.dumps(result, ensure_ascii=False))
            stop_is_awaited.set()
            if not once:
                serve_until_stopped(stage, stop)
    except LeafproofError as error:
        typer.echo(f"leafproof demo: {error}", err=True)
        code = 1
    except KeyboardInterrupt:
        code = 130
    finally:
        if keep is None and folder is not None and not (once and (folder / RESULT).exists()):
            shutil.rmtree(folder, ignore_errors=True)
    raise typer.Exit(code)


def _check_wishes(readings: Path | None, simulated: bool, keep: Path | None, public_url: str | None) -> None:
    """Raises `InvalidInput` for what cannot be meant, before anything is started."""
    if readings is not None:
        if simulated:
            raise InvalidInput("readings", "a file and --simulated cannot both be meant")
        cast.check_readings(readings)
    if public_url is not None and not public_url.startswith(("http://", "https://")):
        raise InvalidInput("public-url", f"{public_url[:80]!r} does not begin with http:// or https://")
    if keep is not None and keep.exists() and any(keep.iterdir()) and not (keep / RESULT).exists():
        raise InvalidInput("keep", f"{keep} holds something else than a demo that was played to its end")


def _interrupt() -> None:
    raise KeyboardInterrupt


def _tell(narrator: Narrator, stage: Stage, result: dict[str, Any]) -> None:
    url = result["passport_url"]
    narrator.say("")
    narrator.say(f"  {result['verdict']}", "bold" if result["exit_code"] == EXIT_VERIFIED else "bold red")
    lots, idle = result["energy_lots_kwh"], result["energy_idle_kwh"]
    narrator.say(
        f"  {result['energy_kwh']} kWh metered at the plant: {lots} in lots, {idle} outside runs, none lost"
    )
    first, *others = result["profiles"]
    beside = "".join(f", {p['footprint']} by {p['id']}" for p in others)
    narrator.say(f"  {first['footprint']} kg CO2e per tonne by {first['id']}{beside}")
    after = ", ".join(f"{s['stage']} {s['value']} ({s['kind']})" for s in result["stages"] if s["stage"] in _AFTER)
    narrator.say(f"  after the gate, never added to it: {after}")
    mean = result["declared"]
    narrator.say(
        f"  declared for all {mean['count']} coils: {mean['per_tonne']}, of {mean['least']} to {mean['greatest']}"
    )
    narrator.say("")
    narrator.qr(url)
    narrator.say(f"  {url}", "bold")
    if stage.options.host == "127.0.0.1" and stage.options.public_url is None:
        narrator.say("  for a phone on this network: add --host 0.0.0.0", "dim")


def _next(narrator: Narrator, stage: Stage, result: dict[str, Any], once: bool, keep: bool) -> None:
    """What to try now: with a server that is about to end, only what needs none."""
    command = ".venv/bin/leafproof"
    if once:
        narrator.say(f"  the evidence: {command} verify {result['bundle']} --trust {result['trust']} --offline")
        narrator.say(f"  all of it again, served: {command} demo --keep {stage.folder}")
        return
    against = f"--trust {result['trust']} --rpc {result['rpc_url']}"
    narrator.say(f"  check it:  {command} verify {result['passport_url']} {against}")
    narrator.say(f"  all of it: {command} verify {result['bundle']} {against}")
    narrator.say(f"  replay it: {command} audit replay {against} --export {result['export']}")
    after = "stays" if keep else "goes with it; --keep FOLDER keeps it"
    narrator.say(f"  Ctrl-C ends everything; {stage.folder} {after}", "dim")
