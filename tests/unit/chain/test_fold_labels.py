"""Labels, recognitions and the living list as a reader folds them, and what the contracts would not have emitted."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak

from leafproof.chain.view import LabelStatus
from leafproof.errors import Malformed
from tests.unit.chain.synthetic import ACME, OTHER, REGISTRAR, ZERO, Chain, block

OWNER, CERTIFIER, HOST = REGISTRAR, ACME, OTHER
SCHEME, MARKET, GOODS, ELSEWHERE = (bytes([n]) * 32 for n in range(1, 5))
CRITERIA, WORD, COIL, REASON, SCOPE = (bytes([n]) * 32 for n in range(5, 10))
START = block(0).time
UNTIL = START + 1000


class Works(Chain):
    """A chain with a scheme that has criteria, a certifier and a label, and a market."""

    def __init__(self) -> None:
        super().__init__()
        self.emit("labels", "SchemeAdmitted", SCHEME, OWNER, "Low-carbon steel")
        self.emit("labels", "SchemePublished", SCHEME, 1, CRITERIA)
        self.emit("labels", "CertifierAccredited", SCHEME, CERTIFIER, START, UNTIL, SCOPE)
        self.emit("labels", "MarketAdmitted", MARKET, HOST, "EU")
        self.label = self.issue()

    def issue(self, word: bytes = WORD, certifier: bytes = CERTIFIER, version: int = 1) -> bytes:
        label = bytes(keccak(encode(["address", "bytes32"], [certifier.hex(), word])))
        self.emit("labels", "LabelIssued", label, COIL, certifier, SCHEME, word, version, START, UNTIL)
        return label

    def recognise(self, accepted: int = 8, scheme: bytes = SCHEME, market: bytes = MARKET) -> None:
        self.emit("labels", "Recognised", market, scheme, GOODS, accepted, START, UNTIL, WORD)


class TestLabels:
    def test_a_label_under_its_scheme(self) -> None:
        chain = Works()
        view = chain.view()
        label = view.labels[chain.label]
        assert (label.scheme, label.subject, label.certifier, label.statement) == (SCHEME, COIL, CERTIFIER, WORD)
        assert (label.version, label.start, label.until, label.status) == (1, START, UNTIL, LabelStatus.VALID)
        assert view.schemes[SCHEME].published == (CRITERIA,)
        (accredited,) = view.accreditations
        assert (accredited.start, accredited.until, accredited.scope, accredited.ended) == (
            START,
            UNTIL,
            SCOPE,
            None,
        )

    def test_suspended_resumed_revoked_with_who_and_why(self) -> None:
        chain = Works()
        chain.emit("labels", "LabelSuspended", chain.label, OWNER, REASON)
        chain.emit("labels", "LabelResumed", chain.label, OWNER)
        chain.emit("labels", "LabelRevoked", chain.label, CERTIFIER, REASON)
        label = chain.view().labels[chain.label]
        assert [(c.status.value, c.by, c.reason) for c in label.changes] == [
            ("suspended", OWNER, REASON),
            ("valid", OWNER, b""),
            ("revoked", CERTIFIER, REASON),
        ]
        assert label.status is LabelStatus.REVOKED

    def test_accreditations_that_ended_are_kept(self) -> None:
        chain = Works()
        chain.emit("labels", "CertifierAccredited", SCHEME, CERTIFIER, START, UNTIL + 5, bytes(32))
        chain.emit("labels", "AccreditationWithdrawn", SCHEME, CERTIFIER)
        first, second = chain.view().accreditations
        assert first.ended is not None
        assert (first.ended.block_number, second.moment.block_number) == (6, 6)
        assert second.ended is not None

    def test_a_scheme_that_changed_hands_was_removed_and_came_back(self) -> None:
        chain = Works()
        chain.emit("labels", "SchemeTransferred", SCHEME, OWNER, HOST)
        chain.emit("labels", "SchemeRemoved", SCHEME)
        assert chain.view().schemes[SCHEME].removed is not None
        chain.emit("labels", "LabelRevoked", chain.label, HOST, REASON)
        chain.emit("labels", "SchemeAdmitted", SCHEME, HOST, "Low-carbon steel")
        scheme = chain.view().schemes[SCHEME]
        assert (scheme.owner, scheme.removed, scheme.published) == (HOST, None, (CRITERIA,))

    @pytest.mark.parametrize(
        ("said", "event", "values"),
        [
            ("admitted before", "SchemeAdmitted", [SCHEME, OWNER, "Again"]),
            ("never admitted", "SchemeRemoved", [ELSEWHERE]),
            ("another's", "SchemeTransferred", [SCHEME, HOST, OWNER]),
            ("left out", "SchemePublished", [SCHEME, 3, CRITERIA]),
            ("never admitted", "SchemePublished", [ELSEWHERE, 1, CRITERIA]),
            ("never admitted", "CertifierAccredited", [ELSEWHERE, CERTIFIER, START, UNTIL, SCOPE]),
            ("not accredited", "AccreditationWithdrawn", [SCHEME, HOST]),
            ("hash of", "LabelIssued", [ELSEWHERE, COIL, CERTIFIER, SCHEME, WORD, 1, START, UNTIL]),
            ("never issued", "LabelSuspended", [ELSEWHERE, CERTIFIER, REASON]),
            ("neither", "LabelRevoked", [None, HOST, REASON]),
            ("does not become so", "LabelResumed", [None, CERTIFIER]),
        ],
    )
    def test_what_cannot_follow_is_refused(self, said: str, event: str, values: list[Any]) -> None:
        chain = Works()
        chain.emit("labels", event, *(chain.label if v is None else v for v in values))
        with pytest.raises(Malformed, match=said):
            chain.view()

    def test_a_label_by_whom_nobody_accredits_or_by_old_criteria_or_twice(self) -> None:
        for said, issue in (
            ("not accredited", lambda chain: chain.issue(certifier=HOST)),
            ("newest version", lambda chain: chain.issue(b"\x0a" * 32, version=2)),
            ("issued before", lambda chain: chain.issue()),
        ):
            chain = Works()
            issue(chain)
            with pytest.raises(Malformed, match=said):
                chain.view()

    def test_a_label_after_the_accreditation_is_over(self) -> None:
        chain = Works()
        chain.emit("labels", "CertifierAccredited", SCHEME, CERTIFIER, START, block(7).time, SCOPE)
        chain.issue(b"\x0a" * 32)  # in block 7
        with pytest.raises(Malformed, match="not accredited then"):
            chain.view()

    def test_a_revoked_label_never_comes_back(self) -> None:
        for event, values in (("LabelResumed", []), ("LabelSuspended", [REASON]), ("LabelRevoked", [REASON])):
            chain = Works()
            chain.emit("labels", "LabelRevoked", chain.label, OWNER, REASON)
            chain.emit("labels", event, chain.label, OWNER, *values)
            with pytest.raises(Malformed, match="revoked"):
                chain.view()

    def test_who_removed_a_scheme_gives_it_to_nobody_else(self) -> None:
        chain = Works()
        chain.emit("labels", "SchemeRemoved", SCHEME)
        chain.emit("labels", "SchemeAdmitted", SCHEME, HOST, "Taken")
        with pytest.raises(Malformed, match="another's"):
            chain.view()


class TestRecognitions:
    def test_what_is_replaced_or_withdrawn_is_kept(self) -> None:
        chain = Works()
        chain.recognise(4)
        chain.recognise(12)
        chain.emit("labels", "RecognitionWithdrawn", MARKET, SCHEME, GOODS)
        first, second = chain.view().recognitions
        assert (first.accepted, second.accepted) == (4, 12)
        assert first.ended == second.moment
        assert second.ended is not None
        assert (second.market, second.scheme, second.category, second.agreement) == (MARKET, SCHEME, GOODS, WORD)

    def test_a_market_may_get_another_authority(self) -> None:
        chain = Works()
        chain.emit("labels", "MarketAdmitted", MARKET, CERTIFIER, "EU")
        assert chain.view().markets[MARKET].authority == CERTIFIER

    def test_of_an_unknown_market_or_scheme_or_of_nothing(self) -> None:
        for said, act in (
            ("market was never", lambda chain: chain.recognise(market=ELSEWHERE)),
            ("scheme was never", lambda chain: chain.recognise(scheme=ELSEWHERE)),
            ("not recognised", lambda chain: chain.emit("labels", "RecognitionWithdrawn", MARKET, SCHEME, GOODS)),
        ):
            chain = Works()
            act(chain)
            with pytest.raises(Malformed, match=said):
                chain.view()


class TestLivingList:
    def test_versions_in_order(self) -> None:
        chain = Chain()
        for version, content in ((1, CRITERIA), (2, WORD)):
            chain.emit("classes", "Proposed", content, ACME)
            chain.emit("classes", "Adopted", version, content, UNTIL + version)
        versions = chain.view().list_versions
        assert [(v.version, v.content, v.in_force_from) for v in versions] == [
            (1, CRITERIA, UNTIL + 1),
            (2, WORD, UNTIL + 2),
        ]

    def test_a_refused_content_may_come_again(self) -> None:
        chain = Chain()
        chain.emit("classes", "Proposed", CRITERIA, ACME)
        chain.emit("classes", "Refused", CRITERIA, REASON)
        assert [(one.content, one.reason) for one in chain.view().list_refusals] == [(CRITERIA, REASON)]
        assert chain.view().list_proposals == frozenset()
        chain.emit("classes", "Proposed", CRITERIA, ACME)
        assert chain.view().list_proposals == {CRITERIA}
        chain.emit("classes", "Adopted", 1, CRITERIA, UNTIL)
        assert (len(chain.view().list_versions), len(chain.view().list_refusals)) == (1, 1)

    @pytest.mark.parametrize(
        ("said", "event", "values"),
        [
            ("proposed before", "Proposed", [WORD, ZERO]),
            ("adopted before", "Proposed", [CRITERIA, ZERO]),
            ("never proposed", "Refused", [CRITERIA, REASON]),
            ("never proposed", "Adopted", [2, CRITERIA, UNTIL + 1]),
            ("left out", "Adopted", [3, WORD, UNTIL + 1]),
            ("before it may be", "Adopted", [2, WORD, UNTIL]),
        ],
    )
    def test_what_cannot_follow_is_refused(self, said: str, event: str, values: list[Any]) -> None:
        chain = Chain()
        for content in (CRITERIA, WORD):
            chain.emit("classes", "Proposed", content, ACME)
        chain.emit("classes", "Adopted", 1, CRITERIA, UNTIL)
        chain.emit("classes", event, *values)
        with pytest.raises(Malformed, match=said):
            chain.view()

    def test_nothing_comes_into_force_before_it_is_adopted(self) -> None:
        chain = Chain()
        chain.emit("classes", "Proposed", CRITERIA, ACME)
        chain.emit("classes", "Adopted", 1, CRITERIA, START)
        with pytest.raises(Malformed, match="before it may be"):
            chain.view()
