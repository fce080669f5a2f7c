"""Every row of the table, in its order. Each module measures one part of the way of the data."""

from __future__ import annotations

from benchmarks import append, gas, ingest, scale
from benchmarks.sample import Row

ROWS: tuple[Row, ...] = (*ingest.ROWS, *append.ROWS, *gas.ROWS, *scale.ROWS)
