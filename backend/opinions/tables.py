"""Tables of opinions: where in the log they are, on what, by whom, and which of them is superseded."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from backend.database import metadata
from backend.declared.tables import declared_footprints
from backend.log.tables import logs

# `issuer` is the verifier as the envelope names him. A verifier's first opinion on a declared footprint supersedes
# nothing, and each other one the one before it, which the two constraints keep. Of a first one `before` is its
# `declared`, since a database takes two NULLs for different.
opinions = Table(
    "opinions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("declared", LargeBinary(32), ForeignKey(declared_footprints.c.statement_id), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("statement_id", LargeBinary(32), nullable=False, unique=True),
    Column("before", LargeBinary(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("issuer", "before"),
    Index(None, "declared"),
)
