"""Units of quantities and their exact conversions.

Symbols and scales: RFC 8428 12.1 and RFC 8798 (SenML units), SI Brochure 9th edition (kilogram, tonne,
joule), 1 Wh = 3600 J. Every scale is an exact rational, so no conversion rounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from leafproof.errors import InvalidInput, PrecisionLost

# unit -> (dimension, exact multiple of the dimension's first unit)
_UNITS: dict[str, tuple[str, Fraction]] = {
    "Wh": ("energy", Fraction(1)),
    "kWh": ("energy", Fraction(1000)),
    "MWh": ("energy", Fraction(10**6)),
    "J": ("energy", Fraction(1, 3600)),
    "MJ": ("energy", Fraction(10**6, 3600)),
    "GJ": ("energy", Fraction(10**9, 3600)),
    "g": ("mass", Fraction(1)),
    "kg": ("mass", Fraction(1000)),
    "t": ("mass", Fraction(10**6)),
    "m3": ("volume", Fraction(1)),
    "l": ("volume", Fraction(1, 1000)),
    "varh": ("reactive energy", Fraction(1)),
    "kvarh": ("reactive energy", Fraction(1000)),
    "W": ("power", Fraction(1)),
    "kW": ("power", Fraction(1000)),
    "/": ("count", Fraction(1)),
}

# What a gateway writes instead, so that the numbers of a frame are whole (see docs/data-path.md).
WHOLE_NUMBER_UNIT = {"kWh": "Wh", "MWh": "Wh", "kvarh": "varh", "t": "kg", "kW": "W"}

# Longer than any reading or sum of readings has digits; a number beyond it is an attack or a defect.
MAX_DIGITS = 40


def known(unit: str, field: str = "unit") -> str:
    """The unit itself; raises `InvalidInput` naming `field` where no conversion is known."""
    if unit not in _UNITS:
        raise InvalidInput(field, f"unknown unit {unit[:20]!r}; known: {', '.join(_UNITS)}")
    return unit


@lru_cache(maxsize=1024)
def scale(source: str, target: str) -> Fraction:
    """How many `target` one `source` is, exactly; raises `InvalidInput` across dimensions."""
    (from_dimension, numerator), (to_dimension, denominator) = _UNITS[known(source)], _UNITS[known(target)]
    if from_dimension != to_dimension:
        raise InvalidInput("unit", f"{source} ({from_dimension}) is no {target} ({to_dimension})")
    return numerator / denominator


def parse_decimal(text: str, field: str) -> Decimal:
    """A plain finite decimal of at most 40 digits; raises `InvalidInput` naming `field`."""
    body = text[1:] if text[:1] in "+-" else text
    whole, _, fraction = body.partition(".")
    digits = whole + fraction
    if not (text.isascii() and digits.isdigit() and whole and len(digits) <= MAX_DIGITS):
        raise InvalidInput(field, f"{text[:50]!r} is not a plain decimal number of at most {MAX_DIGITS} digits")
    return Decimal(text)


def exact_decimal(value: Fraction) -> Decimal:
    """The terminating decimal that `value` is; raises `PrecisionLost` if it has none within 40 digits."""
    for places in range(MAX_DIGITS):
        whole, rest = divmod(value.numerator * 10**places, value.denominator)
        if not rest:
            # From text, since arithmetic would round to the context's 28 digits.
            return Decimal(f"{whole}e-{places}")
    raise PrecisionLost(f"{value} has no exact decimal of {MAX_DIGITS} digits")


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount with its unit."""

    value: Decimal
    unit: str

    def __post_init__(self) -> None:
        known(self.unit)

    def to(self, unit: str) -> Fraction:
        """This amount in `unit`, exactly; raises `InvalidInput` across dimensions."""
        return Fraction(self.value) * scale(self.unit, unit)

    def __str__(self) -> str:
        return f"{self.value:f} {self.unit}"
