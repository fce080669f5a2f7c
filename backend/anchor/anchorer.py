"""Anchoring: the head of each log of this server onto the chain, and the chain's word on whether it still fits.

What must hold:

1. The chain is the truth: what to send follows from the head that the contract holds, never from a table of ours.
2. A held head that our log does not contain stops that log: an alarm is stored, nothing is anchored, and whoever
   appends must ask `stopped` first. The alarm goes only when the chain holds a head that fits again (a block that
   was not final went away); a final one stays, and the log goes on in a successor.
3. One transaction in flight; a stuck one is replaced with higher fees and the newest head (`slots.py`).
4. An outage of the chain raises here and stops nothing else; after it, what vanished is sent again.
5. Two anchorers do no harm: in one database the nonce's row decides, otherwise the chain does, since the second
   transaction is older bytes or a head that does not grow.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import sqlalchemy as sa
import structlog
from eth_account.signers.local import LocalAccount
from sqlalchemy import Connection, Engine

from backend.anchor.chain import Call, Chain, Fees, Reverted
from backend.anchor.slots import Purpose, Slot, Slots
from backend.anchor.tables import chain_alarms as alarms
from backend.database import reading, transaction
from backend.log.service import HostedLog, HostedLogs, TransparencyLog

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Why a log stopped: the chain holds (held_size, held_root), which the log does not contain."""

    log_id: bytes
    reason: str
    held_size: int
    held_root: bytes
    since: int


@dataclass(frozen=True, slots=True)
class AnchorPolicy:
    """Anchor when `seconds` have passed since the last one, or when `entries` wait; never without new entries."""

    seconds: int
    entries: int


@dataclass(slots=True)
class _State:
    """What this process knows of one log beside the chain; losing it costs at most an early anchor."""

    anchored_at: float | None = None
    refused: str | None = None
    held: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class LogState:
    """A log as the anchorer last saw it: entries in the held head, entries waiting for one, what the contract
    refused, if it did."""

    log_id: bytes
    held_size: int
    waiting: int
    refused: str | None


def stopped(connection: Connection, log_id: bytes) -> Alarm | None:
    """The alarm that stopped this log; None while it may be appended to."""
    row = connection.execute(sa.select(alarms).where(alarms.c.log_id == log_id)).one_or_none()
    return None if row is None else Alarm(row.log_id, row.reason, row.held_size, row.held_root, row.since)


def lacks(connection: Connection, log: TransparencyLog, size: int, root: bytes) -> str | None:
    """Why our log does not begin with a head that the chain holds; None where it does."""
    own = log.size(connection)
    if size > own:
        return f"the chain holds a head of {size} entries, the log has {own}"
    if size and log.root_at(connection, size) != root:
        return f"the chain holds another head of {size} entries than the log's"
    return None


