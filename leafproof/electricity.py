"""Market-based electricity: certificates cancelled in their registry, shared out over what consumed.

A certificate covers energy, in whole watt-hours. What was cancelled for a period is allocated uniformly over its
consumption, by largest remainder in the order given, so that every watt-hour covers one of consumption and none
two. What no certificate covers counts with the residual mix; where none is known, with the grid's mix, and is
flagged: the grid's mix holds what others claim as well (GHG Protocol Scope 2 Guidance, 2015, 6.11 and table 6.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from leafproof import numbers, units
from leafproof.errors import InvalidInput
from leafproof.factors import Factor

NO_RESIDUAL = "no residual mix is known: what no certificate covers counts with the grid's mix"


def covered(consumed: Sequence[int], cancelled: int) -> list[int]:
    """How many of each consumption's watt-hours are covered. Raises `InvalidInput` where more was cancelled than
    was consumed, or an amount is negative."""
    whole = sum(consumed)
    if min([cancelled, *consumed]) < 0:
        raise InvalidInput("certificates", "an amount is negative")
    if cancelled > whole:
        raise InvalidInput("certificates", f"{cancelled} Wh were cancelled for {whole} Wh of consumption")
    if not whole:
        return [0 for _ in consumed]
    parts = [Fraction(cancelled * one, whole) for one in consumed]
    return [int(part) for part in numbers.apportioned(parts, Decimal(1))]


@dataclass(frozen=True, slots=True)
class MarketBased:
    """kg of what the factors count, exactly, and what a reader must know."""

    emissions: Fraction
    flags: tuple[str, ...]


def market_based(
    consumed: int, certified: int, certificate: Factor, residual: Factor | None, grid: Factor
) -> MarketBased:
    """What `consumed` watt-hours emit of which `certified` are covered. Raises `InvalidInput` for more covered
    than consumed, or factors that do not count the same gases."""
    if not 0 <= certified <= consumed:
        raise InvalidInput("certificates", f"{certified} of {consumed} Wh")
    rest = grid if residual is None else residual
    if certificate.unit != rest.unit:
        raise InvalidInput("factor", f"{certificate.id} is in {certificate.unit}, {rest.id} in {rest.unit}")
    emissions = _of(certificate, certified) + _of(rest, consumed - certified)
    return MarketBased(emissions, (NO_RESIDUAL,) if residual is None and certified < consumed else ())


def _of(factor: Factor, watt_hours: int) -> Fraction:
    return units.Quantity(Decimal(watt_hours), "Wh").to(factor.per) * Fraction(factor.amount)
