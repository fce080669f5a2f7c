"""Signed statements: COSE hash envelopes, the entries of the log.

A statement is a COSE_Sign1 (RFC 9052 4.2) whose payload is the SHA-256 of a *body* (hash envelope, RFC 9995).
What must hold, in this order:

1. tag 18, deterministic CBOR, at most `MAX_ENVELOPE` bytes, empty unprotected header;
2. protected header: algorithm (1), key id (4, the key's thumbprint), CWT claims (15: issuer, subject, issued
   at; RFC 9597), hash algorithm -16 = SHA-256 (258), content type of the body (259), the log that the
   statement is for ("log": chain id, contract, log id); a frame also has "frame", see `FrameHeader`;
   nothing else;
3. payload of 32 bytes, signature of 64, low s.

A statement's identity is the SHA-256 of its Sig_structure: malleable bytes (the signature) never enter it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Self

from leafproof import cbor, clock
from leafproof.errors import Malformed, SignatureInvalid
from leafproof.keys import EDDSA, ES256, SIGNATURE_SIZE, PublicKey, SigningKey

MAX_ENVELOPE = 4096  # a frame's takes about 450 bytes; issuer and subject are the only long parts
MAX_NAME = 256  # issuer, subject, content type
COSE_SIGN1_TAG = 18
SHA_256 = -16  # COSE algorithm, RFC 9054
_HEAD = b"\xd2\x84"  # tag 18, array of 4
MODES = ("live", "recorded", "simulated")


@dataclass(frozen=True, slots=True, order=True)
class LogRef:
    """Which log a statement is for: EVM chain id, log contract (20 bytes), log id (32 bytes)."""

    chain_id: int
    contract: bytes
    log_id: bytes

    def to_cbor(self) -> list[Any]:
        """The form in which headers and bundles hold it."""
        return [self.chain_id, self.contract, self.log_id]

    @classmethod
    def from_cbor(cls, value: Any, field: str = "log") -> Self:
        """Raises `Malformed` naming `field`."""
        match value:
            case [int(chain_id), bytes(contract), bytes(log_id)] if (
                0 < chain_id < 2**63 and len(contract) == 20 and len(log_id) == 32
            ):
                return cls(chain_id, contract, log_id)
        raise Malformed(field, "not [chain id, contract of 20 bytes, log id of 32 bytes]")


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """A frame's place in its gateway's stream.

    `epoch` starts anew with each start of the gateway and only grows (ours take the milliseconds of the clock);
    `sequence` counts from 0 within it; `previous` is the last frame's statement id (None for a gateway's very
    first); `beacon` is the newest anchored block that the gateway had seen (number, hash), a lower bound of the
    time of signing; `mode` is live, recorded or simulated.
    """

    epoch: int
    sequence: int
    previous: bytes | None
    beacon: tuple[int, bytes] | None
    mode: str

    def to_cbor(self) -> list[Any]:
        """The form in which the protected header holds it."""
        return [
            self.epoch,
            self.sequence,
            self.previous,
            list(self.beacon) if self.beacon else None,
            self.mode,
        ]

    @classmethod
    def from_cbor(cls, value: Any) -> Self:
        """Raises `Malformed`."""
        if not (isinstance(value, list) and len(value) == 5):
            raise Malformed("frame", "not [epoch, sequence, previous, beacon, mode]")
        epoch, sequence, previous, beacon, mode = value
        if not (_uint63(epoch) and _uint63(sequence)):
            raise Malformed("frame", "epoch and sequence are not unsigned integers below 2^63")
        if previous is not None and not _is_hash(previous):
            raise Malformed("frame", "previous is not a hash of 32 bytes")
        if beacon is not None and not (
            isinstance(beacon, list) and len(beacon) == 2 and _uint63(beacon[0]) and _is_hash(beacon[1])
        ):
            raise Malformed("frame", "beacon is not [block number, block hash]")
        if mode not in MODES:
            raise Malformed("frame", f"mode is none of {', '.join(MODES)}")
        return cls(epoch, sequence, previous, (beacon[0], beacon[1]) if beacon else None, mode)


@dataclass(frozen=True, slots=True)
class Header:
    """What the issuer signed beside the body's hash; `issued_at` is in Unix seconds, by the issuer's clock."""

    issuer: str
    subject: str
    issued_at: int
    content_type: str
    log: LogRef
    frame: FrameHeader | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """A parsed statement. `raw` is what the log stores; `statement_id` is its identity."""

    raw: bytes
    algorithm: int
    key_id: bytes
    header: Header
    body_hash: bytes
    signature: bytes
    signed: bytes
    statement_id: bytes

    def verify(self, key: PublicKey) -> None:
        """Raises `SignatureInvalid` unless `key` is the one named and signed this."""
        if key.key_id != self.key_id or key.algorithm != self.algorithm:
            raise SignatureInvalid("the statement names another key")
        key.verify(self.signature, self.signed)


def _uint63(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_hash(value: Any) -> bool:
    return isinstance(value, bytes) and len(value) == 32


def _name(value: Any, field: str) -> str:
    if not (isinstance(value, str) and 0 < len(value.encode()) <= MAX_NAME and value.isprintable()):
        raise Malformed(field, f"not 1 to {MAX_NAME} bytes of printable text")
    return value


def _sig_structure(protected: bytes, payload: bytes) -> bytes:
    return cbor.encode(["Signature1", protected, b"", payload])  # RFC 9052 4.4


def sign(key: SigningKey, header: Header, body: bytes) -> bytes:
    """The envelope of `body`, signed; raises `Malformed` naming the header's part that breaks a rule."""
    protected_map: dict[int | str, Any] = {
        1: key.public.algorithm,
        4: key.public.key_id,
        15: {1: header.issuer, 2: header.subject, 6: header.issued_at},
        258: SHA_256,
        259: header.content_type,
        "log": header.log.to_cbor(),
    }
    if header.frame is not None:
        protected_map["frame"] = header.frame.to_cbor()
    _parse_header(protected_map)
    protected = cbor.encode(protected_map)
    payload = hashlib.sha256(body).digest()
    signature = key.sign(_sig_structure(protected, payload))
    return _HEAD + cbor.encode(protected) + b"\xa0" + cbor.encode(payload) + cbor.encode(signature)


