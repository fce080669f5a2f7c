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
from typing import Any, Literal, Self, get_args

from leafproof import cbor, clock
from leafproof.errors import Malformed, SignatureInvalid
from leafproof.keys import EDDSA, ES256, SIGNATURE_SIZE, PublicKey, SigningKey

MAX_ENVELOPE = 4096  # a frame's takes about 450 bytes; issuer and subject are the only long parts
MAX_NAME = 256  # issuer, subject, content type
COSE_SIGN1_TAG = 18
SHA_256 = -16  # COSE algorithm, RFC 9054
# The bytes around the parts, RFC 8949 3.1: tag 18 and an array of 4, an empty map, 32 and 64 bytes that follow.
_HEAD, _UNPROTECTED, _PAYLOAD, _SIGNATURE = b"\xd2\x84", b"\xa0", b"\x58\x20", b"\x58\x40"
_TAIL = 1 + 2 + 32 + 2 + SIGNATURE_SIZE  # of an envelope, behind the protected header
_SHORTEST = len(_HEAD) + 2 + 24 + _TAIL
_OTHER_FORM = "not [protected, {}, SHA-256, signature of 64 bytes] in deterministic encoding"
_CONTEXT, _EMPTY = b"\x84\x6aSignature1", b"\x40"
_CLAIMS = frozenset((1, 2, 6))
_MEMBERS = frozenset((1, 4, 15, 258, 259, "log"))
_FRAMES_MEMBERS = _MEMBERS | {"frame"}
_OTHER_MEMBERS = "not exactly the members of a Leafproof statement"
Mode = Literal["live", "recorded", "simulated"]
MODES: tuple[Mode, ...] = get_args(Mode)  # the strongest first


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
                _uint63(chain_id) and chain_id and len(contract) == 20 and len(log_id) == 32
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
    """RFC 9052 4.4, of a protected header as it stands in the envelope, with its length before it."""
    return _CONTEXT + protected + _EMPTY + _PAYLOAD + payload


def _members(algorithm: int, key_id: bytes, header: Header) -> dict[int | str, Any]:
    """The protected header, in the order of deterministic encoding."""
    members: dict[int | str, Any] = {
        1: algorithm,
        4: key_id,
        15: {1: header.issuer, 2: header.subject, 6: header.issued_at},
        258: SHA_256,
        259: header.content_type,
        "log": header.log.to_cbor(),
    }
    if header.frame is not None:
        members["frame"] = header.frame.to_cbor()
    return members


def sign(key: SigningKey, header: Header, body: bytes) -> bytes:
    """The envelope of `body`, signed; raises `Malformed` naming the header's part that breaks a rule."""
    members = _members(key.public.algorithm, key.public.key_id, header)
    _parse_header(members)
    framed, payload = cbor.encode(cbor.encode_sorted(members)), hashlib.sha256(body).digest()
    signature = key.sign(_sig_structure(framed, payload))
    return _HEAD + framed + _UNPROTECTED + _PAYLOAD + payload + _SIGNATURE + signature


def _parse_header(value: Any) -> tuple[int, bytes, Header]:
    if not (isinstance(value, dict) and (value.keys() == _MEMBERS or value.keys() == _FRAMES_MEMBERS)):
        raise Malformed("protected header", _OTHER_MEMBERS)
    algorithm, key_id, claims = value[1], value[4], value[15]
    if not (
        isinstance(algorithm, int)
        and isinstance(key_id, bytes)
        and isinstance(claims, dict)
        and claims.keys() == _CLAIMS
        and value[258] == SHA_256
    ):
        raise Malformed("protected header", _OTHER_MEMBERS)
    if algorithm not in (ES256, EDDSA):
        raise Malformed("algorithm", "neither ES256 nor EdDSA")
    if len(key_id) != 32:
        raise Malformed("key id", "not a thumbprint of 32 bytes")
    issued_at = claims[6]
    if not _uint63(issued_at) or issued_at >= clock.LATEST:
        raise Malformed("issued at", "not a whole number of Unix seconds before the year 10000")
    frame = FrameHeader.from_cbor(value["frame"]) if "frame" in value else None
    header = Header(
        _name(claims[1], "issuer"),
        _name(claims[2], "subject"),
        issued_at,
        _name(value[259], "content type"),
        LogRef.from_cbor(value["log"]),
        frame,
    )
    return algorithm, key_id, header


def parse(raw: bytes) -> Envelope:
    """Read an envelope by the rules above, without its signature; raises `Malformed`."""
    if len(raw) > MAX_ENVELOPE:
        raise Malformed("envelope", f"{len(raw)} bytes, at most {MAX_ENVELOPE} are read")
    if raw[:2] != _HEAD:
        raise Malformed("envelope", "not a tagged COSE_Sign1")
    framed, tail = _framed(raw), raw[-_TAIL:]
    payload, signature = tail[3:35], tail[37:]
    protected = framed[2 if framed[0] == 0x58 else 3 :]
    algorithm, key_id, header = _parse_header(cbor.decode(protected, "protected header", MAX_ENVELOPE))
    # What these values are encoded to, and nothing else, is their one form.
    if cbor.encode_sorted(_members(algorithm, key_id, header)) != protected:
        raise Malformed("protected header", "not in deterministic encoding")
    signed = _sig_structure(framed, payload)
    return Envelope(raw, algorithm, key_id, header, payload, signature, signed, hashlib.sha256(signed).digest())


def _framed(raw: bytes) -> bytes:
    """The protected header with its length before it: the one part of an envelope whose length varies.

    Raises `Malformed` unless all around it is as deterministic encoding has it. (One shorter than 24 bytes, whose
    length takes no byte of its own, holds no statement.)
    """
    if len(raw) < _SHORTEST:
        raise Malformed("envelope", _OTHER_FORM)
    length, start = (raw[3], 4) if raw[2:3] == b"\x58" else (int.from_bytes(raw[3:5], "big"), 5)
    end = len(raw) - _TAIL
    if (
        raw[2:3] not in (b"\x58", b"\x59")
        or length < (24 if start == 4 else 256)
        or start + length != end
        or raw[end : end + 3] != _UNPROTECTED + _PAYLOAD
        or raw[end + 35 : end + 37] != _SIGNATURE
    ):
        raise Malformed("envelope", _OTHER_FORM)
    return raw[2:end]
