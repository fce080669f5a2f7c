"""Injects a fault again and again at moments drawn from the seed, measures how long the log stood still, and has the
invariants checked.

Each run draws from (seed, fault, number of the run), so one fault alone gives the same moments as in the whole
suite. In between only what is cheap is looked at: the log comes back within the bound, and never shrinks. After the
last run everything is.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from backend.embedded.errors import PartFailed
from leafproof.errors import LeafproofError
from tests.faults.fault import Fault
from tests.faults.invariants import examine
from tests.faults.report import Row
from tests.faults.stage import Stage

Progress = Callable[[str, int, int], None]
"""Of the fault's name, runs done, runs in all."""

_WINDOW = 1.0  # seconds within which a fault's moment is drawn
_ECHO = 0.5  # seconds in which the log may still grow by what was under way before the fault
_PATIENCE = 3  # bounds that the driver waits before it gives a run up


def run_all(plan: Sequence[tuple[Fault, int]], seed: int, progress: Progress) -> Iterator[Row]:
    """Each fault as often as the plan says, on as few stages as there can be; a row each, as soon as it is known.

    A stage in which something broke is used no more.
    """
    stages: list[object] = []
    for fault, _ in plan:
        if fault.wants not in stages:
            stages.append(fault.wants)
    for wants in stages:
        queue = [(fault, runs) for fault, runs in plan if fault.wants == wants]
        while queue:
            # Not pytest's or a home folder: PostgreSQL's account must be able to enter it.
            with tempfile.TemporaryDirectory(prefix="leafproof-faults-", ignore_cleanup_errors=True) as name:
                folder = Path(name)
                folder.chmod(0o755)
                with Stage(folder / "s", queue[0][0].wants) as stage:
                    whole = True
                    while queue and whole:
                        fault, runs = queue.pop(0)
                        row = run(stage, fault, runs, seed, progress)
                        whole = not row.broken
                        yield row


def run(stage: Stage, fault: Fault, runs: int, seed: int, progress: Progress) -> Row:
    """One fault, `runs` times, and everything checked; raises nothing for what the fault brings about."""
    row = Row(fault.name, fault.title, fault.bound, seed)
    try:
        stage.flow()
        for number in range(runs):
            progress(fault.name, number, runs)
            _once(stage, fault, row, random.Random(f"{seed} {fault.name} {number}"))
        progress(fault.name, runs, runs)
        stage.settle()
        if fault.finish is not None:
            fault.finish(stage)
        account = examine(
            stage, {kind: runs * count for kind, count in fault.leaves.items()}, reorders=fault.reorders
        )
        row.lost, row.duplicated = account.lost, account.duplicated
        row.broken += account.broken
    except (AssertionError, LeafproofError, PartFailed, OSError) as error:
        row.broken.append(f"run {row.runs + 1}: {type(error).__name__}: {error}")
        row.broken += [f"{part.name}{tail}" for part in stage.parts.values() if (tail := part.tail())]
    return row


def _once(stage: Stage, fault: Fault, row: Row, chance: random.Random) -> None:
    time.sleep(chance.random() * _WINDOW)
    began = time.monotonic()
    figures = fault.inject(stage, chance)
    time.sleep(_ECHO)
    stage.growth.wait_beyond(stage.growth.size, _PATIENCE * fault.bound)
    stage.growth.wait_flowing()
    pause = stage.growth.longest_pause(began)
    row.recovered(pause, figures)
    if pause > fault.bound:
        row.broken.append(
            f"run {row.runs}: the log stood still for {pause:.1f} s, at most {fault.bound:g} are stated"
        )
    if stage.growth.shrunk:
        row.broken.append(f"run {row.runs}: {stage.growth.shrunk}")
