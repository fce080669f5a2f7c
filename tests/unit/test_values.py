"""Names of legal entities: GLN and LEI, and how statements and the chain write them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from backend.access.service import operator_of
from leafproof.errors import InvalidInput
from leafproof.values import Gln, Lei, party, party_of, party_uri, speaks_for

# Published: of Bloomberg Finance, GLEIF's own, and those that GLEIF, docs of libraries and Eurofiling give as examples.
REAL = [
    "5493001KJTIIGC8Y1R12",
    "529900T8BM49AURSDO55",
    "506700GE1G29325QX363",
    "7LTWFZYICNSX8D621K86",
    "969500KSV493XWY0PS33",
    "KGCEPHLVVKVRZYO1T647",
]
GLN = "4012345000009"
DIGITS, LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class TestLei:
    @pytest.mark.parametrize("text", REAL)
    def test_a_published_one_is_one(self, text: str) -> None:
        assert str(Lei.parse(text)) == text

    @pytest.mark.parametrize("text", REAL)
    def test_one_wrong_digit_or_letter_or_two_swapped_are_found(self, text: str) -> None:
        for place, character in enumerate(text):
            for other in (DIGITS if character in DIGITS else LETTERS).replace(character, ""):
                with pytest.raises(InvalidInput, match="check digits"):
                    Lei.parse(text[:place] + other + text[place + 1 :])
        for place, (first, second) in enumerate(pairwise(text)):
            if first != second and (first in DIGITS) == (second in DIGITS):
                with pytest.raises(InvalidInput, match="check digits"):
                    Lei.parse(text[:place] + second + first + text[place + 2 :])

    @pytest.mark.parametrize(
        "text",
        ["", REAL[0].lower(), REAL[0][:-1], REAL[0] + "0", "5493001KJTIIGC8Y1R1\u0662", REAL[0][:18] + "1A"],
    )
    def test_what_has_not_its_form_is_named(self, text: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            Lei.parse(text, "certifier")
        assert caught.value.field == "certifier"


class TestAParty:
    @pytest.mark.parametrize(
        ("text", "uri"), [(GLN, f"https://id.gs1.org/417/{GLN}"), (REAL[0], f"urn:lei:{REAL[0]}")]
    )
    def test_has_one_name_and_comes_back_from_it(self, text: str, uri: str) -> None:
        assert party_uri(party(text)) == uri
        assert party_of(uri) == operator_of(uri) == party(text)
        assert speaks_for(uri, uri)

    @pytest.mark.parametrize(
        "uri",
        ["", "urn:lei:", f"urn:LEI:{REAL[0]}", f"urn:lei:{GLN}", f"https://id.gs1.org/417/{REAL[0]}", f"x/{GLN}"],
    )
    def test_another_name_is_none(self, uri: str) -> None:
        with pytest.raises(InvalidInput):
            party_of(uri)

    def test_only_a_gln_has_gateways(self) -> None:
        assert speaks_for(party_uri(Gln(GLN)), f"urn:leafproof:gateway:{GLN}:gw-1")
        assert not speaks_for(party_uri(Lei(REAL[0])), f"urn:leafproof:gateway:{REAL[0]}:gw-1")
