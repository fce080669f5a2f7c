"""The whole year of the real file, to the last digit."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest

from backend.demo.cast import Period, steel_orders
from tests.e2e.processes import Demo, steel_file
from tests.support.require import need

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]


def test_the_year_adds_up_to_the_files_own_sum(tmp_path: Path) -> None:
    need(steel_file().is_file(), "the steel plant's file is not here")
    demo = Demo(tmp_path / "kept", tmp_path / "said.txt", "--once", "--json", "--days", "365")
    try:
        result = demo.result()
        assert demo.process.wait(120) == 0
    finally:
        demo.end()
    with steel_file().open(encoding="utf-8-sig", newline="") as file:
        rows = [Decimal(row["Usage_kWh"]) for row in csv.DictReader(file)]
    assert len(rows) == 365 * 96
    assert Decimal(result["energy_kwh"]) == sum(rows)
    assert Decimal(result["energy_lots_kwh"]) + Decimal(result["energy_idle_kwh"]) == sum(rows)
    assert len(steel_orders(Period(365))) == 522
    manifest = json.loads((Path(result["export"]) / "manifest.json").read_bytes())
    assert manifest["size"] == result["log_size"]
