"""Signed notes (C2SP signed-note): a text, a blank line, and a line for each signature.

    text, each of its lines ended by a newline
                                                       (the last empty line of the note)
    — <key name> <base64 of the key id's 4 bytes and the signature>

A key is known by its name and its id together, the first 4 bytes of SHA-256(name || newline || type || key). A
signature by an unknown key is ignored, one by a known key that does not verify spoils the whole note. `Verifier`
is such a key in its one-line form, the vkey: `<name>+<id, hexadecimal>+<base64 of the type and the key>`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from leafproof import cbor
from leafproof.errors import InvalidInput, Malformed, SignatureInvalid
from leafproof.keys import EDDSA, SIGNATURE_SIZE, PublicKey, SigningKey

ED25519 = 0x01  # signature types of C2SP signed-note: a signature over the text
COSIGNATURE = 0x04  # over the text and the time at which it was seen (C2SP tlog-cosignature)
MAX_NOTE = 128 << 10  # bytes: 16 signatures, which a reader must take, of the largest kind (5 kB), and room
MAX_SIGNATURES = 100
MAX_NAME = 255
LATEST = 2**63 - 1  # of a cosignature's time
_DASH = "\u2014 "
_ID, _TIME = 4, 8  # bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """One line: who is said to have signed, and the bytes behind the key id."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """As it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a line without its newline; raises `Malformed`."""
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH):
            raise Malformed("note", "a signature line does not begin with a dash")
        _check_name(name)
        data = from_base64(encoded, "note")
        if len(data) <= _ID:
            raise Malformed("note", "a signature is empty")
        return cls(name, data[:_ID], data[_ID:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends with a newline, and its signatures. Nothing in it is believed for standing in it."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """The note's bytes."""
        return (self.text + "\n" + "".join(s.line for s in self.signatures)).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a note; raises `Malformed`."""
        if len(data) > MAX_NOTE:
            raise Malformed("note", f"{len(data)} bytes, at most {MAX_NOTE} are read")
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("note", "not UTF-8") from error
        if any(c < " " and c != "\n" for c in whole):
            raise Malformed("note", "has control characters")
        text, gap, lines = whole.rpartition("\n\n")
        if not gap or not lines.endswith("\n"):
            raise Malformed("note", "not a text, a blank line and signatures")
        signatures = lines[:-1].split("\n")
        if len(signatures) > MAX_SIGNATURES:
            raise Malformed("note", f"has more than {MAX_SIGNATURES} signatures")
        return cls(text + "\n", tuple(Signature.parse(line) for line in signatures))

    def signed_by(self, keys: Iterable[Verifier]) -> list[Verified]:
        """The signatures of those of `keys` that signed, one a key, in the order of `keys`.

        Raises `SignatureInvalid` where the signature of one of them does not verify.
        """
        found: list[Verified] = []
        for key in keys:
            own = [s for s in self.signatures if (s.name, s.key_id) == (key.name, key.key_id)]
            times = [key.verify(self.text, s) for s in own]
            if own:
                found.append(Verified(key, own[0], times[0]))
        return found

    def plus(self, signatures: Iterable[Signature]) -> Note:
        """The same text with more signatures; of one key the newest counts."""
        added = list(signatures)
        replaced = {(s.name, s.key_id) for s in added}
        kept = [s for s in self.signatures if (s.name, s.key_id) not in replaced]
        return Note(self.text, (*kept, *added))


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with the name that it signs under; `kind` is `ED25519` or `COSIGNATURE`."""

    name: str
    kind: int
    key: PublicKey

    @property
    def raw(self) -> bytes:
        """The key's 32 bytes (RFC 8032)."""
        return bytes(cbor.decode(self.key.cose, "cose key", len(self.key.cose))[-2])

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that a signature names."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.raw).digest()[:_ID]

    @property
    def vkey(self) -> str:
        """The key in one line."""
        encoded = base64.b64encode(bytes([self.kind]) + self.raw).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def of(cls, name: str, kind: int, key: PublicKey) -> Self:
        """Raises `Malformed` for a name that none can have, or a key that is not Ed25519."""
        _check_name(name)
        if key.algorithm != EDDSA:
            raise Malformed("vkey", "only Ed25519 keys sign notes")
        return cls(name, kind, key)

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read a vkey; raises `Malformed`."""
        parts = vkey.split("+", 2)
        if len(parts) != 3:
            raise Malformed("vkey", "not <name>+<key id>+<key>")
        data = from_base64(parts[2], "vkey")
        if len(data) != 33 or data[0] not in (ED25519, COSIGNATURE):
            raise Malformed("vkey", "neither an Ed25519 key nor an Ed25519 cosigner's")
        found = cls.of(parts[0], data[0], PublicKey.from_cose(cbor.encode({1: 1, -1: 6, -2: data[1:]})))
        if parts[1] != found.key_id.hex():
            raise Malformed("vkey", "its id is not that of its name and key")
        return found

    def verify(self, text: str, signature: Signature) -> int | None:
        """The time that a cosignature states (Unix seconds), None for other signatures; raises `SignatureInvalid`
        unless it is this key's over `text`."""
        if self.kind == ED25519:
            self.key.verify(signature.value, text.encode())
            return None
        if len(signature.value) != _TIME + SIGNATURE_SIZE:
            raise SignatureInvalid(f"a cosignature has {_TIME + SIGNATURE_SIZE} bytes")
        time = int.from_bytes(signature.value[:_TIME], "big")
        if time > LATEST:
            raise SignatureInvalid("the cosignature's time is beyond what one may state")
        self.key.verify(signature.value[_TIME:], _cosigned(text, time))
        return time


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that verifies; `time` is what a cosignature states, in Unix seconds."""

    by: Verifier
    signature: Signature
    time: int | None


def sign(key: SigningKey, name: str, text: str) -> Signature:
    """An Ed25519 signature over `text` under `name`; raises `Malformed` for a key or a name that cannot."""
    verifier = Verifier.of(name, ED25519, key.public)
    return Signature(name, verifier.key_id, key.sign(text.encode()))


def cosign(key: SigningKey, name: str, text: str, time: int) -> Signature:
    """A cosignature: `text` as it was seen at `time`, Unix seconds (C2SP tlog-cosignature, Ed25519)."""
    verifier = Verifier.of(name, COSIGNATURE, key.public)
    stamp = time.to_bytes(_TIME, "big")
    return Signature(name, verifier.key_id, stamp + key.sign(_cosigned(text, time)))


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _check_name(name: str) -> None:
    if not name or len(name) > MAX_NAME or "+" in name or not name.isprintable() or any(c.isspace() for c in name):
        raise Malformed("key name", f"not 1 to {MAX_NAME} printable characters without spaces and plus signs")


def from_base64(text: str, field: str) -> bytes:
    """Standard base64 (RFC 4648 section 4) in its one form; raises `Malformed` naming `field`."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(field, "not base64") from error
    if base64.b64encode(data).decode() != text:
        raise Malformed(field, "not base64 in its one form")
    return data


def number(text: str, field: str) -> int:
    """A decimal without leading zeros, below 2^63; raises `Malformed` naming `field`."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or (text[0] == "0" and text != "0"):
        raise Malformed(field, "not a decimal number without leading zeros")
    value = int(text)
    if value > LATEST:
        raise InvalidInput(field, "2^63 or more")
    return value
