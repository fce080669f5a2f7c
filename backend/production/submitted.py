"""Statements that their issuers signed elsewhere, with keys that this server never had.

What comes in is a file `[envelope, body]` in CBOR. It counts only if the key is registered on the chain for its
issuer and in force, and signature and body are good.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import Connection

from leafproof import body, cbor, envelope
from leafproof.chain.view import RegisteredKey, Role
from leafproof.envelope import Envelope
from leafproof.errors import InvalidInput, Malformed, SignatureInvalid
from leafproof.keys import public_key

Registered = Callable[[Connection, bytes], RegisteredKey | None]


def decode(data: bytes, name: str, kinds: Collection[str], limit: int) -> tuple[Envelope, bytes]:
    """Envelope and body, whose hash is the one that was signed; raises `Malformed` and `InvalidInput`."""
    match cbor.decode_deterministic(data, name, limit):
        case [bytes(raw), bytes(content)]:
            signed = envelope.parse(raw)
        case _:
            raise Malformed(name, "not [envelope, body]")
    if signed.header.content_type not in kinds or signed.header.frame is not None:
        raise Malformed(name, f"a statement of another kind: {signed.header.content_type[:80]}")
    body.check_hash(signed, content)
    return signed, content


def check_key(key: RegisteredKey | None, signed: Envelope) -> RegisteredKey:
    """The registered key that signed. Raises `InvalidInput`."""
    if key is None:
        raise InvalidInput("key", f"{signed.key_id.hex()} is not registered on the chain, in a final block")
    if key.role is not Role.ISSUER or key.issuer != signed.header.issuer:
        raise InvalidInput("key", f"is registered for {key.issuer}, not for {signed.header.issuer} as an issuer")
    if key.retired is not None or key.compromised is not None:
        raise InvalidInput("key", "was retired, or reported compromised")
    try:
        signed.verify(public_key(key.cose))
    except SignatureInvalid as error:
        raise InvalidInput("signature", error.message) from error
    return key
