"""Tables of checkpoints: one row for each that was published, at most two a minute for a log that grows."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, SmallInteger, Table

from backend.database import metadata
from backend.log.tables import logs

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("log", Integer, ForeignKey(logs.c.number), primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", LargeBinary, nullable=False),  # with the log's signature and the witnesses'
    Column("cosignatures", SmallInteger, nullable=False),
)
