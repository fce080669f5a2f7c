"""Gateways that lie, and gateways whose key is changed."""

from __future__ import annotations

import random

from tests.faults.fault import Fault
from tests.faults.sender import identity
from tests.faults.stage import Stage
from tests.support.waiting import eventually

_BACKLOG = 40  # frames


def _equivocates(stage: Stage, chance: random.Random) -> None:
    """Two different frames for one place, both signed: both have to be kept, and reported."""
    sender = stage.sender("liar")
    before = sender.make(chance.randint(1, 5))
    other = sender.stream.again()
    both = [*sender.make(1), *sender.note([other.frame(2)])]
    chance.shuffle(both)
    sender.send([*before, *both])
    # What it says next continues the one that came first.
    sender.stream.previous = identity(both[0])


def _rotated(stage: Stage, chance: random.Random) -> None:
    """The old key is retired at the end of its backlog, which is sent only then, with the successor's frames."""
    name = f"rotated-{chance.randrange(16**8):08x}"
    old = stage.new_sender(name)
    backlog = old.make(_BACKLOG)
    key_id, place = old.stream.key_id, (old.stream.epoch, old.stream.sequence - 1)
    stage.site.submit("retire", [key_id, *place], f"retire:{key_id.hex()}")
    new = stage.new_sender(name)
    stage.wait_final([f"retire:{key_id.hex()}"])
    eventually(lambda: _retired(stage, key_id), "the backend knows that the key is retired")
    too_late = old.stream.frames(3)  # signed by whoever still has the old key
    old.refused += [identity(message) for message in too_late]
    arriving = [*backlog, *too_late, *new.make(_BACKLOG)]
    old.send(sorted(arriving, key=lambda _: chance.random()) if chance.random() < 0.5 else arriving)


def _retired(stage: Stage, key_id: bytes) -> bool:
    key = stage.site.registered(key_id)
    return key is not None and key.retired is not None


FAULTS = (
    Fault(
        "equivocation",
        "a gateway signs two frames for one place (found and reported)",
        _equivocates,
        60,
        runs=10,
        short=1,
        leaves={"equivocation": 1},
    ),
    Fault("key-rotated", "a key is rotated while a backlog waits", _rotated, 60, runs=5),
)
