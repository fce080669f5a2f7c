"""A declared footprint: what a plant's product emits on average over a reference period, of *all* its lots.

A footprint of one lot invites to show the good one. The declared footprint of (GTIN, facility, method) is the mean
over a reference period (ISO 14067:2018 6.3.6, time boundary for data: long enough that variation levels out; PACT
Methodology v3, reference period: a year as a rule), weighted by output:

    per tonne = sum(lot's kg CO2e per tonne x its tonnes of product and co-products) / sum(tonnes)

What must hold:

1. `lots` names each lot whose run closed in [`start`, `end`), by its newest record and the newest footprint of it
   by `method`, as the log has them in its first `size` entries; sorted by lot code.
2. `size` is the statement's own place: it speaks of all that stood in the log before it.
3. The mean is rounded once, half to even; tonnes are exact; `least` and `greatest` are those of single lots.
4. `final` only if the period was over when it was signed, and every lot's footprint is final.
5. Periods of one (GTIN, facility, method) do not overlap, but where one statement supersedes the other; a period
   that was declared once stays declared, so the newer one covers all of it.

`lots` can be withheld: together its lines tell what a plant produces in a year. That none is left out is seen only
by whoever has the whole log; see `leafproof.replay.declared`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal, Self

import msgspec

from leafproof import clock, disclosure, numbers, units, values
from leafproof.calculation import QUANTUM, SHARE_QUANTUM
from leafproof.errors import InvalidInput
from leafproof.footprint import Footprint
from leafproof.keys import PublicKey, SigningKey
from leafproof.profile import ProfileRef
from leafproof.record import BatchRecord, Tier
from leafproof.structs import convert
from leafproof.texts import check_printable

JWT_TYPE = "leafproof-declared-footprint+sd-jwt"
DISCLOSED_FROM: dict[str, Tier] = {"lots": "authority"}
DAY = 86400
YEAR = 365  # days; a shorter period may be the good days alone, and every reader is told
MAX_PERIOD = 366  # days
MAX_LOTS = 4000  # lines of some 250 bytes fill a disclosure of one MiB, see `leafproof.disclosure`
DEVIATION_QUANTUM = Decimal("0.01")  # percent


class DeclaredLot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One lot: its footprint's statement id, tonnes of product and co-products, and what the footprint says."""

    lot: str
    footprint: str
    mass: str
    per_tonne: str
    primary_data_share: str
    status: Literal["provisional", "final"]

    @classmethod
    def of(cls, record: BatchRecord, footprint_id: str, stated: Footprint) -> Self:
        """The line of a lot; `record` must disclose its outputs."""
        return cls(
            lot=record.lot,
            footprint=footprint_id,
            mass=f"{units.exact_decimal(record.product_mass()):f}",
            per_tonne=stated.per_tonne,
            primary_data_share=stated.primary_data_share,
            status=stated.status,
        )


class Cover(msgspec.Struct, frozen=True):
    """What is declared for: a product of a facility, by a method, over [start, end) in UTC."""

    gtin: str
    facility: str
    start: str
    end: str
    method: str

    @property
    def window(self) -> tuple[int, int]:
        """Unix seconds; raises `InvalidInput` naming the bound for an empty period, or one of over a year."""
        start, end = clock.utc_seconds(self.start, "start"), clock.utc_seconds(self.end, "end")
        if not 0 < end - start <= MAX_PERIOD * DAY:
            raise InvalidInput("end", f"a reference period has up to {MAX_PERIOD} days, and ends after it starts")
        return start, end

    @property
    def days(self) -> int:
        """Whole days of the period."""
        start, end = self.window
        return (end - start) // DAY

    def covers(self, record: BatchRecord) -> bool:
        """Whether the record's run closed in the period, of this product and facility."""
        start, end = self.window
        same = (record.of.gtin, record.facility) == (values.Gtin.parse(self.gtin), self.facility)
        return same and start <= record.run.window[1] < end

    def contains(self, other: Cover) -> bool:
        """Whether this speaks of the same product, facility and method, and of all of the other's period."""
        mine, its = self.window, other.window
        same = (self.gtin, self.facility, self.method) == (other.gtin, other.facility, other.method)
        return same and mine[0] <= its[0] and its[1] <= mine[1]

    def clashes(self, other: Cover) -> bool:
        """Whether both speak of one product, facility and method, and their periods overlap."""
        mine, its = self.window, other.window
        same = (self.gtin, self.facility, self.method) == (other.gtin, other.facility, other.method)
        return same and mine[0] < its[1] and its[0] < mine[1]


