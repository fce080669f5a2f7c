"""The chain's events as the database knows them (operators, keys, heads, lots, claims, labels), from final blocks.

`Follower` copies events; the questions below fold the copy with the reader's own code (`leafproof.chain.fold`), so
that the backend and an auditor judge alike, and nothing derived can disagree with the chain.

What must hold:

1. Only final blocks are read, each range in one transaction with the cursor.
2. Before each range, the cursor's block must still be the chain's. If it is not (a reorganisation deeper than the
   finality, a node restored to an older state), events above the newest common block are taken out, kept as
   vanished until they are seen again, and reading goes on from there.
3. An event that cannot be decoded stops the follower with `Malformed`: it never reads on around it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from backend.anchor.chain import Chain
from backend.anchor.tables import chain_attempts, chain_cursor, chain_events, chain_vanished
from backend.database import reading, transaction
from backend.errors import Conflict
from leafproof.chain.claim_events import Claimed, ClaimRejected
from leafproof.chain.decode import decode_log, topics_of
from leafproof.chain.events import Extended
from leafproof.chain.fold import Identity, fold
from leafproof.chain.places import Block, Contracts, Event
from leafproof.chain.view import ChainView, Claim, Head, LotRecord, Moment, RegisteredKey
from leafproof.client.chain_reader import (
    LABEL_EVENTS,
    OPERATOR_EVENTS,
    REGISTRY_EVENTS,
    SCHEME_EVENTS,
    all_events,
    contracts_of,
    final_block,
    only_lots,
    read_headers,
    read_logs,
)
from leafproof.trust import Trust

_EXTENDED = topics_of("log")["Extended"]
_OPERATOR_TOPICS = tuple(topics_of("keys")[name] for name in OPERATOR_EVENTS)
_REGISTRY_TOPICS = tuple(topics_of("claims")[name] for name in REGISTRY_EVENTS)
_CLAIM_TOPICS = tuple(topics_of("claims")[name] for name in ("Claimed", "Rejected"))
_SCHEME_TOPICS = tuple(topics_of("labels")[name] for name in SCHEME_EVENTS)
_LABEL_TOPICS = tuple(topics_of("labels")[name] for name in LABEL_EVENTS)
_LABEL_ISSUED = topics_of("labels")["LabelIssued"]
_TRANSFER_SINGLE = topics_of("lots")["TransferSingle"]
_TRANSFER_BATCH = topics_of("lots")["TransferBatch"]
_TOPICS = ("topic0", "topic1", "topic2", "topic3")
_SAME = (*_TOPICS, "contract", "data")
_MAX_REMEMBERED = 10_000  # key ids; strangers choose some of them
_log = structlog.get_logger(__name__)


class Follower:
    """Keeps the copy of the events up to date. One thread at a time; a second process does no harm."""

    def __init__(self, chain: Chain, engine: Engine) -> None:
        self._chain = chain
        self._engine = engine
        self._identity = identity_of(chain.trust)

    def follow(self) -> bool:
        """Read what became final since the last call; whether anything changed.

        Raises what the chain raises, `Malformed`, and `Conflict` if the database followed another chain before.
        """
        cursor = self._cursor()
        if cursor is not None and not self._chain.is_canonical(cursor.number, cursor.hash):
            cursor = self._roll_back(cursor)
        at = final_block(self._chain.rpc, self._chain.trust.finality_blocks)
        first = self._chain.trust.deployed_block if cursor is None else cursor.number + 1
        if at.number < first:
            return False
        queries = all_events(self._chain.contracts)
        for end, found in read_logs(self._chain.rpc, queries, first, at.number):
            last = at if end == at.number else self._chain.header(end)
            if not self._store(cursor, last, found):
                return True  # another process was first: look again
            cursor = last
        return True

    def _cursor(self) -> Block | None:
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(chain_cursor)).one_or_none()
        if row is None:
            return None
        if row.identity != self._identity:
            raise Conflict("the database followed the contracts of another trust file")
        return Block(row.block_number, row.block_hash, row.block_time)

    def _store(self, before: Block | None, last: Block, found: list[dict[str, Any]]) -> bool:
        """Events up to the block `last`, if the cursor is still at `before`."""
        events = [decode_log(raw, self._chain.contracts) for raw in found]
        headers = read_headers(self._chain.rpc, {event.place.block_number for event in events})
        rows = [_row(raw, event, headers) for raw, event in zip(found, events, strict=True)]
        if not self._chain.is_canonical(last.number, last.hash):
            return False  # the chain changed while it was read
        changes = any(not isinstance(event, Extended) for event in events)
        try:
            with transaction(self._engine) as connection:
                if not self._move(connection, before, last, changes):
                    return False
                if rows:
                    connection.execute(sa.insert(chain_events), rows)
                    _take_back(connection, rows)
        except IntegrityError:
            return False
        return True

    def _move(self, connection: Connection, before: Block | None, to: Block, changes: bool) -> bool:
        values = {"block_number": to.number, "block_hash": to.hash, "block_time": to.time}
        if before is None:
            if connection.execute(sa.select(chain_cursor.c.id)).first() is not None:
                return False
            # Never a version that was there before, even if the chain begins anew.
            row = {"id": 1, "identity": self._identity, "version": time.time_ns(), **values}
            connection.execute(sa.insert(chain_cursor).values(row))
            return True
        moved = connection.execute(
            sa.update(chain_cursor)
            .where(chain_cursor.c.block_number == before.number, chain_cursor.c.block_hash == before.hash)
            .values(version=chain_cursor.c.version + int(changes), **values)
        )
        return moved.rowcount == 1

    def _roll_back(self, cursor: Block) -> Block | None:
        """Take out what the chain no longer has; the newest block with an event that it still has, if any."""
        ancestor = self._ancestor()
        above = -1 if ancestor is None else ancestor.number
        with transaction(self._engine) as connection:
            gone = chain_events.c.block_number > above
            rows = [dict(r) for r in connection.execute(sa.select(chain_events).where(gone)).mappings()]
            if ancestor is None:
                connection.execute(sa.delete(chain_cursor))
            elif not self._move(connection, cursor, ancestor, changes=True):
                return self._cursor()
            connection.execute(sa.delete(chain_events).where(gone))
            kept = {c.name for c in chain_vanished.columns}
            now = int(time.time())
            vanished = [{k: v for k, v in row.items() if k in kept} | {"noticed_at": now} for row in rows]
            if vanished:
                connection.execute(sa.insert(chain_vanished), vanished)
        _log.warning("the chain went back", to_block=above, events=len(rows))
        return ancestor

    def _ancestor(self) -> Block | None:
        query = (
            sa.select(chain_events.c.block_number, chain_events.c.block_hash, chain_events.c.block_time)
            .distinct()
            .order_by(chain_events.c.block_number.desc())
        )
        with reading(self._engine) as connection:
            for row in connection.execute(query):
                if self._chain.is_canonical(row.block_number, row.block_hash):
                    return Block(row.block_number, row.block_hash, row.block_time)
        return None


class Registry:
    """What the chain says, asked of the database's copy. Threads may share it."""

    def __init__(self, trust: Trust) -> None:
        self.finality_blocks = trust.finality_blocks
        self._contracts = contracts_of(trust)
        hashes = {c.address_bytes: c.code_hash for c in trust.contracts.values()}
        self._identity = Identity(trust.chain_id, trust.genesis_hash, hashes)
        self._remembered: tuple[int | None, dict[bytes, RegisteredKey | None]] = (None, {})

    def view(
        self,
        connection: Connection,
        *,
        keys: Collection[bytes] | None = None,
        lots: Collection[bytes] | None = None,
        logs: Collection[bytes] | None = None,
    ) -> ChainView | None:
        """The chain as `leafproof.client.chain_reader.read_chain` would give it; None before anything was read."""
        return self._fold(connection, sa.or_(*self._wanted(keys, lots, logs)), lots)

    def _fold(
        self, connection: Connection, wanted: sa.ColumnElement[bool], lots: Collection[bytes] | None
    ) -> ChainView | None:
        cursor = connection.execute(sa.select(chain_cursor)).one_or_none()
        if cursor is None:
            return None
        query = sa.select(chain_events).where(wanted)
        events, blocks = [], {}
        for row in connection.execute(query).mappings():
            events.append(only_lots(decode_log(raw_event(row), self._contracts), lots))
            blocks[row["block_number"]] = Block(row["block_number"], row["block_hash"], row["block_time"])
        at = Block(cursor.block_number, cursor.block_hash, cursor.block_time)
        return fold(self._contracts, self._identity, events, blocks, at)

    def registered_key(self, connection: Connection, key_id: bytes) -> RegisteredKey | None:
        """The key, if it is registered with a valid proof of possession in a final block."""
        return self.lookup(connection)(key_id)

    def lookup(self, connection: Connection) -> Callable[[bytes], RegisteredKey | None]:
        """`registered_key` for many of them, within this transaction; one small query for all that are
        remembered, as they are until the registry's events change."""
        version = connection.execute(sa.select(chain_cursor.c.version)).scalar_one_or_none()
        known_version, known = self._remembered
        if known_version != version or len(known) >= _MAX_REMEMBERED:
            known = {}
            self._remembered = (version, known)

        def key(key_id: bytes) -> RegisteredKey | None:
            if key_id not in known:
                view = self.view(connection, keys=(key_id,), lots=(), logs=())
                known[key_id] = None if view is None else view.keys.get(key_id)
            return known[key_id]

        return key

    def lot(self, connection: Connection, lot_id: bytes) -> LotRecord | None:
        """The lot, if it is minted in a final block."""
        view = self.view(connection, keys=(), lots=(lot_id,), logs=())
        return None if view is None else view.lots.get(lot_id)

    def claims(self, connection: Connection, registry: bytes) -> list[Claim]:
        """The claims of a certificates' registry in final blocks, those too that it rejected."""
        mine = sa.or_(chain_events.c.topic2 == registry, chain_events.c.topic0.in_(_REGISTRY_TOPICS))
        view = self._fold(connection, sa.and_(chain_events.c.contract == self._contracts.claims, mine), None)
        return list(view.claims) if view else []

    def label_subject(self, connection: Connection, label: bytes) -> bytes | None:
        """What a label of a final block is for."""
        issued = sa.and_(
            chain_events.c.contract == self._contracts.labels,
            chain_events.c.topic0 == _LABEL_ISSUED,
            chain_events.c.topic1 == label,
        )
        found = connection.execute(sa.select(chain_events.c.topic2).where(issued)).scalar_one_or_none()
        return None if found is None else bytes(found)

    def latest_anchor(self, connection: Connection, log_id: bytes) -> Head | None:
        """The newest final head of a log: what the beacon tells."""
        query = _heads(self._contracts, log_id).order_by(chain_events.c.topic2.desc())
        return _head(connection.execute(query.limit(1)).one_or_none())

    def first_head_covering(self, connection: Connection, log_id: bytes, index: int) -> Head | None:
        """The first final head that has entry `index`: when the chain first bounded its time."""
        query = _heads(self._contracts, log_id).where(chain_events.c.topic2 > index.to_bytes(32, "big"))
        return _head(connection.execute(query.order_by(chain_events.c.topic2).limit(1)).one_or_none())

    def heads(self, connection: Connection, log_id: bytes, limit: int) -> list[Head]:
        """The newest final heads of a log, the newest first."""
        query = _heads(self._contracts, log_id).order_by(chain_events.c.topic2.desc()).limit(limit)
        return [head for row in connection.execute(query) if (head := _head(row)) is not None]

    def missing(self, connection: Connection, limit: int = 100) -> list[bytes]:
        """Hashes of others' transactions whose events were final and vanished; ours are sent again."""
        ours = sa.select(chain_attempts.c.tx_hash)
        query = (
            sa.select(chain_vanished.c.tx_hash)
            .where(chain_vanished.c.tx_hash.not_in(ours))
            .group_by(chain_vanished.c.tx_hash)
            .order_by(sa.func.min(chain_vanished.c.id))
            .limit(limit)
        )
        return list(connection.execute(query).scalars())

    def _wanted(
        self,
        keys: Collection[bytes] | None,
        lots: Collection[bytes] | None,
        logs: Collection[bytes] | None,
    ) -> list[sa.ColumnElement[bool]]:
        contract, topic0, topic1 = chain_events.c.contract, chain_events.c.topic0, chain_events.c.topic1
        at = self._contracts
        wanted = []
        for address, ids in ((at.log, logs), (at.keys, keys), (at.lots, lots), (at.claims, lots)):
            whole = contract == address
            wanted.append(whole if ids is None else sa.and_(whole, topic1.in_(ids)))
        if keys is not None:
            wanted.append(sa.and_(contract == at.keys, topic0.in_(_OPERATOR_TOPICS)))
        if lots:
            # ERC-1155 does not index token ids; a single transfer's data begins with its id.
            first_word = sa.func.substr(chain_events.c.data, 1, 32)
            single = sa.and_(topic0 == _TRANSFER_SINGLE, first_word.in_(lots))
            wanted.append(sa.and_(contract == at.lots, sa.or_(single, topic0 == _TRANSFER_BATCH)))
            wanted.append(sa.and_(contract == at.claims, topic0.in_(_REGISTRY_TOPICS)))
            wanted.append(sa.and_(contract == at.labels, topic0.in_(_SCHEME_TOPICS)))
            issued = sa.and_(contract == at.labels, topic0 == _LABEL_ISSUED, chain_events.c.topic2.in_(lots))
            later = topic1.in_(sa.select(topic1).where(issued))  # these name the label's id alone
            wanted.append(sa.or_(issued, sa.and_(contract == at.labels, topic0.in_(_LABEL_TOPICS), later)))
            wanted.append(contract == at.classes)
        elif lots is None:
            wanted.append(contract.in_((at.labels, at.classes)))
        return wanted