def _parse_header(value: Any) -> tuple[int, bytes, Header]:
    match value:
        case {
            1: int(algorithm),
            4: bytes(key_id),
            15: {1: issuer, 2: subject, 6: issued_at, **more_claims},
            258: -16,
            259: content_type,
            "log": log,
            **rest,
        } if not more_claims and set(rest) <= {"frame"}:
            pass
        case _:
            raise Malformed("protected header", "not exactly the members of a Leafproof statement")
    if algorithm not in (ES256, EDDSA):
        raise Malformed("algorithm", "neither ES256 nor EdDSA")
    if len(key_id) != 32:
        raise Malformed("key id", "not a thumbprint of 32 bytes")
    if not _uint63(issued_at) or issued_at >= clock.LATEST:
        raise Malformed("issued at", "not a whole number of Unix seconds before the year 10000")
    frame = FrameHeader.from_cbor(rest["frame"]) if "frame" in rest else None
    header = Header(
        _name(issuer, "issuer"),
        _name(subject, "subject"),
        issued_at,
        _name(content_type, "content type"),
        LogRef.from_cbor(log),
        frame,
    )
    return algorithm, key_id, header


def parse(raw: bytes) -> Envelope:
    """Read an envelope by the rules above, without its signature; raises `Malformed`."""
    if len(raw) > MAX_ENVELOPE:
        raise Malformed("envelope", f"{len(raw)} bytes, at most {MAX_ENVELOPE} are read")
    if raw[:2] != _HEAD:
        raise Malformed("envelope", "not a tagged COSE_Sign1")
    # Behind the tag stands a plain array; its decoding again shows that every length is in shortest form.
    parts = cbor.decode_deterministic(raw[1:], "envelope", MAX_ENVELOPE)
    match parts:
        case [bytes(protected), {**unprotected}, bytes(payload), bytes(signature)] if not unprotected:
            pass
        case _:
            raise Malformed("envelope", "not [protected, {}, payload, signature]")
    if len(payload) != 32 or len(signature) != SIGNATURE_SIZE:
        raise Malformed("envelope", "payload is not a SHA-256, or the signature has not 64 bytes")
    algorithm, key_id, header = _parse_header(
        cbor.decode_deterministic(protected, "protected header", MAX_ENVELOPE)
    )
    signed = _sig_structure(protected, payload)
    return Envelope(raw, algorithm, key_id, header, payload, signature, signed, hashlib.sha256(signed).digest())
