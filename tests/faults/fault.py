"""What a fault is."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.faults.stage import Stage, Wants

Figures = Mapping[str, float] | None
"""What a run measured besides the recovery: name and value; the table shows the lowest and the highest."""


@dataclass(frozen=True)
class Fault:
    """One fault, injected many times into a stage that streams.

    `inject` does it and takes it back (starts again what it killed, heals what it cut); the driver calls it at a
    moment that it drew, and then waits until the log grows again. `bound`: for how many seconds at most the log may
    stand still, from the injection on. `wants`: the stage it needs; faults that want the same share one. `runs`: how
    often by default; `short`: how often in CI, 0 for not at all. `leaves`: what replay must say of *each* run,
    by kind; every other finding breaks an invariant. `finish`: once after the last run, before everything is
    checked. `missing`: why it cannot be done on this machine, if so. `reorders`: frames may stand in the log in
    another order than they were signed; their places say the order all the same.
    """

    name: str
    title: str
    inject: Callable[[Stage, random.Random], Figures]
    bound: float
    runs: int = 10
    short: int = 0
    wants: Wants = field(default_factory=Wants)
    leaves: Mapping[str, int] = field(default_factory=dict)
    finish: Callable[[Stage], None] | None = None
    missing: Callable[[], str | None] = lambda: None
    reorders: bool = False
