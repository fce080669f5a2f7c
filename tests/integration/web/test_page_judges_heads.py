"""What a stranger says he supersedes, on the page: a real Chromium finds what the kernel finds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.integration.web.judging import agreed, case, compared
from tests.integration.web.phone import Phone
from tests.support import world as w
from tests.support import world_methods as wm
from tests.support.world import COIL
from tests.unit.test_correction import footprint_at
from tests.unit.test_heads import LIES


@pytest.mark.parametrize("lie", LIES)
def test_hides_nothing_on_the_page_either(phone: Phone, lie: str) -> None:
    world, lot, _, (number, seen) = LIES[lie][0]()
    page, kernel = compared(phone, case(world, lot), world)
    assert agreed(page) == agreed(kernel)
    assert any(seen in f"{code} {text}" for code, text in page[number][1])
    assert "supersedes-elsewhere" in {code for code, _ in page[6][1]}


def test_a_page_that_shows_what_was_superseded_is_told_of(phone: Phone) -> None:
    world, at = w.honest_world()
    stated = footprint_at(world, at.coil_footprint)
    wm.log_stated(world, wm.changed(stated, world.id(at.coil_footprint), per_tonne="9999.000"))
    world.anchor()
    given = case(world, COIL)
    older = [i for i in given.bundle.items if i.index == at.coil_footprint]
    rest = [i for i in given.bundle.items if i.index != at.coil_footprint]
    given.bundle = replace(given.bundle, items=(*rest, *older))  # what stands last is shown
    page, _ = compared(phone, given, world)
    assert "shown-differs" in {code for code, _ in page[3][1]}
