"""Recorded files: times, numbers, broken lines, and going on where one stopped."""

from __future__ import annotations

import csv
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from iot_gateway.errors import SourceChanged, SourceFailed
from iot_gateway.sources.base import Batch, Rejected
from iot_gateway.sources.csv_file import MAX_LINE, CsvSource
from iot_gateway.sources.settings import CsvSettings
from leafproof.errors import InvalidInput
from leafproof.frame import Reading
from tests.support.require import need, shared

STEEL = shared() / "data/steel/Steel_industry_data.csv"
STEEL_WAY = {"encoding": "utf-8-sig", "midnight": "old-date", "zone": "Asia/Seoul", "time_column": "date"}
BERLIN = ZoneInfo("Europe/Berlin")


def settings(file: Path, **changes: Any) -> CsvSettings:
    values = {
        "kind": "csv",
        "name": "s",
        "file": file,
        "time_column": "time",
        "time_format": "%d/%m/%Y %H:%M",
        "zone": "Europe/Berlin",
        "interval": 900,
        "times": "end",
        "points": [{"point": "main", "column": "Usage_kWh", "unit": "kWh"}],
    }
    found = msgspec.convert(values | changes, CsvSettings, dec_hook=lambda _kind, value: Path(value))
    found.check()
    return found


def read_some(source: CsvSource, limit: int = 512, position: str | None = None) -> Batch:
    source.open(position)
    with closing(source):
        return source.read(limit)


def read_all(
    source: CsvSource, position: str | None = None, limit: int = 512
) -> tuple[list[Reading], list[Rejected]]:
    source.open(position)
    readings, rejected = [], []
    while True:
        batch = source.read(limit)
        assert len(batch.readings) <= limit
        readings += batch.readings
        rejected += batch.rejected
        if batch.done:
            source.close()
            return readings, rejected


def written(path: Path, rows: list[str], heading: str = "time,Usage_kWh", encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join([heading, *rows, ""]).encode(encoding))
    return path


class TestTheSteelFile:
    def test_a_whole_year_sums_exactly_and_each_local_day_has_96_readings(self) -> None:
        need(STEEL.exists(), "the steel data is not at hand")
        readings, rejected = read_all(CsvSource(settings(STEEL, **STEEL_WAY)))
        with STEEL.open(encoding="utf-8-sig", newline="") as file:
            expected = sum((Decimal(row["Usage_kWh"]) for row in csv.DictReader(file)), Decimal(0))
        assert not rejected
        assert sum((r.value for r in readings), Decimal(0)) == expected
        seoul = ZoneInfo("Asia/Seoul")
        days = Counter(datetime.fromtimestamp(r.time - 900, seoul).date() for r in readings)
        assert len(days) == 365
        assert set(days.values()) == {96}
        assert [b.time - a.time for a, b in pairwise(readings)] == [900] * 35039

    def test_without_its_byte_order_mark_configured_the_error_says_what_to_set(self) -> None:
        need(STEEL.exists(), "the steel data is not at hand")
        with pytest.raises(SourceFailed, match="set encoding to utf-8-sig"):
            CsvSource(settings(STEEL, **STEEL_WAY | {"encoding": "utf-8"})).open(None)

    def test_without_its_midnight_configured_every_midnight_is_told_and_not_swallowed(self) -> None:
        need(STEEL.exists(), "the steel data is not at hand")
        readings, rejected = read_all(CsvSource(settings(STEEL, **STEEL_WAY | {"midnight": "new-date"})))
        # The last midnight of each day goes back by a day; the first line of a day is after it again.
        assert len(rejected) == 365
        assert all("midnight" in r.reason for r in rejected)
        assert len(readings) == 35040 - 365

    def test_bounds_in_local_time_choose_whole_days(self) -> None:
        need(STEEL.exists(), "the steel data is not at hand")
        bounds = {"from": datetime(2018, 1, 2), "until": datetime(2018, 1, 7)}  # noqa: DTZ001
        readings, rejected = read_all(CsvSource(settings(STEEL, **STEEL_WAY, **bounds)))
        assert len(readings) == 5 * 96
        assert not rejected
        assert datetime.fromtimestamp(readings[0].time, ZoneInfo("Asia/Seoul")).isoformat() == (
            "2018-01-02T00:15:00+09:00"
        )

    def test_a_later_until_goes_on_without_a_hole(self) -> None:
        need(STEEL.exists(), "the steel data is not at hand")
        first = CsvSource(settings(STEEL, **STEEL_WAY, until=datetime(2018, 1, 3)))  # noqa: DTZ001
        batch = read_some(first)
        assert batch.done
        second = CsvSource(settings(STEEL, **STEEL_WAY, until=datetime(2018, 1, 4)))  # noqa: DTZ001
        more, _ = read_all(second, batch.position)
        assert len(batch.readings) == 2 * 96
        assert len(more) == 96
        assert more[0].time == batch.readings[-1].time + 900


