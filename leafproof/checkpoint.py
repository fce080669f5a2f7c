"""Checkpoints (C2SP tlog-checkpoint): a log's head as the text of a signed note, and who cosigned it.

    <origin>
    <size>
    <base64 of the root>

The origin names the log for good, wherever it is served: `leafproof/<chain id>/0x<contract>/<log id>`. So a head
that a witness cosigned can be compared with the one that the chain holds, and a log that moves stays the same log.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from leafproof import note, tree
from leafproof.envelope import LogRef
from leafproof.errors import Malformed, ProofInvalid
from leafproof.keys import PublicKey, SigningKey
from leafproof.note import Note, Verified, Verifier


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's head: `root` of its first `size` entries. `extensions` are lines that other logs may add."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The note's text."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a note's text; raises `Malformed`."""
        lines = text.removesuffix("\n").split("\n")
        if not text.endswith("\n") or len(lines) < 3 or not all(lines):
            raise Malformed("checkpoint", "not lines of origin, size and root")
        root = note.from_base64(lines[2], "checkpoint")
        if len(root) != tree.HASH_SIZE:
            raise Malformed("checkpoint", f"its root has not {tree.HASH_SIZE} bytes")
        return cls(lines[0], note.number(lines[1], "checkpoint"), root, tuple(lines[3:]))


def origin_of(log: LogRef) -> str:
    """How this log's checkpoints begin."""
    return f"leafproof/{log.chain_id}/0x{log.contract.hex()}/{log.log_id.hex()}"


def verifier_of(log: LogRef, key: PublicKey) -> Verifier:
    """The key by which a log signs its checkpoints: its own one, under its origin. Raises `Malformed`."""
    return Verifier.of(origin_of(log), note.ED25519, key)


def sign(key: SigningKey, log: LogRef, size: int, root: bytes) -> Note:
    """The log's own checkpoint. Raises `Malformed` for a key that is not Ed25519."""
    text = Checkpoint(origin_of(log), size, root).text
    return Note(text, (note.sign(key, origin_of(log), text),))


def witnesses_of(
    log: LogRef, size: int, root: bytes, data: bytes, proof: Sequence[bytes], witnesses: Sequence[Verifier]
) -> list[Verified]:
    """Those of `witnesses` that cosigned, in the note `data`, this head of `log` or one that extends it by the
    consistency proof `proof`.

    Raises `Malformed`, `SignatureInvalid`, or `ProofInvalid` for a checkpoint of another log or another history.
    """
    read = Note.decode(data)
    seen = Checkpoint.parse(read.text)
    if seen.origin != origin_of(log):
        raise ProofInvalid("the checkpoint is of another log")
    tree.verify_consistency(size, root, seen.size, seen.root, proof)
    return read.signed_by(witnesses)
