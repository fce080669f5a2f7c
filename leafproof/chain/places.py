"""Where events stand: the contracts that a reader trusts, a place in the chain, a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from leafproof.chain.view import Address


@dataclass(frozen=True, slots=True)
class Contracts:
    """Addresses of the contracts that a reader trusts, 20 bytes each."""

    log: Address
    keys: Address
    lots: Address
    claims: Address
    labels: Address
    classes: Address


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an event stands: events are ordered by block number and log index (unique within a block)."""

    block_number: int
    log_index: int
    block_hash: bytes
    transaction: bytes

    def __str__(self) -> str:
        return f"transaction 0x{self.transaction.hex()} log {self.log_index}"


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header, as far as readers need it; `time` in Unix seconds."""

    number: int
    hash: bytes
    time: int


class Event(Protocol):
    """What any contract of these emitted; which one, its type says."""

    @property
    def place(self) -> Place:
        """Where it stands."""
        ...
