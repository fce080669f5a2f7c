"""Tables of certificates. Serials are decimal text: a 128-bit number fits no integer of a database.

The log holds the statements, and the chain says what is claimed; these say which statements there are, and what
was asked of the chain.
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
    Table,
    Text,
)

from backend.database import metadata
from backend.log.tables import logs
from backend.production.tables import companies, runs

cancellations = Table(
    "cancellations",
    metadata,
    Column("statement_id", LargeBinary(32), primary_key=True),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("operator", Text, ForeignKey(companies.c.gln), nullable=False),
    Column("registry", Text, nullable=False),
    Column("first", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "registry"),
)

# `transaction` is the key under which `backend.anchor` keeps the call; what became of it is asked there.
claims = Table(
    "certificate_claims",
    metadata,
    Column("id", Text, primary_key=True),
    Column("cancellation", LargeBinary(32), ForeignKey(cancellations.c.statement_id), nullable=False),
    Column("gtin", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("first", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("transaction", Text, nullable=False, unique=True),
    ForeignKeyConstraint(["gtin", "lot"], [runs.c.gtin, runs.c.lot]),
    Index(None, "cancellation"),
    Index(None, "gtin", "lot"),
)
