"""Strict CBOR (RFC 8949): bounded, definite lengths, no duplicate keys.

`decode_deterministic` also demands the core deterministic encoding (RFC 8949 4.2.1), by encoding again and
comparing, so that an envelope has exactly one form. (The library sorts keys by length first, RFC 8949 4.2.3;
for every map that we sign both orders are the same: no key below -1 stands beside one above 23.)
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import cbor2

from leafproof.errors import Malformed

# Nested deeper than this nothing of ours goes (bundle > statement > proof > hash); a bomb would.
MAX_DEPTH = 12


def encode(value: Any) -> bytes:
    """Deterministic encoding of ints, text, bytes, lists, maps, booleans, null and Decimals (tag 4)."""
    return cbor2.dumps(value, canonical=True)


def encode_sorted(value: Any) -> bytes:
    """The same, of a value without floats whose maps are in the order of deterministic encoding already."""
    return cbor2.dumps(value)


def decode(data: bytes, field: str, limit: int) -> Any:
    """Decode one item that fills `data`; raises `Malformed` naming `field`. `limit` is in bytes."""
    if len(data) > limit:
        raise Malformed(field, f"{len(data)} bytes, at most {limit} are read")
    stream = BytesIO(data)
    try:
        value = cbor2.CBORDecoder(
            stream, max_depth=MAX_DEPTH, allow_indefinite=False, allow_duplicate_keys=False
        ).decode()
    except Exception as error:
        raise Malformed(field, f"not well-formed CBOR ({type(error).__name__})") from error
    if stream.read(1):
        raise Malformed(field, "bytes follow the one item that it holds")
    return value


def decode_deterministic(data: bytes, field: str, limit: int) -> Any:
    """Like `decode`, and refuses every encoding but the deterministic one."""
    value = decode(data, field, limit)
    try:
        again = encode(value)
    except Exception as error:
        raise Malformed(field, f"holds a value of a foreign type ({type(error).__name__})") from error
    if again != data:
        raise Malformed(field, "not in deterministic encoding")
    return value
