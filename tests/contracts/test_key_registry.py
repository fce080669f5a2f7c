# SPDX-License-Identifier: Apache-2.0
"""Whose keys these are: admission, registration, attestation, and the ways trust ends."""

from __future__ import annotations

import hashlib

import pytest

from tests.contracts.conftest import (
    ACTIVE,
    COMPROMISED,
    GATEWAY,
    ISSUER,
    LOG,
    NOBODY,
    NONE,
    RETIRED,
    ZERO32,
    digest,
    events,
    plain,
    reverts,
)

KEY = b"\xa4\x01\x02\x20\x01" + b"k" * 70
KEY_ID = "0x" + hashlib.sha256(KEY).hexdigest()
LOG_ID = digest("a log")
NAME = "urn:example:issuer"
PROOF = b"p" * 64
EVIDENCE = digest("report")


def register(keys, sender, **changes):
    entry = {"keyId": KEY_ID, "role": GATEWAY, "logId": LOG_ID, "issuer": NAME, "coseKey": KEY, "proof": PROOF}
    return keys.register(*{**entry, **changes}.values(), {"from": sender})


def hex_(data: bytes) -> str:
    return "0x" + data.hex()


@pytest.fixture
def key(keys, people):
    """The operator's gateway key."""
    register(keys, people.operator)
    return KEY_ID


class TestOperators:
    def test_admitted_and_removed_by_the_authority(self, keys, people):
        tx = keys.admitOperator(people.buyer, "urn:example:buyer", {"from": people.authority})
        assert events(tx) == [("OperatorAdmitted", {"operator": people.buyer, "identifier": "urn:example:buyer"})]
        assert keys.isOperator(people.buyer)
        tx = keys.removeOperator(people.buyer, {"from": people.authority})
        assert events(tx) == [("OperatorRemoved", {"operator": people.buyer})]
        assert not keys.isOperator(people.buyer)
        keys.admitOperator(people.buyer, "urn:example:again", {"from": people.authority})

    def test_by_nobody_else(self, keys, people):
        for someone in (people.stranger, people.operator, people.registrar):
            with reverts("OwnableUnauthorizedAccount"):
                keys.admitOperator(people.buyer, NAME, {"from": someone})
            with reverts("OwnableUnauthorizedAccount"):
                keys.removeOperator(people.operator, {"from": someone})

    def test_not_twice_not_nobody_not_nameless(self, keys, people):
        me = {"from": people.authority}
        for account in (people.operator, NOBODY):
            with reverts("InvalidOperator"):
                keys.admitOperator(account, NAME, me)
        for identifier in ("", "x" * 129):
            with reverts("InvalidLength"):
                keys.admitOperator(people.buyer, identifier, me)
        keys.admitOperator(people.buyer, "x" * 128, me)
        with reverts("NotOperator"):
            keys.removeOperator(people.stranger, me)


class TestRegistrars:
    def test_accredited_and_withdrawn_by_the_authority(self, keys, people):
        tx = keys.accreditRegistrar(people.buyer, "Notified Body", {"from": people.authority})
        assert events(tx) == [("RegistrarAccredited", {"registrar": people.buyer, "name": "Notified Body"})]
        assert keys.isRegistrar(people.buyer)
        tx = keys.withdrawRegistrar(people.buyer, {"from": people.authority})
        assert events(tx) == [("RegistrarWithdrawn", {"registrar": people.buyer})]
        assert not keys.isRegistrar(people.buyer)

    def test_by_nobody_else(self, keys, people):
        for someone in (people.stranger, people.operator, people.registrar):
            with reverts("OwnableUnauthorizedAccount"):
                keys.accreditRegistrar(people.buyer, NAME, {"from": someone})
            with reverts("OwnableUnauthorizedAccount"):
                keys.withdrawRegistrar(people.registrar, {"from": someone})

    def test_not_twice_not_nobody_not_nameless(self, keys, people):
        me = {"from": people.authority}
        for account in (people.registrar, NOBODY):
            with reverts("InvalidRegistrar"):
                keys.accreditRegistrar(account, NAME, me)
        for name in ("", "x" * 129):
            with reverts("InvalidLength"):
                keys.accreditRegistrar(people.buyer, name, me)
        with reverts("NotRegistrar"):
            keys.withdrawRegistrar(people.stranger, me)


class TestAuthority:
    def test_is_handed_over_in_two_steps(self, keys, people):
        keys.transferOwnership(people.buyer, {"from": people.authority})
        assert keys.owner() == people.authority
        with reverts("OwnableUnauthorizedAccount"):
            keys.acceptOwnership({"from": people.stranger})
        keys.acceptOwnership({"from": people.buyer})
        assert keys.owner() == people.buyer
        with reverts("OwnableUnauthorizedAccount"):
            keys.removeOperator(people.operator, {"from": people.authority})


