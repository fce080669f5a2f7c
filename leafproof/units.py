"""Units of quantities and their exact conversions: the one table of them.

Symbols and scales: RFC 8428 12.1 and RFC 8798 (SenML units: J, W, kg, g, m3, l, `/`, Wh, kWh, varh, kvarh, kW,
`/100`, ppm), SI Brochure 9th edition (prefixes, kilogram, tonne, joule; 1 Wh = 3600 J). SenML has no unit for a
gas's volume at stated conditions; these are all at 101.325 kPa, dry:

* `Nm3` at 273.15 K (DIN 1343);
* `Sm3` at 288.15 K, the standard reference conditions of ISO 13443:1996;
* `m3@20C` at 293.15 K (GB 17820, GOST 2939).

Between them the ratio of the temperatures holds, as of an ideal gas (ISO 13443:1996, annex B); a real natural gas
differs from it by less than 0.1 %. `m3` is a volume as it stands, and no other.

Two units with a slash between them are a ratio, such as `MJ/Nm3` or `kg/l`; of one dimension above and below, it
is a plain number. Every scale is an exact rational, so no conversion rounds.
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
    "GWh": ("energy", Fraction(10**9)),
    "J": ("energy", Fraction(1, 3600)),
    "kJ": ("energy", Fraction(10**3, 3600)),
    "MJ": ("energy", Fraction(10**6, 3600)),
    "GJ": ("energy", Fraction(10**9, 3600)),
    "TJ": ("energy", Fraction(10**12, 3600)),
    "mg": ("mass", Fraction(1, 1000)),
    "g": ("mass", Fraction(1)),
    "kg": ("mass", Fraction(1000)),
    "t": ("mass", Fraction(10**6)),
    "m3": ("volume", Fraction(1)),
    "l": ("volume", Fraction(1, 1000)),
    "Nm3": ("gas volume", Fraction(1)),
    "Sm3": ("gas volume", Fraction(27315, 28815)),
    "m3@20C": ("gas volume", Fraction(27315, 29315)),
    "varh": ("reactive energy", Fraction(1)),
    "kvarh": ("reactive energy", Fraction(1000)),
    "W": ("power", Fraction(1)),
    "kW": ("power", Fraction(1000)),
    "/": ("count", Fraction(1)),
    "/100": ("count", Fraction(1, 100)),
    "ppm": ("count", Fraction(1, 10**6)),
}

# What a gateway writes instead, so that the numbers of a frame are whole (see docs/data-path.md).
WHOLE_NUMBER_UNIT = {"kWh": "Wh", "MWh": "Wh", "kvarh": "varh", "t": "kg", "kW": "W"}

# Longer than any reading or sum of readings has digits; a number beyond it is an attack or a defect.
MAX_DIGITS = 40


def known(unit: str, field: str = "unit") -> str:
    """The unit itself; raises `InvalidInput` naming `field` where no conversion is known."""
    if unit in _UNITS or all(part in _UNITS for part in ratio(unit)):
        return unit
    raise InvalidInput(field, f"unknown unit {unit[:20]!r}; known: {', '.join(_UNITS)}, and two with / between")


def ratio(unit: str) -> tuple[str, str]:
    """Above and below the slash of a ratio such as `MJ/Nm3`; neither of another unit."""
    above, slash, below = unit.partition("/")
    return (above, below) if slash and above and unit not in _UNITS else ("", "")


def dimension(unit: str) -> str:
    """What a unit measures; raises `InvalidInput` for one that is not known."""
    return _meaning(known(unit))[0]


def _meaning(unit: str) -> tuple[str, Fraction]:
    if unit in _UNITS:
        return _UNITS[unit]
    (above, numerator), (below, denominator) = (_UNITS[part] for part in ratio(unit))
    return "count" if above == below else f"{above}/{below}", numerator / denominator


@lru_cache(maxsize=1024)
def scale(source: str, target: str) -> Fraction:
    """How many `target` one `source` is, exactly; raises `InvalidInput` across dimensions."""
    (from_dimension, numerator), (to_dimension, denominator) = _meaning(known(source)), _meaning(known(target))
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
