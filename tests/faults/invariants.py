"""What must hold after a fault, whatever it was.

1. Everything that a gateway ever took is in the log exactly once and in order: the readings of its meter's file up
   to where the outbox says it read, and all frames of its stream up to the last place that it signed. So is
   every frame that a fault made by hand.
2. Everything acknowledged survives: whatever the log ever promised to a gateway, it holds, and no higher than it
   said.
3. Every anchored head is a prefix of the log: the entries as they are now give every root that the chain holds.
4. Replay, as `leafproof audit replay` does it, finds nothing, or exactly what the fault says that it must find.
5. The witness, which forgets nothing, has seen one history only, and the log still has it.

How a fault may have readings read twice by a gateway, `Gateway.again` says; each frame is in the log once even so.

(6, how long ingestion stood still, is the driver's to measure.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal

from leafproof import frame, tree
from leafproof.chain.view import ChainView
from leafproof.client.chain_reader import read_chain
from leafproof.client.log_server import LogServer, logs_of
from leafproof.client.rpc import Rpc
from leafproof.envelope import parse
from leafproof.errors import Malformed
from leafproof.replay.replay import replay
from leafproof.replay.report import Discrepancy
from leafproof.replay.source import Entry
from leafproof.witness import Seen
from tests.faults.gateway import Gateway
from tests.faults.stage import Stage

_SHOWN = 5  # of one kind of finding


@dataclass
class Logged:
    """A frame as the log has it."""

    index: int
    epoch: int
    sequence: int
    statement: bytes
    readings: list[tuple[int, Decimal]]


@dataclass
class Account:
    """What the invariants found: how much is lost or doubled, and everything that broke one, in words."""

    lost: int = 0
    duplicated: int = 0
    broken: list[str] = field(default_factory=list)


class Recorded(LogServer):
    """The log as a reader gets it; what passes by is kept, and its roots are compared with the chain's."""

    def __init__(self, server: LogServer, chain: ChainView, seen: Seen) -> None:
        self.__dict__.update(server.__dict__)
        self.frames: dict[bytes, list[Logged]] = {}
        self.statements: Counter[bytes] = Counter()
        self.unlike: list[int] = []  # sizes of anchored heads that are no prefix
        self._heads = {head.size: head.root for head in chain.logs[server.ref.log_id].heads}
        self._seen = seen
        self.root_of_seen = tree.EMPTY_ROOT  # of as many entries as the witness saw
        self.longest = max(self._heads, default=0)

    def entries(self) -> Iterator[Entry | None]:
        """See `LogSource`."""
        frontier = tree.Frontier()
        for index, entry in enumerate(super().entries()):
            if entry is not None:
                with suppress(Malformed):  # replay says so; what the frame held counts as lost
                    self._keep(index, entry)
                frontier.append(tree.leaf_hash(entry.envelope))
                if self._heads.get(index + 1, frontier.root()) != frontier.root():
                    self.unlike.append(index + 1)
                if index + 1 == self._seen.size:
                    self.root_of_seen = frontier.root()
            yield entry

    def _keep(self, index: int, entry: Entry) -> None:
        envelope = parse(entry.envelope)
        self.statements[envelope.statement_id] += 1
        place = envelope.header.frame
        if place is None or entry.body is None:
            return
        readings = [
            (time, Decimal(number))
            for series in frame.decode_body(entry.body).series
            for time, number in zip(series.times, series.numbers, strict=True)
        ]
        kept = Logged(index, place.epoch, place.sequence, envelope.statement_id, readings)
        self.frames.setdefault(envelope.key_id, []).append(kept)


