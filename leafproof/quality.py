"""Data quality ratings from 1 (best) to 5, as PACT's data model has them, weighted by emissions.

PACT's own matrix could not be read; the steps here are those of the pedigree matrix that it and others descend
from (Weidema and Wesnaes, Journal of Cleaner Production 4 (1996), 167-174), for what a factor states of itself:

* temporal: the years between the run and the factor's year (profile's `years`; beyond the last, 5);
* geographical: 1 the same region, 2 a part of it or the whole that it is a part of, 4 the world, 5 another region;
* technological: 2 a factor of the very carrier or material, 4 one of another that stands in for it.

An input lot counts with the ratings of its own footprint; where it has none, with 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from leafproof import clock, numbers
from leafproof.carbon import Ratings
from leafproof.factors import Factor
from leafproof.footprint import Footprint, Quality
from leafproof.profile import DataQuality

QUANTUM = Decimal("0.1")
WORST: Ratings = (Fraction(5), Fraction(5), Fraction(5))


def of_factor(factor: Factor, subject: str, region: str, run_end: int, rule: DataQuality) -> Ratings:
    """Technological, geographical, temporal; `run_end` in Unix seconds."""
    technological = 2 if factor.subject == subject else 4
    return (
        Fraction(technological),
        Fraction(_geographical(factor, region)),
        Fraction(_temporal(factor, run_end, rule)),
    )


def of_footprint(upstream: Footprint) -> Ratings:
    """An input lot's own ratings."""
    if upstream.quality is None:
        return WORST
    stated = upstream.quality
    return (
        Fraction(Decimal(stated.technological)),
        Fraction(Decimal(stated.geographical)),
        Fraction(Decimal(stated.temporal)),
    )


def _geographical(factor: Factor, region: str) -> int:
    if factor.region == region:
        return 1
    if covers(factor.region, region):
        return 2
    return 4 if factor.region == "GLO" else 5


def _temporal(factor: Factor, run_end: int, rule: DataQuality) -> int:
    age = abs(int(clock.utc_text(run_end)[:4]) - factor.year)
    return 1 + sum(age > bound for bound in rule.years)


def covers(factor_region: str, region: str) -> bool:
    """Whether one is the other, or a part of it: CN-East is a part of CN."""
    return (
        factor_region == region or factor_region.startswith(region + "-") or region.startswith(factor_region + "-")
    )


def weighted(parts: Iterable[tuple[Ratings, Fraction]]) -> Quality | None:
    """The mean by emissions; None where nothing was emitted."""
    listed = [(ratings, amount) for ratings, amount in parts if amount > 0]
    whole = sum((amount for _, amount in listed), Fraction(0))
    if not whole:
        return None
    means = [sum((r[i] * amount for r, amount in listed), Fraction(0)) / whole for i in range(3)]
    texts = [f"{numbers.rounded(mean, QUANTUM):f}" for mean in means]
    return Quality(technological=texts[0], geographical=texts[1], temporal=texts[2])