@dataclass(slots=True)
class Anchorer:
    """Anchors `logs` with one account. `step` is one look at everything; it raises what the chain raises."""

    chain: Chain
    engine: Engine
    account: LocalAccount
    logs: HostedLogs
    policy: AnchorPolicy
    _slots: Slots = field(init=False)
    _states: dict[bytes, _State] = field(init=False)

    def __post_init__(self) -> None:
        self._slots = Slots(self.chain, self.engine, self.account)
        self._states = {hosted.log.ref.log_id: _State() for hosted in self.logs}

    @property
    def states(self) -> list[LogState]:
        """What the last step saw."""
        return [LogState(i, s.held, s.waiting, s.refused) for i, s in self._states.items()]

    @property
    def refusal(self) -> str | None:
        """What the node said when it did not take our transaction, such as too little money."""
        return self._slots.refusal

    def step(self, at_once: bool = False) -> bool:
        """Follow what is in flight, then anchor what is due (`at_once`: whatever has new entries).

        Whether every log that is not stopped is anchored to its last entry, finally.
        """
        self._slots.watch()
        complete = True
        for hosted in self.logs:
            complete = self._advance(hosted, at_once) and complete
        return complete and self._slots.settled()

    def _advance(self, hosted: HostedLog, at_once: bool) -> bool:
        log_id = hosted.log.ref.log_id
        state = self._states[log_id]
        held_size, held_root = self.chain.head(log_id)
        if not self._contained(hosted, held_size, held_root):
            return True
        with reading(self.engine) as connection:
            size = hosted.log.size(connection)
        state.held, state.waiting = held_size, size - held_size
        if not state.waiting:
            state.refused = None
            return True
        in_flight = self._slots.open()
        if in_flight:
            self._replace_stuck(hosted, in_flight[0], held_size)
        elif at_once or self._due(state):
            self._anchor(hosted, held_size)
        return False

    def _due(self, state: _State) -> bool:
        since = state.anchored_at
        late = since is None or time.monotonic() - since >= self.policy.seconds
        return late or state.waiting >= self.policy.entries

    def _anchor(self, hosted: HostedLog, held_size: int) -> None:
        log_id = hosted.log.ref.log_id
        state = self._states[log_id]
        call, size = self._extend(hosted, held_size)
        try:
            gas = self.chain.estimate(self._slots.address, call)
        except Reverted as refusal:
            self._refused(state, hosted, refusal)
            return
        state.refused = None
        if self._slots.submit(call, gas, Purpose(log_id=log_id, size=size)):
            state.anchored_at = time.monotonic()
            _log.info("anchor sent", log=hosted.name, size=size)

    def _refused(self, state: _State, hosted: HostedLog, refusal: Reverted) -> None:
        # Another anchorer's head came between our look and this one: the next look sees it.
        if refusal.name == "NotLarger":
            return
        if state.refused != refusal.reason:
            _log.error("the contract refuses the log's head", log=hosted.name, reason=refusal.reason)
        state.refused = refusal.reason

    def _replace_stuck(self, hosted: HostedLog, slot: Slot, held_size: int) -> None:
        if slot.log_id != hosted.log.ref.log_id:
            return
        fees = self._slots.stuck(slot)
        if fees is not None:
            self._replace(hosted, slot, held_size, fees)

    def _replace(self, hosted: HostedLog, slot: Slot, held_size: int, fees: Fees) -> None:
        call, size = self._extend(hosted, held_size)
        try:
            gas = self.chain.estimate(self._slots.address, call)
        except Reverted as refusal:
            self._refused(self._states[hosted.log.ref.log_id], hosted, refusal)
            return
        self._slots.replace(slot, call, gas, fees, size)

    def _extend(self, hosted: HostedLog, held_size: int) -> tuple[Call, int]:
        """The call that moves the held head to the newest one."""
        with reading(self.engine) as connection:
            size, root = hosted.log.head(connection)
            proof = hosted.log.consistency_proof(connection, held_size, size)
        log_id = hosted.log.ref.log_id
        return self.chain.call_of("TransparencyLog", "extend", [log_id, size, root, proof]), size

    def _contained(self, hosted: HostedLog, held_size: int, held_root: bytes) -> bool:
        """Whether our log begins with the held head; stores the alarm if not, and takes it back if so."""
        with reading(self.engine) as connection:
            before = stopped(connection, hosted.log.ref.log_id)
            reason = lacks(connection, hosted.log, held_size, held_root)
        log_id = hosted.log.ref.log_id
        if reason is None and before is None:
            return True
        if reason is not None and before is not None and (before.held_size, before.reason) == (held_size, reason):
            return False
        with transaction(self.engine) as connection:
            connection.execute(sa.delete(alarms).where(alarms.c.log_id == log_id))
            if reason is not None:
                alarm = Alarm(log_id, reason, held_size, held_root, int(time.time()))
                connection.execute(
                    sa.insert(alarms).values(
                        log_id=log_id,
                        reason=reason,
                        held_size=held_size,
                        held_root=held_root,
                        since=alarm.since,
                    )
                )
        if reason is not None:
            _log.critical("the log is stopped", log=hosted.name, reason=reason)
        else:
            _log.warning("the log goes on: the chain holds one of its heads again", log=hosted.name)
        return reason is None
