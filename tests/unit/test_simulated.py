"""Which carrier is simulated: said of each, and whatever is not told counts as simulated."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from leafproof.envelope import Mode
from leafproof.errors import InvalidInput
from leafproof.record import BatchRecord
from leafproof.verification.report import Status
from tests.support import world_plant as p
from tests.unit.test_plant import codes, kinds, verified

MADE_UP = ("gas", "gc")  # in frames that say that they are simulated


def modes(record_mode: Mode = "simulated", **told: Mode | None) -> Callable[[BatchRecord], BatchRecord]:
    """What the owner says of his record's readings, by metering point."""

    def said(record: BatchRecord) -> BatchRecord:
        activity = tuple(msgspec.structs.replace(a, mode=told.get(a.point)) for a in record.activity or ())
        return msgspec.structs.replace(record, mode=record_mode, activity=activity)

    return said


def warned(made: p.Plant) -> list[str]:
    found = verified(made)[7].findings
    return [f.text().partition(": ")[2] for f in found if f.code.startswith("simulated")]


def test_one_of_two_carriers_is_named() -> None:
    made = p.plant(modes(gas="simulated", rolling="recorded"), simulated=MADE_UP)
    assert made.record.simulated == ("natural-gas",)
    assert warned(made) == ["the readings of natural-gas are simulated"]
    assert codes(made, 7) == codes(made, 8) == set()
    assert kinds(made) == set()


def test_a_record_that_does_not_tell_of_all_is_simulated_as_a_whole() -> None:
    made = p.plant(modes(gas="simulated"), simulated=MADE_UP)
    assert made.record.simulated == ()
    assert warned(made) == ["the readings are simulated"]
    assert "activity-recomputed" in codes(made, 8, Status.PASS)


def test_a_point_that_is_called_better_than_its_frames_fails() -> None:
    made = p.plant(modes(gas="recorded", rolling="recorded"), simulated=MADE_UP)
    assert codes(made, 7) == {"point-mode-differs"}
    assert warned(made) == ["the readings are simulated"]
    assert kinds(made) == {"evidence"}


def test_a_record_that_hides_it_fails() -> None:
    made = p.plant(modes("recorded", gas="recorded", rolling="recorded"), simulated=MADE_UP)
    assert codes(made, 7) == {"mode-differs", "point-mode-differs"}


def test_a_record_cannot_be_better_than_its_points() -> None:
    with pytest.raises(InvalidInput, match="mode: recorded, and a metering point's is weaker"):
        p.plant(modes("recorded", gas="simulated", rolling="recorded"), simulated=MADE_UP)
