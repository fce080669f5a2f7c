"""Nonces of one account: each is signed for once, stored before it is sent, and followed until it is final.

What must hold, whatever is killed when, and whoever else runs with the same database or the same key:

1. Signed bytes are committed to the database before the node sees them; a new start sends what it finds there.
2. One open slot an account: the next nonce is taken from the chain when no slot of ours is open, and the row's
   primary key decides between two processes.
3. A slot is `mined` with a receipt, `final` when the receipt's block is; its block hash is kept and checked again
   on every look. If the block is gone, the slot is open again and its bytes are sent again.
4. A slot is `lost` when its nonce was used in a final block by bytes that are not ours: when no receipt of ours
   turned up for `RECEIPT_LAG` seconds. Behind one address may stand several nodes, and one that counts the nonce
   already is not always the one that is asked for the receipt.
5. An open slot is replaced with higher fees only when `STUCK_BLOCKS` passed without it and the network now asks
   for more than it offers; where nothing is paid, the same bytes are sent again.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog
from eth_account.signers.local import LocalAccount
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from backend.anchor.chain import TRANSFER_GAS, Call, Chain, Fees, Receipt, address_of
from backend.anchor.tables import chain_attempts as attempts
from backend.anchor.tables import chain_slots as slots
from backend.anchor.tables import chain_transactions as transactions
from backend.database import reading, transaction

RECEIPT_LAG = 5.0  # several block times of the slowest node behind a balancer
STUCK_BLOCKS = 3  # two blocks may be full or produced by a validator that has not heard of it
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Signed bytes for a slot; `sent_block` is the newest block when they were first sent."""

    tx_hash: bytes
    number: int
    raw: bytes
    fees: Fees
    size: int | None
    sent_block: int | None


