"""What becomes of frames: logged once, whatever order and however often they come; nothing authentic is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from backend import database
from backend.errors import Unavailable
from backend.ingest import repository
from backend.ingest.metrics import IngestMetrics
from backend.ingest.plans import LoggedPlans
from backend.ingest.schemas import Flag, Kind, Message, Outcome, Reason
from backend.ingest.service import IngestService
from backend.ingest.tables import equivocations, frames, gateways, streams
from backend.log.service import HostedLog
from backend.log.tables import entries
from leafproof.chain.view import Retirement, Role
from leafproof.envelope import parse
from leafproof.frame import decode_message
from leafproof.notice import Acknowledgement
from tests.support.storage import LOG_KEY, open_test_log
from tests.support.stream import MOMENT, NOW, KeyRing, Stream


def kinds(outcomes: Sequence[Outcome]) -> list[Kind]:
    return [outcome.kind for outcome in outcomes]


def logged(engine: Engine) -> list[bytes]:
    with database.reading(engine) as connection:
        return list(connection.execute(sa.select(entries.c.envelope).order_by(entries.c.index)).scalars())


def envelope_of(message: Message) -> bytes:
    return decode_message(message.payload)[0]


def flags(engine: Engine) -> dict[tuple[int, int], Flag]:
    with database.reading(engine) as connection:
        rows = connection.execute(sa.select(frames.c.epoch, frames.c.sequence, frames.c.flags))
        return {(epoch, sequence): Flag(value) for epoch, sequence, value in rows}


class TestLogging:
    def test_frames_are_logged_in_order_and_acknowledged_together(
        self, engine: Engine, service: IngestService, stream: Stream
    ) -> None:
        sent = stream.frames(5)
        outcomes = service.process(sent)
        assert kinds(outcomes) == [Kind.LOGGED] * 5
        assert outcomes[0].acknowledgement == Acknowledgement(stream.key_id, 1, 4, 4)
        assert logged(engine) == [envelope_of(m) for m in sent]
        assert set(flags(engine).values()) == {Flag(0)}

    def test_the_same_frame_again_is_acknowledged_again_and_logged_once(
        self, engine: Engine, service: IngestService, stream: Stream
    ) -> None:
        sent = stream.frames(3)
        assert kinds(service.process([*sent, sent[1]])) == [*[Kind.LOGGED] * 3, Kind.DUPLICATE]
        again = service.process(sent)
        assert kinds(again) == [Kind.DUPLICATE] * 3
        assert again[0].acknowledgement == Acknowledgement(stream.key_id, 1, 2, 2)
        assert len(logged(engine)) == 3

    def test_a_process_that_starts_anew_goes_on_where_the_last_one_stopped(
        self, engine: Engine, new_service: Callable[[], IngestService], stream: Stream
    ) -> None:
        new_service().process(stream.frames(2))
        (outcome,) = new_service().process([stream.frame()])
        assert outcome.acknowledgement == Acknowledgement(stream.key_id, 1, 2, 2)
        assert set(flags(engine).values()) == {Flag(0)}

    def test_frames_behind_a_hole_are_logged_at_once_and_acknowledged_when_it_is_filled(
        self, engine: Engine, service: IngestService, stream: Stream
    ) -> None:
        sent = stream.frames(6)
        outcomes = service.process([sent[0], sent[2], sent[3], sent[5]])
        assert outcomes[0].acknowledgement == Acknowledgement(stream.key_id, 1, 0, 0)
        assert len(logged(engine)) == 4
        (late,) = service.process([sent[1]])
        # Entry 4 is frame 1; entries 1 and 2 are frames 2 and 3: a head of 5 entries covers all of 0 to 3.
        assert late.acknowledgement == Acknowledgement(stream.key_id, 1, 3, 4)
        (last,) = service.process([sent[4]])
        assert last.acknowledgement == Acknowledgement(stream.key_id, 1, 5, 5)
        assert {place for place, flag in flags(engine).items() if flag == Flag.AFTER_GAP} == {(1, 2), (1, 5)}
        assert Flag.UNLINKED not in set(flags(engine).values())

    def test_nothing_is_acknowledged_before_the_first_frame_of_an_epoch(
        self, service: IngestService, stream: Stream
    ) -> None:
        sent = stream.frames(2)
        (outcome,) = service.process([sent[1]])
        assert (outcome.kind, outcome.acknowledgement) == (Kind.LOGGED, None)

    def test_a_hole_longer_than_a_page_is_closed_in_one_go(self, service: IngestService, stream: Stream) -> None:
        sent = [stream.frame(0) for _ in range(repository.FRAMES_A_PAGE + 20)]
        service.process(sent[1:])
        (first,) = service.process(sent[:1])
        count = len(sent)
        assert first.acknowledgement == Acknowledgement(stream.key_id, 1, count - 1, count - 1)

    def test_many_gateways_in_one_group_are_kept_apart(
        self, engine: Engine, service: IngestService, ring: KeyRing
    ) -> None:
        many = [Stream(name=f"gw-{i}") for i in range(8)]
        for one in many:
            ring.put(one.registered())
        sent = [one.frame() for _ in range(4) for one in many]
        outcomes = service.process(sent)
        assert kinds(outcomes) == [Kind.LOGGED] * 32
        for i, one in enumerate(many):
            assert outcomes[i].acknowledgement == Acknowledgement(one.key_id, 1, 3, 24 + i)
        with database.reading(engine) as connection:
            assert len(repository.gateway_list(connection, 1, 100)) == 8


class TestWhatIsOdd:
    def test_a_live_reading_from_the_future_is_flagged_and_logged(
        self, engine: Engine, service: IngestService, stream: Stream
    ) -> None:
        stream.clock = NOW + 86_400
        assert kinds(service.process([stream.frame()])) == [Kind.LOGGED]
        assert flags(engine) == {(1, 0): Flag.ODD_CLOCK}

    def test_recorded_readings_may_be_years_old(
        self, engine: Engine, service: IngestService, ring: KeyRing
    ) -> None:
        old = Stream(mode="recorded", clock=1_514_764_800)
        ring.put(old.registered())
        service.process([old.frame()])
        assert flags(engine) == {(1, 0): Flag(0)}

    def test_a_frame_that_names_another_predecessor_is_flagged_whenever_it_comes(
        self, engine: Engine, service: IngestService, stream: Stream
    ) -> None:
        first = stream.frame()
        stream.previous = b"\x66" * 32
        second, third = stream.frame(), stream.frame()
        service.process([second, third])
        service.process([first])
        assert {place for place, flag in flags(engine).items() if Flag.UNLINKED in flag} == {(1, 1)}

    def test_an_epoch_that_names_the_end_of_the_last_one_is_linked(
        self, engine: Engine, service: IngestService, stream: Stream
    ) -> None:
        sent = stream.frames(2)
        opening = stream.restart()
        sent.append(stream.frame(opening=opening))
        outcomes = service.process(sent)
        assert outcomes[2].acknowledgement == Acknowledgement(stream.key_id, 2, 0, 2)
        opening = stream.restart("crash")
        service.process([stream.frame(opening=opening)])
        assert set(flags(engine).values()) == {Flag(0)}

    def test_an_epoch_that_names_another_end_or_none_is_flagged(
        self, engine: Engine, service: IngestService, stream: Stream
    ) -> None:
        service.process(stream.frames(2))
        opening = stream.restart()
        stream.previous = b"\x66" * 32
        service.process([stream.frame(opening=opening)])
        stream.restart()
        stream.previous = None
        service.process([stream.frame()])
        assert {place for place, flag in flags(engine).items() if Flag.UNLINKED in flag} == {(2, 0), (3, 0)}


class TestEquivocation:
    def test_both_statements_are_kept_and_reported(
        self, engine: Engine, service: IngestService, stream: Stream
    ) -> None:
        liar = stream.again()
        honest, other = stream.frame(), liar.frame(count=2)
        outcomes = service.process([honest, other, other])
        assert kinds(outcomes) == [Kind.LOGGED, Kind.EQUIVOCATION, Kind.DUPLICATE]
        assert kinds(service.process([other, honest])) == [Kind.DUPLICATE] * 2
        assert logged(engine) == [envelope_of(honest), envelope_of(other)]
        with database.reading(engine) as connection:
            (found,) = repository.equivocation_page(connection, 0, 10).equivocations
            (gateway,) = repository.gateway_list(connection, 1, 10)
        assert (found.gateway, found.epoch, found.sequence) == (stream.key_id, 1, 0)
        assert (found.first_index, found.other_index) == (0, 1)
        assert found.first_statement == parse(envelope_of(honest)).statement_id
        assert found.other_statement == parse(envelope_of(other)).statement_id
        assert gateway.equivocations == 1

    def test_a_third_statement_is_kept_too(self, engine: Engine, service: IngestService, stream: Stream) -> None:
        liars = [stream.again(), stream.again(), stream]
        service.process([liar.frame(count=n) for n, liar in enumerate(liars, 1)])
        with database.reading(engine) as connection:
            assert connection.execute(sa.select(sa.func.count()).select_from(equivocations)).scalar_one() == 2


class TestKeys:
    def test_frames_wait_for_their_key_and_are_logged_once_it_is_registered(
        self, engine: Engine, service: IngestService, ring: KeyRing
    ) -> None:
        new = Stream(name="gw-new")
        sent = new.frames(3)
        assert kinds(service.process(sent)) == [Kind.WAITING] * 3
        assert kinds(service.process(sent[:1])) == [Kind.WAITING]
        assert service.retry_waiting() == []
        assert logged(engine) == []
        ring.put(new.registered())
        outcomes = service.retry_waiting()
        assert kinds(outcomes) == [Kind.LOGGED] * 3
        assert outcomes[0].acknowledgement == Acknowledgement(new.key_id, 1, 2, 2)
        assert {outcome.topic for outcome in outcomes} == {new.topic}
        assert service.retry_waiting() == []
        assert logged(engine) == [envelope_of(m) for m in sent]

    def test_a_spoilt_copy_does_not_take_the_place_of_the_real_frame_while_it_waits(
        self, engine: Engine, service: IngestService, ring: KeyRing
    ) -> None:
        new = Stream(name="gw-new")
        real = new.frame()
        spoilt = replace(real, payload=real.payload[:-1] + bytes([real.payload[-1] ^ 1]))
        service.process([spoilt, real])
        ring.put(new.registered())
        assert sorted(kinds(service.retry_waiting())) == [Kind.LOGGED, Kind.QUARANTINED]
        assert logged(engine) == [envelope_of(real)]

    def test_a_retired_key_lets_its_backlog_in_and_nothing_more(
        self, engine: Engine, service: IngestService, stream: Stream, ring: KeyRing
    ) -> None:
        sent = stream.frames(4)
        ring.put(replace(stream.registered(), retired=Retirement(1, 2, MOMENT)))
        outcomes = service.process(sent)
        assert kinds(outcomes) == [*[Kind.LOGGED] * 3, Kind.QUARANTINED]
        assert outcomes[3].reason is Reason.KEY_RETIRED
        stream.restart()
        assert service.process([stream.frame()])[0].reason is Reason.KEY_RETIRED
        assert len(logged(engine)) == 3

    def test_a_compromised_key_is_heard_no_more(
        self, service: IngestService, stream: Stream, ring: KeyRing
    ) -> None:
        ring.put(replace(stream.registered(), compromised=MOMENT))
        assert service.process([stream.frame()])[0].reason is Reason.KEY_COMPROMISED

    def test_a_key_in_another_role_or_for_another_log_is_no_gateways_key(
        self, service: IngestService, stream: Stream, ring: KeyRing
    ) -> None:
        ring.put(replace(stream.registered(), role=Role.ISSUER))
        assert service.process([stream.frame()])[0].reason is Reason.NO_GATEWAY_KEY
        ring.put(replace(stream.registered(), log_id=b"\x44" * 32))
        assert service.process([stream.frame()])[0].reason is Reason.NO_GATEWAY_KEY


class TestGateways:
    def test_the_list_tells_what_is_missing(self, engine: Engine, service: IngestService, stream: Stream) -> None:
        sent = stream.frames(5)
        service.process([sent[0], sent[3]])
        with database.reading(engine) as connection:
            (gateway,) = repository.gateway_list(connection, 1, 10)
        (epoch,) = gateway.epochs
        assert (epoch.contiguous, epoch.highest, epoch.missing) == (0, 3, 2)
        assert (gateway.name, gateway.flagged, gateway.last_seen) == ("gw-1", 1, NOW)

    def test_streams_and_frames_agree(self, engine: Engine, service: IngestService, stream: Stream) -> None:
        service.process(stream.frames(3))
        with database.reading(engine) as connection:
            assert connection.execute(sa.select(gateways.c.key_id)).scalar_one() == stream.key_id
            row = connection.execute(sa.select(streams)).one()
        assert (row.next_sequence, row.frames, row.highest, row.last_id) == (3, 3, 2, stream.previous)


class TestAHeldLog:
    def test_nothing_is_taken_and_what_is_known_is_not_acknowledged_again(
        self, engine: Engine, ring: KeyRing, stream: Stream
    ) -> None:
        hosted = HostedLog(open_test_log(engine), LOG_KEY)
        service = IngestService(engine, hosted, ring, LoggedPlans(), IngestMetrics(CollectorRegistry()))
        known, new = stream.frame(), stream.frame()
        service.process([known])
        hosted.log.hold("it was not compared with the chain yet")
        for message in (known, new):
            with pytest.raises(Unavailable, match="takes nothing"):
                service.process([message])
        assert len(logged(engine)) == 1
        hosted.log.release()
        assert kinds(service.process([known, new])) == [Kind.DUPLICATE, Kind.LOGGED]
