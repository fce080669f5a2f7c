"""Tables of the log. Times are Unix seconds; hashes and ids are 32 raw bytes.

`logs.number` is a log's short name inside this database: every row of the other tables carries it, and 32
bytes more in each row and each index would be a tenth of the database.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from backend.database import metadata

logs = Table(
    "logs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("log_id", LargeBinary(32), nullable=False, unique=True),
    Column("chain_id", BigInteger, nullable=False),
    Column("contract", LargeBinary(20), nullable=False),
    Column("name", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("key_id", LargeBinary(32), nullable=False),  # the log's own key, so that a lost key file is noticed
    Column("size", BigInteger, nullable=False),
    # Grows with facts (all but frames), deleted bodies and cosignatures: what is shown of lots depends on these.
    Column("revision", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),  # leafproof.tree.Frontier.to_bytes at `size`
    CheckConstraint("size >= 0", name="size"),
)

entries = Table(
    "entries",
    metadata,
    Column("log", Integer, ForeignKey(logs.c.number), primary_key=True, autoincrement=False),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary(32), nullable=False),
    Column("statement_id", LargeBinary(32), nullable=False),
    Column("content_type", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("key_id", LargeBinary(32), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    UniqueConstraint("log", "statement_id"),
)

# A row for each body that came; NULL once it was deleted on purpose. `disclosures` is CBOR: [[tier, text], ...].
bodies = Table(
    "bodies",
    metadata,
    Column("log", Integer, primary_key=True, autoincrement=False),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=True),
    Column("disclosures", LargeBinary, nullable=True),
    Column("tier", SmallInteger, nullable=False),
    ForeignKeyConstraint(["log", "index"], [entries.c.log, entries.c.index]),
)

tiles = Table(
    "tiles",
    metadata,
    Column("log", Integer, ForeignKey(logs.c.number), primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)
