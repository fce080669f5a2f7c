"""What a scale weighed: quantities by signed readings, and what happens to a tonne more."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from leafproof import clock
from leafproof.errors import InvalidInput
from leafproof.frame import Reading
from leafproof.record import BatchRecord, Output, Source, Weighing
from leafproof.verification.report import Status
from tests.support import world_plant as p
from tests.support.world import COIL, START, World
from tests.unit.test_plant import codes, kinds, replayed, verified

FULL, EMPTY, OTHER = START + 5 * 3600 + 17, START + 5 * 3600 + 900, START + 5 * 3600 + 1200


def weigh(world: World) -> None:
    """A lorry with the coil, 33.6 t, the empty lorry, 15.2 t, and another coil of 9 t on the hook."""
    readings = [(FULL, "33600"), (EMPTY, "15200"), (OTHER, "9000")]
    p.log_readings(world, 6, [Reading("bridge", t, Decimal(kg), "kg") for t, kg in readings])


def weighing(world: World, time: int = FULL, tare: int | None = EMPTY, **changes: Any) -> Weighing:
    gateway = world.steel.gateway.public.key_id
    (frame,) = [i for i in p.w.frames_by(world, world.steel) if world.entries[i].parsed.header.frame.sequence == 6]
    found = Weighing(
        gateway.hex(), "bridge", clock.utc_text(time), None if tare is None else clock.utc_text(tare), (frame,)
    )
    return msgspec.structs.replace(found, **changes)


def weighed(
    *of: tuple[int, int | None], tonnes: str = "18.4", **changes: Any
) -> Callable[[BatchRecord], BatchRecord]:
    """The coil's record, whose product was weighed at these times, full and empty."""

    def told(record: BatchRecord) -> BatchRecord:
        source = Source("weighed", "ticket 7", tuple(weighing(WORLD[-1], *one, **changes) for one in of))
        return msgspec.structs.replace(record, outputs=(Output("product", "coil", tonnes, "t", source),))

    return told


WORLD: list[World] = []


def made(lie: Callable[[BatchRecord], BatchRecord]) -> p.Plant:
    def more(world: World) -> None:
        weigh(world)
        WORLD.append(world)

    return p.plant(lie, more=more)


class TestAWeighbridge:
    def test_evidences_what_left_the_works(self) -> None:
        plant = made(weighed((FULL, EMPTY)))
        report = verified(plant)
        assert report.exit_code == 0
        assert "weighed" in {f.code for f in report[8].findings if f.status is Status.PASS}
        assert "quantity-weighed" in {f.code for f in report[7].findings if f.status is Status.PASS}
        assert replayed(plant).discrepancies == []

    def test_several_weighings_add_up(self) -> None:
        assert kinds(made(weighed((FULL, EMPTY), (OTHER, None), tonnes="27.4"))) == set()

    def test_without_its_readings_is_a_claim(self) -> None:
        plant = made(weighed((FULL, EMPTY)))
        from leafproof.verification.verify import verify

        report = verify(plant.world.bundle(COIL, bodies=False), plant.world.trust(), plant.world.view())
        assert "quantity-unseen" in {f.code for f in report[7].findings if f.status is Status.WARNING}
        assert report.exit_code == 4

    @pytest.mark.parametrize(
        ("lie", "code"),
        [
            (weighed((FULL, EMPTY), tonnes="19.4"), "weighed-differs"),  # a tonne more than the scale weighed
            (weighed((FULL, EMPTY), tonnes="18.399999"), "weighed-differs"),
            (weighed((FULL, None)), "weighed-differs"),
            (weighed((FULL + 1, EMPTY)), "weighing-missing"),
            (weighed((FULL, EMPTY), point="rolling"), "weighing-foreign"),
            (weighed((FULL, EMPTY), gateway="ab" * 32, frames=()), "weighing-foreign"),
        ],
    )
    def test_a_lie_about_it(self, lie: Callable[[BatchRecord], BatchRecord], code: str) -> None:
        plant = made(lie)
        assert kinds(plant) == {"weighed-differs"}
        assert codes(plant, 8) == {code}

    def test_a_reading_that_is_no_weight_evidences_nothing(self) -> None:
        def more(world: World) -> None:
            WORLD.append(world)
            p.log_readings(world, 6, [Reading("bridge", FULL, Decimal("33600"), "kWh")])

        plant = p.plant(weighed((FULL, None)), more=more)
        told = {d.kind: d.message for d in replayed(plant).discrepancies}
        assert set(told) == {"weighed-differs"}
        assert told["weighed-differs"] == "bridge: Wh (energy) is no kg (mass)"

    def test_one_weighing_for_two_lines_is_no_record(self) -> None:
        with pytest.raises(InvalidInput, match="one weighing is given for two lines"):
            made(weighed((FULL, EMPTY), (FULL, None)))

    def test_one_weighing_for_two_lots(self) -> None:
        plant = made(weighed((FULL, EMPTY)))
        world = plant.world
        other = msgspec.structs.replace(
            plant.record, lot="C-9", run=msgspec.structs.replace(plant.record.run, id="order-8")
        )
        index = p.w.log_record(world, world.steel, other)
        world.anchor()
        world.mint(world.steel, other.of, index)
        assert {(d.index, d.kind) for d in replayed(plant).discrepancies} == {(index, "weighed-twice")}

    def test_a_correction_may_name_the_same_weighing_again(self) -> None:
        plant = made(weighed((FULL, EMPTY)))
        world = plant.world
        newer = msgspec.structs.replace(plant.record, product="coil, hot", supersedes=world.id(plant.index))
        index = p.w.log_record(world, world.steel, newer)
        world.anchor()
        world.supersede(world.steel, COIL, index)
        assert "weighed-twice" not in kinds(plant)

    def test_the_first_word_of_a_scale_stands(self) -> None:
        def more(world: World) -> None:
            weigh(world)
            WORLD.append(world)
            p.log_readings(world, 7, [Reading("bridge", FULL, Decimal(34600), "kg")])

        assert kinds(p.plant(weighed((FULL, EMPTY), tonnes="19.4"), more=more)) == {"weighed-differs"}
        assert kinds(p.plant(weighed((FULL, EMPTY)), more=more)) == set()
