"""`leafproof`: the reader's commands, and those that other installed parts bring along.

A part announces its Typer app in the entry point group `leafproof.commands`; it is imported only when its
command is called, so that `leafproof verify` starts quickly wherever it is installed.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leafproof.cli import verify
from leafproof.errors import LeafproofError
from leafproof.texts import printable
from leafproof.verification.report import EXIT_USAGE

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "leafproof.commands"


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"leafproof {version('leafproof')}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="say which version this is")
    ] = False,
) -> None:
    """Options before any command."""


def _brought() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


def _application(arguments: list[str]) -> typer.Typer:
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback(help="Leafproof: evidence behind every green label.")(_root)
    app.command("verify", help=verify.HELP)(verify.command)
    called = next((a for a in arguments if not a.startswith("-")), None)
    if called == "verify":
        return app  # what a buyer waits for: it looks for nobody else's commands
    if called in (None, "audit"):
        from leafproof.cli import audit  # it brings all that a replay needs

        app.add_typer(audit.app, name="audit")
    if called in (None, "witness"):
        from leafproof.cli import witness

        app.add_typer(witness.app, name="witness")
    if called in (None, "opinion"):
        from leafproof.cli import opinion

        app.add_typer(opinion.app, name="opinion")
    if called in (None, "label"):
        from leafproof.cli import label

        app.add_typer(label.app, name="label")
    for name, point in _brought().items():
        if called not in (None, name):
            continue  # somebody else's command: its imports are not needed
        loaded: Any = point.load()
        app.add_typer(loaded, name=name)
    return app


def main() -> None:
    """Run; exit codes: 0 good, 1 found something, 2 usage, 3 not yet anchored, 4 checks missing."""
    try:
        _application(sys.argv[1:])()
    except LeafproofError as error:
        sys.stderr.write(f"leafproof: {printable(str(error))}\n")  # it may quote a server
        sys.exit(EXIT_USAGE)


if __name__ == "__main__":
    main()
