"""The footprint statement: what follows from a lot's batch record by one method profile.

Shape, for whoever reads or issues one (computed by `leafproof.calculation.calculate`, and by nothing else):

* `record` is the batch record's statement id. One record has one footprint *for each profile*; versions of a lot's
  footprint by one profile supersede each other (`supersedes`), and those of two profiles stand side by side.
* `profile` names id, version and SHA-256 of the profile's file (`leafproof.profile`), so that a replay uses it.
* `per_tonne` is the result: kg CO2e per tonne of product, at 0.001, by the profile's gases and GWP set. `stages`
  are sums of the published components and add up to it; `categories` (fossil, biogenic, uptake, land use,
  aircraft) cut the same total another way, all but those that the profile reports without counting.
* `masses` are kg of each gas per tonne. "CO2e (set)" is what factors state without saying of which gases.
* `region`, `allocation`, `exempted`, `product` are choices of the issuer, each with its reason, and `components`
  name the factors and the input lots' footprints: all that a replay needs beside the record. `choices_of` gathers
  them.
* `period` is the statement of the energy period whose idle and overhead energy the lot carries a share of
  (`leafproof.period`). Until there is one, the status is provisional where the profile demands it.
* `certificates` are the cancelled certificates whose electricity counts by its source (`leafproof.market`): by
  them, and what the chain says of their claims, anybody can tell whether they are this lot's. They are public.

`components` and `prices` can be withheld, and are then None: they name quantities, points, suppliers, and what
outputs fetch. `stages` cannot.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Literal, Self

import msgspec

from leafproof import disclosure, numbers, units, values
from leafproof.certificate import serial
from leafproof.errors import InvalidInput
from leafproof.keys import PublicKey, SigningKey
from leafproof.profile import CATEGORIES, Category, Gas, ProfileRef
from leafproof.record import Tier
from leafproof.structs import convert
from leafproof.texts import check_printable

MAX_CERTIFICATES = 1000  # ranges of serials
JWT_TYPE = "leafproof-footprint+sd-jwt"
# Components tell what a record's activity data and inputs tell, so they are given out no earlier than these; what
# outputs fetch is nobody's business but an authority's.
DISCLOSED_FROM: dict[str, Tier] = {"components": "authority", "prices": "authority"}

Stage = Literal["raw material", "production"]
# Metered here, a default factor, or another operator's own footprint.
Kind = Literal["primary", "secondary", "supplier"]
AllocationMethod = Literal["none", "mass", "economic"]


class FactorRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A factor of a logged set: the set's statement id, and the factor's id in it."""

    set: str
    id: str


class StageTotal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a stage's components of one kind add up to, in kg CO2e per tonne."""

    stage: Stage
    kind: Kind
    emissions: str


class CategoryTotal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one kind of carbon adds up to, in kg CO2e per tonne; `counted` says whether `per_tonne` has it."""

    category: Category
    emissions: str
    counted: bool


class Mass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kilograms of one gas per tonne."""

    category: Category
    gas: Gas
    kg: str


