"""A lot's partial carbon footprint: batch record x factors + what its inputs bring, per tonne.

Method `leafproof-partial-1` (ISO 14067:2018 3.1.1.2 "partial CFP"; of ISO 14044:2006 4.3.4.2 the second step,
physical relation, is used for co-products):

1. electricity: metered activity data x the factor named for the carrier, a *primary* component;
2. each input lot: its quantity x its own footprint per tonne;
3. each input material: its quantity x the factor named for it, a *secondary* component;
4. the sum is divided by the tonnes of product and co-products (mass allocation; waste carries nothing);
5. published at 0.001 kg CO2e per tonne: the total rounded half to even, the components cut by largest
   remainder in the order above, and `stages` are sums of the published components.

`components` can be withheld: they name quantities, points and suppliers. `stages` cannot.
What is not in it is listed in every statement (`excluded`). `primary_data_share` is the part of the total whose
activity data was metered, here or, by the share that it states itself, upstream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Literal, Self

import msgspec

from leafproof import disclosure, numbers, units, values
from leafproof.errors import InvalidInput
from leafproof.factors import Factor
from leafproof.keys import PublicKey, SigningKey
from leafproof.record import BatchRecord, Input, Tier
from leafproof.structs import convert

JWT_TYPE = "leafproof-footprint+sd-jwt"
METHOD = "leafproof-partial-1"
QUANTUM = Decimal("0.001")  # kg CO2e per tonne
SHARE_QUANTUM = Decimal("0.0001")
# Components tell what a record's activity data and inputs tell, so they are given out no earlier than these.
DISCLOSED_FROM: dict[str, Tier] = {"components": "authority"}
EXCLUDED = (
    "fuels burnt and process emissions on site",
    "auxiliary materials, water and waste treatment",
    "transport of inputs and products",
    "energy outside production runs",
    "use and end of life",
)


class FactorRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A factor of a logged set: the set's statement id, and the factor's id in it."""

    set: str
    id: str


Stage = Literal["raw material", "production"]
# Metered here, a default factor, or another operator's own footprint.
Kind = Literal["primary", "secondary", "supplier"]


class StageTotal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a stage's components of one kind add up to, in kg CO2e per tonne."""

    stage: Stage
    kind: Kind
    emissions: str


