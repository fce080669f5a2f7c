"""What a metering point may meter: energy carriers, fuels, gases that are emitted, and goods on a scale.

Of each carrier: which kind of factor it takes, and what it is counted as. A record publishes it in one unit for
each dimension (`PUBLISHED`; electricity in kWh), so that lots and rest can be added up. Names of fuels are those
of the IPCC's 2006 Guidelines (volume 2, table 1.2); works' gases of steel plants and hydrogen stand beside them.
A gas that a process emits, or that a refrigerator lost and was refilled with, is `emitted-` and its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from leafproof.errors import InvalidInput

ELECTRICITY = "electricity"
GOODS = "goods"  # what a scale weighs; no carrier of energy, and no activity of its own
Category = Literal["electricity", "fuel", "heat", "gas"]
PUBLISHED = {"energy": "GJ", "mass": "kg", "gas volume": "Nm3"}

_FUELS = (
    "anthracite",
    "biogas",
    "blast-furnace-gas",
    "coke-oven-coke",
    "coke-oven-gas",
    "coking-coal",
    "converter-gas",
    "diesel",
    "hydrogen",
    "lignite",
    "lpg",
    "motor-gasoline",
    "natural-gas",
    "other-bituminous-coal",
    "residual-fuel-oil",
    "sub-bituminous-coal",
    "wood-pellets",
)
_GASES = ("co2", "ch4", "n2o", "sf6", "nf3", "cf4", "c2f6", "hfc23", "hfc32", "hfc125", "hfc134a", "hfc143a")
_BLENDS = ("r404a", "r407c", "r410a")  # refrigerants of several gases (ANSI/ASHRAE Standard 34)


@dataclass(frozen=True, slots=True)
class Carrier:
    """Its factors' category, and the dimensions in which it may be counted."""

    category: Category
    dimensions: tuple[str, ...]


CARRIERS: dict[str, Carrier] = {
    ELECTRICITY: Carrier("electricity", ("energy",)),
    **{name: Carrier("fuel", ("energy", "mass")) for name in _FUELS},
    "heat": Carrier("heat", ("energy",)),
    "steam": Carrier("heat", ("energy",)),
    "cold": Carrier("heat", ("energy",)),
    "compressed-air": Carrier("heat", ("gas volume", "energy")),
    **{f"emitted-{gas}": Carrier("gas", ("mass",)) for gas in (*_GASES, *_BLENDS)},
}


def named(name: str, field: str = "carrier") -> Carrier:
    """The carrier of that name; raises `InvalidInput` naming `field`."""
    if name not in CARRIERS:
        raise InvalidInput(field, f"unknown carrier {name[:40]!r}; known: {', '.join(CARRIERS)}")
    return CARRIERS[name]


def published_unit(name: str, dimension: str) -> str:
    """In which unit a carrier is published where it is counted in `dimension`; raises `InvalidInput`."""
    if dimension not in named(name).dimensions:
        wanted = " or ".join(named(name).dimensions)
        raise InvalidInput("carrier", f"{name} is counted as {wanted}, not as {dimension}")
    return "kWh" if name == ELECTRICITY else PUBLISHED[dimension]