class Quality(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ratings from 1 (best) to 5, weighted by emissions: see `leafproof.quality`."""

    technological: str
    geographical: str
    temporal: str


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a tonne of an output fetches, where that is known from: for allocation by value."""

    output: str
    value: str
    currency: str
    source: str


class Subdivision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A metering point that serves one output alone (ISO 14044:2006, 4.3.4.2, step 1)."""

    point: str
    output: str


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What part of the burden that is not subdivided one output carries; they add up to 1."""

    output: str
    share: str


class Allocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How product and co-products shall share: `reason` says why by value, where it is by value."""

    method: AllocationMethod = "none"
    reason: str = ""
    prices: tuple[Price, ...] = ()
    subdivided: tuple[Subdivision, ...] = ()


class Allocated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How they share. Prices stand beside it, in the footprint's `prices`, since they can be withheld."""

    method: AllocationMethod = "none"
    reason: str = ""
    subdivided: tuple[Subdivision, ...] = ()
    shares: tuple[Share, ...] = ()


class Exempted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was cut off: an estimated percentage of the whole, and the reason."""

    percent: str = "0"
    reason: str = ""


class ProductFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What some profiles must know of a product: customs code and production process (CBAM), model and the energy
    that a tonne of batteries delivers over its service life, in kWh (EU Battery Regulation)."""

    cn_code: str | None = None
    process: str | None = None
    model: str | None = None
    service_life_kwh_per_tonne: str | None = None


class Functional(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The result per functional unit, where the profile has one."""

    unit: str
    emissions: str


class Serials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Certificates that the footprint counts: the statement of their cancellation, first and last serial."""

    cancellation: str
    first: str
    last: str


class Component(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One part of the footprint: `subject` is the carrier, the material or the input lot; `emissions` in kg CO2e
    per tonne; `factors`, whose sum multiplied the quantity, or `footprint`, the input lot's own statement by the
    same profile. `overhead` marks a share of a period's energy outside runs, `estimated` what a point did not
    meter and its metering plan's method estimates."""

    stage: Stage
    name: str
    subject: str
    kind: Kind
    quantity: str
    unit: str
    emissions: str
    factors: tuple[FactorRef, ...] = ()
    footprint: str | None = None
    overhead: bool = False
    estimated: bool = False


class Footprint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module."""

    gtin: str
    lot: str
    facility: str
    region: str
    record: str
    profile: ProfileRef
    per_tonne: str
    stages: tuple[StageTotal, ...]
    categories: tuple[CategoryTotal, ...]
    masses: tuple[Mass, ...]
    primary_data_share: str
    allocation: Allocated
    exempted: Exempted
    excluded: tuple[str, ...]
    flags: tuple[str, ...]
    status: Literal["provisional", "final"]
    quality: Quality | None = None
    product: ProductFacts | None = None
    functional: Functional | None = None
    period: str | None = None
    certificates: tuple[Serials, ...] = ()
    supersedes: str | None = None
    prices: tuple[Price, ...] | None = None
    components: tuple[Component, ...] | None = None

    @property
    def of(self) -> values.Lot:
        """The lot."""
        return values.Lot.parse(self.gtin, self.lot)

    def issue(self, key: SigningKey, issuer: str) -> tuple[bytes, dict[str, str]]:
        """Body and disclosures by member."""
        claims = {k: v for k, v in msgspec.to_builtins(self).items() if v is not None}
        return disclosure.issue(key, issuer, JWT_TYPE, claims, DISCLOSED_FROM)

    @classmethod
    def read(cls, data: bytes, disclosures: Iterable[str], key: PublicKey, issuer: str) -> Self:
        """Read a footprint from its body and the disclosures at hand; raises `InvalidInput` naming the field."""
        found = convert(
            disclosure.read(data, disclosures, key, issuer, JWT_TYPE, DISCLOSED_FROM), cls, "footprint"
        )
        check_printable(found)
        found._check()
        return found

    def _check(self) -> None:
        _ = self.of
        values.digest(self.record, "record")
        values.digest(self.profile.sha256, "profile.sha256")
        units.parse_decimal(self.per_tonne, "per_tonne")
        units.parse_decimal(self.primary_data_share, "primary_data_share")
        for name, told in (
            ("stages.emissions", [s.emissions for s in self.stages]),
            ("categories.emissions", [c.emissions for c in self.categories]),
            ("masses.kg", [m.kg for m in self.masses]),
            ("allocation.shares", [s.share for s in self.allocation.shares]),
            ("functional.emissions", [self.functional.emissions] if self.functional else []),
            ("quality", msgspec.structs.astuple(self.quality) if self.quality else ()),
            ("components.emissions", [c.emissions for c in self.components or ()]),
        ):
            for number in told:
                units.parse_decimal(number, name)
        if self.period is not None:
            values.digest(self.period, "period")
        if len(self.certificates) > MAX_CERTIFICATES:
            raise InvalidInput("certificates", f"more than {MAX_CERTIFICATES}")
        for one in self.certificates:
            values.digest(one.cancellation, "certificates.cancellation")
            serial(one.first, "certificates.first")
            serial(one.last, "certificates.last")


def contradictions(stated: Footprint) -> list[tuple[str, str, str]]:
    """Where a footprint contradicts itself, whatever is withheld of it: member, stated, expected."""
    total = Decimal(stated.per_tonne)
    sums = (
        numbers.total(Decimal(s.emissions) for s in stated.stages),
        numbers.total(Decimal(c.emissions) for c in stated.categories if c.counted),
    )
    found = [("per_tonne", stated.per_tonne, _text(one)) for one in sums if one != total]
    named = [c.category for c in stated.categories]
    if named != list(CATEGORIES):
        found.append(("categories", ", ".join(named), ", ".join(CATEGORIES)))
    if not 0 <= Decimal(stated.primary_data_share) <= 1:
        found.append(("primary_data_share", stated.primary_data_share, "0 to 1"))
    return found


def _text(number: Decimal) -> str:
    return f"{units.exact_decimal(Fraction(number)):f}"


class Choices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that the issuer chose: the facility's region as factors name it, factors by carrier or material (their
    sum counts), input lots' footprints by lot where they are not those that the record cites, how co-products
    share, what was cut off, what the product is, the energy period, the certificates that count."""

    region: str
    factors: dict[str, tuple[FactorRef, ...]]
    parents: dict[str, str] = {}
    allocation: Allocation = Allocation()
    exempted: Exempted = Exempted()
    product: ProductFacts | None = None
    period: str | None = None
    certificates: tuple[Serials, ...] = ()


def factors_used(footprint: Footprint) -> dict[str, tuple[FactorRef, ...]]:
    """Which factors the components name, by carrier or material."""
    return {c.subject: c.factors for c in footprint.components or () if c.factors}


def parents_used(footprint: Footprint) -> dict[str, str]:
    """The input lots' footprints that the components name, by lot."""
    return {c.subject: c.footprint for c in footprint.components or () if c.footprint}


def chosen_anew(before: Footprint, after: Footprint) -> tuple[str, ...]:
    """Which choices of the issuer differ between two versions of a lot's footprint by one profile: names of
    `Choices`, as far as both disclose them and both records ask for them.

    Three things may change by themselves, and stand in the statement: an energy period that was closed since,
    which only dropping undoes, and an input lot's newer footprint and certificates that were claimed since, of
    which nothing is said here.
    """
    found = [name for name in ("region", "exempted", "product") if getattr(before, name) != getattr(after, name)]
    old, new = factors_used(before), factors_used(after)
    if any(old[subject] != new[subject] for subject in old.keys() & new.keys()):
        found.append("factors")
    if _shares_anew(before, after):
        found.append("allocation")
    if before.record == after.record and before.period is not None and after.period is None:
        found.append("period")
    return tuple(found)


def _shares_anew(before: Footprint, after: Footprint) -> bool:
    old, new = before.allocation, after.allocation
    if "none" in (old.method, new.method):
        return False  # a record without co-products asks for no choice
    told = None not in (before.prices, after.prices)
    prices = told and before.prices != after.prices
    return prices or (old.method, old.reason, old.subdivided) != (new.method, new.reason, new.subdivided)


def choices_of(footprint: Footprint) -> Choices:
    """What a replay calculates with: the issuer's choices as the statement names them. Raises `InvalidInput` for
    two factors, or two footprints, of one subject."""
    factors: dict[str, tuple[FactorRef, ...]] = {}
    parents: dict[str, str] = {}
    for one in footprint.components or ():
        if one.factors and factors.setdefault(one.subject, one.factors) != one.factors:
            raise InvalidInput("components", f"{one.subject}: two factors for one thing")
        if one.footprint and parents.setdefault(one.subject, one.footprint) != one.footprint:
            raise InvalidInput("components", f"{one.subject}: two footprints of one lot")
    stated = footprint.allocation
    return Choices(
        footprint.region,
        factors,
        parents,
        Allocation(stated.method, stated.reason, footprint.prices or (), stated.subdivided),
        footprint.exempted,
        footprint.product,
        footprint.period,
        footprint.certificates,
    )
