"""Stages after the gate: what carrying, using or recycling a lot emits, beside its footprint and never in it.

A footprint ends at the gate. What follows is attached to the lot as a statement of its own, and each says what it
rests on: `measured`, `supplier-stated`, or a `scenario`, which is an assumption. They are never added to the
gate's total (ISO 14067:2018 has life-cycle stages reported apart). No meter of a plan stands behind any of them:
`measured` is its issuer's word, and a check passes it no more than the others.

What must hold:

1. Each line is one of three: a leg, `quantity` (a mass) x `distance_km` x a factor per t.km (ISO 14083:2023 and
   GLEC Framework v3: transport activity times emission intensity); an amount, such as fuel or electricity, x its
   factor; or `stated`, kg CO2e that somebody else's document says, named in `source`.
2. `per_tonne` is the sum over `tonnes`, the mass that the lines are about, rounded once; the lines add up to it.
3. A line below zero is a credit, and only a scenario has one; a `stated` number is no measurement.
4. A lot has one statement for each stage and name: a newer one supersedes.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Literal, Self

import msgspec

from leafproof import body, numbers, units, values
from leafproof.calculation import QUANTUM
from leafproof.errors import InvalidInput
from leafproof.factors import Factor
from leafproof.footprint import FactorRef
from leafproof.structs import convert
from leafproof.texts import check_printable

MAX_LINES = 100
MAX_TEXT = 500  # characters
TRANSPORT = "t.km"

StageName = Literal["logistics", "installation", "use", "recycling"]
Basis = Literal["measured", "supplier-stated", "scenario"]
FactorLookup = Callable[[FactorRef], Factor]


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One leg, amount or stated number; `emissions` in kg CO2e per tonne of the lot, empty until calculated."""

    name: str
    quantity: str | None = None
    unit: str | None = None
    distance_km: str | None = None
    factor: FactorRef | None = None
    stated: str | None = None
    source: str | None = None
    emissions: str = ""


class Lifecycle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module. `assumptions` says what a scenario assumes, and what a measurement is of."""

    gtin: str
    lot: str
    stage: StageName
    basis: Basis
    name: str
    assumptions: str
    tonnes: str
    lines: tuple[Line, ...]
    per_tonne: str
    supersedes: str | None = None

    @property
    def of(self) -> values.Lot:
        """The lot."""
        return values.Lot.parse(self.gtin, self.lot)

    def encode_body(self) -> bytes:
        """The statement's body: `[salt, stage]`; it is public."""
        self.check()
        return body.encode({k: v for k, v in msgspec.to_builtins(self).items() if v is not None})

    @classmethod
    def decode_body(cls, data: bytes) -> Self:
        """Read and check one; raises `InvalidInput` naming the field."""
        (value,) = body.decode(data, 1)
        found = convert(value, cls, "life-cycle stage")
        found.check()
        return found

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        check_printable(self)
        _ = self.of
        if self.supersedes is not None:
            values.digest(self.supersedes, "supersedes")
        for field, text in (("name", self.name), ("assumptions", self.assumptions)):
            if not 0 < len(text.strip()) <= MAX_TEXT:
                raise InvalidInput(field, f"not 1 to {MAX_TEXT} characters")
        if units.parse_decimal(self.tonnes, "tonnes") <= 0:
            raise InvalidInput("tonnes", "not positive")
        units.parse_decimal(self.per_tonne, "per_tonne")
        if not 1 <= len(self.lines) <= MAX_LINES:
            raise InvalidInput("lines", f"1 to {MAX_LINES} are allowed")
        for line in self.lines:
            _check_line(line, self.basis)


def _check_line(line: Line, basis: Basis) -> None:
    counted = (line.quantity, line.unit, line.factor)
    if (line.stated is None) == (None in counted):
        raise InvalidInput("lines", f"{line.name}: either quantity, unit and factor, or a stated number")
    if line.stated is not None:
        if any(one is not None for one in (*counted, line.distance_km)) or not (line.source or "").strip():
            raise InvalidInput("lines.stated", f"{line.name}: stands alone, with its source")
        if basis == "measured":
            raise InvalidInput("lines.stated", f"{line.name}: a stated number is no measurement")
        _check_credit(line, Fraction(units.parse_decimal(line.stated, "lines.stated")), basis)
        return
    for field, text in (("quantity", line.quantity), ("distance_km", line.distance_km)):
        if text is not None and units.parse_decimal(text, f"lines.{field}") < 0:
            raise InvalidInput(f"lines.{field}", f"{line.name}: negative")


def _check_credit(line: Line, emitted: Fraction, basis: Basis) -> None:
    if emitted < 0 and basis != "scenario":
        raise InvalidInput("lines", f"{line.name}: a credit is a scenario, and nothing else")


def calculate(base: Lifecycle, factor: FactorLookup) -> Lifecycle:
    """`base` with what its lines give: their emissions and the total. Raises `InvalidInput` for a line that is
    none, a missing factor, units that do not fit, or a credit that is no scenario."""
    for line in base.lines:
        _check_line(line, base.basis)
    tonnes = Fraction(units.parse_decimal(base.tonnes, "tonnes"))
    if tonnes <= 0:
        raise InvalidInput("tonnes", "not positive")
    exact = [_emitted(line, factor) for line in base.lines]
    for line, emitted in zip(base.lines, exact, strict=True):
        _check_credit(line, emitted, base.basis)
    published = numbers.apportioned([emitted / tonnes for emitted in exact], QUANTUM)
    lines = tuple(
        msgspec.structs.replace(line, emissions=f"{e:f}") for line, e in zip(base.lines, published, strict=True)
    )
    return msgspec.structs.replace(base, lines=lines, per_tonne=f"{numbers.total(published):f}")


def _emitted(line: Line, factor: FactorLookup) -> Fraction:
    """kg CO2e of one line."""
    if line.stated is not None:
        return Fraction(units.parse_decimal(line.stated, "lines.stated"))
    if line.factor is None or line.quantity is None or line.unit is None:
        raise InvalidInput("lines", f"{line.name}: no factor, quantity or unit")
    used = factor(line.factor)
    if used.unit not in ("kg CO2e", "kg CO2"):
        raise InvalidInput("factor", f"{used.id} is in {used.unit}, not in kg CO2e")
    if (used.per == TRANSPORT) != (line.distance_km is not None):
        raise InvalidInput("lines.distance_km", f"{line.name}: goes with a factor per {TRANSPORT}, and no other")
    amount = units.Quantity(units.parse_decimal(line.quantity, "lines.quantity"), line.unit)
    if line.distance_km is None:
        return amount.to(used.per) * Fraction(used.amount)
    distance = Fraction(units.parse_decimal(line.distance_km, "lines.distance_km"))
    return amount.to("t") * distance * Fraction(used.amount)
