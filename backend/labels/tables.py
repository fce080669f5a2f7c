"""Where statements on labels are. The log holds what they say, and the chain which of them are in force."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from backend.database import metadata
from backend.log.tables import logs

# `kind` is the content type's middle part. `name` is the scheme's, of a change its label's; `gtin` and `lot` are
# a label's, `label` its id on the chain. `transaction` is the key under which `backend.anchor` keeps the call.
statements = Table(
    "label_statements",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("statement_id", LargeBinary(32), nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("label", LargeBinary(32), nullable=True),
    Column("gtin", Text, nullable=True),
    Column("lot", Text, nullable=True),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("transaction", Text, nullable=False, unique=True),
    Index(None, "kind", "name"),
    Index(None, "gtin", "lot"),
)
