"""A label scheme's criteria as data, each checked by a machine or attested by the certifier.

| kind | members | met when |
|---|---|---|
| footprint | profile, at_most | the lot's footprint by that method profile is at most so many kg CO2e per tonne |
| primary share | profile, at_least | its primary data share, from 0 to 1, is at least that (PACT Methodology) |
| opinion | assurance | a verifier other than the maker stands by the declared footprint, at that level or above |
| labelled inputs | scheme | each input lot had a valid label of that scheme when this one was issued |
| attested | text | the certifier says so, and by what |

A scheme compares by one profile only: numbers by different methods are never held against one bound.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from leafproof import units
from leafproof.errors import InvalidInput
from leafproof.footprint import Footprint
from leafproof.opinion import Assurance

MAX_TEXT = 2000
Kind = Literal["footprint", "primary share", "opinion", "labelled inputs", "attested"]
# The members that each kind has, and no other.
_MEMBERS: dict[Kind, tuple[str, ...]] = {
    "footprint": ("profile", "at_most"),
    "primary share": ("profile", "at_least"),
    "opinion": ("assurance",),
    "labelled inputs": ("scheme",),
    "attested": ("text",),
}


class Criterion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module."""

    kind: Kind
    profile: str | None = None
    at_most: str | None = None
    at_least: str | None = None
    assurance: Assurance | None = None
    scheme: str | None = None
    text: str | None = None

    def check(self) -> None:
        """Raises `InvalidInput` naming the member that is missing, or not this kind's."""
        for name in ("profile", "at_most", "at_least", "assurance", "scheme", "text"):
            value = getattr(self, name)
            if (value is not None) != (name in _MEMBERS[self.kind]):
                missing = "is missing" if value is None else "is not this kind's"
                raise InvalidInput(f"criteria.{name}", f"{missing} ({self.kind})")
            if value is not None and not 0 < len(value.strip()) <= MAX_TEXT:
                raise InvalidInput(f"criteria.{name}", f"not 1 to {MAX_TEXT} characters")
        if self.at_most is not None:
            units.parse_decimal(self.at_most, "criteria.at_most")
        if self.at_least is not None and not 0 <= units.parse_decimal(self.at_least, "criteria.at_least") <= 1:
            raise InvalidInput("criteria.at_least", "not from 0 to 1")

    @property
    def words(self) -> str:
        """In one line."""
        match self.kind:
            case "footprint":
                return f"at most {self.at_most} kg CO2e per tonne by {self.profile}"
            case "primary share":
                return f"primary data share at least {self.at_least} by {self.profile}"
            case "opinion":
                return f"an opinion of {self.assurance} assurance or above"
            case "labelled inputs":
                return f"inputs labelled by {self.scheme}"
            case "attested":
                return str(self.text)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the criteria are held against: the lot's footprints by profile; `assurances` of the opinions by others
    that stand by its declared footprint; the texts that the certifier attests; `labelled` tells whether all inputs
    had a valid label of a scheme, None where that cannot be known here."""

    footprints: Mapping[str, Footprint]
    assurances: Collection[str]
    attested: Collection[str] = ()
    labelled: Mapping[str, bool] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a criterion is met, None where the evidence is not here; and what was found."""

    criterion: Criterion
    met: bool | None
    found: str


def evaluate(criterion: Criterion, evidence: Evidence) -> Outcome:
    """Hold one criterion against the evidence."""
    match criterion.kind:
        case "footprint" | "primary share":
            return _number(criterion, evidence.footprints.get(criterion.profile or ""))
        case "opinion":
            enough = {criterion.assurance, "reasonable"} & set(evidence.assurances)
            return Outcome(criterion, bool(enough), ", ".join(sorted(set(evidence.assurances))) or "none")
        case "labelled inputs":
            met = None if evidence.labelled is None else evidence.labelled.get(criterion.scheme or "", False)
            return Outcome(criterion, met, "all" if met else "not all")
        case "attested":
            met = criterion.text in evidence.attested
            return Outcome(criterion, met, "attested" if met else "not attested")


def _number(criterion: Criterion, printed: Footprint | None) -> Outcome:
    if printed is None:
        return Outcome(criterion, None, f"no footprint by {criterion.profile}")
    if criterion.at_most is not None:
        most = units.parse_decimal(criterion.at_most, "at_most")
        met = units.parse_decimal(printed.per_tonne, "per_tonne") <= most
        return Outcome(criterion, met, printed.per_tonne)
    least = units.parse_decimal(criterion.at_least or "1", "at_least")
    share = units.parse_decimal(printed.primary_data_share, "primary_data_share")
    return Outcome(criterion, share >= least, printed.primary_data_share)
