"""`replay`: an audit export of 256 readings a frame, replayed whole; its floor is what the same bytes cannot be
read without: each signature checked, each envelope and body hashed and decoded, and nothing concluded."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import pickle
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import cbor2

from benchmarks.sample import Clock, Row, Sample
from leafproof.chain.view import ChainView
from leafproof.client.export_folder import ExportFolder
from leafproof.client.shelf import DiskShelf
from leafproof.client.workers import processors, spread
from leafproof.keys import public_key
from leafproof.replay import export
from leafproof.replay.replay import replay
from leafproof.replay.report import ReplayReport
from leafproof.trust import Trust

SIZES = (1_000_000, 4_000_000, 16_000_000)  # readings: memory must not grow with them
SHORT_SIZES = (40_000, 160_000)
_FLOOR_FILES = 8  # enough for an average


def _measure(short: bool) -> Sample:
    found: dict[int, dict[str, float]] = {}
    for size in SHORT_SIZES if short else SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = _made(Path(name), size)
            found[size], floor = _in_own_process(folder), _floor(folder)
    largest, cores = found[max(found)], processors()
    each = largest["cpu"] / largest["readings"]
    return Sample(
        value=largest["readings"] / largest["wall"],
        floor=cores / floor,
        ratio=each / floor,
        cpu=each * 1e6,
        memory=largest["memory"],
        more={
            "processors": cores,
            "readings_per_cpu_second": round(1 / each),
            "reader_cpu_seconds_per_million": round(largest["own_cpu"] / largest["readings"] * 1e6, 3),
            "floor_cpu_seconds_per_million": round(floor * 1e6, 3),
            "memory_mb_of_a_worker": round(largest["worker"], 1),
            "growth": {
                str(size): {"cpu_seconds": round(one["cpu"], 3), "memory_mb": round(one["memory"], 1)}
                for size, one in found.items()
            },
        },
    )


def _in_own_process(folder: Path) -> dict[str, float]:
    """As an auditor's command has it: nothing of the other benchmarks is in its memory, or its workers'."""
    command = [sys.executable, "-m", "benchmarks.replay", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _run(folder: Path) -> dict[str, float]:
    workers = _Peak()
    with Clock() as clock:
        report = _replayed(folder, workers)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "readings": report.readings,
        "wall": clock.wall,
        "own_cpu": clock.cpu,
        "cpu": clock.cpu + children.ru_utime + children.ru_stime,
        "memory": _peak("self"),
        "worker": workers.megabytes,
    }


def _made(folder: Path, readings: int) -> Path:
    """The export's folder, made by another process: its memory is not the replay's."""
    place = folder / str(readings)
    place.mkdir()
    command = [sys.executable, "-m", "benchmarks.export", str(place / "export"), str(readings)]
    subprocess.run(command, check=True)
    return place / "export"


def _peak(process: int | str) -> float:
    """The largest resident memory of a process that runs, in MB. (`ru_maxrss` would count what the process that
    started it had at that moment.)"""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0


class _Peak:
    """The largest resident memory of any worker, looked at while they work."""

    megabytes = 0.0

    def __call__(self, _done: int, _total: int) -> None:
        for child in multiprocessing.active_children():
            if child.pid is not None:
                self.megabytes = max(self.megabytes, _peak(child.pid))


def _replayed(folder: Path, progress: _Peak) -> ReplayReport:
    view, trust = _chain(folder)
    with DiskShelf() as shelf:
        report = replay(ExportFolder(folder), trust, view, progress, spread=spread, shelf=shelf)
    if not report.clean or not report.lots:
        raise SystemExit(f"the export is not what it was made to be: {report.discrepancies[:3]}")
    return report


def _chain(folder: Path) -> tuple[ChainView, Trust]:
    found: tuple[ChainView, Trust] = pickle.loads((folder.parent / "chain.pickle").read_bytes())
    return found


def _floor(folder: Path) -> float:
    """CPU seconds a reading, over the readings of the first files."""
    view, _ = _chain(folder)
    entries = [
        entry
        for number in range(min(_FLOOR_FILES, len(list((folder / "entries").iterdir()))))
        for entry in export.decode_chunk((folder / export.chunk_name(number)).read_bytes())
    ]
    keys = {key_id: public_key(key.cose) for key_id, key in view.keys.items()}
    readings = 0
    with Clock() as clock:
        for entry in entries:
            hashlib.sha256(b"\x00" + entry.envelope).digest()
            hashlib.sha256(entry.body or b"").digest()
            protected, _, payload, signature = cbor2.loads(entry.envelope[1:])
            header = cbor2.loads(protected)
            signed = cbor2.dumps(["Signature1", protected, b"", payload])
            keys[header[4]].verify(signature, signed)
            content = cbor2.loads(entry.body or b"")
            readings += len(content[1]) if "frame" in header else 0
    return clock.cpu / readings


ROWS = (Row("replay", "readings/s", "500,000 for each processor, flat memory", _measure),)


if __name__ == "__main__":
    print(json.dumps(_run(Path(sys.argv[1]))))
