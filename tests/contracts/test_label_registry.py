# SPDX-License-Identifier: Apache-2.0
"""Labels: who may issue, suspend and revoke them, what time does, and which market recognises a scheme."""

from __future__ import annotations

import pytest
from eth_abi import encode
from web3 import Web3

from tests.contracts.conftest import NOBODY, ZERO32, digest, events, plain, reverts

UNKNOWN, VALID, SUSPENDED, REVOKED, EXPIRED = range(5)  # ILabelRegistry.Status
NAME = "Low-carbon steel"
CRITERIA, WORD, COIL, REASON, AGREEMENT, SCOPE = (
    digest(name) for name in ("criteria", "label", "coil", "reason", "agreement", "scope")
)
YEAR = 365 * 86_400
ALL_GOODS = ZERO32


@pytest.fixture(scope="module")
def authority(people):
    return {"from": people.authority}


@pytest.fixture(scope="module")
def owner(people):
    """The scheme's owner."""
    return {"from": people.registrar}


@pytest.fixture(scope="module")
def certifier(people):
    return {"from": people.other_operator}


@pytest.fixture(scope="module")
def host(people):
    """The authority of a market."""
    return {"from": people.buyer}


@pytest.fixture(scope="module")
def start(chain):
    chain.mine()
    return int(chain[-1].timestamp)


@pytest.fixture(scope="module")
def scheme(labels, people, authority, owner, start):
    """A scheme with criteria and a certifier, accredited for a year."""
    scheme = labels.admitScheme(people.registrar, NAME, authority).return_value
    labels.publish(scheme, CRITERIA, owner)
    labels.accredit(scheme, people.other_operator, start, start + YEAR, SCOPE, owner)
    return scheme


@pytest.fixture
def market(labels, people, authority):
    return labels.admitMarket(people.buyer, "EU", authority).return_value


@pytest.fixture
def label(labels, scheme, certifier, start):
    return labels.issue(scheme, WORD, COIL, start, start + YEAR, certifier).return_value


def wait(chain, seconds: int) -> None:
    chain.sleep(seconds)
    chain.mine()