@dataclass(frozen=True, slots=True)
class Slot:
    """A nonce of ours; `attempts` in the order of signing, never empty."""

    nonce: int
    state: str
    transaction: int | None
    log_id: bytes | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a slot is for: a queued transaction, or an anchor of a log with a head of `size`."""

    transaction: int | None = None
    log_id: bytes | None = None
    size: int | None = None


class Slots:
    """The slots of one account. One thread at a time; other processes may work beside it."""

    def __init__(self, chain: Chain, engine: Engine, account: LocalAccount) -> None:
        self._chain = chain
        self._engine = engine
        self._account = account
        self.address = address_of(account)
        self.refusal: str | None = None
        self._without_receipt: dict[int, float] = {}  # used nonces, and since when they are missed

    def watch(self) -> bool:
        """Bring the slots in line with the chain; whether anything changed. Ends with open slots sent again."""
        latest = self._chain.latest()
        final = latest - self._chain.trust.finality_blocks + 1
        # Read before the receipts: a nonce used by then, without a receipt of ours, was used by somebody else.
        used = self._chain.nonce(self.address, final) if final >= 0 else 0
        changes = self._vanished()
        with reading(self._engine) as connection:
            following = _load(connection, self.address, ("open", "mined"))
        vanished = set(changes)
        if vanished:
            with reading(self._engine) as connection:
                following += [s for s in _load(connection, self.address, ("final",)) if s.nonce in vanished]
        missed: dict[int, float] = {}
        now = time.monotonic()
        for slot in sorted(following, key=lambda s: s.nonce):
            found = self._mined(slot)
            if found is not None:
                tx_hash, receipt = found
                state = "final" if receipt.block_number <= final else "mined"
                changes[slot.nonce] = {"state": state, "tx_hash": tx_hash, **_where(receipt)}
            elif slot.nonce < used:
                missed.setdefault(slot.nonce, self._without_receipt.get(slot.nonce, now))
                if now - missed[slot.nonce] >= RECEIPT_LAG:
                    changes[slot.nonce] = {"state": "lost", **_NOWHERE}
            elif slot.state == "mined":
                changes[slot.nonce] = {"state": "open", **_NOWHERE}
        self._without_receipt = missed
        changed = self._store(changes)
        self._fill_gap()
        self._send_open(latest)
        return changed

    def open(self) -> list[Slot]:
        """The open slots, lowest nonce first."""
        with reading(self._engine) as connection:
            return _load(connection, self.address, ("open",))

    def settled(self) -> bool:
        """Whether everything that was signed for is final."""
        with reading(self._engine) as connection:
            return not _load(connection, self.address, ("open", "mined"))

    def submit(self, call: Call, gas: int, purpose: Purpose) -> bool:
        """Sign for the next nonce, store, send. False, and nothing done, if another process was first."""
        nonce = self._chain.nonce(self.address)
        fees = self._chain.fees()
        tx_hash, raw = self._chain.sign(self._account, nonce, call, gas, fees)
        try:
            with transaction(self._engine) as connection:
                if _load(connection, self.address, ("open",)):
                    return False
                _claim(connection, self.address, nonce, purpose)
                _insert_attempt(connection, self.address, nonce, tx_hash, raw, fees, purpose.size)
        except (IntegrityError, _Taken):
            return False
        self._send_open(self._chain.latest())
        return True

    def stuck(self, slot: Slot) -> Fees | None:
        """The fees to replace a stuck slot's bytes with; None while there is no reason to."""
        newest = slot.attempts[-1]
        if newest.sent_block is None or self._chain.latest() < newest.sent_block + STUCK_BLOCKS:
            return None
        wanted, offered = self._chain.fees(), newest.fees
        more = wanted.max_fee > offered.max_fee or (wanted.priority or 0) > (offered.priority or 0)
        return wanted.at_least(offered) if more and not wanted.free else None

    def replace(self, slot: Slot, call: Call, gas: int, fees: Fees, size: int | None) -> None:
        """Sign again for the same nonce, store, send."""
        tx_hash, raw = self._chain.sign(self._account, slot.nonce, call, gas, fees)
        try:
            with transaction(self._engine) as connection:
                _insert_attempt(connection, self.address, slot.nonce, tx_hash, raw, fees, size)
        except IntegrityError:
            return  # another process replaced it at the same moment
        _log.info("stuck transaction replaced", nonce=slot.nonce, max_fee=fees.max_fee)
        self._send_open(self._chain.latest())

    def _vanished(self) -> dict[int, dict[str, Any]]:
        """Final slots whose block is gone, newest first until one stands: nonces are mined in order."""
        query = (
            sa.select(slots.c.nonce, slots.c.block_number, slots.c.block_hash)
            .where(slots.c.address == self.address, slots.c.state == "final")
            .order_by(slots.c.nonce.desc())
        )
        gone: dict[int, dict[str, Any]] = {}
        with reading(self._engine) as connection:
            for row in connection.execute(query):
                if self._chain.is_canonical(row.block_number, row.block_hash):
                    break
                gone[row.nonce] = {"state": "open", **_NOWHERE}
        if gone:
            _log.warning("transactions vanished from the chain and are sent again", nonces=sorted(gone))
        return gone

    def _mined(self, slot: Slot) -> tuple[bytes, Receipt] | None:
        for attempt in reversed(slot.attempts):
            receipt = self._chain.receipt(attempt.tx_hash)
            if receipt is not None:
                return attempt.tx_hash, receipt
        return None

    def _store(self, changes: dict[int, dict[str, Any]]) -> bool:
        changed = False
        if changes:
            with transaction(self._engine) as connection:
                for nonce, values in changes.items():
                    where = (slots.c.address == self.address) & (slots.c.nonce == nonce)
                    # A change is one that differs: what another process found first is the same.
                    differs = sa.or_(slots.c.state != values["state"], _differs(values["block_hash"]))
                    result = connection.execute(sa.update(slots).where(where, differs).values(values))
                    changed = changed or result.rowcount > 0
        return changed

    def _fill_gap(self) -> None:
        """Where somebody else's nonces vanished below ours: empty transfers, so that ours can be mined again."""
        waiting = self.open()
        if not waiting:
            return
        if waiting[0].transaction is None and waiting[0].log_id is None:
            fees = self.stuck(waiting[0])
            if fees is not None:
                self.replace(waiting[0], Call(self.address, b""), TRANSFER_GAS, fees, None)
        first = self._chain.nonce(self.address)
        for nonce in range(first, waiting[0].nonce):
            fees = self._chain.fees()
            tx_hash, raw = self._chain.sign(self._account, nonce, Call(self.address, b""), TRANSFER_GAS, fees)
            _log.warning("a gap in the account's nonces is filled", nonce=nonce)
            try:
                with transaction(self._engine) as connection:
                    _claim(connection, self.address, nonce, Purpose())
                    _insert_attempt(connection, self.address, nonce, tx_hash, raw, fees, None)
            except IntegrityError:
                continue

    def _send_open(self, latest: int) -> None:
        self.refusal = None
        for slot in self.open():
            newest = slot.attempts[-1]
            refusal = self._chain.send(newest.raw)
            if newest.sent_block is None:
                with transaction(self._engine) as connection:
                    connection.execute(
                        sa.update(attempts).where(attempts.c.tx_hash == newest.tx_hash).values(sent_block=latest)
                    )
            # geth: "already known", Besu: "Known transaction", anvil: "transaction already imported"
            if refusal is not None and not re.search("known|imported", refusal, re.IGNORECASE):
                self.refusal = refusal


