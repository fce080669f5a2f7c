"""A window answered from blocks says what all readings, one by one, say of it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from leafproof import metering
from leafproof.errors import InvalidInput
from leafproof.frame import Series
from leafproof.metering import Intervals
from leafproof.plan import MeteringPoint
from leafproof.verification.blocks import PAGE, Block, Groups
from leafproof.verification.readings import Readings
from leafproof.verification.shelf import MemoryShelf

T0 = 1_514_764_800
POINT = MeteringPoint(
    "main", "line-1", "electricity", "interval", "end", 60, "kWh", "0.01", "ab" * 32, None, "m", "0.5S", 900
)


@st.composite
def points(draw: st.DrawFn) -> MeteringPoint:
    return msgspec.structs.replace(
        POINT,
        kind=draw(st.sampled_from(["interval", "interval", "register"])),
        names=draw(st.sampled_from(["end", "start"])),
        interval_seconds=draw(st.sampled_from([60, 60, 900])),
    )


@st.composite
def series(draw: st.DrawFn) -> Series:
    """Mostly a few of a grid's readings, at times with repetitions, odd units, odd numbers."""
    unit = draw(st.sampled_from(["Wh", "Wh", "Wh", "kWh", "kg", "J"]))
    numbers: Any = st.integers(0, 5) | st.just(70000)
    if draw(st.integers(0, 5)) == 0:
        numbers = st.integers(-3, 3) | st.decimals("-2", "2", places=3) | st.just(2**70)
    count = draw(st.integers(1, 12))
    first = T0 + 60 * draw(st.integers(0, 90)) + draw(st.sampled_from([0, 0, 0, 7, 86400 * 2]))
    times = [first + draw(st.sampled_from([60, 60, 60, 30, 900])) * i for i in range(count)]
    if draw(st.integers(0, 3)) == 0:
        times = draw(st.permutations(times))
    return Series("main", unit, times, draw(st.lists(numbers, min_size=count, max_size=count)))


def even_series(start: int, count: int, base: int) -> Series:
    return Series("main", "Wh", [T0 + 60 * (start + i) for i in range(count)], [base + i for i in range(count)])


def metered(window: Any, start: int, end: int) -> Any:
    try:
        return window.metered(start, end)
    except InvalidInput as error:
        return error.field


def check(page: int, point: MeteringPoint, parts: list[tuple[Series, str]], start: int, end: int) -> None:
    """With `page` groups to a page: of small ones, most are on the shelf."""
    known = Readings()
    known.groups = Groups(MemoryShelf(), page)
    for one, mode in parts:
        known.add(Block.of(one, mode))
    rows = [(t, Decimal(n), one.unit) for one, _ in parts for t, n in zip(one.times, one.numbers, strict=True)]
    whole: Intervals = metering.intervals(point, rows)
    window = known.window(point, start, end)

    try:
        expected: Any = metering.metered(whole, start, end)
    except InvalidInput as error:
        expected = error.field
    assert metered(window, start, end) == expected
    assert [c for c in window.intervals.conflicts if start < c[1] <= end] == [
        c for c in whole.conflicts if start < c[1] <= end
    ]
    spans = whole.within(start, end)
    named = [t for s in spans for t in s] if point.kind == "register" else [s[point.names == "end"] for s in spans]
    assert window.named == ((min(named), max(named)) if named else None)
    if named:
        first, last = min(named), max(named)
        modes = {mode for one, mode in parts if any(first <= t <= last for t in one.times)}
        assert {b.mode for b in known.within(first, last)} == modes
    in_portions = sum((known.window(point, a, b).amount(a, b) for a, b in known.portions(start, end)), Fraction(0))
    assert in_portions == metering.amount(whole, start, end)


pages = st.sampled_from([1, 2, PAGE])


@given(
    pages,
    points(),
    st.lists(st.tuples(series(), st.sampled_from(["live", "recorded"])), max_size=9),
    st.integers(T0 - 1000, T0 + 7000),
    st.integers(1, 9000) | st.just(400_000),
)
@settings(max_examples=250)
def test_any_readings_and_any_window(
    page: int, point: MeteringPoint, parts: list[tuple[Series, str]], start: int, length: int
) -> None:
    check(page, point, parts, start, start + length)


@given(points(), st.data())
@settings(max_examples=40)
def test_regular_frames_now_and_then_sent_twice_or_missing(point: MeteringPoint, data: st.DataObject) -> None:
    order = data.draw(st.lists(st.integers(0, 199), min_size=60, max_size=100))
    parts = [(even_series(8 * i, 8, 100 + 8 * i), "live") for i in order]
    start = T0 + data.draw(st.integers(-100, 90_000))
    check(data.draw(pages), point, parts, start, start + data.draw(st.integers(1, 100_000)))
