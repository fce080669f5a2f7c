"""`verify` and `verify_cli`: a lot's public bundle, checked as a buyer does.

The lot and what the chain says of it come from the tests' own small world (`tests.support.world`), which is made
in memory by the kernel's own functions: record, footprint, metering plan (withheld) and factor set of a coil.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.sample import Clock, Row, Sample, peak_memory
from leafproof import body, cbor, envelope
from leafproof.bundle import Bundle
from leafproof.keys import public_key
from leafproof.verification.verify import verify
from tests.support.world import COIL, World, honest_world

RUNS = 400
STARTS = 7


def _public(world: World, entries: tuple[int, ...]) -> bytes:
    """The bundle of the coil for everybody: these entries, the metering plan without its body."""
    whole = world.bundle(COIL)
    kept = [item for item in whole.items if item.index in entries]
    plan = body.METERING_PLAN
    shown = [replace(i, body=None) if envelope.parse(i.envelope).header.content_type == plan else i for i in kept]
    return replace(whole, items=tuple(shown)).encode()


def _floor(data: bytes) -> Callable[[], None]:
    """What no verifier is spared: decoding, a hash of each envelope, body and step of a path, the signatures."""
    bundle = Bundle.decode(data)
    keys = {key.key_id: key for key in map(public_key, bundle.keys)}
    signed = [envelope.parse(item.envelope) for item in bundle.items]
    of_bodies = [
        e for e, i in zip(signed, bundle.items, strict=True) if i.disclosures
    ]  # an SD-JWT is signed again

    def work() -> None:
        cbor.decode(data, "bundle", len(data))
        for item in bundle.items:
            hashlib.sha256(item.envelope).digest()
            hashlib.sha256(item.body or b"").digest()
            for step in item.path:
                hashlib.sha256(step + step).digest()
        for one in (*signed, *of_bodies):
            keys[one.key_id].verify(one.signature, one.signed)

    return work


def _median(work: Callable[[], object], runs: int) -> float:
    """Milliseconds of one call."""
    found = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return median(found) * 1e3


def _measure(short: bool) -> Sample:
    world, at = honest_world()
    data = _public(world, (at.factors, at.steel_plan, at.coil, at.coil_footprint))
    trust, view = world.trust(), world.view()
    runs = 3 if short else RUNS
    verify(Bundle.decode(data), trust, view)  # keys and units are remembered from here on, as in any process
    with Clock() as clock:
        value = _median(lambda: verify(Bundle.decode(data), trust, view), runs)
    floor = _median(_floor(data), runs)
    cpu = clock.cpu / runs * 1e6
    return Sample(value, floor, value / floor, cpu, peak_memory(), {"bundle_bytes": len(data)})


def _measure_cli(short: bool) -> Sample:
    world, at = honest_world()
    with tempfile.TemporaryDirectory() as name:
        bundle, trust = Path(name) / "lot.bundle", Path(name) / "trust.json"
        bundle.write_bytes(_public(world, (at.factors, at.steel_plan, at.coil, at.coil_footprint)))
        trust.write_bytes(world.trust().encode())
        files = [str(bundle), "--trust", str(trust), "--offline"]
        command = [sys.executable, "-m", "leafproof.cli.main", "verify", *files]
        starts = 1 if short else STARTS
        _start(command, 4)  # from here on in the page cache
        value = _median(lambda: _start(command, 4), starts) / 1e3
        floor = _median(lambda: _start([sys.executable, "-c", "pass"], 0), starts) / 1e3
    return Sample(value, floor, value / floor)


def _start(command: list[str], expected: int) -> None:
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode != expected:
        raise RuntimeError(f"exit code {done.returncode}, not {expected}")


ROWS = (
    Row("verify", "ms", "2 ms", _measure),
    Row("verify_cli", "s", "under 0.5 s", _measure_cli),
)