class TestSchemes:
    def test_admitted_and_removed_by_the_authority(self, labels, people, authority, owner):
        tx = labels.admitScheme(people.registrar, NAME, authority)
        scheme = tx.return_value
        assert scheme == Web3.keccak(text=NAME).to_0x_hex()
        assert events(tx) == [("SchemeAdmitted", {"scheme": scheme, "owner": people.registrar, "name": NAME})]
        assert plain(labels.schemeOf(scheme)) == (people.registrar, 1, 0, NOBODY, ZERO32)
        tx = labels.removeScheme(scheme, authority)
        assert events(tx) == [("SchemeRemoved", {"scheme": scheme})]
        with reverts("UnknownScheme"):
            labels.publish(scheme, CRITERIA, owner)
        with reverts("SchemeExists"):  # nobody takes a scheme over by waiting for its removal
            labels.admitScheme(people.stranger, NAME, authority)
        labels.admitScheme(people.registrar, NAME, authority)
        labels.publish(scheme, CRITERIA, owner)

    def test_by_nobody_else(self, labels, scheme, people):
        for someone in (people.stranger, people.registrar, people.other_operator):
            sender = {"from": someone}
            for call in (
                lambda s: labels.admitScheme(people.stranger, "Another", s),
                lambda s: labels.removeScheme(scheme, s),
                lambda s: labels.admitMarket(people.stranger, "EU", s),
            ):
                with reverts("OwnableUnauthorizedAccount"):
                    call(sender)

    def test_not_twice_not_nobody_not_nameless(self, labels, scheme, people, authority):
        with reverts("SchemeExists"):
            labels.admitScheme(people.registrar, NAME, authority)
        with reverts("InvalidAccount"):
            labels.admitScheme(NOBODY, "Another", authority)
        for name in ("", "x" * 129):
            with reverts("InvalidName"):
                labels.admitScheme(people.registrar, name, authority)
        labels.admitScheme(people.registrar, "x" * 128, authority)
        with reverts("UnknownScheme"):
            labels.removeScheme(digest("no scheme"), authority)

    def test_handed_over_in_two_steps(self, labels, scheme, people, owner):
        tx = labels.transferScheme(scheme, people.stranger, owner)
        assert events(tx) == [
            (
                "SchemeTransferStarted",
                {"scheme": scheme, "owner": people.registrar, "newOwner": people.stranger},
            )
        ]
        labels.publish(scheme, digest("still"), owner)
        with reverts("NotPendingOwner"):
            labels.acceptScheme(scheme, {"from": people.buyer})
        tx = labels.acceptScheme(scheme, {"from": people.stranger})
        moved = {"scheme": scheme, "previous": people.registrar, "owner": people.stranger}
        assert events(tx) == [("SchemeTransferred", moved)]
        with reverts("NotSchemeOwner"):
            labels.publish(scheme, CRITERIA, owner)
        labels.publish(scheme, CRITERIA, {"from": people.stranger})
        with reverts("NotPendingOwner"):
            labels.acceptScheme(scheme, {"from": people.stranger})

    def test_an_offer_can_be_taken_back(self, labels, scheme, people, owner):
        labels.transferScheme(scheme, people.stranger, owner)
        labels.transferScheme(scheme, NOBODY, owner)
        with reverts("NotPendingOwner"):
            labels.acceptScheme(scheme, {"from": people.stranger})

    def test_criteria_are_published_version_by_version(self, labels, scheme, owner):
        tx = labels.publish(scheme, digest("newer"), owner)
        said = {"scheme": scheme, "version": 2, "content": digest("newer")}
        assert events(tx) == [("SchemePublished", said)]
        with reverts("MissingHash"):
            labels.publish(scheme, ZERO32, owner)

    def test_only_its_owner_rules_a_scheme(self, labels, scheme, people, start):
        for someone in (people.stranger, people.authority, people.other_operator):
            sender = {"from": someone}
            for call in (
                lambda s: labels.transferScheme(scheme, people.stranger, s),
                lambda s: labels.publish(scheme, CRITERIA, s),
                lambda s: labels.accredit(scheme, people.stranger, start, start + YEAR, SCOPE, s),
                lambda s: labels.withdrawAccreditation(scheme, people.other_operator, s),
            ):
                with reverts("NotSchemeOwner"):
                    call(sender)

    def test_the_authority_is_handed_over_in_two_steps(self, labels, people, authority):
        labels.transferOwnership(people.buyer, authority)
        with reverts("OwnableUnauthorizedAccount"):
            labels.acceptOwnership({"from": people.stranger})
        labels.acceptOwnership({"from": people.buyer})
        with reverts("OwnableUnauthorizedAccount"):
            labels.admitMarket(people.buyer, "EU", authority)


class TestCertifiers:
    def test_accredited_and_withdrawn(self, labels, scheme, people, owner, start):
        tx = labels.accredit(scheme, people.operator, start, start + 5000, ZERO32, owner)
        said = {
            "scheme": scheme,
            "certifier": people.operator,
            "from": start,
            "until": start + 5000,
            "scope": ZERO32,
        }
        assert events(tx) == [("CertifierAccredited", said)]
        labels.accredit(scheme, people.operator, start + 1, start + YEAR, SCOPE, owner)
        assert plain(labels.accreditationOf(scheme, people.operator)) == (start + 1, start + YEAR, SCOPE)
        tx = labels.withdrawAccreditation(scheme, people.operator, owner)
        assert events(tx) == [("AccreditationWithdrawn", {"scheme": scheme, "certifier": people.operator})]
        assert plain(labels.accreditationOf(scheme, people.operator)) == (0, 0, ZERO32)
        with reverts("NotAccredited"):
            labels.withdrawAccreditation(scheme, people.operator, owner)

    def test_for_a_time_that_is_one_and_not_past(self, labels, scheme, people, owner, start):
        for begin, end in ((start, start), (start + 9, start + 5), (0, start), (0, 0)):
            with reverts("InvalidTime"):
                labels.accredit(scheme, people.operator, begin, end, SCOPE, owner)
        with reverts("InvalidAccount"):
            labels.accredit(scheme, NOBODY, start, start + YEAR, SCOPE, owner)


