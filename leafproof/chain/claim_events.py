"""Events of CertificateClaims as typed values (contracts/interfaces/ICertificateClaims.sol)."""

from __future__ import annotations

from dataclasses import dataclass

from leafproof.chain.places import Place
from leafproof.chain.view import Address


@dataclass(frozen=True, slots=True)
class RegistryAdmitted:
    """Serials of this registry can be claimed."""

    place: Place
    registry: bytes
    name: str


@dataclass(frozen=True, slots=True)
class RegistryRemoved:
    """Serials of this registry can be claimed no more; claims stay."""

    place: Place
    registry: bytes


@dataclass(frozen=True, slots=True)
class RegistrarAppointed:
    """A registrar speaks for a registry."""

    place: Place
    registry: bytes
    registrar: Address


@dataclass(frozen=True, slots=True)
class RegistrarDismissed:
    """A registrar speaks no more for a registry."""

    place: Place
    registry: bytes
    registrar: Address


@dataclass(frozen=True, slots=True)
class Claimed:
    """Serials `first` to `last` are claimed for `subject`."""

    place: Place
    subject: bytes
    registry: bytes
    operator: Address
    first: int
    last: int
    cancellation: bytes


@dataclass(frozen=True, slots=True)
class FootprintNamed:
    """A footprint of the claim's subject uses the claim."""

    place: Place
    subject: bytes
    registry: bytes
    version: int
    first: int
    footprint: bytes


@dataclass(frozen=True, slots=True)
class ClaimAttested:
    """`Attested`: the registry cancelled the serials for the claimant; `evidence` is the hash of its word."""

    place: Place
    subject: bytes
    registry: bytes
    registrar: Address
    first: int
    evidence: bytes


@dataclass(frozen=True, slots=True)
class ClaimRejected:
    """`Rejected`: the registry did not, and the claim is void."""

    place: Place
    subject: bytes
    registry: bytes
    registrar: Address
    first: int
    reason: bytes
