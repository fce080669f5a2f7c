"""Tables of declared footprints: where in the log they are, of what, and which of them is superseded."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from backend.database import metadata
from backend.log.tables import logs
from backend.production.tables import facilities, products

# The period is [start, end), Unix seconds; `supersedes` is a statement id, which only one statement may supersede.
declared_footprints = Table(
    "declared_footprints",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("gtin", Text, ForeignKey(products.c.gtin), nullable=False),
    Column("facility", Text, ForeignKey(facilities.c.gln), nullable=False),
    Column("method", Text, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("statement_id", LargeBinary(32), nullable=False, unique=True),
    Column("supersedes", LargeBinary(32), nullable=True, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "facility", "gtin"),
)
