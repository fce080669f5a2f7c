"""The append-only log: statements in, tree and proofs out (RFC 9162, see `leafproof.tree`).

What must hold, whatever is killed when:

1. Entries, their tiles, the log's size and frontier change in one transaction, the caller's: all or nothing.
2. Whoever appends holds the log's lock from before reading its size until the commit, so that indexes have
   neither gaps nor doubles (SQLite's write lock; on PostgreSQL the row of `logs`).
3. What memory knows of the tree's edge is believed only if it matches the frontier stored under that lock: after
   a rollback, another process's append or a restored database it does not, and is read anew.
4. The same statement (by its id) has one index, however often it comes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from backend.access.tiers import default_tier
from backend.database import may_write
from backend.errors import Conflict, LogDamaged, NotFound, Unavailable
from backend.log import repository
from backend.log.schemas import Entry, NewEntry, StoredBody, encode_disclosures
from leafproof import body as bodies
from leafproof import cbor, tree
from leafproof.checkpoint import verifier_of
from leafproof.envelope import LogRef
from leafproof.errors import InvalidInput, Malformed
from leafproof.keys import SigningKey
from leafproof.tiles import TileEdge, node_reader

T = TypeVar("T")
PAGE = 500  # entries that `iterate` holds in memory at a time: about 300 KB


@dataclass(slots=True)
class _Edge:
    """The right edge of the tree: what appending needs."""

    frontier: tree.Frontier
    tiles: TileEdge


class TransparencyLog:
    """One log of one database. Methods work inside the caller's transaction (`backend.database`); the object
    itself may be shared by threads."""

    def __init__(self, ref: LogRef, number: int, name: str, partition: int) -> None:
        """`number` is the log's row in `logs`; `open_log` finds or makes it."""
        self.ref = ref
        self.number = number
        self.name = name
        self.partition = partition
        self._edge: _Edge | None = None
        self._held: str | None = None

    @property
    def held(self) -> str | None:
        """Why this process takes nothing for the log now; None where it does."""
        return self._held

    def hold(self, reason: str) -> None:
        """Take nothing until `release`: this database is not known to be the newest, or known not to be."""
        self._held = reason

    def release(self) -> None:
        """Take entries, and acknowledge."""
        self._held = None

    def check_released(self) -> None:
        """Raises `Unavailable` while the log is held."""
        if self._held is not None:
            raise Unavailable(f"log {self.name} takes nothing: {self._held}")

    def append(self, connection: Connection, new: Sequence[NewEntry]) -> list[int]:
        """The index of each statement, those that the log held before included; `connection` must come from
        `transaction`.

        A body must be the one whose hash was signed; signatures are the caller's to check, for only it knows
        the keys. Raises `InvalidInput` (then nothing was appended), `LogDamaged`, `Unavailable` for a log that
        is held, or stopped because the chain holds a head that it does not contain.
        """
        if not may_write(connection):
            raise RuntimeError("append needs a connection from backend.database.transaction")
        self.check_released()
        self._check(new)
        edge, self._edge = self._edge, None  # whoever fails half-way leaves nothing to be believed
        size, stored = repository.state(connection, self.number, lock=True)
        known = repository.indexes_of(connection, self.number, [e.envelope.statement_id for e in new])
        fresh: list[NewEntry] = []
        for one in new:
            if one.envelope.statement_id not in known:
                known[one.envelope.statement_id] = size + len(fresh)
                fresh.append(one)
        if fresh:
            if reason := repository.alarm(connection, self.ref.log_id):
                raise Unavailable(f"log {self.name} is stopped: {reason}; it continues in a successor")
            if edge is None or edge.frontier.size != size or edge.frontier.to_bytes() != stored:
                edge = self._load_edge(connection, size, stored)
            self._write(connection, fresh, edge)
        self._edge = edge
        return [known[e.envelope.statement_id] for e in new]

    def head(self, connection: Connection) -> tuple[int, bytes]:
        """Size and root. Raises `LogDamaged`."""
        size, stored = repository.state(connection, self.number)
        return size, _frontier(size, stored).root()

    def size(self, connection: Connection) -> int:
        """How many entries there are."""
        return repository.state(connection, self.number)[0]

    def entry(self, connection: Connection, index: int) -> Entry:
        """Raises `NotFound`."""
        found = repository.entry(connection, self.number, index) if 0 <= index <= tree.MAX_SIZE else None
        if found is None:
            raise NotFound(f"this log has no entry {index}")
        return found

    def by_statement(self, connection: Connection, statement_id: bytes) -> Entry:
        """The entry with this statement id; raises `NotFound`."""
        found = repository.by_statement(connection, self.number, statement_id)
        if found is None:
            raise NotFound(f"this log has no statement {statement_id.hex()}")
        return found

    def body(self, connection: Connection, index: int) -> StoredBody:
        """What is stored beside entry `index`, for every tier: the caller judges who may see it.
        Raises `NotFound` where no body ever came."""
        found = repository.body(connection, self.number, index) if 0 <= index <= tree.MAX_SIZE else None
        if found is None:
            raise NotFound(f"no body of entry {index} was ever given to this server")
        return found

    def delete_body(self, connection: Connection, index: int) -> None:
        """Forget a body, as the law may ask; the statement and its proof stay. Raises `NotFound`."""
        if not repository.delete_body(connection, self.number, index):
            raise NotFound(f"there is no body of entry {index} to delete")

    def page(self, connection: Connection, start: int, limit: int) -> list[Entry]:
        """Up to `limit` entries from `start` on, in order."""
        return repository.page(connection, self.number, start, limit)

    def iterate(self, connection: Connection, start: int = 0, end: int | None = None) -> Iterator[Entry]:
        """Entries [start, end) in order, `PAGE` of them in memory at a time."""
        while end is None or start < end:
            limit = PAGE if end is None else min(PAGE, end - start)
            found = self.page(connection, start, limit)
            yield from found
            if len(found) < limit:
                return
            start = found[-1].index + 1

    def inclusion_proof(self, connection: Connection, index: int, size: int) -> list[bytes]:
        """That entry `index` is in the tree of the first `size`. Raises `InvalidInput`, `LogDamaged`."""
        self._check_size(connection, size, "size")
        if not 0 <= index < size:
            raise InvalidInput("index", f"a tree of {size} entries has no entry {index}")
        return _undamaged(lambda: tree.inclusion_proof(index, size, self._nodes(connection)))

    def consistency_proof(self, connection: Connection, old: int, new: int) -> list[bytes]:
        """That the first `old` of `new` entries are unchanged; empty from an empty log. Raises `InvalidInput`,
        `LogDamaged`."""
        self._check_size(connection, new, "new")
        if not 0 <= old <= new:
            raise InvalidInput("old", f"not between 0 and {new}")
        if old == 0:
            return []
        return _undamaged(lambda: tree.consistency_proof(old, new, self._nodes(connection)))

    def root_at(self, connection: Connection, size: int) -> bytes:
        """Root of the tree of the first `size` entries. Raises `InvalidInput`, `LogDamaged`."""
        self._check_size(connection, size, "size")
        return _undamaged(lambda: tree.root_at(size, self._nodes(connection)))

    def tile(self, connection: Connection, level: int, number: int, width: int) -> bytes:
        """The first `width` hashes of a tile (C2SP tlog-tiles); raises `NotFound` where there are fewer."""
        found = repository.tile(connection, self.number, level, number)[: width * tree.HASH_SIZE]
        if len(found) < width * tree.HASH_SIZE:
            raise NotFound(f"there is no tile {number} of level {level} with {width} hashes")
        return found

    def _check(self, new: Sequence[NewEntry]) -> None:
        for one in new:
            if one.envelope.header.log != self.ref:
                raise InvalidInput("log", "the statement is for another log")
            if one.body is not None:
                bodies.check_hash(one.envelope, one.body)

    def _check_size(self, connection: Connection, size: int, field: str) -> None:
        held = self.size(connection)
        if not 0 <= size <= held:
            raise InvalidInput(field, f"{size} is not between 0 and the log's {held} entries")

    def _nodes(self, connection: Connection) -> tree.NodeReader:
        return node_reader(lambda level, index: repository.tile(connection, self.number, level, index))

    def _load_edge(self, connection: Connection, size: int, stored: bytes) -> _Edge:
        frontier = _frontier(size, stored)
        if _undamaged(lambda: tree.root_at(size, self._nodes(connection))) != frontier.root():
            raise LogDamaged("the tiles at the log's end do not lead to its head")
        return _Edge(
            frontier,
            TileEdge(size, lambda level, index: repository.tile(connection, self.number, level, index)),
        )

    def _write(self, connection: Connection, fresh: list[NewEntry], edge: _Edge) -> None:
        now, size = int(time.time()), edge.frontier.size
        rows = [self._entry_row(size + i, one, now) for i, one in enumerate(fresh)]
        body_rows = [self._body_row(size + i, e) for i, e in enumerate(fresh) if e.body is not None]
        leaves = [row["leaf_hash"] for row in rows]
        for leaf in leaves:
            edge.frontier.append(leaf)
        repository.insert_entries(connection, rows, body_rows)
        repository.put_tiles(connection, self.number, edge.tiles.append(leaves))
        facts = any(one.envelope.header.frame is None for one in fresh)
        head = (edge.frontier.size, edge.frontier.to_bytes())
        repository.advance(connection, self.number, size, *head, facts=facts)

    def _entry_row(self, index: int, one: NewEntry, now: int) -> dict[str, Any]:
        envelope = one.envelope
        return {
            "log": self.number,
            "index": index,
            "envelope": envelope.raw,
            "leaf_hash": tree.leaf_hash(envelope.raw),
            "statement_id": envelope.statement_id,
            "content_type": envelope.header.content_type,
            "issuer": envelope.header.issuer,
            "subject": envelope.header.subject,
            "key_id": envelope.key_id,
            "received_at": now,
        }

    def _body_row(self, index: int, one: NewEntry) -> dict[str, Any]:
        tier = default_tier(one.envelope.header.content_type) if one.tier is None else one.tier
        disclosures = cbor.encode(encode_disclosures(one.disclosures)) if one.disclosures else None
        return {
            "log": self.number,
            "index": index,
            "body": one.body,
            "disclosures": disclosures,
            "tier": int(tier),
        }


