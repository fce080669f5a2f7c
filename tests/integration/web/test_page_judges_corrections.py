"""Corrections on the page: a real Chromium finds what the kernel finds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.web.judging import agreed, case, compared, public
from tests.integration.web.phone import Phone
from tests.support.world import COIL, TOWER
from tests.unit.test_correction import corrected


@pytest.mark.parametrize("reason", ["misread", None], ids=["with a reason", "without a word"])
@pytest.mark.parametrize("lot", [COIL, TOWER], ids=["of the lot itself", "of an input"])
@pytest.mark.parametrize("shown", ["everything", "what anybody is given"])
def test_a_correction_is_judged_as_the_kernel_judges_it(
    phone: Phone, lot: Any, reason: str | None, shown: str
) -> None:
    world, *_ = corrected(reason=reason)
    given = case(world, lot)
    if shown != "everything":
        given.bundle = public(given.bundle)
    page, kernel = compared(phone, given, world)
    assert agreed(page) == agreed(kernel)
    codes = {code for number in (6, 9) for code, _ in page[number][1]}
    assert ("correction-unstated" if reason is None else "lot-corrected") in codes