def examine(stage: Stage, leaves: Mapping[str, int], *, reorders: bool) -> Account:
    """Read the whole log as an auditor does, and hold it against what the gateways have; `leaves`: what replay must
    find newly, by kind."""
    with Rpc(stage.node.url) as rpc:
        chain = read_chain(rpc, stage.site.trust)
    seen = stage.witness.seen  # before the log, which grows
    (server,) = logs_of(stage.url, stage.site.api_key)
    log = Recorded(server, chain, seen)
    report = replay(log, stage.site.trust, chain)
    account = Account()
    for gateway in stage.gateways:
        frames = log.frames.get(gateway.key_id, [])
        new = [(one.epoch, one.sequence) for one in frames if one.index >= stage.examined]
        if not reorders and new != sorted(new):
            account.broken.append(
                f"{gateway.name}: frames stand in the log in another order than they were signed"
            )
        _whole(account, gateway, frames)
    stage.examined = log.size
    for sender in stage.senders:
        _sent(account, sender.stream.name, sender.made, log.statements)
        logged = sum(log.statements[one] for one in sender.refused)
        if logged:
            account.broken.append(f"{sender.stream.name}: {logged} frames are in the log that must not be there")
    _promised(account, stage, log)
    if log.unlike or log.longest > log.size:
        sizes = [*log.unlike, *([log.longest] if log.longest > log.size else [])]
        account.broken.append(f"anchored heads of {sizes[:_SHOWN]} entries are no prefix of the log")
    _witnessed(account, seen, log.root_of_seen)
    _replayed(account, stage, [*report.discrepancies, *report.notes], leaves)
    return account


def _whole(account: Account, gateway: Gateway, logged: list[Logged]) -> None:
    custody = gateway.custody()
    if custody.waiting:
        account.broken.append(f"{gateway.name}: {custody.waiting} frames were never acknowledged")
    ordered = sorted(logged, key=lambda one: (one.epoch, one.sequence))
    if not ordered or (ordered[-1].epoch, ordered[-1].sequence) != (custody.epoch, custody.sequence):
        account.broken.append(f"{gateway.name}: its last frame is not in the log")
    wanted = gateway.rows[: custody.taken]
    found = [reading for one in ordered for reading in one.readings]
    lost, doubled = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted) - gateway.again
    account.lost += lost.total()
    account.duplicated += doubled.total()
    if lost or doubled:
        account.broken.append(f"{gateway.name}: {lost.total()} readings lost, {doubled.total()} too many")
    elif list(dict.fromkeys(found)) != wanted:
        account.broken.append(f"{gateway.name}: its readings stand in another order than it took them")


def _sent(account: Account, name: str, made: list[bytes], statements: Counter[bytes]) -> None:
    lost = sum(not statements[one] for one in made)
    doubled = sum(max(0, statements[one] - 1) for one in made)
    account.lost += lost
    account.duplicated += doubled
    if lost or doubled:
        account.broken.append(f"{name}: {lost} frames lost, {doubled} too many")


def _promised(account: Account, stage: Stage, log: Recorded) -> None:
    for (key_id, epoch), (sequence, index) in stage.promises.highest.items():
        # Of two frames at one place the acknowledgement means the first.
        held: dict[int, int] = {}
        for one in log.frames.get(key_id, []):
            if one.epoch == epoch:
                held.setdefault(one.sequence, one.index)
        missing = [number for number in range(sequence + 1) if held.get(number, index + 1) > index]
        if missing:
            account.lost += len(missing)
            who = key_id.hex()[:8]
            account.broken.append(f"acknowledged, but not in the log: {who}, epoch {epoch}, {missing[:_SHOWN]}")


def _witnessed(account: Account, seen: Seen, root: bytes) -> None:
    account.broken += [f"the witness is alarmed: {alarm.message}" for alarm in seen.alarms[:_SHOWN]]
    if seen.root != root.hex():
        account.broken.append(f"the head of {seen.size} entries that the witness cosigned is no prefix of the log")


def _replayed(account: Account, stage: Stage, found: list[Discrepancy], leaves: Mapping[str, int]) -> None:
    new = [one for one in found if (one.kind, one.index, one.message) not in stage.known]
    stage.known.update((one.kind, one.index, one.message) for one in new)
    counted = Counter(one.kind for one in new)
    if counted == Counter(leaves):
        return
    account.broken.append(f"replay finds {dict(counted) or 'nothing'}, and should {dict(leaves) or 'nothing'}")
    account.broken += [f"entry {one.index}: {one.kind}: {one.message}" for one in new[:_SHOWN]]
