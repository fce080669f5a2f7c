"""API keys: who may write, and who may read which bodies.

A key reads `leafproof_<8 bytes>_<32 bytes>`, both in hexadecimal: the first part names it, the second is 256
random bits, shown once and stored as their SHA-256 (a slow hash adds nothing where nothing can be guessed). A key
has scopes, may expire, may be revoked, and belongs to one operator (GLN), or to the server's own people, who act
for every operator here. Comparison takes constant time, and no key is ever logged.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.access import repository
from backend.access.tiers import Tier
from backend.errors import NotAllowed, NotAuthenticated, NotFound
from leafproof.errors import InvalidInput
from leafproof.values import Gln, Lei, Party

ADMIN = "admin"
WRITE_PRODUCTION = "write:production"
WRITE_GATEWAYS = "write:gateways"
WRITE_ANCHORS = "write:anchors"
READ_AUDITOR = "read:auditor"
_READ = {
    "read:buyer": Tier.BUYER,
    "read:authority": Tier.AUTHORITY,
    READ_AUDITOR: Tier.AUDITOR,
}
SCOPES = (ADMIN, WRITE_PRODUCTION, WRITE_GATEWAYS, WRITE_ANCHORS, *_READ)
MAX_LABEL = 100
_KEY = re.compile(r"leafproof_([0-9a-f]{16})_([0-9a-f]{64})")
# The forms of leafproof.values.party_uri and gateway_uri.
_ISSUER = re.compile(
    r"(?:https://id\.gs1\.org/417/(\d{13})|urn:leafproof:gateway:(\d{13}):[^:]+|urn:lei:([0-9A-Z]{18}\d{2}))"
)
_NO_HASH = bytes(32)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it may be shown: without its secret. `operator` None is every operator of this server."""

    key_id: str
    label: str
    scopes: frozenset[str]
    operator: Gln | None
    created_at: int
    expires_at: int | None
    revoked_at: int | None

    def allows(self, scope: str) -> bool:
        """Whether the key has `scope`; `admin` has all."""
        return scope in self.scopes or ADMIN in self.scopes

    def check_operator(self, operator: Gln) -> None:
        """Raises `NotAllowed` unless the key may act for `operator`."""
        if self.operator is not None and self.operator != operator:
            raise NotAllowed(f"this API key belongs to operator {self.operator}, not to {operator}")

    def tier(self, issuer: str) -> Tier:
        """What the key may read of what `issuer` (a statement's) said."""
        if self.operator is not None and self.operator != operator_of(issuer):
            return Tier.PUBLIC
        if ADMIN in self.scopes:
            return Tier.AUDITOR
        return max((_READ[s] for s in self.scopes if s in _READ), default=Tier.PUBLIC)


def operator_of(issuer: str) -> Party | None:
    """The operator behind a statement's issuer: itself, or the owner of the gateway; None for any other."""
    found = _ISSUER.fullmatch(issuer)
    if found is None:
        return None
    return Lei(found[3]) if found[3] else Gln(found[1] or found[2])


def create(
    connection: Connection,
    *,
    label: str,
    scopes: Iterable[str],
    operator: Gln | None,
    now: int,
    expires_at: int | None = None,
) -> tuple[ApiKey, str]:
    """A new key and, for this one time, its text. Raises `InvalidInput`."""
    wanted = frozenset(scopes)
    if not (0 < len(label) <= MAX_LABEL and label.isprintable()):
        raise InvalidInput("label", f"not 1 to {MAX_LABEL} printable characters")
    if not wanted or wanted - set(SCOPES):
        raise InvalidInput("scopes", f"each must be one of {', '.join(SCOPES)}")
    if ADMIN in wanted and operator is not None:
        raise InvalidInput("scopes", "admin is for the server's own people, who act for every operator here")
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("expires_at", "lies in the past")
    key_id, secret = secrets.token_hex(8), secrets.token_hex(32)
    repository.insert(
        connection,
        key_id=key_id,
        secret_hash=_hash(secret),
        label=label,
        scopes=" ".join(sorted(wanted)),
        operator=None if operator is None else str(operator),
        created_at=now,
        expires_at=expires_at,
    )
    key = ApiKey(key_id, label, wanted, operator, now, expires_at, None)
    return key, f"leafproof_{key_id}_{secret}"


def authenticate(connection: Connection, text: str, now: int) -> ApiKey:
    """The key that `text` is. Raises `NotAuthenticated`, with the same words whatever is wrong."""
    match = _KEY.fullmatch(text)
    row = repository.find(connection, match[1]) if match else None
    stored = bytes(row["secret_hash"]) if row else _NO_HASH
    same = hmac.compare_digest(stored, _hash(match[2] if match else ""))
    if row is None or not same:
        raise NotAuthenticated("this API key is not valid")
    key = _key(row)
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        raise NotAuthenticated("this API key is not valid")
    return key


def revoke(connection: Connection, key_id: str, now: int) -> None:
    """End a key at once. Raises `NotFound`."""
    if not repository.revoke(connection, key_id, now):
        raise NotFound(f"no API key {key_id[:16]!r} is in force")


def every(connection: Connection) -> list[ApiKey]:
    """All keys that ever were, oldest first."""
    return [_key(row) for row in repository.every(connection)]


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("ascii")).digest()


def _key(row: sa.RowMapping) -> ApiKey:
    return ApiKey(
        row["key_id"],
        row["label"],
        frozenset(row["scopes"].split()),
        None if row["operator"] is None else Gln(row["operator"]),
        row["created_at"],
        row["expires_at"],
        row["revoked_at"],
    )
