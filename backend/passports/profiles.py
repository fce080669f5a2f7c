"""A lot's footprints by several method profiles, side by side, and why they differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import msgspec
from sqlalchemy import Connection

from backend.footprints import repository
from backend.passports.material import Material
from leafproof import numbers, profile
from leafproof.errors import InvalidInput
from leafproof.footprint import Footprint, factors_used
from leafproof.profile import Profile, ProfileRef, RuleWords
from leafproof.values import Lot

# Rules whose parameters move the number of any lot; how co-products share moves it where there are some.
_MOVING = (profile.Weights, profile.Boundary, profile.Electricity, profile.Carbon, profile.Overhead)
_WORDS = {"id", "text_en", "text_zh", "source", "reading"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a profile refuses of a lot: its rule's id, and what breaks it, in this server's words."""

    profile: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one profile gives another number: its rule, or the factors that it went by (rule is None)."""

    rule: RuleWords | None
    subject: str
    factors: str


@dataclass(frozen=True, slots=True)
class Beside:
    """A footprint by another profile than the main one; `difference` is its number less the main one's."""

    ref: ProfileRef
    profile: Profile
    footprint: Footprint
    difference: Decimal
    reasons: tuple[Reason, ...]


def refusals(connection: Connection, lot: Lot) -> tuple[Refusal, ...]:
    """Why the lot has no footprint by some profiles."""
    rows = repository.refused(connection, str(lot.gtin), str(lot.code))
    return tuple(Refusal(r["profile"], r["rule"], r["reason"]) for r in rows)


def known(footprint: Footprint) -> Profile | None:
    """The profile that a footprint names, if this version has it."""
    try:
        return profile.named(footprint.profile)
    except InvalidInput:
        return None


def beside(material: Material) -> tuple[Beside, ...]:
    """The lot's footprints of the same record by other profiles than the main one's."""
    main = material.footprint
    if main is None:
        return ()
    newest = {
        f.content.profile.id: f.content
        for f in material.footprints.values()
        if f.content.of == material.lot and f.content.record == main.content.record
    }
    mine = known(main.content)
    found = []
    for name, other in newest.items():
        theirs = known(other)
        if name == main.content.profile.id or theirs is None or mine is None:
            continue
        difference = numbers.difference(Decimal(other.per_tonne), Decimal(main.content.per_tonne))
        reasons = (*_rules(mine, theirs, main.content), *_factors(main.content, other))
        found.append(Beside(other.profile, theirs, other, difference, tuple(reasons)))
    return tuple(found)


def _rules(mine: Profile, theirs: Profile, main: Footprint) -> Iterable[Reason]:
    kinds = (*_MOVING, profile.Sharing) if main.allocation.method != "none" else _MOVING
    for kind in kinds:
        other = theirs.rule(kind)
        if _parameters(mine.rule(kind)) != _parameters(other):
            yield Reason(other, "", "")


def _parameters(rule: msgspec.Struct) -> dict[str, object]:
    found = {k: v for k, v in msgspec.structs.asdict(rule).items() if k not in _WORDS}
    found.pop("excluded", None)  # in words: what moves the number stands in the other parameters
    found.pop("lumps", None)
    return found


def _factors(main: Footprint, other: Footprint) -> Iterable[Reason]:
    mine = factors_used(main)
    for subject, refs in factors_used(other).items():
        if subject in mine and mine[subject] != refs:
            yield Reason(None, subject, " + ".join(ref.id for ref in refs))
