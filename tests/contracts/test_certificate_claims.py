# SPDX-License-Identifier: Apache-2.0
"""Serials of certificates: claimed once, by operators, attested or rejected by their registry alone."""

from __future__ import annotations

import pytest
from brownie import exceptions
from web3 import Web3

from tests.contracts.conftest import NOBODY, ZERO32, digest, events, plain, reverts

NAME = "I-REC(E)"
WORD, COIL, FOOTPRINT, EVIDENCE = (digest(name) for name in ("cancellation", "coil", "footprint", "evidence"))
LAST = 2**128 - 1
STEPS = 64


@pytest.fixture(scope="module")
def me(people):
    return {"from": people.operator}


@pytest.fixture(scope="module")
def authority(people):
    return {"from": people.authority}


@pytest.fixture(scope="module")
def word(people):
    """Whoever speaks for the registry."""
    return {"from": people.registrar}


@pytest.fixture(scope="module")
def registry(claims, people, authority):
    """An admitted registry with a registrar."""
    registry = claims.admitRegistry(NAME, authority).return_value
    claims.appointRegistrar(registry, people.registrar, authority)
    return registry


def claim(claims, registry, first, last, sender, hint=0, **changes):
    of = {"cancellation": WORD, "subject": COIL, "footprint": FOOTPRINT, **changes}
    return claims.claim(registry, first, last, *of.values(), hint, sender)


def ranges(claims, registry) -> list[tuple[int, int]]:
    """What is claimed, as the list has it."""
    found, first = [], claims.claimOf(registry, 0)["next"]
    while first:
        entry = claims.claimOf(registry, first)
        found.append((int(first), int(entry["last"])))
        first = entry["next"]
    return found


class TestRegistries:
    def test_admitted_and_removed_by_the_authority(self, claims, authority, me):
        tx = claims.admitRegistry(NAME, authority)
        registry = tx.return_value
        assert registry == claims.registryIdOf(NAME) == Web3.keccak(text=NAME).to_0x_hex()
        assert events(tx) == [("RegistryAdmitted", {"registry": registry, "name": NAME})]
        assert claims.isRegistry(registry)
        tx = claims.removeRegistry(registry, authority)
        assert events(tx) == [("RegistryRemoved", {"registry": registry})]
        with reverts("UnknownRegistry"):
            claim(claims, registry, 1, 1, me)
        claims.admitRegistry(NAME, authority)
        claim(claims, registry, 1, 1, me)

    def test_by_nobody_else(self, claims, registry, people):
        for someone in (people.stranger, people.operator, people.registrar):
            sender = {"from": someone}
            for call in (
                lambda s: claims.admitRegistry("GO", s),
                lambda s: claims.removeRegistry(registry, s),
                lambda s: claims.appointRegistrar(registry, people.buyer, s),
                lambda s: claims.dismissRegistrar(registry, people.registrar, s),
            ):
                with reverts("OwnableUnauthorizedAccount"):
                    call(sender)

    def test_not_twice_not_nameless_not_unknown(self, claims, registry, people, authority):
        with reverts("RegistryExists"):
            claims.admitRegistry(NAME, authority)
        for name in ("", "x" * 129):
            with reverts("InvalidName"):
                claims.admitRegistry(name, authority)
        claims.admitRegistry("x" * 128, authority)
        unknown = digest("no registry")
        with reverts("UnknownRegistry"):
            claims.removeRegistry(unknown, authority)
        with reverts("UnknownRegistry"):
            claims.appointRegistrar(unknown, people.buyer, authority)

    def test_registrars_are_appointed_and_dismissed(self, claims, registry, people, authority):
        tx = claims.appointRegistrar(registry, people.buyer, authority)
        assert events(tx) == [("RegistrarAppointed", {"registry": registry, "registrar": people.buyer})]
        assert claims.isRegistrar(registry, people.buyer)
        tx = claims.dismissRegistrar(registry, people.buyer, authority)
        assert events(tx) == [("RegistrarDismissed", {"registry": registry, "registrar": people.buyer})]
        assert not claims.isRegistrar(registry, people.buyer)
        for account in (people.registrar, NOBODY):
            with reverts("InvalidRegistrar"):
                claims.appointRegistrar(registry, account, authority)
        with reverts("NotRegistrar"):
            claims.dismissRegistrar(registry, people.buyer, authority)

    def test_the_authority_is_handed_over_in_two_steps(self, claims, people, authority):
        claims.transferOwnership(people.buyer, authority)
        with reverts("OwnableUnauthorizedAccount"):
            claims.acceptOwnership({"from": people.stranger})
        claims.acceptOwnership({"from": people.buyer})
        with reverts("OwnableUnauthorizedAccount"):
            claims.admitRegistry("GO", authority)