def head_covering(connection: Connection, log_id: bytes, index: int) -> Head | None:
    """The first final head of a log that has entry `index`, whatever contracts a trust file names: the database
    follows one chain."""
    query = sa.select(chain_events).where(
        chain_events.c.topic0 == _EXTENDED,
        chain_events.c.topic1 == log_id,
        chain_events.c.topic2 > index.to_bytes(32, "big"),
    )
    return _head(connection.execute(query.order_by(chain_events.c.topic2).limit(1)).one_or_none())


def standing_claims(connection: Connection, subject: bytes) -> list[Claimed]:
    """Certificates claimed for a subject in final blocks, without those that their registry rejected, in order;
    whatever contracts a trust file names, as in `head_covering`."""
    query = sa.select(chain_events).where(
        chain_events.c.topic0.in_(_CLAIM_TOPICS), chain_events.c.topic1 == subject
    )
    found: dict[tuple[bytes, int], Claimed] = {}
    for row in connection.execute(
        query.order_by(chain_events.c.block_number, chain_events.c.log_index)
    ).mappings():
        at = Contracts(log=b"", keys=b"", lots=b"", claims=bytes(row["contract"]), labels=b"", classes=b"")
        event = decode_log(raw_event(row), at)
        if isinstance(event, Claimed):
            found[event.registry, event.first] = event
        elif isinstance(event, ClaimRejected):
            found.pop((event.registry, event.first), None)
    return list(found.values())


