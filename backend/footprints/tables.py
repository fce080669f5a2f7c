"""Tables of footprints: where in the log factor sets, footprints and energy periods are; by which profiles and
with which factors a facility computes, what it says of its products, and what a profile refused."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
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
from backend.production.tables import facilities, products

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

# `subject` is a carrier ("electricity") or a material ("steel-slab"); `profile` is empty where all profiles use
# them; `factors` is a JSON list of ids, whose sum counts.
facility_factors = Table(
    "facility_factors",
    metadata,
    Column("facility", Text, ForeignKey(facilities.c.gln), primary_key=True),
    Column("profile", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("factors", Text, nullable=False),
)

# By which profiles a facility's lots have footprints, in order; the first one is the main one.
facility_profiles = Table(
    "facility_profiles",
    metadata,
    Column("facility", Text, ForeignKey(facilities.c.gln), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("profile", Text, nullable=False),
    UniqueConstraint("facility", "profile"),
)

# What profiles must know of a product: JSON of `backend.footprints.methods.ProductMethod`.
product_methods = Table(
    "product_methods",
    metadata,
    Column("gtin", Text, ForeignKey(products.c.gtin), primary_key=True),
    Column("method", Text, nullable=False),
)

# Why a lot has no footprint by a profile: the rule that refuses, and what it says.
refusals = Table(
    "footprint_refusals",
    metadata,
    Column("gtin", Text, primary_key=True),
    Column("lot", Text, primary_key=True),
    Column("profile", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

# Energy periods that were closed; of one span the highest number is in force.
energy_periods = Table(
    "energy_periods",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("facility", Text, ForeignKey(facilities.c.gln), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("statement_id", LargeBinary(32), nullable=False, unique=True),
    Index(None, "facility"),
)

# Footprints of a lot by version, over all profiles; of each profile the highest one is current. `record` is the
# batch record's statement id; `main` says whether the profile was the facility's main one.
footprints = Table(
    "footprints",
    metadata,
    Column("gtin", Text, primary_key=True),
    Column("lot", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("profile", Text, nullable=False),
    Column("main", Boolean, nullable=False),
    Column("record", LargeBinary(32), nullable=False),
    Column("log", Integer, ForeignKey(logs.c.number), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("statement_id", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "record"),
)
