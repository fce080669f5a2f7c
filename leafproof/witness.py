"""What a witness does with a checkpoint (C2SP tlog-witness), without I/O.

For each log it remembers one head, the newest that it cosigned. It cosigns a checkpoint only if

1. the log's key signed it, and the log is one that the witness was told of;
2. it is the remembered head, or extends it by a consistency proof (RFC 9162 2.1.4);
3. it is remembered on disk before the cosignature leaves the house (the caller's part: `Judgement.seen`).

Two checkpoints signed by a log that exclude each other are a split view: an *alarm*, with both notes as evidence.
Anybody may submit anything, so a checkpoint whose proof does not lead to it is not evidence by itself: it is a
*suspect*, kept until the log's tiles, or a later checkpoint, show which it is.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import msgspec

from leafproof import note, tree, values
from leafproof.checkpoint import Checkpoint
from leafproof.errors import LeafproofError, Malformed, ProofInvalid, SignatureInvalid
from leafproof.keys import SigningKey
from leafproof.note import Note, Signature, Verifier
from leafproof.tree import NodeReader

MAX_PROOF_LINES = 63  # C2SP tlog-witness
MAX_SUBMISSION = note.MAX_NOTE + 4096
KEPT = 100  # alarms of one log, and suspects: the first ones tell, and nobody fills the disk
OK, BAD, FORBIDDEN, UNKNOWN, CONFLICT, UNPROVEN = 200, 400, 403, 404, 409, 422  # HTTP statuses of the protocol


@dataclass(frozen=True, slots=True)
class Submission:
    """The body of `add-checkpoint`: a note, and the proof that it extends the log's first `old` entries."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    def encode(self) -> bytes:
        """The request's body."""
        hashes = (base64.b64encode(one).decode() for one in self.proof)
        lines = "".join(f"{line}\n" for line in (f"old {self.old}", *hashes))
        return lines.encode() + b"\n" + self.note.encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a request's body; raises `Malformed`."""
        head, gap, rest = data.partition(b"\n\n")
        if len(data) > MAX_SUBMISSION or not gap:
            raise Malformed("add-checkpoint", "not an old size, a proof, a blank line and a note")
        first, *lines = head.decode("ascii", "replace").split("\n")
        if not first.startswith("old ") or len(lines) > MAX_PROOF_LINES:
            raise Malformed("add-checkpoint", f"not an old size and at most {MAX_PROOF_LINES} hashes")
        proof = tuple(note.from_base64(line, "add-checkpoint") for line in lines)
        return cls(note.number(first[4:], "old size"), proof, Note.decode(rest))


class Alarm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A split view: two notes signed by the log, of which no one history can hold both; noticed at `since`."""

    message: str
    held: str
    other: str
    since: int


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a witness remembers of one log: the newest head that it cosigned and when, as Unix seconds; `note` is
    that checkpoint with the log's signature and its own, empty before the first."""

    origin: str
    size: int = 0
    root: str = tree.EMPTY_ROOT.hex()
    note: str = ""
    time: int = 0
    suspects: list[str] = []
    alarms: list[Alarm] = []

    @property
    def head(self) -> Checkpoint:
        """The remembered head."""
        return Checkpoint(self.origin, self.size, bytes.fromhex(self.root))

    def encode(self) -> bytes:
        """The state file's bytes."""
        return msgspec.json.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a state file; raises `Malformed`."""
        try:
            found = msgspec.json.decode(data, type=cls)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise Malformed("state", str(error)) from error
        if values.digest(found.root, "state.root") and not 0 <= found.size <= tree.MAX_SIZE:
            raise Malformed("state", "not the size of a log")
        return found


@dataclass(frozen=True, slots=True)
class Judgement:
    """The HTTP status of the answer, what to remember before answering, the cosignature (with `OK` alone), and the
    split view that came to light."""

    status: int
    seen: Seen
    signature: Signature | None = None
    alarm: Alarm | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A key, and the name under which it cosigns."""

    name: str
    key: SigningKey

    @property
    def verifier(self) -> Verifier:
        """What others know it by; raises `Malformed` for a name or a key that cannot cosign."""
        return Verifier.of(self.name, note.COSIGNATURE, self.key.public)

    def judge(self, seen: Seen, log: Verifier, submitted: Submission, now: int) -> Judgement:
        """Answer `add-checkpoint` for the log whose origin is `seen.origin`; `now` in Unix seconds.
        Raises `Malformed` for a note that is no checkpoint."""
        checkpoint = Checkpoint.parse(submitted.note.text)
        if not signed(submitted.note, log):
            return Judgement(FORBIDDEN, seen)
        if submitted.old > checkpoint.size:
            return Judgement(BAD, seen)
        if checkpoint.size == seen.size and checkpoint.root != seen.head.root:
            return _two_roots(seen, _alone(submitted.note, log), now)
        if submitted.old != seen.size:
            return Judgement(CONFLICT, seen)
        try:
            tree.verify_consistency(seen.size, seen.head.root, checkpoint.size, checkpoint.root, submitted.proof)
        except ProofInvalid:
            return Judgement(UNPROVEN, _suspecting(seen, _alone(submitted.note, log)))
        return self.cosign(seen, submitted.note, log, now)

    def cosign(self, seen: Seen, submitted: Note, log: Verifier, now: int) -> Judgement:
        """Cosign a checkpoint that the caller knows to extend the remembered head."""
        checkpoint = Checkpoint.parse(submitted.text)
        time = max(now, seen.time)  # a clock that was set back must not seem to say that this came earlier
        signature = note.cosign(self.key, self.name, submitted.text, time)
        kept = _alone(submitted, log).plus([signature]).encode().decode()
        newer = msgspec.structs.replace(
            seen, size=checkpoint.size, root=checkpoint.root.hex(), note=kept, time=time
        )
        settled = _settled(newer, now)
        alarm = settled.alarms[-1] if len(settled.alarms) > len(seen.alarms) else None
        return Judgement(OK, settled, signature, alarm)


