"""Frames read by columns say exactly what the same frames say record by record, or leave them to that."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leafproof import cbor, frame
from leafproof.errors import LeafproofError
from leafproof.frame import FrameContent, Opening, Series
from leafproof.values import Gln

FACILITY = Gln("8801234000017")
T0 = 1_795_000_000


def body(content: FrameContent) -> bytes:
    return frame.encode_body(FACILITY, content, salt=bytes(16))


def series(point: str, step: int, numbers: list[int]) -> Series:
    return Series(point, "Wh", [T0 + step * i for i in range(len(numbers))], list(numbers))


@st.composite
def contents(draw: st.DrawFn) -> FrameContent:
    """Like what meters give: long runs of alike numbers, sometimes of all sizes."""
    widths = st.sampled_from([(0, 23), (24, 255), (256, 65535), (2**16, 2**32 - 1), (2**32, 2**64 - 1), (-9, 300)])
    found = []
    for place in range(draw(st.integers(1, 3))):
        low, high = draw(widths)
        numbers = draw(st.lists(st.integers(low, high), min_size=1, max_size=170))
        found.append(series(f"p-{place}", draw(st.sampled_from([1, 10, 60, 900, 86400])), numbers))
    beats = draw(st.lists(st.just(T0), max_size=1)) if len(found) < 3 else []
    opening = draw(st.sampled_from([None, None, None, Opening("restart", 1, 2, T0, T0)]))
    return FrameContent(str(FACILITY), found, beats, opening)


def outcome(read: Any, data: bytes) -> Any:
    try:
        return read(data)
    except LeafproofError as error:
        return type(error), error.message


@given(contents())
@settings(max_examples=200)
def test_every_frame_reads_the_same(content: FrameContent) -> None:
    data = body(content)
    assert frame.decode_body(data) == frame._by_records(data) == content


@given(contents(), st.data())
@settings(max_examples=600)
def test_damaged_bytes_read_the_same_or_are_refused_alike(content: FrameContent, data: st.DataObject) -> None:
    raw = bytearray(body(content))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(raw) - 1))
        match data.draw(st.sampled_from(["flip", "set", "cut", "put", "swap"])):
            case "flip":
                raw[place] ^= 1 << data.draw(st.integers(0, 7))
            case "set":
                special = [0x00, 0x02, 0x06, 0x18, 0x19, 0x1A, 0x1B, 0x20, 0xA2, 0xA5, 0xBF, 0xC2, 0xF6, 0xFF]
                raw[place] = data.draw(st.sampled_from(special))
            case "cut" if len(raw) > 2:
                del raw[place]
            case "put":
                raw.insert(place, data.draw(st.integers(0, 255)))
            case "swap":
                other = data.draw(st.integers(0, len(raw) - 1))
                raw[place], raw[other] = raw[other], raw[place]
    damaged = bytes(raw)
    assert outcome(frame.decode_body, damaged) == outcome(frame._by_records, damaged)


def test_every_single_bit_of_a_plain_frame_reads_the_same_or_is_refused_alike() -> None:
    good = body(FrameContent(str(FACILITY), [series("mill", 900, [3170 + i for i in range(80)])], [], None))
    for place in range(len(good)):
        for bit in range(8):
            damaged = good[:place] + bytes([good[place] ^ 1 << bit]) + good[place + 1 :]
            assert outcome(frame.decode_body, damaged) == outcome(frame._by_records, damaged)


class TestWhatIsReadByColumns:
    @pytest.mark.parametrize("step", [1, 10, 60, 900, 86400])
    @pytest.mark.parametrize("first", [0, 100, 3170, 10**6, 10**12])
    def test_long_runs_of_alike_numbers_are(self, step: int, first: int) -> None:
        content = FrameContent(
            str(FACILITY), [series("mill", step, [first + i % 20 for i in range(256)])], [], None
        )
        assert frame._by_columns(body(content)) == content

    @pytest.mark.parametrize("numbers", [[-1] * 100, [2**64] * 100, [0, 10**6] * 50, list(range(20))], ids=str)
    def test_unusual_ones_are_not(self, numbers: list[int]) -> None:
        content = FrameContent(str(FACILITY), [series("mill", 60, numbers)], [], None)
        assert frame._by_columns(body(content)) is None
        assert frame.decode_body(body(content)) == content

    @pytest.mark.parametrize(
        ("changed", "to"),
        [
            (b"\xf6", b"\xf6\x00"),  # a byte behind the one item
            (b"\x98\x50", b"\x98\x4f"),  # a record more than is said
            (b"\x98\x50", b"\x98\x51"),  # a record less than is said
            (b"\xa2\x02", b"\xa2\x06"),  # a key twice
            (b"\xa2\x02", b"\xbf\x02"),  # of indefinite length
            (b"8801234000017/", b"8801234000018/"),  # no facility
            (b"\x22\x1a", b"\x22\x3a"),  # a base time before 1970
            (b"/mill", b"/mi l"),
            (b"\x62Wh", b"\x62Wx"),
        ],
    )
    def test_what_breaks_a_rule_is_refused(self, changed: bytes, to: bytes) -> None:
        numbers = [3170 + i for i in range(80)]
        good = body(FrameContent(str(FACILITY), [series("mill", 900, numbers)], [], None))
        assert frame._by_columns(good) is not None
        damaged = good.replace(changed, to, 1)
        assert damaged != good
        assert frame._by_columns(damaged) is None
        with pytest.raises(LeafproofError):
            frame.decode_body(damaged)

    def test_a_time_after_the_last_is_refused(self) -> None:
        pack: list[dict[int, object]] = [{2: 5, 6: 60 * i} for i in range(80)]
        pack[0] |= {-2: f"{FACILITY}/mill", -3: T0, -4: "Wh"}
        pack[40][6] = 2**62
        with pytest.raises(LeafproofError, match="time"):
            frame.decode_body(cbor.encode([bytes(16), pack, None]))
