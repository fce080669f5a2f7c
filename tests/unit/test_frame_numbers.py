"""A frame holds exactly the numbers it was given, or refuses them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leafproof import units
from leafproof.errors import InvalidInput
from leafproof.frame import FrameContent, Reading, decode_body, encode_body, group
from leafproof.values import Gln

FACILITY = Gln("8801234000017")
NOW = 1_795_000_000


@given(
    st.integers(-(10**37) + 1, 10**37 - 1), st.integers(0, 37), st.sampled_from(["kWh", "MWh", "Wh", "m3", "t"])
)
def test_a_value_of_many_digits_comes_back_to_the_last_one(digits: int, places: int, unit: str) -> None:
    value = Decimal(f"{digits}e-{places}")
    content = FrameContent(str(FACILITY), group([Reading("p", NOW, value, unit)]), [], None)
    if abs(Fraction(value)) * units.scale(unit, content.series[0].unit) >= 10**40:
        return
    (told,) = decode_body(encode_body(FACILITY, content)).series[0]
    assert Fraction(told.value) * units.scale(told.unit, unit) == Fraction(value)


@given(st.integers(-(10**60), 10**60), st.integers(0, 39))
def test_an_exact_decimal_rounds_nothing(digits: int, places: int) -> None:
    value = Fraction(digits, 10**places)
    assert Fraction(units.exact_decimal(value)) == value


def test_a_body_that_no_reader_takes_is_not_made() -> None:
    many = [Reading(f"point-{i:050}", NOW, Decimal(1), "m3") for i in range(512)]
    with pytest.raises(InvalidInput) as caught:
        encode_body(FACILITY, FrameContent(str(FACILITY), group(many), [], None))
    assert caught.value.field == "body"