class TestClaim:
    def test_all_a_reader_needs_is_in_the_events(self, claims, registry, people, me):
        tx = claim(claims, registry, 7, 9, me)
        assert events(tx) == [
            (
                "Claimed",
                {
                    "subject": COIL,
                    "registry": registry,
                    "operator": people.operator,
                    "first": 7,
                    "last": 9,
                    "cancellation": WORD,
                },
            ),
            (
                "FootprintNamed",
                {"subject": COIL, "registry": registry, "first": 7, "version": 1, "footprint": FOOTPRINT},
            ),
        ]
        assert plain(claims.claimOf(registry, 7)) == (people.operator, 1, 0, 9, 0, COIL)
        assert plain(claims.claimOf(registry, 8)) == (NOBODY, 0, 0, 0, 0, ZERO32)

    def test_by_operators_alone(self, claims, registry, keys, people, authority, me):
        for someone in (people.stranger, people.authority, people.registrar):
            with reverts("NotOperator"):
                claim(claims, registry, 1, 1, {"from": someone})
        keys.removeOperator(people.operator, authority)
        with reverts("NotOperator"):
            claim(claims, registry, 1, 1, me)

    def test_not_of_a_registry_that_nobody_admitted(self, claims, me):
        with reverts("UnknownRegistry"):
            claim(claims, digest("no registry"), 1, 1, me)

    def test_serials_start_at_one_and_do_not_run_backwards(self, claims, registry, me):
        for first, last in ((0, 0), (0, 5), (6, 5), (LAST, 1)):
            with reverts("InvalidSerials"):
                claim(claims, registry, first, last, me)
        claim(claims, registry, 1, 1, me)
        claim(claims, registry, LAST, LAST, me)

    def test_names_what_it_is_for(self, claims, registry, me):
        for missing in ("cancellation", "subject", "footprint"):
            with reverts("MissingHash"):
                claim(claims, registry, 1, 1, me, **{missing: ZERO32})

    @pytest.mark.parametrize("first, last", [(10, 20), (1, 10), (20, 30), (12, 15), (1, 30), (10, 10), (20, 20)])
    def test_what_overlaps_is_refused_whoever_asks(self, claims, registry, people, me, first, last):
        claim(claims, registry, 10, 20, me)
        claim(claims, registry, 40, 50, me)
        for someone in (people.operator, people.other_operator):
            with reverts("SerialsClaimed"):
                claim(claims, registry, first, last, {"from": someone})
        with reverts("SerialsClaimed"):
            claim(claims, registry, 1, LAST, me)

    def test_the_refusal_names_the_claim_that_is_there(self, claims, registry, people, me):
        claim(claims, registry, 10, 20, me)
        with pytest.raises(exceptions.VirtualMachineError) as caught:
            claim(claims, registry, 15, 30, {"from": people.other_operator})
        assert caught.value.revert_msg.startswith("SerialsClaimed: ")
        assert caught.value.revert_msg.endswith(", 10, 20")

    def test_neighbours_are_welcome_in_any_order(self, claims, registry, people, me):
        for first, last in ((10, 20), (30, 40), (21, 29), (1, 9), (41, LAST)):
            claim(claims, registry, first, last, me)
        assert ranges(claims, registry) == [(1, 9), (10, 20), (21, 29), (30, 40), (41, LAST)]

    def test_the_same_serials_of_another_registry_are_others(self, claims, registry, me, authority):
        other = claims.admitRegistry("GO", authority).return_value
        claim(claims, registry, 10, 20, me)
        claim(claims, other, 15, 25, me)

    def test_a_wide_range_costs_what_a_narrow_one_costs(self, claims, registry, me):
        narrow = claim(claims, registry, 10**30, 10**30 + 1, me).gas_used
        wide = claim(claims, registry, 10**31, 10**31 + 10**30, me, hint=10**30).gas_used
        assert abs(wide - narrow) < 25_000  # the slot that leads to it was zero for the first one alone


class TestHint:
    @pytest.fixture
    def many(self, claims, registry, me):
        """As many claims as one call walks over, and two more; the first serials of all."""
        firsts = [10 * i for i in range(1, STEPS + 3)]
        for below, first in zip([0, *firsts], firsts, strict=False):
            claim(claims, registry, first, first, me, hint=below)
        return firsts

    def test_any_claim_below_will_do(self, claims, registry, me):
        for first in (10, 20, 30):
            claim(claims, registry, first, first, me)
        for serial, hint in ((31, 0), (32, 10), (33, 30), (34, 33)):
            claim(claims, registry, serial, serial, me, hint=hint)

    def test_it_is_the_start_of_a_claim_below(self, claims, registry, me):
        claim(claims, registry, 10, 20, me)
        for hint in (5, 11, 20, 30, 31, LAST):
            with reverts("InvalidHint"):
                claim(claims, registry, 30, 31, me, hint=hint)
        with reverts("InvalidHint"):  # a claim's own start leads past it
            claim(claims, registry, 10, 10, me, hint=10)

    def test_a_wrong_hint_hides_no_overlap(self, claims, registry, me):
        for first in (10, 20, 30):
            claim(claims, registry, first, first + 5, me)
        for hint in (0, 10, 20):
            with reverts("SerialsClaimed"):
                claim(claims, registry, 22, 24, me, hint=hint)

    def test_the_walk_is_bounded(self, claims, registry, me, many):
        top = many[-1] + 1
        with reverts("InvalidHint"):
            claim(claims, registry, top, top, me, hint=0)
        with reverts("InvalidHint"):
            claim(claims, registry, top, top, me, hint=many[0])
        claim(claims, registry, top, top, me, hint=many[2])