def signed(checkpoint: Note, log: Verifier) -> bool:
    """Whether the log signed it."""
    try:
        return bool(checkpoint.signed_by([log]))
    except SignatureInvalid:
        return False


def contradict(small: Checkpoint, large: Checkpoint, read: NodeReader) -> bool:
    """Whether no history holds both heads; `read` gives the nodes of the larger one's tree.

    Raises `LeafproofError` where the nodes do not lead to the larger head: then they say nothing.
    """
    if small.size in (0, large.size):
        return small.size == large.size and small.root != large.root
    held = tree.root_at(small.size, read)
    proof = tree.consistency_proof(small.size, large.size, read)
    tree.verify_consistency(small.size, held, large.size, large.root, proof)
    return held != small.root


def with_alarm(seen: Seen, other: str, message: str, now: int) -> Seen:
    """The same with one alarm more: the note `other` and the remembered one; each head is told once."""
    head = Checkpoint.parse(Note.decode(other.encode()).text)
    known = [Checkpoint.parse(Note.decode(a.other.encode()).text) for a in seen.alarms]
    if head in known or len(known) >= KEPT:
        return seen
    alarm = Alarm(message, seen.note, other, now)
    return msgspec.structs.replace(seen, alarms=[*seen.alarms, alarm], suspects=_but(seen.suspects, head))


def resolve(seen: Seen, read: NodeReader, now: int) -> Seen:
    """Judge the suspects that are not larger than the remembered head, by the nodes of that head's tree."""
    for suspect in seen.suspects:
        head = Checkpoint.parse(Note.decode(suspect.encode()).text)
        if head.size > seen.size:
            continue
        try:
            split = contradict(head, seen.head, read)
        except LeafproofError:
            continue  # the tiles say nothing today
        seen = (
            with_alarm(seen, suspect, f"no history holds both {head.size} and {seen.size} entries", now)
            if split
            else msgspec.structs.replace(seen, suspects=_but(seen.suspects, head))
        )
    return seen


def _alone(checkpoint: Note, log: Verifier) -> Note:
    """With the log's signature and no other: what strangers add is not worth keeping."""
    own = [s for s in checkpoint.signatures if (s.name, s.key_id) == (log.name, log.key_id)]
    return Note(checkpoint.text, tuple(own[:1]))


def _two_roots(seen: Seen, submitted: Note, now: int) -> Judgement:
    if not seen.note:  # nothing was cosigned yet, so that nothing contradicts it
        return Judgement(CONFLICT, seen)
    alarmed = with_alarm(seen, submitted.encode().decode(), f"two roots for {seen.size} entries", now)
    alarm = alarmed.alarms[-1] if len(alarmed.alarms) > len(seen.alarms) else None
    return Judgement(CONFLICT, alarmed, alarm=alarm)


def _suspecting(seen: Seen, suspect: Note) -> Seen:
    head = Checkpoint.parse(suspect.text)
    others = _but(seen.suspects, head)
    if len(others) != len(seen.suspects) or len(others) >= KEPT:
        return seen
    return msgspec.structs.replace(seen, suspects=[*others, suspect.encode().decode()])


def _settled(seen: Seen, now: int) -> Seen:
    """A suspect of the remembered size is either the remembered head, or a split view."""
    for suspect in seen.suspects:
        head = Checkpoint.parse(Note.decode(suspect.encode()).text)
        if head.size != seen.size:
            continue
        if head.root == seen.head.root:
            seen = msgspec.structs.replace(seen, suspects=_but(seen.suspects, head))
        else:
            seen = with_alarm(seen, suspect, f"two roots for {head.size} entries", now)
    return seen


def _but(suspects: Sequence[str], head: Checkpoint) -> list[str]:
    return [s for s in suspects if Checkpoint.parse(Note.decode(s.encode()).text) != head]
