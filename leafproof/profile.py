"""Method profiles: the rules of a standard as data, and the gases' weights.

`leafproof/profiles/<id>.<version>.json` is one profile. Each rule has an id, a sentence in English and Chinese,
the clause it stands on, how far that clause could be read from here (`reading`), and the parameters that
`leafproof.calculation` goes by. A file is never edited once footprints name it: a footprint names its SHA-256, and
what computes it anew uses exactly that file. A new wording is a new version beside the old one.

What a profile does not allow is refused with `InvalidInput` whose field is the rule's id.

`leafproof/gwp/ipcc-gwp100.json` has the global warming potentials over 100 years, by IPCC report. A profile names
the set, and the SHA-256 of the table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from importlib import resources
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

from leafproof import units
from leafproof.errors import InvalidInput, Malformed
from leafproof.structs import convert

Category = Literal["fossil", "biogenic", "biogenic uptake", "land use", "aircraft"]
CATEGORIES: tuple[Category, ...] = ("fossil", "biogenic", "biogenic uptake", "land use", "aircraft")
Gas: TypeAlias = str
# How far the clause could be read: in the original, in somebody's rendering of it, or not at all.
Depth = Literal["read", "secondary", "not read"]
# A rule that is the house's own stands on no clause.
HOUSE = "leafproof-partial"


class ProfileRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which profile, and the SHA-256 of its file."""

    id: str
    version: str
    sha256: str


class RuleWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="rule"):
    """What every rule has: see the module."""

    id: str
    text_en: str
    text_zh: str
    source: str
    reading: Depth

    def refuse(self, what: str) -> InvalidInput:
        """The error that names this rule, its words and what breaks it."""
        return InvalidInput(self.id, f"{what} ({self.source})")


class Weights(RuleWords, frozen=True, tag="gases"):
    """Which set weighs the gases, of the table with that SHA-256; `gases` alone are counted, or all (null).
    `lumps`: what becomes of a factor in kg CO2e that does not say of which gases."""

    gwp_set: str
    table: str
    gases: tuple[Gas, ...] | None
    lumps: Literal["flag", "refuse"]


class Boundary(RuleWords, frozen=True, tag="boundary"):
    """Whether electricity counts; what the boundary of a material's factor must be word for word, if anything;
    what the footprint leaves out, said in every statement."""

    electricity: bool
    material_boundary: str | None
    excluded: tuple[str, ...]


class Electricity(RuleWords, frozen=True, tag="electricity"):
    """What a carrier's factors must count together, and what happens where they do not."""

    required: tuple[str, ...]
    incomplete: Literal["flag", "refuse"]


class Instruments(RuleWords, frozen=True, tag="instruments"):
    """Electricity counts by contractual instruments: a profile without this rule counts it by location
    (`leafproof.market`)."""


class Carbon(RuleWords, frozen=True, tag="categories"):
    """Which categories the result counts; the others are reported beside it."""

    counted: tuple[Category, ...]


class Sharing(RuleWords, frozen=True, tag="allocation"):
    """How co-products may share. `value_ratio`: by value if the dearest output's price is more than so many times
    the cheapest's, by mass if not."""

    methods: tuple[Literal["mass", "economic"], ...]
    subdivision: bool
    value_ratio: str | None


class CutOff(RuleWords, frozen=True, tag="cut-off"):
    """The most that may be left out, in percent; null where no number is set. A reason is always asked for."""

    max_percent: str | None


class Product(RuleWords, frozen=True, tag="product"):
    """What must be known of a product, which customs codes are within scope, and the functional unit."""

    required: tuple[Literal["cn_code", "process", "model", "service_life_kwh_per_tonne"], ...]
    cn_prefixes: tuple[str, ...]
    functional_unit: str | None


class DataQuality(RuleWords, frozen=True, tag="quality"):
    """Whether ratings are made. `years` are the ages up to which a factor's temporal rating is 1, 2, 3, 4."""

    rated: bool
    years: tuple[int, int, int, int]


class Overhead(RuleWords, frozen=True, tag="overhead"):
    """Whether a period's energy outside runs is counted, and whether a lot's footprint is provisional until it was
    shared out."""

    counted: bool
    required: bool


class Note(RuleWords, frozen=True, tag="note"):
    """A rule that binds people and no number here."""


