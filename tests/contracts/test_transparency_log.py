# SPDX-License-Identifier: Apache-2.0
"""A log only grows, and only in the hands of those whom its owner named."""

from __future__ import annotations

import pytest
from eth_abi import encode
from web3 import Web3

from tests.contracts import merkle
from tests.contracts.conftest import NOBODY, ZERO32, digest, events, plain, reverts

LEAVES = merkle.leaves(20)
ROOT = {size: "0x" + merkle.root(LEAVES[:size]).hex() for size in range(1, 21)}


def proof(size1: int, size2: int) -> list[bytes]:
    return merkle.consistency(size1, LEAVES[:size2])


@pytest.fixture(scope="module")
def log(logs, people):
    """An empty log of the operator."""
    return logs.open("main", {"from": people.operator}).return_value


@pytest.fixture(scope="module")
def me(people):
    return {"from": people.operator}


class TestOpen:
    def test_id_is_the_hash_of_owner_and_name(self, logs, people, me):
        tx = logs.open("größe", me)
        expected = Web3.keccak(encode(["address", "string"], [people.operator.address, "größe"])).to_0x_hex()
        assert tx.return_value == expected
        assert events(tx) == [("Opened", {"id": expected, "owner": people.operator, "name": "größe"})]
        assert logs.ownerOf(expected) == people.operator
        assert plain(logs.head(expected)) == (0, ZERO32)

    def test_a_name_serves_each_owner_once(self, logs, log, people, me):
        assert logs.open("main", {"from": people.stranger}).return_value != log
        with reverts("LogExists"):
            logs.open("main", me)

    @pytest.mark.parametrize("name", ["", "n" * 65, "ü" * 33])
    def test_a_name_has_1_to_64_bytes(self, logs, me, name):
        with reverts("InvalidName"):
            logs.open(name, me)

    @pytest.mark.parametrize("name", ["n", "n" * 64])
    def test_the_bounds_are_allowed(self, logs, me, name):
        logs.open(name, me)

    def test_a_name_given_away_is_not_free_again(self, logs, log, people, me):
        logs.transferLog(log, people.stranger, me)
        logs.acceptLog(log, {"from": people.stranger})
        with reverts("LogExists"):
            logs.open("main", me)


class TestExtend:
    def test_from_empty_without_a_proof(self, logs, log, me):
        tx = logs.extend(log, 5, ROOT[5], [], me)
        assert events(tx) == [("Extended", {"id": log, "size": 5, "root": ROOT[5]})]
        assert plain(logs.head(log)) == (5, ROOT[5])

    def test_from_empty_a_proof_is_refused(self, logs, log, me):
        with reverts("NotConsistent"):
            logs.extend(log, 5, ROOT[5], [ROOT[1]], me)

    def test_step_by_step(self, logs, log, me):
        logs.extend(log, 1, ROOT[1], [], me)
        for size1, size2 in [(1, 2), (2, 3), (3, 8), (8, 13), (13, 20)]:
            logs.extend(log, size2, ROOT[size2], proof(size1, size2), me)
            assert plain(logs.head(log)) == (size2, ROOT[size2])

    @pytest.mark.parametrize("size", [0, 1, 8])
    def test_a_head_that_is_not_larger_is_refused(self, logs, log, me, size):
        logs.extend(log, 8, ROOT[8], [], me)
        with reverts("NotLarger"):
            logs.extend(log, size, ROOT[8], [], me)

    def test_an_empty_first_head_is_refused(self, logs, log, me):
        with reverts("NotLarger"):
            logs.extend(log, 0, ROOT[1], [], me)

    def test_rewritten_history_is_refused(self, logs, log, me):
        logs.extend(log, 8, ROOT[8], [], me)
        other = [merkle.leaf_hash(b"rewritten"), *LEAVES[1:13]]
        with reverts("NotConsistent"):
            logs.extend(log, 13, merkle.root(other), merkle.consistency(8, other), me)
        assert plain(logs.head(log)) == (8, ROOT[8])

    def test_an_empty_proof_is_refused(self, logs, log, me):
        logs.extend(log, 8, ROOT[8], [], me)
        with reverts("NotConsistent"):
            logs.extend(log, 13, ROOT[13], [], me)

    def test_strangers_and_unknown_logs_are_refused(self, logs, log, people, me):
        with reverts("NotAnchorKey"):
            logs.extend(log, 5, ROOT[5], [], {"from": people.stranger})
        with reverts("NotAnchorKey"):
            logs.extend(digest("no log"), 5, ROOT[5], [], me)

    @pytest.mark.parametrize(("exponent", "limit"), [(20, 70_000), (30, 85_000)])
    def test_the_costliest_extension_stays_affordable(self, logs, log, people, me, exponent, limit):
        size = 2**exponent
        old, new, path = merkle.edge(size)
        logs.appoint(log, people.anchor, me)
        logs.extend(log, size - 1, old, [], me)
        tx = logs.extend(log, size, new, path, {"from": people.anchor})
        assert logs.head(log)[0] == size
        assert tx.gas_used <= limit


