"""Ingest behind a real broker: nothing is lost and nothing is double, whoever dies and whatever is cut."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, event

from backend import database
from backend.embedded.broker import BrokerKind, EmbeddedBroker, find_mosquitto
from backend.ingest import quarantine, repository
from backend.ingest.worker import IngestWorker
from backend.log.tables import entries
from leafproof.chain.view import Head, Moment
from leafproof.frame import decode_message
from leafproof.notice import Acknowledgement, Beacon, read_acknowledgement, read_beacon
from tests.support.ingest_process import Heads, IngestProcess, new_worker
from tests.support.mqtt import MqttClient
from tests.support.proxy import FaultProxy
from tests.support.require import need
from tests.support.storage import LOG_KEY, REF
from tests.support.stream import KeyRing, Stream
from tests.support.waiting import eventually


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """A mosquitto of this test alone: sessions and retained messages of other tests are not in it."""
    need(find_mosquitto() is not None, "mosquitto is not installed")
    with EmbeddedBroker(tmp_path / "broker", kind=BrokerKind.MOSQUITTO) as started:
        yield started


@contextmanager
def running(worker: IngestWorker) -> Iterator[IngestWorker]:
    worker.start()
    try:
        eventually(lambda: worker.ready() is None, "ingest is ready")
        yield worker
    finally:
        worker.stop()


def envelopes(engine: Engine) -> list[bytes]:
    with database.reading(engine) as connection:
        return list(connection.execute(sa.select(entries.c.envelope).order_by(entries.c.index)).scalars())


def acknowledgements(client: MqttClient) -> list[Acknowledgement]:
    return [
        read_acknowledgement(payload, LOG_KEY.public, REF)
        for topic, payload in list(client.received)
        if topic.endswith("/ack")
    ]


def ack_of(stream: Stream) -> str:
    return stream.topic.removesuffix("frames") + "ack"


def test_frames_are_logged_and_acknowledged_with_the_logs_signature(
    engine: Engine, own_broker: EmbeddedBroker, ring: KeyRing, stream: Stream
) -> None:
    registry = CollectorRegistry()
    with (
        MqttClient(own_broker.host, own_broker.port, "gw-1") as gateway,
        running(new_worker(engine, own_broker.port, ring, registry=registry)),
    ):
        gateway.subscribe(ack_of(stream))
        sent = stream.frames(40)
        for message in sent:
            gateway.paho.publish(message.topic, message.payload, qos=1)
        eventually(lambda: Acknowledgement(stream.key_id, 1, 39, 39) in acknowledgements(gateway), "the last one")
        told = [a.sequence for a in acknowledgements(gateway)]
        assert told == sorted(told)
    assert envelopes(engine) == [decode_message(m.payload)[0] for m in sent]
    assert registry.get_sample_value("leafproof_ingest_messages_total", {"outcome": "logged"}) == 40
    assert registry.get_sample_value("leafproof_ingest_readings_total") == 120


def test_a_flood_of_garbage_does_not_keep_an_honest_frame_out(
    engine: Engine, own_broker: EmbeddedBroker, ring: KeyRing, stream: Stream
) -> None:
    chance, registry = random.Random(7), CollectorRegistry()
    with (
        MqttClient(own_broker.host, own_broker.port, "gw-1") as gateway,
        MqttClient(own_broker.host, own_broker.port, "flooder") as flooder,
        running(new_worker(engine, own_broker.port, ring, registry=registry)),
    ):
        gateway.subscribe(ack_of(stream))
        topics = [stream.topic, stream.topic.replace("gw-1", "gw-9"), "leafproof/v1/0/1/2/3/frames"]
        sent = stream.frames(20)
        for message in sent:
            for _ in range(25):
                flooder.paho.publish(
                    chance.choice(topics), chance.randbytes(chance.choice([0, 9, 900, 40_000])), qos=1
                )
            gateway.paho.publish(message.topic, message.payload, qos=1)
        eventually(lambda: Acknowledgement(stream.key_id, 1, 19, 19) in acknowledgements(gateway), "the last one")
        eventually(lambda: _quarantined(engine) == 500, "all garbage counted")
        counted = ("leafproof_ingest_messages_total", {"outcome": "quarantined"})
        eventually(lambda: registry.get_sample_value(*counted) == 500, "and told")
    with database.reading(engine) as connection:
        shown = quarantine.page(connection, None, 200).messages
    assert 0 < len(shown) < 500 and {one.topic for one in shown} == set(topics)
    assert envelopes(engine) == [decode_message(m.payload)[0] for m in sent]


def _quarantined(engine: Engine) -> int:
    with database.reading(engine) as connection:
        return sum(count.messages for count in quarantine.counts(connection))


def test_killed_again_and_again_in_mid_stream_it_loses_nothing_and_doubles_nothing(
    engine: Engine, own_broker: EmbeddedBroker
) -> None:
    chance, stream = random.Random(20261123), Stream(mode="recorded")
    process = IngestProcess(engine, own_broker.port, [stream.registered()])
    try:
        with MqttClient(own_broker.host, own_broker.port, "gw-1") as gateway:
            gateway.subscribe(ack_of(stream))
            for _ in range(6):
                burst = chance.randint(40, 120)
                for message in stream.frames(burst):
                    gateway.paho.publish(message.topic, message.payload, qos=1)
                wanted = stream.sequence - chance.randint(1, burst)
                eventually(lambda: len(envelopes(engine)) >= wanted, "some of the burst")  # noqa: B023
                process.kill()
                process = IngestProcess(engine, own_broker.port, [stream.registered()])
            last = stream.sequence - 1
            eventually(
                lambda: Acknowledgement(stream.key_id, 1, last, last) in acknowledgements(gateway), "the end"
            )
    finally:
        process.kill()
    with database.reading(engine) as connection:
        (listed,) = repository.gateway_list(connection, 1, 10)
    assert (listed.flagged, listed.equivocations, listed.epochs[0].missing) == (0, 0, 0)
    assert len(envelopes(engine)) == len(set(envelopes(engine))) == last + 1


def test_a_connection_cut_after_the_commit_and_before_the_puback_does_no_harm(
    engine: Engine, own_broker: EmbeddedBroker, ring: KeyRing, stream: Stream
) -> None:
    registry = CollectorRegistry()
    with (
        FaultProxy((own_broker.host, own_broker.port)) as proxy,
        MqttClient(own_broker.host, own_broker.port, "gw-1") as gateway,
        running(new_worker(engine, proxy.port, ring, registry=registry)),
    ):
        cut = threading.Event()

        @event.listens_for(engine, "commit")
        def cut_while_it_commits(connection: sa.Connection) -> None:
            if database.may_write(connection) and not cut.is_set() and holds_frames(connection):
                proxy.blackhole()
                cut.set()

        def holds_frames(connection: sa.Connection) -> bool:  # leases are committed too
            return bool(connection.execute(sa.select(sa.func.count()).select_from(entries)).scalar())

        gateway.subscribe(ack_of(stream))
        sent = stream.frames(10)
        for message in sent:
            gateway.publish(message.topic, message.payload)
        eventually(lambda: cut.is_set() and bool(envelopes(engine)), "a commit")
        assert acknowledgements(gateway) == []
        proxy.heal()
        eventually(
            lambda: Acknowledgement(stream.key_id, 1, 9, 9) in acknowledgements(gateway), "the answer at last"
        )
    assert envelopes(engine) == [decode_message(m.payload)[0] for m in sent]
    assert registry.get_sample_value("leafproof_ingest_messages_total", {"outcome": "duplicate"})


def test_without_room_on_the_disk_nothing_is_acknowledged_and_with_room_it_goes_on(
    own_broker: EmbeddedBroker, ring: KeyRing, stream: Stream, migrated_sqlite: Path, tmp_path: Path
) -> None:
    path = tmp_path / "full.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    engine = database.create(f"sqlite:///{path}")
    pages = [0]

    @event.listens_for(engine, "checkout")
    def limit(connection: sa.engine.interfaces.DBAPIConnection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages[0] or 1_000_000}")

    worker = new_worker(engine, own_broker.port, ring)
    with database.reading(engine) as connection:
        pages[0] = connection.execute(sa.text("PRAGMA page_count")).scalar_one()
    with MqttClient(own_broker.host, own_broker.port, "gw-1") as gateway, running(worker):
        gateway.subscribe(ack_of(stream))
        sent = [stream.frame(count=300) for _ in range(60)]
        for message in sent:
            gateway.paho.publish(message.topic, message.payload, qos=1)
        eventually(lambda: "takes no frames" in (worker.ready() or ""), "a full disk is told")
        held = len(envelopes(engine))  # a first frame may have found room in half-empty pages
        assert held < 60
        assert all(told.sequence < held for told in acknowledgements(gateway))
        pages[0] = 0
        eventually(lambda: Acknowledgement(stream.key_id, 1, 59, 59) in acknowledgements(gateway), "the answer")
        assert worker.ready() is None
    assert envelopes(engine) == [decode_message(m.payload)[0] for m in sent]
    engine.dispose()


def test_the_beacon_is_retained_and_comes_again_when_the_broker_lost_it(
    new_database: Callable[[], Engine], tmp_path: Path, ring: KeyRing
) -> None:
    engine = new_database()
    need(find_mosquitto() is not None, "mosquitto is not installed")
    heads = Heads()
    heads.newest = Head(5, b"\x05" * 32, Moment(100, b"\x0b" * 32, 1_700_000_000))
    expected = Beacon(100, b"\x0b" * 32, 1_700_000_000, 5, b"\x05" * 32)
    with EmbeddedBroker(tmp_path / "one", kind=BrokerKind.MOSQUITTO) as first:
        with FaultProxy((first.host, first.port)) as proxy:
            with running(new_worker(engine, proxy.port, ring, heads)):
                assert _beacon(first, "leafproof/v1/0/beacon") == expected
                with EmbeddedBroker(tmp_path / "two", kind=BrokerKind.MOSQUITTO) as second:
                    proxy._target = (second.host, second.port)
                    proxy.cut()
                    assert _beacon(second, "leafproof/v1/0/beacon") == expected


def _beacon(broker: EmbeddedBroker, topic: str) -> Beacon:
    with MqttClient(broker.host, broker.port, "reader") as reader:
        reader.subscribe(topic)
        return read_beacon(reader.wait_for(1)[0][1], LOG_KEY.public, REF)


def test_a_broker_that_has_only_mqtt_3_serves_as_well(
    new_database: Callable[[], Engine], amqtt_broker: EmbeddedBroker, ring: KeyRing, stream: Stream
) -> None:
    engine = new_database()
    with (
        running(new_worker(engine, amqtt_broker.port, ring)),
        MqttClient(amqtt_broker.host, amqtt_broker.port, "gw-ingest-3", protocol=4) as gateway,
    ):
        gateway.subscribe(ack_of(stream))
        for message in stream.frames(5):
            gateway.publish(message.topic, message.payload)
        eventually(lambda: Acknowledgement(stream.key_id, 1, 4, 4) in acknowledgements(gateway), "the answer")
    assert len(envelopes(engine)) == 5


def test_a_frame_whose_key_is_registered_later_is_acknowledged_then(
    engine: Engine, own_broker: EmbeddedBroker, ring: KeyRing
) -> None:
    new = Stream(name="gw-2")
    with (
        MqttClient(own_broker.host, own_broker.port, "gw-2") as gateway,
        running(new_worker(engine, own_broker.port, ring)),
    ):
        gateway.subscribe(ack_of(new))
        for message in new.frames(3):
            gateway.publish(message.topic, message.payload)
        ring.put(new.registered())
        eventually(lambda: Acknowledgement(new.key_id, 1, 2, 2) in acknowledgements(gateway), "the answer")
    assert len(envelopes(engine)) == 3
