"""Is the stored log whole? Rebuilds tree, tiles and what the columns repeat from the stored envelopes, and says
what differs. It changes nothing.

For a leaf there are three witnesses: the envelope's bytes, the column `leaf_hash`, and the tile of level 0. Two
that agree are believed over the third, so that one altered byte is one finding and not a wrong tree from there on.
Whether the whole log was rewritten, all three witnesses with it, only the chain can say: that is replay's part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from backend.database import reading
from backend.errors import LogDamaged
from backend.log import repository
from backend.log.schemas import Entry
from backend.log.service import PAGE, TransparencyLog
from leafproof import envelope as statements
from leafproof import tree
from leafproof.errors import Malformed
from leafproof.tiles import TILE_WIDTH, TileEdge


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that differs: in which log, at which entry (None where it is not one's), what kind, and how."""

    log: str
    index: int | None
    kind: str
    text: str


Check = Callable[[Connection, TransparencyLog], Iterable[Finding]]
Repair = Callable[[Connection, TransparencyLog], None]
Progress = Callable[[int, int], None]  # entries done, entries in all


def fsck(
    engine: Engine,
    logs: Iterable[TransparencyLog],
    checks: Iterable[Check] = (),
    progress: Progress = lambda _done, _all: None,
) -> Iterator[Finding]:
    """Every finding in these logs, from one snapshot; `checks` are those of the capabilities whose tables derive
    from the log."""
    checks = tuple(checks)
    for log in logs:
        with reading(engine) as connection:
            yield from _Walk(connection, log, progress).findings()
            for check in checks:
                yield from check(connection, log)


class _Walk:
    """One pass over one log, in bounded memory: a page of entries and the edge of the tree."""

    def __init__(self, connection: Connection, log: TransparencyLog, progress: Progress) -> None:
        self._connection = connection
        self._log = log
        self._progress = progress
        self._edge = TileEdge(0, lambda _level, _number: b"")
        self._partial: dict[int, tuple[int, bytes]] = {}
        self._tile: tuple[int, bytes] = (-1, b"")

    def findings(self) -> Iterator[Finding]:
        size, stored = repository.state(self._connection, self._log.number)
        frontier = tree.Frontier()
        for start in range(0, size, PAGE):
            end = min(start + PAGE, size)
            leaves: list[bytes] = []
            yield from self._page(start, end, leaves)
            for leaf in leaves:
                frontier.append(leaf)
            yield from self._tiles(self._edge.append(leaves))
            self._progress(end, size)
        for level, (number, hashes) in sorted(self._partial.items()):
            yield from self._compare_tile(level, number, hashes)
        if frontier.to_bytes() != stored:
            yield self._finding(None, "head", f"the stored head of {size} entries is not the entries' own")
        yield from self._beyond(size)

    def _page(self, start: int, end: int, leaves: list[bytes]) -> Iterator[Finding]:
        found = {e.index: e for e in self._log.page(self._connection, start, end - start) if e.index < end}
        for index in range(start, end):
            entry = found.get(index)
            if entry is None:
                yield self._finding(index, "entry", "it is missing")
                leaves.append(self._tile_leaf(index))
                continue
            yield from self._entry(entry, leaves)
        yield from self._bodies(start, end, found)

    def _entry(self, entry: Entry, leaves: list[bytes]) -> Iterator[Finding]:
        computed, in_tile = tree.leaf_hash(entry.envelope), self._tile_leaf(entry.index)
        if computed not in (entry.leaf_hash, in_tile):
            yield self._finding(entry.index, "envelope", "its bytes are not those that entered the log")
            leaves.append(in_tile if in_tile == entry.leaf_hash else computed)
            return
        leaves.append(computed)
        if computed != entry.leaf_hash:
            yield self._finding(entry.index, "leaf hash", "the column differs from the envelope's")
        try:
            parsed = statements.parse(entry.envelope)
        except Malformed as error:
            yield self._finding(entry.index, "envelope", f"it cannot be read: {error}")
            return
        header = parsed.header
        told = (parsed.statement_id, header.content_type, header.issuer, header.subject, parsed.key_id)
        kept = (entry.statement_id, entry.content_type, entry.issuer, entry.subject, entry.key_id)
        if told != kept:
            yield self._finding(entry.index, "columns", "they differ from what the envelope says")
        if header.log != self._log.ref:
            yield self._finding(entry.index, "envelope", "it is a statement for another log")

    def _bodies(self, start: int, end: int, found: dict[int, Entry]) -> Iterator[Finding]:
        try:
            stored = list(repository.bodies_from(self._connection, self._log.number, start, end))
        except LogDamaged as error:
            yield self._finding(None, "body", str(error))
            return
        for one in stored:
            entry = found.get(one.index)
            if one.body is None or entry is None:
                continue
            try:
                signed = statements.parse(entry.envelope).body_hash
            except Malformed:
                continue  # named already, as the envelope's fault
            if hashlib.sha256(one.body).digest() != signed:
                yield self._finding(one.index, "body", "its SHA-256 is not the one that was signed")

    def _tiles(self, changed: dict[tuple[int, int], bytes]) -> Iterator[Finding]:
        for (level, number), hashes in sorted(changed.items()):
            if len(hashes) == TILE_WIDTH * tree.HASH_SIZE:
                self._partial.pop(level, None)
                yield from self._compare_tile(level, number, hashes)
            else:
                self._partial[level] = number, hashes

    def _compare_tile(self, level: int, number: int, hashes: bytes) -> Iterator[Finding]:
        stored = repository.tile(self._connection, self._log.number, level, number)
        if stored == hashes:
            return
        if not stored:
            yield self._finding(None, "tile", f"level {level}, number {number} is missing")
            return
        for place in range(max(len(stored), len(hashes)) // tree.HASH_SIZE + 1):
            part = slice(place * tree.HASH_SIZE, (place + 1) * tree.HASH_SIZE)
            if stored[part] != hashes[part]:
                text = f"level {level}, number {number} differs, first at hash {place}"
                yield self._finding(None, "tile", text)
                return

    def _tile_leaf(self, index: int) -> bytes:
        number, place = divmod(index, TILE_WIDTH)
        if self._tile[0] != number:
            self._tile = number, repository.tile(self._connection, self._log.number, 0, number)
        return self._tile[1][place * tree.HASH_SIZE : (place + 1) * tree.HASH_SIZE].ljust(tree.HASH_SIZE, b"\0")

    def _beyond(self, size: int) -> Iterator[Finding]:
        for entry in self._log.page(self._connection, size, 10):
            yield self._finding(entry.index, "entry", f"it stands beyond the head of {size} entries")
        for level, number in repository.tile_names(self._connection, self._log.number):
            if number * TILE_WIDTH >= size >> (8 * level):
                yield self._finding(None, "tile", f"level {level}, number {number} lies beyond the tree")

    def _finding(self, index: int | None, kind: str, text: str) -> Finding:
        return Finding(self._log.name, index, kind, text)
