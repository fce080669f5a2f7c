"""Claims of serials as a reader folds them, and what the contract would never have emitted."""

from __future__ import annotations

from typing import Any

import pytest
from eth_hash.auto import keccak

from leafproof.chain.view import Claim
from leafproof.errors import Malformed
from tests.unit.chain.synthetic import ACME, OTHER, REGISTRAR, Chain

NAME = "I-REC(E)"
REGISTRY, ELSEWHERE = bytes(keccak(NAME.encode())), b"\x07" * 32
COIL, TOWER = b"\x01" * 32, b"\x02" * 32
WORD, FOOTPRINT, NEWER, EVIDENCE = (bytes([n]) * 32 for n in (3, 4, 5, 6))
LAST = 2**128 - 1


class Registry(Chain):
    """A chain with one registry and its registrar."""

    def __init__(self) -> None:
        super().__init__()
        self.emit("claims", "RegistryAdmitted", REGISTRY, NAME)
        self.emit("claims", "RegistrarAppointed", REGISTRY, REGISTRAR)

    def claim(self, first: int, last: int, subject: bytes = COIL, operator: bytes = ACME) -> None:
        """As CertificateClaims.claim emits it."""
        self.emit("claims", "Claimed", subject, REGISTRY, operator, first, last, WORD)
        self.name(first, 1, FOOTPRINT, subject)

    def name(self, first: int, version: int, footprint: bytes, subject: bytes = COIL) -> None:
        self.emit("claims", "FootprintNamed", subject, REGISTRY, version, first, footprint)

    def attest(self, first: int, registrar: bytes = REGISTRAR, subject: bytes = COIL) -> None:
        self.emit("claims", "Attested", subject, REGISTRY, registrar, first, EVIDENCE)

    def reject(self, first: int, registrar: bytes = REGISTRAR, subject: bytes = COIL) -> None:
        self.emit("claims", "Rejected", subject, REGISTRY, registrar, first, EVIDENCE)

    def claims(self) -> tuple[Claim, ...]:
        return self.view().claims


class TestClaims:
    def test_a_claim_its_footprints_and_the_registrys_word(self) -> None:
        chain = Registry()
        chain.claim(7, 9)
        chain.name(7, 2, NEWER)
        chain.attest(7)
        (claim,) = chain.claims()
        assert (claim.registry, claim.first, claim.last) == (REGISTRY, 7, 9)
        assert (claim.operator, claim.cancellation, claim.subject) == (ACME, WORD, COIL)
        assert claim.moment.block_number == 3
        assert [(f.version, f.footprint) for f in claim.footprints] == [(1, FOOTPRINT), (2, NEWER)]
        assert claim.attested is not None
        assert (claim.attested.registrar, claim.attested.evidence) == (REGISTRAR, EVIDENCE)
        assert claim.rejected is None
        assert chain.view().registries == {REGISTRY: NAME}

    def test_a_rejected_claim_is_kept_and_its_serials_are_free(self) -> None:
        chain = Registry()
        chain.claim(7, 9)
        chain.reject(7)
        chain.claim(5, 20, TOWER, OTHER)
        chain.attest(5, subject=TOWER)
        void, standing = chain.claims()
        assert void.rejected is not None
        assert void.attested is None
        assert (standing.operator, standing.rejected) == (OTHER, None)

    def test_neighbours_in_any_order_and_the_widest_range(self) -> None:
        chain = Registry()
        for first, last in ((10, 20), (30, LAST), (21, 29), (1, 9)):
            chain.claim(first, last)
        assert len(chain.claims()) == 4

    def test_a_removed_registry_keeps_its_claims(self) -> None:
        chain = Registry()
        chain.claim(7, 9)
        chain.emit("claims", "RegistryRemoved", REGISTRY)
        chain.attest(7)
        view = chain.view()
        assert view.registries == {}
        assert view.claims[0].attested is not None


@pytest.mark.parametrize("taken", [(10, 20), (1, 10), (20, 30), (12, 15), (1, 30)])
def test_a_serial_claimed_twice_is_no_event_of_this_contract(taken: tuple[int, int]) -> None:
    chain = Registry()
    chain.claim(10, 20)
    chain.claim(40, 50)
    chain.claim(*taken, TOWER)
    with pytest.raises(Malformed, match="claimed twice"):
        chain.view()


@pytest.mark.parametrize(
    ("said", "event", "values"),
    [
        ("admitted before", "RegistryAdmitted", [REGISTRY, NAME]),
        ("no such registry", "RegistryRemoved", [ELSEWHERE]),
        ("appointed before", "RegistrarAppointed", [REGISTRY, REGISTRAR]),
        ("no such registrar", "RegistrarDismissed", [REGISTRY, OTHER]),
        ("never admitted", "Claimed", [COIL, ELSEWHERE, ACME, 1, 2, WORD]),
        ("no range", "Claimed", [COIL, REGISTRY, ACME, 0, 2, WORD]),
        ("no range", "Claimed", [COIL, REGISTRY, ACME, 3, 2, WORD]),
        ("no such claim", "FootprintNamed", [COIL, REGISTRY, 1, 8, NEWER]),
        ("left out", "FootprintNamed", [COIL, REGISTRY, 3, 7, NEWER]),
        ("left out", "FootprintNamed", [COIL, REGISTRY, 1, 7, NEWER]),
        ("another subject", "FootprintNamed", [TOWER, REGISTRY, 2, 7, NEWER]),
        ("no registrar", "Attested", [COIL, REGISTRY, OTHER, 7, EVIDENCE]),
        ("no registrar", "Rejected", [COIL, REGISTRY, OTHER, 7, EVIDENCE]),
        ("no such claim", "Attested", [COIL, REGISTRY, REGISTRAR, 8, EVIDENCE]),
        ("no such claim", "Rejected", [COIL, REGISTRY, REGISTRAR, 8, EVIDENCE]),
    ],
)
def test_what_cannot_follow_is_refused(said: str, event: str, values: list[Any]) -> None:
    chain = Registry()
    chain.claim(7, 9)
    chain.emit("claims", event, *values)
    with pytest.raises(Malformed, match=said):
        chain.view()


def test_the_registrys_word_is_given_once() -> None:
    for event in ("Attested", "Rejected"):
        chain = Registry()
        chain.claim(7, 9)
        chain.attest(7)
        chain.emit("claims", event, COIL, REGISTRY, REGISTRAR, 7, EVIDENCE)
        with pytest.raises(Malformed, match="attested"):
            chain.view()


def test_whom_the_authority_dismissed_speaks_no_more() -> None:
    chain = Registry()
    chain.claim(7, 9)
    chain.emit("claims", "RegistrarDismissed", REGISTRY, REGISTRAR)
    chain.attest(7)
    with pytest.raises(Malformed, match="no registrar"):
        chain.view()
