"""Tables of the living list. The log holds what is said, and the chain which content is a version."""

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

# `kind` is the content type's middle part; `proposal` is what a remark is on.
list_statements = Table(
    "list_statements",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("statement_id", LargeBinary(32), nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("proposal", LargeBinary(32), nullable=True),
    Column("operator", Text, ForeignKey(companies.c.gln), nullable=False),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "kind"),
    Index(None, "proposal"),
)

# A lot's classifications, of which the newest counts; what it says is in its statement.
classifications = Table(
    "classifications",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("statement_id", LargeBinary(32), nullable=False, unique=True),
    Column("gtin", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["gtin", "lot"], [runs.c.gtin, runs.c.lot]),
    Index(None, "gtin", "lot"),
)
