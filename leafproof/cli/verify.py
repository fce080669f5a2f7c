"""`leafproof verify`: one lot's bundle, checked on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import unquote, urlsplit

import typer
from rich.console import Console

from leafproof import bundle as bundles
from leafproof.bundle import Bundle
from leafproof.cli.common import SIGNS, AsJson, RpcUrl, TrustFile, progress, read_file, read_trust
from leafproof.errors import InvalidInput, Malformed
from leafproof.texts import printable
from leafproof.trust import Trust
from leafproof.values import Lot
from leafproof.verification.report import EXIT_FAILED, Report, Status
from leafproof.verification.verify import verify

if TYPE_CHECKING:
    from leafproof.chain.view import ChainView

HELP = """Check a lot: its passport's address or a bundle file, against your trust file and your chain node.

Exit codes: 0 verified, 1 failed, 2 usage, 3 not yet anchored, 4 no failure but checks missing."""
LARGE = 500  # statements: a second of work, from which on a bar is shown
_console = Console(highlight=False, soft_wrap=True)


def command(
    source: Annotated[str, typer.Argument(metavar="BUNDLE|URL", help="a bundle file, or a passport's address")],
    trust: TrustFile,
    rpc: RpcUrl = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="ask no chain; what needs one is not checked")
    ] = False,
    market: Annotated[str | None, typer.Option(help="market in which labels are to count, such as EU")] = None,
    as_json: AsJson = False,
) -> None:
    """Run the eleven checks and say what they found."""
    if offline and rpc:
        raise InvalidInput("--offline", "contradicts --rpc")
    believed = read_trust(trust)
    data = fetch_bundle(source)
    try:
        bundle = Bundle.decode(data)
    except (Malformed, InvalidInput) as error:
        _show(_unreadable(source, believed, error), as_json)
        raise typer.Exit(EXIT_FAILED) from None
    report = judged(bundle, believed, rpc, offline, market)
    asked = asked_for(source)
    if asked not in (None, bundle.lot):  # a server may hand out another lot's honest bundle
        report[0].add(Status.FAIL, "another-lot", asked=asked, found=bundle.lot)
    _show(report, as_json)
    raise typer.Exit(report.exit_code)


def judged(
    bundle: Bundle, trust: Trust, rpc: str | None, offline: bool = False, market: str | None = None
) -> Report:
    """The report on a bundle, against the node `rpc`, or the first that the trust file suggests."""
    node = rpc or (None if offline else next(iter(trust.rpc_urls), None))
    return _verify(bundle, trust, node, market) if node else _checked(bundle, trust, None, "offline")


def _checked(
    bundle: Bundle, trust: Trust, chain: ChainView | None, no_chain: str = "", market: str | None = None
) -> Report:
    if len(bundle.items) < LARGE:
        return verify(bundle, trust, chain, no_chain, market)
    with progress("checks") as bar:
        task = bar.add_task("checks", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return verify(bundle, trust, chain, no_chain, market, show)


def _verify(bundle: Bundle, trust: Trust, node: str, market: str | None) -> Report:
    from leafproof.client.chain_reader import AnotherChain, NotFinal, OtherCode, read_chain
    from leafproof.client.rpc import READERS_PATIENCE, NodeRefused, NodeUnreachable, Rpc

    try:
        with Rpc(node, patience=READERS_PATIENCE) as rpc:
            chain = read_chain(rpc, trust)
    except (NodeUnreachable, NodeRefused, NotFinal) as error:
        return _checked(bundle, trust, None, error.message)
    except (AnotherChain, OtherCode, Malformed) as error:
        report = _checked(bundle, trust, None, error.message)
        report[5].add(Status.FAIL, "chain-differs", reason=error.message)
        return report
    return _checked(bundle, trust, chain, market=market)


def asked_for(source: str) -> Lot | None:
    """The lot that a passport's address names (GS1 Digital Link), or a bundle's; None where it names none."""
    if not source.startswith(("http://", "https://")):
        return None
    parts = [unquote(part) for part in urlsplit(source).path.split("/")]
    for place in range(len(parts) - 3):
        match parts[place : place + 4]:
            case ["01", gtin, "10", code] | ["lots", gtin, code, "bundle"]:
                return Lot.parse(gtin, code)
    return None


def fetch_bundle(source: str) -> bytes:
    """The bytes of a bundle, by a file's name or a passport's address; raises `InvalidInput` where it is none."""
    data = _fetch(source)
    if not bundles.begins_one(data):
        raise InvalidInput("bundle", f"{source} is not a Leafproof bundle")
    return data


def _fetch(source: str) -> bytes:
    if not source.startswith(("http://", "https://")):
        if "://" in source:
            raise InvalidInput("bundle", f"{source} is neither a file nor an http(s) address")
        return read_file(Path(source), "bundle", bundles.MAX_BUNDLE)
    from leafproof.client.http import fetch

    return fetch(source, bundles.MEDIA_TYPE, bundles.MAX_BUNDLE)


def _unreadable(source: str, trust: Trust, error: InvalidInput) -> Report:
    report = Report(printable(source), trust.network_class)
    report[0].add(Status.FAIL, "malformed", reason=error.message)
    return report


def _show(report: Report, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report.to_json(), ensure_ascii=False))
        return
    _console.print(f"lot {report.lot}", markup=False)
    for check in report.checks:
        sign, style = SIGNS[check.status]
        _console.print(f"{sign} {check.number:2} {check.name}: {check.status}", style=style, markup=False)
        # The same sentence, said of several heads or bodies, is read once.
        for status, text in dict.fromkeys((finding.status, finding.text()) for finding in check.findings):
            mark, tone = SIGNS[status]
            _console.print(f"      {mark} {text}", style=tone, markup=False)
    _console.print()
    _console.print(report.verdict(), style="bold", markup=False)
