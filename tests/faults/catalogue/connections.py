"""Connections to the broker cut and delayed, and cut at the worst moment of all."""

from __future__ import annotations

import random
import time

from tests.faults.fault import Fault
from tests.faults.stage import Stage
from tests.support.proxy import FaultProxy

_LONGEST_CUT = 2.0  # seconds without the broker
_LONGEST_DELAY = 0.4  # seconds for each chunk of bytes
_DELAYED = 2.0  # seconds that the delay lasts


def _some(stage: Stage, chance: random.Random) -> list[FaultProxy]:
    """The backend's connection, those of gateways, or both."""
    proxies = [proxy for name, proxy in sorted(stage.proxies.items()) if name != "node"]
    return chance.sample(proxies, chance.randint(1, len(proxies)))


def _cut(stage: Stage, chance: random.Random) -> None:
    chosen = _some(stage, chance)
    for proxy in chosen:
        proxy.cut(refuse=True)
    time.sleep(chance.choice((0.0, chance.random() * _LONGEST_CUT)))
    for proxy in chosen:
        proxy.heal()


def _delay(stage: Stage, chance: random.Random) -> None:
    chosen = _some(stage, chance)
    for proxy in chosen:
        proxy.delay(chance.random() * _LONGEST_DELAY)
    time.sleep(_DELAYED)
    for proxy in chosen:
        proxy.heal()


def _before_puback(stage: Stage, chance: random.Random) -> None:
    """What the backend says is lost from now on: its PUBACKs and its acknowledgements of what it commits."""
    proxy, size = stage.proxies["backend"], stage.growth.size
    proxy.mute()
    stage.growth.wait_beyond(size, 60)
    time.sleep(chance.random() / 4)
    proxy.heal()  # and this cuts it


FAULTS = (
    Fault("cut", "connections to the broker cut", _cut, 60, runs=20),
    Fault("delayed", "connections to the broker delayed", _delay, 60, runs=10),
    Fault("cut-before-puback", "cut after the commit, before the PUBACK", _before_puback, 60, runs=20, short=1),
)
