"""What the page shows beside a lot's own footprint: the declared one, and where among all lots this one is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from backend.passports.material import Stated
from backend.passports.service import Passport
from leafproof import clock
from leafproof.declared import YEAR, DeclaredFootprint, deviation
from leafproof.opinion import Opinion

SCALE = 1000  # units of length between the least and the greatest lot


@dataclass(frozen=True, slots=True)
class Said:
    """A verifier's opinion; `known`: the server's trust file names him."""

    opinion: Opinion
    issuer: str
    known: bool


@dataclass(frozen=True, slots=True)
class Among:
    """`percent` is the lot's deviation without its sign; `mean` and `lot` are places on a scale of `SCALE` units
    from the least to the greatest lot. `short` says that the period is less than a year; `first` and `last` are
    its days where the plant is."""

    stated: DeclaredFootprint
    statement_id: str
    entry: int
    percent: str | None
    below: bool
    mean: int
    lot: int
    days: int
    short: bool
    first: str
    last: str
    opinions: tuple[Said, ...]


def among(passport: Passport) -> Among | None:
    """The declared footprint beside the lot's own, where there is one."""
    printed, found = passport.material.footprint, passport.material.declared_footprint
    if printed is None or found is None:
        return None
    stated, record = found.content, passport.material.record
    zone = record.content.zone if record else "UTC"
    percent = deviation(printed.content.per_tonne, stated.per_tonne)
    return Among(
        stated,
        found.statement.id,
        found.statement.index,
        percent[1:] if percent else None,
        bool(percent and percent.startswith("-")),
        _place(stated, stated.per_tonne),
        _place(stated, printed.content.per_tonne),
        stated.days,
        stated.days < YEAR,
        clock.local_date(stated.window[0], zone),
        clock.local_date(stated.window[1] - 1, zone),
        tuple(
            _said(passport, one)
            for one in passport.material.opinions
            if one.content.declared == found.statement.id
        ),
    )


def _said(passport: Passport, one: Stated[Opinion]) -> Said:
    issuer = one.statement.envelope.header.issuer
    return Said(one.content, issuer, issuer in passport.trust.verifiers)


def _place(stated: DeclaredFootprint, value: str) -> int:
    """A lot that came after the statement may lie outside: it is shown at the end."""
    least, greatest = Decimal(stated.least), Decimal(stated.greatest)
    if greatest <= least:
        return SCALE // 2
    return int(min(max((Decimal(value) - least) / (greatest - least), Decimal(0)), Decimal(1)) * SCALE)
