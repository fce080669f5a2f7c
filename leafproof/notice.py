"""What a log says to its gateways, signed with the log's key: acknowledgements and the beacon.

Both are COSE_Sign1 (RFC 9052) with the payload inside: protected header {1: algorithm, 3: content type,
4: key id, "log": [chain id, contract, log id]}, empty unprotected header.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leafproof import cbor
from leafproof.envelope import LogRef
from leafproof.errors import Malformed, SignatureInvalid
from leafproof.keys import PublicKey, SigningKey

ACKNOWLEDGEMENT = "application/vnd.leafproof.acknowledgement+cbor"
BEACON = "application/vnd.leafproof.beacon+cbor"
MAX_NOTICE = 1024  # both take about 300 bytes
_HEAD = b"\xd2"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The log holds every frame of `gateway` (key id) in `epoch` up to `sequence`, none above entry `index`."""

    gateway: bytes
    epoch: int
    sequence: int
    index: int


@dataclass(frozen=True, slots=True)
class Beacon:
    """The newest anchored head: block number, hash and time (Unix seconds); the log's size and root in it."""

    block_number: int
    block_hash: bytes
    block_time: int
    size: int
    root: bytes


def _sign(key: SigningKey, log: LogRef, content_type: str, payload: list[Any]) -> bytes:
    protected = cbor.encode({1: key.public.algorithm, 3: content_type, 4: key.public.key_id, "log": log.to_cbor()})
    content = cbor.encode(payload)
    signature = key.sign(cbor.encode(["Signature1", protected, b"", content]))
    return _HEAD + cbor.encode([protected, {}, content, signature])


def _read(data: bytes, key: PublicKey, log: LogRef, content_type: str) -> Any:
    if data[:1] != _HEAD:
        raise Malformed("notice", "not a tagged COSE_Sign1")
    match cbor.decode_deterministic(data[1:], "notice", MAX_NOTICE):
        case [bytes(protected), {**unprotected}, bytes(content), bytes(signature)] if not unprotected:
            expected = {1: key.algorithm, 3: content_type, 4: key.key_id, "log": log.to_cbor()}
            if protected != cbor.encode(expected):
                raise SignatureInvalid("the notice is another log's, by another key, or of another kind")
            key.verify(signature, cbor.encode(["Signature1", protected, b"", content]))
            return cbor.decode_deterministic(content, "notice", MAX_NOTICE)
    raise Malformed("notice", "not [protected, {}, payload, signature]")


def sign_acknowledgement(key: SigningKey, log: LogRef, ack: Acknowledgement) -> bytes:
    """The log's word, for the gateway's `.../ack` topic."""
    return _sign(key, log, ACKNOWLEDGEMENT, [ack.gateway, ack.epoch, ack.sequence, ack.index])


def read_acknowledgement(data: bytes, key: PublicKey, log: LogRef) -> Acknowledgement:
    """Raises `Malformed` or `SignatureInvalid` unless `key` signed this for `log`."""
    match _read(data, key, log, ACKNOWLEDGEMENT):
        case [bytes(gateway), int(epoch), int(sequence), int(index)]:
            return Acknowledgement(gateway, epoch, sequence, index)
    raise Malformed("acknowledgement", "not [gateway, epoch, sequence, index]")


def sign_beacon(key: SigningKey, log: LogRef, beacon: Beacon) -> bytes:
    """The log's newest anchored head, for the retained `beacon` topic."""
    return _sign(
        key,
        log,
        BEACON,
        [beacon.block_number, beacon.block_hash, beacon.block_time, beacon.size, beacon.root],
    )


def read_beacon(data: bytes, key: PublicKey, log: LogRef) -> Beacon:
    """Raises `Malformed` or `SignatureInvalid` unless `key` signed this for `log`."""
    match _read(data, key, log, BEACON):
        case [int(number), bytes(block), int(time), int(size), bytes(root)] if len(block) == len(root) == 32:
            return Beacon(number, block, time, size, root)
    raise Malformed("beacon", "not [block number, block hash, block time, size, root]")
