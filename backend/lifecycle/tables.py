"""Tables of stages after the gate: where in the log they are; of one stage and name the highest number counts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from backend.database import metadata
from backend.log.tables import logs

stages = Table(
    "lifecycle_stages",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("gtin", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("statement_id", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "gtin", "lot"),
)
