"""Every row of the table, in its order. Each module measures one part of the way of the data."""

from __future__ import annotations

from benchmarks import append, gas, ingest, replay, scale, serving, verify
from benchmarks.sample import Row

ROWS: tuple[Row, ...] = (
    *ingest.ROWS,
    *scale.ROWS,
    *replay.ROWS,
    *append.ROWS,
    *verify.ROWS,
    *serving.ROWS,
    *gas.ROWS,
)
