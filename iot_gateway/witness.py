"""The gateway as witness: before it lets go of a frame it finds it, itself, in the head that the chain holds.

The log's server is believed in nothing. In this order:

1. The head (size, root) is read from the chain that the gateway's own trust file names, at a final block.
2. An acknowledged frame lies at the acknowledgement's index or below, and not below what was anchored when it was
   signed. From the upper end downwards, tiles of 256 leaf hashes are fetched from the log's server; each is proven
   to be in the head, once for all its leaves (`leafproof.tiles.proven_leaves`), and searched for the frames' own
   leaf hashes, which the gateway computes from its own bytes. Every frame is looked for; none is sampled.
3. A frame that is found is deleted from the outbox.
4. A frame that is nowhere in these proven tiles was acknowledged, and is not in the log: an alarm that stays, with
   the log's signed word as evidence. The frame is sent again: custody comes first.
5. Tiles that do not lead to the head are an alarm too, until the server shows those that do. Then, as whenever
   chain or server do not answer, frames are kept, and looked for again later.

A look is bounded in frames and tiles; what is left is the next one's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby

import structlog

from iot_gateway.config import Config, WitnessSettings
from iot_gateway.errors import OutboxFull
from iot_gateway.evidence import Held
from iot_gateway.outbox import Outbox, open_outbox
from iot_gateway.sight import Sight
from leafproof import tree
from leafproof.chain.view import Head
from leafproof.client.http import ServerRefused
from leafproof.errors import InvalidInput, LeafproofError, Malformed, ProofInvalid
from leafproof.keys import SigningKey
from leafproof.tiles import TILE_WIDTH, TileFetcher, node_reader, proven_leaves

MAX_FRAMES = 4096  # looked for at one time: 2 MB of envelopes
MAX_TILES = 64  # proven in one look: 512 KiB of hashes
NOT_CONFIGURED = "inclusion not checked: no node configured"

_log = structlog.get_logger(part="witness")


class TreeUnproven(LeafproofError):
    """The log's server shows tiles that do not lead to the head which the chain holds."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of one look: the head, how many frames were found, how many are missing, whether more is to do."""

    head: Head
    found: int
    missing: int
    more: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """What a single check came to: `size` of the head, None where nothing was to be looked for; `waiting` frames
    are acknowledged, and no head covers them yet."""

    size: int | None
    found: int
    missing: int
    waiting: int

    def in_words(self) -> str:
        """The same for a person."""
        waiting = f"{self.waiting} acknowledged frames wait for the next anchored head"
        if self.size is None:
            return f"nothing to look for; {waiting}"
        said = f"{self.found} frames found in the head of {self.size} entries that the chain holds"
        if self.missing:
            said += f"; ALARM: {self.missing} were acknowledged and are NOT in it"
        return f"{said}; {waiting}"


def look_once(config: Config, key: SigningKey) -> Summary:
    """Look for all acknowledged frames that the chain's head should hold, while no gateway runs.

    Raises `InvalidInput` without `[witness]`, `OutboxInUse`, `OutboxUnusable`, and like `Witness.look`.
    """
    if config.witness is None:
        raise InvalidInput("witness", NOT_CONFIGURED)
    size, found, missing = None, 0, 0
    with closing(open_outbox(config, key)) as outbox:
        witness = Witness(config, config.witness, outbox, threading.Event())
        try:
            while (looked := witness.look()) is not None:
                size, found, missing = looked.head.size, found + looked.found, missing + looked.missing
                if not looked.more:
                    break
        finally:
            witness.close()
        return Summary(size, found, missing, outbox.count_held())


