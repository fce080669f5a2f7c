"""Market-based footprints: the page finds what the kernel finds, of what certificates are counted, honest or not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.integration.web.judging import Found, agreed, case, compared, public
from tests.integration.web.phone import Phone
from tests.support import world_market as wk
from tests.support import world_methods as wm


def codes(found: Found) -> set[str]:
    return {code for number in (8, 10) for code, _ in found[number][1]}


def test_an_honest_one_is_recomputed_and_its_certificates_named(phone: Phone) -> None:
    made = wk.market_world()
    page, kernel = compared(phone, case(made.world, wm.STRIP), made.world)
    assert page == kernel
    assert {"footprint-recomputed", "claim-counted", "claim-not-exclusive"} <= codes(page)


def test_what_anybody_is_given_says_which_certificates_count(phone: Phone) -> None:
    made = wk.market_world()
    given = case(made.world, wm.STRIP)
    given.bundle = public(given.bundle)
    page, kernel = compared(phone, given, made.world)
    assert page == kernel
    assert "claim-counted" in codes(page)


def test_a_cancellation_that_is_withheld_is_not_checked(phone: Phone) -> None:
    made = wk.market_world()
    given = case(made.world, wm.STRIP)
    items = tuple(replace(i, body=None) if i.index == made.cancellation else i for i in given.bundle.items)
    given.bundle = replace(given.bundle, items=items)
    page, kernel = compared(phone, given, made.world)
    assert agreed(page) == agreed(kernel)
    assert page[8][0] == "not checked"


@pytest.mark.parametrize("name", wk.LIES)
def test_a_lie_about_certificates(phone: Phone, name: str) -> None:
    lie, failing, _ = wk.LIES[name]
    made = wk.market_world()
    lie(made)
    page, kernel = compared(phone, case(made.world, wm.STRIP), made.world)
    assert agreed(page) == agreed(kernel)
    assert failing <= codes(page)


@pytest.mark.parametrize("name", wk.OUTSIDE)
def test_what_was_cancelled_for_something_else(phone: Phone, name: str) -> None:
    stated, _ = wk.OUTSIDE[name]
    made = wk.market_world(stated)
    page, kernel = compared(phone, case(made.world, wm.STRIP), made.world)
    assert agreed(page) == agreed(kernel)
    assert "fail" in (page[8][0], page[10][0])
