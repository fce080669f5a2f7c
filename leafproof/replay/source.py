"""Where replay reads a log from: a folder, a server; neither is believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from leafproof.envelope import LogRef


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it was handed over; `body` is None where it is withheld or was deleted."""

    envelope: bytes
    body: bytes | None
    disclosures: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Rollup:
    """A quarter-hour's sum as the backend derived it: `start` in Unix seconds, `total` an exact decimal text,
    `count` of distinct readings; `names` says whether a reading's time is its interval's end or start."""

    gateway: str
    facility: str
    point: str
    unit: str
    mode: str
    names: str
    start: int
    count: int
    total: str


class LogSource(Protocol):
    """A log as somebody hands it over."""

    @property
    def ref(self) -> LogRef:
        """Which log it is said to be."""

    @property
    def size(self) -> int:
        """How many entries it is said to have."""

    def entries(self) -> Iterator[Entry | None]:
        """All entries in order; None for one that cannot be read (the source reports it in `faults`)."""

    def leaf_hash(self, index: int) -> bytes | None:
        """The leaf hash that the log claims for an entry, if it was handed over."""

    def rollups(self) -> Iterable[Rollup] | None:
        """The derived sums; None where they were not handed over."""

    def checkpoint(self) -> bytes | None:
        """The newest checkpoint that the log published, cosigned; None where it was not handed over."""

    def received(self) -> Iterable[bytes]:
        """Bundles of lots that the log's owner took in of other companies, as far as they were handed over."""

    def faults(self) -> list[tuple[int | None, str]]:
        """What could not be read or is not what its manifest says, by entry index where one is known."""