class TestIssue:
    def test_all_a_reader_needs_is_in_the_event(self, labels, scheme, people, certifier, start):
        tx = labels.issue(scheme, WORD, COIL, start, start + YEAR, certifier)
        label = tx.return_value
        raw = encode(["address", "bytes32"], [people.other_operator.address, bytes.fromhex(WORD[2:])])
        assert label == labels.labelIdOf(people.other_operator, WORD) == Web3.keccak(raw).to_0x_hex()
        said = {
            "label": label,
            "scheme": scheme,
            "subject": COIL,
            "certifier": people.other_operator,
            "statement": WORD,
            "version": 1,
            "from": start,
            "until": start + YEAR,
        }
        assert events(tx) == [("LabelIssued", said)]
        assert plain(labels.labelOf(label)) == (people.other_operator, VALID, start + YEAR, NOBODY, scheme)
        assert labels.statusOf(label) == VALID
        assert labels.statusOf(digest("no label")) == UNKNOWN

    def test_by_operators_alone(self, labels, keys, scheme, people, authority, owner, certifier, start):
        labels.accredit(scheme, people.stranger, start, start + YEAR, SCOPE, owner)
        with reverts("NotOperator"):
            labels.issue(scheme, WORD, COIL, start, start + YEAR, {"from": people.stranger})
        keys.removeOperator(people.other_operator, authority)
        with reverts("NotOperator"):
            labels.issue(scheme, WORD, COIL, start, start + YEAR, certifier)

    def test_by_whom_the_scheme_accredits_now(self, labels, scheme, people, owner, certifier, start, chain):
        def issue(sender):
            labels.issue(scheme, WORD, COIL, start, start + 2 * YEAR, sender)

        with reverts("NotAccredited"):
            issue({"from": people.operator})
        labels.accredit(scheme, people.operator, start + 50_000, start + YEAR, SCOPE, owner)
        with reverts("NotAccredited"):
            issue({"from": people.operator})
        labels.withdrawAccreditation(scheme, people.other_operator, owner)
        with reverts("NotAccredited"):
            issue(certifier)
        labels.accredit(scheme, people.other_operator, start, start + 100_000, SCOPE, owner)
        wait(chain, 50_000)
        issue({"from": people.operator})
        wait(chain, 50_000)
        with reverts("NotAccredited"):
            issue(certifier)

    def test_under_a_scheme_that_is_there_and_has_criteria(
        self, labels, scheme, people, authority, owner, certifier, start
    ):
        with reverts("UnknownScheme"):
            labels.issue(digest("no scheme"), WORD, COIL, start, start + YEAR, certifier)
        labels.removeScheme(scheme, authority)
        with reverts("UnknownScheme"):
            labels.issue(scheme, WORD, COIL, start, start + YEAR, certifier)
        empty = labels.admitScheme(people.registrar, "Empty", authority).return_value
        labels.accredit(empty, people.other_operator, start, start + YEAR, SCOPE, owner)
        with reverts("NothingPublished"):
            labels.issue(empty, WORD, COIL, start, start + YEAR, certifier)

    def test_once_by_a_certifier_and_blocking_nobody(self, labels, scheme, people, owner, certifier, start):
        labels.accredit(scheme, people.operator, start, start + YEAR, SCOPE, owner)
        thief = labels.issue(scheme, WORD, COIL, start, start + YEAR, {"from": people.operator}).return_value
        label = labels.issue(scheme, WORD, COIL, start, start + YEAR, certifier).return_value
        assert label != thief
        with reverts("LabelExists"):
            labels.issue(scheme, WORD, COIL, start, start + YEAR, certifier)
        labels.revoke(label, REASON, certifier)
        with reverts("LabelExists"):
            labels.issue(scheme, WORD, COIL, start, start + YEAR, certifier)

    def test_names_statement_subject_and_a_time(self, labels, scheme, certifier, start):
        with reverts("MissingHash"):
            labels.issue(scheme, ZERO32, COIL, start, start + YEAR, certifier)
        with reverts("MissingHash"):
            labels.issue(scheme, WORD, ZERO32, start, start + YEAR, certifier)
        for begin, end in ((start, start), (start + 9, start + 5), (0, start)):
            with reverts("InvalidTime"):
                labels.issue(scheme, WORD, COIL, begin, end, certifier)