class Witness:
    """See the module. One thread owns it; the rest of the gateway reads `state`."""

    def __init__(self, config: Config, settings: WitnessSettings, outbox: Outbox, stop: threading.Event) -> None:
        """Raises `InvalidInput` for a trust file that cannot be used, and addresses that are none."""
        self.state = "has not looked yet"
        self._outbox, self._stop = outbox, stop
        self._seconds = settings.seconds
        self._sight = Sight(config, settings)
        # By frame: the tile down to which this process has looked for it.
        self._searched: dict[int, int] = {}

    def run(self) -> None:
        """Look, again and again, until told to stop."""
        try:
            while not self._stop.is_set():
                if not self._try():
                    self._stop.wait(self._seconds)
        finally:
            self.close()

    def close(self) -> None:
        """Close the connections."""
        self._sight.close()

    def _try(self) -> bool:
        """One look that may fail; whether there is more to do at once."""
        try:
            looked = self.look()
        except OutboxFull as error:
            self._say(f"waiting: {error.message}")
        except TreeUnproven as error:
            self._say(f"ALARM: {error.message}")
        except LeafproofError as error:
            self._say(f"waiting: {error.message}")
        else:
            self._say("looks")
            return looked is not None and looked.more
        return False

    def look(self) -> Looked | None:
        """One look at what is acknowledged; None when there is nothing to look for.

        Raises `TreeUnproven`, once stored; `OutboxFull`; and what chain and server raise when they do not answer.
        """
        if not self._outbox.held(2**63 - 1, 1):
            return None
        head = self._sight.head()
        frames = self._outbox.held(head.size, MAX_FRAMES)
        if not frames or self._stop.is_set():
            return None
        try:
            found, absent, left = _Search(head, self._tiles(head.size), self._searched).search(frames)
        except (ProofInvalid, Malformed) as error:
            words = f"the log's server does not prove the head of {head.size} entries: {error.message}"
            if not self._stop.is_set():
                self._outbox.unproven(words, int(time.time()))
            raise TreeUnproven(words) from error
        if self._stop.is_set():
            return None  # the outbox may be closed by now
        self._outbox.conclude(head, found, absent, int(time.time()))
        if absent:
            first = absent[0]
            _log.critical(
                "the log acknowledged frames that it does not hold: they are sent again, its word is kept",
                frames=len(absent),
                epoch=first.epoch,
                sequence=first.sequence,
                size=head.size,
                block=head.moment.block_number,
            )
        return Looked(head, len(found), len(absent), left or len(frames) == MAX_FRAMES)

    def _tiles(self, size: int) -> TileFetcher:
        fetch = self._sight.tiles(size)

        def read(level: int, number: int) -> bytes:
            if self._stop.is_set():
                raise ServerRefused("the gateway stops")
            return fetch(level, number)

        return read

    def _say(self, state: str) -> None:
        if state != self.state:
            self.state = state
            (_log.error if state.startswith("ALARM") else _log.info)("inclusion", state=state)


class _Search:
    """One look for frames in one head. `searched`: by frame, the tile down to which earlier looks came."""

    def __init__(self, head: Head, fetch: TileFetcher, searched: dict[int, int]) -> None:
        self._head = head
        self._read = node_reader(fetch)
        self._searched = searched
        self._tiles: dict[int, frozenset[bytes]] = {}

    def search(self, frames: Sequence[Held]) -> tuple[list[Held], list[Held], bool]:
        """Those found, those that are missing, and whether some are left for the next look.

        Raises `ProofInvalid`, `Malformed`, and what fetching a tile raises.
        """
        found: list[Held] = []
        absent: list[Held] = []
        for leaf, group in groupby(frames, key=lambda one: one.leaf):
            wanted = {tree.leaf_hash(one.envelope): one for one in group}
            lowest = min(one.above for one in wanted.values()) // TILE_WIDTH
            tile = max(self._searched.get(one.id, leaf // TILE_WIDTH) for one in wanted.values())
            while wanted and tile >= lowest:
                leaves = self._leaves(tile)
                if leaves is None:
                    self._searched |= {one.id: tile for one in wanted.values()}
                    return found, absent, True
                found += [wanted.pop(each) for each in leaves & wanted.keys()]
                tile -= 1
            absent += wanted.values()
        for one in (*found, *absent):
            self._searched.pop(one.id, None)
        return found, absent, False

    def _leaves(self, tile: int) -> frozenset[bytes] | None:
        """The proven leaf hashes of a tile; None where this look has seen enough tiles."""
        if tile not in self._tiles:
            if len(self._tiles) == MAX_TILES:
                return None
            proven = proven_leaves(tile, self._head.size, self._head.root, self._read)
            self._tiles[tile] = frozenset(proven)
        return self._tiles[tile]
