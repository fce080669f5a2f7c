"""Certificates of energy: what a registry cancelled, and for whom, as a statement in the log.

A certificate (GEC, GO, I-REC) counts for one consumption once its registry has cancelled it. The operator for whom
it was cancelled states that here: registry, serials, beneficiary and facility, what was generated where and when,
and the days of consumption that it is for. On chain the serials are then claimed for one lot (CertificateClaims),
and no serial twice. Which market and which vintage count is a profile, by kind:

* GO: generated and used in the European Union, Directive (EU) 2018/2001 art. 19(9); cancelled no later than 18
  months after generation, art. 19(3).
* GEC: generated and used in China; valid for two years, the month of generation among them (rules of issue and
  trade of green electricity certificates, National Energy Administration 2024 no. 67).
* I-REC: generated and used in one country, in one calendar year (GHG Protocol Scope 2 Guidance, table 7.1,
  criteria 4, "as close as possible to the period", and 5, "same market", in their usual reading).

For a GO and a GEC criterion 4 reads: what was generated after the period of consumption does not count for it, nor
what was too old to be cancelled when it began. Their period is a year at most, as an inventory's is: a longer one
would take in any vintage.

A statement says what its issuer says. That the registry cancelled these serials for this operator, a registrar of
the registry attests on chain; without that a claim is not exclusive.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

import msgspec
from eth_hash.auto import keccak

from leafproof import values
from leafproof.errors import InvalidInput
from leafproof.structs import Stated

MAX_SERIAL = 2**128 - 1  # CertificateClaims.sol
# One certificate stands for a megawatt-hour: a GO by Directive (EU) 2018/2001 art. 19(2), a GEC by the rules named
# above, an I-REC by its standard. Less may be cancelled of one, never more.
MAX_WH = 10**6
MAX_NAME = 128
Kind = Literal["GEC", "GO", "I-REC"]
EnergySource = Literal["solar", "wind", "hydro", "biomass", "geothermal", "marine", "nuclear", "other"]
_SERIAL = re.compile(r"[1-9][0-9]{0,38}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EU_COUNTRIES = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_EU = frozenset(_EU_COUNTRIES.split())


class Days(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calendar days, the first and the last among them, such as 2018-01-01."""

    first: str
    last: str

    def check(self, field: str) -> None:
        """Raises `InvalidInput` naming `field`."""
        if parse_day(self.first, field) > parse_day(self.last, field):
            raise InvalidInput(field, "ends before it begins")


