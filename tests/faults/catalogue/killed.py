"""kill -9 of each process, at any point of its work or of its start."""

from __future__ import annotations

import random
import time

from tests.faults.fault import Fault, Figures
from tests.faults.stage import Stage
from tests.support.waiting import eventually

_UNNOTICED = 15  # seconds: the log does not wait for a witness
_STARTING = 2.0  # seconds of a start within which every other kill comes, too: it is then work of its own


def _backend(stage: Stage, chance: random.Random) -> None:
    stage.kill("backend")
    stage.start("backend")
    if chance.random() < 0.25:  # and once more while it starts
        time.sleep(chance.random() * _STARTING)
        stage.kill("backend")
        stage.start("backend")


def _gateways(stage: Stage, chance: random.Random) -> None:
    """All of them, so that a growing log says that one is back."""
    for gateway in stage.gateways:
        stage.kill(gateway.name)
        time.sleep(chance.random() / 50)
    for gateway in stage.gateways:
        stage.start(gateway.name)


def kill_broker(stage: Stage, *, forget: bool) -> None:
    """And wait until its keeper has started it again."""
    before = stage.broker.restarts
    stage.kill("broker")
    if forget:
        for memory in stage.broker.folder.rglob("mosquitto.db*"):
            memory.unlink(missing_ok=True)
    eventually(lambda: stage.broker.restarts > before and stage.broker.alive, "the broker is back")


def _witness(stage: Stage, _: random.Random) -> Figures:
    """What it cosigned before, it remembers; the log asks it again."""
    before = stage.witness.cosigned()
    stage.kill("witness")
    remembered = stage.witness.seen.size
    assert remembered >= before, f"it has cosigned {before} entries, and remembers {remembered}"
    stage.start("witness")
    began, size = time.monotonic(), stage.growth.size
    eventually(lambda: stage.witness.cosigned() >= size, "the witness cosigns again")
    return {"seconds until it cosigns again": time.monotonic() - began}


FAULTS = (
    Fault("kill-backend", "backend killed (-9), at times again while it starts", _backend, 60, runs=100, short=1),
    Fault("kill-gateway", "all gateways killed (-9)", _gateways, 60, runs=100, short=2),
    Fault(
        "kill-broker",
        "broker killed (-9)",
        lambda stage, _: kill_broker(stage, forget=False),
        60,
        runs=20,
    ),
    Fault(
        "broker-forgets",
        "broker killed (-9), all that it remembers lost",
        lambda stage, _: kill_broker(stage, forget=True),
        60,
        runs=20,
        short=1,
        # What comes before the backend has subscribed again is taken by the broker and given to nobody; the gateways
        # send it again after a silence, behind newer frames.
        reorders=True,
    ),
    Fault("kill-witness", "witness killed (-9)", _witness, _UNNOTICED, runs=20, short=1),
)
