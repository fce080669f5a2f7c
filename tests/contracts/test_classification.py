# SPDX-License-Identifier: Apache-2.0
"""Versions of the living list: proposed, adopted or refused, in force from a time, found by it."""

from __future__ import annotations

import pytest

from tests.contracts.conftest import ZERO32, digest, events, plain, reverts

NONE, PROPOSED, ADOPTED = range(3)  # IClassification.State
LIST, NEXT, REASON = (digest(name) for name in ("list", "next list", "reason"))
TEN_YEARS = 3650 * 86_400
SOON = 1000


@pytest.fixture(scope="module")
def authority(people):
    return {"from": people.authority}


@pytest.fixture
def now(chain):
    chain.mine()
    return int(chain[-1].timestamp)


@pytest.fixture
def proposed(classes, people):
    """Two proposals."""
    for content in (LIST, NEXT):
        classes.propose(content, {"from": people.operator})


class TestPropose:
    def test_by_operators_and_the_authority(self, classes, people, authority):
        tx = classes.propose(LIST, {"from": people.operator})
        assert events(tx) == [("Proposed", {"content": LIST, "by": people.operator})]
        assert classes.stateOf(LIST) == PROPOSED
        classes.propose(NEXT, authority)

    def test_by_nobody_else(self, classes, keys, people, authority):
        for someone in (people.stranger, people.registrar):
            with reverts("NotOperator"):
                classes.propose(LIST, {"from": someone})
        keys.removeOperator(people.operator, authority)
        with reverts("NotOperator"):
            classes.propose(LIST, {"from": people.operator})

    def test_once_and_not_nothing(self, classes, people, proposed, authority, now):
        me = {"from": people.operator}
        with reverts("AlreadyProposed"):
            classes.propose(LIST, me)
        classes.adopt(LIST, now + SOON, authority)
        with reverts("AlreadyProposed"):
            classes.propose(LIST, me)
        with reverts("MissingHash"):
            classes.propose(ZERO32, me)


class TestRefuse:
    def test_a_refused_proposal_may_come_again(self, classes, people, proposed, authority):
        tx = classes.refuse(LIST, REASON, authority)
        assert events(tx) == [("Refused", {"content": LIST, "reason": REASON})]
        assert classes.stateOf(LIST) == NONE
        classes.propose(LIST, {"from": people.operator})

    def test_only_a_proposal_and_with_a_reason(self, classes, proposed, authority, now):
        with reverts("NotProposed"):
            classes.refuse(digest("never proposed"), REASON, authority)
        with reverts("MissingHash"):
            classes.refuse(LIST, ZERO32, authority)
        classes.adopt(LIST, now + SOON, authority)
        with reverts("NotProposed"):
            classes.refuse(LIST, REASON, authority)


class TestAdopt:
    def test_versions_count_from_one(self, classes, proposed, authority, now):
        tx = classes.adopt(LIST, now + SOON, authority)
        assert tx.return_value == 1
        assert events(tx) == [("Adopted", {"version": 1, "content": LIST, "inForceFrom": now + SOON})]
        assert classes.adopt(NEXT, now + 2 * SOON, authority).return_value == 2
        assert classes.stateOf(LIST) == classes.stateOf(NEXT) == ADOPTED
        assert classes.latest() == 2
        assert plain(classes.versionOf(1)) == (LIST, now + SOON)
        assert plain(classes.versionOf(2)) == (NEXT, now + 2 * SOON)

    def test_only_what_was_proposed_and_once(self, classes, proposed, authority, now):
        with reverts("NotProposed"):
            classes.adopt(digest("never proposed"), now + SOON, authority)
        classes.adopt(LIST, now + SOON, authority)
        with reverts("NotProposed"):
            classes.adopt(LIST, now + 2 * SOON, authority)

    def test_nothing_is_reclassified_silently(self, classes, proposed, authority, now):
        for past in (0, now - 1):
            with reverts("InvalidTime"):
                classes.adopt(LIST, past, authority)
        classes.adopt(LIST, now + SOON, authority)
        for not_later in (now + SOON, now + SOON - 1):
            with reverts("InvalidTime"):
                classes.adopt(NEXT, not_later, authority)
        classes.adopt(NEXT, now + SOON + 1, authority)

    def test_a_slip_of_the_pen_does_not_end_the_list(self, classes, proposed, authority, now):
        for far in (now * 1000, now + TEN_YEARS + SOON, 2**64 - 1):
            with reverts("InvalidTime"):
                classes.adopt(LIST, far, authority)
        classes.adopt(LIST, now + TEN_YEARS, authority)

    def test_by_the_authority_alone(self, classes, people, proposed, now):
        for someone in (people.stranger, people.operator, people.registrar):
            with reverts("OwnableUnauthorizedAccount"):
                classes.adopt(LIST, now + SOON, {"from": someone})
            with reverts("OwnableUnauthorizedAccount"):
                classes.refuse(LIST, REASON, {"from": someone})

    def test_the_authority_is_handed_over_in_two_steps(self, classes, people, proposed, authority, now):
        classes.transferOwnership(people.buyer, authority)
        with reverts("OwnableUnauthorizedAccount"):
            classes.acceptOwnership({"from": people.stranger})
        classes.acceptOwnership({"from": people.buyer})
        with reverts("OwnableUnauthorizedAccount"):
            classes.adopt(LIST, now + SOON, authority)


class TestVersionAt:
    def test_the_newest_that_is_in_force(self, classes, authority, now):
        starts = [now + SOON * i for i in range(1, 8)]
        for i, start in enumerate(starts):
            classes.propose(digest(f"list {i}"), authority)
            classes.adopt(digest(f"list {i}"), start, authority)
        for time in {t + d for t in starts for d in (-1, 0, 1)} | {0, 2**64 - 1}:
            assert classes.versionAt(time) == sum(start <= time for start in starts)

    def test_none_before_there_are_any(self, classes):
        assert classes.versionAt(2**64 - 1) == 0
        for version in (0, 1, 2**32 - 1):
            with reverts("UnknownVersion"):
                classes.versionOf(version)
