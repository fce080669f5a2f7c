"""Reading selective disclosures: what our reader takes, the SD-JWT library takes too, and it opens the same."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from sd_jwt.verifier import SDJWTVerifier

from leafproof import body, disclosure
from leafproof.errors import InvalidInput, Malformed
from leafproof.keys import EDDSA, ES256, SigningKey

KEYS = {ES256: SigningKey.generate(ES256), EDDSA: SigningKey.generate(EDDSA)}
KEY = KEYS[ES256]
ISSUER, KIND, WITHHELD = "https://id.gs1.org/417/4012345000009", "test+sd-jwt", ("inputs", "activity")
CLAIMS = {"gtin": "1", "inputs": [{"name": "slab"}], "activity": [1, {"point": "é"}]}
HEADER = {"alg": "ES256", "typ": KIND}


def packed(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


INPUTS, ACTIVITY = packed(["s1", "inputs", CLAIMS["inputs"]]), packed(["s2", "activity", CLAIMS["activity"]])
OTHER_INPUTS = packed(["s3", "inputs", []])
HONEST = {"iss": ISSUER, "gtin": "1", "_sd": [digest(INPUTS), digest(ACTIVITY)], "_sd_alg": "sha-256"}


def token(payload: Any, header: Any = None, key: SigningKey = KEY) -> str:
    """A JWT of this payload and header, whatever they say, by `key`."""
    signed = f"{packed(HEADER if header is None else header)}.{packed(payload)}"
    return signed + "." + base64.urlsafe_b64encode(key.sign(signed.encode())).rstrip(b"=").decode()


WHOLE = "~".join([token(HONEST), INPUTS, ACTIVITY])


def ours(jwt: str, *disclosures: str, key: SigningKey = KEY) -> dict[str, Any]:
    return disclosure.read(body.encode(jwt), disclosures, key.public, ISSUER, KIND, WITHHELD)


def theirs(jwt: str, *disclosures: str, key: SigningKey = KEY) -> dict[str, Any]:
    """What the library reads; raises errors of many kinds."""
    verifier = SDJWTVerifier("~".join([jwt, *disclosures, ""]), lambda *_: JWK.from_pem(key.public.pem().encode()))
    found: dict[str, Any] = verifier.get_verified_payload()
    return found


class TestAgrees:
    @pytest.mark.parametrize("algorithm", [ES256, EDDSA])
    @pytest.mark.parametrize("shown", [(), ("inputs",), ("activity",), ("activity", "inputs")])
    def test_what_the_library_issues_is_opened_alike(self, algorithm: int, shown: tuple[str, ...]) -> None:
        key = KEYS[algorithm]
        data, disclosures = disclosure.issue(key, ISSUER, KIND, CLAIMS, WITHHELD)
        (jwt,) = body.decode(data, 1)
        texts = [disclosures[name] for name in shown]
        found = disclosure.read(data, texts, key.public, ISSUER, KIND, WITHHELD)
        assert {"iss": ISSUER, **found} == theirs(jwt, *texts, key=key)
        assert found == {k: v for k, v in CLAIMS.items() if k == "gtin" or k in shown}

    @settings(max_examples=200, deadline=None)
    @given(st.data())
    def test_no_altered_token_passes_that_the_library_refuses(self, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(WHOLE) - 1))
        other = data.draw(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters=WHOLE[place]))
        jwt, *disclosures = (WHOLE[:place] + other + WHOLE[place + 1 :]).split("~")
        try:
            found = ours(jwt, *disclosures)
        except InvalidInput:
            return
        assert {"iss": ISSUER, **found} == theirs(jwt, *disclosures)

    def test_both_halves_of_s_are_good_for_jose(self) -> None:
        head, payload, signature = token(HONEST).split(".")
        raw = base64.urlsafe_b64decode(signature + "==")
        order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
        high = raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
        jwt = f"{head}.{payload}." + base64.urlsafe_b64encode(high).rstrip(b"=").decode()
        assert {"iss": ISSUER, **ours(jwt, INPUTS)} == theirs(jwt, INPUTS)


_NESTED = packed(["s", "inputs", [{"...": digest("x")}]])


class TestRefuses:
    @pytest.mark.parametrize(
        ("payload", "disclosures"),
        [
            ({**HONEST, "_sd": [digest(INPUTS)] * 2}, [INPUTS]),
            ({**HONEST, "_sd": [digest(INPUTS), digest(OTHER_INPUTS)]}, [INPUTS, OTHER_INPUTS]),
            ({**HONEST, "_sd": [digest(INPUTS)], "inputs": []}, [INPUTS]),
            (HONEST, [INPUTS, INPUTS]),
            ({**HONEST, "_sd": [*HONEST["_sd"], digest("more")]}, []),
            ({**HONEST, "_sd_alg": "sha-512"}, [INPUTS]),
            ({**HONEST, "_sd_alg": None}, [INPUTS]),
            ({**HONEST, "_sd": None}, []),
            ({**HONEST, "_sd": [{}]}, []),
            ({**HONEST, "iss": "https://id.gs1.org/417/0"}, []),
            ({k: v for k, v in HONEST.items() if k != "iss"}, []),
            ({**HONEST, "gtin": {"_sd": []}}, []),
            ({**HONEST, "_sd": [digest(_NESTED)]}, [_NESTED]),
            (HONEST, [packed(["s", "gtin", "2"])]),
            (HONEST, [OTHER_INPUTS]),
            (HONEST, [packed(["s", "inputs"])]),
            (HONEST, ["é"]),
            (HONEST, [""]),
            ([HONEST], []),
            ("text", []),
        ],
    )
    def test_what_breaks_a_rule(self, payload: Any, disclosures: list[str]) -> None:
        with pytest.raises(Malformed):
            ours(token(payload), *disclosures)

    @pytest.mark.parametrize(
        "header",
        [{**HEADER, "alg": "none"}, {**HEADER, "alg": "EdDSA"}, {**HEADER, "crit": []}, {"alg": "ES256"}, []],
    )
    def test_another_header(self, header: Any) -> None:
        with pytest.raises(Malformed):
            ours(token(HONEST, header))

    @pytest.mark.parametrize("jwt", ["", "..", "a.b", "a.b.c.d", token(HONEST) + ".x", token(HONEST)[:-8] + "é"])
    def test_what_is_no_token(self, jwt: str) -> None:
        with pytest.raises(Malformed):
            ours(jwt)

    def test_anothers_signature(self) -> None:
        with pytest.raises(Malformed, match="InvalidJWSSignature"):
            ours(token(HONEST, key=SigningKey.generate()))

    @pytest.mark.parametrize("member", ['"gtin":"1","gtin":"2"', '"deep":' + "[" * 50_000])
    def test_json_that_has_no_one_reading(self, member: str) -> None:
        text = base64.urlsafe_b64encode(f'{{"iss":"{ISSUER}",{member}}}'.encode()).rstrip(b"=").decode()
        signed = f"{packed(HEADER)}.{text}"
        jwt = signed + "." + base64.urlsafe_b64encode(KEY.sign(signed.encode())).rstrip(b"=").decode()
        with pytest.raises(Malformed):
            ours(jwt)


def test_the_helper_makes_what_the_library_makes() -> None:
    jws = JWS()
    jws.deserialize(token(HONEST), JWK.from_pem(KEY.public.pem().encode()))
    assert json.loads(jws.payload) == HONEST