class TestNameFootprint:
    def test_the_claimant_names_a_newer_one(self, claims, registry, me):
        claim(claims, registry, 7, 9, me)
        tx = claims.nameFootprint(registry, 7, digest("newer"), me)
        named = {"subject": COIL, "registry": registry, "first": 7, "version": 2, "footprint": digest("newer")}
        assert events(tx) == [("FootprintNamed", named)]
        assert claims.claimOf(registry, 7)["version"] == 2

    def test_nobody_else_does(self, claims, registry, keys, people, authority, me):
        claim(claims, registry, 7, 9, me)
        with reverts("NotClaimant"):
            claims.nameFootprint(registry, 7, digest("newer"), {"from": people.other_operator})
        with reverts("NotOperator"):
            claims.nameFootprint(registry, 7, digest("newer"), {"from": people.stranger})
        with reverts("MissingHash"):
            claims.nameFootprint(registry, 7, ZERO32, me)
        for serial in (0, 8, 10):
            with reverts("UnknownClaim"):
                claims.nameFootprint(registry, serial, digest("newer"), me)
        keys.removeOperator(people.operator, authority)
        with reverts("NotOperator"):
            claims.nameFootprint(registry, 7, digest("newer"), me)


class TestTheRegistrysWord:
    def test_attested_once(self, claims, registry, people, me, word):
        claim(claims, registry, 7, 9, me)
        tx = claims.attest(registry, 7, EVIDENCE, word)
        said = {
            "subject": COIL,
            "registry": registry,
            "registrar": people.registrar,
            "first": 7,
            "evidence": EVIDENCE,
        }
        assert events(tx) == [("Attested", said)]
        assert claims.claimOf(registry, 7)["attested"]
        for again in (
            lambda: claims.attest(registry, 7, EVIDENCE, word),
            lambda: claims.reject(registry, 7, EVIDENCE, 0, word),
        ):
            with reverts("AlreadyAttested"):
                again()

    def test_rejected_serials_are_free_again(self, claims, registry, people, me, word):
        for first in (1, 7, 20):
            claim(claims, registry, first, first + 2, me)
        tx = claims.reject(registry, 7, EVIDENCE, 1, word)
        said = {
            "subject": COIL,
            "registry": registry,
            "registrar": people.registrar,
            "first": 7,
            "reason": EVIDENCE,
        }
        assert events(tx) == [("Rejected", said)]
        assert ranges(claims, registry) == [(1, 3), (20, 22)]
        assert plain(claims.claimOf(registry, 7)) == (NOBODY, 0, 0, 0, 0, ZERO32)
        claim(claims, registry, 5, 19, {"from": people.other_operator})
        assert ranges(claims, registry) == [(1, 3), (5, 19), (20, 22)]

    def test_the_lowest_and_the_highest_can_be_rejected(self, claims, registry, me, word):
        for first in (1, 7, 20):
            claim(claims, registry, first, first, me)
        claims.reject(registry, 1, EVIDENCE, 0, word)
        claims.reject(registry, 20, EVIDENCE, 7, word)
        assert ranges(claims, registry) == [(7, 7)]
        claims.reject(registry, 7, EVIDENCE, 0, word)
        assert ranges(claims, registry) == []

    def test_nobody_else_speaks_for_it(self, claims, registry, people, authority, me, word):
        claim(claims, registry, 7, 9, me)
        other = claims.admitRegistry("GO", authority).return_value
        claims.appointRegistrar(other, people.buyer, authority)
        for someone in (people.stranger, people.authority, people.operator, people.buyer):
            with reverts("NotRegistrar"):
                claims.attest(registry, 7, EVIDENCE, {"from": someone})
            with reverts("NotRegistrar"):
                claims.reject(registry, 7, EVIDENCE, 0, {"from": someone})
        claims.dismissRegistrar(registry, people.registrar, authority)
        with reverts("NotRegistrar"):
            claims.attest(registry, 7, EVIDENCE, word)

    def test_names_its_document_and_a_claim(self, claims, registry, me, word):
        claim(claims, registry, 7, 9, me)
        for missing in (
            lambda: claims.attest(registry, 7, ZERO32, word),
            lambda: claims.reject(registry, 7, ZERO32, 0, word),
        ):
            with reverts("MissingHash"):
                missing()
        for unknown in (0, 8):
            with reverts("UnknownClaim"):
                claims.attest(registry, unknown, EVIDENCE, word)
            with reverts("UnknownClaim"):
                claims.reject(registry, unknown, EVIDENCE, 0, word)
        with reverts("InvalidHint"):
            claims.reject(registry, 7, EVIDENCE, 7, word)

    def test_it_is_spoken_of_a_removed_registry_too(self, claims, registry, me, word, authority):
        claim(claims, registry, 7, 9, me)
        claims.removeRegistry(registry, authority)
        claims.attest(registry, 7, EVIDENCE, word)
