"""The log of a small world, as an auditor is handed it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from leafproof.envelope import LogRef
from leafproof.replay.source import Entry, Rollup
from tests.support.world import LOG, World


@dataclass
class WorldSource:
    """The world's log as an auditor is handed it; `leaves` are the hashes that the log claims."""

    entries_: list[Entry | None]
    leaves: list[bytes]
    ref: LogRef = LOG
    sums: list[Rollup] | None = None
    cosigned: bytes | None = None
    bundles: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, world: World) -> WorldSource:
        entries = [Entry(e.envelope, e.body, e.disclosures) for e in world.entries]
        return cls(list(entries), [world.leaf(i) for i in range(len(entries))], world.ref)

    @property
    def size(self) -> int:
        return len(self.entries_)

    def entries(self) -> Iterator[Entry | None]:
        yield from self.entries_

    def leaf_hash(self, index: int) -> bytes | None:
        return self.leaves[index] if index < len(self.leaves) else None

    def rollups(self) -> list[Rollup] | None:
        return self.sums

    def checkpoint(self) -> bytes | None:
        return self.cosigned

    def received(self) -> list[bytes]:
        return self.bundles

    def faults(self) -> list[tuple[int | None, str]]:
        return []
