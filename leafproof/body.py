"""Bodies: what a statement says, kept beside the log and given out by access tier.

A body is the CBOR array `[salt, content...]`. The salt (16 random bytes) comes first, so that the hash in the
public envelope tells nothing about a guessable content.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from leafproof import cbor
from leafproof.envelope import Envelope
from leafproof.errors import InvalidInput, Malformed

SALT_SIZE = 16
MAX_BODY = 1 << 20  # one MiB: a batch record of some thousand points and inputs

FRAME = "application/vnd.leafproof.frame+cbor"
METERING_PLAN = "application/vnd.leafproof.metering-plan+cbor"
BATCH_RECORD = "application/vnd.leafproof.batch-record+cbor"
FOOTPRINT = "application/vnd.leafproof.footprint+cbor"
FACTOR_SET = "application/vnd.leafproof.factor-set+cbor"
ENERGY_PERIOD = "application/vnd.leafproof.energy-period+cbor"
DECLARED_FOOTPRINT = "application/vnd.leafproof.declared-footprint+cbor"
OPINION = "application/vnd.leafproof.opinion+cbor"
CORRECTION = "application/vnd.leafproof.correction+cbor"
LIFECYCLE_STAGE = "application/vnd.leafproof.lifecycle-stage+cbor"
CANCELLATION = "application/vnd.leafproof.cancellation+cbor"
SCHEME = "application/vnd.leafproof.scheme+cbor"
ACCREDITATION = "application/vnd.leafproof.accreditation+cbor"
LABEL = "application/vnd.leafproof.label+cbor"
LABEL_CHANGE = "application/vnd.leafproof.label-change+cbor"
RECOGNITION = "application/vnd.leafproof.recognition+cbor"
LIVING_LIST = "application/vnd.leafproof.living-list+cbor"
REMARK = "application/vnd.leafproof.remark+cbor"
CLASSIFIED = "application/vnd.leafproof.classified+cbor"
CONTENT_TYPES = (
    FRAME,
    METERING_PLAN,
    BATCH_RECORD,
    FOOTPRINT,
    FACTOR_SET,
    ENERGY_PERIOD,
    DECLARED_FOOTPRINT,
    OPINION,
    CORRECTION,
    LIFECYCLE_STAGE,
    CANCELLATION,
    SCHEME,
    ACCREDITATION,
    LABEL,
    LABEL_CHANGE,
    RECOGNITION,
    LIVING_LIST,
    REMARK,
    CLASSIFIED,
)


def encode(*content: Any, salt: bytes | None = None, called: str = "body") -> bytes:
    """The body of `content`, salted from the system's randomness unless a salt is given.

    Raises `InvalidInput` naming the statement, as it is `called`, where `decode` would refuse it for its size:
    what was signed and cannot be read again would stand in everybody's way.
    """
    made = cbor.encode([secrets.token_bytes(SALT_SIZE) if salt is None else salt, *content])
    if len(made) > MAX_BODY:
        raise InvalidInput(called, f"{len(made)} bytes, at most {MAX_BODY} are read")
    return made


def decode(data: bytes, parts: int, limit: int = MAX_BODY) -> list[Any]:
    """The `parts` items after the salt; raises `Malformed`."""
    value = cbor.decode(data, "body", limit)
    if not (isinstance(value, list) and len(value) == parts + 1):
        raise Malformed("body", f"not [salt, and {parts} more]")
    if not (isinstance(value[0], bytes) and len(value[0]) == SALT_SIZE):
        raise Malformed("body", f"does not start with a salt of {SALT_SIZE} bytes")
    return value[1:]


def check_hash(envelope: Envelope, body: bytes) -> None:
    """Raises `InvalidInput` unless `body` is the one whose hash was signed."""
    if hashlib.sha256(body).digest() != envelope.body_hash:
        raise InvalidInput("body", "its SHA-256 is not the one that was signed")
