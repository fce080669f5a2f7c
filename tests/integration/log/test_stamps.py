"""Stamps on both databases: they move with what answers tell, and are never read before they are asked for."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Engine

from backend import stamps
from backend.checkpoints import repository as checkpoints
from backend.checkpoints.repository import Published
from backend.database import reading, transaction
from backend.errors import NotFound
from backend.log.schemas import NewEntry
from backend.stamps import Stamp, Watch
from leafproof import body, envelope
from leafproof.envelope import FrameHeader, Header
from tests.support import loops
from tests.support.storage import ISSUER, ISSUER_KEY, REF, open_test_log, statement


def frame(number: int) -> NewEntry:
    data = body.encode(number)
    place = FrameHeader(1, number, None, None, "live")
    header = Header(ISSUER, "urn:leafproof:test", 1_700_000_000, body.FRAME, REF, place)
    return NewEntry(envelope.parse(envelope.sign(ISSUER_KEY, header, data)), data)


class TestRead:
    def test_a_frame_moves_the_heads_and_a_fact_moves_both(self, engine: Engine) -> None:
        log = open_test_log(engine)
        seen = [stamps.read(engine)]
        for new in (frame(0), statement("fact")):
            with transaction(engine) as connection:
                log.append(connection, [new])
            seen.append(stamps.read(engine))
        before, framed, told = seen
        assert framed.facts == before.facts
        assert framed.heads != before.heads
        assert told.facts != framed.facts

    def test_the_same_statement_again_moves_nothing(self, engine: Engine) -> None:
        log, new = open_test_log(engine), statement("fact")
        with transaction(engine) as connection:
            log.append(connection, [new])
        before = stamps.read(engine)
        with transaction(engine) as connection:
            log.append(connection, [new])
        assert stamps.read(engine) == before

    def test_what_was_rolled_back_moves_nothing(self, engine: Engine) -> None:
        log = open_test_log(engine)
        before = stamps.read(engine)
        with pytest.raises(ZeroDivisionError), transaction(engine) as connection:
            log.append(connection, [statement("fact")])
            raise ZeroDivisionError
        assert stamps.read(engine) == before

    def test_a_deleted_body_moves_the_facts(self, engine: Engine) -> None:
        log = open_test_log(engine)
        with transaction(engine) as connection:
            (index,) = log.append(connection, [statement("fact")])
        before = stamps.read(engine)
        with transaction(engine) as connection:
            log.delete_body(connection, index)
        assert stamps.read(engine).facts != before.facts
        with pytest.raises(NotFound), transaction(engine) as connection:
            log.delete_body(connection, index)
        with reading(engine) as connection:
            assert log.body(connection, index).body is None

    def test_what_a_witness_cosigned_moves_the_facts(self, engine: Engine) -> None:
        log = open_test_log(engine)
        seen = [stamps.read(engine)]
        for cosignatures in (0, 1):
            with transaction(engine) as connection:
                checkpoints.put(connection, log.number, Published(1, b"note", cosignatures))
            seen.append(stamps.read(engine))
        before, published, cosigned = seen
        assert published == before  # no bundle tells of a checkpoint that nobody cosigned
        assert cosigned.facts != before.facts


class TestWatch:
    def test_requests_at_once_share_a_reading(self, engine: Engine) -> None:
        async def ask() -> list[Stamp]:
            watch = Watch(engine)
            return await asyncio.gather(*(watch.now() for _ in range(50)))

        assert {stamp.number for stamp in loops.run(ask())} == {1}

    def test_none_is_told_the_past(self, engine: Engine) -> None:
        """Each asks after a commit of its own, while others' readings are under way, and sees it."""
        log = open_test_log(engine)

        def write(number: int) -> None:
            with transaction(engine) as connection:
                log.append(connection, [statement(number)])

        async def ask(watch: Watch, number: int) -> None:
            for step in range(5):
                await asyncio.to_thread(write, 100 * number + step)
                with reading(engine) as connection:
                    size = log.size(connection)
                assert (await watch.now()).heads[1] >= size

        async def ask_all() -> None:
            watch = Watch(engine)
            await asyncio.gather(*(ask(watch, number) for number in range(8)))

        loops.run(ask_all())

    def test_an_error_goes_to_all_who_asked_and_to_no_other(self, engine: Engine) -> None:
        async def ask() -> tuple[list[BaseException | Stamp], Stamp]:
            watch = Watch(engine)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(stamps, "read", lambda *_: 1 / 0)
                failed = await asyncio.gather(*(watch.now() for _ in range(3)), return_exceptions=True)
            return failed, await watch.now()

        failed, good = loops.run(ask())
        assert [type(one) for one in failed] == [ZeroDivisionError] * 3
        assert isinstance(good, Stamp)

    def test_who_goes_away_takes_nothing_from_the_others(self, engine: Engine) -> None:
        async def ask() -> Stamp:
            watch = Watch(engine)
            leaving, staying = asyncio.ensure_future(watch.now()), asyncio.ensure_future(watch.now())
            await asyncio.sleep(0)
            leaving.cancel()
            return await staying

        assert loops.run(ask()).number == 1
