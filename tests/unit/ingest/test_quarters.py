"""The arithmetic of rollups: exact, each second once, the first word stands."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.ingest import quarters
from backend.ingest.quarters import EXACT, QUARTER, Number, Quarter

BASE = 1_700_000_100 // QUARTER * QUARTER

readings = st.lists(
    st.tuples(
        st.integers(BASE - 2 * QUARTER, BASE + 2 * QUARTER),
        st.one_of(
            st.integers(-(10**39), 10**39),
            st.decimals(allow_nan=False, allow_infinity=False, places=7, min_value=-(10**9), max_value=10**9),
        ),
    ),
    min_size=1,
    max_size=60,
)

# As a meter that is read each second sends it; such runs overlap where a gateway was restored.
every_second = st.builds(
    lambda first, count: [(first + second, 10 * second) for second in range(count)],
    st.integers(BASE - 100, BASE + 100),
    st.integers(1, 90),
)


def rolled(frames: list[list[tuple[int, Number]]], names: str, *, apart: bool = False) -> dict[int, Quarter]:
    result: dict[int, Quarter] = {}
    parts = [([t for t, _ in frame], [n for _, n in frame], index) for index, frame in enumerate(frames)]
    groups = [[part] for part in parts] if apart else [parts]
    with localcontext(EXACT):
        for group in groups:
            for times, numbers, entries in quarters.joined(group, names):
                for run in quarters.runs(times, numbers, names, entries):
                    result.setdefault(run.start, Quarter()).add(run)
    return result


class TestQuarters:
    @given(st.lists(st.one_of(readings, every_second), min_size=1, max_size=4), st.sampled_from(["end", "start"]))
    def test_each_second_counts_once_and_the_first_reading_stands(
        self, frames: list[list[tuple[int, Number]]], names: str
    ) -> None:
        expected: dict[int, dict[int, Number]] = {}
        for frame in frames:
            for time, number in frame:
                start = (time - (names == "end")) // QUARTER * QUARTER
                expected.setdefault(start, {}).setdefault(time, number)
        found = rolled(frames, names)
        assert found.keys() == expected.keys()
        with localcontext(EXACT):
            for start, seconds in expected.items():
                quarter = found[start]
                assert quarter.count == len(seconds)
                assert quarter.total == sum(seconds.values())
                assert (quarter.low, quarter.high) == (min(seconds.values()), max(seconds.values()))
                assert (quarter.last_time, quarter.last) == (max(seconds), seconds[max(seconds)])
        every = sum(len(frame) for frame in frames)
        assert sum(q.count + q.repeated for q in found.values()) == every
        for start, quarter in found.items():
            told = [
                i
                for i, frame in enumerate(frames)
                for t, _ in frame
                if (t - (names == "end")) // QUARTER * QUARTER == start
            ]
            assert (quarter.first_index, quarter.last_index) == (told[0], told[-1])

    @given(st.lists(st.one_of(readings, every_second), min_size=1, max_size=6), st.sampled_from(["end", "start"]))
    def test_frames_counted_together_give_what_they_give_one_by_one(
        self, frames: list[list[tuple[int, Number]]], names: str
    ) -> None:
        assert rolled(frames, names) == rolled(frames, names, apart=True)

    def test_short_frames_of_one_quarter_are_counted_together(self) -> None:
        frames = [([BASE + i], [i], i) for i in range(1, QUARTER + 2)]
        (first, second) = quarters.joined(frames, "end")
        assert (len(first[0]), first[2]) == (QUARTER, (1, QUARTER))
        assert second == ([BASE + QUARTER + 1], [QUARTER + 1], (QUARTER + 1, QUARTER + 1))

    def test_a_reading_at_the_bound_belongs_where_its_naming_says(self) -> None:
        frame = [[(BASE, 1), (BASE + 1, 2), (BASE + QUARTER, 4)]]
        assert {s: q.total for s, q in rolled(frame, "end").items()} == {BASE - QUARTER: 1, BASE: 6}
        assert {s: q.total for s, q in rolled(frame, "start").items()} == {BASE: 3, BASE + QUARTER: 4}

    def test_a_reading_at_the_natural_place_takes_one_bit(self) -> None:
        assert rolled([[(BASE + QUARTER, 7)]], "end")[BASE].seen == 1
        assert rolled([[(BASE, 7)]], "start")[BASE].seen == 1


class TestText:
    @given(
        st.one_of(
            st.integers(),
            st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**30), max_value=10**30),
        )
    )
    def test_a_number_comes_back_as_it_went(self, number: Number) -> None:
        text = quarters.text(number)
        assert "E" not in text
        assert quarters.number(text) == number
        assert quarters.text(quarters.number(text)) == text

    @pytest.mark.parametrize(
        ("number", "text"),
        [
            (Decimal("1.50"), "1.5"),
            (Decimal("-0.0"), "0"),
            (Decimal("1E+3"), "1000"),
            (-7, "-7"),
            (10**45, "1" + "0" * 45),
        ],
    )
    def test_there_is_one_form(self, number: Number, text: str) -> None:
        assert quarters.text(number) == text

    @given(st.integers(0, 2**900))
    def test_seconds_seen_come_back(self, seen: int) -> None:
        assert quarters.seen_bits(quarters.seen_bytes(seen)) == seen