class Cancellation(Stated, frozen=True, forbid_unknown_fields=True):
    """See the module. `registry` is the name that CertificateClaims admits; serials are decimal, the last among
    them; each stands for `wh_per_serial`. `beneficiary` is a GLN or LEI, `facility` a GLN; `period` are the days
    of consumption; `document` is the SHA-256 of the registry's own paper, if there is one."""

    CALLED: ClassVar[str] = "cancellation"
    kind: Kind
    registry: str
    first: str
    last: str
    wh_per_serial: int
    beneficiary: str
    facility: str
    period: Days
    plant: str
    source: EnergySource
    country: str
    generated: Days
    cancelled: str
    document: str | None = None

    @property
    def serials(self) -> tuple[int, int]:
        """First and last."""
        return serial(self.first, "first"), serial(self.last, "last")

    @property
    def registry_id(self) -> bytes:
        """As CertificateClaims counts it."""
        return registry_id(self.registry)

    def energy(self, first: int, last: int) -> int:
        """Watt-hours of the serials `first` to `last`."""
        return (last - first + 1) * self.wh_per_serial

    def unfit(
        self, facility: str, opened: str, closed: str, countries: Iterable[str]
    ) -> Iterator[tuple[str, dict[str, str]]]:
        """Why it does not count for what was made at `facility` from the local day `opened` to `closed` with
        electricity of `countries` (as far as known): codes of check 10, and what fills their sentences."""
        if self.facility != facility:
            yield "claim-facility", {"stated": self.facility, "facility": facility}
        start, end = self.period.first, self.period.last
        if not start <= opened <= closed <= end:
            yield "claim-period", {"opened": opened, "closed": closed, "start": start, "end": end}
        profile = PROFILES[self.kind]
        if not profile.in_time(self):
            yield (
                "claim-vintage",
                {"kind": self.kind, "generated": self.generated.first, "cancelled": self.cancelled},
            )
        for country in sorted(countries):
            if not profile.same_market(self.country, country):
                yield "claim-market", {"kind": self.kind, "country": self.country, "used": country}

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        super().check()
        if not 1 <= len(self.registry.encode("utf-8")) <= MAX_NAME:
            raise InvalidInput("registry", f"not 1 to {MAX_NAME} bytes")
        first, last = self.serials
        if first > last:
            raise InvalidInput("last", "below the first serial")
        if not 1 <= self.wh_per_serial <= MAX_WH:
            raise InvalidInput("wh_per_serial", f"not 1 to {MAX_WH}")
        values.party(self.beneficiary, "beneficiary")
        values.Gln.parse(self.facility, "facility")
        if not _COUNTRY.fullmatch(self.country):
            raise InvalidInput("country", "not a code of two capital letters (ISO 3166-1)")
        self.period.check("period")
        self.generated.check("generated")
        if parse_day(self.cancelled, "cancelled") < parse_day(self.generated.last, "generated"):
            raise InvalidInput("cancelled", "before the energy was generated")
        if self.document is not None:
            values.digest(self.document, "document")


@dataclass(frozen=True, slots=True)
class Profile:
    """Where and until when certificates of a kind count. `market`: countries that are one market, None for each
    country its own; `months` after generation in which they are cancelled and their period of consumption begins,
    to the day or to the month's end; None: in the calendar year of the consumption."""

    market: frozenset[str] | None
    months: int | None
    whole_months: bool = False

    def same_market(self, generated: str, used: str) -> bool:
        """Whether energy generated in one country counts in the other."""
        return generated == used if self.market is None else {generated, used} <= self.market

    def in_time(self, cancelled: Cancellation) -> bool:
        """Whether the vintage counts for the period of consumption."""
        generated, period = cancelled.generated, cancelled.period
        if self.months is None:
            return len({day[:4] for day in (generated.first, generated.last, period.first, period.last)}) == 1
        first, last = parse_day(period.first, "period"), parse_day(period.last, "period")
        end, made = parse_day(cancelled.cancelled, "cancelled"), parse_day(generated.first, "generated")
        if made > last or (last.year - 1, last.month, last.day) >= (first.year, first.month, first.day):
            return False
        return all(self._reaches(made, day, self.months) for day in (first, end))

    def _reaches(self, made: date, day: date, months: int) -> bool:
        passed = 12 * (day.year - made.year) + day.month - made.month
        return passed < months or (passed == months and (self.whole_months or day.day <= made.day))


PROFILES: dict[str, Profile] = {
    "GO": Profile(_EU, 18),
    "GEC": Profile(frozenset(("CN",)), 23, whole_months=True),
    "I-REC": Profile(None, None),
}


def registry_id(name: str) -> bytes:
    """CertificateClaims.registryIdOf: keccak-256 of the registry's name."""
    return bytes(keccak(name.encode("utf-8")))


def serial(text: str, field: str) -> int:
    """A serial's number, from 1; raises `InvalidInput` naming `field`."""
    number = int(text) if _SERIAL.fullmatch(text) else 0
    if not 1 <= number <= MAX_SERIAL:
        raise InvalidInput(field, f"{text[:40]!r} is not a whole number from 1 to 2^128 - 1 without leading zeros")
    return number


def parse_day(text: str, field: str) -> date:
    """A calendar day; raises `InvalidInput` naming `field`."""
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise InvalidInput(field, f"{text[:40]!r} is not a day such as 2026-11-23")