class TestDaylightSaving:
    @staticmethod
    def year(tmp_path: Path) -> Path:
        """2018 in Berlin, quarter hours named by their end, as a meter with local time writes them."""
        start = datetime(2018, 1, 1, tzinfo=BERLIN).astimezone(UTC)
        end = datetime(2019, 1, 1, tzinfo=BERLIN).astimezone(UTC)
        rows = []
        while start < end:
            start += timedelta(minutes=15)
            rows.append(f"{start.astimezone(BERLIN):%d/%m/%Y %H:%M},1.25")
        return written(tmp_path / "berlin.csv", rows)

    def test_days_have_92_96_and_100_readings(self, tmp_path: Path) -> None:
        readings, rejected = read_all(CsvSource(settings(self.year(tmp_path), ambiguous="in-order")))
        days = Counter(datetime.fromtimestamp(r.time - 900, BERLIN).date().isoformat() for r in readings)
        assert not rejected
        assert len(days) == 365
        assert days.pop("2018-03-25") == 92
        assert days.pop("2018-10-28") == 100
        assert set(days.values()) == {96}
        assert [b.time - a.time for a, b in pairwise(readings)] == [900] * 35039

    def test_in_order_survives_a_stop_within_the_doubled_hour(self, tmp_path: Path) -> None:
        rows = [f"28/10/2018 02:{m:02},1" for m in (0, 15, 30, 45)] * 2
        path = written(tmp_path / "f.csv", rows)
        batch = read_some(CsvSource(settings(path, ambiguous="in-order")), 4)
        rest, rejected = read_all(CsvSource(settings(path, ambiguous="in-order")), batch.position)
        assert not rejected
        assert [r.time - batch.readings[0].time for r in batch.readings + rest] == [900 * i for i in range(8)]

    @pytest.mark.parametrize(("rule", "utc_hour"), [("first", 0), ("second", 1)])
    def test_an_ambiguous_time_is_what_the_configuration_says(
        self, tmp_path: Path, rule: str, utc_hour: int
    ) -> None:
        path = written(tmp_path / "f.csv", ["28/10/2018 02:30,1"])
        readings, _ = read_all(CsvSource(settings(path, ambiguous=rule)))
        assert datetime.fromtimestamp(readings[0].time, UTC) == datetime(2018, 10, 28, utc_hour, 30, tzinfo=UTC)

    def test_ambiguous_and_nonexistent_times_are_errors_with_their_line(self, tmp_path: Path) -> None:
        path = written(tmp_path / "f.csv", ["25/03/2018 02:30,1", "28/10/2018 02:30,2", "28/10/2018 12:00,3"])
        readings, rejected = read_all(CsvSource(settings(path)))
        assert [r.value for r in readings] == [3]
        assert [r.line for r in rejected] == [2, 3]
        assert "does not exist" in rejected[0].reason
        assert "twice" in rejected[1].reason


class TestBrokenLines:
    def test_a_broken_line_is_kept_with_its_number_and_the_rest_goes_on(self, tmp_path: Path) -> None:
        rows = [
            "01/01/2018 00:15,1.5",
            "01/01/2018 00:30,1,5",
            "no time,2",
            "01/01/2018 00:45,NaN",
            "01/01/2018 01:00,1e3",
            '01/01/2018 01:15,"2',
            "",
            "01/01/1901 01:15,2",
            f"01/01/2018 01:20,{'9' * 70000}",
            "01/01/2018 01:30,3",
        ]
        readings, rejected = read_all(CsvSource(settings(written(tmp_path / "f.csv", rows))))
        assert [r.value for r in readings] == [Decimal("1.5"), Decimal(3)]
        assert [r.line for r in rejected] == [3, 4, 5, 6, 7, 9, 10]
        assert rejected[1].text.strip() == "no time,2"
        assert f"longer than {MAX_LINE}" in rejected[-1].reason

    def test_bytes_that_are_no_text_spoil_their_line_only(self, tmp_path: Path) -> None:
        path = tmp_path / "f.csv"
        path.write_bytes(b"time,Usage_kWh\n01/01/2018 00:15,1\xff\n01/01/2018 00:30,2\n")
        readings, rejected = read_all(CsvSource(settings(path)))
        assert [r.value for r in readings] == [2]
        assert [r.line for r in rejected] == [2]

    def test_one_bad_cell_spoils_its_point_only(self, tmp_path: Path) -> None:
        points = [{"point": p, "column": p, "unit": "kWh"} for p in ("a", "b")]
        path = written(tmp_path / "f.csv", ["01/01/2018 00:15,1,-", "01/01/2018 00:30,2,3"], "time,a,b")
        readings, rejected = read_all(CsvSource(settings(path, points=points)))
        assert [(r.point, r.value) for r in readings] == [("a", 1), ("a", 2), ("b", 3)]
        assert [(r.line, r.reason[:2]) for r in rejected] == [(2, "b:")]

    @pytest.mark.parametrize("heading", ["time,Energy", "time,Usage_kWh,Usage_kWh"])
    def test_a_column_that_is_missing_or_doubled_is_named(self, tmp_path: Path, heading: str) -> None:
        with pytest.raises(SourceFailed, match="columns named 'Usage_kWh'"):
            CsvSource(settings(written(tmp_path / "f.csv", [], heading))).open(None)

    def test_a_missing_file_is_said_so(self, tmp_path: Path) -> None:
        with pytest.raises(SourceFailed, match="cannot be read"):
            CsvSource(settings(tmp_path / "none.csv")).open(None)


