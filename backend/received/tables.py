"""Tables of what was received: lots of other companies, and the statements of their logs that came with them.

A statement is kept once, whatever number of bundles it came in. `tier` is the lowest at which this server gives
its body out, and `disclosures` is CBOR, [[tier, text], ...], as in `backend.log.tables`.
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

# `operator` is the maker's address on chain, `record` the statement id of the record that the chain pointed to
# when the lot's last bundle came, `leaf` that record's leaf hash.
received_lots = Table(
    "received_lots",
    metadata,
    Column("gtin", Text, primary_key=True),
    Column("lot", Text, primary_key=True),
    Column("operator", LargeBinary(20), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("record", LargeBinary(32), nullable=False),
    Column("leaf", LargeBinary(32), nullable=False),
    Column("received_at", BigInteger, nullable=False),
)

received_keys = Table(
    "received_keys",
    metadata,
    Column("key_id", LargeBinary(32), primary_key=True),
    Column("cose", LargeBinary, nullable=False),
)

# Heads of others' logs that the chain held when a bundle came.
received_heads = Table(
    "received_heads",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("chain_id", BigInteger, nullable=False),
    Column("contract", LargeBinary(20), nullable=False),
    Column("log_id", LargeBinary(32), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    UniqueConstraint("log_id", "size"),
)

# What witnesses cosigned of a head, or of one that extends it by `proof` (CBOR, a list of hashes).
received_cosigned = Table(
    "received_cosigned",
    metadata,
    Column("head", Integer, ForeignKey(received_heads.c.number), primary_key=True),
    Column("note", LargeBinary, nullable=False),
    Column("proof", LargeBinary, nullable=False),
)

# `path` (CBOR, a list of hashes) leads from the entry to the head. Of a record or footprint: its lot; of a
# footprint its profile and its record's statement id.
received_statements = Table(
    "received_statements",
    metadata,
    Column("log_id", LargeBinary(32), primary_key=True),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("statement_id", LargeBinary(32), nullable=False),
    Column("content_type", Text, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=True),
    Column("disclosures", LargeBinary, nullable=True),
    Column("tier", SmallInteger, nullable=False),
    Column("head", Integer, ForeignKey(received_heads.c.number), nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("gtin", Text, nullable=True),
    Column("lot", Text, nullable=True),
    Column("profile", Text, nullable=True),
    Column("record", LargeBinary(32), nullable=True),
    Index(None, "statement_id"),
)

# What belongs to a received lot: statements of others' logs, and of logs of this server, in their order.
received_parts = Table(
    "received_parts",
    metadata,
    Column("gtin", Text, primary_key=True),
    Column("lot", Text, primary_key=True),
    Column("log_id", LargeBinary(32), primary_key=True),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    ForeignKeyConstraint(["gtin", "lot"], [received_lots.c.gtin, received_lots.c.lot]),
)
