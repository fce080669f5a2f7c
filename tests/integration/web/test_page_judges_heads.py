"""What a stranger says he supersedes, on the page: a real Chromium finds what the kernel finds."""

from __future__ import annotations

import pytest

from tests.integration.web.phone import Phone
from tests.integration.web.test_page_judges import agreed, case, compared
from tests.unit.test_heads import LIES


@pytest.mark.parametrize("lie", LIES)
def test_hides_nothing_on_the_page_either(phone: Phone, lie: str) -> None:
    world, lot, _, (number, seen) = LIES[lie][0]()
    page, kernel = compared(phone, case(world, lot), world)
    assert agreed(page) == agreed(kernel)
    assert any(seen in f"{code} {text}" for code, text in page[number][1])
    assert "supersedes-elsewhere" in {code for code, _ in page[6][1]}
