"""Events of LabelRegistry and Classification as typed values (contracts/interfaces say when each is emitted)."""

from __future__ import annotations

from dataclasses import dataclass

from leafproof.chain.places import Place
from leafproof.chain.view import Address


@dataclass(frozen=True, slots=True)
class SchemeAdmitted:
    """A scheme may have labels, by the certifiers that its owner accredits."""

    place: Place
    scheme: bytes
    owner: Address
    name: str


@dataclass(frozen=True, slots=True)
class SchemeRemoved:
    """No more labels are issued under the scheme."""

    place: Place
    scheme: bytes


@dataclass(frozen=True, slots=True)
class SchemeTransferred:
    """A scheme has a new owner."""

    place: Place
    scheme: bytes
    previous: Address
    owner: Address


@dataclass(frozen=True, slots=True)
class SchemePublished:
    """Scope and criteria of a scheme, version by version."""

    place: Place
    scheme: bytes
    version: int
    content: bytes


@dataclass(frozen=True, slots=True)
class CertifierAccredited:
    """A certifier may issue labels of the scheme, in this time and scope; replaces what was said before."""

    place: Place
    scheme: bytes
    certifier: Address
    start: int
    until: int
    scope: bytes


@dataclass(frozen=True, slots=True)
class AccreditationWithdrawn:
    """A certifier's accreditation ended."""

    place: Place
    scheme: bytes
    certifier: Address


@dataclass(frozen=True, slots=True)
class LabelIssued:
    """A label was issued for `subject`, by the scheme's criteria of `version`."""

    place: Place
    label: bytes
    subject: bytes
    certifier: Address
    scheme: bytes
    statement: bytes
    version: int
    start: int
    until: int


@dataclass(frozen=True, slots=True)
class LabelSuspended:
    """A label counts no more for the time being."""

    place: Place
    label: bytes
    by: Address
    reason: bytes


@dataclass(frozen=True, slots=True)
class LabelResumed:
    """A suspended label counts again."""

    place: Place
    label: bytes
    by: Address


@dataclass(frozen=True, slots=True)
class LabelRevoked:
    """A label counts no more, ever."""

    place: Place
    label: bytes
    by: Address
    reason: bytes


@dataclass(frozen=True, slots=True)
class MarketAdmitted:
    """A market has an authority, or a new one."""

    place: Place
    market: bytes
    authority: Address
    name: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """A market accepts `accepted` of a scheme for goods of `category`; replaces what was said before."""

    place: Place
    market: bytes
    scheme: bytes
    category: bytes
    accepted: int
    start: int
    until: int
    agreement: bytes


@dataclass(frozen=True, slots=True)
class RecognitionWithdrawn:
    """A market recognises a scheme no more for goods of `category`."""

    place: Place
    market: bytes
    scheme: bytes
    category: bytes


@dataclass(frozen=True, slots=True)
class Proposed:
    """Classification: a content is open for comment."""

    place: Place
    content: bytes
    by: Address


@dataclass(frozen=True, slots=True)
class Refused:
    """Classification: the authority does not adopt a proposal."""

    place: Place
    content: bytes
    reason: bytes


@dataclass(frozen=True, slots=True)
class Adopted:
    """Classification: a proposal is version `version`, in force from a time."""

    place: Place
    version: int
    content: bytes
    in_force_from: int
