"""How lots are classified: what check 10 finds, and a replay alike; what a bundle lacks is said."""

from __future__ import annotations

from typing import Any

import pytest

from leafproof.chain.view import ADOPTION_GRACE
from leafproof.replay.replay import replay
from leafproof.verification.report import Finding, Status
from leafproof.verification.verify import verify
from tests.support import world as w
from tests.support.labels import GOODS, adopt, before_its_mint, by_the_old_version, classify, coil_as
from tests.support.world import COIL, World
from tests.support.world_source import WorldSource


def classified(signer: str = "steel", from_block: int = 6, **changes: Any) -> World:
    world, _ = w.honest_world()
    content = adopt(world, from_block=from_block)
    classify(world, getattr(world, signer), coil_as(content, GOODS, **changes))
    return world


def found(world: World) -> Finding:
    """What is said of the one classification."""
    report = verify(world.bundle(COIL), world.trust(), world.view())
    (finding,) = [one for one in report[10].findings if one.code.startswith("classified")]
    assert finding.subject == str(COIL)
    return finding


def replayed(world: World) -> set[str]:
    return {d.kind for d in replay(WorldSource.of(world), world.trust(), world.view()).discrepancies}


def test_an_honest_one_is_told_with_its_version() -> None:
    finding = found(classified())
    assert (finding.status, finding.text().partition(": ")[2]) == (
        Status.PASS,
        "720810 of HS 2022, by version 1 of the living list: steel products",
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"signer": "fabricator"}, "classified-foreign"),
        ({"version": 2}, "classified-version"),
        ({"content": "ab" * 32}, "classified-version"),
        ({"from_block": 9_000}, "classified-version"),  # hours after it was classified
        ({"categories": ()}, "classified-differs"),
        ({"categories": (GOODS, "steel structures")}, "classified-differs"),
        ({"code": "7308"}, "classified-differs"),
    ],
)
def test_a_lie_fails_and_a_replay_finds_it(changes: dict[str, Any], code: str) -> None:
    world = classified(**changes)
    assert (found(world).status, found(world).code) == (Status.FAIL, code)
    assert replayed(world) == {"category-differs"}


def test_while_its_lot_is_on_its_way_to_the_chain_it_is_pending() -> None:
    world = before_its_mint()
    findings = verify(world.bundle(COIL), world.trust(), world.view())[10].findings
    assert ("lot-pending", Status.PENDING) in {(f.code, f.status) for f in findings}
    assert "category-differs" not in replayed(world)


@pytest.mark.parametrize("signer", ["steel", "fabricator"])
def test_and_fails_when_that_took_too_long_or_the_record_is_not_his(signer: str) -> None:
    world = before_its_mint(signer)
    view = w.later(world.view()) if signer == "steel" else world.view()
    findings = verify(world.bundle(COIL), world.trust(), view)[10].findings
    assert ("classified-foreign", Status.FAIL) in {(f.code, f.status) for f in findings}
    found = replay(WorldSource.of(world), world.trust(), view).discrepancies
    assert "category-differs" in {one.kind for one in found}


def test_a_version_that_came_later_changes_nothing() -> None:
    world = classified()
    adopt(world, from_block=9_000)
    assert found(world).code == "classified"


def test_one_made_by_an_older_version_fails() -> None:
    world = by_the_old_version(seconds=ADOPTION_GRACE)
    assert replayed(world) == {"category-differs"}
    assert found(world).text().endswith("by version 1 of the living list, 2 was in force")


@pytest.mark.parametrize("seconds", [1, ADOPTION_GRACE - 1])
def test_unless_its_signer_may_not_have_known_of_the_newer_one(seconds: int) -> None:
    world = by_the_old_version(seconds)
    assert (found(world).code, replayed(world)) == ("classified", set())


def test_nor_of_several_that_were_adopted_at_once() -> None:
    world, _ = w.honest_world()
    first = adopt(world)
    adopt(world, from_block=7)
    adopt(world, from_block=9)
    classify(world, world.steel, coil_as(first, GOODS), at=10)
    assert found(world).code == "classified"


def test_one_that_waited_long_for_its_time_was_known() -> None:
    world, _ = w.honest_world()
    first = adopt(world)
    adopt(world, from_block=5000)
    classify(world, world.steel, coil_as(first, GOODS), at=5000)
    assert found(world).code == "classified-version"


def test_a_list_that_is_not_here_is_not_checked() -> None:
    world = classified()
    content = world.labelling["list_versions"][0].content
    (entry,) = [one for one in world.entries if one.parsed.statement_id == content]
    entry.body = None
    assert (found(world).status, found(world).code) == (Status.NOT_CHECKED, "classified-list")


def test_without_a_chain_none_is_checked() -> None:
    world = classified()
    report = verify(world.bundle(COIL), world.trust(), None)
    assert ("withheld-chain", Status.NOT_CHECKED) in {(f.code, f.status) for f in report[10].findings}
