"""Rollups say exactly what the bodies say: on a year of real readings, over daylight saving, in any order."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, Engine

from backend import database
from backend.ingest import rollups
from backend.ingest.energy import EnergyOut, Grain, energy
from backend.ingest.metrics import IngestMetrics
from backend.ingest.schemas import Message
from backend.ingest.service import IngestService
from backend.ingest.tables import rollups as rollups_table
from backend.ingest.tables import series
from backend.log.service import HostedLog
from backend.log.tables import bodies
from leafproof import frame
from leafproof.frame import FrameContent, Reading, Series
from leafproof.plan import MeteringPlan, MeteringPoint
from tests.support.require import need, shared
from tests.support.storage import LOG_KEY, open_test_log
from tests.support.stream import FACILITY, OPERATOR, KeyRing, Stream

STEEL = "data/steel/Steel_industry_data.csv"


class Plans:
    """The facility's plan, as production would know it; None until `publish`."""

    def __init__(self) -> None:
        self.current: MeteringPlan | None = None

    def publish(self, zone: str, names: str = "end", kind: str = "interval", interval: int = 900) -> None:
        point = MeteringPoint(
            "main", None, "electricity", kind, names, interval, "kWh", "0.01", "00" * 32, None, "m", "1", 3600
        )  # fmt: skip
        version = self.current.version + 1 if self.current else 1
        self.current = MeteringPlan(str(FACILITY), zone, version, "2018-01-01T00:00:00Z", (point,))

    def plan(self, _connection: Connection, _facility: str) -> MeteringPlan | None:
        return self.current

    def versions(self, _connection: Connection) -> dict[str, int]:
        return {str(FACILITY): self.current.version} if self.current else {}


@pytest.fixture
def plans() -> Plans:
    return Plans()


@pytest.fixture
def stream() -> Stream:
    return Stream(mode="recorded")


@pytest.fixture
def service(engine: Engine, ring: KeyRing, plans: Plans) -> IngestService:
    hosted = HostedLog(open_test_log(engine), LOG_KEY)
    return IngestService(engine, hosted, ring, plans, IngestMetrics(CollectorRegistry()))


def frames_of(stream: Stream, readings: Sequence[Reading], size: int = 256) -> list[Message]:
    return [
        stream.say(FrameContent(str(FACILITY), frame.group(list(readings[i : i + size])), [], None))
        for i in range(0, len(readings), size)
    ]


def asked(engine: Engine, plans: Plans, start: str, end: str, grain: Grain) -> EnergyOut:
    window = tuple(int(datetime.fromisoformat(t).timestamp()) for t in (start, end))
    with database.reading(engine) as connection:
        return energy(connection, plans, str(FACILITY), [str(OPERATOR)], (window[0], window[1]), grain)


def differences(engine: Engine, plans: Plans) -> list[rollups.Difference]:
    log = open_test_log(engine).number
    with database.reading(engine) as connection:
        return list(rollups.compare(connection, plans, log))


def steel_readings() -> Iterator[tuple[Reading, str]]:
    """A year of the real meter: `00:00` of a day is written with that day's date and means the next midnight."""
    zone = ZoneInfo("Asia/Seoul")
    with (shared() / STEEL).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            local = datetime.strptime(row["date"], "%d/%m/%Y %H:%M").replace(tzinfo=zone)
            if (local.hour, local.minute) == (0, 0):
                local += timedelta(days=1)
            text = row["Usage_kWh"]
            yield Reading("main", int(local.timestamp()), Decimal(text), "kWh"), text


class TestRealReadings:
    def test_the_year_adds_up_to_the_files_own_sum_and_each_day_has_96_quarters(
        self, engine: Engine, service: IngestService, stream: Stream, plans: Plans
    ) -> None:
        need((shared() / STEEL).exists(), f"{STEEL} is not in the shared folder")
        plans.publish("Asia/Seoul")
        year = list(steel_readings())
        service.process(frames_of(stream, [reading for reading, _ in year]))
        answer = asked(engine, plans, "2018-01-01T00:00:00+09:00", "2019-01-01T00:00:00+09:00", Grain.DAY)
        (main,) = answer.series
        assert len(main.spans) == 365
        assert {span.count for span in main.spans} == {96}
        total = sum(Decimal(span.amount or 0) for span in main.spans)
        assert main.unit == "Wh"
        assert total == 1000 * sum(Decimal(text) for _, text in year)
        assert (main.mode, main.kind, main.aligned) == ("recorded", "interval", True)
        assert differences(engine, plans) == []


