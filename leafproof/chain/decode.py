"""From a node's JSON to typed events and blocks.

What must hold, so that a reader can trust what it folds:

1. only logs of the contracts that the reader trusts are decoded; another address raises `Malformed`;
2. topics and data have exactly the form that the contract's ABI gives (leafproof/chain/artifacts): a known event,
   the right number of topics, values within their types, data in its one canonical encoding;
3. what anybody may write into an event never makes it unreadable: text that is not UTF-8 is read with
   replacement characters (a key's issuer so written then fails its proof of possession);
4. a failure raises `Malformed` naming transaction and log index.

JSON as in the Ethereum JSON-RPC specification (execution-apis): quantities without leading zeros, data as pairs
of hexadecimal digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from eth_hash.auto import keccak

from leafproof.chain import claim_events as claims
from leafproof.chain import label_events as labels
from leafproof.chain.events import (
    AttestationWithdrawn,
    Consumed,
    Extended,
    KeyAttested,
    KeyCompromised,
    KeyRegistered,
    KeyRetired,
    LogTransferred,
    LotMinted,
    Opened,
    OperatorAdmitted,
    OperatorRemoved,
    Other,
    RecordSet,
    RegistrarAccredited,
    RegistrarWithdrawn,
    Sealed,
    Transferred,
)
from leafproof.chain.places import Block, Contracts, Event, Place
from leafproof.chain.view import Custody, Role
from leafproof.errors import Malformed

# A batch transfer is as long as a block's gas pays for: 30 million gas, 8 a byte (Yellow Paper, G_logdata).
MAX_DATA = 4_000_000
MAX_TOPICS = 4  # LOG4 is the widest (Yellow Paper, appendix H)
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_QUANTITY = re.compile(r"0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,15})")


@dataclass(frozen=True, slots=True)
class _Shape:
    """An event as the ABI has it: name, types in order, how many of them (the first ones) are indexed."""

    kind: type[Any]
    name: str
    types: tuple[str, ...]
    indexed: int

    @property
    def topic(self) -> bytes:
        return bytes(keccak(f"{self.name}({','.join(self.types)})".encode("ascii")))


def _shapes(*shapes: tuple[type[Any], str, int]) -> dict[bytes, _Shape]:
    table = {}
    for kind, signature, indexed in shapes:
        name, _, types = signature.rstrip(")").partition("(")
        shape = _Shape(kind, name, tuple(types.split(",")), indexed)
        table[shape.topic] = shape
    return table


_LOG = _shapes(
    (Opened, "Opened(bytes32,address,string)", 2),
    (Extended, "Extended(bytes32,uint64,bytes32)", 2),
    (LogTransferred, "LogTransferred(bytes32,address,address)", 3),
    (Sealed, "Sealed(bytes32,bytes32)", 2),
    (Other, "AnchorKeyAppointed(bytes32,address)", 2),
    (Other, "AnchorKeyDismissed(bytes32,address)", 2),
    (Other, "LogTransferStarted(bytes32,address,address)", 3),
)
_OWNED = (
    (Other, "OwnershipTransferStarted(address,address)", 2),
    (Other, "OwnershipTransferred(address,address)", 2),
)
_KEYS = _shapes(
    (OperatorAdmitted, "OperatorAdmitted(address,string)", 1),
    (OperatorRemoved, "OperatorRemoved(address)", 1),
    (RegistrarAccredited, "RegistrarAccredited(address,string)", 1),
    (RegistrarWithdrawn, "RegistrarWithdrawn(address)", 1),
    (KeyRegistered, "KeyRegistered(bytes32,address,uint8,bytes32,string,bytes,bytes)", 2),
    (KeyAttested, "KeyAttested(bytes32,address,address,bytes32)", 3),
    (AttestationWithdrawn, "AttestationWithdrawn(bytes32,address,address)", 3),
    (KeyRetired, "KeyRetired(bytes32,address,uint64,uint64)", 2),
    (KeyCompromised, "KeyCompromised(bytes32,address)", 2),
    *_OWNED,
)
_LOTS = _shapes(
    (LotMinted, "LotMinted(bytes32,address,bytes32,uint8)", 2),
    (RecordSet, "RecordSet(bytes32,uint32,bytes32,bytes32,uint64)", 2),
    (Consumed, "Consumed(bytes32,bytes32,address,uint256)", 3),
    (Transferred, "TransferSingle(address,address,address,uint256,uint256)", 3),
    (Transferred, "TransferBatch(address,address,address,uint256[],uint256[])", 3),
    (Other, "ApprovalForAll(address,address,bool)", 2),
)
_CLAIMS = _shapes(
    (claims.RegistryAdmitted, "RegistryAdmitted(bytes32,string)", 1),
    (claims.RegistryRemoved, "RegistryRemoved(bytes32)", 1),
    (claims.RegistrarAppointed, "RegistrarAppointed(bytes32,address)", 2),
    (claims.RegistrarDismissed, "RegistrarDismissed(bytes32,address)", 2),
    (claims.Claimed, "Claimed(bytes32,bytes32,address,uint128,uint128,bytes32)", 3),
    (claims.FootprintNamed, "FootprintNamed(bytes32,bytes32,uint32,uint128,bytes32)", 3),
    (claims.ClaimAttested, "Attested(bytes32,bytes32,address,uint128,bytes32)", 3),
    (claims.ClaimRejected, "Rejected(bytes32,bytes32,address,uint128,bytes32)", 3),
    *_OWNED,
)
_LABELS = _shapes(
    (labels.SchemeAdmitted, "SchemeAdmitted(bytes32,address,string)", 2),
    (labels.SchemeRemoved, "SchemeRemoved(bytes32)", 1),
    (Other, "SchemeTransferStarted(bytes32,address,address)", 3),
    (labels.SchemeTransferred, "SchemeTransferred(bytes32,address,address)", 3),
    (labels.SchemePublished, "SchemePublished(bytes32,uint32,bytes32)", 2),
    (labels.CertifierAccredited, "CertifierAccredited(bytes32,address,uint64,uint64,bytes32)", 2),
    (labels.AccreditationWithdrawn, "AccreditationWithdrawn(bytes32,address)", 2),
    (labels.LabelIssued, "LabelIssued(bytes32,bytes32,address,bytes32,bytes32,uint32,uint64,uint64)", 3),
    (labels.LabelSuspended, "LabelSuspended(bytes32,address,bytes32)", 2),
    (labels.LabelResumed, "LabelResumed(bytes32,address)", 2),
    (labels.LabelRevoked, "LabelRevoked(bytes32,address,bytes32)", 2),
    (labels.MarketAdmitted, "MarketAdmitted(bytes32,address,string)", 2),
    (labels.Recognised, "Recognised(bytes32,bytes32,bytes32,uint8,uint64,uint64,bytes32)", 3),
    (labels.RecognitionWithdrawn, "RecognitionWithdrawn(bytes32,bytes32,bytes32)", 3),
    *_OWNED,
)
_CLASSES = _shapes(
    (labels.Proposed, "Proposed(bytes32,address)", 2),
    (labels.Refused, "Refused(bytes32,bytes32)", 1),
    (labels.Adopted, "Adopted(uint32,bytes32,uint64)", 2),
    *_OWNED,
)
_SHAPES = {
    "log": _LOG,
    "keys": _KEYS,
    "lots": _LOTS,
    "claims": _CLAIMS,
    "labels": _LABELS,
    "classes": _CLASSES,
}


def topics_of(contract: str) -> dict[str, bytes]:
    """The first topics of a contract's events, by name; `contract` is a member of `Contracts`."""
    return {shape.name: topic for topic, shape in _SHAPES[contract].items()}


