"""Who plays, and the production orders. Company prefix 952 is GS1's own for demonstrations and examples.

All tonnage is invented, and said to be. The coils that go into the section are weighed, by a scale that is
simulated; of the others every quantity reads "declared, unverified".
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from leafproof import clock
from leafproof.errors import InvalidInput
from leafproof.values import Gln, Lot, gs1_check_digit

FIRST_DAY = date(2018, 1, 1)  # a Monday, and the first day of the steel plant's file
WEEK, YEAR = 5, 365
NOTICE = "Demonstration: the companies, products and all tonnage are invented."
NOTICE_RECORDED = NOTICE + " The steel plant's electricity was really measured (Gwangyang, 2018)."


def _gln(payload: str) -> Gln:
    return Gln.parse(f"{payload}{gs1_check_digit(payload)}")


def _gtin(payload: str) -> str:
    return f"{payload}{gs1_check_digit(payload)}".zfill(14)


@dataclass(frozen=True, slots=True)
class Company:
    """A company with one plant and one product: `gateway` reads its electricity, `yard` what else it meters;
    `electricity_added` are factors that add what the grid's own leaves out, `cn_code` and `process` are what
    customs would ask."""

    gln: Gln
    name: str
    facility: Gln
    facility_name: str
    country: str
    zone: str
    line: str
    gateway: str
    yard: str | None
    product_gtin: str
    product: str
    electricity_factor: str
    electricity_added: tuple[str, ...]
    cn_code: str
    process: str

    @property
    def gateways(self) -> tuple[str, ...]:
        """Their names, as folders have them."""
        return (self.gateway,) if self.yard is None else (self.gateway, self.yard)


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody without a plant, who signs with a key of his own."""

    gln: Gln
    name: str


def party(payload: str, name: str) -> Party:
    """By twelve digits, to which the check digit is added."""
    return Party(_gln(payload), name)


STEWARD, STEWARD_NAME = _gln("952000000901"), "Leafproof demonstration host"
STEEL = Company(
    gln=_gln("952000000001"),
    name="Gwangyang Demo Steel",
    facility=_gln("952000000002"),
    facility_name="Rolling plant",
    country="KR",
    zone="Asia/Seoul",
    line="rolling",
    gateway="rolling-gw",
    yard="yard-gw",
    product_gtin=_gtin("952000001001"),
    product="Hot-rolled steel coil",
    electricity_factor="electricity-kr-2018-consumption",
    electricity_added=("electricity-fuel-supply-coal-glo-2014",),
    cn_code="7208",
    process="hot rolling of slab",
)
FABRICATOR = Company(
    gln=_gln("952000000101"),
    name="Jiangsu Demo Towers",
    facility=_gln("952000000102"),
    facility_name="Tower workshop",
    country="CN",
    zone="Asia/Shanghai",
    line="welding",
    gateway="welding-gw",
    yard=None,
    product_gtin=_gtin("952000001101"),
    product="Wind tower section",
    electricity_factor="electricity-cn-east-2023",
    electricity_added=(
        "electricity-cn-east-2023-transmission-losses",
        "electricity-fuel-supply-coal-glo-2014",
    ),
    cn_code="73082000",
    process="welding of coil into tower sections",
)
MAIN, FURNACE, SCALE = "main", "furnace", "scale"  # the metering points
# The main one first. CBAM takes its own default for the slab, and counts no electricity.
PROFILES = ("iso-14067-2018", "cbam-steel")
# By this one the steel plant counts what it claimed certificates for, once it did.
BY_MARKET = "iso-14067-2018-market"
WIND_FACTORS = ("electricity-wind-onshore-glo-2014", "electricity-kr-2018-transmission-losses")
CBAM_SLAB = "steel-slab-kr-cbam-2026"
GAS_FACTORS = ("fuel-natural-gas-co2-ipcc2006", "fuel-natural-gas-ch4-ipcc2006", "fuel-natural-gas-n2o-ipcc2006")
TOWER_LOT = "T-0001"
TOWER = Lot.parse(FABRICATOR.product_gtin, TOWER_LOT)
SECTION_COILS = 2
COIL_TONNES = Decimal("9.5")  # of each of the coils that go into the section


