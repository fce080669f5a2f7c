"""The stage's witness: a process of its own that follows the log as any stranger does, and remembers what it saw."""

from __future__ import annotations

from pathlib import Path

import httpx

from backend.log.service import HostedLog
from leafproof.checkpoint import Checkpoint
from leafproof.client.witness_folder import WatchedLog, WitnessFolder
from leafproof.note import Note
from leafproof.witness import Seen
from tests.faults.parts import Part

_NAME = "faults.example/witness"
_LOOK_SECONDS = 1  # between its looks at the log's tiles


class Onlooker:
    """Its folder, and its process, which the stage starts. `place` is how the backend's configuration names it."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self.verifier = WitnessFolder.create(folder, _NAME).witness.verifier
        self.place = f"{self.verifier.vkey} http://127.0.0.1:{port}"
        words = ["witness", "run", str(folder), "--port", str(port), "--every", str(_LOOK_SECONDS)]
        self.process = Part("witness", words, folder.with_suffix(".log"), {})

    def watch(self, url: str, log: HostedLog) -> None:
        """Tell it of the log of the backend at `url`."""
        self._prefix = f"{url}/v1/logs/{log.log.ref.log_id.hex()}/tlog"
        watched = WatchedLog(log.vkey, self._prefix)
        self._origin = watched.verifier.name
        WitnessFolder(self._folder).add(watched)

    @property
    def seen(self) -> Seen:
        """What it remembers on its disk."""
        return WitnessFolder(self._folder).seen(self._origin)

    def cosigned(self) -> int:
        """The size of the log's newest checkpoint, if the witness cosigned it, else 0; so where nobody answers."""
        try:
            answer = httpx.get(f"{self._prefix}/checkpoint", timeout=5.0, trust_env=False)
        except httpx.HTTPError:
            return 0
        if answer.status_code != httpx.codes.OK:
            return 0
        note = Note.decode(answer.content)
        return Checkpoint.parse(note.text).size if note.signed_by([self.verifier]) else 0
