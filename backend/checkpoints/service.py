"""Publishing checkpoints: the log signs its head, asks its witnesses, and keeps what they cosigned.

What must hold:

1. A checkpoint is a head that is committed: signed is only what is read from the database in one snapshot.
2. Each head that the chain holds finally has a checkpoint that covers it, as soon as that head is known; between
   anchors there is one a minute at most, so that the table grows no faster than the chain's.
3. A witness that is away costs its cosignature and nothing else; it is asked again later. One that refuses is told
   of (`refusals`): it does not know the log, or it saw another history.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import httpx
import structlog
from sqlalchemy import Connection, Engine

from backend.checkpoints import repository
from backend.checkpoints.repository import Published
from backend.checkpoints.witnesses import WitnessAt, WitnessAway, WitnessRefuses
from backend.database import reading, transaction
from backend.log.service import HostedLog, HostedLogs
from leafproof import checkpoint
from leafproof.chain.view import Head
from leafproof.note import Note, Signature

LONGEST = 60.0  # seconds that a log grows without a new checkpoint
FIRST_PAUSE, LAST_PAUSE = 1.0, 60.0  # seconds until a witness that gave nothing is asked again
_log = structlog.get_logger(__name__)


class Anchors(Protocol):
    """What the chain holds: `backend.anchor.registry.Registry`."""

    def latest_anchor(self, connection: Connection, log_id: bytes) -> Head | None:
        """The newest final head."""


@dataclass(slots=True)
class _Patience:
    """When a witness is asked again about a log."""

    until: float = 0.0
    pause: float = FIRST_PAUSE
    refusal: str | None = None

    def wait(self, refusal: str | None) -> None:
        self.until, self.refusal = time.monotonic() + self.pause, refusal
        self.pause = min(2 * self.pause, LAST_PAUSE)


@dataclass(slots=True)
class Publisher:
    """Publishes the checkpoints of `logs`. `step` is one look at everything."""

    engine: Engine
    logs: HostedLogs
    witnesses: Sequence[WitnessAt]
    anchors: Anchors
    _published_at: dict[bytes, float] = field(default_factory=dict)
    _patience: dict[tuple[bytes, str], _Patience] = field(default_factory=dict)

    @property
    def refusals(self) -> list[str]:
        """Which witnesses refused last."""
        return [p.refusal for p in self._patience.values() if p.refusal]

    def step(self, http: httpx.Client) -> None:
        """Publish what is due, and ask again for cosignatures that are missing."""
        for hosted in self.logs:
            if hosted.log.held is None:  # a database that was set back would sign another history
                self._look(http, hosted)

    def _look(self, http: httpx.Client, hosted: HostedLog) -> None:
        log = hosted.log
        with reading(self.engine) as connection:
            size, root = log.head(connection)
            last = repository.newest(connection, log.number)
            anchored = self.anchors.latest_anchor(connection, log.ref.log_id)
        if last is None or (size > last.size and self._due(log.ref.log_id, last.size, anchored)):
            self._published_at[log.ref.log_id] = time.monotonic()
            last = Published(size, checkpoint.sign(hosted.key, log.ref, size, root).encode(), 0)
            self._store(hosted, last)
        missing = self._missing(hosted, last)
        if missing:
            self._gather(http, hosted, last, missing)

    def _due(self, log_id: bytes, published: int, anchored: Head | None) -> bool:
        since = self._published_at.get(log_id)
        return (
            since is None
            or time.monotonic() - since >= LONGEST
            or (anchored is not None and anchored.size > published)
        )

    def _missing(self, hosted: HostedLog, last: Published) -> list[WitnessAt]:
        if not self.witnesses or last.cosignatures >= len(self.witnesses):
            return []
        signed = {(s.name, s.key_id) for s in Note.decode(last.note).signatures}
        now = time.monotonic()
        return [
            witness
            for witness in self.witnesses
            if (witness.verifier.name, witness.verifier.key_id) not in signed
            and self._patient(hosted, witness).until <= now
        ]

    def _patient(self, hosted: HostedLog, witness: WitnessAt) -> _Patience:
        return self._patience.setdefault((hosted.log.ref.log_id, witness.verifier.vkey), _Patience())

    def _gather(
        self, http: httpx.Client, hosted: HostedLog, last: Published, missing: Sequence[WitnessAt]
    ) -> None:
        made = Note.decode(last.note)
        found = [s for w in missing if (s := self._ask(http, hosted, last.size, made, w)) is not None]
        if found:
            self._store(hosted, Published(last.size, made.plus(found).encode(), last.cosignatures + len(found)))

    def _ask(
        self, http: httpx.Client, hosted: HostedLog, size: int, made: Note, witness: WitnessAt
    ) -> Signature | None:
        patience = self._patient(hosted, witness)

        def proof(old: int) -> list[bytes]:
            with reading(self.engine) as connection:
                return hosted.log.consistency_proof(connection, old, size)

        try:
            signature = witness.cosign(http, made, proof)
        except WitnessAway as error:
            if patience.pause == FIRST_PAUSE:
                _log.warning("a witness is away", log=hosted.name, reason=error.message)
            patience.wait(None)
            return None
        except WitnessRefuses as error:
            if patience.refusal != error.message:
                _log.error("a witness does not cosign", log=hosted.name, size=size, reason=error.message)
            patience.wait(error.message)
            return None
        patience.until, patience.pause, patience.refusal = 0.0, FIRST_PAUSE, None
        return signature

    def _store(self, hosted: HostedLog, published: Published) -> None:
        with transaction(self.engine) as connection:
            repository.put(connection, hosted.log.number, published)
