"""Databases restarted, disks full, and writes that were cut off in the middle."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from iot_gateway.outbox import FILE
from tests.faults.fault import Fault
from tests.faults.stage import Stage, Wants
from tests.faults.wal import tear
from tests.support.postgres import PostgresCluster, find_postgres
from tests.support.processes import alive, children
from tests.support.waiting import eventually

_FULL_SECONDS = 3.0  # for how long at most a disk is full
_CHUNKS = (1 << 20, 4096)


@cache
def _no_mount() -> str | None:
    """Why no small disk can be mounted here."""
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False).returncode:
            return "a small disk cannot be mounted (needs root)"
        subprocess.run(["umount", folder], check=True)
    return None


def _no_postgres() -> str | None:
    return None if find_postgres() else "PostgreSQL is not installed"


def _cluster(stage: Stage) -> PostgresCluster:
    assert stage.postgres is not None
    return stage.postgres


def _restart_postgres(stage: Stage, chance: random.Random) -> None:
    """An orderly restart, an immediate one (as after a crash), or one server process killed, which ends all."""
    cluster = _cluster(stage)
    pid, way = cluster.pid, chance.choice((signal.SIGINT, signal.SIGQUIT, signal.SIGKILL))
    if way is signal.SIGKILL:
        with suppress(ProcessLookupError):
            os.kill(chance.choice(children(pid)), signal.SIGKILL)
        return
    os.kill(pid, way)
    eventually(lambda: not alive(pid), "PostgreSQL has ended")
    time.sleep(chance.random())
    cluster.stop()
    cluster.launch()


def _drop_connections(stage: Stage, _: random.Random) -> None:
    _cluster(stage).drop_connections()


def _fill(stage: Stage, chance: random.Random) -> None:
    """To the last byte, for a while: the backend's disk, one gateway's, or all."""
    names = sorted(stage.disks)
    fillers = [stage.disks[name] / "filler" for name in chance.choice([[name] for name in names] + [names])]
    try:
        for filler in fillers:
            _fill_up(filler)
        time.sleep(chance.random() * _FULL_SECONDS)
    finally:
        for filler in fillers:
            filler.unlink(missing_ok=True)


def _fill_up(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        for size in _CHUNKS:
            with suppress(OSError):
                while True:
                    file.write(bytes(size))


def _tear(stage: Stage, chance: random.Random) -> None:
    """Killed, and the write behind the last commit half done, wrong, or cut off: at the backend or at a gateway."""
    name = chance.choice(sorted(stage.disks))
    file = "leafproof.db" if name == "backend" else FILE
    stage.kill(name)
    tear(stage.disks[name] / f"{file}-wal", chance)
    stage.start(name)


def _fsck(stage: Stage) -> None:
    """The files themselves are whole after all that."""
    for name, disk in stage.disks.items():
        file = disk / ("leafproof.db" if name == "backend" else FILE)
        with sqlite3.connect(file, timeout=30) as db:
            (found,) = db.execute("PRAGMA integrity_check").fetchone()
        assert found == "ok", f"{name}: {found}"


_POSTGRES = Wants(database="postgresql")
FAULTS = (
    Fault(
        "postgres-restarts",
        "PostgreSQL restarted, or one of its processes killed",
        _restart_postgres,
        60,
        runs=10,
        wants=_POSTGRES,
        missing=_no_postgres,
    ),
    Fault(
        "postgres-drops",
        "PostgreSQL drops all connections",
        _drop_connections,
        60,
        runs=10,
        wants=_POSTGRES,
        missing=_no_postgres,
    ),
    Fault(
        "disk-full",
        "disk full, of the backend, a gateway, or all",
        _fill,
        60,
        runs=10,
        wants=Wants(small_disk=True),
        missing=_no_mount,
        finish=_fsck,
    ),
    Fault("torn-write", "last write torn, of the backend or a gateway", _tear, 60, runs=20, short=1, finish=_fsck),
)