class Component(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One part of the footprint: `subject` is the carrier, the material or the input lot; `emissions` in kg CO2e
    per tonne; `factor`, or `footprint` (the input lot's own statement), says what multiplied the quantity."""

    stage: Stage
    name: str
    subject: str
    kind: Kind
    quantity: str
    unit: str
    emissions: str
    factor: FactorRef | None = None
    footprint: str | None = None


class Footprint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module. `record` is the batch record's statement id, `per_tonne` in kg CO2e."""

    gtin: str
    lot: str
    facility: str
    record: str
    method: str
    per_tonne: str
    stages: tuple[StageTotal, ...]
    primary_data_share: str
    excluded: tuple[str, ...]
    flags: tuple[str, ...]
    status: Literal["provisional", "final"]
    supersedes: str | None = None
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
        _ = found.of
        values.digest(found.record, "record")
        units.parse_decimal(found.per_tonne, "per_tonne")
        units.parse_decimal(found.primary_data_share, "primary_data_share")
        for stage in found.stages:
            units.parse_decimal(stage.emissions, "stages.emissions")
        return found


FactorLookup = Callable[[FactorRef], Factor]
FootprintLookup = Callable[[str], Footprint]


class _Part(msgspec.Struct, frozen=True):
    component: Component
    exact: Fraction  # kg CO2e of the whole lot
    primary: Fraction


def calculate(
    record: BatchRecord,
    record_id: str,
    chosen: Mapping[str, FactorRef],
    factor: FactorLookup,
    parent: FootprintLookup,
    supersedes: str | None = None,
) -> Footprint:
    """The footprint that `record` has with the factors `chosen` by carrier ("electricity") or material.

    Raises `InvalidInput` for a missing factor, withheld facts, or units that do not fit.
    """
    if record.outputs is None or record.inputs is None or record.activity is None:
        raise InvalidInput("record", "outputs, inputs and activity data are needed, and one is withheld")
    parts = [*_electricity(record, chosen, factor), *_inputs(record, chosen, factor, parent)]
    mass = record.product_mass()
    published = numbers.apportioned([p.exact / mass for p in parts], QUANTUM)
    total = numbers.total(published)
    components = tuple(
        msgspec.structs.replace(p.component, emissions=f"{e:f}") for p, e in zip(parts, published, strict=True)
    )
    exact = sum((p.exact for p in parts), Fraction(0))
    primary = sum((p.primary for p in parts), Fraction(0)) / exact if exact else Fraction(0)
    return Footprint(
        gtin=str(record.of.gtin),
        lot=record.lot,
        facility=record.facility,
        record=record_id,
        method=METHOD,
        per_tonne=f"{total:f}",
        stages=_stages(components),
        primary_data_share=f"{numbers.rounded(primary, SHARE_QUANTUM):f}",
        excluded=EXCLUDED,
        flags=_flags(record, parts, factor),
        status="provisional" if any(a.gaps for a in record.activity) else "final",
        supersedes=supersedes,
        components=components,
    )


def _stages(components: Iterable[Component]) -> tuple[StageTotal, ...]:
    """In the order in which the components name them first."""
    sums: dict[tuple[Stage, Kind], list[Decimal]] = {}
    for one in components:
        sums.setdefault((one.stage, one.kind), []).append(Decimal(one.emissions))
    return tuple(StageTotal(stage, kind, f"{numbers.total(parts):f}") for (stage, kind), parts in sums.items())


def _emissions(
    amount: units.Quantity, subject: str, chosen: Mapping[str, FactorRef], factor: FactorLookup
) -> tuple[FactorRef, Fraction]:
    """The factor chosen for `subject`, and kg CO2e of `amount` by it."""
    if subject not in chosen:
        raise InvalidInput("factor", f"none is chosen for {subject}")
    used = factor(chosen[subject])
    if (used.category == "electricity") != (subject == "electricity"):
        raise InvalidInput("factor", f"{used.id} is a factor of {used.category}, not of {subject}")
    if used.unit not in ("kg CO2e", "kg CO2"):
        raise InvalidInput("factor", f"{used.id} is in {used.unit}, not in kg CO2e")
    return chosen[subject], amount.to(used.per) * Fraction(used.amount)


def _electricity(record: BatchRecord, chosen: Mapping[str, FactorRef], factor: FactorLookup) -> Iterable[_Part]:
    for activity in record.activity or ():
        amount = units.Quantity(units.parse_decimal(activity.quantity, "activity"), activity.unit)
        ref, exact = _emissions(amount, activity.carrier, chosen, factor)
        yield _Part(
            Component(
                stage="production",
                name=activity.point,
                subject=activity.carrier,
                kind="primary",
                quantity=activity.quantity,
                unit=activity.unit,
                emissions="",
                factor=ref,
            ),
            exact,
            exact,
        )


def _inputs(
    record: BatchRecord, chosen: Mapping[str, FactorRef], factor: FactorLookup, parent: FootprintLookup
) -> Iterable[_Part]:
    for line in record.inputs or ():
        if line.material is not None:
            ref, exact = _emissions(line.amount, line.material, chosen, factor)
            yield _Part(_input_component(line, "secondary", line.material, factor=ref), exact, Fraction(0))
            continue
        if line.footprint is None:
            raise InvalidInput("inputs", f"{line.name}: the input lot has no footprint")
        upstream = parent(line.footprint)
        if upstream.of != line.parent:
            raise InvalidInput("inputs", f"{line.name}: the footprint named is another lot's")
        exact = line.amount.to("t") * Fraction(Decimal(upstream.per_tonne))
        component = _input_component(line, "supplier", str(line.parent), footprint=line.footprint)
        yield _Part(component, exact, exact * Fraction(Decimal(upstream.primary_data_share)))


def _input_component(
    line: Input,
    kind: Literal["secondary", "supplier"],
    subject: str,
    factor: FactorRef | None = None,
    footprint: str | None = None,
) -> Component:
    return Component(
        stage="raw material",
        name=line.name,
        subject=subject,
        kind=kind,
        quantity=line.quantity,
        unit=line.unit,
        emissions="",
        factor=factor,
        footprint=footprint,
    )


def _flags(record: BatchRecord, parts: Iterable[_Part], factor: FactorLookup) -> tuple[str, ...]:
    found: list[str] = []
    for part in parts:
        if part.component.factor is None:
            continue
        used = factor(part.component.factor)
        if used.subject != part.component.subject:
            found.append(f"{used.id}: a factor of {used.subject}, used for {part.component.subject}")
        if used.category == "electricity":
            found += [
                f"{used.id}: {left_out.replace('-', ' ')} not included"
                for left_out in ("transmission-losses", "fuel-supply")
                if left_out not in used.boundary
            ]
        if used.gases == ("CO2",):
            found.append(f"{used.id}: CO2 only")
    if any(o.role == "co-product" for o in record.outputs or ()):
        found.append("burden shared with co-products by mass")
    if any(a.split for a in record.activity or ()):
        found.append("metering intervals cut by the run's bounds were split pro rata")
    if any(a.gaps for a in record.activity or ()):
        found.append("metering gaps: energy not metered is not counted")
    return tuple(dict.fromkeys(found))


def factors_used(footprint: Footprint) -> dict[str, FactorRef]:
    """Which factor the components name, by carrier or material: what `calculate` wants as `chosen`."""
    return {c.subject: c.factor for c in footprint.components or () if c.factor}
