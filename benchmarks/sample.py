"""What one run of one benchmark found, and how the runs of a row are summed up."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Sample:
    """One run. `value` and `floor` are in the row's unit; `floor` is None where no floor can be measured here.

    `ratio` says how many times the cost of the floor was paid (CPU for CPU where both are known), so that 1 is
    perfect whatever the unit. `cpu` is CPU seconds per million of what the row counts, `memory` the peak of
    resident memory in MB of the process at work; `more` is whatever else a reader should see.
    """

    value: float
    floor: float | None = None
    ratio: float | None = None
    cpu: float | None = None
    memory: float | None = None
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """A benchmark: `measure(short)` makes one run. It is called in a process of its own; `short` only shows that
    it works, with a load so small that its figures mean nothing."""

    name: str
    unit: str
    target: str
    measure: Callable[[bool], Sample]

    def summary(self, samples: Sequence[Sample]) -> dict[str, Any]:
        """Medians over the runs, with their spread: (largest - smallest) / median of the values; `more` of the run
        in the middle."""
        values = [one.value for one in samples]
        middle = median(values)
        typical = min(samples, key=lambda one: abs(one.value - middle))
        return {
            "name": self.name,
            "value": _rounded(middle),
            "unit": self.unit,
            "floor": _median(one.floor for one in samples),
            "ratio": _median(one.ratio for one in samples),
            "spread": _rounded((max(values) - min(values)) / middle) if middle else 0.0,
            "runs": len(samples),
            "target": self.target,
            "cpu_seconds_per_million": _median(one.cpu for one in samples),
            "peak_memory_mb": _median(one.memory for one in samples),
            **typical.more,
        }


def _rounded(value: float) -> float:
    """Four digits that count; what was counted, such as gas, stays whole."""
    return value if isinstance(value, int) else float(f"{value:.4g}")


def _median(values: Any) -> float | None:
    known = [value for value in values if value is not None]
    return _rounded(median(known)) if known else None


def peak_memory() -> float:
    """Of this process so far, in MB. (`ru_maxrss` would do, but a started process inherits its parent's there.)"""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024  # proc(5): in KiB
    raise OSError("/proc/self/status does not tell the peak of resident memory")


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far, with those of its children that ended; 0 of one that is not there."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")  # proc(5), stat, fields 14 to 17


@dataclass
class Clock:
    """Wall and CPU seconds of a block: `with Clock() as clock: ...`. The collector is run before, not stopped:
    its work belongs to the cost."""

    wall: float = 0.0
    cpu: float = 0.0

    def __enter__(self) -> Clock:
        gc.collect()
        self.cpu, self.wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
