"""What a reader takes from the chain: plain values, decoded from the contracts' events up to one final block.

Verification and replay judge by this alone; how it was fetched is another matter (`leafproof.client`).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from functools import lru_cache

from eth_hash.auto import keccak

from leafproof.values import Lot

SHARES = 10**18  # of every lot, LotRegistry.sol
# Seconds from a record's anchor in which its lot's pointer may still be under way, by the chain's own clock. The
# pointer is a transaction that is sent once the anchor is final, behind all others of its signer, one at a time:
# minutes on a quiet day, longer when many lots are recorded at once. After that its absence counts.
POINTER_GRACE = 3600
# Seconds from the adoption of a list's version in which lots may still be classified by the one before it, by the
# chain's own clock. A maker's server knows a version only when its adoption is final: some blocks, more where it
# catches up with the chain. As with `POINTER_GRACE`, nobody is blamed in that time.
ADOPTION_GRACE = 3600
Address = bytes  # 20 bytes


class Role(IntEnum):
    """What a registered key may sign (KeyRegistry.sol): statements, frames, or a log's notices and receipts."""

    ISSUER = 0
    GATEWAY = 1
    LOG = 2


class Custody(IntEnum):
    """Chain of custody between a lot and what went into it, in the terms of ISO 22095 (LotRegistry.sol)."""

    NOT_STATED = 0
    IDENTITY_PRESERVED = 1
    SEGREGATED = 2
    CONTROLLED_BLENDING = 3
    MASS_BALANCE = 4
    BOOK_AND_CLAIM = 5


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

    def last_without(self, index: int) -> Head | None:
        """The newest head that does not have entry `index`: at its block, the entry was not in the log."""
        place = bisect_right(self.heads, index, key=lambda h: h.size)
        return self.heads[place - 1] if place else None

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
    custody: Custody = Custody.NOT_STATED

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
class NamedFootprint:
    """The footprint statement that used a claim from `moment` on."""

    version: int
    footprint: bytes
    moment: Moment


@dataclass(frozen=True, slots=True)
class Attestation:
    """A registry's word, by one of its registrars; `evidence` is the hash of its document."""

    registrar: Address
    evidence: bytes
    moment: Moment


@dataclass(frozen=True, slots=True)
class Claim:
    """Serials `first` to `last` of a certificates' registry, claimed for `subject`; a rejected claim is void."""

    registry: bytes
    first: int
    last: int
    operator: Address
    cancellation: bytes
    subject: bytes
    moment: Moment
    footprints: tuple[NamedFootprint, ...] = ()
    attested: Attestation | None = None
    rejected: Moment | None = None


@dataclass(frozen=True, slots=True)
class Scheme:
    """A label's scheme; `published` are the ids of its criteria, version 1 first."""

    scheme: bytes
    name: str
    owner: Address
    published: tuple[bytes, ...] = ()
    removed: Moment | None = None


@dataclass(frozen=True, slots=True)
class Accreditation:
    """A certifier's, for labels of a scheme, from `start` until `until` (Unix seconds); no scope: all of it."""

    scheme: bytes
    certifier: Address
    start: int
    until: int
    scope: bytes
    moment: Moment
    ended: Moment | None = None


class LabelStatus(Enum):
    """What the chain says of a label; that its time is over, the reader's clock says."""

    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class LabelChange:
    """A label's new status, by its certifier or its scheme's owner; `reason`: a statement's id, or empty."""

    status: LabelStatus
    by: Address
    reason: bytes
    moment: Moment


@dataclass(frozen=True, slots=True)
class LabelRecord:
    """A label on chain: for `subject`, by the scheme's criteria of `version`, valid from `start` until `until`."""

    label: bytes
    scheme: bytes
    subject: bytes
    certifier: Address
    statement: bytes
    version: int
    start: int
    until: int
    issued: Moment
    changes: tuple[LabelChange, ...] = ()

    @property
    def status(self) -> LabelStatus:
        """The newest."""
        return self.changes[-1].status if self.changes else LabelStatus.VALID


@dataclass(frozen=True, slots=True)
class Market:
    """A market, and the account that says what is recognised there."""

    market: bytes
    name: str
    authority: Address


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a market accepts of a scheme for a category (zero: all goods): a sum of 1 test reports, 2 audits,
    4 verifications, 8 certificates; from `start` until `until`, by the statement `agreement`."""

    market: bytes
    scheme: bytes
    category: bytes
    accepted: int
    start: int
    until: int
    agreement: bytes
    moment: Moment
    ended: Moment | None = None


@dataclass(frozen=True, slots=True)
class ListVersion:
    """A version of the living list: the id of its content, and from when it is in force (Unix seconds)."""

    version: int
    content: bytes
    in_force_from: int
    adopted: Moment


@dataclass(frozen=True, slots=True)
class ListRefusal:
    """A proposal that the authority did not adopt, and the id of the statement that says why."""

    content: bytes
    reason: bytes
    refused: Moment


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
    registries: dict[bytes, str] = field(default_factory=dict)  # of certificates, admitted now: names by id
    claims: tuple[Claim, ...] = ()
    schemes: dict[bytes, Scheme] = field(default_factory=dict)
    accreditations: tuple[Accreditation, ...] = ()
    labels: dict[bytes, LabelRecord] = field(default_factory=dict)
    markets: dict[bytes, Market] = field(default_factory=dict)
    recognitions: tuple[Recognition, ...] = ()
    list_versions: tuple[ListVersion, ...] = ()
    list_refusals: tuple[ListRefusal, ...] = ()
    list_proposals: frozenset[bytes] = frozenset()  # contents that wait for the authority's decision

    def lot(self, operator: Address, lot: Lot) -> LotRecord | None:
        """The operator's lot, if it is on chain."""
        return self.lots.get(lot_id(operator, lot))

    def made_at(self, log_id: bytes, index: int, issued_at: int) -> int:
        """The earliest time (Unix seconds) at which the entry at `index`, signed as of `issued_at`, can have been
        there: a signer may name any time, and an anchored head without the entry bounds it from below."""
        log = self.logs.get(log_id)
        head = log.last_without(index) if log else None
        return max(issued_at, head.moment.block_time) if head else issued_at

    def pointer_under_way(self, log_id: bytes, index: int) -> bool:
        """Whether nobody can be blamed yet that no lot points to the record at `index`: it is not anchored, or was
        less than `POINTER_GRACE` ago."""
        return log_id in self.logs and index >= self.settled(log_id)

    def settled(self, log_id: bytes) -> int:
        """How many entries of a log were anchored `POINTER_GRACE` ago or earlier."""
        heads = self.logs[log_id].heads if log_id in self.logs else ()
        older = bisect_right(heads, self.at.block_time - POINTER_GRACE, key=lambda h: h.moment.block_time)
        return heads[older - 1].size if older else 0


def lot_hash(lot: Lot) -> bytes:
    """What stands on chain instead of GTIN and lot code: keccak-256 of `<14 digits>/<lot code>`."""
    return bytes(keccak(str(lot).encode("ascii")))


@lru_cache(maxsize=4096)  # every check of a bundle asks for the same few
def lot_id(operator: Address, lot: Lot) -> bytes:
    """The ERC-1155 token id: keccak-256(abi.encode(operator, lot hash))."""
    return bytes(keccak(operator.rjust(32, b"\x00") + lot_hash(lot)))
