"""Events of TransparencyLog, KeyRegistry and LotRegistry as typed values (contracts/interfaces say when each is
emitted); those of the other contracts are in `claim_events` and `label_events`."""

from __future__ import annotations

from dataclasses import dataclass

from leafproof.chain.places import Place
from leafproof.chain.view import Address, Custody, Role


@dataclass(frozen=True, slots=True)
class Opened:
    """TransparencyLog: a log was opened."""

    place: Place
    log_id: bytes
    owner: Address
    name: str


@dataclass(frozen=True, slots=True)
class Extended:
    """TransparencyLog: a log's head moved on."""

    place: Place
    log_id: bytes
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class LogTransferred:
    """TransparencyLog: a log has a new owner."""

    place: Place
    log_id: bytes
    previous: Address
    owner: Address


@dataclass(frozen=True, slots=True)
class Sealed:
    """TransparencyLog: a log takes no more heads; `successor` is zero if it ends there."""

    place: Place
    log_id: bytes
    successor: bytes


@dataclass(frozen=True, slots=True)
class OperatorAdmitted:
    """KeyRegistry: an operator was admitted under its legal identity."""

    place: Place
    operator: Address
    identifier: str


@dataclass(frozen=True, slots=True)
class OperatorRemoved:
    """KeyRegistry: an operator was removed."""

    place: Place
    operator: Address


@dataclass(frozen=True, slots=True)
class RegistrarAccredited:
    """KeyRegistry: a registrar may attest from here on."""

    place: Place
    registrar: Address
    name: str


@dataclass(frozen=True, slots=True)
class RegistrarWithdrawn:
    """KeyRegistry: a registrar may attest no more."""

    place: Place
    registrar: Address


@dataclass(frozen=True, slots=True)
class KeyRegistered:
    """KeyRegistry: an operator named a key its own; `proof` is to be checked by the reader."""

    place: Place
    key_id: bytes
    operator: Address
    role: Role
    log_id: bytes
    issuer: str
    cose: bytes
    proof: bytes


@dataclass(frozen=True, slots=True)
class KeyAttested:
    """KeyRegistry: a registrar vouches for a key."""

    place: Place
    key_id: bytes
    operator: Address
    registrar: Address
    evidence: bytes


@dataclass(frozen=True, slots=True)
class AttestationWithdrawn:
    """KeyRegistry: a registrar took its attestation back."""

    place: Place
    key_id: bytes
    operator: Address
    registrar: Address


@dataclass(frozen=True, slots=True)
class KeyRetired:
    """KeyRegistry: a key's orderly end."""

    place: Place
    key_id: bytes
    operator: Address
    epoch: int
    last_sequence: int


@dataclass(frozen=True, slots=True)
class KeyCompromised:
    """KeyRegistry: a key is not to be trusted from here on."""

    place: Place
    key_id: bytes
    operator: Address


@dataclass(frozen=True, slots=True)
class LotMinted:
    """LotRegistry: a lot came into being; `lot_hash` stands for GTIN and lot code."""

    place: Place
    lot_id: bytes
    operator: Address
    lot_hash: bytes
    custody: Custody


@dataclass(frozen=True, slots=True)
class RecordSet:
    """LotRegistry: a lot's current record is this leaf."""

    place: Place
    lot_id: bytes
    version: int
    log_id: bytes
    leaf: bytes
    index: int


@dataclass(frozen=True, slots=True)
class Consumed:
    """LotRegistry: shares of `parent` became part of `child`."""

    place: Place
    child: bytes
    parent: bytes
    operator: Address
    shares: int


@dataclass(frozen=True, slots=True)
class Transferred:
    """LotRegistry (ERC-1155, single or batch): shares changed hands; `lots` pairs lot id and shares."""

    place: Place
    caller: Address
    sender: Address
    receiver: Address
    lots: tuple[tuple[bytes, int], ...]


@dataclass(frozen=True, slots=True)
class Other:
    """An event of a trusted contract that changes nothing a reader judges by."""

    place: Place
    name: str
