"""From the contracts' events to what a reader judges by: a state machine without I/O.

What must hold:

1. events come in the chain's order (block number, log index), each from a block that the reader knows by hash;
2. what the contracts would never emit (a head that does not grow, a version left out, a lot minted twice, an id
   that is not the hash it should be) raises `Malformed`: the node left something out, or made it up;
3. a key counts only with a valid proof of possession, checked here since the chain does not; of two operators
   with a valid proof for one key id, the first stands; keys of whoever was not an admitted operator are not used;
4. an attestation counts only from a registrar that was accredited at that moment, until it is withdrawn.

A reader may fold a part of the events (one lot's, one log's), as long as it has all events of what it asks about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from eth_hash.auto import keccak

from leafproof.chain import events as ev
from leafproof.chain import possession
from leafproof.chain.certificates import Certificates
from leafproof.chain.labels import Labels, LivingList
from leafproof.chain.places import Block, Contracts, Event
from leafproof.chain.rules import Impossible, require
from leafproof.chain.view import (
    SHARES,
    Address,
    ChainView,
    Consumption,
    Head,
    LogRecord,
    LotRecord,
    Moment,
    Operator,
    RecordVersion,
    RegisteredKey,
    Retirement,
    Transfer,
)
from leafproof.errors import Malformed


@dataclass(frozen=True, slots=True)
class Identity:
    """Which chain was read: id, hash of block 0, SHA-256 of each trusted contract's runtime code."""

    chain_id: int
    genesis: bytes
    code_hashes: Mapping[Address, bytes]


def fold(
    contracts: Contracts,
    identity: Identity,
    events: Iterable[Event],
    blocks: Mapping[int, Block],
    at: Block,
) -> ChainView:
    """The chain as it stands at block `at`. `events` in any order; `blocks` has a header for each of their blocks.

    Raises `Malformed` when the events cannot have come from these contracts on one chain.
    """
    state = ChainState(contracts, identity)
    for event in sorted(events, key=lambda e: (e.place.block_number, e.place.log_index)):
        block = blocks.get(event.place.block_number)
        if block is None or event.place.block_number > at.number:
            raise Malformed(f"event in {event.place}", "its block is not one of those read")
        state.apply(event, block)
    return state.view(at)