class TestForms:
    def test_comma_decimals_semicolons_and_latin_1(self, tmp_path: Path) -> None:
        path = written(tmp_path / "f.csv", ["01/01/2018 00:15;-1,25;ä"], "time;Usage_kWh;Größe", "latin-1")
        readings, rejected = read_all(CsvSource(settings(path, delimiter=";", decimal=",", encoding="latin-1")))
        assert not rejected
        assert readings[0].value == Decimal("-1.25")

    def test_a_point_where_commas_are_decimal_signs_is_no_thousand(self, tmp_path: Path) -> None:
        path = written(tmp_path / "f.csv", ["01/01/2018 00:15;1.250"], "time;Usage_kWh")
        readings, rejected = read_all(CsvSource(settings(path, delimiter=";", decimal=",")))
        assert not readings
        assert "comma" in rejected[0].reason

    def test_an_offset_in_the_file_needs_no_zone_rule(self, tmp_path: Path) -> None:
        path = written(tmp_path / "f.csv", ["2018-10-28T02:30+0200,1", "2018-10-28T02:30+0100,2"])
        readings, rejected = read_all(CsvSource(settings(path, time_format="%Y-%m-%dT%H:%M%z")))
        assert not rejected
        assert readings[1].time - readings[0].time == 3600

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"zone": "Mars/Olympus"}, "zone"),
            ({"encoding": "utf-16"}, "encoding"),
            ({"encoding": "nonsense"}, "encoding"),
            ({"delimiter": ",", "decimal": ","}, "decimal"),
            ({"times": "start", "midnight": "old-date"}, "midnight"),
            ({"points": [{"point": "a b", "column": "x", "unit": "kWh"}]}, "point"),
            ({"points": [{"point": "a", "column": "x", "unit": "hp"}]}, "unit"),
        ],
    )
    def test_a_setting_that_cannot_be_is_named(self, tmp_path: Path, changes: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidInput, match=field):
            settings(tmp_path / "f.csv", **changes)


class TestPositions:
    def test_reading_in_parts_gives_each_reading_once(self, tmp_path: Path) -> None:
        rows = [f"01/01/2018 {h:02}:{m:02},{h}.{m}" for h in range(24) for m in (15, 30, 45)]
        path = written(tmp_path / "f.csv", rows)
        whole, _ = read_all(CsvSource(settings(path)))
        parts: list[Reading] = []
        position = None
        for limit in (1, 7, 2, 30):
            batch = read_some(CsvSource(settings(path)), limit, position)
            parts += batch.readings
            position = batch.position
        rest, _ = read_all(CsvSource(settings(path)), position)
        assert parts + rest == whole

    def test_a_file_that_grew_is_read_on(self, tmp_path: Path) -> None:
        path = written(tmp_path / "f.csv", ["01/01/2018 00:15,1"])
        position = read_some(CsvSource(settings(path))).position
        path.write_bytes(path.read_bytes() + b"01/01/2018 00:30,2\n")
        more, _ = read_all(CsvSource(settings(path)), position)
        assert [r.value for r in more] == [2]

    @pytest.mark.parametrize("change", [(b",1\n", b",7\n"), (b"\n01/01/2018 00:15,1\n", b"\n")])
    def test_a_file_changed_in_what_was_read_is_refused(self, tmp_path: Path, change: tuple[bytes, bytes]) -> None:
        path = written(tmp_path / "f.csv", ["01/01/2018 00:15,1"])
        position = read_some(CsvSource(settings(path))).position
        path.write_bytes(path.read_bytes().replace(*change))
        with pytest.raises(SourceChanged, match="was changed in its first 2 lines"):
            CsvSource(settings(path)).open(position)

    def test_speed_holds_readings_back(self, tmp_path: Path) -> None:
        path = written(tmp_path / "f.csv", ["01/01/2018 00:15,1", "01/01/2018 00:30,2"])
        batch = read_some(CsvSource(settings(path, speed=0.001)))
        assert not batch.readings
        assert not batch.done
        assert batch.wait > 0
