"""A lot's footprint by a method profile: batch record x factors + what its inputs bring, per tonne of product.

1. electricity and other metered carriers: activity data x the sum of the factors chosen for the carrier, *primary*
   components, unless the profile does not count them; what is estimated of one follows it, as a *secondary*
   component; then the lot's share of a period's energy outside runs. Electricity that certificates cover counts by
   its source, where the profile allows it (`leafproof.market`);
2. each input lot: its quantity x its own footprint by the same profile;
3. each input material, and each lot of a material that has no footprint by the profile: its quantity x the factors
   chosen for the material, *secondary* components, flagged: what has no evidence is never nothing. Home scrap
   alone brings nothing (`leafproof.looped`);
4. product and co-products share by `leafproof.sharing`, and the product's part is divided by its tonnes;
5. published at 0.001 kg CO2e per tonne: the total rounded half to even, the components cut by largest remainder in
   the order above, and `stages` are sums of the published components. Categories are cut the same way.

What a profile does not allow is refused: `InvalidInput` whose field is the rule's id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import msgspec

from leafproof import carbon, carriers, flagged, market, numbers, profile, quality, sharing, units
from leafproof.carbon import Carbon, Part, Ratings
from leafproof.carriers import ELECTRICITY
from leafproof.certificate import Cancellation
from leafproof.errors import InvalidInput
from leafproof.factors import Factor
from leafproof.footprint import (
    CategoryTotal,
    Choices,
    Component,
    Exempted,
    FactorRef,
    Footprint,
    Functional,
    Mass,
    ProductFacts,
    StageTotal,
)
from leafproof.looped import looped
from leafproof.period import EnergyPeriod
from leafproof.profile import CATEGORIES, Profile, ProfileRef
from leafproof.record import BatchRecord, Input

QUANTUM = Decimal("0.001")  # kg CO2e per tonne
MASS_QUANTUM = Decimal("0.000001")  # kg of a gas per tonne
UNIT_QUANTUM = Decimal("0.000001")  # kg CO2e per functional unit
SHARE_QUANTUM = Decimal("0.0001")
UPTAKE = "biogenic uptake"
Status = Literal["provisional", "final"]


def no_certificate(statement_id: str) -> Cancellation:
    """Where no certificates are known. Raises `InvalidInput`."""
    raise InvalidInput("certificates", f"the cancellation {statement_id} is missing")


@dataclass(frozen=True)
class Sources:
    """Where named statements are found; each raises `InvalidInput` for one that is not there."""

    factor: Callable[[FactorRef], Factor]
    footprint: Callable[[str], Footprint]
    period: Callable[[str], EnergyPeriod]
    certificate: Callable[[str], Cancellation] = no_certificate


def calculate(
    record: BatchRecord,
    record_id: str,
    ref: ProfileRef,
    choices: Choices,
    sources: Sources,
    supersedes: str | None = None,
) -> Footprint:
    """The footprint that `record` has by the profile `ref`, with what the issuer chose.

    Raises `InvalidInput` for a missing factor, withheld facts, units that do not fit, and what a rule refuses.
    """
    if record.outputs is None or record.inputs is None or record.activity is None:
        raise InvalidInput("record", "outputs, inputs and activity data are needed, and one is withheld")
    by = profile.named(ref)
    _check_product(by, choices.product)
    _check_cut_off(by, choices.exempted)
    shared = sharing.shared(record, choices.allocation, by)
    certified = market.certified(record, choices, by, sources.certificate)
    work = _Work(record, record_id, by, ref, choices, sources, shared)
    parts = [*work.energy(certified), *work.inputs()]
    counted = by.rule(profile.Carbon).counted
    exact = [p.carbon.of(counted) * p.per_tonne for p in parts]
    published = numbers.apportioned(exact, QUANTUM)
    components = tuple(
        msgspec.structs.replace(p.component, emissions=f"{e:f}") for p, e in zip(parts, published, strict=True)
    )
    whole = Carbon()
    for part in parts:
        whole.add(part.carbon, part.per_tonne)
    return Footprint(
        gtin=str(record.of.gtin),
        lot=record.lot,
        facility=record.facility,
        region=choices.region,
        record=record_id,
        profile=ref,
        per_tonne=f"{numbers.total(published):f}",
        stages=_stages(components),
        categories=_categories(whole, by),
        masses=_masses(whole),
        primary_data_share=_primary_share(parts, by),
        allocation=shared.stated,
        exempted=choices.exempted,
        excluded=by.rule(profile.Boundary).excluded,
        flags=flagged.flags(record, parts, by, choices, shared, certified),
        status=_status(record, parts, by, choices),
        quality=quality.weighted(_ratings(parts, by)) if by.rule(profile.DataQuality).rated else None,
        product=choices.product if by.rule(profile.Product).required else None,
        functional=_functional(sum(exact, Fraction(0)), by, choices.product),
        period=choices.period,
        certificates=choices.certificates,
        supersedes=supersedes,
        prices=shared.prices,
        components=components,
    )


# What is counted, which part of it was metered, and how much of its burden each tonne of product carries.
_Line = tuple[Component, Fraction, Fraction]


@dataclass(frozen=True)
class _Work:
    record: BatchRecord
    record_id: str
    by: Profile
    ref: ProfileRef
    choices: Choices
    sources: Sources
    shared: sharing.Shared

    def energy(self, certified: market.Certified) -> Iterable[Part]:
        lines = [*self._metered(), *self._overhead()]
        cut = market.cover([line for line, _, _ in lines], certified)
        for (_, primary, per_tonne), parts in zip(lines, cut, strict=True):
            for one in parts:
                yield self._by_factors(one, primary, per_tonne)

    def _metered(self) -> Iterable[_Line]:
        for activity in self.record.activity or ():
            if not self._counts(activity.carrier):
                continue
            if activity.basis == "gross":
                reason = f"{activity.point}: energy by gross calorific value, factors of fuels are for the net one"
                raise InvalidInput("factor", reason)
            component = _component(
                "production", activity.point, activity.carrier, activity.quantity, activity.unit
            )
            yield component, Fraction(1), self.shared.of_product(activity.point)
            if activity.estimated is not None:
                told = {"kind": "secondary", "quantity": activity.estimated.quantity, "estimated": True}
                component = msgspec.structs.replace(component, **told)
                yield component, Fraction(0), self.shared.of_product(activity.point)

    def _overhead(self) -> Iterable[_Line]:
        if self.choices.period is None:
            return
        rule = self.by.rule(profile.Overhead)
        if not rule.counted:
            raise rule.refuse("energy outside runs is not part of it")
        period = self.sources.period(self.choices.period)
        if period.facility != self.record.facility:
            raise InvalidInput("period", "the energy period is another facility's")
        self._is_of(period)
        for balance, quantity in period.of(self.record_id):
            if not self._counts(balance.carrier):
                continue
            component = _component("production", flagged.OUTSIDE, balance.carrier, quantity, balance.unit)
            component = msgspec.structs.replace(component, overhead=True)
            yield component, balance.read, self.shared.of_product(None)

    def _is_of(self, period: EnergyPeriod) -> None:
        """Whether the period holds the run, with the record's own tonnes, and all energy that it counts."""
        (start, end), (opened, closed) = period.window, self.record.run.window
        if not start <= opened < closed <= end:
            raise InvalidInput("period", "the run is not within the energy period")
        tonnes = next((lot.tonnes for lot in period.lots if lot.record == self.record_id), None)
        if tonnes is not None and Fraction(Decimal(tonnes)) != self.record.product_mass():
            raise InvalidInput("period", f"the energy period has {tonnes} t of the lot, its record another mass")
        known = {balance.carrier for balance in period.balances}
        for activity in self.record.activity or ():
            if self._counts(activity.carrier) and activity.carrier not in known:
                raise InvalidInput("period", f"the energy period has no {activity.carrier}")

    def inputs(self) -> Iterable[Part]:
        closed = looped(self.record)
        for line in self.record.inputs or ():
            material = self._secondary(line)
            if material is None:
                yield self._of_lot(line)
                continue
            component = _component("raw material", line.name, material, line.quantity, line.unit)
            if line in closed:
                yield Part(component, Carbon(), self.shared.of_product(None), Fraction(1), ())
                continue
            component = msgspec.structs.replace(component, kind="secondary")
            yield self._by_factors(component, Fraction(0), self.shared.of_product(None))

    def _secondary(self, line: Input) -> str | None:
        """The material by whose factors a line counts; None where a lot's own footprint counts."""
        if line.material is None or line.footprint is None or line.parent is None:
            return line.material
        by_lot = str(line.parent) in self.choices.parents
        return (
            None if by_lot or self.sources.footprint(line.footprint).profile.id == self.ref.id else line.material
        )

    def _counts(self, carrier: str) -> bool:
        return carriers.named(carrier).category != ELECTRICITY or self.by.rule(profile.Boundary).electricity

    def _by_factors(self, component: Component, primary: Fraction, per_tonne: Fraction) -> Part:
        """A component by the sum of the factors chosen for its subject."""
        refs = self.choices.factors.get(component.subject, ())
        if not refs:
            raise InvalidInput("factor", f"none is chosen for {component.subject}")
        used = tuple(self.sources.factor(ref) for ref in refs)
        metered = component.kind == "primary" or component.estimated
        _check_factors(self.by, component.subject, used, metered)
        amount = units.Quantity(units.parse_decimal(component.quantity, "quantity"), component.unit)
        whole, ratings = Carbon(), []
        end = self.record.run.window[1]
        for one in used:
            found = carbon.emitted(one, amount, self.by)
            whole.add(found)
            rule = self.by.rule(profile.DataQuality)
            rated = quality.of_factor(one, component.subject, self.choices.region, end, rule)
            ratings.append((rated, self._rateable(found)))
        named = msgspec.structs.replace(component, factors=tuple(refs))
        return Part(named, whole, per_tonne, primary, tuple(ratings), used)

    def _of_lot(self, line: Input) -> Part:
        if line.footprint is None:
            raise InvalidInput("inputs", f"{line.name}: the input lot has no footprint")
        chosen = self.choices.parents.get(str(line.parent), line.footprint)
        upstream = self.sources.footprint(chosen)
        if upstream.of != line.parent:
            raise InvalidInput("inputs", f"{line.name}: the footprint named is another lot's")
        if upstream.profile.id != self.ref.id:
            raise InvalidInput("inputs", f"{line.name}: the footprint named is by {upstream.profile.id}")
        if chosen != line.footprint and self.sources.footprint(line.footprint).record != upstream.record:
            raise InvalidInput("inputs", f"{line.name}: the footprint named is of another record of the lot")
        component = _component("raw material", line.name, str(line.parent), line.quantity, line.unit)
        component = msgspec.structs.replace(component, kind="supplier", footprint=chosen)
        brought = carbon.brought(upstream, line.amount.to("t"))
        primary = Fraction(Decimal(upstream.primary_data_share))
        ratings = ((quality.of_footprint(upstream), self._rateable(brought)),)
        return Part(component, brought, self.shared.of_product(None), primary, ratings, (), upstream)

    def _rateable(self, found: Carbon) -> Fraction:
        return found.of(_without_uptake(self.by))