def decode_log(raw: Any, contracts: Contracts) -> Event:
    """One log of eth_getLogs; raises `Malformed` naming transaction and log index."""
    place = _place(raw)
    try:
        address = _bytes(raw, "address", 20)
        if raw.get("removed", False) is not False:
            raise Malformed("removed", "the block of this log is no longer part of the chain")
        topics = raw.get("topics")
        if not isinstance(topics, list) or not 1 <= len(topics) <= MAX_TOPICS:
            raise Malformed("topics", "not a list of 1 to 4")
        words = [hexadecimal(topic, "topics", 32) for topic in topics]
        data = _bytes(raw, "data", None)
        shape = _shape_of(address, words[0], contracts)
        return _build(shape, place, _values(shape, words[1:], data))
    except Malformed as error:
        raise Malformed(f"event in {place}", f"{error.field}: {error.reason}") from error


def decode_block(raw: Any) -> Block:
    """A block's header from eth_getBlockByNumber; raises `Malformed`."""
    if not isinstance(raw, dict):
        raise Malformed("block", "not an object")
    return Block(
        quantity(raw.get("number"), "block.number"),
        _bytes(raw, "hash", 32),
        quantity(raw.get("timestamp"), "block.timestamp"),
    )


def quantity(value: Any, field: str) -> int:
    """A number as JSON-RPC writes it, below 2^64; raises `Malformed` naming `field`."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise Malformed(field, "not a hexadecimal quantity")
    return int(value, 16)


def hexadecimal(value: Any, field: str, size: int | None) -> bytes:
    """Bytes as JSON-RPC writes them, `size` of them unless it is None; raises `Malformed` naming `field`."""
    if not isinstance(value, str) or len(value) > 2 + 2 * MAX_DATA or not _DATA.fullmatch(value):
        raise Malformed(field, "not 0x and pairs of hexadecimal digits")
    data = bytes.fromhex(value[2:])
    if size is not None and len(data) != size:
        raise Malformed(field, f"{len(data)} bytes, not {size}")
    return data


def _bytes(raw: dict[str, Any], field: str, size: int | None) -> bytes:
    return hexadecimal(raw.get(field), field, size)


def _place(raw: Any) -> Place:
    if not isinstance(raw, dict):
        raise Malformed("log", "not an object")
    return Place(
        quantity(raw.get("blockNumber"), "log.blockNumber"),
        quantity(raw.get("logIndex"), "log.logIndex"),
        _bytes(raw, "blockHash", 32),
        _bytes(raw, "transactionHash", 32),
    )


def _shape_of(address: bytes, topic: bytes, contracts: Contracts) -> _Shape:
    tables = {getattr(contracts, name): table for name, table in _SHAPES.items()}
    table = tables.get(address)
    if table is None:
        raise Malformed("address", "not one of the trusted contracts")
    shape = table.get(topic)
    if shape is None:
        raise Malformed("topics", "not an event of this contract")
    return shape


def _values(shape: _Shape, topics: list[bytes], data: bytes) -> list[Any]:
    """The event's values in the order of its signature."""
    if len(topics) != shape.indexed:
        raise Malformed("topics", f"{len(topics)} values are indexed, not {shape.indexed}")
    values = [_word(kind, word) for kind, word in zip(shape.types, topics, strict=False)]
    return values + _data_values(shape.types[shape.indexed :], data)