class ChainState:
    """What the events so far amount to; `apply` takes the next one, `view` gives it to a reader."""

    def __init__(self, contracts: Contracts, identity: Identity) -> None:
        self._contracts = contracts
        self._identity = identity
        self._last = (-1, -1)
        self._logs: dict[bytes, LogRecord] = {}
        self._heads: dict[bytes, list[Head]] = {}
        self._operators: dict[Address, Operator] = {}
        self._registrars: dict[Address, str] = {}
        self._keys: dict[tuple[Address, bytes], RegisteredKey] = {}
        self._first: dict[bytes, Address] = {}
        self._unproven: dict[bytes, None] = {}
        self._lots: dict[bytes, LotRecord] = {}
        self._transfers: list[Transfer] = []
        self._certificates, self._labels, self._list = Certificates(), Labels(), LivingList()
        own = {kind: partial(handler, self) for kind, handler in _HANDLERS.items()}
        parts = (self._certificates, self._labels, self._list)
        self._handlers: dict[type[Any], Callable[[Any, Moment], None]] = {
            **own,
            **{kind: handler for part in parts for kind, handler in part.handlers().items()},
        }

    def apply(self, event: Event, block: Block) -> None:
        """Take the next event, of `block`; raises `Malformed` if it cannot follow what came before."""
        place = event.place
        if (place.block_number, place.log_index) <= self._last:
            raise Malformed(f"event in {place}", "comes twice, or out of order")
        if (place.block_number, place.block_hash) != (block.number, block.hash):
            raise Malformed(f"event in {place}", "is of another chain than its block")
        self._last = (place.block_number, place.log_index)
        handler = self._handlers.get(type(event))
        if handler is None:
            return
        try:
            handler(event, Moment(block.number, block.hash, block.time, place.log_index))
        except Impossible as error:
            raise Malformed(f"event in {place}", str(error)) from None

    def view(self, at: Block) -> ChainView:
        """The chain at block `at`; raises `Malformed` if a lot's events are not complete."""
        for lot in self._lots.values():
            if not lot.versions:
                raise Malformed("lot", f"{lot.lot_id.hex()} was minted without a record")
        return ChainView(
            chain_id=self._identity.chain_id,
            genesis=self._identity.genesis,
            code_hashes=dict(self._identity.code_hashes),
            at=Moment(at.number, at.hash, at.time),
            logs={i: replace(log, heads=tuple(self._heads[i])) for i, log in self._logs.items()},
            operators=dict(self._operators),
            registrars=dict(self._registrars),
            keys={key_id: self._keys[owner, key_id] for key_id, owner in self._first.items()},
            lots=dict(self._lots),
            transfers=tuple(self._transfers),
            unproven_keys=tuple(k for k in self._unproven if k not in self._first),
            registries=dict(self._certificates.registries),
            claims=tuple(self._certificates.claims),
            schemes=dict(self._labels.schemes),
            accreditations=tuple(self._labels.accreditations),
            labels=dict(self._labels.labels),
            markets=dict(self._labels.markets),
            recognitions=tuple(self._labels.recognitions),
            list_versions=tuple(self._list.versions),
            list_refusals=tuple(self._list.refusals),
            list_proposals=frozenset(self._list.proposals),
        )

    def _opened(self, event: ev.Opened, _: Moment) -> None:
        require(event.log_id not in self._logs, "the log was opened before")
        self._logs[event.log_id] = LogRecord(event.log_id, event.owner, event.name)
        self._heads[event.log_id] = []

    def _extended(self, event: ev.Extended, moment: Moment) -> None:
        log = self._log(event.log_id)
        heads = self._heads[event.log_id]
        require(not log.sealed, "the log was sealed before")
        require(event.size > (heads[-1].size if heads else 0), "the head does not grow")
        heads.append(Head(event.size, event.root, moment))

    def _log_transferred(self, event: ev.LogTransferred, _: Moment) -> None:
        log = self._log(event.log_id)
        require(log.owner == event.previous, "the log was another's")
        self._logs[event.log_id] = replace(log, owner=event.owner)

    def _sealed(self, event: ev.Sealed, _: Moment) -> None:
        log = self._log(event.log_id)
        require(not log.sealed, "the log was sealed before")
        self._logs[event.log_id] = replace(log, sealed=True)

    def _log(self, log_id: bytes) -> LogRecord:
        require(log_id in self._logs, "the log was never opened")
        return self._logs[log_id]

    def _admitted(self, event: ev.OperatorAdmitted, moment: Moment) -> None:
        known = self._operators.get(event.operator)
        require(known is None or known.removed is not None, "the operator was admitted before")
        before = (*known.before, replace(known, before=())) if known else ()
        self._operators[event.operator] = Operator(event.operator, event.identifier, moment, before=before)

    def _removed(self, event: ev.OperatorRemoved, moment: Moment) -> None:
        require(self._is_operator(event.operator), "no such operator was admitted")
        self._operators[event.operator] = replace(self._operators[event.operator], removed=moment)

    def _is_operator(self, address: Address) -> bool:
        operator = self._operators.get(address)
        return operator is not None and operator.removed is None

    def _accredited(self, event: ev.RegistrarAccredited, _: Moment) -> None:
        require(event.registrar not in self._registrars, "the registrar was accredited before")
        self._registrars[event.registrar] = event.name

    def _withdrawn(self, event: ev.RegistrarWithdrawn, _: Moment) -> None:
        require(event.registrar in self._registrars, "no such registrar was accredited")
        del self._registrars[event.registrar]

    def _registered(self, event: ev.KeyRegistered, moment: Moment) -> None:
        place = (event.operator, event.key_id)
        require(place not in self._keys, "the operator registered this key before")
        claim = possession.Claim(
            self._identity.chain_id,
            self._contracts.keys,
            event.operator,
            event.role,
            event.log_id,
            event.issuer,
        )
        self._keys[place] = RegisteredKey(
            event.key_id, event.operator, event.role, event.log_id, event.issuer, event.cose, moment
        )
        if not self._is_operator(event.operator):
            return
        if possession.holds(event.cose, claim, event.proof):
            self._first.setdefault(event.key_id, event.operator)
        else:
            self._unproven[event.key_id] = None

    def _key(self, operator: Address, key_id: bytes) -> RegisteredKey:
        require((operator, key_id) in self._keys, "the key was never registered")
        return self._keys[operator, key_id]

    def _attested(self, event: ev.KeyAttested, _: Moment) -> None:
        key = self._key(event.operator, event.key_id)
        if event.registrar in self._registrars and event.registrar not in key.attested_by:
            self._put(replace(key, attested_by=(*key.attested_by, event.registrar)))

    def _unattested(self, event: ev.AttestationWithdrawn, _: Moment) -> None:
        key = self._key(event.operator, event.key_id)
        self._put(replace(key, attested_by=tuple(r for r in key.attested_by if r != event.registrar)))

    def _retired(self, event: ev.KeyRetired, moment: Moment) -> None:
        key = self._key(event.operator, event.key_id)
        require(key.retired is None and key.compromised is None, "the key was not in force")
        self._put(replace(key, retired=Retirement(event.epoch, event.last_sequence, moment)))

    def _compromised(self, event: ev.KeyCompromised, moment: Moment) -> None:
        key = self._key(event.operator, event.key_id)
        require(key.compromised is None, "the key was compromised before")
        self._put(replace(key, compromised=moment))

    def _put(self, key: RegisteredKey) -> None:
        self._keys[key.operator, key.key_id] = key

    def _consumed(self, event: ev.Consumed, _: Moment) -> None:
        require(event.child in self._lots, "the lot was never minted")
        lot = self._lots[event.child]
        # LotRegistry.mint: the lot, its first record, what it consumes; nothing adds to it later.
        require(len(lot.versions) == 1, "a lot takes inputs only when it is minted")
        require(0 < event.shares <= SHARES, "more shares than a lot has")
        spent = Consumption(event.parent, event.shares)
        self._lots[event.child] = replace(lot, inputs=(*lot.inputs, spent))

    def _minted(self, event: ev.LotMinted, _: Moment) -> None:
        require(event.lot_id not in self._lots, "the lot was minted before")
        lot_id = keccak(event.operator.rjust(32, b"\x00") + event.lot_hash)  # LotRegistry.lotIdOf
        require(lot_id == event.lot_id, "the lot's id is not the hash of operator and lot")
        self._lots[event.lot_id] = LotRecord(
            event.lot_id, event.operator, event.lot_hash, (), custody=event.custody
        )

    def _record_set(self, event: ev.RecordSet, moment: Moment) -> None:
        require(event.lot_id in self._lots, "the lot was never minted")
        lot = self._lots[event.lot_id]
        require(event.version == len(lot.versions) + 1, "a version of the record was left out")
        version = RecordVersion(event.version, event.log_id, event.leaf, event.index, moment)
        self._lots[event.lot_id] = replace(lot, versions=(*lot.versions, version))

    def _transferred(self, event: ev.Transferred, moment: Moment) -> None:
        for lot_id, shares in event.lots:
            require(shares <= SHARES, "more shares than a lot has")
            # ERC-1155 lets anybody move nothing of any token: not a transfer of a lot.
            if shares:
                self._transfers.append(Transfer(lot_id, event.sender, event.receiver, shares, moment))


_HANDLERS: dict[type[Any], Callable[[ChainState, Any, Moment], None]] = {
    ev.Opened: ChainState._opened,
    ev.Extended: ChainState._extended,
    ev.LogTransferred: ChainState._log_transferred,
    ev.Sealed: ChainState._sealed,
    ev.OperatorAdmitted: ChainState._admitted,
    ev.OperatorRemoved: ChainState._removed,
    ev.RegistrarAccredited: ChainState._accredited,
    ev.RegistrarWithdrawn: ChainState._withdrawn,
    ev.KeyRegistered: ChainState._registered,
    ev.KeyAttested: ChainState._attested,
    ev.AttestationWithdrawn: ChainState._unattested,
    ev.KeyRetired: ChainState._retired,
    ev.KeyCompromised: ChainState._compromised,
    ev.Consumed: ChainState._consumed,
    ev.LotMinted: ChainState._minted,
    ev.RecordSet: ChainState._record_set,
    ev.Transferred: ChainState._transferred,
}
