"""Between which moments of the chain a frame was signed, and what is told when clock, beacon or delay do not fit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from leafproof import frame
from leafproof.chain.view import ChainView, Head, LogRecord
from leafproof.envelope import FrameHeader
from leafproof.frame import FrameContent, Reading
from leafproof.verification import timing
from leafproof.verification.report import Status
from leafproof.verification.statements import Statement
from tests.support import world as w
from tests.support.world import LOG, World, moment

FIRST, SECOND = moment(11), moment(12)
NAMED = (FIRST.block_number, FIRST.block_hash)


@pytest.fixture(scope="module")
def world() -> World:
    return w.honest_world()[0]


def signed(
    world: World,
    index: int = 5,
    beacon: tuple[int, bytes] | None = NAMED,
    at: int = FIRST.block_time,
    measured: int = FIRST.block_time,
    mode: str = "live",
) -> Statement:
    party = world.steel
    content = FrameContent(
        str(party.facility), frame.group([Reading("rolling", measured, Decimal(1), "kWh")]), [], None
    )
    data = frame.encode_body(party.facility, content)
    place = FrameHeader(1, index, None, beacon, mode)
    raw = frame.sign_frame(party.gateway, party.gateway_uri, party.facility, LOG, place, data, at)
    statement = Statement.parse(raw, index, data, ())
    statement.read(party.gateway.public)
    return statement


HEADS = (Head(4, b"\x04" * 32, FIRST), Head(9, b"\x09" * 32, SECOND))
CHAIN = ChainView(LOG.chain_id, bytes(32), {}, SECOND, {LOG.log_id: LogRecord(LOG.log_id, bytes(20), "", HEADS)})


def told(statement: Statement) -> dict[str, Status]:
    return {f.code: f.status for f in timing.judge([statement], CHAIN)}


def test_it_lies_between_the_block_it_names_and_its_anchor(world: World) -> None:
    found = timing.of(signed(world), CHAIN)
    assert (found.after, found.before) == (FIRST, SECOND)
    assert told(signed(world)) == {"time-bounded": Status.PASS}


def test_without_a_beacon_only_its_end_is_known(world: World) -> None:
    assert told(signed(world, beacon=None)) == {"time-bounded-above": Status.PASS}


def test_a_block_without_an_anchor_bounds_nothing(world: World) -> None:
    found = told(signed(world, beacon=(FIRST.block_number, bytes(32))))
    assert found == {"time-bounded-above": Status.PASS, "beacon-unknown": Status.WARNING}


def test_a_block_that_is_not_older_than_the_anchor_is_impossible(world: World) -> None:
    assert told(signed(world, index=2))["beacon-later"] is Status.FAIL


@pytest.mark.parametrize(
    "at", [FIRST.block_time - timing.CLOCK_SKEW - 1, SECOND.block_time + timing.CLOCK_SKEW + 1]
)
def test_a_clock_beside_the_bounds_is_told(world: World, at: int) -> None:
    assert told(signed(world, at=at))["clock-off"] is Status.WARNING


@pytest.mark.parametrize(
    ("mode", "behind", "late"),
    [("live", timing.LATE + 1, True), ("live", timing.LATE, False), ("recorded", 10 * timing.LATE, False)],
)
def test_what_is_live_and_anchored_late_is_told(world: World, mode: str, behind: int, late: bool) -> None:
    measured = SECOND.block_time - behind
    assert ("late" in told(signed(world, measured=measured, mode=mode))) is late


def test_what_the_chain_does_not_hold_yet_has_no_end(world: World) -> None:
    assert told(signed(world, index=20)) == {}
