"""`append`: growing the tree and its tiles, entry by entry; the cost must not grow with the log."""

from __future__ import annotations

import hashlib

from benchmarks.sample import Clock, Row, Sample, peak_memory
from leafproof import tree
from leafproof.tiles import TileEdge

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
GROUP = 512  # as many as one transaction of ingest takes


def _measure(short: bool) -> Sample:
    sizes = SIZES[:2] if short else SIZES
    frontier, tiles = tree.Frontier(), TileEdge(0, lambda _level, _index: b"")
    leaf = bytes(32)
    costs: dict[int, float] = {}
    for size in sizes:
        # The last tenth before each size: what an entry costs in a log that is that large.
        _grow(frontier, tiles, size - size // 10, leaf)
        with Clock() as clock:
            _grow(frontier, tiles, size, leaf)
        costs[size] = clock.cpu / (size // 10) * 1e6
    with Clock() as floor:
        for _ in range(2 * (sizes[0])):  # an entry of a binary tree: one node in the frontier, one in a tile
            hashlib.sha256(b"\x01" + leaf + leaf).digest()
    largest = costs[sizes[-1]]
    floor_us = floor.cpu / sizes[0] * 1e6
    return Sample(
        value=largest,
        floor=floor_us,
        ratio=largest / floor_us,
        cpu=largest,
        memory=peak_memory(),
        more={"by_size": {str(size): round(cost, 3) for size, cost in costs.items()}},
    )


def _grow(frontier: tree.Frontier, tiles: TileEdge, size: int, leaf: bytes) -> None:
    while frontier.size < size:
        leaves = [leaf] * min(GROUP, size - frontier.size)
        for one in leaves:
            frontier.append(one)
        tiles.append(leaves)


ROWS = (Row("append", "microseconds/entry", "flat from 10^4 to 10^7, under 200 MB", _measure),)
