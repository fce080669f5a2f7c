"""Frames judged as they come give what all of them give that are sorted first, and doubles are found."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from leafproof.envelope import FrameHeader
from leafproof.replay.report import ReplayReport
from leafproof.replay.streams import Frames
from leafproof.verification.evidence import Stream
from leafproof.verification.report import Status
from leafproof.verification.shelf import MemoryShelf

Told = tuple[FrameHeader, bytes]


@st.composite
def logs(draw: st.DrawFn) -> list[Told]:
    """A gateway's frames, some hundred at times, whole or with one lie or another, in an order that is mostly theirs."""
    made: list[Told] = []
    previous: bytes | None = None
    for epoch in range(draw(st.integers(1, 3))):
        for sequence in range(draw(st.sampled_from([1, 3, 5, 130]))):
            statement = bytes([epoch]) + sequence.to_bytes(31, "big")
            made.append((FrameHeader(epoch, sequence, previous, None, "live"), statement))
            previous = statement
    for _ in range(draw(st.sampled_from([0, 0, 1, 3]))):
        at, to = draw(st.integers(0, len(made) - 1)), draw(st.integers(0, len(made) - 1))
        place, statement = made[at]
        match draw(st.sampled_from(["late", "missing", "twice", "other"])):
            case "late":
                made.insert(to, made.pop(at))
            case "missing" if len(made) > 1:
                del made[at]
            case "twice":
                made.insert(to, (place, statement))
            case "other":
                made.insert(to, (place, b"\xff" + statement[1:]))
    return made


def sorted_first(told: list[Told]) -> tuple[list[tuple[str, int | None, str]], list[int]]:
    """The report's entries, and for each frame the first entry with its statement."""
    order = sorted(range(len(told)), key=lambda i: (told[i][0].epoch, told[i][0].sequence, i))
    found: list[tuple[str, int | None, str]] = []
    if told[order[0]][0].previous is not None:
        found.append(("frame-gap", order[0], "the gateway's first frames are missing"))
    stream = Stream()
    for index in order:
        for finding in stream.add(*told[index], ""):
            if finding.status is Status.FAIL:
                found.append((finding.code, index, finding.text()))
    ids = [statement for _, statement in told]
    return found, [ids.index(statement) for statement in ids]


@given(logs())
@settings(max_examples=200)
def test_any_order_is_judged_as_if_it_were_sorted(told: list[Told]) -> None:
    frames, report = Frames(MemoryShelf()), ReplayReport("")
    firsts = [frames.add(index, place, statement, None) for index, (place, statement) in enumerate(told)]
    frames.judge(report)
    found, expected = sorted_first(told)
    assert [(one.kind, one.index, one.message) for one in report.discrepancies] == found
    assert firsts == expected