def _component(stage: str, name: str, subject: str, quantity: str, unit: str) -> Component:
    return Component(
        stage="production" if stage == "production" else "raw material",
        name=name,
        subject=subject,
        kind="primary",
        quantity=quantity,
        unit=unit,
        emissions="",
    )


def _check_factors(by: Profile, subject: str, used: Sequence[Factor], metered: bool) -> None:
    electricity, boundary = by.rule(profile.Electricity), by.rule(profile.Boundary)
    counted: set[str] = set()
    wanted = _category(subject) if metered else "material"
    if wanted == ELECTRICITY:
        market.check_sources(by, subject, used)
    for one in used:
        fits = one.category == wanted if metered else one.category != ELECTRICITY
        if not fits:
            raise InvalidInput("factor", f"{one.id} is a factor of {one.category}, not of {subject}")
        if one.category == ELECTRICITY:
            if twice := counted.intersection(one.boundary):
                raise electricity.refuse(f"{one.id} counts {_words(sorted(twice))} once more")
            counted.update(one.boundary)
        demanded = boundary.material_boundary
        if one.category == "material" and demanded is not None and one.boundary != (demanded,):
            raise boundary.refuse(f"{one.id} counts {_words(one.boundary)}, not {demanded}")
    _check_gases(subject, wanted, used)
    if wanted == ELECTRICITY and electricity.incomplete == "refuse":
        missing = [p for p in electricity.required if p not in counted]
        if missing:
            ids = " + ".join(one.id for one in used)
            raise electricity.refuse(f"{ids}: {_words(missing)} not included, and no factor adds it")


