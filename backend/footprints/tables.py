"""Tables of footprints: where in the log factor sets and footprints are, and which factor a facility uses."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from backend.database import metadata
from backend.log.tables import logs
from backend.production.tables import facilities

factor_sets = Table(
    "factor_sets",
    metadata,
    Column("number", Integer, primary_key=True),  # the highest one is in use
    Column("id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("statement_id", LargeBinary(32), nullable=False, unique=True),
    UniqueConstraint("id", "version", "log"),
)

# `subject` is a carrier ("electricity") or a material ("steel-slab").
facility_factors = Table(
    "facility_factors",
    metadata,
    Column("facility", Text, ForeignKey(facilities.c.gln), primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("factor", Text, nullable=False),
)

# Footprints of a lot by version, the highest one is current; `record` is the batch record's statement id.
footprints = Table(
    "footprints",
    metadata,
    Column("gtin", Text, primary_key=True),
    Column("lot", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("record", LargeBinary(32), nullable=False),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("statement_id", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "record"),
)