class TestStatus:
    def test_time_alone_ends_it(self, labels, scheme, certifier, start, chain):
        label = labels.issue(scheme, WORD, COIL, start, start + 100_000, certifier).return_value
        wait(chain, 50_000)
        assert labels.statusOf(label) == VALID
        wait(chain, 50_000)
        assert labels.statusOf(label) == EXPIRED

    def test_revoked_is_revoked_after_its_time_too(self, labels, scheme, certifier, start, chain):
        label = labels.issue(scheme, WORD, COIL, start, start + 100_000, certifier).return_value
        labels.revoke(label, REASON, certifier)
        wait(chain, 100_000)
        assert labels.statusOf(label) == REVOKED

    @pytest.mark.parametrize("by", ["certifier", "owner"])
    def test_suspended_and_resumed(self, labels, label, people, request, by):
        sender = request.getfixturevalue(by)
        tx = labels.suspend(label, REASON, sender)
        assert events(tx) == [("LabelSuspended", {"label": label, "by": sender["from"], "reason": REASON})]
        assert labels.statusOf(label) == SUSPENDED
        with reverts("WrongStatus"):
            labels.suspend(label, REASON, sender)
        tx = labels.resume(label, sender)
        assert events(tx) == [("LabelResumed", {"label": label, "by": sender["from"]})]
        assert labels.statusOf(label) == VALID
        with reverts("WrongStatus"):
            labels.resume(label, sender)

    def test_what_the_owner_suspends_the_certifier_does_not_resume(self, labels, label, owner, certifier):
        labels.suspend(label, REASON, owner)
        with reverts("NotAllowed"):
            labels.resume(label, certifier)
        labels.resume(label, owner)
        labels.suspend(label, REASON, certifier)
        labels.resume(label, owner)

    @pytest.mark.parametrize("by", ["certifier", "owner"])
    @pytest.mark.parametrize("suspended", [True, False])
    def test_revoked_for_good(self, labels, label, owner, certifier, request, by, suspended):
        sender = request.getfixturevalue(by)
        if suspended:
            labels.suspend(label, REASON, owner)
        tx = labels.revoke(label, REASON, sender)
        assert events(tx) == [("LabelRevoked", {"label": label, "by": sender["from"], "reason": REASON})]
        assert labels.statusOf(label) == REVOKED
        for again in (
            lambda: labels.revoke(label, REASON, owner),
            lambda: labels.suspend(label, REASON, owner),
            lambda: labels.resume(label, owner),
        ):
            with reverts("WrongStatus"):
                again()

    def test_who_lost_the_accreditation_can_only_lower_trust(
        self, labels, keys, scheme, label, people, authority, owner, certifier, start
    ):
        other = labels.issue(scheme, digest("other"), COIL, start, start + YEAR, certifier).return_value
        labels.withdrawAccreditation(scheme, people.other_operator, owner)
        keys.removeOperator(people.other_operator, authority)
        labels.removeScheme(scheme, authority)
        labels.suspend(label, REASON, certifier)
        with reverts("NotAccredited"):
            labels.resume(label, certifier)
        labels.revoke(label, REASON, certifier)
        labels.revoke(other, REASON, owner)

    def test_by_nobody_else_and_with_a_reason(self, labels, scheme, label, people, owner, start):
        labels.accredit(scheme, people.operator, start, start + YEAR, SCOPE, owner)
        for someone in (people.stranger, people.authority, people.operator):
            sender = {"from": someone}
            for call in (
                lambda s: labels.suspend(label, REASON, s),
                lambda s: labels.resume(label, s),
                lambda s: labels.revoke(label, REASON, s),
            ):
                with reverts("NotAllowed"):
                    call(sender)
        with reverts("MissingHash"):
            labels.suspend(label, ZERO32, owner)
        with reverts("MissingHash"):
            labels.revoke(label, ZERO32, owner)
        for call in (
            lambda: labels.suspend(digest("no label"), REASON, owner),
            lambda: labels.resume(digest("no label"), owner),
            lambda: labels.revoke(digest("no label"), REASON, owner),
        ):
            with reverts("UnknownLabel"):
                call()


