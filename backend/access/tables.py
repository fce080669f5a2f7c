"""API keys: the secret's hash, never the secret. Times are Unix seconds."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from backend.database import metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("secret_hash", LargeBinary(32), nullable=False),
    Column("label", Text, nullable=False),
    Column("scopes", Text, nullable=False),  # separated by spaces, as OAuth writes them (RFC 6749 3.3)
    Column("operator", Text, nullable=True),  # GLN; NULL is every operator of this server
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=True),
    Column("revoked_at", BigInteger, nullable=True),
)
