"""Tables of ingest. Times are Unix seconds; hashes and key ids are 32 raw bytes.

A gateway and a series have short numbers inside this database, since they stand in every row of the large
tables (`frames`, `rollups`). All but `waiting` and the quarantine is derived from the log and can be rebuilt
(`leafproof log fsck --repair`); of `frames` alone the flags are not, they tell how a frame came.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from backend.database import metadata
from backend.log.tables import logs

# Only gateways that sent an authentic frame: whoever is here held a registered key.
gateways = Table(
    "gateways",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("key_id", LargeBinary(32), nullable=False, unique=True),
    Column("operator", Text, nullable=False),
    Column("facility", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
)

# One epoch of one gateway. The frames 0 to `next_sequence` - 1 are all in the log, none of them above the index
# `covered_index`: a head with more entries than that covers them all.
streams = Table(
    "streams",
    metadata,
    Column("gateway", Integer, ForeignKey(gateways.c.number), primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("next_sequence", BigInteger, nullable=False),
    Column("covered_index", BigInteger, nullable=False),
    Column("last_id", LargeBinary(32), nullable=True),  # statement id of the frame before `next_sequence`
    Column("highest", BigInteger, nullable=False),  # sequence
    Column("frames", BigInteger, nullable=False),
    Column("flagged", BigInteger, nullable=False),  # frames with a flag
    Column("last_time", BigInteger, nullable=False),  # of a reading or a heartbeat
    Column("last_seen", BigInteger, nullable=False),
)

# The first statement logged for each (gateway, epoch, sequence).
frames = Table(
    "frames",
    metadata,
    Column("gateway", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("index", BigInteger, nullable=False),
    Column("statement_id", LargeBinary(32), nullable=False),
    Column("previous", LargeBinary(32), nullable=True),
    Column("mode", SmallInteger, nullable=False),  # position in leafproof.envelope.MODES
    Column("first_time", BigInteger, nullable=False),
    Column("last_time", BigInteger, nullable=False),
    Column("readings", Integer, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("flags", SmallInteger, nullable=False),  # backend.ingest.schemas.Flag
    ForeignKeyConstraint(["gateway"], [gateways.c.number]),
    UniqueConstraint("gateway", "index"),
)

# Every further statement for a (gateway, epoch, sequence) that already had one. It is in the log as well.
equivocations = Table(
    "equivocations",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("gateway", Integer, ForeignKey(gateways.c.number), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("statement_id", LargeBinary(32), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("mode", SmallInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    UniqueConstraint("gateway", "epoch", "sequence", "statement_id"),
)

# Messages whose key nobody has registered yet, verbatim. Bounded, see backend.ingest.waiting.
waiting = Table(
    "waiting",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of topic and payload
    Column("key_id", LargeBinary(32), nullable=False),
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Index(None, "log", "topic", "size"),
    Index(None, "log", "key_id"),
)

# The newest messages that were not authentic, cut short. Bounded, see backend.ingest.quarantine.
quarantine = Table(
    "quarantine",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("received_at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

# All that ever came to the quarantine, by reason: this is never dropped.
quarantine_counts = Table(
    "quarantine_counts",
    metadata,
    Column("reason", Text, primary_key=True),
    Column("messages", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

# What one gateway meters at one point, in one unit and mode. `names` tells whether a reading's time is the end
# or the start of its interval; "end" until a metering plan says otherwise.
series = Table(
    "series",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("gateway", Integer, ForeignKey(gateways.c.number), nullable=False),
    Column("facility", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("mode", SmallInteger, nullable=False),
    Column("names", Text, nullable=False),
    UniqueConstraint("gateway", "facility", "point", "unit", "mode"),
    Index(None, "facility", "point"),
)

# A quarter of an hour of a series, named by its start (UTC). Numbers are exact decimals as text.
rollups = Table(
    "rollups",
    metadata,
    Column("series", Integer, ForeignKey(series.c.number), primary_key=True, autoincrement=False),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("readings", Integer, nullable=False),
    Column("sum", Text, nullable=False),
    Column("min", Text, nullable=False),
    Column("max", Text, nullable=False),
    Column("last_time", BigInteger, nullable=False),
    Column("last", Text, nullable=False),
    Column("seen", LargeBinary, nullable=False),  # which seconds have a reading, see backend.ingest.rollups
    Column("repeated", Integer, nullable=False),  # readings for a second that already had one: not counted
    Column("first_index", BigInteger, nullable=False),  # of the log's entries that it was computed from
    Column("last_index", BigInteger, nullable=False),
)