def _category(subject: str) -> str:
    return ELECTRICITY if subject in market.SOURCES else carriers.named(subject).category


def _check_gases(subject: str, category: str, used: Sequence[Factor]) -> None:
    """A thing's factors may come gas by gas: then none may be left out that makes it small."""
    if category == "gas":
        whole = sum((Fraction(one.amount) / units.scale(one.per, "kg") for one in used), Fraction(0))
        if whole != 1:
            raise InvalidInput("factor", f"{subject}: the gases chosen are not all of it, and nothing else")
        return
    told = [one.flow != UPTAKE and one.gas in (carbon.LUMP, "CO2") for one in used]
    if not (all(told) if category == ELECTRICITY else any(told)):
        raise InvalidInput("factor", f"{subject}: the CO2 is missing among the factors chosen")


def _words(names: Iterable[str]) -> str:
    return ", ".join(name.replace("-", " ") for name in names)


def _check_product(by: Profile, facts: ProductFacts | None) -> None:
    rule = by.rule(profile.Product)
    for name in rule.required:
        if facts is None or not getattr(facts, name):
            raise rule.refuse(f"the product's {name.replace('_', ' ')} is not stated")
    if rule.cn_prefixes and facts is not None and not str(facts.cn_code).startswith(rule.cn_prefixes):
        raise rule.refuse(f"CN {facts.cn_code} is not among the goods of this profile")


