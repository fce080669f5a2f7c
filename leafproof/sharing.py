"""How a run's burden is shared by product and co-products, in the order of ISO 14044:2006, 4.3.4.2.

1. *Subdivision*: what a metering point meters for one output alone, that output carries.
2. *Mass*: the rest is shared by tonnes, a physical relation.
3. *Economic value*: by tonnes times price, where a reason says why not by mass; prices stand in the statement.

Waste carries nothing, nor does rework, which is a lot of its own when it is made into something.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from leafproof import numbers, units
from leafproof.footprint import Allocated, Allocation, Price, Share
from leafproof.profile import Profile, Sharing
from leafproof.record import BatchRecord, Output

SHARE_QUANTUM = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Shared:
    """`stated` with its shares, by these `prices`; `part` of a common burden is the product's, of which there are
    `tonnes`; points in `alone` serve one output: 1 where it is the product, 0 where it is a co-product."""

    stated: Allocated
    prices: tuple[Price, ...]
    part: Fraction
    tonnes: Fraction
    alone: dict[str, Fraction]

    def of_product(self, point: str | None) -> Fraction:
        """How much of a burden each tonne of product carries."""
        return self.alone.get(point or "", self.part) / self.tonnes


def shared(record: BatchRecord, chosen: Allocation, profile: Profile) -> Shared:
    """How `record`'s outputs share. Raises `InvalidInput` naming the profile's rule for what it does not allow."""
    rule = profile.rule(Sharing)
    outputs = [o for o in record.outputs or () if o.role in ("product", "co-product")]
    products = [o for o in outputs if o.role == "product"]
    tonnes = sum((o.amount.to("t") for o in products), Fraction(0))
    if tonnes <= 0:
        raise rule.refuse("the record has no product with a mass")
    if len(products) == len(outputs):
        return Shared(Allocated(), (), Fraction(1), tonnes, {})
    if len({o.name for o in outputs}) != len(outputs):
        raise rule.refuse("two outputs have one name, and shares are stated by name")
    method = "mass" if chosen.method == "none" else chosen.method
    if method not in rule.methods:
        raise rule.refuse(f"allocation by {method} is not allowed")
    _by_ratio(rule, method, outputs, chosen)
    by_value = method == "economic"
    keys = _values(rule, outputs, chosen) if by_value else [o.amount.to("t") for o in outputs]
    whole = sum(keys, Fraction(0))
    published = numbers.apportioned([k / whole for k in keys], SHARE_QUANTUM)
    shares = tuple(Share(o.name, f"{s:f}") for o, s in zip(outputs, published, strict=True))
    stated = Allocated(method, chosen.reason, chosen.subdivided, shares)
    part = sum((k for o, k in zip(outputs, keys, strict=True) if o.role == "product"), Fraction(0)) / whole
    return Shared(stated, chosen.prices, part, tonnes, _alone(rule, record, outputs, chosen))


def _by_ratio(rule: Sharing, method: str, outputs: list[Output], chosen: Allocation) -> None:
    """Where prices are stated and the profile has a ratio, the ratio decides."""
    if rule.value_ratio is None or not chosen.prices:
        return
    prices = _prices(rule, outputs, chosen)
    by_value = max(prices) / min(prices) > Fraction(rule.value_ratio)
    if by_value != (method == "economic"):
        wanted = "economic" if by_value else "mass"
        raise rule.refuse(f"by the prices stated, allocation is by {wanted}, not by {method}")


def _values(rule: Sharing, outputs: list[Output], chosen: Allocation) -> list[Fraction]:
    """Tonnes times price of each output."""
    if not chosen.reason.strip():
        raise rule.refuse("allocation by value needs a reason why not by mass")
    prices = _prices(rule, outputs, chosen)
    found = [o.amount.to("t") * price for o, price in zip(outputs, prices, strict=True)]
    if min(found) <= 0:
        raise rule.refuse("an output has no mass")
    return found


def _prices(rule: Sharing, outputs: list[Output], chosen: Allocation) -> list[Fraction]:
    """Each output's price, in one currency: one that is left out would decide as much as one that is stated."""
    prices = {p.output: p for p in chosen.prices}
    if prices.keys() != {o.name for o in outputs} or len(prices) != len(chosen.prices):
        raise rule.refuse("there must be one price for each product and co-product")
    if len({p.currency for p in chosen.prices}) != 1:
        raise rule.refuse("prices are in more than one currency")
    found = [Fraction(units.parse_decimal(prices[o.name].value, "prices")) for o in outputs]
    if min(found) <= 0:
        raise rule.refuse("a price is not positive")
    return found


def _alone(rule: Sharing, record: BatchRecord, outputs: list[Output], chosen: Allocation) -> dict[str, Fraction]:
    if chosen.subdivided and not rule.subdivision:
        raise rule.refuse("subdivision is not allowed")
    roles = {o.name: o.role for o in outputs}
    metered = {a.point for a in record.activity or ()}
    found: dict[str, Fraction] = {}
    for one in chosen.subdivided:
        if one.output not in roles or one.point not in metered or one.point in found:
            raise rule.refuse(f"{one.point} serves {one.output}: no such point, or output, or it is said twice")
        found[one.point] = Fraction(roles[one.output] == "product")
    return found
