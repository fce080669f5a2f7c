"""Tables of corrections: where in the log they are; and which records lack readings that may still come."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from backend.database import metadata
from backend.log.tables import logs
from backend.production.tables import runs

corrections = Table(
    "corrections",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("gtin", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("statement_id", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "gtin", "lot"),
)

# Runs whose newest record has gaps; `looked_at` is the log's size at the last look for frames that fill them.
gaps = Table(
    "record_gaps",
    metadata,
    Column("run", Text, ForeignKey(runs.c.id), primary_key=True),
    Column("looked_at", BigInteger, nullable=False),
)