class DeclaredFootprint(Cover, frozen=True, forbid_unknown_fields=True):
    """See the module. `per_tonne`, `least`, `greatest` in kg CO2e, `mass` in tonnes, `count` in lots."""

    size: int
    per_tonne: str
    count: int
    mass: str
    least: str
    greatest: str
    primary_data_share: str
    status: Literal["provisional", "final"]
    supersedes: str | None = None
    lots: tuple[DeclaredLot, ...] | None = None

    @property
    def urn(self) -> str:
        """What the statement is about."""
        return f"urn:leafproof:declared:{self.gtin}:{self.facility}"

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        check_printable(self)
        if str(values.Gtin.parse(self.gtin)) != self.gtin:
            raise InvalidInput("gtin", "not in its form of 14 digits")
        values.Gln.parse(self.facility, "facility")
        _ = self.window
        for name in ("per_tonne", "mass", "least", "greatest", "primary_data_share"):
            units.parse_decimal(getattr(self, name), name)
        if self.supersedes is not None:
            values.digest(self.supersedes, "supersedes")
        for line in self.lots or ():
            values.LotCode.parse(line.lot)
            values.digest(line.footprint, "lots.footprint")
            if units.parse_decimal(line.mass, "lots.mass") <= 0:
                raise InvalidInput("lots.mass", f"{line.lot}: {line.mass} t is not positive")
            units.parse_decimal(line.per_tonne, "lots.per_tonne")
            units.parse_decimal(line.primary_data_share, "lots.primary_data_share")
        _check_codes(self.lots)

    def issue(self, key: SigningKey, issuer: str) -> tuple[bytes, dict[str, str]]:
        """Body and disclosures by member."""
        self.check()
        claims = {k: v for k, v in msgspec.to_builtins(self).items() if v is not None}
        return disclosure.issue(key, issuer, JWT_TYPE, claims, DISCLOSED_FROM)

    @classmethod
    def read(cls, data: bytes, disclosures: Iterable[str], key: PublicKey, issuer: str) -> Self:
        """Read one from its body and the disclosures at hand; raises `InvalidInput` naming the field."""
        claims = disclosure.read(data, disclosures, key, issuer, JWT_TYPE, DISCLOSED_FROM)
        found = convert(claims, cls, "declared footprint")
        found.check()
        return found


def _check_codes(lots: Sequence[DeclaredLot] | None) -> None:
    codes = [line.lot for line in lots or ()]
    if lots is not None and not 1 <= len(codes) <= MAX_LOTS:
        raise InvalidInput("lots", f"1 to {MAX_LOTS} are allowed; declare shorter periods")
    if codes != sorted(set(codes)):
        raise InvalidInput("lots", "not each once, sorted by lot code")


def calculate(
    cover: Cover, lots: Iterable[DeclaredLot], size: int, over: bool, supersedes: str | None = None
) -> DeclaredFootprint:
    """The declared footprint of `lots`, in any order; `over` says whether the period was over when it was signed.

    Raises `InvalidInput` for no lot or too many, and `PrecisionLost` beyond 40 digits.
    """
    lines = tuple(sorted(lots, key=lambda line: line.lot))
    _check_codes(lines)
    masses = [Fraction(Decimal(line.mass)) for line in lines]
    emissions = [m * Fraction(Decimal(line.per_tonne)) for m, line in zip(masses, lines, strict=True)]
    primary = [e * Fraction(Decimal(line.primary_data_share)) for e, line in zip(emissions, lines, strict=True)]
    mass, whole = sum(masses, Fraction(0)), sum(emissions, Fraction(0))
    share = sum(primary, Fraction(0)) / whole if whole > 0 else Fraction(0)
    final = over and all(line.status == "final" for line in lines)
    by_value = [(Decimal(line.per_tonne), line.per_tonne) for line in lines]
    return DeclaredFootprint(
        gtin=cover.gtin,
        facility=cover.facility,
        start=cover.start,
        end=cover.end,
        method=cover.method,
        size=size,
        per_tonne=f"{numbers.rounded(whole / mass, QUANTUM):f}",
        count=len(lines),
        mass=f"{units.exact_decimal(mass):f}",
        least=min(by_value)[1],
        greatest=max(by_value)[1],
        primary_data_share=f"{numbers.rounded(share, SHARE_QUANTUM):f}",
        status="final" if final else "provisional",
        supersedes=supersedes,
        lots=lines,
    )


def method_of(stated: Footprint) -> str:
    """By which method a lot's footprint was made, as declared footprints name it: profile and version."""
    return method_name(stated.profile)


def method_name(by: ProfileRef) -> str:
    """How declared footprints name a profile: means over two versions of it would be of nothing."""
    return f"{by.id} {by.version}"


def deviation(per_tonne: str, declared: str) -> str | None:
    """By how many percent a lot's footprint differs from the declared one, with its sign; None of zero."""
    whole = Fraction(Decimal(declared))
    if not whole:
        return None
    percent = numbers.rounded(100 * (Fraction(Decimal(per_tonne)) / whole - 1), DEVIATION_QUANTUM)
    return f"{percent:+f}"