class TestMarkets:
    def test_admitted_with_an_authority_or_a_new_one(self, labels, people, authority):
        tx = labels.admitMarket(people.buyer, "EU", authority)
        market = tx.return_value
        assert market == Web3.keccak(text="EU").to_0x_hex()
        assert events(tx) == [("MarketAdmitted", {"market": market, "authority": people.buyer, "name": "EU"})]
        assert labels.authorityOf(market) == people.buyer
        labels.admitMarket(people.operator, "EU", authority)
        assert labels.authorityOf(market) == people.operator
        with reverts("InvalidAccount"):
            labels.admitMarket(NOBODY, "EU", authority)
        for name in ("", "x" * 129):
            with reverts("InvalidName"):
                labels.admitMarket(people.buyer, name, authority)

    def test_recognises_changes_and_withdraws(self, labels, scheme, market, host, start):
        tx = labels.recognise(market, scheme, ALL_GOODS, 12, start, start + YEAR, AGREEMENT, host)
        said = {"market": market, "scheme": scheme, "category": ALL_GOODS, "accepted": 12, "from": start}
        assert events(tx) == [("Recognised", {**said, "until": start + YEAR, "agreement": AGREEMENT})]
        labels.recognise(market, scheme, ALL_GOODS, 15, start, start + 5000, AGREEMENT, host)
        assert plain(labels.recognitionOf(market, scheme, ALL_GOODS)) == (start, start + 5000, 15)
        assert plain(labels.recognitionOf(market, scheme, digest("steel"))) == (0, 0, 0)
        tx = labels.withdrawRecognition(market, scheme, ALL_GOODS, host)
        gone = {"market": market, "scheme": scheme, "category": ALL_GOODS}
        assert events(tx) == [("RecognitionWithdrawn", gone)]
        assert plain(labels.recognitionOf(market, scheme, ALL_GOODS)) == (0, 0, 0)
        with reverts("NotRecognised"):
            labels.withdrawRecognition(market, scheme, ALL_GOODS, host)

    def test_says_what_from_when_and_by_which_agreement(self, labels, scheme, market, host, start):
        for nothing in (0, 16, 255):
            with reverts("InvalidAcceptance"):
                labels.recognise(market, scheme, ALL_GOODS, nothing, start, start + YEAR, AGREEMENT, host)
        for begin, end in ((start, start), (start + 9, start + 5), (0, start)):
            with reverts("InvalidTime"):
                labels.recognise(market, scheme, ALL_GOODS, 1, begin, end, AGREEMENT, host)
        with reverts("MissingHash"):
            labels.recognise(market, scheme, ALL_GOODS, 1, start, start + YEAR, ZERO32, host)
        with reverts("UnknownScheme"):
            labels.recognise(market, digest("no scheme"), ALL_GOODS, 1, start, start + YEAR, AGREEMENT, host)

    def test_only_the_hosts_authority_speaks_for_it(self, labels, scheme, market, people, authority, host, start):
        labels.admitMarket(people.operator, "CN", authority)
        for someone in (people.stranger, people.authority, people.registrar, people.operator):
            sender = {"from": someone}
            with reverts("NotMarketAuthority"):
                labels.recognise(market, scheme, ALL_GOODS, 1, start, start + YEAR, AGREEMENT, sender)
            with reverts("NotMarketAuthority"):
                labels.withdrawRecognition(market, scheme, ALL_GOODS, sender)
        with reverts("NotMarketAuthority"):  # a market that nobody admitted has no authority, not even nobody
            labels.recognise(digest("no market"), scheme, ALL_GOODS, 1, start, start + YEAR, AGREEMENT, host)
        labels.admitMarket(people.operator, "EU", authority)
        with reverts("NotMarketAuthority"):
            labels.recognise(market, scheme, ALL_GOODS, 1, start, start + YEAR, AGREEMENT, host)
