"""Several ingest processes on one PostgreSQL and one mosquitto: whoever dies, is stopped or comes back, the logs hold
each frame once and in its order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from backend import database
from backend.embedded.broker import BrokerKind, EmbeddedBroker, find_mosquitto
from backend.ingest import repository
from backend.ingest.schemas import Message
from backend.leases.tables import leases
from backend.log.fsck import fsck
from backend.log.service import stored_logs
from leafproof.frame import decode_message
from leafproof.notice import read_acknowledgement
from tests.support.ingest_process import IngestProcess, ref_of
from tests.support.mqtt import MqttClient
from tests.support.require import need
from tests.support.storage import LOG_KEY
from tests.support.stream import Stream
from tests.support.waiting import eventually

PARTITIONS = 4


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    need(find_mosquitto() is not None, "mosquitto is not installed")
    with EmbeddedBroker(tmp_path / "broker", kind=BrokerKind.MOSQUITTO) as started:
        yield started


class Plant:
    """A gateway in each partition; the broker keeps for the logs what it took from them."""

    def __init__(self, engine: Engine, broker: EmbeddedBroker) -> None:
        self.engine, self.broker = engine, broker
        self.streams = [
            Stream(name=f"gw-{n}", ref=ref_of(n), partition=n, mode="recorded") for n in range(PARTITIONS)
        ]
        self.sent: list[list[Message]] = [[] for _ in self.streams]
        self.acknowledged = [-1] * PARTITIONS
        self._read = 0

    def start(self) -> IngestProcess:
        keys = [stream.registered() for stream in self.streams]
        return IngestProcess(self.engine, self.broker.port, keys, PARTITIONS)

    def publish(self, client: MqttClient, frames: int) -> None:
        for stream, sent in zip(self.streams, self.sent, strict=True):
            sent.extend(stream.frames(frames))
        for number in range(frames, 0, -1):
            for sent in self.sent:
                client.paho.publish(sent[-number].topic, sent[-number].payload, qos=1)

    def read(self, client: MqttClient) -> list[int]:
        """The highest acknowledged sequence of each partition's gateway."""
        fresh = client.received[self._read :]
        self._read += len(fresh)
        for topic, payload in fresh:
            number = int(topic.split("/")[2])
            said = read_acknowledgement(payload, LOG_KEY.public, ref_of(number))
            self.acknowledged[number] = max(self.acknowledged[number], said.sequence)
        return self.acknowledged

    def goes_on(self, client: MqttClient) -> None:
        """Wait until there is more from every partition."""
        reached = self.read(client)[:]
        more = lambda: all(now > then for now, then in zip(self.read(client), reached, strict=True))  # noqa: E731
        eventually(more, "more frames of every partition")

    def all_acknowledged(self, client: MqttClient) -> bool:
        return self.read(client) == [stream.sequence - 1 for stream in self.streams]

    def check(self) -> None:
        """Compare with what was published: nothing lost, nothing doubled, nothing out of order."""
        with database.reading(self.engine) as connection:
            logs = stored_logs(connection)
            for log, sent in zip(sorted(logs, key=lambda one: one.partition), self.sent, strict=True):
                assert [entry.envelope for entry in log.iterate(connection)] == [
                    decode_message(message.payload)[0] for message in sent
                ]
            for gateway in repository.gateway_list(connection, 1, 10):
                assert (gateway.flagged, gateway.equivocations, gateway.epochs[0].missing) == (0, 0, 0)
        assert list(fsck(self.engine, logs)) == []


def holders(engine: Engine) -> list[tuple[str, int]]:
    """Holder and token of each partition."""
    with database.reading(engine) as connection:
        query = sa.select(leases.c.holder, leases.c.token).where(leases.c.kind == "ingest")
        return [(holder or "", token) for holder, token in connection.execute(query.order_by(leases.c.name))]


def pid(holder: str) -> int:
    return int(holder.split("/")[2])


def shares(engine: Engine) -> list[int]:
    """How many partitions each process holds."""
    by = [holder for holder, _ in holders(engine)]
    return sorted(by.count(one) for one in set(by) - {""})


@contextmanager
def sending(plant: Plant, client: MqttClient) -> Iterator[None]:
    """Frames flow while the block runs, however long that is."""
    stop = threading.Event()

    def flow() -> None:
        while not stop.wait(0.05):
            plant.publish(client, 2)

    thread = threading.Thread(target=flow)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def two(plant: Plant) -> Iterator[tuple[IngestProcess, IngestProcess]]:
    first = plant.start()
    second = plant.start()
    try:
        eventually(lambda: shares(plant.engine) == [2, 2], "two have two partitions each")
        yield first, second
    finally:
        first.kill()
        second.kill()


@pytest.fixture
def plant(postgres_engine: Engine, own_broker: EmbeddedBroker) -> Plant:
    return Plant(postgres_engine, own_broker)


@pytest.fixture
def gateways(own_broker: EmbeddedBroker) -> Iterator[MqttClient]:
    with MqttClient(own_broker.host, own_broker.port, "gateways") as client:
        client.subscribe("leafproof/v1/+/+/+/+/ack")
        yield client


def test_two_share_the_partitions_and_hand_over_what_came_too_early_for_the_second(
    plant: Plant, gateways: MqttClient
) -> None:
    first = plant.start()
    try:
        with sending(plant, gateways):
            eventually(lambda: min(plant.read(gateways)) > 5, "one alone takes all partitions")
            assert shares(plant.engine) == [PARTITIONS]
            second = plant.start()
            eventually(lambda: shares(plant.engine) == [2, 2], "two have two partitions each")
            plant.goes_on(gateways)
        eventually(lambda: plant.all_acknowledged(gateways), "the end")
        second.kill()
    finally:
        first.kill()
    plant.check()


def test_one_killed_hands_its_partitions_on_and_nothing_is_lost_or_doubled(
    plant: Plant, gateways: MqttClient
) -> None:
    with two(plant) as (first, second):
        with sending(plant, gateways):
            eventually(lambda: min(plant.read(gateways)) > 20, "frames of all partitions")
            before = holders(plant.engine)
            first.kill()
            eventually(lambda: shares(plant.engine) == [PARTITIONS], "the other has all")
            plant.goes_on(gateways)
        eventually(lambda: plant.all_acknowledged(gateways), "the end")
        for (old, token), (new, newer) in zip(before, holders(plant.engine), strict=True):
            assert pid(new) == second.process.pid
            assert newer == token + (pid(old) != second.process.pid)
    plant.check()


def test_one_stopped_past_its_lease_and_waked_again_commits_nothing_and_takes_no_session_back(
    plant: Plant, gateways: MqttClient
) -> None:
    with two(plant) as (first, _):
        with sending(plant, gateways):
            eventually(lambda: min(plant.read(gateways)) > 20, "frames of all partitions")
            first.send(signal.SIGSTOP)
            eventually(lambda: shares(plant.engine) == [PARTITIONS], "the other has all")
            plant.goes_on(gateways)
            taken = holders(plant.engine)
            first.send(signal.SIGCONT)
            eventually(lambda: shares(plant.engine) == [2, 2], "two have two partitions each again")
            # What came back begins anew, with new tokens: it does not go on where it was stopped.
            for (old, token), (new, newer) in zip(taken, holders(plant.engine), strict=True):
                assert newer == token + (new != old)
            plant.goes_on(gateways)
        eventually(lambda: plant.all_acknowledged(gateways), "the end")
    plant.check()
