"""Supply trees on the page: a real Chromium finds what the kernel finds in a bundle of two companies' logs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from leafproof.bundle import Bundle
from leafproof.verification import supply
from tests.integration.web.judging import Case, agreed, case, compared, public
from tests.integration.web.phone import Phone
from tests.support import world_supply as ws
from tests.support.world import COIL, TOWER, World


@pytest.mark.parametrize("shown", ["everything", "what anybody is given"])
def test_two_logs_are_judged_as_the_kernel_judges_them(phone: Phone, shown: str) -> None:
    coils, towers, bundle, chain = ws.bundle_of_two_logs()
    given = Case(bundle if shown == "everything" else public(bundle), chain)
    page, kernel = compared(phone, given, coils, towers)
    assert agreed(page) == agreed(kernel)
    assert {page[n][0] for n in range(7)} <= {"pass", "warning"}
    assert len([code for code, _ in page[5][1] if code == "head-final"]) == len(bundle.heads)


def other_body(coils: World, bundle: Bundle) -> Bundle:
    """The supplier's footprint says less, under the signature of the true one."""
    return changed(bundle, len(coils.entries) - 1, lambda i: replace(i, body=i.body.replace(b"e", b"f", 1)))


def other_envelope(coils: World, bundle: Bundle) -> Bundle:
    return changed(bundle, len(coils.entries) - 1, lambda i: replace(i, envelope=i.envelope[:-1] + b"\x00"))


def other_log(coils: World, bundle: Bundle) -> Bundle:
    """The supplier's statement is shown in the buyer's log."""
    last = len(bundle.heads) - 1
    return changed(bundle, len(coils.entries) - 1, lambda i: replace(i, head=last))


def changed(bundle: Bundle, index: int, change: Any) -> Bundle:
    place = next(n for n, item in enumerate(bundle.items) if item.index == index)
    items = list(bundle.items)
    items[place] = change(items[place])
    return replace(bundle, items=tuple(items))


@pytest.mark.parametrize("forge", [other_body, other_envelope, other_log], ids=lambda one: one.__name__)
def test_a_suppliers_forged_statement_is_found_by_both(phone: Phone, forge: Any) -> None:
    coils, towers, bundle, chain = ws.bundle_of_two_logs()
    page, kernel = compared(phone, Case(forge(coils, bundle), chain), coils, towers)
    failed = {number: [code for code, _ in found] for number, (status, found) in page.items() if status == "fail"}
    assert failed == {n: [code for code, _ in found] for n, (status, found) in kernel.items() if status == "fail"}
    assert failed.keys() & {2, 3, 4}


@pytest.mark.parametrize("lot", [COIL, TOWER], ids=["from the coil", "from the section"])
def test_a_cycle_is_named_with_its_path_by_both(phone: Phone, lot: Any) -> None:
    world, _ = ws.made_from_itself()
    page, kernel = compared(phone, case(world, lot), world)
    assert agreed(page) == agreed(kernel)
    (text,) = [text for code, text in page[9][1] if code == "input-cycle"]
    assert f"{COIL} <- {TOWER} <- {COIL}" in text


@pytest.mark.parametrize(
    "made, lot, code", [(ws.without_evidence, COIL, "input-unproven"), (ws.left_aside, TOWER, "input-secondary")]
)
@pytest.mark.parametrize("shown", ["everything", "what anybody is given"])
def test_missing_evidence_is_judged_by_both(phone: Phone, made: Any, lot: Any, code: str, shown: str) -> None:
    world = made()
    given = case(world, lot)
    if shown != "everything":
        given.bundle = public(given.bundle)
    page, kernel = compared(phone, given, world)
    assert agreed(page) == agreed(kernel)
    if shown == "everything":
        assert code in {found for found, _ in page[9][1]}


def test_a_deep_tree_is_judged_by_both(phone: Phone) -> None:
    world, last = ws.one_behind_the_other(40)
    page, kernel = compared(phone, case(world, last), world)
    assert agreed(page) == agreed(kernel)


def test_the_page_has_the_kernels_cap() -> None:
    from pathlib import Path

    source = Path(__file__).resolve().parents[3] / "backend/web/verify/supply.js"
    assert f"MAX_RECORDS = {supply.MAX_RECORDS}\n" in source.read_text(encoding="utf-8")
