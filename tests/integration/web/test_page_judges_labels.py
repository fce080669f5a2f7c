"""Labels on the page: a real Chromium finds what the kernel finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from leafproof import body, values
from leafproof.chain.view import LabelStatus
from leafproof.criteria import Criterion
from leafproof.label import Attested, Scheme
from tests.integration.web.judging import agreed, case, compared
from tests.integration.web.phone import Phone
from tests.support import declaring as d
from tests.support.labels import (
    NAME,
    SCHEME,
    TEXT,
    Labelled,
    labelled_world,
    log_labelling,
    section_label,
    stated,
)
from tests.support.world import COIL, STEEL, TOWER

LEI = values.Lei.parse("5493001KJTIIGC8Y1R12")


def same(phone: Phone, made: Labelled, lot: Any = COIL) -> set[str]:
    """What both find at check 10, by code."""
    page, kernel = compared(phone, case(made.world, lot), made.world)
    assert agreed(page) == agreed(kernel)
    return {code for code, _ in page[10][1]}


def with_criteria(*criteria: Criterion) -> Scheme:
    return msgspec.structs.replace(SCHEME, criteria=criteria)


def footprint(at_most: str) -> Criterion:
    return Criterion("footprint", profile="leafproof-partial", at_most=at_most)


def revoked(made: Labelled) -> None:
    made.end(LabelStatus.REVOKED, "Another mill was audited")


def resumed(made: Labelled) -> None:
    made.end(LabelStatus.SUSPENDED, "The meter is looked at")
    made.end(LabelStatus.VALID, "The meter is right")


def ended_recognition(made: Labelled) -> None:
    made.put("recognitions", ended=made.world.tick())


def no_agreement(made: Labelled) -> None:
    made.put("recognitions", agreement=b"\x01" * 32)


def not_on_chain(made: Labelled) -> None:
    made.world.labelling["labels"] = {}


def scheme_forgotten(made: Labelled) -> None:
    entries = made.world.entries
    index = next(i for i, one in enumerate(entries) if one.parsed.header.content_type == SCHEME.CONTENT_TYPE)
    entries[index].body = None


# What the label, its scheme, its accreditation and its recognition say; what happens then; what is found.
LIES: dict[str, tuple[dict[str, Any], Callable[[Labelled], None] | None, str]] = {
    "an honest one": ({}, None, "label-met"),
    "in a market that it names": ({"markets": ("EU",)}, None, "label-recognised"),
    "in a market that agreed to nothing": ({"markets": ("CN",)}, None, "label-claims"),
    "in a market that takes less": ({"recognised": {"accepts": ("audit", "test report")}}, None, "label-partly"),
    "in a market that takes it for all goods": ({"recognised": {"category": ""}}, None, "label-recognised"),
    "in a market that agreed later on": ({"recognised": {"start": "2018-12-01T00:00:00Z"}}, None, "label-met"),
    "in a market that left": ({}, ended_recognition, "label-met"),
    "in a market without its word": ({}, no_agreement, "label-agreement"),
    "by whom an LEI names": ({"by": LEI}, None, "label-met"),
    "for another maker": ({"maker": "4012345000108"}, None, "label-differs"),
    "under another name": ({"scheme": "Another"}, None, "label-differs"),
    "beyond its scheme": ({"category": "toys"}, None, "label-scope"),
    "beyond the accreditation": ({"category": "steel structures"}, None, "label-scope"),
    "by whom another accreditation names": (
        {"accredited": {"certifier": str(STEEL)}}, None, "label-unaccredited",
    ),
    "above its bound": ({"rules": with_criteria(footprint("2300"))}, None, "label-criterion"),
    "by too little primary data": (
        {"rules": with_criteria(Criterion("primary share", profile="leafproof-partial", at_least="0.9"))},
        None,
        "label-criterion",
    ),
    "by another profile": (
        {"rules": with_criteria(Criterion("footprint", profile="cbam-steel", at_most="9"))}, None, "label-evidence",
    ),
    "without an opinion": ({"rules": with_criteria(Criterion("opinion", assurance="limited"))}, None, "label-criterion"),
    "without inputs": (
        {"rules": with_criteria(Criterion("labelled inputs", scheme=NAME))}, None, "label-criterion",
    ),
    "without its attestation": ({"attested": (Attested("Something else", "seen"),)}, None, "label-criterion"),
    "whose scheme is not here": ({}, scheme_forgotten, "label-evidence"),
    "of later": ({"start": "2018-06-01T00:00:00Z"}, None, "label-time"),
    "that was revoked": ({}, revoked, "label-ended"),
    "that was suspended and resumed": ({}, resumed, "label-met"),
    "that the chain does not know": ({}, not_on_chain, "label-missing"),
}  # fmt: skip


class TestALabel:
    @pytest.mark.parametrize("lie", LIES)
    def test_is_judged_as_the_kernel_judges_it(self, phone: Phone, lie: str) -> None:
        changes, then, code = LIES[lie]
        made = labelled_world(**changes)
        if then:
            then(made)
        assert code in same(phone, made)

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_rests_on_its_coils_label(self, phone: Phone, when: str) -> None:
        made = labelled_world(with_criteria(Criterion("labelled inputs", scheme=NAME)))
        if when == "before":
            revoked(made)
        section_label(made, (made.label.label.hex(),))
        if when == "after":
            revoked(made)
        found = same(phone, made, TOWER)
        assert ("label-used" in found) == (when == "before")

    def test_stands_on_an_opinion(self, phone: Phone) -> None:
        world, at, lines = d.declaring_world()
        declared = d.of(world, lines)
        d.give(world, d.opinion_on(world, d.state(world, declared), declared))
        made = labelled_world(with_criteria(Criterion("opinion", assurance="limited")), within=(world, at))
        assert "label-met" in same(phone, made)


class TestAScheme:
    @pytest.mark.parametrize(
        "criterion",
        [
            Criterion("footprint", profile="p", at_most="1e3"),
            Criterion("footprint", profile="p"),
            Criterion("primary share", profile="p", at_least="1.1"),
            Criterion("attested", text=" "),
            Criterion("attested", text=TEXT, scheme=NAME),
        ],
        ids=lambda one: one.words,
    )
    def test_that_breaks_a_rule_is_none(self, phone: Phone, criterion: Criterion) -> None:
        made = labelled_world()
        bad = msgspec.structs.replace(SCHEME, criteria=(criterion,))
        made.world.state(made.owner, bad.urn, bad.CONTENT_TYPE, unchecked(bad))
        made.world.anchor()
        page, kernel = compared(phone, case(made.world, COIL), made.world)
        assert agreed(page) == agreed(kernel)
        assert page[3][0] == "fail"

    @pytest.mark.parametrize(
        "owner", ["5493001KJTIIGC8Y1R13", "5493001KJTIIGC8Y1R1A", "5493001kjtiigc8y1r12", "5493001KJTIIGC8Y1R120"]
    )
    def test_whose_owner_has_no_lei_is_none(self, phone: Phone, owner: str) -> None:
        made = labelled_world()
        bad = msgspec.structs.replace(SCHEME, owner=owner)
        made.world.state(made.owner, bad.urn, bad.CONTENT_TYPE, unchecked(bad))
        made.world.anchor()
        page, kernel = compared(phone, case(made.world, COIL), made.world)
        assert agreed(page) == agreed(kernel)
        assert page[3][0] == "fail"

    def test_may_have_a_newer_version(self, phone: Phone) -> None:
        made = labelled_world()
        log_labelling(made.world, made.owner, msgspec.structs.replace(SCHEME, title="Another"))
        log_labelling(made.world, made.certifier, stated(made.world, made.at, 0, markets=("EU",)))
        assert "label-missing" in same(phone, made)


def unchecked(scheme: Scheme) -> bytes:
    return body.encode(msgspec.to_builtins(scheme))
