"""The chain's state on disk, in generations, so that no crash leaves only a broken file.

What must hold: a generation is written to a temporary file, synced, and renamed; its number only grows; the two
newest are kept; one that cannot be read (cut short, not JSON, not a chain's state) is passed over for the one
before it.

anvil begins each time with a block 0 of its own and keeps it beside the loaded one, so that a dump holds a block 0
for each start, in any order, and whichever is loaded last becomes the genesis. All but the chain's own stay out.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from backend.embedded.errors import ChainStateUnreadable

KEPT = 2
_NAME = re.compile(r"state-(\d{9})\.json\.gz")
_REQUIRED = {"block", "accounts", "best_block_number", "blocks"}


class StateStore:
    """The generations of one chain in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, packed: bytes) -> Path:
        """Store one gzip-packed state as the newest generation; raises `OSError` as the disk does."""
        newest = self._generations()[:1]
        number = newest[0][0] + 1 if newest else 1
        target = self.folder / f"state-{number:09}.json.gz"
        temporary = self.folder / "state.tmp"
        with temporary.open("wb") as file:
            file.write(packed)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        self._sync_folder()
        for _, old in self._generations()[KEPT:]:
            old.unlink(missing_ok=True)
        return target

    def load(self, born: int | None) -> Iterator[Path]:
        """Each readable state, newest first, unpacked into a file that a node can load; of blocks 0, the one of
        `born` (Unix seconds) alone.

        Gives nothing for an empty folder; raises `ChainStateUnreadable` when there are generations and none of
        them can be read.
        """
        generations = self._generations()
        readable = False
        for _, path in generations:
            plain = _unpack(path, born)
            if plain is None:
                continue
            readable = True
            unpacked = self.folder / "loading.json"
            unpacked.write_bytes(plain)
            yield unpacked
        if generations and not readable:
            raise ChainStateUnreadable(
                f"none of the {len(generations)} stored states in {self.folder} can be read; restore the folder "
                "from a backup, or move it away to begin a new chain (everything anchored on the old one is then "
                "unknown to the new one)"
            )

    @property
    def empty(self) -> bool:
        """Whether no generation was ever stored here."""
        return not self._generations()

    def _generations(self) -> list[tuple[int, Path]]:
        """Number and path, newest first."""
        found = [(_NAME.fullmatch(path.name), path) for path in self.folder.iterdir()]
        return sorted(((int(match[1]), path) for match, path in found if match), reverse=True)

    def _sync_folder(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _unpack(path: Path, born: int | None) -> bytes | None:
    """The state as JSON text, or nothing if the file does not hold one."""
    try:
        content = json.loads(gzip.decompress(path.read_bytes()))
        if not (isinstance(content, dict) and content.keys() >= _REQUIRED):
            return None
        if born is not None:
            content["blocks"] = [b for b in content["blocks"] if not _other_genesis(b["header"], born)]
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
        return None
    return json.dumps(content, separators=(",", ":")).encode()


def _other_genesis(header: dict[str, str], born: int) -> bool:
    return int(header["number"], 16) == 0 and int(header["timestamp"], 16) != born
