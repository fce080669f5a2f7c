"""Very much at once: a thousand gateways that come back, and a flood of what is no frame."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from statistics import mean

from backend.anchor.chain import address_of, connect
from backend.anchor.signers import Signers
from backend.ingest import quarantine
from backend.production.service import signer_of
from leafproof.chain.view import Role
from tests.faults.catalogue.killed import kill_broker
from tests.faults.crowd import publish_all
from tests.faults.fault import Fault, Figures
from tests.faults.gateway import RESEND
from tests.faults.sender import Sender
from tests.faults.stage import Stage
from tests.support.stream import OPERATOR, Stream
from tests.support.waiting import eventually

_CROWD, _BACKLOG = 1_000, 3  # gateways, and frames that each has kept
_PATIENCE = 120.0  # seconds
_HONEST = 3_000  # frames whose time is taken with and without a flood
_TURNS = 5  # of both; the machine may do other things in one of them
_KEPT = 0.5  # of the honest throughput, on a machine that broker, flood and backend share


def _crowd(stage: Stage) -> list[Sender]:
    """A thousand registered gateways, made once a stage."""
    known = [one for one in stage.senders if one.stream.name.startswith("crowd-")]
    if known:
        return known
    streams = [Stream(f"crowd-{n}", stage.site.ref, mode="recorded") for n in range(_CROWD)]
    _register(stage, streams)
    made = [Sender(stream, stage.broker.port) for stream in streams]
    stage.senders += made
    return made


def _register(stage: Stage, streams: Sequence[Stream]) -> None:
    """All on the chain, one transaction behind the other; returns when the backend knows the last one."""
    site = stage.site
    account = Signers(site.settings.keys_folder).get(signer_of(OPERATOR))
    chain = connect(stage.node.url, site.trust)
    nonce, fees, gas = chain.nonce(address_of(account)), chain.fees(), 0
    for number, stream in enumerate(streams):
        public, proof = stream.key.public, site.proof(stream.key, stream.issuer)
        args = [public.key_id, int(Role.GATEWAY), site.ref.log_id, stream.issuer, public.cose, proof]
        call = chain.call_of("KeyRegistry", "register", args)
        gas = gas or 2 * chain.estimate(address_of(account), call)
        refusal = chain.send(chain.sign(account, nonce + number, call, gas, fees)[1])
        assert refusal is None, refusal
    eventually(lambda: site.registered(streams[-1].key_id) is not None, "the backend knows the crowd", 120)


def _heard(stage: Stage, senders: Sequence[Sender]) -> bool:
    """Whether the log has acknowledged all that they made."""
    newest = stage.promises.newest_of({sender.stream.key_id for sender in senders})
    return all(
        newest.get(one.stream.key_id, (0, -1)) >= (one.stream.epoch, one.stream.sequence - 1) for one in senders
    )


def _all_back(stage: Stage, chance: random.Random) -> Figures:
    """The broker was away, and everybody comes in the second in which it is back."""
    crowd = _crowd(stage)
    by_name = {one.stream.name: one for one in crowd}
    clients = [
        (one.stream.name, [(m.topic, m.payload) for m in one.make(_BACKLOG, chance.randint(1, 40))])
        for one in crowd
    ]
    kill_broker(stage, forget=True)
    began = time.monotonic()
    while not _heard(stage, crowd):
        assert time.monotonic() < began + _PATIENCE, "what came is not acknowledged"
        publish_all(stage.broker.port, [one for one in clients if not _heard(stage, [by_name[one[0]]])])
        with suppress(AssertionError):  # as a gateway does it: again after a silence
            eventually(lambda: _heard(stage, crowd), "all that came is acknowledged", RESEND)
    return {"seconds for all 3,000 frames": time.monotonic() - began}


def _flood(stage: Stage, _: random.Random) -> Figures:
    """The same honest frames without and with a flood of garbage on a topic of frames, in turns."""
    honest = stage.sender("honest")
    alone, beset, rates = [_timed(stage, honest)], [], []
    for _turn in range(_TURNS):
        seconds, rate = _beset(stage, honest)
        beset.append(seconds)
        rates.append(rate)
        alone.append(_timed(stage, honest))
    kept = mean(alone) / mean(beset)
    assert kept >= _KEPT, f"the flood leaves {kept:.0%} of the honest throughput"
    return {"honest throughput kept": kept, "of honest frames/s": _HONEST / mean(alone), "garbage/s": mean(rates)}


def _beset(stage: Stage, honest: Sender) -> tuple[float, float]:
    """The time of honest frames while a flood comes, and how much comes a second; all of it has to be counted."""
    topic, counted = honest.stream.topic.replace("honest", "flood"), _garbage(stage)
    command = [sys.executable, "-m", "tests.faults.crowd", str(stage.broker.port), topic]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as flood:
        try:
            eventually(lambda: _garbage(stage) > counted, "the flood has come")
            began, already = time.monotonic(), _garbage(stage)
            seconds = _timed(stage, honest)
            rate = (_garbage(stage) - already) / (time.monotonic() - began)
            flood.terminate()
            taken = int(flood.communicate()[0])
        finally:
            flood.kill()
    # What the broker sends again after a lost connection counts again.
    eventually(lambda: _garbage(stage) >= counted + taken, f"all {taken} messages of garbage are counted")
    return seconds, rate


def _garbage(stage: Stage) -> int:
    """Messages that the backend refused, kept or only counted."""
    with stage.site.reading() as connection:
        return sum(one.messages for one in quarantine.counts(connection))


def _timed(stage: Stage, honest: Sender) -> float:
    """Seconds from the first frame sent to the last one acknowledged by the log."""
    messages = honest.make(_HONEST, 16)
    began = time.monotonic()
    honest.send(messages)
    eventually(lambda: _heard(stage, [honest]), "the honest frames are acknowledged", 120)
    return time.monotonic() - began


FAULTS = (
    # As where the broker forgets: what comes before the backend is back is sent again, behind newer frames.
    Fault("crowd", "1,000 gateways back at once after the broker was away", _all_back, 120, runs=3, reorders=True),
    Fault("flood", "a flood of garbage on a frame topic, as fast as a client can", _flood, 120, runs=3),
)
