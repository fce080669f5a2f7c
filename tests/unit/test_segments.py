"""A run that changes line, or stands still: what it takes is metered where it was, while it was there."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from leafproof import clock
from leafproof.errors import InvalidInput
from leafproof.frame import Reading
from leafproof.measuring import measured
from leafproof.plan import MeteringPlan
from leafproof.record import Activity, BatchRecord, Segment
from tests.support import world as w
from tests.support import world_plant as p
from tests.support.world import START, Party, World
from tests.unit.test_plant import codes, kinds, replayed, verified

HOUR = 3600


def two_lines(party: Party) -> MeteringPlan:
    """The second line has a meter of its own: 1 kWh a quarter, all day."""
    true = p.plan_of(party)
    return msgspec.structs.replace(
        true, points=(*true.points, p.point(party, "second", "electricity", "kWh", line="line-2"))
    )


def more(world: World) -> None:
    p.log_readings(world, 6, [Reading("second", START + 900 * (i + 1), Decimal(1), "kWh") for i in range(24)])


def segment(line: str, start: float, end: float) -> Segment:
    return Segment(line, clock.utc_text(START + int(start * HOUR)), clock.utc_text(START + int(end * HOUR)))


HONEST = (segment("line-1", 1, 1.5), segment("line-2", 1.5, 2.25), segment("line-1", 2.5, 3))


def on(
    *segments: Segment, honest: tuple[Segment, ...] = HONEST, skip: str = ""
) -> Callable[[BatchRecord], BatchRecord]:
    """The record says `segments`; its activity is what was metered in the `honest` ones."""

    def told(record: BatchRecord) -> BatchRecord:
        plan, world = two_lines(WORLD[-1].steel), WORLD[-1]
        true = msgspec.structs.replace(record.run, segments=honest)
        meter = w.evidence_of(world, world.steel).at(record.facility)
        frames = w.frames_by(world, world.steel)
        activity = tuple(
            Activity.of(point, measured(plan, point, meter, windows), frames[0], frames[-1])
            for line, windows in true.on_lines.items()
            for point in plan.of_line(line)
            if point.point != skip
        )
        run = msgspec.structs.replace(record.run, segments=segments)
        return msgspec.structs.replace(record, run=run, activity=activity)

    return told


WORLD: list[World] = []


def plant(lie: Callable[[BatchRecord], BatchRecord]) -> p.Plant:
    def remember(world: World) -> None:
        more(world)
        WORLD.append(world)

    return p.plant(lie, planned=two_lines, more=remember)


class TestSegments:
    def test_each_line_counts_while_the_run_was_on_it(self) -> None:
        """Line 1: quarters 4, 5 and 10, 11 are 3.17 + 4.17 + 5.17 + 6.17; line 2: three quarters; the quarter
        between is nobody's."""
        made = plant(on(*HONEST))
        found = {a.point: (a.quantity, a.intervals, a.split) for a in made.record.activity or ()}
        assert found["rolling"] == ("18.680", 4, 0)
        assert found["second"] == ("3.000", 3, 0)
        assert found["gas"] == ("3.750", 4, 0)  # 50 Nm3 at 37 MJ, 50 at 38
        assert verified(made).exit_code == 0
        assert replayed(made).discrepancies == []

    def test_a_line_that_the_record_does_not_meter(self) -> None:
        made = plant(on(*HONEST, skip="second"))
        assert codes(made, 7) == {"point-missing"}
        assert kinds(made) == {"evidence"}

    def test_a_longer_stay_than_is_counted(self) -> None:
        longer = (HONEST[0], segment("line-2", 1.5, 2.5), HONEST[2])
        made = plant(on(*longer))
        assert codes(made, 8) == {"activity-differs"}
        assert kinds(made) == {"activity-differs"}

    @pytest.mark.parametrize(
        "segments",
        [
            (segment("line-1", 1, 2), segment("line-2", 1.5, 3)),  # at once on both
            (segment("line-1", 1, 2),),  # not to the close
            (segment("line-2", 1, 3),),  # not on the line on which it opened
            (segment("line-1", 1, 1), segment("line-1", 1, 3)),
        ],
    )
    def test_what_is_no_run(self, segments: tuple[Segment, ...]) -> None:
        with pytest.raises(InvalidInput, match="segments"):
            plant(on(*segments))
