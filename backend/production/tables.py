"""Tables of production. Times are Unix seconds; statement ids and leaf hashes are 32 raw bytes; quantities and
documents are text (JSON of the kernel's own types), shares whole numbers (a lot has 10^18, which fits 63 bits).

The log holds the statements; these tables say where in it they are, and how far a run or a record has come.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
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

companies = Table(
    "companies",
    metadata,
    Column("gln", Text, primary_key=True),  # party GLN; the LEI of who has no plant here, and none
    Column("name", Text, nullable=False),
    Column("address", LargeBinary(20), nullable=False, unique=True),  # the operator on chain
)

# Every key that signed a statement here, so that a bundle can hold it long after its file was replaced.
issuer_keys = Table(
    "issuer_keys",
    metadata,
    Column("key_id", LargeBinary(32), primary_key=True),
    Column("gln", Text, nullable=False),
    Column("cose", LargeBinary, nullable=False),
)

facilities = Table(
    "facilities",
    metadata,
    Column("gln", Text, primary_key=True),
    Column("company", Text, ForeignKey(companies.c.gln), nullable=False),
    Column("name", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("region", Text, nullable=False),  # of the grid, as factor sets name it
    Column("partition", Integer, nullable=False),
)

metering_plans = Table(
    "metering_plans",
    metadata,
    Column("facility", Text, ForeignKey(facilities.c.gln), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("statement_id", LargeBinary(32), nullable=False),
)

products = Table(
    "products",
    metadata,
    Column("gtin", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("company", Text, ForeignKey(companies.c.gln), nullable=False),
    Column("disclosure", Text, nullable=False),
    Column("custody", Integer, nullable=False),  # LotRegistry's Custody: what its lots are minted with
    CheckConstraint("disclosure IN ('open', 'restricted')", name="disclosure"),
)

# state: open -> closed -> recorded. What comes then (anchored, on chain) the chain says, see `backend.anchor`.
runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("facility", Text, ForeignKey(facilities.c.gln), nullable=False),
    Column("line", Text, nullable=False),
    Column("gtin", Text, ForeignKey(products.c.gtin), nullable=False),
    Column("lot", Text, nullable=False),
    Column("order", Text, nullable=True),  # the production order it was imported from
    Column("opened", BigInteger, nullable=False),
    Column("closed", BigInteger, nullable=True),
    Column("entered_at", BigInteger, nullable=True),  # when this server learnt of the close
    Column("outputs", Text, nullable=True),
    Column("inputs", Text, nullable=True),
    Column("state", Text, nullable=False),
    Column("problem", Text, nullable=True),  # why it is not further
    UniqueConstraint("gtin", "lot"),
    UniqueConstraint("facility", "order"),
    Index(None, "facility", "line", "opened"),
    Index(None, "state"),
)

# On which line a run was, and when; one row, or several where it changed lines. `closed` is null while it is open.
run_segments = Table(
    "run_segments",
    metadata,
    Column("run", Text, ForeignKey(runs.c.id), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("facility", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("closed", BigInteger, nullable=True),
    Index(None, "facility", "line", "opened"),
)

# Shares of a lot, made here or received, that a run spends: promised from its close on, spent on chain when its
# own lot is minted.
run_inputs = Table(
    "run_inputs",
    metadata,
    Column("run", Text, ForeignKey(runs.c.id), primary_key=True),
    Column("gtin", Text, primary_key=True),
    Column("lot", Text, primary_key=True),
    Column("shares", BigInteger, nullable=False),
    Index(None, "gtin", "lot"),
)

# Which run's line a scale's reading evidences, `time` in Unix seconds: none evidences two.
weighings = Table(
    "weighings",
    metadata,
    Column("gateway", LargeBinary(32), primary_key=True),
    Column("point", Text, primary_key=True),
    Column("time", BigInteger, primary_key=True, autoincrement=False),
    Column("run", Text, ForeignKey(runs.c.id), nullable=False),
    Index(None, "run"),
)

# Batch records by version. `transaction` is the key under which `backend.anchor` keeps the call that points the
# chain to this version (mint, then supersede); `attempt` and `tried_at` say how often it was submitted, and when.
records = Table(
    "records",
    metadata,
    Column("gtin", Text, primary_key=True),
    Column("lot", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("run", Text, ForeignKey(runs.c.id), nullable=False),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("statement_id", LargeBinary(32), nullable=False, unique=True),
    Column("leaf_hash", LargeBinary(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("transaction", Text, nullable=False, unique=True),
    Column("attempt", Integer, nullable=False),
    Column("tried_at", BigInteger, nullable=False),
)

# Shares of a lot, made here or received, handed to another operator; the last three columns as above.
# `idempotency_key` is the sender's name for the request, so that asking again is no second transfer.
transfers = Table(
    "transfers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("gtin", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("sender", Text, ForeignKey(companies.c.gln), nullable=False),
    Column("receiver", LargeBinary(20), nullable=False),
    Column("quantity", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("shares", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("idempotency_key", Text, nullable=True),
    Column("transaction", Text, nullable=False, unique=True),
    Column("attempt", Integer, nullable=False),
    Column("tried_at", BigInteger, nullable=False),
    UniqueConstraint("sender", "idempotency_key"),
    Index(None, "gtin", "lot"),
)
