"""What a reader takes from the chain: plain values, decoded from the contracts' events up to one final block.

Verification and replay judge by this alone; how it was fetched is another matter (`leafproof.client`).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache

from eth_hash.auto import keccak

from leafproof.values import Lot

SHARES = 10**18  # of every lot, LotRegistry.sol
# Seconds from a record's anchor in which its lot's pointer may still be under way, by the chain's own clock. The
# pointer is a transaction that is sent once the anchor is final, behind all others of its signer, one at a time:
# minutes on a quiet day, longer when many lots are recorded at once. After that its absence counts.
POINTER_GRACE = 3600
Address = bytes  # 20 bytes


class Role(IntEnum):
    """What a registered key may sign (KeyRegistry.sol): statements, frames, or a log's notices and receipts."""

    ISSUER = 0
    GATEWAY = 1
    LOG = 2


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A block of the chain: number, hash, time in Unix seconds; `log_index` orders events within it."""

    block_number: int
    block_hash: bytes
    block_time: int
    log_index: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """A head of a log that the chain accepted."""

    size: int
    root: bytes
    moment: Moment


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A log opened on chain; its heads in order."""

    log_id: bytes
    owner: Address
    name: str
    heads: tuple[Head, ...] = ()
    sealed: bool = False

    def first_covering(self, index: int) -> Head | None:
        """The earliest head that has entry `index`: when the chain first bounded its time."""
        place = bisect_right(self.heads, index, key=lambda h: h.size)
        return self.heads[place] if place < len(self.heads) else None

    def holds(self, size: int, root: bytes) -> Head | None:
        """The head of that size and root, if the chain accepted it."""
        found = self.first_covering(size - 1)
        return found if found and (found.size, found.root) == (size, root) else None


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator admitted by the registry's authority; `identifier` is its legal identity. `before` holds its
    earlier admissions, each of which ended, in order."""

    address: Address
    identifier: str
    admitted: Moment
    removed: Moment | None = None
    before: tuple[Operator, ...] = ()

    def at(self, anchored: Moment | None) -> Operator | None:
        """The admission under which something stands that was anchored then, or is not anchored yet; None for
        what came after a removal. What was anchored before the first admission stands under that one: a server
        logs while its own registrations are still on their way to the chain."""
        if anchored is None:
            return self if self.removed is None else None
        for place, one in enumerate((*self.before, self)):
            if one.removed is None or anchored < one.removed:
                return one if place == 0 or one.admitted <= anchored else None
        return None


@dataclass(frozen=True, slots=True)
class Retirement:
    """A key's orderly end: frames up to (epoch, last_sequence) still count, whenever they arrive."""

    epoch: int
    last_sequence: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A key in the registry, with a valid proof of possession."""

    key_id: bytes
    operator: Address
    role: Role
    log_id: bytes
    issuer: str
    cose: bytes
    registered: Moment
    attested_by: tuple[Address, ...] = ()
    retired: Retirement | None = None
    compromised: Moment | None = None


@dataclass(frozen=True, slots=True)
class RecordVersion:
    """What a lot pointed to from `moment` on: a leaf of a log."""

    version: int
    log_id: bytes
    leaf: bytes
    index: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class Consumption:
    """Shares of `parent` burnt for the child lot."""

    parent: bytes
    shares: int


@dataclass(frozen=True, slots=True)
class LotRecord:
    """A lot on chain: its operator, its record's versions, what it was made from."""

    lot_id: bytes
    operator: Address
    lot_hash: bytes
    versions: tuple[RecordVersion, ...]
    inputs: tuple[Consumption, ...] = ()

    @property
    def current(self) -> RecordVersion:
        """The newest version."""
        return self.versions[-1]


@dataclass(frozen=True, slots=True)
class Transfer:
    """Shares of a lot that changed hands; mints come from, burns go to, the zero address."""

    lot_id: bytes
    sender: Address
    receiver: Address
    shares: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class ChainView:
    """Everything read up to and including `at`, the newest block that is final for the reader."""

    chain_id: int
    genesis: bytes
    code_hashes: dict[Address, bytes]  # SHA-256 of the deployed bytecode, by contract address
    at: Moment
    logs: dict[bytes, LogRecord] = field(default_factory=dict)
    operators: dict[Address, Operator] = field(default_factory=dict)
    registrars: dict[Address, str] = field(default_factory=dict)
    keys: dict[bytes, RegisteredKey] = field(default_factory=dict)
    lots: dict[bytes, LotRecord] = field(default_factory=dict)
    transfers: tuple[Transfer, ...] = ()
    unproven_keys: tuple[bytes, ...] = ()  # registered without a valid proof of possession: never used

    def lot(self, operator: Address, lot: Lot) -> LotRecord | None:
        """The operator's lot, if it is on chain."""
        return self.lots.get(lot_id(operator, lot))

    def pointer_under_way(self, log_id: bytes, index: int) -> bool:
        """Whether nobody can be blamed yet that no lot points to the record at `index`: it is not anchored, or was
        less than `POINTER_GRACE` ago."""
        log = self.logs.get(log_id)
        if log is None:
            return False
        anchored = log.first_covering(index)
        return anchored is None or self.at.block_time - anchored.moment.block_time < POINTER_GRACE


def lot_hash(lot: Lot) -> bytes:
    """What stands on chain instead of GTIN and lot code: keccak-256 of `<14 digits>/<lot code>`."""
    return bytes(keccak(str(lot).encode("ascii")))


@lru_cache(maxsize=4096)  # every check of a bundle asks for the same few
def lot_id(operator: Address, lot: Lot) -> bytes:
    """The ERC-1155 token id: keccak-256(abi.encode(operator, lot hash))."""
    return bytes(keccak(operator.rjust(32, b"\x00") + lot_hash(lot)))
