"""Access tiers: who may read a body. Each tier sees what the tiers below it see.

Which body is for whom by default follows from what it tells: a record, a footprint and a factor set are made to
be shown (their sensitive fields are selective disclosures with tiers of their own), a metering plan names a
plant's lines and meters, an energy period its whole output, and a frame is a load curve.
"""

from __future__ import annotations

from enum import IntEnum

from leafproof import body

__all__ = ["Tier", "default_tier"]


class Tier(IntEnum):
    """Stored as its number; compared by it."""

    PUBLIC = 0
    BUYER = 1
    AUTHORITY = 2
    AUDITOR = 3

    @property
    def word(self) -> str:
        """As scopes and answers write it."""
        return self.name.lower()


_DEFAULTS = {
    body.METERING_PLAN: Tier.AUTHORITY,
    body.ENERGY_PERIOD: Tier.AUTHORITY,
    body.BATCH_RECORD: Tier.PUBLIC,
    body.FOOTPRINT: Tier.PUBLIC,
    body.FACTOR_SET: Tier.PUBLIC,
    body.DECLARED_FOOTPRINT: Tier.PUBLIC,
    body.OPINION: Tier.PUBLIC,
    body.CORRECTION: Tier.PUBLIC,
    body.LIFECYCLE_STAGE: Tier.PUBLIC,
    body.CANCELLATION: Tier.PUBLIC,
    body.SCHEME: Tier.PUBLIC,
    body.ACCREDITATION: Tier.PUBLIC,
    body.LABEL: Tier.PUBLIC,
    body.LABEL_CHANGE: Tier.PUBLIC,
    body.RECOGNITION: Tier.PUBLIC,
    body.LIVING_LIST: Tier.PUBLIC,
    body.REMARK: Tier.PUBLIC,
    body.CLASSIFIED: Tier.PUBLIC,
}


def default_tier(content_type: str) -> Tier:
    """The tier of a body of this content type; a type that is not known is for auditors alone, as frames are."""
    return _DEFAULTS.get(content_type, Tier.AUDITOR)
