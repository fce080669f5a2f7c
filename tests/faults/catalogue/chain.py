"""Chains that are away, go back, or ask for more, and anchorers that somebody started twice.

Whatever it is, ingestion does not notice, and every head and every key that the chain ever held is there again
afterwards.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from backend.anchor.chain import address_of
from backend.anchor.signers import Signers
from backend.anchor.tables import chain_attempts
from backend.embedded.process import ChildProcess
from backend.embedded.rpc import NodeRpc
from leafproof.client.chain_reader import read_chain
from leafproof.client.rpc import Rpc
from leafproof.errors import LeafproofError
from tests.faults.fault import Fault, Figures
from tests.faults.site import ANCHOR_SECONDS
from tests.faults.stage import Stage
from tests.support.stream import Stream
from tests.support.waiting import eventually

# How long the log may stand still, whatever the chain does: it does not wait for it, so this is what a busy machine
# needs for a moment's work.
_UNNOTICED = 15
_RESTART = 60  # the same where the backend is killed, too
_ECHO_SECONDS = 0.5  # in which the node may still do what it was told before
_MISSED = 6  # anchors that fall due while the chain is away
_ANCHORS = 3  # at most, between the older state and the fault
_BACK_SECONDS = 90.0
_HIGH, _USUAL = 500 * 10**9, 10**9  # wei a gas; an anchor offers twice what it finds, and a tip
_BLOCK_SECONDS = 0.3  # between two blocks that are too dear


@dataclass(frozen=True)
class Held:
    """What the chain holds: heads of the log, and registered keys."""

    heads: frozenset[tuple[int, bytes]]
    keys: frozenset[bytes]


def held(stage: Stage) -> Held:
    """As a reader of the node finds it."""
    with Rpc(stage.node.url) as rpc:
        view = read_chain(rpc, stage.site.trust)
    heads = view.logs[stage.site.ref.log_id].heads
    return Held(frozenset((head.size, head.root) for head in heads), frozenset(view.keys))


def again(stage: Stage, before: Held) -> float:
    """Wait until the chain holds all of it, and a head of what the log has now; how many seconds that took."""
    began, size = time.monotonic(), stage.growth.size

    def there() -> bool:
        with suppress(LeafproofError):
            now = held(stage)
            return before.heads <= now.heads and before.keys <= now.keys and max(now.heads)[0] >= size
        return False

    eventually(there, "everything that the chain held is there again, and a new head", _BACK_SECONDS)
    return time.monotonic() - began


def _late(stage: Stage, chance: random.Random) -> Stream:
    """A new gateway, whose key is on its way to the chain."""
    return stage.site.new_stream(f"late-{chance.randrange(16**8):08x}")


def _more(stage: Stage, chance: random.Random) -> Held:
    """Wait for a new key and a few new heads on the chain; all that it holds then."""
    stream = _late(stage, chance)
    for _ in range(chance.randint(1, _ANCHORS)):
        stage.growth.wait_flowing()
        stage.wait_anchored(stage.growth.size)
    stage.wait_final([f"key:{stream.key_id.hex()}"])
    return held(stage)


@contextmanager
def _node(stage: Stage) -> Iterator[NodeRpc]:
    rpc = NodeRpc(stage.node.url)
    try:
        yield rpc
    finally:
        rpc.close()


def _height(stage: Stage) -> int:
    with _node(stage) as rpc:
        return int(rpc.call("eth_blockNumber"), 16)


def _away(stage: Stage, chance: random.Random, *, restart: bool) -> Figures:
    """Connections to the node are refused, or lead nowhere; `restart`: the backend has to come back without it."""
    proxy = stage.proxies["node"]
    if chance.random() < 0.5:
        proxy.cut(refuse=True)
    else:
        proxy.blackhole()
    try:
        time.sleep(_ECHO_SECONDS)
        before = held(stage)
        if restart:
            stage.kill("backend")
            stage.start("backend")
        time.sleep(_MISSED * ANCHOR_SECONDS)
        stage.growth.wait_flowing()
        assert held(stage) == before, "something was anchored on a chain that is away"
    finally:
        proxy.heal()
    return {"seconds to the next head": again(stage, before)}


def _states(stage: Stage) -> list[Path]:
    """What the node's supervisor keeps, newest first."""
    return sorted((stage.node.folder / "state").glob("state-*"), reverse=True)


def _image(stage: Stage) -> Path:
    """The node's state as it is now, put aside."""
    stage.node.dump()
    return Path(shutil.copy(_states(stage)[0], stage.folder / "state-image"))


def _come_back(stage: Stage, change: Callable[[Path, list[Path]], None]) -> int:
    """Kill the node, and let it find its newest state file, and those before it, changed; how many blocks it has
    lost."""
    proxy, restarts = stage.proxies["node"], stage.node.restarts
    proxy.cut(refuse=True)
    try:
        stage.node.dump()  # and none follows, for nobody sends anything now
        height = _height(stage)
        stage.kill("node")
        newest, *others = _states(stage)
        change(newest, others)
        eventually(lambda: stage.node.restarts > restarts and stage.node.alive, "the node is back")
        lost = height - _height(stage)
    finally:
        proxy.heal()
    assert lost > 0, "the node came back with all that it had"
    return lost


