"""Opinions on the page: a real Chromium finds what the kernel finds."""

from __future__ import annotations

import msgspec
import pytest

from tests.integration.web.judging import agreed, case, compared
from tests.integration.web.phone import Phone
from tests.support import declaring as d
from tests.support.world import COIL, World
from tests.support.world_chain import trust_of
from tests.unit.test_opinion import LIES, another_mean, declared_world

GIVEN: dict[str, dict[str, object]] = {
    "limited": {},
    "reasonable": {"assurance": "reasonable"},
    "with reservations": {"conclusion": "modified", "reason": "but for the scrap"},
    "against it": {"conclusion": "adverse", "reason": "scrap was not weighed"},
}


def same(phone: Phone, world: World, *trusted: str) -> set[str]:
    """What both find at check 10, by code."""
    trust = msgspec.structs.replace(trust_of(), verifiers=list(trusted))
    page, kernel = compared(phone, case(world, COIL, trust=trust), world)
    assert agreed(page) == agreed(kernel)
    return {code for code, _ in page[10][1]}


class TestAnOpinion:
    @pytest.mark.parametrize("what", GIVEN)
    def test_is_judged_as_the_kernel_judges_it(self, phone: Phone, what: str) -> None:
        world, index, stated = declared_world()
        d.give(world, d.opinion_on(world, index, stated, **GIVEN[what]))
        assert "opinion-unknown" not in same(phone, world, world.fabricator.uri)

    @pytest.mark.parametrize("lie", LIES)
    def test_that_is_none_fails_as_in_the_kernel(self, phone: Phone, lie: str) -> None:
        world, index, stated = declared_world()
        d.give(world, d.opinion_on(world, index, stated, **LIES[lie][2]))
        assert LIES[lie][0] in same(phone, world)

    def test_of_a_stranger_beside_the_operators_own_and_a_second(self, phone: Phone) -> None:
        world, index, stated = declared_world()
        said = d.opinion_on(world, index, stated)
        d.give(world, said)
        d.give(world, said, by=world.steel)
        d.give(world, d.opinion_on(world, index, stated, assurance="reasonable"))
        found = same(phone, world)
        assert found >= {"opinion-own", "opinion-fork", "opinion-unknown", "opinion-given"}

    def test_on_a_mean_of_another_method(self, phone: Phone) -> None:
        world, index, stated = another_mean()
        d.give(world, d.opinion_on(world, index, stated))
        assert "opinion-beside" in same(phone, world)

    def test_that_was_withdrawn_or_is_on_what_was_superseded(self, phone: Phone) -> None:
        world, index, stated = declared_world()
        first = d.give(world, d.opinion_on(world, index, stated))
        second = d.opinion_on(world, index, stated, assurance="reasonable", supersedes=world.id(first))
        d.give(world, second)
        d.state(world, d.of(world, list(stated.lots or ()), supersedes=world.id(index)))
        assert same(phone, world) == {"no-labels", "opinion-outdated"}