def _word(kind: str, word: bytes) -> Any:
    if kind == "bytes32":
        return word
    if kind == "address":
        if any(word[:12]):
            raise Malformed("topics", "an address has more than 20 bytes")
        return word[12:]
    number, bits = int.from_bytes(word, "big"), int(kind.removeprefix("uint"))
    if number >> bits:
        raise Malformed("topics", f"a number has more than {bits} bits")
    return number


def _data_values(types: tuple[str, ...], data: bytes) -> list[Any]:
    if not types:
        if data:
            raise Malformed("data", "not empty")
        return []
    # eth_abi takes a third of a second to import: who checks a bundle offline decodes no event.
    from eth_abi.abi import decode, encode

    # Strings as bytes (the same encoding): what they hold is for `_text` to judge.
    kinds = ["bytes" if kind == "string" else kind for kind in types]
    try:
        values = list(decode(kinds, data))
        canonical = encode(kinds, values) == data
    except Exception as error:  # eth_abi raises its own errors and bare ones
        raise Malformed("data", f"not what the ABI gives ({type(error).__name__})") from error
    if not canonical:
        raise Malformed("data", "not in canonical encoding")
    return [_text(value) if kind == "string" else value for kind, value in zip(types, values, strict=True)]


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _build(shape: _Shape, place: Place, values: list[Any]) -> Event:
    if shape.kind is Other:
        return Other(place, shape.name)
    if shape.kind is KeyRegistered:
        if values[2] not in Role.__members__.values():
            raise Malformed("data", f"{values[2]} is no role")
        values[2] = Role(values[2])
    if shape.kind is LotMinted:
        if values[3] not in Custody.__members__.values():
            raise Malformed("data", f"{values[3]} is no chain of custody")
        values[3] = Custody(values[3])
    if shape.kind is Transferred:
        ids, shares = ([v] if isinstance(v, int) else v for v in values[3:])
        if len(ids) != len(shares):
            raise Malformed("data", "a batch transfer pairs no shares with some lot")
        lots = zip(ids, shares, strict=True)
        values[3:] = [tuple((lot.to_bytes(32, "big"), count) for lot, count in lots)]
    event: Event = shape.kind(place, *values)
    return event