def _restored(stage: Stage, chance: random.Random) -> Figures:
    image, before = _image(stage), _more(stage, chance)

    def put_back(newest: Path, others: list[Path]) -> None:
        image.replace(newest)
        for other in others:
            other.unlink()

    lost = _come_back(stage, put_back)
    return {"blocks lost": lost, "seconds until all is back": again(stage, before)}


def _cut_short(stage: Stage, chance: random.Random) -> Figures:
    """The newest file ends somewhere in the middle; the one before it counts again, and holds less."""
    image, before = _image(stage), _more(stage, chance)

    def cut(newest: Path, others: list[Path]) -> None:
        with newest.open("r+b") as file:
            file.truncate(chance.randrange(newest.stat().st_size))
        image.replace(others[0])

    lost = _come_back(stage, cut)
    return {"blocks lost": lost, "seconds until all is back": again(stage, before)}


def _reorganised(stage: Stage, chance: random.Random) -> Figures:
    """The newest blocks are replaced by empty ones; the trust file calls each of them final."""
    base = _height(stage)
    before = _more(stage, chance)
    depth = chance.randint(2, _height(stage) - base)
    with _node(stage) as rpc:
        rpc.call("anvil_reorg", depth, [])
    return {"blocks replaced": depth, "seconds until all is back": again(stage, before)}


def _too_low(stage: Stage, chance: random.Random) -> Figures:
    """An anchor and an operator's transaction wait in the pool while blocks become dearer than what they offer."""
    before, signed = held(stage), _replaced(stage)
    with _node(stage) as rpc:

        def dearer() -> bool:
            rpc.call("anvil_setNextBlockBaseFeePerGas", hex(_HIGH))
            rpc.call("evm_mine")
            time.sleep(_BLOCK_SECONDS)
            now = _replaced(stage)
            return all(now[account] > signed[account] for account in senders)

        rpc.call("evm_setAutomine", False)
        try:
            stream = _late(stage, chance)
            senders = _accounts(stage)
            eventually(
                lambda: int(rpc.call("txpool_status")["pending"], 16) >= len(senders), "both wait in the pool"
            )
            eventually(dearer, "both are signed again with a higher fee")
        finally:
            rpc.call("evm_setAutomine", True)
            rpc.call("evm_mine")
            rpc.call("anvil_setNextBlockBaseFeePerGas", hex(_USUAL))
    stage.wait_final([f"key:{stream.key_id.hex()}"])
    return {"seconds to the next head": again(stage, before)}


def _accounts(stage: Stage) -> list[bytes]:
    """Of the anchorer, and of the operator."""
    signers = Signers(stage.site.settings.keys_folder)
    return [address_of(signers.get("anchor")), stage.site.operator_address]


def _replaced(stage: Stage) -> Counter[bytes]:
    """How many transactions each account has signed again for the same nonce."""
    query = sa.select(chain_attempts.c.address).where(chain_attempts.c.number > 0)
    with stage.site.reading() as connection:
        return Counter(connection.execute(query).scalars())


def _twice(stage: Stage, chance: random.Random) -> Figures:
    """On the same database, or on a copy of it that is left behind."""
    environment = {**os.environ, "LEAFPROOF_CONFIG": str(stage.folder / "backend.toml")}
    if chance.random() < 0.5:
        environment["LEAFPROOF_DATABASE_URL"] = f"sqlite:///{_copy_of_database(stage)}"
    command = [sys.executable, "-m", "tests.faults.anchorer"]
    second = ChildProcess("second-anchorer", command, stage.folder / "second.log", environment=environment)
    second.start()
    try:
        before = _more(stage, chance)
        assert second.running, f"the second anchorer ended{second.log_tail()}"
    finally:
        second.stop()
    return {"seconds to the next head": again(stage, before)}


def _copy_of_database(stage: Stage) -> Path:
    copy = stage.folder / "copy.db"
    copy.unlink(missing_ok=True)
    source = stage.disks["backend"] / "leafproof.db"
    with closing(sqlite3.connect(source, timeout=30)) as one, closing(sqlite3.connect(copy)) as other:
        one.backup(other)
    return copy


def _killed(stage: Stage, _: random.Random) -> Figures:
    """It comes back with what was stored last, which may be a second old."""
    before, restarts = held(stage), stage.node.restarts
    stage.kill("node")
    eventually(lambda: stage.node.restarts > restarts and stage.node.alive, "the node is back")
    return {"seconds until all is back": again(stage, before)}


FAULTS = (
    Fault("kill-node", "chain's node killed (-9)", _killed, _UNNOTICED, runs=20),
    Fault("chain-away", "chain down for long", partial(_away, restart=False), _UNNOTICED, runs=5),
    Fault(
        "chain-away-restart",
        "chain down for long, backend killed (-9) meanwhile",
        partial(_away, restart=True),
        _RESTART,
        runs=5,
    ),
    Fault("chain-restored", "node restored to an older state", _restored, _UNNOTICED, runs=10, short=1),
    Fault("chain-cut-short", "node's state file cut short", _cut_short, _UNNOTICED, runs=10),
    Fault("chain-reorganised", "reorganisation deeper than the finality", _reorganised, _UNNOTICED, runs=10),
    Fault("fee-too-low", "transactions stuck by too low a fee", _too_low, _UNNOTICED, runs=10),
    Fault("two-anchorers", "a second anchorer started by mistake", _twice, _UNNOTICED, runs=10),
)
