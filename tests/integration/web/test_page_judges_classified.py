"""Classifications on the page: a real Chromium finds what the kernel finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from leafproof import body
from leafproof.classification import MAX_SHOWN, Correlation, Entry, LivingList
from tests.integration.web.judging import agreed, case, compared
from tests.integration.web.phone import Phone
from tests.support import world as w
from tests.support.labels import (
    EVIDENCE,
    GOODS,
    LIST,
    SHOWN,
    adopt,
    before_its_mint,
    by_the_old_version,
    classify,
    coil_as,
    dated_back,
    labelled_world,
)
from tests.support.world import COIL, World


def same(phone: Phone, world: World) -> set[str]:
    """What both find at check 10, by code."""
    page, kernel = compared(phone, case(world, COIL), world)
    assert agreed(page) == agreed(kernel)
    return {code for code, _ in page[10][1]}


def classified(signer: str = "steel", from_block: int = 6, **changes: Any) -> World:
    world, _ = w.honest_world()
    classify(world, getattr(world, signer), coil_as(adopt(world, from_block=from_block), GOODS, **changes))
    return world


def withheld_list() -> World:
    world = classified()
    content = world.labelling["list_versions"][0].content
    next(one for one in world.entries if one.parsed.statement_id == content).body = None
    return world


def by_rules(rules: LivingList, *categories: str, **changes: Any) -> Callable[[], World]:
    def made() -> World:
        world, _ = w.honest_world()
        classify(world, world.steel, coil_as(adopt(world, rules), *categories, **changes))
        return world

    return made


OLD, NEW = "HS 2017", "HS 2022"
SPLIT = msgspec.structs.replace(
    LIST,
    entries=(
        *(Entry(NEW, code, "both", "a part", "a test") for code in ("720811", "720812")),
        Entry(NEW, "720811", "one", "a part", "a test"),
        Entry(NEW, "720812", "shown", "a part", "a test", "Of towers", EVIDENCE),
        Entry(OLD, "72", "old", "all of it", "a test"),
    ),
    correlations=(
        Correlation("HS 2007", "720810", "HS 2012", ("720899", "720820")),
        Correlation("HS 2012", "720899", OLD, ("720810",)),
        Correlation(OLD, "720810", NEW, ("720811", "720812")),
    ),
)
EARLIEST = {"edition": "HS 2007", "code": "720810"}  # a part of it ends in HS 2012, the other in HS 2022
WHOLE = msgspec.structs.replace(
    SPLIT, entries=(*SPLIT.entries, Entry("HS 2012", "720820", "both", "the other part", "a test"))
)
HIGH, LATE = "\uff21 batteries", "\U0001f343 leaves"  # the second has the smaller UTF-16 units
WIDE = msgspec.structs.replace(
    LIST, entries=tuple(Entry(NEW, "7208", named, "t", "a test") for named in (LATE, HIGH))
)
WORLDS: dict[str, tuple[Callable[[], World], str]] = {
    "an honest one": (classified, "classified"),
    "by another operator": (lambda: classified("fabricator"), "classified-foreign"),
    "before its lot is minted": (before_its_mint, "lot-pending"),
    "of a lot that another operator has not minted": (lambda: before_its_mint("fabricator"), "classified-foreign"),
    "by a version that is not": (lambda: classified(version=2), "classified-version"),
    "by another list": (lambda: classified(content="ab" * 32), "classified-version"),
    "before the first version": (lambda: classified(from_block=9_000), "classified-version"),
    "by an older version": (lambda: by_the_old_version(3600), "classified-version"),
    "by one that was the newest known": (lambda: by_the_old_version(3599), "classified"),
    "with one category too many": (lambda: classified(categories=(GOODS, "toys")), "classified-differs"),
    "of another code": (lambda: classified(code="7308"), "classified-differs"),
    "whose list is withheld": (withheld_list, "classified-list"),
    "of a code that was split": (by_rules(SPLIT, "both", "old", edition=OLD), "classified"),
    "of a code that moved and was split": (
        by_rules(SPLIT, "both", edition="HS 2012", code="720899"), "classified",
    ),
    "of a code of which a part ended early": (by_rules(SPLIT, **EARLIEST), "classified"),
    "of one of which that part counts too": (by_rules(WHOLE, "both", **EARLIEST), "classified"),
    "of categories in the order of code points": (by_rules(WIDE, HIGH, LATE), "classified"),
    "of a part of it, with evidence": (by_rules(SPLIT, "both", "shown", code="720812", shown=SHOWN), "classified"),
    "of a part of it, without": (by_rules(SPLIT, "both", "shown", code="720812"), "classified-differs"),
}  # fmt: skip


class TestAClassification:
    @pytest.mark.parametrize("name", WORLDS)
    def test_is_judged_as_the_kernel_judges_it(self, phone: Phone, name: str) -> None:
        make, code = WORLDS[name]
        assert code in same(phone, make())

    @pytest.mark.parametrize(
        ("changes", "code"),
        [({}, "label-met"), ({"classified": ()}, "label-category"), ({"classified": None}, "label-unclassified")],
    )
    def test_ties_the_scope_of_labels(self, phone: Phone, changes: dict[str, Any], code: str) -> None:
        assert code in same(phone, labelled_world(**changes).world)

    @pytest.mark.parametrize(("anchored", "code"), [(3999, "label-category"), (4001, "label-met")])
    def test_is_as_old_as_the_chain_lets_it_be(self, phone: Phone, anchored: int, code: str) -> None:
        told = same(phone, dated_back(anchored).world)
        assert code in told
        assert ("label-category" in told) == (code == "label-category")


BAD: list[tuple[str, dict[str, Any]]] = [
    ("living list", {"title": " "}),
    ("living list", {"entries": ()}),
    ("living list", {"correlations": (Correlation(NEW, "7208", OLD, ("7208",)),)}),
    ("living list", {"correlations": (Correlation(OLD, "7208", NEW, ()),)}),
    ("living list", {"entries": (Entry(NEW, "720", GOODS, "t", "s"),)}),
    ("living list", {"entries": (Entry(NEW, "7208", GOODS, "t", "s", "half"),)}),
    ("classification", {"code": "x"}),
    ("classification", {"version": 0}),
    ("classification", {"content": "ab"}),
    ("classification", {"lot": "\u00e9"}),
    ("classification", {"shown": SHOWN * (MAX_SHOWN + 1)}),
]


@pytest.mark.parametrize(("kind", "changes"), BAD)
def test_what_breaks_a_rule_is_refused_alike(phone: Phone, kind: str, changes: dict[str, Any]) -> None:
    world, _ = w.honest_world()
    said: Any = LIST if kind == "living list" else coil_as("ab" * 32, GOODS)
    data = body.encode(msgspec.to_builtins(msgspec.structs.replace(said, **changes)))
    world.state(world.steel, said.urn, said.CONTENT_TYPE, data)
    world.anchor()
    page, kernel = compared(phone, case(world, COIL), world)
    assert (page[3][0], kernel[3][0]) == ("fail", "fail")