def _frontier(size: int, stored: bytes) -> tree.Frontier:
    try:
        return tree.Frontier.from_bytes(size, stored)
    except Malformed as error:
        raise LogDamaged(f"the stored head cannot be read: {error}") from error


def _undamaged(compute: Callable[[], T]) -> T:
    try:
        return compute()
    except Malformed as error:
        raise LogDamaged(f"the stored tree cannot be read: {error}") from error


def open_log(connection: Connection, ref: LogRef, name: str, partition: int, key_id: bytes) -> TransparencyLog:
    """The log `ref`, made in this database if it is not there yet.

    Raises `Conflict` where the database knows it by another key, name or contract: then the keys folder or the
    trust file is not the one that belongs to this database.
    """
    row = repository.find_log(connection, ref.log_id)
    if row is None:
        repository.insert_log(
            connection,
            log_id=ref.log_id,
            chain_id=ref.chain_id,
            contract=ref.contract,
            name=name,
            partition=partition,
            key_id=key_id,
        )
        row = repository.find_log(connection, ref.log_id)
        assert row is not None
    if (row.chain_id, row.contract) != (ref.chain_id, ref.contract):
        raise Conflict(f"the database holds log {name} of another chain or contract")
    if row.key_id != key_id:
        raise Conflict(f"the key file of log {name} is not the one that this database was started with")
    if (row.name, row.partition) != (name, partition):
        raise Conflict(f"the database holds log {row.name} for partition {row.partition}, not {partition}")
    return TransparencyLog(ref, row.number, name, partition)