class TestZones:
    @pytest.mark.parametrize(
        ("zone", "day", "quarters"),
        [
            ("Europe/Berlin", "2018-03-25", 92),
            ("Europe/Berlin", "2018-10-28", 100),
            ("Australia/Lord_Howe", "2018-04-01", 98),
            ("Asia/Kathmandu", "2018-06-01", 96),
            ("America/Sao_Paulo", "2018-11-04", 92),  # the day begins at 01:00
            ("UTC", "2018-06-01", 96),
        ],
    )
    def test_a_local_day_has_all_its_quarters_and_its_hours_add_up(
        self,
        engine: Engine,
        service: IngestService,
        stream: Stream,
        plans: Plans,
        zone: str,
        day: str,
        quarters: int,
    ) -> None:
        plans.publish(zone)
        noon = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=ZoneInfo(zone))
        middle = int(noon.timestamp()) // 900
        readings = [Reading("main", 900 * (middle + i), Decimal(1), "kWh") for i in range(-192, 192)]
        service.process(frames_of(stream, readings))
        start = datetime.fromtimestamp(900 * (middle - 190), UTC).isoformat()
        end = datetime.fromtimestamp(900 * (middle + 190), UTC).isoformat()
        (days,) = asked(engine, plans, start, end, Grain.DAY).series
        (hours,) = asked(engine, plans, start, end, Grain.HOUR).series
        (small,) = asked(engine, plans, start, end, Grain.QUARTER).series
        # The window holds more than one whole day on both sides of noon: the middle span is the day itself.
        inside = next(
            s for s in days.spans if s.start <= datetime.fromtimestamp(900 * middle, UTC).isoformat() < s.end
        )
        assert inside.count == quarters
        assert {s.count for s in hours.spans[1:-1]} <= {4, 6, 2}
        assert sum(s.count for s in hours.spans) == sum(s.count for s in days.spans) == len(small.spans) == 380

    def test_without_a_plan_days_are_utc_and_times_are_ends(
        self, engine: Engine, service: IngestService, stream: Stream, plans: Plans
    ) -> None:
        service.process(frames_of(stream, [Reading("main", 1_514_764_800, Decimal(3), "kWh")]))
        answer = asked(engine, plans, "2017-12-31T00:00:00+00:00", "2018-01-02T00:00:00+00:00", Grain.DAY)
        assert (answer.zone, answer.planned) == ("UTC", False)
        assert [(s.start, s.amount) for s in answer.series[0].spans] == [("2017-12-31T00:00:00Z", "3000")]


class TestPlans:
    def test_a_plan_that_names_starts_moves_what_was_counted_before_it_came(
        self, engine: Engine, service: IngestService, stream: Stream, plans: Plans
    ) -> None:
        first, second = frames_of(
            stream, [Reading("main", 900 * i, Decimal(i), "kWh") for i in (600_000, 600_001)], 1
        )
        service.process([first])
        plans.publish("UTC", names="start")
        with database.transaction(engine) as connection:
            assert rollups.follow_plan(connection, plans, str(FACILITY))
            assert not rollups.follow_plan(connection, plans, str(FACILITY))
        service.process([second])
        with database.reading(engine) as connection:
            starts = connection.execute(sa.select(rollups_table.c.start).order_by(rollups_table.c.start)).scalars()
            assert list(starts) == [540_000_000, 540_000_900]
        assert differences(engine, plans) == []

    def test_a_register_shows_what_it_moved_by(
        self, engine: Engine, service: IngestService, stream: Stream, plans: Plans
    ) -> None:
        plans.publish("UTC", kind="register")
        values = [100, 103, 103, 110]
        service.process(
            frames_of(
                stream, [Reading("main", 540_000_000 + 900 * i, Decimal(v), "kWh") for i, v in enumerate(values)]
            )
        )
        start, end = (datetime.fromtimestamp(540_000_000 + 900 * i, UTC).isoformat() for i in (0, 3))
        (main,) = asked(engine, plans, start, end, Grain.QUARTER).series
        assert [s.amount for s in main.spans] == ["3000", "0", "7000"]

    def test_intervals_longer_than_the_grain_are_said_not_to_be_aligned(
        self, engine: Engine, service: IngestService, stream: Stream, plans: Plans
    ) -> None:
        plans.publish("UTC", interval=3600)
        service.process(frames_of(stream, [Reading("main", 540_003_600, Decimal(8), "kWh")]))
        window = ("1987-02-11T00:00:00+00:00", "1987-02-12T00:00:00+00:00")
        assert not asked(engine, plans, *window, Grain.QUARTER).series[0].aligned
        assert asked(engine, plans, *window, Grain.HOUR).series[0].aligned


class TestExactness:
    def test_decimals_of_any_length_and_repeated_seconds(
        self, engine: Engine, service: IngestService, stream: Stream, plans: Plans
    ) -> None:
        t, tiny = 540_000_001, Decimal("0." + "0" * 24 + "1")
        body = FrameContent(
            str(FACILITY), [Series("main", "kWh", [t, t + 1, t + 2], [tiny, 10**30, tiny])], [], None
        )
        service.process([stream.say(body), *frames_of(stream, [Reading("main", t, Decimal("5.5"), "kWh")])])
        with database.reading(engine) as connection:
            found = connection.execute(
                sa.select(rollups_table.c.sum).join_from(rollups_table, series).where(series.c.unit == "kWh")
            )
            assert found.scalar_one() == "1" + "0" * 30 + "." + "0" * 24 + "2"
        assert differences(engine, plans) == []

    def test_a_second_reading_for_a_second_is_counted_as_repeated_only(
        self, engine: Engine, service: IngestService, stream: Stream, plans: Plans
    ) -> None:
        for value in (1, 2, 3):
            service.process(frames_of(stream, [Reading("main", 540_000_001, Decimal(value), "kWh")]))
        with database.reading(engine) as connection:
            row = connection.execute(sa.select(rollups_table)).one()
        assert (row.sum, row.readings, row.repeated, row.first_index, row.last_index) == ("1000", 1, 2, 0, 2)
        assert differences(engine, plans) == []


