"""The work on frames that nobody can leave out, with nothing around it: bare library calls on the same bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from benchmarks.sample import Clock
from leafproof.keys import SigningKey

_ECDSA = ec.ECDSA(hashes.SHA256())


def floor_of_frames(streams: Sequence[tuple[SigningKey, Sequence[bytes]]], path: Path | None, group: int) -> Clock:
    """For each message: decode envelope, header and body (RFC 8949), check the signature (ES256), hash the leaf,
    the signed bytes and the body (SHA-256); with `path`, write it there with one fsync a `group`."""
    work: list[tuple[Any, bytes]] = []
    for key, messages in streams:
        numbers = ec.EllipticCurvePublicNumbers(*_point(key.public.cose), ec.SECP256R1())
        public = numbers.public_key()
        work.extend((public, message) for message in messages)
    out = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600) if path else None
    try:
        with Clock() as clock:
            for start in range(0, len(work), group):
                for public, message in work[start : start + group]:
                    _one(public, message)
                if out is not None:
                    os.write(out, b"".join(message for _, message in work[start : start + group]))
                    os.fsync(out)
    finally:
        if out is not None:
            os.close(out)
    return clock


def _one(public: ec.EllipticCurvePublicKey, message: bytes) -> None:
    raw, body = cbor2.loads(message)
    protected, _, payload, signature = cbor2.loads(raw).value
    cbor2.loads(protected)
    cbor2.loads(body)
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    public.verify(encode_dss_signature(r, s), signed, _ECDSA)
    hashlib.sha256(b"\x00" + raw).digest()
    hashlib.sha256(signed).digest()
    hashlib.sha256(body).digest()


def _point(cose: bytes) -> tuple[int, int]:
    key = cbor2.loads(cose)
    return int.from_bytes(key[-2], "big"), int.from_bytes(key[-3], "big")