_NOWHERE: dict[str, Any] = {"tx_hash": None, "block_number": None, "block_hash": None, "succeeded": None}


def _where(receipt: Receipt) -> dict[str, Any]:
    return {
        "block_number": receipt.block_number,
        "block_hash": receipt.block_hash,
        "succeeded": receipt.succeeded,
    }


def _differs(block_hash: bytes | None) -> sa.ColumnElement[bool]:
    return slots.c.block_hash.is_distinct_from(block_hash)


def _load(connection: Connection, address: bytes, states: tuple[str, ...]) -> list[Slot]:
    query = (
        sa.select(slots, attempts)
        .join(attempts, sa.and_(attempts.c.address == slots.c.address, attempts.c.nonce == slots.c.nonce))
        .where(slots.c.address == address, slots.c.state.in_(states))
        .order_by(slots.c.nonce, attempts.c.number)
    )
    found: dict[int, Slot] = {}
    for row in connection.execute(query).mappings():
        attempt = Attempt(
            row[attempts.c.tx_hash],
            row[attempts.c.number],
            row[attempts.c.raw],
            Fees(row[attempts.c.max_fee], row[attempts.c.priority_fee]),
            row[attempts.c.size],
            row[attempts.c.sent_block],
        )
        nonce = row[slots.c.nonce]
        before = found[nonce].attempts if nonce in found else ()
        found[nonce] = Slot(
            nonce, row[slots.c.state], row[slots.c.transaction], row[slots.c.log_id], (*before, attempt)
        )
    return list(found.values())


class _Taken(Exception):
    """Another process has sent the transaction."""


def _claim(connection: Connection, address: bytes, nonce: int, purpose: Purpose) -> None:
    """Take the nonce, and the queued transaction with it.

    Raises `IntegrityError` if another slot has the nonce that was not lost, `_Taken` if the transaction is sent.
    """
    if purpose.transaction is not None:
        queued = sa.and_(transactions.c.id == purpose.transaction, transactions.c.state == "queued")
        sent = sa.update(transactions).where(queued).values(state="sent", error=None)
        if connection.execute(sent).rowcount != 1:
            raise _Taken
    values = {"transaction": purpose.transaction, "log_id": purpose.log_id, "state": "open", **_NOWHERE}
    where = (slots.c.address == address) & (slots.c.nonce == nonce)
    lost = sa.update(slots).where(where, slots.c.state == "lost").values(values)
    if connection.execute(lost).rowcount == 0:
        connection.execute(sa.insert(slots).values(address=address, nonce=nonce, **values))


def _insert_attempt(
    connection: Connection, address: bytes, nonce: int, tx_hash: bytes, raw: bytes, fees: Fees, size: int | None
) -> None:
    number = connection.execute(
        sa.select(sa.func.count())
        .select_from(attempts)
        .where(attempts.c.address == address, attempts.c.nonce == nonce)
    ).scalar_one()
    connection.execute(
        sa.insert(attempts).values(
            tx_hash=tx_hash,
            address=address,
            nonce=nonce,
            number=number,
            raw=raw,
            max_fee=fees.max_fee,
            priority_fee=fees.priority,
            size=size,
            created_at=int(time.time()),
        )
    )