Rule = (
    Weights
    | Boundary
    | Electricity
    | Instruments
    | Carbon
    | Sharing
    | CutOff
    | Product
    | DataQuality
    | Overhead
    | Note
)
R = TypeVar("R", bound=RuleWords)
_ONCE = (Weights, Boundary, Electricity, Carbon, Sharing, CutOff, Product, DataQuality, Overhead)


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module."""

    id: str
    version: str
    title_en: str
    title_zh: str
    standard: str
    note: str
    rules: tuple[Rule, ...]

    def rule(self, kind: type[R]) -> R:
        """The profile's one rule of that kind."""
        return next(r for r in self.rules if isinstance(r, kind))

    @property
    def instruments(self) -> Instruments | None:
        """The rule by which certificates count, if they do."""
        return next((r for r in self.rules if isinstance(r, Instruments)), None)

    def check(self) -> None:
        """Raises `InvalidInput` for a rule missing or given twice, or an id given twice."""
        for kind in _ONCE:
            if sum(isinstance(r, kind) for r in self.rules) != 1:
                raise InvalidInput("rules", f"not exactly one of kind {kind.__struct_config__.tag!r}")
        overhead = self.rule(Overhead)
        if overhead.required and not overhead.counted:
            raise InvalidInput(overhead.id, "required, and not counted")
        by_contract = sum(isinstance(r, Instruments) for r in self.rules)
        if by_contract > int(self.rule(Boundary).electricity):
            raise InvalidInput("rules", "instruments are given twice, or electricity does not count")
        ids = [r.id for r in self.rules]
        if len(set(ids)) != len(ids):
            raise InvalidInput("rules", "one id is given twice")
        weights, sharing, cut = self.rule(Weights), self.rule(Sharing), self.rule(CutOff)
        if weights.gwp_set not in gwp_table(weights.table):
            raise InvalidInput(weights.id, f"the table has no set {weights.gwp_set}")
        for text in (sharing.value_ratio, cut.max_percent):
            if text is not None:
                units.parse_decimal(text, "parameters")


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, tuple[ProfileRef, Profile]]:
    """All profiles that come with this version, by the SHA-256 of their files. Raises `InvalidInput` naming the
    file that breaks a rule."""
    found: dict[str, tuple[ProfileRef, Profile]] = {}
    folder = resources.files("leafproof").joinpath("profiles")
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        data = file.read_bytes()
        profile = read(data, file.name)
        digest = hashlib.sha256(data).hexdigest()
        found[digest] = ProfileRef(profile.id, profile.version, digest), profile
    return found


def read(data: bytes, name: str) -> Profile:
    """A profile from its file's bytes; raises `InvalidInput` naming the file, and the rule at fault."""
    profile = convert(_json(data, name), Profile, name)
    profile.check()
    return profile


def named(ref: ProfileRef) -> Profile:
    """The profile that a footprint names; raises `InvalidInput` for one that this version does not have."""
    found = shipped().get(ref.sha256)
    if found is None or found[0] != ref:
        raise InvalidInput("profile", f"{ref.id[:80]!r} {ref.version[:20]!r} is not one that this version knows")
    return found[1]


def newest(profile_id: str) -> ProfileRef:
    """The newest version of the profile of that id; raises `InvalidInput` naming `profile`."""
    refs = [ref for ref, _ in shipped().values() if ref.id == profile_id]
    if not refs:
        known = sorted({ref.id for ref, _ in shipped().values()})
        raise InvalidInput("profile", f"{profile_id[:80]!r} is not known; known: {', '.join(known)}")
    return max(refs, key=lambda ref: int(ref.version))


GwpTable = Mapping[str, Mapping[Gas, Fraction]]


@lru_cache(maxsize=4)
def gwp_table(sha256: str) -> GwpTable:
    """The shipped table of global warming potentials: by set, by gas (kg CO2e per kg). Raises `InvalidInput` where
    it has another SHA-256."""
    data = resources.files("leafproof").joinpath("gwp", "ipcc-gwp100.json").read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise InvalidInput("gwp", f"the table with SHA-256 {sha256[:64]} is not one that this version has")
    sets = _json(data, "gwp")["sets"]
    return {
        name: {gas: Fraction(Decimal(units.parse_decimal(value, f"{name}.{gas}"))) for gas, value in rows.items()}
        for name, rows in sets.items()
    }


def _json(data: bytes, name: str) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Malformed(name, str(error)) from error
