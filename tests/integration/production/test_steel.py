"""A week of the real meter of a steel plant, in real frames, through ingest to records and balance."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from decimal import Decimal

from backend.access.tiers import Tier
from backend.database import reading
from backend.production.balance import energy_balance
from leafproof import clock
from leafproof.frame import Reading
from leafproof.verification.report import Status
from tests.integration.production.test_bundles import check
from tests.integration.production.works import PLANT, Works, coil, product, slab
from tests.support.require import need, shared

FILE = shared() / "data" / "steel" / "Steel_industry_data.csv"
FIRST = "2018-03-05"
DAYS = 7
SHIFTS = ((5, 50, 13, 55), (14, 0, 21, 40))  # hours and minutes: bounds that cut quarters


def week() -> list[Reading]:
    """The file's readings of seven local days; a day's last one is written as its own midnight."""
    zone, found = clock.zone("Asia/Seoul"), []
    first = datetime.fromisoformat(FIRST).replace(tzinfo=zone)
    with FILE.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            end = datetime.strptime(row["date"], "%d/%m/%Y %H:%M").replace(tzinfo=zone)
            if (end.hour, end.minute) == (0, 0):
                end += timedelta(days=1)
            if first < end <= first + timedelta(days=DAYS):
                found.append(Reading("main", int(end.timestamp()), Decimal(row["Usage_kWh"]), "kWh"))
    return sorted(found, key=lambda reading: reading.time)


def test_a_real_week_adds_up_and_recomputes(sqlite_works: Works) -> None:
    need(FILE.exists(), "the steel plant's readings are not at hand")
    works, readings = sqlite_works, week()
    assert len(readings) == DAYS * 96
    works.mill.mode = "recorded"
    for first in range(0, len(readings), 256):
        works.say(works.mill, readings[first : first + 256])
    start = int(datetime.fromisoformat(FIRST).replace(tzinfo=clock.zone("Asia/Seoul")).timestamp())
    lots = []
    for day in range(DAYS):
        for number, (h0, m0, h1, m1) in enumerate(SHIFTS):
            lot = coil(f"{day}-{number}")
            opened = start + day * 86400 + h0 * 3600 + m0 * 60
            works.run(lot, opened, start + day * 86400 + h1 * 3600 + m1 * 60, [product("18.4")], [slab("19.1")])
            lots.append(lot)
    assert works.recorder().step() == len(lots)
    with reading(works.engine) as connection:
        found = energy_balance(connection, works.desk, PLANT, start, start + DAYS * 86400)
    assert found.total == sum(r.value for r in readings)
    assert found.lots + found.idle == found.total
    assert (found.expected, found.present) == (672, 672)
    records = [works.record(lot) for lot in lots]
    assert found.lots == sum(Decimal(a.quantity) for r in records for a in r.activity or ())
    assert {r.mode for r in records} == {"recorded"}
    report = check(works, lots[3], Tier.AUDITOR)
    assert report[8].status is Status.PASS
    assert [f for c in report.checks for f in c.findings if f.status is Status.FAIL] == []
