"""By which profiles a facility's lots have footprints, and what its products' makers say for them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from backend.footprints import repository
from leafproof import profile
from leafproof.errors import InvalidInput
from leafproof.footprint import Allocation, Exempted, ProductFacts
from leafproof.values import Gtin

MAX_PROFILES = 10


class ProductMethod(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the maker says of a product once, for all its lots: facts for some profiles, how co-products share,
    what is cut off. Each footprint states what it went by."""

    facts: ProductFacts | None = None
    allocation: Allocation = Allocation()
    exempted: Exempted = Exempted()


def profiles_of(connection: Connection, facility: str) -> tuple[profile.ProfileRef, ...]:
    """The newest versions of the facility's profiles, the main one first; by itself, it has the house's."""
    names = repository.profiles_of(connection, facility) or [profile.HOUSE]
    return tuple(profile.newest(name) for name in names)


def set_profiles(connection: Connection, facility: str, names: Sequence[str]) -> None:
    """By which profiles the facility computes from now on, the main one first. Raises `InvalidInput` naming
    `profiles`."""
    if not 1 <= len(names) <= MAX_PROFILES or len(set(names)) != len(names):
        raise InvalidInput("profiles", f"not 1 to {MAX_PROFILES}, each once")
    for name in names:
        profile.newest(name)
    repository.put_profiles(connection, facility, names)


def product(connection: Connection, gtin: str) -> ProductMethod:
    """What is said of a product; nothing, where nobody said anything."""
    stored = repository.product_method(connection, gtin)
    return ProductMethod() if stored is None else msgspec.json.decode(stored, type=ProductMethod)


def set_product(connection: Connection, gtin: Gtin, method: ProductMethod) -> None:
    """What is said of a product from now on."""
    repository.put_product(connection, str(gtin), msgspec.json.encode(method).decode("utf-8"))
