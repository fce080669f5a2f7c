"""A plant's facts beyond electricity, as buyers and auditors check them; and one lie each."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from leafproof.replay.replay import replay
from leafproof.replay.report import ReplayReport
from leafproof.verification.report import Report, Status
from leafproof.verification.verify import verify
from tests.support import world_plant as p
from tests.support.world import COIL
from tests.support.world_plant import Plant
from tests.support.world_source import WorldSource


def replayed(made: Plant) -> ReplayReport:
    return replay(WorldSource.of(made.world), made.world.trust(), made.world.view())


def verified(made: Plant) -> Report:
    return verify(made.world.bundle(COIL), made.world.trust(), made.world.view())


def kinds(made: Plant) -> set[str]:
    return {d.kind for d in replayed(made).discrepancies}


def codes(made: Plant, number: int, status: Status = Status.FAIL) -> set[str]:
    return {f.code for f in verified(made)[number].findings if f.status is status}


class TestGas:
    def test_is_metered_converted_and_recomputed(self) -> None:
        """100 Nm3 at 37 MJ and 100 at 38 are 7.5 GJ; six hours' 100 at 36 to 41 are 23.1."""
        made = p.plant()
        (gas,) = [a for a in made.record.activity or () if a.carrier == "natural-gas"]
        assert (gas.quantity, gas.unit, gas.basis, gas.intervals) == ("7.500", "GJ", "net", 8)
        report = verified(made)
        assert report.exit_code == 0
        assert {f.params["point"] for f in report[8].findings if f.code == "activity-recomputed"} == {
            "rolling",
            "gas",
        }
        found = replayed(made)
        assert found.discrepancies == []
        balances = {e.carrier: (str(e.metered), str(e.lots), e.unit) for e in found.energy}
        assert balances["natural-gas"] == ("23.100", "7.500", "GJ")

    @pytest.mark.parametrize(
        "changes",
        [
            {"quantity": "7.499"},
            {"unit": "kWh"},
            {"basis": "gross"},
            {"basis": None},
            {"quantity": "7500.000", "unit": "MJ"},
        ],
    )
    def test_told_otherwise(self, changes: dict[str, Any]) -> None:
        # The footprint is by the true record: gross energy, say, has none.
        made = p.plant()
        lie = p.activity("gas", **changes)(
            msgspec.structs.replace(made.record, supersedes=made.world.id(made.index))
        )
        index = p.w.log_record(made.world, made.world.steel, lie)
        made.world.anchor()
        made.world.supersede(made.world.steel, COIL, index)
        assert "activity-differs" in kinds(made)
        assert "activity-differs" in codes(made, 8)

    def test_by_a_plan_that_leaves_the_calorific_value_to_somebody_elses_word(self) -> None:
        """Without the frames that hold calorific values there is no energy."""

        def planned(party: Any) -> Any:
            true = p.plan_of(party)
            return msgspec.structs.replace(
                true,
                points=tuple(
                    msgspec.structs.replace(o, interval_seconds=1800) if o.point == "gc" else o
                    for o in true.points
                ),
            )

        made = p.plant(planned=planned)  # half of each hour has a value
        assert codes(made, 7) == {"metering-gap"}
        assert kinds(made) == {"evidence"}
