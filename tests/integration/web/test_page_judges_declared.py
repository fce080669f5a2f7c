"""Declared footprints on the page: a real Chromium finds what the kernel finds, lie by lie."""

from __future__ import annotations

import msgspec
import pytest

from tests.integration.web.judging import agreed, case, compared
from tests.integration.web.phone import Phone
from tests.support import declaring as d
from tests.support import world as w
from tests.support.declaring import YEAR
from tests.support.world import COIL, World
from tests.unit.test_declared import LIES

COVERS = {
    "of another plant": msgspec.structs.replace(YEAR, facility=str(w.WORKSHOP)),
    "of another time": msgspec.structs.replace(YEAR, end="2018-01-02T00:00:00Z"),
    "of a month": msgspec.structs.replace(YEAR, end="2018-01-31T00:00:00Z"),
}


def both(phone: Phone, world: World) -> tuple[dict, dict]:
    page, kernel = compared(phone, case(world, COIL), world)
    return agreed(page), agreed(kernel)


class TestADeclaredFootprint:
    @pytest.mark.parametrize("lie", LIES)
    def test_is_judged_as_the_kernel_judges_it(self, phone: Phone, lie: str) -> None:
        world, at, lines = d.declaring_world()
        d.state(world, LIES[lie][1](world, at, lines))
        page, kernel = both(phone, world)
        assert page == kernel

    @pytest.mark.parametrize("what", COVERS)
    def test_of_another_cover(self, phone: Phone, what: str) -> None:
        world, _, lines = d.declaring_world()
        d.state(world, d.of(world, lines, COVERS[what]))
        page, kernel = both(phone, world)
        assert page == kernel

    def test_of_a_stranger_and_beside_another(self, phone: Phone) -> None:
        world, _, lines = d.declaring_world()
        d.state(world, d.of(world, lines))
        d.state(world, d.of(world, lines), by=world.fabricator)
        d.state(world, d.of(world, lines, COVERS["of a month"]))
        page, kernel = both(phone, world)
        assert page == kernel
        assert {"declared-foreign", "declared-fork"} <= {code for code, _ in page[6][1]}

    def test_that_leaves_the_lot_out_is_withheld_or_older(self, phone: Phone) -> None:
        world, at, lines = d.declaring_world()
        first = d.state(world, d.of(world, lines[1:]))
        index = d.state(world, d.of(world, lines, supersedes=world.id(first)))
        world.entries[index].disclosures = ()
        printed = world.id(at.coil_footprint)
        record = w.coil_record(world, at.steel_plan)
        w.log_footprint(world, world.steel, record, at.coil, at.factors, supersedes=printed)
        world.anchor()
        page, kernel = both(phone, world)
        assert page == kernel
        assert {"withheld", "lot-deviation"} <= {code for code, _ in page[8][1]}
