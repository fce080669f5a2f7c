"""What an amount emits by its factors: gases as masses, and what they weigh by a profile's set.

A factor in `kg CO2`, `kg CH4`, ... states the mass of one gas; several factors of one subject add up, so that a
fuel has one for each gas, and electricity one for what a grid's factor leaves out. A factor in `kg CO2e` states no
masses: it keeps its own set, and `Carbon.masses` says of which one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from leafproof import units
from leafproof.errors import InvalidInput
from leafproof.factors import Factor
from leafproof.footprint import Component, Footprint
from leafproof.profile import CATEGORIES, Category, Gas, Profile, Weights, gwp_table

LUMP = "CO2e"
Ratings = tuple[Fraction, Fraction, Fraction]
"""Technological, geographical, temporal: see `leafproof.quality`."""


@dataclass(slots=True)
class Carbon:
    """Exact kg CO2e by category, and exact kg of each gas."""

    weighed: dict[Category, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    masses: dict[tuple[Category, Gas], Fraction] = field(default_factory=lambda: defaultdict(Fraction))

    def add(self, other: Carbon, times: Fraction = Fraction(1)) -> None:
        """Take in another's amounts, so many times."""
        for category, amount in other.weighed.items():
            self.weighed[category] += amount * times
        for place, mass in other.masses.items():
            self.masses[place] += mass * times

    def of(self, categories: Iterable[Category]) -> Fraction:
        """kg CO2e of these categories together."""
        return sum((self.weighed[c] for c in categories if c in self.weighed), Fraction(0))


@dataclass(frozen=True, slots=True)
class Part:
    """A component with what it emits for the whole lot, and how much of that each tonne of product carries;
    `primary` is the share of it whose activity data was metered; `ratings` go by emissions."""

    component: Component
    carbon: Carbon
    per_tonne: Fraction
    primary: Fraction
    ratings: tuple[tuple[Ratings, Fraction], ...]
    factors: tuple[Factor, ...] = ()
    upstream: Footprint | None = None


def emitted(factor: Factor, amount: units.Quantity, profile: Profile) -> Carbon:
    """What `amount` emits by one factor. Raises `InvalidInput`, naming the profile's rule, for a gas that its set
    does not weigh or a lump that it does not allow."""
    weights = profile.rule(Weights)
    mass = amount.to(factor.per) * Fraction(factor.amount)
    gas, found = factor.gas, Carbon()
    if gas == LUMP:
        if weights.lumps == "refuse":
            raise weights.refuse(f"{factor.id} is in kg CO2e and does not say of which gases")
        found.weighed[factor.flow] = mass
        found.masses[factor.flow, f"{LUMP} ({factor.gwp_set or 'set not stated'})"] = mass
        return found
    if weights.gases is not None and gas not in weights.gases:
        return found
    found.weighed[factor.flow] = mass * _weight(gas, factor.flow, weights)
    found.masses[factor.flow, gas] = mass
    return found


def brought(upstream: Footprint, tonnes: Fraction) -> Carbon:
    """What so many tonnes of an input lot bring, by its own footprint."""
    found = Carbon()
    for total in upstream.categories:
        found.weighed[total.category] += Fraction(Decimal(total.emissions)) * tonnes
    for mass in upstream.masses:
        found.masses[mass.category, mass.gas] += Fraction(Decimal(mass.kg)) * tonnes
    return found


def _weight(gas: Gas, category: Category, weights: Weights) -> Fraction:
    table: Mapping[Gas, Fraction] = gwp_table(weights.table)[weights.gwp_set]
    name = gas
    if gas == "CH4":  # the fossil one leaves carbon dioxide that was not in the air before (AR6 WG1, 7.6.1.3)
        name = "CH4 fossil" if category in ("fossil", "aircraft") else "CH4 biogenic"
    if name not in table:
        raise InvalidInput(weights.id, f"{weights.gwp_set} has no weight of {gas[:40]!r}")
    return table[name]


def in_order(masses: Mapping[tuple[Category, Gas], Fraction]) -> list[tuple[Category, Gas]]:
    """Categories in their order, gases by name."""
    return sorted(masses, key=lambda place: (CATEGORIES.index(place[0]), place[1]))