class TestRegister:
    def test_all_a_reader_needs_is_in_the_event(self, keys, people):
        tx = register(keys, people.operator)
        assert events(tx) == [
            (
                "KeyRegistered",
                {
                    "keyId": KEY_ID,
                    "operator": people.operator,
                    "role": GATEWAY,
                    "logId": LOG_ID,
                    "issuer": NAME,
                    "coseKey": hex_(KEY),
                    "proof": hex_(PROOF),
                },
            )
        ]
        assert plain(keys.keyOf(people.operator, KEY_ID)) == (GATEWAY, ACTIVE, tx.block_number, 0, 0, 0, LOG_ID)

    def test_an_unknown_key_has_no_status(self, keys, people):
        assert plain(keys.keyOf(people.operator, KEY_ID)) == (ISSUER, NONE, 0, 0, 0, 0, ZERO32)

    def test_strangers_and_removed_operators_are_refused(self, keys, people):
        with reverts("NotOperator"):
            register(keys, people.stranger)
        keys.removeOperator(people.operator, {"from": people.authority})
        with reverts("NotOperator"):
            register(keys, people.operator)

    def test_the_key_id_is_the_keys_hash(self, keys, people):
        with reverts("InvalidThumbprint"):
            register(keys, people.operator, keyId=digest("another key"))

    @pytest.mark.parametrize(("role", "log_id"), [(ISSUER, LOG_ID), (GATEWAY, ZERO32), (LOG, ZERO32)])
    def test_role_and_log_must_fit(self, keys, people, role, log_id):
        with reverts("InvalidLogId"):
            register(keys, people.operator, role=role, logId=log_id)

    @pytest.mark.parametrize(("role", "log_id"), [(ISSUER, ZERO32), (GATEWAY, LOG_ID), (LOG, LOG_ID)])
    def test_every_role_has_keys(self, keys, people, role, log_id):
        register(keys, people.operator, role=role, logId=log_id)
        assert keys.keyOf(people.operator, KEY_ID)[0] == role

    @pytest.mark.parametrize("field", ["issuer", "coseKey", "proof"])
    def test_sizes_are_bounded(self, keys, people, field):
        for size in (0, 257):
            value = "x" * size if field == "issuer" else b"x" * size
            with reverts("InvalidLength"):
                register(keys, people.operator, **{field: value})

    def test_the_bounds_are_allowed(self, keys, people):
        cose = b"x" * 256
        key_id = hashlib.sha256(cose).digest()
        register(keys, people.operator, keyId=key_id, issuer="x" * 256, coseKey=cose, proof=cose)

    def test_once_an_operator(self, keys, people, key):
        with reverts("KeyExists"):
            register(keys, people.operator)
        keys.retire(key, 1, 2, {"from": people.operator})
        with reverts("KeyExists"):
            register(keys, people.operator)

    def test_whoever_takes_a_key_that_is_not_his_blocks_nobody(self, keys, people):
        register(keys, people.other_operator)
        keys.compromised(KEY_ID, {"from": people.other_operator})
        register(keys, people.operator)
        assert keys.keyOf(people.operator, KEY_ID)[1] == ACTIVE