def stored_logs(connection: Connection) -> list[TransparencyLog]:
    """Every log that this database holds, whether this server still appends to it or not."""
    return [
        TransparencyLog(
            LogRef(row["chain_id"], row["contract"], row["log_id"]), row["number"], row["name"], row["partition"]
        )
        for row in repository.every_log(connection)
    ]


@dataclass(frozen=True, slots=True)
class HostedLog:
    """A log that this server appends to: `key` signs its acknowledgements, beacons, receipts and checkpoints."""

    log: TransparencyLog
    key: SigningKey

    @property
    def name(self) -> str:
        """As it was opened on chain."""
        return self.log.name

    @property
    def vkey(self) -> str:
        """The key that signs its checkpoints, as witnesses are told it."""
        return verifier_of(self.log.ref, self.key.public).vkey

    @property
    def partition(self) -> int:
        """Whose gateways' frames it takes."""
        return self.log.partition


class HostedLogs:
    """The logs of this server, one for each of its partitions."""

    def __init__(self, hosted: Sequence[HostedLog]) -> None:
        self._by_id = {h.log.ref.log_id: h for h in hosted}
        self._by_partition = {h.partition: h for h in hosted}

    def __iter__(self) -> Iterator[HostedLog]:
        return iter(self._by_id.values())

    def by_id(self, log_id: bytes) -> HostedLog:
        """Raises `NotFound`."""
        if log_id not in self._by_id:
            raise NotFound(f"this server has no log {log_id.hex()}")
        return self._by_id[log_id]

    def of_partition(self, partition: int) -> HostedLog:
        """Raises `NotFound`."""
        if partition not in self._by_partition:
            raise NotFound(f"this server has no log for partition {partition}")
        return self._by_partition[partition]
