"""Evidence grades: by whose word a meter is one, and never by its owner's."""

from __future__ import annotations

import msgspec
import pytest

from leafproof.errors import InvalidInput
from leafproof.plan import MeteringPlan
from leafproof.record import BatchRecord, Source, Weighing
from leafproof.verification import grading
from tests.support import methods
from tests.support.world_plant import plant

ATTESTED, ALONE = "ab" * 32, "cd" * 32


def attested(gateway: bytes) -> bool:
    return gateway.hex() == ATTESTED


def of(gateways: dict[str, str], record: BatchRecord | None = None) -> dict[str, grading.Grade]:
    made = plant()

    def moved(plan: MeteringPlan) -> MeteringPlan:
        points = (msgspec.structs.replace(p, gateway=gateways.get(p.point, ALONE)) for p in plan.points)
        return msgspec.structs.replace(plan, points=tuple(points))

    return grading.of_points(record or made.record, moved(made.plan), attested)


class TestOfPoints:
    def test_each_by_its_gateway(self) -> None:
        assert of({"rolling": ATTESTED}) == {"rolling": "attested meter", "gas": "self-declared meter"}

    def test_what_is_converted_by_readings_has_the_weaker_of_both(self) -> None:
        assert of({"gas": ATTESTED})["gas"] == "self-declared meter"
        assert of({"gc": ATTESTED})["gas"] == "self-declared meter"
        assert of({"gas": ATTESTED, "gc": ATTESTED})["gas"] == "attested meter"

    def test_a_scale_too(self) -> None:
        weighed = Source("weighed", weighings=(Weighing(ALONE, "bridge", "2018-01-02T01:00:00Z"),))
        made = plant().record
        outputs = tuple(msgspec.structs.replace(o, source=weighed) for o in made.outputs or ())
        record = msgspec.structs.replace(made, outputs=outputs)
        assert of({"bridge": ATTESTED}, record)["bridge"] == "attested meter"
        assert of({}, record)["bridge"] == "self-declared meter"

    def test_a_point_that_the_plan_does_not_have(self) -> None:
        record = msgspec.structs.replace(plant().record, activity=(methods.activity("1", "elsewhere"),))
        with pytest.raises(InvalidInput, match="elsewhere"):
            of({}, record)
