"""Stored sums: read piece by piece as at once, and kept in columns as in a dictionary."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leafproof.errors import Malformed
from leafproof.replay import export
from leafproof.replay.rollups import _Stored
from leafproof.replay.source import Rollup

TEXTS = st.sampled_from(["a", "8801234000017", "鋼", 'q"uote', "back\\slash", "line\nend", "\x7f"])
SUMS = st.builds(
    Rollup,
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.integers(0, 900),
    TEXTS,
)


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


class TestPieces:
    @given(st.lists(SUMS, max_size=8), st.integers(1, 400))
    def test_give_what_the_whole_gives(self, sums: list[Rollup], size: int) -> None:
        assert list(export.rollups_in(cut(export.encode_rollups(sums), size))) == sums

    @given(st.lists(SUMS, min_size=1, max_size=4), st.integers(1, 400), st.data())
    def test_refuse_what_the_whole_refuses(self, sums: list[Rollup], size: int, data: st.DataObject) -> None:
        raw = bytearray(export.encode_rollups(sums))
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        try:
            found = list(export.rollups_in(cut(bytes(raw), size)))
        except Malformed:
            return
        assert found == export.decode_rollups(bytes(raw))

    @pytest.mark.parametrize("data", [b"", b"[", b"[]]", b"[] ", b"{}", b"[],{}]", b"[null]"])
    def test_of_what_is_no_list_of_sums_are_refused(self, data: bytes) -> None:
        for size in (1, 100):
            with pytest.raises(Malformed):
                list(export.rollups_in(cut(data, size)))

    def test_in_another_order_of_members_are_refused(self) -> None:
        with pytest.raises(Malformed, match="canonical"):
            list(export.rollups_in([msgspec.json.encode([Rollup("a", "b", "c", "d", "e", "f", 0, 1, "2")])]))


@given(
    st.lists(
        st.tuples(
            st.integers(-3, 12) | st.just(2**53),
            st.integers(0, 3),
            st.sampled_from(["0", "7", "-5", "1.50", "007", "1e3", "-0", "9" * 18, "9" * 30, "x"]),
        ),
        max_size=15,
    ),
    st.lists(st.integers(-3, 12)),
)
def test_columns_hold_what_a_dictionary_holds(given_: list[tuple[int, int, str]], asked: list[int]) -> None:
    columns, plain, places = _Stored(), {}, dict[int, int]()
    for place, (start, count, total) in enumerate(given_):
        columns.put(start, count, total, place)
        plain[start] = count, total
        places.setdefault(start, place)
    for start in asked:
        assert columns.pop(start) == plain.pop(start, None)
    assert dict(columns.left()) == {start: places[start] for start in plain}
    assert {start: columns.pop(start) for start in plain} == plain
