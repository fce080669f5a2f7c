"""The bundle: all that a reader needs to check one lot, in one file.

Deterministic CBOR: `["leafproof-bundle", 1, [gtin, lot], keys, heads, statements]`, and `checkpoints` behind them
where there are any, where

* `keys` are the issuers' COSE_Keys (each proves itself: its hash is the key id that envelopes name);
* `heads` are `[log, size, root]`, heads that the chain is said to hold, of as many logs as the statements are in:
  input lots may be other companies', with backends and logs of their own;
* `statements` are `[envelope, body or null, disclosures, index, head, path]`: the inclusion proof `path` leads
  from entry `index` to the head numbered `head`;
* `checkpoints` are `[note, [[head, proof], ...]]`: a log's checkpoint with what witnesses cosigned of it, and the
  consistency proofs by which it extends the heads of those numbers.

Nothing in it is believed for being in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from leafproof import cbor
from leafproof.envelope import LogRef
from leafproof.errors import Malformed
from leafproof.note import MAX_NOTE
from leafproof.values import Lot

MAX_BUNDLE = 64 << 20  # a lot of some thousand frames; a server takes less by upload
MEDIA_TYPE = "application/vnd.leafproof.bundle+cbor"
_MAGIC, _VERSION = "leafproof-bundle", 1
_TEXT, _ARRAY = b"\x70", 4  # CBOR: the head of a text of 16 bytes; the major type of arrays
_MAX_ITEMS = 100_000


@dataclass(frozen=True, slots=True)
class BundleHead:
    """A log's head, as the bundle's maker says it was anchored."""

    log: LogRef
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Item:
    """One statement with its proof; `head` is a place in the bundle's list of heads."""

    envelope: bytes
    body: bytes | None
    disclosures: tuple[str, ...]
    index: int
    head: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A checkpoint as a signed note; by `proofs` it extends heads, named by their places in the bundle's list."""

    note: bytes
    proofs: tuple[tuple[int, tuple[bytes, ...]], ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """See the module."""

    lot: Lot
    keys: tuple[bytes, ...]
    heads: tuple[BundleHead, ...]
    items: tuple[Item, ...]
    checkpoints: tuple[Witnessed, ...] = ()

    def encode(self) -> bytes:
        """The file's bytes."""
        parts = [
            _MAGIC,
            _VERSION,
            [str(self.lot.gtin), str(self.lot.code)],
            list(self.keys),
            [[h.log.to_cbor(), h.size, h.root] for h in self.heads],
            [[i.envelope, i.body, list(i.disclosures), i.index, i.head, list(i.path)] for i in self.items],
        ]
        if self.checkpoints:
            parts.append([[c.note, [[head, list(p)] for head, p in c.proofs]] for c in self.checkpoints])
        return cbor.encode(parts)

    @classmethod
    def decode(cls, data: bytes, limit: int = MAX_BUNDLE) -> Self:
        """Read a bundle; raises `Malformed` or `InvalidInput` naming the part."""
        match cbor.decode_deterministic(data, "bundle", limit):
            case ["leafproof-bundle", 1, [str(gtin), str(code)], [*keys], [*heads], [*items], *rest]:
                pass
            case _:
                raise Malformed("bundle", "not a Leafproof bundle of version 1")
        if len(keys) > _MAX_ITEMS or len(items) > _MAX_ITEMS or not all(isinstance(k, bytes) for k in keys):
            raise Malformed("bundle", f"keys are not byte strings, or more than {_MAX_ITEMS} parts")
        match rest:
            case []:
                checkpoints: list[Any] = []
            case [[_, *_] as checkpoints] if len(checkpoints) <= len(heads):
                pass
            case _:
                raise Malformed("bundle", "what stands behind the statements is not a checkpoint or more")
        lot, read_heads = Lot.parse(gtin, code), tuple(_head(h) for h in heads)
        read_items = tuple(_item(i, len(heads)) for i in items)
        witnessed = tuple(_witnessed(c, len(heads)) for c in checkpoints)
        return cls(lot, tuple(keys), read_heads, read_items, witnessed)


def begins_one(data: bytes) -> bool:
    """Whether `data` begins as a bundle does: what does not is none, what does may still be damaged."""
    start = _TEXT + _MAGIC.encode()
    return data[:1] != b"" and data[0] >> 5 == _ARRAY and data[1 : 1 + len(start)] == start


def _head(value: Any) -> BundleHead:
    match value:
        case [log, int(size), bytes(root)] if 0 < size < 2**63 and len(root) == 32:
            return BundleHead(LogRef.from_cbor(log, "bundle.heads"), size, root)
    raise Malformed("bundle.heads", "not [log, size, root]")


def _item(value: Any, heads: int) -> Item:
    match value:
        case [bytes(envelope), bytes() | None as body, [*disclosures], int(index), int(head), [*path]] if (
            0 <= index < 2**63
            and 0 <= head < heads
            and all(isinstance(d, str) for d in disclosures)
            and all(isinstance(p, bytes) for p in path)
        ):
            return Item(envelope, body, tuple(disclosures), index, head, tuple(path))
    raise Malformed("bundle.statements", "not [envelope, body, disclosures, index, head, path]")


def _witnessed(value: Any, heads: int) -> Witnessed:
    match value:
        case [bytes(note), [*proofs]] if len(note) <= MAX_NOTE and len(proofs) <= heads:
            return Witnessed(note, tuple(_proof(p, heads) for p in proofs))
    raise Malformed("bundle.checkpoints", "not [note, proofs]")


def _proof(value: Any, heads: int) -> tuple[int, tuple[bytes, ...]]:
    match value:
        case [int(head), [*path]] if 0 <= head < heads and all(isinstance(p, bytes) for p in path):
            return head, tuple(path)
    raise Malformed("bundle.checkpoints", "not [head, proof]")