def _check_cut_off(by: Profile, stated: Exempted) -> None:
    rule = by.rule(profile.CutOff)
    percent = units.parse_decimal(stated.percent, "exempted.percent")
    if percent < 0 or percent >= 100:
        raise rule.refuse(f"{stated.percent} % cannot be exempted")
    if percent > 0 and not stated.reason.strip():
        raise rule.refuse("what is exempted needs a reason")
    if rule.max_percent is not None and percent > Decimal(rule.max_percent):
        raise rule.refuse(f"{stated.percent} % are exempted, at most {rule.max_percent} % may be")


def _stages(components: Iterable[Component]) -> tuple[StageTotal, ...]:
    """In the order in which the components name them first."""
    sums: dict[tuple[str, str], list[Component]] = {}
    for one in components:
        sums.setdefault((one.stage, one.kind), []).append(one)
    return tuple(
        StageTotal(parts[0].stage, parts[0].kind, f"{numbers.total(Decimal(p.emissions) for p in parts):f}")
        for parts in sums.values()
    )


def _categories(whole: Carbon, by: Profile) -> tuple[CategoryTotal, ...]:
    """All five: those counted add up to the result, the others stand beside it."""
    counted = by.rule(profile.Carbon).counted
    apart = [c for c in CATEGORIES if c not in counted]
    cut = dict(zip(counted, numbers.apportioned([whole.of([c]) for c in counted], QUANTUM), strict=True))
    cut |= {c: numbers.rounded(whole.of([c]), QUANTUM) for c in apart}
    return tuple(CategoryTotal(c, f"{cut[c]:f}", c in counted) for c in CATEGORIES)


def _masses(whole: Carbon) -> tuple[Mass, ...]:
    places = carbon.in_order(whole.masses)
    return tuple(Mass(c, gas, f"{numbers.rounded(whole.masses[c, gas], MASS_QUANTUM):f}") for c, gas in places)


def _without_uptake(by: Profile) -> list[profile.Category]:
    return [c for c in by.rule(profile.Carbon).counted if c != UPTAKE]


def _primary_share(parts: Iterable[Part], by: Profile) -> str:
    """Of the result without biogenic uptake (PACT data model 3.0, primaryDataShare)."""
    primary = whole = Fraction(0)
    for part in parts:
        emitted = part.carbon.of(_without_uptake(by)) * part.per_tonne
        whole += emitted
        primary += emitted * part.primary
    return f"{numbers.rounded(primary / whole if whole > 0 else Fraction(0), SHARE_QUANTUM):f}"


def _ratings(parts: Iterable[Part], by: Profile) -> Iterable[tuple[Ratings, Fraction]]:
    return ((ratings, amount * part.per_tonne) for part in parts for ratings, amount in part.ratings)


def _status(record: BatchRecord, parts: Iterable[Part], by: Profile, choices: Choices) -> Status:
    open_period = by.rule(profile.Overhead).required and choices.period is None
    gaps = any(a.gaps or a.mostly_estimated for a in record.activity or ())
    resting = any(p.upstream is not None and p.upstream.status == "provisional" for p in parts)
    return "provisional" if open_period or gaps or resting else "final"


def _functional(total: Fraction, by: Profile, facts: ProductFacts | None) -> Functional | None:
    unit = by.rule(profile.Product).functional_unit
    if unit is None or facts is None:
        return None
    energy = units.parse_decimal(str(facts.service_life_kwh_per_tonne), "service_life_kwh_per_tonne")
    if energy <= 0:
        raise by.rule(profile.Product).refuse("the energy over the service life is not positive")
    return Functional(unit, f"{numbers.rounded(total / Fraction(energy), UNIT_QUANTUM):f}")
