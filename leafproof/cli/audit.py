"""`leafproof audit replay`: a whole log, rebuilt from the chain's events, envelopes and bodies alone."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from leafproof.cli.common import AsJson, TrustFile, progress, read_file, read_trust
from leafproof.errors import InvalidInput, Malformed
from leafproof.replay.known import Known
from leafproof.replay.replay import replay
from leafproof.replay.report import KINDS, Discrepancy, ReplayReport
from leafproof.replay.source import LogSource
from leafproof.trust import Trust
from leafproof.verification.report import EXIT_FAILED, EXIT_MISSING

if TYPE_CHECKING:
    from leafproof.chain.view import ChainView

app = typer.Typer(help="For auditors, who trust nobody.", no_args_is_help=True)
API_KEY = "LEAFPROOF_API_KEY"
_MAX_KEY_FILE = 1024
SHOWN = 20  # discrepancies of one kind on a terminal
_console = Console(highlight=False, soft_wrap=True)


@app.callback()
def _group() -> None:
    """For auditors, who trust nobody."""


@app.command("replay")
def replay_command(
    trust: TrustFile,
    rpc: Annotated[str, typer.Option("--rpc", help="JSON-RPC address of your node of the trust file's chain")],
    url: Annotated[str | None, typer.Option("--url", help="a backend, read over HTTP")] = None,
    folder: Annotated[Path | None, typer.Option("--export", help="a folder made by `backend export`")] = None,
    key_file: Annotated[
        Path | None, typer.Option("--api-key-file", help=f"auditor's API key for --url; or {API_KEY}")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Rebuild tree, readings, records, footprints and shares; name each discrepancy.

    Exit codes: 0 clean, 1 any discrepancy, 2 usage, 4 none in what was handed over, but bodies are
    withheld, or input lots' evidence is in a log that was not handed over."""
    if (url is None) == (folder is None):
        raise InvalidInput("source", "give either --url or --export")
    believed = read_trust(trust)
    try:
        chain = _chain(rpc, believed)  # first: a log that grows meanwhile then has more, never less
        sources = _sources(url, folder, key_file)
        known = Known()
        reports = [_replay(source, believed, chain, known) for source in sources]
        if not reports:
            reports = [ReplayReport("unknown")]
            reports[0].add("log-unknown", None, "no log was handed over")
    except Malformed as error:  # what was handed over, or what the node said, is no export and no chain
        reports = [ReplayReport("unknown")]
        reports[0].add("unreadable", None, error.message)
    _show(reports, as_json)
    raise typer.Exit(_exit_code(reports))


def _exit_code(reports: Sequence[ReplayReport]) -> int:
    """As `leafproof verify` has it: 0, 1 for any discrepancy, 4 for none but something was not handed over."""
    if not all(r.clean for r in reports):
        return EXIT_FAILED
    return EXIT_MISSING if any(_limited(r) for r in reports) else 0


def _limited(report: ReplayReport) -> bool:
    """Whether something was not handed over."""
    return bool(report.withheld or report.inputs_elsewhere or report.received_unchecked)


def _chain(node: str, trust: Trust) -> ChainView:
    from leafproof.client.chain_reader import AnotherChain, OtherCode, read_chain
    from leafproof.client.rpc import READERS_PATIENCE, Rpc

    with progress("chain  ") as bar, Rpc(node, patience=READERS_PATIENCE) as rpc:
        task = bar.add_task("chain", total=None)
        try:
            return read_chain(
                rpc, trust, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )
        except (AnotherChain, OtherCode) as error:
            raise Malformed("chain", error.message) from error


def _replay(source: LogSource, trust: Trust, chain: ChainView, known: Known) -> ReplayReport:
    from leafproof.client.shelf import DiskShelf
    from leafproof.client.workers import spread

    with progress("entries") as bar, DiskShelf() as shelf:
        task = bar.add_task("entries", total=source.size)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return replay(source, trust, chain, show, known, spread, shelf)


def _sources(url: str | None, folder: Path | None, key_file: Path | None) -> Sequence[LogSource]:
    if folder is not None:
        from leafproof.client.export_folder import ExportFolder

        return [ExportFolder(folder)]
    from leafproof.client.log_server import logs_of

    key = os.environ.get(API_KEY)
    if key_file is not None:
        key = read_file(key_file, "--api-key-file", _MAX_KEY_FILE).decode("ascii", "replace").strip()
    return logs_of(url or "", key)


def _show(reports: Sequence[ReplayReport], as_json: bool) -> None:
    if as_json:
        clean = all(r.clean for r in reports)
        typer.echo(json.dumps({"clean": clean, "logs": [r.to_json() for r in reports]}, ensure_ascii=False))
        return
    for report in reports:
        _console.print(f"log {report.log}", markup=False)
        counted = ", ".join(_count(n, kind) for kind, n in sorted(report.statements.items()))
        sizes = f"{_count(report.size, 'entry')} ({counted}); {_count(report.readings, 'reading')}"
        _console.print(f"  {sizes}; {_count(report.lots, 'lot')}")
        heads = f"{_count(report.heads, 'anchored head')}, the newest of {report.anchored_size}"
        _console.print(f"  root {report.root}; {heads}")
        if report.unanchored:
            _console.print(f"  {_count(report.unanchored, 'entry')} not anchored yet")
        if report.withheld:
            _console.print(f"  {_count(report.withheld, 'body')} withheld")
        if report.unpointed:
            _console.print(f"  {report.unpointed} lots that the chain does not point to their newest record yet")
        if report.inputs_elsewhere:
            _console.print(f"  {report.inputs_elsewhere} input lots not checked: their evidence is in another log")
        _show_received(report)
        for one in report.energy:
            went = f"{one.lots} in lots, {one.outside} outside runs"
            _console.print(
                f"  {one.facility}: {one.carrier} {one.metered} {one.unit} metered, {went}", markup=False
            )
        for note in report.notes[:SHOWN]:
            _console.print(f"  note {note.kind} entry {note.index}: {note.message}", style="yellow", markup=False)
        if len(report.notes) > SHOWN:
            _console.print(f"  … and {len(report.notes) - SHOWN} more notes; --json has all", style="yellow")
        _show_discrepancies(report)
        verdict = "clean: everything recomputed, nothing differs"
        if _limited(report):
            verdict = "nothing differs in what was handed over; the rest was not recomputed"
        if not report.clean:
            verdict = _count(len(report.discrepancies), "discrepancy")
        _console.print(f"  {verdict}", style="bold")


def _show_received(report: ReplayReport) -> None:
    if report.received:
        lots = _count(report.received, "lot")
        words = f"{lots} of other companies verified from the bundles that came with them"
        withheld = f", {report.received_unchecked} with evidence withheld" if report.received_unchecked else ""
        _console.print(f"  {words}{withheld}; the logs that they are in were not replayed")


def _show_discrepancies(report: ReplayReport) -> None:
    """Causes before what follows from them, and of each kind the first few: one bit can have hundreds of them."""
    by_kind: dict[str, list[Discrepancy]] = {kind: [] for kind in KINDS}
    for found in report.discrepancies:
        by_kind[found.kind].append(found)
    for kind, several in by_kind.items():
        for found in several[:SHOWN]:
            place = "" if found.index is None else f" entry {found.index}"
            _console.print(f"  ✗ {kind}{place}: {found.message}", style="red", markup=False)
        if len(several) > SHOWN:
            _console.print(f"  … and {len(several) - SHOWN} more of this kind; --json has all", style="red")


def _count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1] + 'ies' if noun.endswith('y') else noun + 's'}"
