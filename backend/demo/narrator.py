"""What the person at the terminal sees while the demo plays; on standard error when the output is JSON."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import segno
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn


class Narrator:
    """Tells each act when it begins and how long it took."""

    def __init__(self, to_stderr: bool) -> None:
        self._console = Console(stderr=to_stderr, highlight=False)

    @contextmanager
    def act(self, title: str) -> Iterator[None]:
        """A step with a name. On a terminal its end is written over its beginning."""
        started = time.monotonic()
        end = "\r" if self._console.is_terminal else "\n"
        self._console.print(f"  … {title}", style="dim", markup=False, end=end, no_wrap=True, overflow="ellipsis")
        yield
        self.say(f"  ✓ {title}  ({time.monotonic() - started:.1f} s)")

    @contextmanager
    def progress(self, title: str, total: int) -> Iterator[Callable[[], None]]:
        """A bar, where there is a terminal to draw it on."""
        if not self._console.is_terminal:
            yield lambda: None
            return
        columns = (TextColumn(f"    {title}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(title, total=total)
            yield lambda: bar.advance(task)

    def say(self, text: str, style: str = "") -> None:
        """A sentence, never broken: addresses and commands are there to be copied."""
        self._console.print(text, style=style, markup=False, soft_wrap=True)

    def qr(self, text: str) -> None:
        """A code that a phone can read off the terminal."""
        picture = io.StringIO()
        segno.make(text, error="m").terminal(out=picture, compact=True, border=2)
        self._console.out(picture.getvalue(), highlight=False)
