"""Stages after the gate on the page: a real Chromium finds what the kernel finds."""

from __future__ import annotations

import msgspec
import pytest

from leafproof.lifecycle import Lifecycle
from tests.integration.web.judging import agreed, case, compared
from tests.integration.web.phone import Phone
from tests.support.world import COIL, TOWER, World
from tests.unit.test_lifecycle import LIES, attach, staged, told


def same(phone: Phone, world: World, lot: object = COIL) -> set[str]:
    page, kernel = compared(phone, case(world, lot), world)
    assert agreed(page) == agreed(kernel)
    return {code for code, _ in page[8][1]}


@pytest.mark.parametrize("basis", ["measured", "supplier-stated", "scenario"])
def test_a_stage_is_judged_as_the_kernel_judges_it(phone: Phone, basis: str) -> None:
    world, _ = staged(basis=basis)
    assert f"stage-{basis}" in same(phone, world)


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_fails_as_in_the_kernel(phone: Phone, lie: str) -> None:
    world, _ = told(lie)
    assert LIES[lie][0] in same(phone, world)


@pytest.mark.parametrize("lot", [COIL, TOWER])
def test_strangers_and_seconds_fail_as_in_the_kernel(phone: Phone, lot: object) -> None:
    world, _ = staged()
    given = Lifecycle.decode_body(world.entries[-1].body or b"")
    attach(world, given, world.fabricator)
    attach(world, msgspec.structs.replace(given, assumptions="another slip"))
    assert same(phone, world, lot) & {"stage-fork", "stage-elsewhere"}
