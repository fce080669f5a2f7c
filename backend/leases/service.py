"""Leases: each of `names` has at most one holder, and one that dies loses its own after `LEASE_SECONDS`.

What must hold:

1. Time is the database's. A holder counts its own time from before it asked (`in_force`), and looks at it when it
   connects and renews: it stops before, or some seconds after, somebody else may begin.
2. That is politeness, for clocks may stop; what decides is the token. Whoever commits under a lease calls
   `Lease.check` in the same transaction, after it has locked what it changes. A holder that was away finds a newer
   token there, and commits nothing.
3. Whoever takes over ends the former holder's sessions first, since a transaction may hang in one of them. A
   holder is known by the name of its sessions, and has one engine.
4. Shares are fair: of n names and m living workers each has n // m, those that came first one more. Everybody
   computes this from the same table; nobody is told.

PostgreSQL only: SQLite is for one process.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection, Engine

from backend.database import transaction
from backend.leases import repository
from leafproof.errors import LeafproofError

LEASE_SECONDS = 10  # how long the others wait for one that died; a transaction of ingest takes under 1
ROUNDS = 4  # renewals in that time: two may fail
_log = structlog.get_logger(__name__)
_SKEW = 1  # seconds: the database's are whole ones


class LeaseLost(LeafproofError):
    """Another holds it now: nothing of this transaction may be kept."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What one process holds for now."""

    leases: Leases
    name: str
    token: int

    @property
    def in_force(self) -> bool:
        """Whether nobody else can have it, by this process's own clock."""
        return self.leases.in_force

    def check(self, connection: Connection) -> None:
        """Raises `LeaseLost` if somebody took it over; see rule 2 for where to call this."""
        kind, holder = self.leases.kind, self.leases.holder
        if repository.held_by(connection, kind, self.name) != (holder, self.token):
            raise LeaseLost(f"the lease of {kind} {self.name} went to another process")


@dataclass(frozen=True, slots=True)
class Holding:
    """What a process holds after a round, and which of it others should have: those it stops, then releases."""

    held: dict[str, Lease]
    surplus: tuple[str, ...]


class Leases:
    """The leases of one process. For one thread, but for `in_force` and what `Lease` offers."""

    def __init__(self, engine: Engine, kind: str, names: Collection[str], seconds: int = LEASE_SECONDS) -> None:
        self.kind = kind
        self.holder = ""
        self.interval = seconds / ROUNDS
        self._engine = engine
        self._names = sorted(names)
        self._seconds = seconds
        self._ends = 0.0
        self._known = False

    @property
    def in_force(self) -> bool:
        """Whether what `renew` returned last cannot be another's yet."""
        return time.monotonic() < self._ends

    def renew(self) -> Holding:
        """Renew what is held and take what is free, up to the fair share. Raises what the database raises."""
        began = time.monotonic()
        with transaction(self._engine) as connection:
            if not self._known:
                repository.add_missing(connection, self.kind, self._names)
                self.holder = repository.session_name(connection)
            at = repository.now(connection)
            until = at + self._seconds
            repository.seek(connection, self.kind, self.holder, at, until)
            tokens = repository.renew(connection, self.kind, self.holder, until)
            share = fair_share(len(self._names), repository.seekers(connection, self.kind, at), self.holder)
            if len(tokens) < share:
                tokens |= self._take(connection, share - len(tokens), at)
        self._known = True
        self._ends = began + self._seconds - _SKEW
        held = {name: Lease(self, name, token) for name, token in tokens.items()}
        return Holding(held, tuple(sorted(held)[share:]))

    def _take(self, connection: Connection, count: int, at: int) -> dict[str, int]:
        free = repository.free(connection, self.kind, self._names, count, at)
        away = {holder for holder in free.values() if holder is not None}
        if away:
            ended = repository.end_sessions(connection, away)
            _log.warning("leases of processes that were away are taken over", kind=self.kind, sessions=ended)
        return repository.take(connection, self.kind, list(free), self.holder, at + self._seconds)

    def release(self, names: Collection[str]) -> None:
        """Let others have these at once. Raises what the database raises."""
        with transaction(self._engine) as connection:
            repository.release(connection, self.kind, self.holder, names)

    def leave(self) -> None:
        """Let others have everything: this process ends. Raises what the database raises."""
        self._ends = 0.0
        with transaction(self._engine) as connection:
            repository.release(connection, self.kind, self.holder, self._names)
            repository.forget(connection, self.kind, self.holder)


def fair_share(names: int, seekers: Sequence[str], holder: str) -> int:
    """How many of `names` are for `holder`, one of `seekers`."""
    each, more = divmod(names, len(seekers))
    return each + (seekers.index(holder) < more)
