"""Tables of leases. Times are Unix seconds of the database's own clock, so that no worker's clock matters."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text

from backend.database import metadata

# What is leased: `kind` and `name`, such as ("ingest", "0") for the frames of partition 0. `token` grows with each
# new holder, so that one who was away is known by its old token.
leases = Table(
    "leases",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=True),
    Column("token", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)

# Who lives and would hold some: a fair share is counted from these.
lease_seekers = Table(
    "lease_seekers",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("holder", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)
