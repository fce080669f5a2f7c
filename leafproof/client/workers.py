"""The parts of a log checked by as many processes as there are processors to use.

A worker gets one part after the other and answers each; the answers are taken in the parts' order. Each worker has
one part at work and none waiting, the reader one more in hand: so memory does not grow with the log. A worker that
ends is an error (`WorkerLost`) and never a part that was not checked. Workers end with the reader, however it
ends: their pipe closes. An interrupt from the keyboard reaches the reader alone, who ends them.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from leafproof.errors import LeafproofError
from leafproof.replay.checking import Checked, Part, Rules, check, one_by_one

# Starting a worker takes about as long as checking some parts of frames: a short log is read without.
SHORT = 8
_PATIENCE = 5.0  # seconds that a worker gets to end by itself


class WorkerLost(LeafproofError):
    """A process that checked a part of the log ended before it answered."""


def spread(rules: Rules, parts: Iterable[Part]) -> Iterator[list[Checked]]:
    """A `leafproof.replay.checking.Spread` over all processors; raises `WorkerLost`."""
    return spread_over(processors(), rules, parts)


def spread_over(count: int, rules: Rules, parts: Iterable[Part]) -> Iterator[list[Checked]]:
    """The same over `count` processes; in this one where that is 1, or the log is short."""
    remaining = iter(parts)
    first = list(islice(remaining, SHORT))
    together = chain(first, remaining)
    if count < 2 or len(first) < SHORT:
        yield from one_by_one(rules, together)
        return
    workers: list[_Worker] = []
    try:
        with _uninterrupted():
            for _ in range(count):
                workers.append(_Worker(rules))
        yield from _in_order(workers, together)
    finally:
        for worker in workers:
            worker.end()


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_order(workers: list[_Worker], parts: Iterator[Part]) -> Iterator[list[Checked]]:
    idle, busy = deque(workers), deque[_Worker]()
    for part in parts:
        found = None
        if not idle:
            idle.append(busy.popleft())
            found = idle[0].answer()
        idle[0].ask(part)  # before the answer is looked at: nobody waits for that
        busy.append(idle.popleft())
        if found is not None:
            yield found
    while busy:
        yield busy.popleft().answer()


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, rules: Rules) -> None:
        context = get_context("spawn")  # a forked one would inherit the pipes of the others
        self._pipe, theirs = context.Pipe()
        self._process: SpawnProcess = context.Process(target=_work, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._send(rules)

    def ask(self, part: Part) -> None:
        """Give it a part; raises `WorkerLost`."""
        self._send(part)

    def answer(self) -> list[Checked]:
        """What it found in the part that it was asked about; raises `WorkerLost`."""
        try:
            found = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise self._lost() from error
        if isinstance(found, str):
            raise WorkerLost(f"a part of the log could not be checked: {found}")
        checked: list[Checked] = found
        return checked

    def end(self) -> None:
        """End the process, if it runs."""
        self._pipe.close()
        self._process.terminate()
        self._process.join(_PATIENCE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()

    def _send(self, message: Rules | Part) -> None:
        try:
            self._pipe.send(message)
        except OSError as error:
            raise self._lost() from error

    def _lost(self) -> WorkerLost:
        self._process.join(_PATIENCE)
        code = self._process.exitcode
        return WorkerLost(f"a process that checked a part of the log ended (code {code}): start again")


def _work(pipe: Connection) -> None:
    """A worker's life: rules, then parts, until the pipe closes."""
    try:
        rules: Rules = pipe.recv()
        while True:
            part: Part = pipe.recv()
            try:
                found: list[Checked] | str = check(rules, part)
            except Exception as error:  # noqa: BLE001 - told to the reader, who raises it
                found = f"{type(error).__name__}: {error}"
            pipe.send(found)
    except (EOFError, OSError):
        return  # nobody listens any more


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """What is started here ignores interrupts from its first moment on (only a main thread can arrange that)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
