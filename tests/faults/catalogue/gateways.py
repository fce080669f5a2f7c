"""Gateways whose disk or clock is not what it should be."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections import Counter
from pathlib import Path

from tests.faults.fault import Fault
from tests.faults.stage import Stage
from tests.support.waiting import eventually

_DAY = 86_400
_MEANWHILE = 2.0  # seconds at most between the image and its return
_SHIM = Path(__file__).parents[1] / "clock"


def _restored(stage: Stage, chance: random.Random) -> None:
    """A gateway's disk as it was a while ago takes the place of what it is. It takes the readings since then again,
    in a new epoch that continues from the old place."""
    gateway = chance.choice(stage.gateways)
    image = stage.folder / "image"
    gateway.process.kill()
    shutil.copytree(gateway.data, image)
    (epoch, _) = stage.promises.newest(gateway.key_id)
    gateway.process.start()
    eventually(lambda: stage.promises.newest(gateway.key_id)[0] > epoch, "its next epoch is acknowledged")
    time.sleep(chance.random() * _MEANWHILE)
    gateway.process.kill()
    meanwhile = gateway.custody()
    shutil.rmtree(gateway.data)
    image.rename(gateway.data)
    then = gateway.custody()
    gateway.again += Counter(gateway.rows[then.taken - then.pending : meanwhile.taken - meanwhile.pending])
    gateway.process.start()
    eventually(lambda: gateway.custody().taken >= meanwhile.taken, "what was taken is taken again")


def _wrong_clock(stage: Stage, chance: random.Random) -> None:
    """It starts with a clock that is a day ahead or behind, and goes on with it until the next run changes it."""
    gateway, shift = chance.choice(stage.gateways), chance.choice((-_DAY, _DAY))
    gateway.process.kill()
    path = os.pathsep.join(filter(None, (str(_SHIM), os.environ.get("PYTHONPATH"))))
    gateway.process.environment = {"PYTHONPATH": path, "FAULT_CLOCK_SECONDS": str(shift)}
    gateway.process.start()
    eventually(
        lambda: abs(gateway.custody().signed_at - time.time() - shift) < _DAY / 4,
        "a frame signed at the wrong time",
    )


def _right_clock(stage: Stage) -> None:
    for gateway in stage.gateways:
        gateway.process.environment = {}


FAULTS = (
    Fault(
        "disk-restored",
        "a gateway's disk restored from an old image (stated by replay)",
        _restored,
        60,
        runs=10,
        short=1,
        leaves={"gateway-restored": 1},
    ),
    Fault("clock", "a gateway's clock wrong by a day", _wrong_clock, 60, runs=10, finish=_right_clock),
)
