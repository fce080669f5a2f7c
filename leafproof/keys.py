"""Signing keys: ES256 (P-256, what secure elements and TPMs hold) and EdDSA (Ed25519).

* A key's id is its COSE key thumbprint: SHA-256 of the deterministic COSE_Key with the required members alone
  (RFC 9679 section 4).
* Signatures are in their one form: ES256 as r || s (RFC 9053 2.1) with s in the lower half of the group order,
  so that (r, n - s) is refused; Ed25519 as RFC 8032 has it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from leafproof import cbor
from leafproof.errors import Malformed, SignatureInvalid

ES256 = -7  # RFC 9053 table 1
EDDSA = -8  # RFC 9053 table 2
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # FIPS 186-5, SP 800-186
_ECDSA = ec.ECDSA(hashes.SHA256())
SIGNATURE_SIZE = 64
MAX_COSE_KEY = 128  # a P-256 COSE_Key takes 77 bytes


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A verification key: `algorithm` is ES256 or EDDSA, `cose` its deterministic COSE_Key, `key_id` 32 bytes."""

    algorithm: int
    cose: bytes
    key_id: bytes
    _key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey = field(repr=False, compare=False)

    @classmethod
    def from_cose(cls, data: bytes) -> Self:
        """Read a deterministic COSE_Key (RFC 9052 7, RFC 9053 7); raises `Malformed`."""
        value = cbor.decode_deterministic(data, "cose key", MAX_COSE_KEY)
        match value:
            case {1: 2, -1: 1, -2: bytes(x), -3: bytes(y)} if len(value) == 4 and len(x) == len(y) == 32:
                numbers = ec.EllipticCurvePublicNumbers(
                    int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()
                )
                try:
                    point = numbers.public_key()
                except ValueError as error:
                    raise Malformed("cose key", "not a point of P-256") from error
                return cls(ES256, data, hashlib.sha256(data).digest(), point)
            case {1: 1, -1: 6, -2: bytes(x)} if len(value) == 3 and len(x) == 32:
                edwards = ed25519.Ed25519PublicKey.from_public_bytes(x)
                return cls(EDDSA, data, hashlib.sha256(data).digest(), edwards)
        raise Malformed("cose key", "neither a P-256 nor an Ed25519 public key with the required members alone")

    @classmethod
    def of(cls, key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> Self:
        """Wrap a library key."""
        if isinstance(key, ed25519.Ed25519PublicKey):
            return cls.from_cose(cbor.encode({1: 1, -1: 6, -2: key.public_bytes_raw()}))
        numbers = key.public_numbers()
        x, y = (n.to_bytes(32, "big") for n in (numbers.x, numbers.y))
        return cls.from_cose(cbor.encode({1: 2, -1: 1, -2: x, -3: y}))

    def verify(self, signature: bytes, message: bytes, *, low_s: bool = True) -> None:
        """Raises `SignatureInvalid` unless `signature` (64 bytes, low s) is this key's over `message`.

        `low_s=False` is for JOSE alone, which allows both halves (RFC 7518 3.4).
        """
        if len(signature) != SIGNATURE_SIZE:
            raise SignatureInvalid(f"a signature has {SIGNATURE_SIZE} bytes, this one {len(signature)}")
        try:
            if isinstance(self._key, ed25519.Ed25519PublicKey):
                self._key.verify(signature, message)
                return
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            if low_s and s > _P256_ORDER // 2:
                raise SignatureInvalid("the signature is not in its low-s form")
            self._key.verify(encode_dss_signature(r, s), message, _ECDSA)
        except InvalidSignature:
            raise SignatureInvalid("the signature does not verify") from None

    def pem(self) -> str:
        """SubjectPublicKeyInfo as PEM, for libraries that want one."""
        return self._key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode("ascii")


@lru_cache(maxsize=4096)
def public_key(cose: bytes) -> PublicKey:
    """`PublicKey.from_cose`, remembered: a gateway signs thousands of frames with one key."""
    return PublicKey.from_cose(cose)


class SigningKey:
    """A private key in memory. It never prints itself."""

    __slots__ = ("_key", "public")

    def __init__(self, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey.of(key.public_key())

    @classmethod
    def generate(cls, algorithm: int = ES256) -> Self:
        """A new key from the system's randomness."""
        if algorithm == EDDSA:
            return cls(ed25519.Ed25519PrivateKey.generate())
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, data: bytes) -> Self:
        """Read an unencrypted PKCS #8 key; raises `Malformed`."""
        try:
            key = serialization.load_pem_private_key(data, password=None)
        except (ValueError, TypeError) as error:
            raise Malformed("private key", "not an unencrypted PEM private key") from error
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return cls(key)
        if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
            return cls(key)
        raise Malformed("private key", "neither P-256 nor Ed25519")

    def pem(self) -> bytes:
        """PKCS #8, unencrypted: for a file that only its owner may read."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, message: bytes) -> bytes:
        """64 bytes, in the one form that `PublicKey.verify` takes."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(message)
        r, s = decode_dss_signature(self._key.sign(message, _ECDSA))
        s = min(s, _P256_ORDER - s)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
