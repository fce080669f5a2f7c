"""What the reader's commands share: the trust file, the chain, the way results are shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from leafproof.errors import InvalidInput, Malformed
from leafproof.trust import MAX_TRUST_FILE, Trust
from leafproof.verification.report import Status

if TYPE_CHECKING:
    from rich.progress import Progress

TrustFile: TypeAlias = Annotated[
    Path, typer.Option("--trust", help="your trust file, obtained apart from the server it checks")
]
RpcUrl: TypeAlias = Annotated[
    str | None, typer.Option("--rpc", help="JSON-RPC address of a node of the trust file's chain")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="one JSON object instead of words")]

# Told by sign and word, so that colour is never needed.
SIGNS = {
    Status.PASS: ("✓", "green"),
    Status.WARNING: ("!", "yellow"),
    Status.NOT_CHECKED: ("–", "dim"),
    Status.PENDING: ("…", "cyan"),
    Status.FAIL: ("✗", "bold red"),
}


def read_trust(path: Path) -> Trust:
    """The trust file; raises `InvalidInput` or `Malformed`."""
    data = read_file(path, "trust file", MAX_TRUST_FILE)
    try:
        return Trust.decode(data)
    except Malformed as error:
        raise Malformed(error.field, f"{error.reason} ({path}; take it as it was handed out, unedited)") from error


def read_file(path: Path, field: str, limit: int) -> bytes:
    """A file of at most `limit` bytes; raises `InvalidInput` naming `field`."""
    try:
        if path.stat().st_size > limit:
            raise InvalidInput(field, f"{path} has more than {limit} bytes")
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(field, f"{path} cannot be read ({error.strerror})") from error


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """A bar on standard error, gone when done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        yield bar
