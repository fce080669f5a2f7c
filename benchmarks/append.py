"""`append`: growing the tree and its tiles, entry by entry; `append_log`: the same in the log's database, one
commit with fsync a group. The cost must not grow with the log."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from sqlalchemy import Engine

from backend import database
from backend.log.schemas import NewEntry
from backend.log.service import TransparencyLog, open_log
from benchmarks.sample import Clock, Row, Sample, peak_memory
from leafproof import body, tree
from leafproof.envelope import Envelope, Header, LogRef
from leafproof.keys import ES256
from leafproof.tiles import TileEdge

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
LOG_SIZES = (10_000, 100_000, 1_000_000)
LOG = LogRef(31337, b"\x11" * 20, b"\x1d" * 32)
MEASURED = 16  # groups at the end of each size of the log
ENVELOPE = 450  # bytes, as a frame's
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
    return _sample(costs, floor.cpu / sizes[0] * 1e6)


def _sample(costs: dict[int, float], floor: float) -> Sample:
    """What an entry costs in the largest log, and in each; microseconds of CPU."""
    largest = costs[max(costs)]
    return Sample(
        value=largest,
        floor=floor,
        ratio=largest / floor,
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


def _measure_log(short: bool) -> Sample:
    sizes = LOG_SIZES[:1] if short else LOG_SIZES
    costs: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        engine = database.create(f"sqlite:///{folder}/bench.db")
        database.migrate(engine)
        with database.transaction(engine) as connection:
            log = open_log(connection, LOG, "bench", 0, bytes(32))
        held = 0
        for size in sizes:
            while held < size - MEASURED * GROUP:
                held += _append(engine, log, _entries(min(GROUP, size - MEASURED * GROUP - held)))
            groups = [_entries(GROUP) for _ in range(MEASURED)]
            with Clock() as clock:
                for group in groups:
                    held += _append(engine, log, group)
            costs[size] = clock.cpu / (MEASURED * GROUP) * 1e6
        engine.dispose()
        floor = _written(groups, Path(folder) / "floor") / (MEASURED * GROUP) * 1e6
    return _sample(costs, floor)


def _entries(count: int) -> list[NewEntry]:
    """Entries of a frame's size that nobody signed: signatures are not the log's to check."""
    header = Header("https://id.gs1.org/417/4012345000016", "urn:leafproof:bench", 1, body.FRAME, LOG)
    return [
        NewEntry(Envelope(os.urandom(ENVELOPE), ES256, bytes(32), header, b"", b"", b"", os.urandom(32)), None)
        for _ in range(count)
    ]


def _append(engine: Engine, log: TransparencyLog, group: list[NewEntry]) -> int:
    with database.transaction(engine) as connection:
        return len(log.append(connection, group))


def _written(groups: list[list[NewEntry]], path: Path) -> float:
    """CPU seconds of hashing each entry and its two nodes, and of writing the bytes with one fsync a group."""
    with Clock() as clock, path.open("wb", buffering=0) as out:
        for group in groups:
            for one in group:
                leaf = hashlib.sha256(b"\x00" + one.envelope.raw).digest()
                hashlib.sha256(b"\x01" + leaf + leaf).digest()
                hashlib.sha256(b"\x01" + leaf + leaf).digest()
            out.write(b"".join(one.envelope.raw for one in group))
            os.fsync(out.fileno())
    return clock.cpu


ROWS = (
    Row("append", "us/entry", "flat from 10^4 to 10^7, under 200 MB", _measure),
    Row("append_log", "us/entry", "flat from 10^4 to 10^6, under 200 MB", _measure_log),
)
