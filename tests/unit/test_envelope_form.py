"""An envelope has one form: the parser takes exactly what decoding, checking and encoding again takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leafproof import body, cbor
from leafproof.envelope import MAX_ENVELOPE, FrameHeader, Header, LogRef, parse, sign
from leafproof.errors import Malformed
from leafproof.keys import EDDSA, ES256, SigningKey

LOG = LogRef(31337, b"\x01" * 20, b"\x02" * 32)
KEYS = {algorithm: SigningKey.generate(algorithm) for algorithm in (ES256, EDDSA)}
BODY = body.encode("hello")


@st.composite
def envelopes(draw: st.DrawFn) -> bytes:
    hashes, numbers = st.binary(min_size=32, max_size=32), st.integers(0, 2**63 - 1)
    place = draw(
        st.none()
        | st.builds(
            FrameHeader,
            numbers,
            numbers,
            st.none() | hashes,
            st.none() | st.tuples(numbers, hashes),
            st.sampled_from(["live", "recorded", "simulated"]),
        )
    )
    names = st.text(st.characters(codec="ascii", exclude_categories=["C", "Z"]), min_size=1, max_size=200)
    header = Header(
        draw(names),
        draw(names),
        draw(st.integers(0, 2**33)),
        draw(st.sampled_from(body.CONTENT_TYPES)),
        LOG,
        place,
    )
    return sign(KEYS[draw(st.sampled_from([ES256, EDDSA]))], header, BODY)


def in_one_form(raw: bytes) -> bool:
    """By the library alone: each part decodes, and encodes to the same bytes again."""
    try:
        if raw[:2] != b"\xd2\x84" or len(raw) > MAX_ENVELOPE:
            return False
        protected, unprotected, payload, signature = cbor.decode_deterministic(raw[1:], "envelope", MAX_ENVELOPE)
        value: Any = cbor.decode_deterministic(protected, "protected header", MAX_ENVELOPE)
    except (Malformed, ValueError, TypeError):
        return False
    return unprotected == {} and len(payload) == 32 and len(signature) == 64 and isinstance(value, dict)


class TestOneForm:
    @given(envelopes())
    def test_what_was_signed_is_in_it(self, raw: bytes) -> None:
        read = parse(raw)
        assert in_one_form(raw)
        protected, _, payload, signature = cbor.decode(raw[1:], "envelope", MAX_ENVELOPE)
        assert (read.body_hash, read.signature) == (payload, signature)
        assert read.signed == cbor.encode(["Signature1", protected, b"", payload])
        read.verify(KEYS[read.algorithm].public)

    @given(envelopes(), st.data())
    @settings(max_examples=500)
    def test_damage_that_is_taken_leaves_it_in_one_form(self, whole: bytes, data: st.DataObject) -> None:
        raw = bytearray(whole)
        for _ in range(data.draw(st.integers(1, 2))):
            place = data.draw(st.integers(0, len(raw) - 1))
            match data.draw(st.sampled_from(["flip", "cut", "put"])):
                case "flip":
                    raw[place] ^= 1 << data.draw(st.integers(0, 7))
                case "cut":
                    del raw[place]
                case "put":
                    raw.insert(place, data.draw(st.integers(0, 255)))
        try:
            read = parse(bytes(raw))
        except Malformed:
            return
        assert in_one_form(bytes(raw))
        assert read.raw == bytes(raw)

    @pytest.mark.parametrize(
        "change",
        [
            lambda m: {**{k: v for k, v in m.items() if k != 1}, True: m[1]},  # true is 1, but not its encoding
            lambda m: {**m, "log": [True, *m["log"][1:]]},
            lambda m: {**m, 1: float(m[1])},
            lambda m: {**m, 258: -16.0},
            lambda m: dict(reversed(m.items())),
            lambda m: {**m, 15: dict(reversed(m[15].items()))},
        ],
    )
    def test_values_that_only_compare_alike_are_refused(self, change: Any) -> None:
        raw = sign(KEYS[ES256], Header("a", "b", 1_700_000_000, body.FRAME, LOG), BODY)
        protected, _, payload, signature = cbor.decode(raw[1:], "envelope", MAX_ENVELOPE)
        altered = change(cbor.decode(protected, "header", MAX_ENVELOPE))
        parts = [cbor.encode_sorted(altered), {}, payload, signature]
        with pytest.raises(Malformed):
            parse(b"\xd2" + cbor.encode(parts))

    @pytest.mark.parametrize("length", range(0, 140, 3))
    def test_a_cut_one_is_refused(self, length: int) -> None:
        raw = sign(KEYS[ES256], Header("a", "b", 1_700_000_000, body.FRAME, LOG), BODY)
        with pytest.raises(Malformed):
            parse(raw[:length])

    def test_a_length_in_longer_form_is_refused(self) -> None:
        raw = sign(KEYS[ES256], Header("a", "b", 1_700_000_000, body.FRAME, LOG), BODY)
        assert raw[2] == 0x58
        with pytest.raises(Malformed):
            parse(raw[:2] + b"\x59\x00" + raw[3:])
