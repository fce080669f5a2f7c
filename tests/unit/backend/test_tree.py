"""The tree of inputs that a passport's page shows: each lot opened once, and no more than a page can hold."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import SimpleNamespace

from backend.passports import view
from backend.passports.material import Material, Stated, read
from leafproof.record import Input
from tests.support import world as w
from tests.support import world_supply as ws
from tests.support.world import COIL, DECLARED


def nodes(found: tuple[view.Node, ...]) -> Iterator[view.Node]:
    for one in found:
        yield one
        yield from nodes(one.inputs)


def depth(found: tuple[view.Node, ...]) -> int:
    return 1 + max((depth(one.inputs) for one in found), default=0) if found else 0


def test_a_deep_tree_is_shown_as_far_as_a_page_goes() -> None:
    world, last = ws.one_behind_the_other(150)
    passport = SimpleNamespace(material=read(world.bundle(last)), parents={})
    assert depth(view.inputs(passport, last)) == view.MAX_SHOWN_DEPTH


def test_a_lot_that_stands_in_many_places_is_opened_once() -> None:
    """Thirty lots, each made from the next one twice: two to the power of thirty ways."""
    lots = [w.Lot.parse(str(COIL.gtin), f"W-{n}") for n in range(31)]
    material = Material(lots[0])
    for lot, below in itertools.pairwise(lots):
        line = Input("coil", "1", "t", DECLARED, str(below.gtin), str(below.code))
        material.records[lot] = Stated(SimpleNamespace(inputs=(line, line)), None, None)
    found = list(nodes(view.inputs(SimpleNamespace(material=material, parents={}), lots[0])))
    assert len(found) == 2 * view.MAX_SHOWN_DEPTH
