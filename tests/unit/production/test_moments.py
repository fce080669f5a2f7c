"""Times as people enter them."""

from __future__ import annotations

import pytest

from backend.production import moments
from leafproof import clock
from leafproof.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2018-03-01T06:00:00+09:00", "Europe/Berlin", "2018-02-28T21:00:00Z"),
        ("2018-03-01T06:00:00Z", "Europe/Berlin", "2018-03-01T06:00:00Z"),
        ("2018-03-01 06:00", "Asia/Seoul", "2018-02-28T21:00:00Z"),
        ("2018-07-01 06:00", "Europe/Berlin", "2018-07-01T04:00:00Z"),
        ("2018-10-28T02:30+01:00", "Europe/Berlin", "2018-10-28T01:30:00Z"),
    ],
)
def test_with_an_offset_or_in_the_facilitys_zone(text: str, zone: str, utc: str) -> None:
    assert clock.utc_text(moments.parse(text, zone, "opened")) == utc


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2018-10-28 02:30", "happened twice in Europe/Berlin"),
        ("2018-03-25 02:30", "does not exist in Europe/Berlin"),
        ("2018-03-01", "is no time such as"),
        ("soon", "is no time such as"),
        ("", "is no time such as"),
        ("2018-03-01T06:00:00.5Z", "finer than a second"),
        ("0001-01-01T00:00:00+23:59", "not between 1970 and 2514"),
        ("9999-12-31T23:59:59", "not between 1970 and 2514"),
        ("1969-12-31T23:59:59Z", "not between 1970 and 2514"),
    ],
)
def test_what_has_no_one_meaning_is_refused_by_its_field(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        moments.parse(text, "Europe/Berlin", "opened")
    assert caught.value.field == "opened"
