"""Emission factors: cited, signed as a set, named one by one by the footprints that use them."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

import msgspec

from leafproof import body, units
from leafproof.errors import InvalidInput
from leafproof.profile import Category, Gas
from leafproof.structs import convert
from leafproof.texts import check_printable

MAX_FACTORS = 2000


class Factor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one `per` of something emits, as a source states it. `boundary` lists what is counted; `gases` and
    `gwp_set` say of which gases and by which weights (IPCC report); `flow` says where the carbon comes from,
    fossil by default; `source` is the full citation."""

    id: str
    name: str
    name_zh: str
    category: Literal["electricity", "fuel", "heat", "gas", "material", "freight"]
    subject: str
    region: str
    year: int
    value: str
    unit: str
    per: str
    boundary: tuple[str, ...]
    gases: tuple[str, ...]
    gwp_set: str | None
    kind: Literal["primary", "secondary"]
    source: str
    source_class: Literal["primary-source", "secondary-source"]
    url: str | None = None
    licence_note: str | None = None
    note: str | None = None
    flow: Category = "fossil"

    @property
    def gas(self) -> Gas:
        """Which gas `value` is kilograms of: "CO2", "CH4", ...; "CO2e" where it does not say. Raises
        `InvalidInput` for another unit."""
        if not self.unit.startswith("kg ") or not self.unit[3:]:
            raise InvalidInput("factor", f"{self.id} is in {self.unit}, not in kg of a gas")
        return self.unit[3:]

    @property
    def amount(self) -> Decimal:
        """The number, exactly as cited."""
        return units.parse_decimal(self.value, f"factors.{self.id}.value")


class FactorSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A versioned set of factors."""

    id: str
    version: str
    title: str
    factors: tuple[Factor, ...]

    def encode_body(self) -> bytes:
        """The statement's body: `[salt, set]`."""
        return body.encode(msgspec.to_builtins(self))

    @classmethod
    def decode_body(cls, data: bytes) -> Self:
        """Read and check a set; raises `InvalidInput` naming the field."""
        (value,) = body.decode(data, 1)
        found = convert(value, cls, "factor set")
        found.check()
        return found

    def check(self) -> None:
        """Raises `InvalidInput` for a factor without a number, two of one id, or a text that cannot be shown."""
        check_printable(self)
        if not 1 <= len(self.factors) <= MAX_FACTORS:
            raise InvalidInput("factors", f"1 to {MAX_FACTORS} are allowed")
        if len({f.id for f in self.factors}) != len(self.factors):
            raise InvalidInput("factors", "one id is given twice")
        for factor in self.factors:
            # What plants take up leaves the air; whatever else a factor counts goes into it.
            if factor.amount > 0 if factor.flow == "biogenic uptake" else factor.amount < 0:
                sign = "positive, and an uptake" if factor.amount > 0 else "negative"
                raise InvalidInput(f"factors.{factor.id}.value", sign)

    def get(self, factor_id: str) -> Factor:
        """The factor of that id; raises `InvalidInput`."""
        for factor in self.factors:
            if factor.id == factor_id:
                return factor
        raise InvalidInput("factor", f"{factor_id[:80]!r} is not in {self.id} {self.version}")