@dataclass(frozen=True, slots=True)
class Period:
    """`days` local days of the steel plant, and the day after on which the section is made."""

    days: int

    @property
    def last_day(self) -> date:
        """The first day that is not in it."""
        return FIRST_DAY + timedelta(days=self.days)

    def steel_window(self) -> tuple[int, int]:
        """Unix seconds of the steel plant's period."""
        zone = clock.zone(STEEL.zone)
        start, end = (datetime.combine(d, time(0), zone) for d in (FIRST_DAY, self.last_day))
        return int(start.timestamp()), int(end.timestamp())

    def working_days(self) -> Iterator[date]:
        """Monday to Friday."""
        days = (FIRST_DAY + timedelta(days=n) for n in range(self.days))
        return (day for day in days if day.weekday() < 5)


@dataclass(frozen=True, slots=True)
class Order:
    """A run that is over: local times, tonnes."""

    name: str
    lot: str
    opened: str
    closed: str
    output: Decimal
    scrap: Decimal

    @property
    def weighed(self) -> datetime:
        """When the crane scale has its coil, if it does: ten minutes after the run."""
        return datetime.fromisoformat(self.closed) + timedelta(minutes=10)


def steel_orders(period: Period) -> list[Order]:
    """Two coils a working day; bounds lie between the quarter-hours, as they do in life."""
    chance = random.Random(2018)  # noqa: S311 - invented tonnage, the same in each demo
    orders: list[Order] = []
    for day in period.working_days():
        for number, (opened, closed) in enumerate((("07:10", "12:40"), ("13:25", "19:50")), start=1):
            output = Decimal(chance.randrange(16_000, 23_000)) / 1000
            scrap = (output * Decimal("0.03")).quantize(Decimal("0.001"))
            code = f"C-{day:%y%m%d}-{number}"
            orders.append(
                Order(f"PO-{day:%Y%m%d}-{number}", code, f"{day} {opened}", f"{day} {closed}", output, scrap)
            )
    if len(orders) <= SECTION_COILS:
        raise InvalidInput("--days", "at least two working days are needed: two coils for the section, one more")
    return orders


def steel_csv(orders: list[Order]) -> bytes:
    """The steel plant's production orders, as its planning system might export them."""
    rows = [
        {
            "order": order.name,
            "line": STEEL.line,
            "gtin": STEEL.product_gtin,
            "lot": order.lot,
            "opened": order.opened,
            "closed": order.closed,
            "output_t": str(order.output),
            "scrap_t": str(order.scrap),
            "source": f"{SCALE}@{order.weighed}" if order in orders[:SECTION_COILS] else "",
            "input1_name": "purchased slab",
            "input1_t": str(order.output + order.scrap),
            "input1_material": "steel-slab",
        }
        for order in orders
    ]
    return csv_text(rows)


def fabricator_csv(period: Period, coils: list[Lot]) -> bytes:
    """The tower section: one order, on the day after the period, made of the coils given."""
    used = COIL_TONNES * len(coils)
    scrap = (used * Decimal("0.04")).quantize(Decimal("0.001"))
    row = {
        "order": "TO-1",
        "line": FABRICATOR.line,
        "gtin": FABRICATOR.product_gtin,
        "lot": TOWER_LOT,
        "opened": f"{period.last_day} 08:05",
        "closed": f"{period.last_day} 16:35",
        "output_t": str(used - scrap),
        "scrap_t": str(scrap),
    }
    for number, coil in enumerate(coils, start=1):
        row[f"input{number}_name"] = "hot-rolled coil"
        row[f"input{number}_t"] = str(COIL_TONNES)
        row[f"input{number}_gtin"] = str(coil.gtin)
        row[f"input{number}_lot"] = str(coil.code)
    return csv_text([row])


def csv_text(rows: list[dict[str, str]]) -> bytes:
    """A table with its headings."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def check_readings(path: Path) -> None:
    """Raises `InvalidInput` for a file that is not the steel plant's table, before anything is started."""
    with path.open("rb") as file:
        head = file.readline(4096).decode("utf-8-sig", errors="replace")
    missing = {"date", "Usage_kWh"} - set(head.strip().split(","))
    if missing:
        raise InvalidInput("readings", f"{path} has no column {' and none '.join(sorted(missing))}")


def find_readings() -> Path | None:
    """The steel plant's file, where the demo finds it by itself."""
    for root in (Path.cwd(), *Path(__file__).resolve().parents[1:3]):
        found = root.parent / "shared" / "data" / "steel" / "Steel_industry_data.csv"
        if found.is_file():
            return found
    return None