class TestAnchorKeys:
    def test_an_appointed_key_extends_until_dismissed(self, logs, log, people, me):
        tx = logs.appoint(log, people.anchor, me)
        assert events(tx) == [("AnchorKeyAppointed", {"id": log, "key": people.anchor})]
        assert logs.isAnchorKey(log, people.anchor)
        logs.extend(log, 5, ROOT[5], [], {"from": people.anchor})

        tx = logs.dismiss(log, people.anchor, me)
        assert events(tx) == [("AnchorKeyDismissed", {"id": log, "key": people.anchor})]
        assert not logs.isAnchorKey(log, people.anchor)
        with reverts("NotAnchorKey"):
            logs.extend(log, 8, ROOT[8], proof(5, 8), {"from": people.anchor})

    def test_only_the_owner_appoints_and_dismisses(self, logs, log, people, me):
        logs.appoint(log, people.anchor, me)
        for someone in (people.stranger, people.anchor):
            with reverts("NotLogOwner"):
                logs.appoint(log, someone, {"from": someone})
            with reverts("NotLogOwner"):
                logs.dismiss(log, people.anchor, {"from": someone})

    def test_a_key_is_appointed_for_one_log(self, logs, log, people, me):
        other = logs.open("other", me).return_value
        logs.appoint(log, people.anchor, me)
        with reverts("NotAnchorKey"):
            logs.extend(other, 5, ROOT[5], [], {"from": people.anchor})

    def test_nothing_is_appointed_twice_or_dismissed_unappointed(self, logs, log, people, me):
        logs.appoint(log, people.anchor, me)
        for key in (people.anchor, NOBODY):
            with reverts("InvalidAnchorKey"):
                logs.appoint(log, key, me)
        with reverts("InvalidAnchorKey"):
            logs.dismiss(log, people.stranger, me)

    def test_an_anchor_key_does_not_seal_or_transfer(self, logs, log, people, me):
        logs.appoint(log, people.anchor, me)
        with reverts("NotLogOwner"):
            logs.seal(log, ZERO32, {"from": people.anchor})
        with reverts("NotLogOwner"):
            logs.transferLog(log, people.anchor, {"from": people.anchor})

    def test_nobody_is_an_anchor_key_of_an_unknown_log(self, logs, people):
        assert not logs.isAnchorKey(digest("no log"), people.stranger)
        assert not logs.isAnchorKey(digest("no log"), NOBODY)


