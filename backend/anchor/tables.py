"""Tables of the chain's side. Times are Unix seconds; hashes are 32 and addresses 20 raw bytes.

Two halves that never mix: what we sent (`chain_transactions`, `chain_slots`, `chain_attempts`) and what the chain
says (`chain_events`, `chain_cursor`, `chain_vanished`). The second half is a copy: it can be deleted and is read
anew; heads, keys and lots are computed from it and stored nowhere else.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from backend.database import metadata

# What operators and the authority want done; `key` is the caller's, so that asking twice does it once.
chain_transactions = Table(
    "chain_transactions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("signer", Text, nullable=False),
    Column("contract", Text, nullable=False),
    Column("function", Text, nullable=False),
    Column("args", LargeBinary, nullable=False),  # CBOR list
    Column("state", Text, nullable=False),
    Column("error", Text, nullable=True),  # why it failed, or what it waits for
    Column("submitted_at", BigInteger, nullable=False),
    CheckConstraint("state IN ('queued', 'sent', 'final', 'failed')", name="state"),
    Index("ix_chain_transactions_state", "state", "id"),
)

# One nonce of one of our accounts: whoever inserts the row has it. Neither transaction nor log: an empty transfer
# to ourselves, which fills a gap.
chain_slots = Table(
    "chain_slots",
    metadata,
    Column("address", LargeBinary(20), primary_key=True),
    Column("nonce", BigInteger, primary_key=True, autoincrement=False),
    Column("transaction", Integer, ForeignKey(chain_transactions.c.id), nullable=True, index=True),
    Column("log_id", LargeBinary(32), nullable=True),
    Column("state", Text, nullable=False),
    Column("tx_hash", LargeBinary(32), nullable=True),  # of the attempt that was mined
    Column("block_number", BigInteger, nullable=True),
    Column("block_hash", LargeBinary(32), nullable=True),
    Column("succeeded", Boolean, nullable=True),
    CheckConstraint("state IN ('open', 'mined', 'final', 'lost')", name="state"),
    Index("ix_chain_slots_state", "state", "block_number"),
)

# Signed bytes, stored before they are sent; the newest of a slot has the highest `number`.
chain_attempts = Table(
    "chain_attempts",
    metadata,
    Column("tx_hash", LargeBinary(32), primary_key=True),
    Column("address", LargeBinary(20), nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("max_fee", BigInteger, nullable=False),  # wei a gas
    Column("priority_fee", BigInteger, nullable=True),  # NULL: a legacy transaction
    Column("size", BigInteger, nullable=True),  # of the head that an anchor offers
    Column("sent_block", BigInteger, nullable=True),  # newest block when it was first sent
    Column("created_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["address", "nonce"], [chain_slots.c.address, chain_slots.c.nonce]),
    Index("ix_chain_attempts_slot", "address", "nonce", "number", unique=True),
)

# A log that stopped: the chain holds a head that it does not contain.
chain_alarms = Table(
    "chain_alarms",
    metadata,
    Column("log_id", LargeBinary(32), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("held_size", BigInteger, nullable=False),
    Column("held_root", LargeBinary(32), nullable=False),
    Column("since", BigInteger, nullable=False),
)


def _event_columns() -> list[Column[object]]:
    return [
        Column("contract", LargeBinary(20), nullable=False),
        Column("topic0", LargeBinary(32), nullable=False),
        Column("topic1", LargeBinary(32), nullable=True),
        Column("topic2", LargeBinary(32), nullable=True),
        Column("topic3", LargeBinary(32), nullable=True),
        Column("data", LargeBinary, nullable=False),
        Column("tx_hash", LargeBinary(32), nullable=False),
    ]


# Events of final blocks. A 32-byte topic sorts as the number that it holds.
chain_events = Table(
    "chain_events",
    metadata,
    Column("block_number", BigInteger, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("block_hash", LargeBinary(32), nullable=False),
    Column("block_time", BigInteger, nullable=False),
    *_event_columns(),
    Index("ix_chain_events_topics", "contract", "topic0", "topic1", "topic2"),
    Index("ix_chain_events_topic1", "contract", "topic1"),
)

# How far the events were read; one row. `version` changes with every event other than a new head.
chain_cursor = Table(
    "chain_cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("identity", LargeBinary(32), nullable=False),  # of chain and contracts: another trust file is refused
    Column("block_number", BigInteger, nullable=False),
    Column("block_hash", LargeBinary(32), nullable=False),
    Column("block_time", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

# Events that were final and are gone, until they are seen again.
chain_vanished = Table(
    "chain_vanished",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("block_number", BigInteger, nullable=False),
    *_event_columns(),
    Column("noticed_at", BigInteger, nullable=False),
)
