"""Receipts: the log's signed promise that a statement is an entry (RFC 9942, COSE Receipts).

A receipt is a COSE_Sign1 with a detached payload, the root: protected header {1: algorithm, 4: key id, 395: 1
(the RFC 9162 SHA-256 tree)}, unprotected header {396: {-1: [inclusion proof]}}, where a proof is the CBOR byte
string of [tree size, leaf index, path] (RFC 9942 5.2.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from leafproof import cbor, tree
from leafproof.errors import Malformed, SignatureInvalid
from leafproof.keys import PublicKey, SigningKey

MAX_RECEIPT = 4096  # 64 hashes, a signature, headers
_HEAD = b"\xd2"
_VDS, _VDP, _RFC9162_SHA256, _INCLUSION = 395, 396, 1, -1


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Entry `index` of a log of `size` entries, with the path to its root."""

    size: int
    index: int
    path: list[bytes]


def sign(key: SigningKey, root: bytes, proof: Inclusion) -> bytes:
    """The receipt for one entry of the log whose head is (proof.size, root)."""
    protected = cbor.encode({1: key.public.algorithm, 4: key.public.key_id, _VDS: _RFC9162_SHA256})
    signature = key.sign(cbor.encode(["Signature1", protected, b"", root]))
    encoded = cbor.encode([proof.size, proof.index, proof.path])
    return _HEAD + cbor.encode([protected, {_VDP: {_INCLUSION: [encoded]}}, None, signature])


def verify(receipt: bytes, key: PublicKey, leaf: bytes) -> tuple[Inclusion, bytes]:
    """The proof and the root that the log signed for `leaf` (a leaf hash).

    Raises `Malformed`, `SignatureInvalid` or `ProofInvalid`.
    """
    if receipt[:1] != _HEAD:
        raise Malformed("receipt", "not a tagged COSE_Sign1")
    match cbor.decode_deterministic(receipt[1:], "receipt", MAX_RECEIPT):
        case [bytes(protected), {396: {-1: [bytes(encoded)]}}, None, bytes(signature)]:
            pass
        case _:
            raise Malformed("receipt", "not a COSE receipt with one inclusion proof")
    if protected != cbor.encode({1: key.algorithm, 4: key.key_id, _VDS: _RFC9162_SHA256}):
        raise SignatureInvalid("the receipt names another key, or another kind of tree")
    match cbor.decode(encoded, "receipt", MAX_RECEIPT):
        case [int(size), int(index), [*path]] if all(isinstance(p, bytes) for p in path):
            proof = Inclusion(size, index, path)
        case _:
            raise Malformed("receipt", "not [tree size, leaf index, path]")
    root = tree.root_from_path(leaf, proof.index, proof.size, proof.path)
    key.verify(signature, cbor.encode(["Signature1", protected, b"", root]))
    return proof, root