class TestFinding:
    @pytest.fixture(autouse=True)
    def some_frames(self, service: IngestService, stream: Stream) -> None:
        service.process(
            frames_of(stream, [Reading("main", 900 * i, Decimal(i), "kWh") for i in range(600_000, 600_008)], 4)
        )

    @pytest.mark.parametrize(
        "change",
        [
            sa.update(rollups_table).where(rollups_table.c.start == 539_999_100).values(sum="1"),
            sa.update(rollups_table).where(rollups_table.c.start == 539_999_100).values(seen=b""),
            sa.delete(rollups_table).where(rollups_table.c.start == 539_999_100),
            sa.update(rollups_table).where(rollups_table.c.start == 539_999_100).values(start=0),
        ],
        ids=["changed", "blinded", "deleted", "moved"],
    )
    def test_a_rollup_that_was_changed_is_found_and_put_right(
        self, engine: Engine, plans: Plans, change: sa.Executable
    ) -> None:
        with database.transaction(engine) as connection:
            connection.execute(change)
        found = differences(engine, plans)
        assert {one.point for one in found} == {"main"}
        assert 539_999_100 in {one.start for one in found}
        with database.reading(engine) as connection:
            named = list(rollups.check(plans)(connection, open_test_log(engine)))
        assert {finding.kind for finding in named} == {"rollup"}
        with database.transaction(engine) as connection:
            rollups.rebuild(connection, plans)
        assert differences(engine, plans) == []

    def test_rollups_that_are_all_gone_are_computed_anew(self, engine: Engine, plans: Plans) -> None:
        with database.transaction(engine) as connection:
            before = connection.execute(sa.select(rollups_table).order_by(rollups_table.c.start)).all()
            connection.execute(sa.delete(rollups_table))
            connection.execute(sa.delete(series))
        assert len(differences(engine, plans)) == 8
        with database.transaction(engine) as connection:
            rollups.rebuild(connection, plans)
            after = connection.execute(sa.select(rollups_table).order_by(rollups_table.c.start)).all()
        assert [row[1:] for row in after] == [row[1:] for row in before]

    def test_what_a_deleted_body_said_stays_as_it_was_counted(self, engine: Engine, plans: Plans) -> None:
        with database.transaction(engine) as connection:
            connection.execute(sa.update(bodies).where(bodies.c.index == 0).values(body=None))
            before = connection.execute(sa.select(rollups_table).order_by(rollups_table.c.start)).all()
        assert differences(engine, plans) == []
        with database.transaction(engine) as connection:
            rollups.rebuild(connection, plans)
            assert connection.execute(sa.select(rollups_table).order_by(rollups_table.c.start)).all() == before


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_and_repetition_of_delivery_gives_the_same_frames_rollups_and_acknowledgement(
    data: st.DataObject, new_database: Callable[[], Engine]
) -> None:
    stream = Stream(mode="recorded", clock=540_000_000)
    sent = [
        stream.frame(count=data.draw(st.integers(1, 700)) % 500 + 1) for _ in range(data.draw(st.integers(1, 9)))
    ]
    delivered = data.draw(st.permutations(sent + data.draw(st.lists(st.sampled_from(sent), max_size=6))))
    results = []
    for order in (sent, delivered):
        engine = new_database()
        try:
            results.append(_delivered(engine, stream, order, data.draw(st.randoms(use_true_random=False))))
        finally:
            engine.dispose()
    assert results[0] == results[1]


def _delivered(
    engine: Engine, stream: Stream, order: Sequence[Message], chance: random.Random
) -> tuple[object, ...]:
    """Deliver in groups of chance; frames, rollups, and what was acknowledged at the end."""
    hosted = HostedLog(open_test_log(engine), LOG_KEY)
    service = IngestService(
        engine, hosted, KeyRing(stream.registered()), Plans(), IngestMetrics(CollectorRegistry())
    )
    left = list(order)
    while left:
        size = chance.randint(1, len(left))
        outcomes = service.process(left[:size])
        left = left[size:]
    said = outcomes[-1].acknowledgement
    assert said is not None
    (again,) = service.process([order[0]])
    names = ("series", "start", "readings", "sum", "min", "max", "last_time", "last", "seen", "repeated")
    with database.reading(engine) as connection:
        envelopes = set(connection.execute(sa.text("SELECT envelope FROM entries")).scalars())
        rows = connection.execute(
            sa.select(*(rollups_table.c[name] for name in names)).order_by(rollups_table.c.start)
        ).all()
    assert again.acknowledgement is not None
    return envelopes, rows, again.acknowledgement.sequence, again.acknowledgement.index
