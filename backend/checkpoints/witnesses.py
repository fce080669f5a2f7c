"""Asking a witness for its cosignature (C2SP tlog-witness `add-checkpoint`), from the log's side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx

from leafproof.checkpoint import Checkpoint
from leafproof.client.http import origin
from leafproof.errors import LeafproofError, Malformed, SignatureInvalid
from leafproof.note import MAX_NOTE, Note, Signature, Verifier, number
from leafproof.witness import CONFLICT, OK, Submission

_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_SIZE = "text/x.tlog.size"

Proof = Callable[[int], Sequence[bytes]]
"""The consistency proof from a size to the checkpoint's."""


class WitnessAway(LeafproofError):
    """It cannot be reached, or cannot answer now."""


class WitnessRefuses(LeafproofError):
    """It answers, and does not cosign: it does not know this log, or it saw another history of it."""


@dataclass(slots=True)
class WitnessAt:
    """A witness and its submission prefix; `held` is the size that it last told for a log, by origin."""

    verifier: Verifier
    url: str
    held: dict[str, int] = field(default_factory=dict)

    def cosign(self, http: httpx.Client, checkpoint: Note, proof: Proof) -> Signature:
        """Its cosignature on `checkpoint`. Raises `WitnessAway` or `WitnessRefuses`."""
        head = Checkpoint.parse(checkpoint.text)
        for _attempt in range(2):
            old = min(self.held.get(head.origin, 0), head.size)
            submission = Submission(old, tuple(proof(old)), checkpoint)
            status, kind, answer = self._post(http, submission.encode())
            if status == OK:
                self.held[head.origin] = head.size
                return self._signature(checkpoint, answer)
            if status != CONFLICT or kind != _SIZE:
                raise WitnessRefuses(f"witness {self.verifier.name} answers {status}")
            held = self._size(answer)
            if held > head.size or held == old:
                break
            self.held[head.origin] = held
        raise WitnessRefuses(f"witness {self.verifier.name} holds another head of {held} entries")

    def _post(self, http: httpx.Client, body: bytes) -> tuple[int, str, bytes]:
        try:
            with http.stream("POST", f"{self.url}/add-checkpoint", content=body, timeout=_TIMEOUT) as answer:
                data = bytearray()
                for part in answer.iter_bytes():
                    data += part
                    if len(data) > MAX_NOTE:
                        raise WitnessRefuses(f"witness {self.verifier.name} answers more than {MAX_NOTE} bytes")
                kind = answer.headers.get("content-type", "").partition(";")[0].strip()
                if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                    raise WitnessAway(f"witness {self.verifier.name} answers {answer.status_code}")
                return answer.status_code, kind, bytes(data)
        except httpx.HTTPError as error:
            where = origin(httpx.URL(self.url))
            raise WitnessAway(f"no witness answers at {where} ({type(error).__name__})") from error

    def _signature(self, checkpoint: Note, answer: bytes) -> Signature:
        """The witness's own line of its answer; others are nobody's that we know."""
        try:
            found = Note.decode(checkpoint.text.encode() + b"\n" + answer).signed_by([self.verifier])
        except (Malformed, SignatureInvalid) as error:
            raise WitnessRefuses(f"witness {self.verifier.name} answers badly: {error}") from error
        if not found:
            raise WitnessRefuses(f"witness {self.verifier.name} answers with another key")
        return found[0].signature

    def _size(self, answer: bytes) -> int:
        try:
            return number(answer.decode("ascii", "replace").removesuffix("\n"), "size")
        except LeafproofError as error:
            raise WitnessRefuses(f"witness {self.verifier.name} answers badly: {error}") from error