def identity_of(trust: Trust) -> bytes:
    """One value for chain and contracts: SHA-256 of ids, hashes and addresses."""
    parts = [str(trust.chain_id).encode(), trust.genesis_hash]
    parts += [trust.contracts[name].address_bytes for name in sorted(trust.contracts)]
    return hashlib.sha256(b"\x00".join(parts)).digest()


def _heads(contracts: Contracts, log_id: bytes) -> sa.Select[Any]:
    return sa.select(chain_events).where(
        chain_events.c.contract == contracts.log,
        chain_events.c.topic0 == _EXTENDED,
        chain_events.c.topic1 == log_id,
    )


def _head(row: sa.Row[Any] | None) -> Head | None:
    if row is None:
        return None
    moment = Moment(row.block_number, row.block_hash, row.block_time, row.log_index)
    return Head(int.from_bytes(row.topic2, "big"), row.data, moment)


def _row(raw: dict[str, Any], event: Event, headers: dict[int, Block]) -> dict[str, Any]:
    place = event.place
    block = headers[place.block_number]
    topics = [bytes.fromhex(t[2:]) for t in raw["topics"]]
    return {
        "block_number": place.block_number,
        "log_index": place.log_index,
        "block_hash": place.block_hash,
        "block_time": block.time,
        "contract": bytes.fromhex(raw["address"][2:]),
        "data": bytes.fromhex(raw["data"][2:]),
        "tx_hash": place.transaction,
        **dict.fromkeys(_TOPICS),
        **dict(zip(_TOPICS, topics, strict=False)),
    }


def raw_event(row: sa.RowMapping) -> dict[str, Any]:
    """The log as a node gives it."""
    return {
        "address": "0x" + row["contract"].hex(),
        "topics": ["0x" + row[name].hex() for name in _TOPICS if row[name] is not None],
        "data": "0x" + row["data"].hex(),
        "blockNumber": hex(row["block_number"]),
        "blockHash": "0x" + row["block_hash"].hex(),
        "transactionHash": "0x" + row["tx_hash"].hex(),
        "logIndex": hex(row["log_index"]),
    }


def _take_back(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Events seen again are no longer vanished; looked at only while something is."""
    if connection.execute(sa.select(chain_vanished.c.id).limit(1)).first() is None:
        return
    for row in rows:
        same = [chain_vanished.c[name].is_not_distinct_from(row[name]) for name in _SAME]
        connection.execute(sa.delete(chain_vanished).where(*same))
