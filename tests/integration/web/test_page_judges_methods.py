"""Footprints by every method profile, and energy periods that lie: the page finds what the kernel finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from leafproof import body
from leafproof.period import EnergyPeriod, share_out
from leafproof.profile import ProfileRef
from tests.integration.web.judging import agreed, case, compared
from tests.integration.web.phone import Phone
from tests.support import methods as m
from tests.support import world_methods as wm

if TYPE_CHECKING:
    pass


def starts_late(period: EnergyPeriod) -> EnergyPeriod:
    return msgspec.structs.replace(period, start="2018-01-02T04:30:00Z")


def of_another_carrier(period: EnergyPeriod) -> EnergyPeriod:
    (balance,) = period.balances
    return msgspec.structs.replace(period, balances=(msgspec.structs.replace(balance, carrier="natural-gas"),))


def of_heavier_lots(period: EnergyPeriod) -> EnergyPeriod:
    lots = [msgspec.structs.replace(lot, tonnes="50") for lot in period.lots]
    shares = share_out(period.balances, [Fraction(50) for _ in lots])
    told = zip(lots, shares, strict=True)
    return msgspec.structs.replace(period, lots=tuple(msgspec.structs.replace(x, overhead=s) for x, s in told))


class TestEveryMethod:
    def test_is_recomputed_as_the_kernel_recomputes_it(self, phone: Phone) -> None:
        world, _, _ = wm.methods_world()
        page, kernel = compared(phone, case(world, wm.STRIP), world)
        assert page == kernel
        recomputed = [text for code, text in page[8][1] if code == "footprint-recomputed"]
        assert all(any(f" by {name}," in text for text in recomputed) for name in m.PROFILES)

    def test_rests_on_a_period_that_may_be_withheld(self, phone: Phone) -> None:
        world, _, at = wm.methods_world()
        given = case(world, wm.STRIP)
        items = tuple(replace(i, body=None) if i.index == at.period else i for i in given.bundle.items)
        page, kernel = compared(phone, replace(given, bundle=replace(given.bundle, items=items)), world)
        assert page == kernel
        assert page[8][0] == "not checked"

    @pytest.mark.parametrize(
        "lie",
        [
            {"per_tonne": "1.000"},
            {"categories": ()},
            {"primary_data_share": "1.5"},
            {"profile": ProfileRef("pact-3", "9", "00" * 32)},
        ],
        ids=lambda lie: next(iter(lie)),
    )
    def test_contradicts_itself_though_its_facts_are_withheld(self, phone: Phone, lie: dict[str, Any]) -> None:
        world, _, at = wm.methods_world()
        spoilt = wm.changed(at.stated["pact-3"], world.id(at.footprints["pact-3"]), **lie)
        index = wm.log_stated(world, spoilt)
        world.anchor()
        given = case(world, wm.STRIP)
        items = tuple(replace(i, disclosures=()) if i.index == index else i for i in given.bundle.items)
        page, kernel = compared(phone, replace(given, bundle=replace(given.bundle, items=items)), world)
        assert agreed(page) == agreed(kernel)
        assert page[8][0] == "fail"

    @pytest.mark.parametrize("lie", [starts_late, of_another_carrier, of_heavier_lots])
    def test_takes_no_period_that_is_not_the_runs(
        self, phone: Phone, lie: Callable[[EnergyPeriod], EnergyPeriod]
    ) -> None:
        world, _, _ = wm.methods_world(lie)
        page, kernel = compared(phone, case(world, wm.STRIP), world)
        assert agreed(page) == agreed(kernel)
        assert "not-computable" in {code for code, _ in page[8][1]}

    def test_a_period_of_another_operator_is_found(self, phone: Phone) -> None:
        world, _, at = wm.methods_world()
        own = world.entries[at.period]
        world.state(world.fabricator, "urn:period", body.ENERGY_PERIOD, own.body or b"")
        stated = at.stated["pact-3"]
        wm.log_stated(world, wm.changed(stated, world.id(at.footprints["pact-3"]), period=world.id(-1)))
        world.anchor()
        page, kernel = compared(phone, case(world, wm.STRIP), world)
        assert agreed(page) == agreed(kernel)
        assert "period-foreign" in {code for code, _ in page[8][1]}
