"""Messages that come twice, late, and in any order."""

from __future__ import annotations

import random

from leafproof.frame import encode_message
from tests.faults.fault import Fault, Figures
from tests.faults.sender import publish
from tests.faults.stage import Stage

_BATCH = 30  # frames


def _again(stage: Stage, chance: random.Random) -> Figures:
    """What the gateways' outboxes hold, sent or not yet, is published by somebody else, too: all of it twice."""
    found = [
        (gateway.topic, encode_message(envelope, body))
        for gateway in stage.gateways
        for envelope, body in gateway.messages()[-_BATCH:]
    ]
    copies = found * 2
    if chance.random() < 0.5:
        chance.shuffle(copies)
    publish(stage.broker.port, copies)
    return {"frames sent again": len(copies)}


def _shuffled(stage: Stage, chance: random.Random) -> Figures:
    """New frames in any order, some of them twice."""
    sender = stage.sender("shuffled")
    made = sender.make(_BATCH)
    made += chance.sample(made, _BATCH // 3)
    chance.shuffle(made)
    sender.send(made)
    return {"frames out of order": len(made)}


FAULTS = (
    # A copy of a frame that its gateway has not sent yet comes before those that it sends.
    Fault("duplicates", "duplicate delivery", _again, 60, runs=10, reorders=True),
    Fault("reordered", "reordered delivery", _shuffled, 60, runs=10),
)