class TestAttest:
    def test_by_a_registrar(self, keys, people, key):
        tx = keys.attest(people.operator, key, EVIDENCE, {"from": people.registrar})
        fields = {"keyId": key, "operator": people.operator, "registrar": people.registrar}
        assert events(tx) == [("KeyAttested", {**fields, "evidence": EVIDENCE})]
        assert keys.attestationOf(people.registrar, people.operator, key) == EVIDENCE

        tx = keys.withdrawAttestation(people.operator, key, {"from": people.registrar})
        assert events(tx) == [("AttestationWithdrawn", fields)]
        assert keys.attestationOf(people.registrar, people.operator, key) == ZERO32
        keys.attest(people.operator, key, EVIDENCE, {"from": people.registrar})

    def test_by_nobody_else(self, keys, people, key):
        for someone in (people.stranger, people.operator, people.authority):
            with reverts("NotRegistrar"):
                keys.attest(people.operator, key, EVIDENCE, {"from": someone})
            with reverts("NotAttested"):
                keys.withdrawAttestation(people.operator, key, {"from": someone})

    def test_only_registered_keys(self, keys, people, key):
        for operator, key_id in [(people.other_operator, key), (people.operator, digest("no key"))]:
            with reverts("UnknownKey"):
                keys.attest(operator, key_id, EVIDENCE, {"from": people.registrar})

    def test_not_twice_and_not_without_evidence(self, keys, people, key):
        with reverts("InvalidAttestation"):
            keys.attest(people.operator, key, ZERO32, {"from": people.registrar})
        keys.attest(people.operator, key, EVIDENCE, {"from": people.registrar})
        with reverts("InvalidAttestation"):
            keys.attest(people.operator, key, digest("other"), {"from": people.registrar})

    def test_a_retired_key_but_not_a_compromised_one(self, keys, people, key):
        keys.retire(key, 1, 2, {"from": people.operator})
        keys.attest(people.operator, key, EVIDENCE, {"from": people.registrar})
        keys.withdrawAttestation(people.operator, key, {"from": people.registrar})
        keys.compromised(key, {"from": people.operator})
        with reverts("KeyNotInForce"):
            keys.attest(people.operator, key, EVIDENCE, {"from": people.registrar})

    def test_a_registrar_that_was_withdrawn_can_only_take_back(self, keys, people, key):
        keys.attest(people.operator, key, EVIDENCE, {"from": people.registrar})
        keys.withdrawRegistrar(people.registrar, {"from": people.authority})
        keys.withdrawAttestation(people.operator, key, {"from": people.registrar})
        with reverts("NotRegistrar"):
            keys.attest(people.operator, key, EVIDENCE, {"from": people.registrar})


class TestRetire:
    def test_names_the_last_frame(self, keys, people, key):
        most = 2**64 - 1
        tx = keys.retire(key, 7, most, {"from": people.operator})
        fields = {"keyId": key, "operator": people.operator, "epoch": 7, "lastSequence": most}
        assert events(tx) == [("KeyRetired", fields)]
        role, status, _, compromised_block, epoch, sequence, log_id = plain(keys.keyOf(people.operator, key))
        assert (role, status, compromised_block, epoch, sequence, log_id) == (GATEWAY, RETIRED, 0, 7, most, LOG_ID)

    def test_once(self, keys, people, key):
        keys.retire(key, 1, 2, {"from": people.operator})
        with reverts("KeyNotInForce"):
            keys.retire(key, 1, 3, {"from": people.operator})

    def test_only_by_its_operator(self, keys, people, key):
        for someone in (people.stranger, people.other_operator, people.registrar, people.authority):
            with reverts("UnknownKey"):
                keys.retire(key, 1, 2, {"from": someone})

    def test_not_after_a_compromise(self, keys, people, key):
        keys.compromised(key, {"from": people.operator})
        with reverts("KeyNotInForce"):
            keys.retire(key, 1, 2, {"from": people.operator})

    def test_still_by_an_operator_that_was_removed(self, keys, people, key):
        keys.removeOperator(people.operator, {"from": people.authority})
        keys.retire(key, 1, 2, {"from": people.operator})


class TestCompromised:
    def test_by_its_operator(self, keys, people, key):
        tx = keys.compromised(key, {"from": people.operator})
        assert events(tx) == [("KeyCompromised", {"keyId": key, "operator": people.operator})]
        entry = plain(keys.keyOf(people.operator, key))
        assert (entry[1], entry[3]) == (COMPROMISED, tx.block_number)

    def test_by_the_authority(self, keys, people, key):
        tx = keys.declareCompromised(people.operator, key, {"from": people.authority})
        assert events(tx) == [("KeyCompromised", {"keyId": key, "operator": people.operator})]

    def test_by_nobody_else(self, keys, people, key):
        for someone in (people.stranger, people.other_operator, people.registrar, people.authority):
            with reverts("UnknownKey"):
                keys.compromised(key, {"from": someone})
        for someone in (people.stranger, people.operator, people.registrar):
            with reverts("OwnableUnauthorizedAccount"):
                keys.declareCompromised(people.operator, key, {"from": someone})

    def test_only_registered_keys(self, keys, people):
        with reverts("UnknownKey"):
            keys.declareCompromised(people.operator, KEY_ID, {"from": people.authority})

    def test_after_retiring_and_then_for_good(self, keys, people, key):
        keys.retire(key, 3, 4, {"from": people.operator})
        block = keys.compromised(key, {"from": people.operator}).block_number
        with reverts("KeyNotInForce"):
            keys.compromised(key, {"from": people.operator})
        with reverts("KeyNotInForce"):
            keys.declareCompromised(people.operator, key, {"from": people.authority})
        entry = plain(keys.keyOf(people.operator, key))
        assert (entry[1], entry[3], entry[4], entry[5]) == (COMPROMISED, block, 3, 4)