class TestTransfer:
    def test_in_two_steps(self, logs, log, people, me):
        tx = logs.transferLog(log, people.buyer, me)
        assert events(tx) == [("LogTransferStarted", {"id": log, "from": people.operator, "to": people.buyer})]
        assert (logs.ownerOf(log), logs.pendingOwnerOf(log)) == (people.operator, people.buyer)

        tx = logs.acceptLog(log, {"from": people.buyer})
        assert events(tx) == [("LogTransferred", {"id": log, "from": people.operator, "to": people.buyer})]
        assert (logs.ownerOf(log), logs.pendingOwnerOf(log)) == (people.buyer, NOBODY)
        logs.extend(log, 5, ROOT[5], [], {"from": people.buyer})
        with reverts("NotAnchorKey"):
            logs.extend(log, 8, ROOT[8], proof(5, 8), me)

    def test_only_the_owner_offers_and_only_the_chosen_one_accepts(self, logs, log, people, me):
        with reverts("NotLogOwner"):
            logs.transferLog(log, people.stranger, {"from": people.stranger})
        logs.transferLog(log, people.buyer, me)
        for someone in (people.stranger, people.operator):
            with reverts("NotPendingOwner"):
                logs.acceptLog(log, {"from": someone})

    def test_an_offer_can_be_withdrawn(self, logs, log, people, me):
        logs.transferLog(log, people.buyer, me)
        logs.transferLog(log, NOBODY, me)
        with reverts("NotPendingOwner"):
            logs.acceptLog(log, {"from": people.buyer})

    def test_an_offer_is_accepted_once(self, logs, log, people, me):
        logs.transferLog(log, people.buyer, me)
        logs.acceptLog(log, {"from": people.buyer})
        with reverts("NotPendingOwner"):
            logs.acceptLog(log, {"from": people.buyer})

    def test_the_former_owners_anchor_keys_lapse(self, logs, log, people, me):
        logs.appoint(log, people.anchor, me)
        logs.transferLog(log, people.buyer, me)
        logs.acceptLog(log, {"from": people.buyer})
        assert not logs.isAnchorKey(log, people.anchor)
        with reverts("NotAnchorKey"):
            logs.extend(log, 5, ROOT[5], [], {"from": people.anchor})
        logs.appoint(log, people.anchor, {"from": people.buyer})
        logs.extend(log, 5, ROOT[5], [], {"from": people.anchor})


class TestSeal:
    def test_a_sealed_log_takes_no_heads(self, logs, log, people, me):
        logs.extend(log, 5, ROOT[5], [], me)
        logs.appoint(log, people.anchor, me)
        tx = logs.seal(log, ZERO32, me)
        assert events(tx) == [("Sealed", {"id": log, "successor": ZERO32})]
        assert logs.isSealed(log)
        assert logs.successorOf(log) == ZERO32
        assert plain(logs.head(log)) == (5, ROOT[5])
        for someone in (people.operator, people.anchor):
            with reverts("LogSealed"):
                logs.extend(log, 8, ROOT[8], proof(5, 8), {"from": someone})

    def test_it_may_go_on_in_a_successor(self, logs, log, me):
        successor = logs.open("main, continued", me).return_value
        tx = logs.seal(log, successor, me)
        assert events(tx) == [("Sealed", {"id": log, "successor": successor})]
        assert logs.successorOf(log) == successor
        assert not logs.isSealed(successor)

    def test_a_seal_is_for_good(self, logs, log, me):
        logs.seal(log, ZERO32, me)
        with reverts("LogSealed"):
            logs.seal(log, logs.open("late", me).return_value, me)

    def test_strangers_do_not_seal(self, logs, log, people):
        with reverts("NotLogOwner"):
            logs.seal(log, ZERO32, {"from": people.stranger})

    def test_a_successor_is_another_open_log_of_the_owner(self, logs, log, people, me):
        ended = logs.open("ended", me).return_value
        logs.seal(ended, ZERO32, me)
        foreign = logs.open("foreign", {"from": people.stranger}).return_value
        for successor in (log, ended, foreign, digest("no log")):
            with reverts("InvalidSuccessor"):
                logs.seal(log, successor, me)
