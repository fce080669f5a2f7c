"""The queue of operators' and the authority's transactions: admit, register, mint, supersede, transfer, retire.

What must hold:

1. `submit` is part of the caller's own database transaction, and the caller's key makes it happen once.
2. One signer's transactions go out in the order of submission, one unmined at a time; signers do not wait for each
   other, unless the chain refuses one while others are under way: then it waits for them.
3. A transaction is only ever replaced by itself, at the same nonce. It is signed for another nonce only when the
   first one was used by somebody else in a final block, or when it was mined and reverted.
4. `final` means a receipt at the network's finality; a block that vanishes makes it `sent` again.
5. The chain's refusal is recorded as the contract's own error, name first, and is visible; nothing is dropped.

The proof of `mint` and `supersede` is against the log's *current* head, which another anchor may move at any time:
the record is given as [log id, leaf, index], and the proof is put in when the transaction is signed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from backend.anchor.chain import Call, Chain, Reverted
from backend.anchor.contracts import encode_call
from backend.anchor.signers import Signers
from backend.anchor.slots import Purpose, Slots
from backend.anchor.tables import chain_slots as slots
from backend.anchor.tables import chain_transactions as transactions
from backend.database import reading, transaction
from backend.errors import Conflict, NotFound
from backend.log.service import HostedLogs
from leafproof import cbor
from leafproof.client.rpc import NodeRefused
from leafproof.errors import InvalidInput, LeafproofError

MAX_ARGS = 1 << 16  # bytes; a mint with 64 inputs takes 5 KiB
MAX_KEY = 200  # characters
MAX_TRIES = 10  # slots that one transaction may use up by being mined and reverted
_PROVEN = ("mint", "supersede")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TransactionStatus:
    """`state`: queued, sent, final or failed; `error`: why it failed, or what it waits for; where it was mined."""

    key: str
    signer: str
    contract: str
    function: str
    state: str
    error: str | None
    tx_hash: bytes | None
    block_number: int | None


class _Wait(Exception):
    """Not yet: the text says for what."""


def submit(
    connection: Connection, signer: str, contract: str, function: str, args: Sequence[Any], key: str
) -> None:
    """Queue `contract.function(*args)`, signed by `signer`, in the caller's transaction.

    `args` as the ABI has them: addresses and hashes as bytes, structs as lists in the order of their members; the
    record of `mint` and `supersede` as [log id, leaf, index]. Submitting the same again under the same `key` does
    nothing. Raises `InvalidInput` for a call that the contract does not have, `Conflict` for a key that stands for
    another call.
    """
    if not 0 < len(key) <= MAX_KEY:
        raise InvalidInput("key", f"not 1 to {MAX_KEY} characters")
    packed = cbor.encode(list(args))
    if len(packed) > MAX_ARGS:
        raise InvalidInput(f"{contract}.{function}", f"its arguments have more than {MAX_ARGS} bytes")
    values = cbor.decode(packed, "args", MAX_ARGS)
    encode_call(contract, function, _with_proof(values, []) if function in _PROVEN else values)
    same = {"signer": signer, "contract": contract, "function": function, "args": packed}
    found = connection.execute(sa.select(transactions).where(transactions.c.key == key)).mappings().one_or_none()
    if found is None:
        row = {**same, "key": key, "state": "queued", "submitted_at": int(time.time())}
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(transactions).values(row))
            return
        except IntegrityError:  # another process was first
            found = connection.execute(sa.select(transactions).where(transactions.c.key == key)).mappings().one()
    if any(found[name] != value for name, value in same.items()):
        raise Conflict(f"another transaction was submitted as {key!r}")


def known(connection: Connection, key: str) -> bool:
    """Whether something was submitted under this key."""
    query = sa.select(sa.exists().where(transactions.c.key == key))
    return bool(connection.execute(query).scalar())


def status(connection: Connection, key: str) -> TransactionStatus:
    """How a submitted transaction stands; raises `NotFound`."""
    row = connection.execute(sa.select(transactions).where(transactions.c.key == key)).one_or_none()
    if row is None:
        raise NotFound(f"no transaction was submitted as {key!r}")
    mined = connection.execute(
        sa.select(slots.c.tx_hash, slots.c.block_number)
        .where(slots.c.transaction == row.id, slots.c.succeeded.is_(True))
        .limit(1)
    ).one_or_none()
    tx_hash, block_number = mined if mined is not None else (None, None)
    return TransactionStatus(
        row.key, row.signer, row.contract, row.function, row.state, row.error, tx_hash, block_number
    )


def unfinished(connection: Connection, limit: int = 100) -> list[TransactionStatus]:
    """What is queued, sent or failed, the oldest first."""
    query = (
        sa.select(transactions.c.key)
        .where(transactions.c.state != "final")
        .order_by(transactions.c.id)
        .limit(limit)
    )
    return [status(connection, key) for key in connection.execute(query).scalars().all()]


class Queue:
    """Works the queue off. Processes that do so at the same time do no harm."""

    def __init__(self, chain: Chain, engine: Engine, signers: Signers, logs: HostedLogs) -> None:
        self._chain = chain
        self._engine = engine
        self._signers = signers
        self._logs = logs
        self._slots: dict[str, Slots] = {}
        self._settled = False

    def work(self) -> None:
        """Look at everything under way and send what may go, until nothing moves."""
        while self._round():
            pass

    def _round(self) -> bool:
        changed = not self._settled
        for name in self._busy():
            lane = self._lane(name)
            if lane is not None:
                changed = lane.watch() or changed
                self._note_refusal(lane)
                self._replace_stuck(lane)
        if changed:
            self._settle()
            self._settled = True
        return self._send_next() or changed

    def _busy(self) -> list[str]:
        """Signers with something to follow: all of them when the newest block that counted for one is gone."""
        everyone = sa.select(transactions.c.signer).distinct().order_by(transactions.c.signer)
        newest = (
            sa.select(slots.c.block_number, slots.c.block_hash)
            .where(slots.c.state == "final", slots.c.transaction.is_not(None))
            .order_by(slots.c.block_number.desc())
            .limit(1)
        )
        with reading(self._engine) as connection:
            block = connection.execute(newest).one_or_none()
            if block is None or self._chain.is_canonical(block.block_number, block.block_hash):
                everyone = everyone.where(transactions.c.state.in_(("queued", "sent")))
            return list(connection.execute(everyone).scalars())

    def _lane(self, signer: str) -> Slots | None:
        if signer not in self._slots:
            try:
                self._slots[signer] = Slots(self._chain, self._engine, self._signers.get(signer))
            except LeafproofError as error:
                self._note_signer(signer, error.message)
                return None
        return self._slots[signer]

    def _note_refusal(self, lane: Slots) -> None:
        """What the node says of bytes that it does not take (too little money, say) stands at the transaction."""
        for slot in lane.open()[:1]:
            if slot.transaction is not None:
                of_row = transactions.c.id == slot.transaction
                differs = transactions.c.error.is_distinct_from(lane.refusal)
                with transaction(self._engine) as connection:
                    connection.execute(sa.update(transactions).where(of_row, differs).values(error=lane.refusal))

    def _replace_stuck(self, lane: Slots) -> None:
        for slot in lane.open()[:1]:
            fees = lane.stuck(slot)
            if fees is None or slot.transaction is None:
                continue
            with reading(self._engine) as connection:
                row = connection.execute(
                    sa.select(transactions).where(transactions.c.id == slot.transaction)
                ).one()
            try:
                call = self._call(row)
                lane.replace(slot, call, self._chain.estimate(lane.address, call), fees, None)
            except (_Wait, Reverted, NodeRefused):
                continue  # the bytes that were sent stay as they are

    def _settle(self) -> None:
        """Bring the transactions in line with their slots."""
        finished = sa.exists().where(
            slots.c.transaction == transactions.c.id, slots.c.state == "final", slots.c.succeeded.is_(True)
        )
        looked_at = sa.or_(
            transactions.c.state == "sent", sa.and_(transactions.c.state == "final", sa.not_(finished))
        )
        with transaction(self._engine) as connection:
            for row in connection.execute(sa.select(transactions).where(looked_at).with_for_update()).all():
                of_row = sa.select(slots.c.state, slots.c.succeeded).where(slots.c.transaction == row.id)
                state, error = _judge([tuple(r) for r in connection.execute(of_row)])
                if state != row.state:
                    _note(connection, row.id, state, error)

    def _send_next(self) -> bool:
        first = (
            sa.select(sa.func.min(transactions.c.id))
            .where(transactions.c.state == "queued")
            .group_by(transactions.c.signer)
        )
        with reading(self._engine) as connection:
            query = sa.select(transactions).where(transactions.c.id.in_(first)).order_by(transactions.c.id)
            rows = connection.execute(query).all()
        moved = False
        for row in rows:
            lane = self._lane(row.signer)
            if lane is None or lane.open():
                continue
            moved = self._send(lane, row) or moved
        return moved

    def _send(self, lane: Slots, row: sa.Row[Any]) -> bool:
        """Whether anything changed for the transaction."""
        try:
            call = self._call(row)
            gas = self._chain.estimate(lane.address, call)
        except _Wait as wait:
            self._update(row, "queued", str(wait))
            return False
        except Reverted as refusal:
            waits = refusal.name == "NotIncluded" or self._others_under_way(row.id)
            self._update(row, "queued" if waits else "failed", refusal.reason)
            return not waits
        except NodeRefused as refusal:
            # The node may be asked again, and it may be this call alone that it does not take: others go on.
            self._update(row, "queued", refusal.message)
            return False
        except LeafproofError as error:
            if not isinstance(error, InvalidInput | Conflict | NotFound):
                raise
            self._update(row, "failed", error.message)
            return True
        return lane.submit(call, gas, Purpose(transaction=row.id))

    def _call(self, row: sa.Row[Any]) -> Call:
        args = cbor.decode(row.args, "args", MAX_ARGS)
        if row.function in _PROVEN:
            log_id, leaf, index = args[1]
            args = _with_proof(args, self._proof(log_id, leaf, index))
        return self._chain.call_of(row.contract, row.function, args)

    def _proof(self, log_id: bytes, leaf: bytes, index: int) -> list[bytes]:
        """Inclusion of the record in the head that the chain now holds; raises `_Wait` until it covers it."""
        size, _ = self._chain.head(log_id)
        if size <= index:
            raise _Wait(f"waits for the anchor of entry {index}")
        log = self._logs.by_id(log_id).log
        with reading(self._engine) as connection:
            if log.entry(connection, index).leaf_hash != leaf:
                raise Conflict(f"entry {index} of the log is another statement than the record's")
            if log.size(connection) < size:
                raise _Wait("the log is behind the head that the chain holds")
            return log.inclusion_proof(connection, index, size)

    def _others_under_way(self, transaction_id: int) -> bool:
        """Whether something that was submitted before, or an anchor, may still change what the contract says."""
        query = sa.select(
            sa.or_(
                sa.exists().where(
                    transactions.c.state.in_(("queued", "sent")), transactions.c.id < transaction_id
                ),
                sa.exists().where(slots.c.state.in_(("open", "mined"))),
            )
        )
        with reading(self._engine) as connection:
            return bool(connection.execute(query).scalar())

    def _update(self, row: sa.Row[Any], state: str, error: str | None) -> None:
        if (row.state, row.error) == (state, error):
            return
        with transaction(self._engine) as connection:
            _note(connection, row.id, state, error, only_if=row.state)
        if state == "failed":
            _log.error("transaction refused", key=row.key, function=row.function, reason=error)

    def _note_signer(self, signer: str, error: str) -> None:
        with transaction(self._engine) as connection:
            connection.execute(
                sa.update(transactions)
                .where(transactions.c.signer == signer, transactions.c.state == "queued")
                .values(error=error)
            )


def _judge(found: list[tuple[str, bool | None]]) -> tuple[str, str | None]:
    """A transaction's state from those of its slots."""
    if ("final", True) in found:
        return "final", None
    if any(state in ("open", "mined") for state, _ in found):
        return "sent", None
    reverted = found.count(("final", False))
    if reverted >= MAX_TRIES:
        return "failed", f"it was mined and reverted {reverted} times"
    # Its nonce went to somebody else, or it was mined and had no effect: the next estimate says what is wrong.
    return "queued", None


def _note(connection: Connection, row_id: int, state: str, error: str | None, only_if: str | None = None) -> None:
    query = sa.update(transactions).where(transactions.c.id == row_id).values(state=state, error=error)
    connection.execute(query.where(transactions.c.state == only_if) if only_if else query)


def _with_proof(args: Any, proof: list[bytes]) -> list[Any]:
    match args:
        case [lot, [bytes(log_id), bytes(leaf), int(index)], *rest]:
            return [lot, [log_id, leaf, index, proof], *rest]
    raise InvalidInput("record", "not [log id, leaf, index]")
