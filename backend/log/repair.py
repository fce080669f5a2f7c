"""Repairing what derives from a log's entries: tiles, the columns that repeat the envelopes, size and frontier.

Envelopes and bodies are never touched. Derived data is repaired only when the entries themselves are shown to be
the log's own; what shows it, in this order:

1. every entry from 0 on is there, can be read, and is a statement for this log; else nothing is repaired;
2. the head that the chain holds, where one could be read, is the root of its first entries; else nothing is: the
   entries were altered, or entries are lost, and a tree rebuilt over them would hide it;
3. the tree of the entries has the stored head. Where it has not, the stored head is what is damaged, provided that
   the chain's head was read, and that column and tile bear out each entry which it does not cover yet. Else
   nothing is repaired.

Entries behind a head that is right stay where they are, as findings: nobody's word says that they belong there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from backend.database import transaction
from backend.log import repository
from backend.log.fsck import Repair
from backend.log.schemas import Entry
from backend.log.service import TransparencyLog
from backend.log.tables import entries, logs, tiles
from leafproof import envelope as statements
from leafproof import tree
from leafproof.chain.view import Head
from leafproof.errors import LeafproofError, Malformed
from leafproof.tiles import TILE_WIDTH, TileEdge

_COLUMNS = ("leaf_hash", "statement_id", "content_type", "issuer", "subject", "key_id")


class RepairRefused(LeafproofError):
    """The entries are not shown to be the log's own; nothing was changed."""


@dataclass(frozen=True, slots=True)
class _Grounds:
    """What the entries amount to: how many are the log's, and the frontier over them."""

    size: int
    frontier: bytes


def repair(engine: Engine, log: TransparencyLog, anchored: Head | None, others: Iterable[Repair] = ()) -> None:
    """Repair what derives from the log, and then what `others` repair, in one transaction under the log's lock.

    `anchored` is the head that the chain holds; None where it could not be read. Raises `RepairRefused`, after
    which nothing is changed.
    """
    with transaction(engine) as connection:
        size, stored = repository.state(connection, log.number, lock=True)
        grounds = _judge(connection, log, size, stored, anchored)
        _write_columns(connection, log, grounds.size)
        _write_tiles(connection, log, grounds.size)
        connection.execute(
            sa.update(logs).where(logs.c.number == log.number).values(size=grounds.size, frontier=grounds.frontier)
        )
        for other in others:
            other(connection, log)
        repository.revise(connection, log.number)  # what was answered from the damage is kept no longer


def _judge(
    connection: Connection, log: TransparencyLog, size: int, stored: bytes, anchored: Head | None
) -> _Grounds:
    held = anchored.size if anchored is not None else 0
    frontier, at_size = tree.Frontier(), tree.Frontier()
    for entry in log.iterate(connection):
        if entry.index != frontier.size:
            break
        _check_statement(log, entry)
        frontier.append(tree.leaf_hash(entry.envelope))
        if frontier.size == held and anchored is not None and frontier.root() != anchored.root:
            raise RepairRefused(f"the first {held} entries are not those of the head that the chain holds")
        if frontier.size == size:
            at_size = frontier.copy()
    if frontier.size < held:
        raise RepairRefused(f"the chain holds a head of {held} entries, of which entry {frontier.size} is missing")
    if size >= held and at_size.size == size and at_size.to_bytes() == stored:
        return _Grounds(size, stored)
    if not held:
        raise RepairRefused("the entries do not have the stored head, and none of the chain shows which is right")
    if frontier.size < size:
        raise RepairRefused(f"entry {frontier.size} of {size} is missing")
    _check_tail(connection, log, held, frontier.size)
    return _Grounds(frontier.size, frontier.to_bytes())


def _check_tail(connection: Connection, log: TransparencyLog, held: int, size: int) -> None:
    """That column and tile bear out what no head of the chain covers yet."""
    tile: tuple[int, bytes] = (-1, b"")
    for entry in log.iterate(connection, held, size):
        number, place = divmod(entry.index, TILE_WIDTH)
        if tile[0] != number:
            tile = number, repository.tile(connection, log.number, 0, number)
        in_tile = tile[1][place * tree.HASH_SIZE : (place + 1) * tree.HASH_SIZE]
        if {entry.leaf_hash, in_tile} != {tree.leaf_hash(entry.envelope)}:
            raise RepairRefused(f"entry {entry.index} is not anchored, and leaf hash and tile do not bear it out")


def _check_statement(log: TransparencyLog, entry: Entry) -> None:
    try:
        if statements.parse(entry.envelope).header.log == log.ref:
            return
    except Malformed:
        pass
    raise RepairRefused(f"entry {entry.index} is no statement for this log: its bytes were altered")


def _told(entry: Entry) -> dict[str, Any]:
    """What an entry's columns must say."""
    parsed = statements.parse(entry.envelope)
    header = parsed.header
    told = (tree.leaf_hash(entry.envelope), parsed.statement_id, header.content_type, header.issuer)
    return dict(zip(_COLUMNS, (*told, header.subject, parsed.key_id), strict=True))


def _write_columns(connection: Connection, log: TransparencyLog, size: int) -> None:
    for entry in log.iterate(connection, 0, size):
        told = _told(entry)
        if told != {name: getattr(entry, name) for name in _COLUMNS}:
            where = (entries.c.log == log.number, entries.c.index == entry.index)
            connection.execute(sa.update(entries).where(*where).values(**told))


def _leaves(connection: Connection, log: TransparencyLog, size: int) -> Iterator[list[bytes]]:
    page: list[bytes] = []
    for entry in log.iterate(connection, 0, size):
        page.append(tree.leaf_hash(entry.envelope))
        if len(page) == TILE_WIDTH:
            yield page
            page = []
    yield page


def _write_tiles(connection: Connection, log: TransparencyLog, size: int) -> None:
    edge = TileEdge(0, lambda _level, _number: b"")
    for leaves in _leaves(connection, log, size):
        changed = {
            (level, number): hashes
            for (level, number), hashes in edge.append(leaves).items()
            if repository.tile(connection, log.number, level, number) != hashes
        }
        if changed:
            repository.put_tiles(connection, log.number, changed)
    for level, number in list(repository.tile_names(connection, log.number)):
        if number * TILE_WIDTH >= size >> (8 * level):
            where = (tiles.c.log == log.number, tiles.c.level == level, tiles.c.number == number)
            connection.execute(sa.delete(tiles).where(*where))
