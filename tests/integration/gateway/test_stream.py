"""A real gateway, a real broker, and a log that a test plays: whatever happens, each reading arrives once."""

from __future__ import annotations

import os
import random
import resource
import signal
import time
from decimal import Decimal
from pathlib import Path

import pytest

from backend.embedded.broker import BrokerKind, EmbeddedBroker
from leafproof import notice
from leafproof.frame import place_of
from leafproof.keys import SigningKey
from tests.integration.gateway.conftest import Start
from tests.integration.gateway.plant import Plant, end
from tests.integration.gateway.played_log import LOG
from tests.support.proxy import FaultProxy
from tests.support.require import need, shared
from tests.support.waiting import eventually

STEEL = shared() / "data/steel/Steel_industry_data.csv"


def unacknowledged(plant: Plant) -> int:
    status = plant.status()
    return int(status.get("waiting", 1)) + int(status.get("unacknowledged", 1))


@pytest.mark.parametrize("kind", ["broker", "amqtt_broker"])
def test_a_whole_recorded_year_arrives_once_over_either_protocol(
    kind: str, request: pytest.FixtureRequest, plant: Plant, start: Start
) -> None:
    need(STEEL.exists(), "the steel data is not at hand")
    broker: EmbeddedBroker = request.getfixturevalue(kind)
    source = f"""
[[source]]
kind = "csv"
name = "steel"
file = "{STEEL}"
encoding = "utf-8-sig"
time_column = "date"
time_format = "%d/%m/%Y %H:%M"
zone = "Asia/Seoul"
interval = 900
times = "end"
midnight = "old-date"
[[source.points]]
point = "main"
column = "Usage_kWh"
unit = "kWh"
"""
    plant.configure(broker.port, source)
    with plant.log(broker.port) as log:
        assert start("--until-done").wait(timeout=120) == 0, plant.said()
        log.check_chain()
        assert len(log.readings) == 35_040
        assert sum((r.value for r in log.readings), Decimal(0)) == Decimal("959636.71") * 1000
        assert {place_of(e.envelope).mode for e in log.entries} == {"recorded"}
        assert len(log.entries) == 1 + -(-35_040 // 512)
        assert ("MQTT 3.1.1" in plant.said()) == (kind == "amqtt_broker")
        assert log.statuses == ['{"state": "online"}', '{"state": "offline"}']


def test_a_gateway_killed_at_random_moments_loses_and_doubles_nothing(
    broker: EmbeddedBroker, plant: Plant, start: Start
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    count, kills = 8_000, 12
    plant.configure(broker.port, plant.readings(count, speed="1500.0"), frame="readings = 7\nseconds = 0.05")
    with plant.log(broker.port) as log:
        for number in range(kills):
            process = start()
            eventually(lambda n=number: plant.said().count('"event": "epoch"') > n, "an epoch")
            time.sleep(chance.uniform(0, 0.35))
            assert end(process, signal.SIGKILL) == -signal.SIGKILL
        assert 0 < len(log.numbers) < count
        assert start("--until-done").wait(timeout=120) == 0, plant.said()
        log.check_chain()
        assert log.numbers == list(range(count))
        assert log.openings == ["first start"] + ["crash"] * kills
        assert '{"state": "offline"}' in log.statuses


def test_a_clean_stop_is_told_by_the_next_epoch(broker: EmbeddedBroker, plant: Plant, start: Start) -> None:
    plant.configure(broker.port, plant.readings(10_000, speed="200.0"), frame="readings = 20")
    with plant.log(broker.port) as log:
        process = start()
        eventually(lambda: len(log.numbers) > 40, "some readings")
        assert end(process, signal.SIGTERM) == 0
        process = start()
        eventually(lambda: log.openings == ["first start", "restart"], "a restart")
        assert end(process, signal.SIGINT) == 0
        log.check_chain()
        assert log.numbers == list(range(len(log.numbers)))
        opening = next(e.content.opening for e in reversed(log.entries) if e.content.opening)
        assert opening.stopped_at is not None
        assert opening.stopped_at <= opening.started_at


def test_what_the_log_did_not_acknowledge_is_sent_again(
    broker: EmbeddedBroker, plant: Plant, start: Start
) -> None:
    plant.configure(broker.port, plant.readings(300), frame="readings = 10", broker="resend = 0.5")
    with plant.log(broker.port) as log:
        log.muted = True
        process = start("--until-done")
        eventually(lambda: log.received > 62, "frames that come again")
        assert process.poll() is None
        assert unacknowledged(plant) == 31
        log.muted = False
        assert process.wait(timeout=60) == 0
        log.check_chain()
        assert log.numbers == list(range(300))
        assert unacknowledged(plant) == 0


def test_a_broker_that_lost_its_memory_gets_everything_again(tmp_path: Path, plant: Plant, start: Start) -> None:
    with EmbeddedBroker(tmp_path / "broker", kind=BrokerKind.AMQTT) as broker:
        plant.configure(broker.port, plant.readings(300), frame="readings = 10")
        process = start("--until-done")
        # Nobody listens yet: the broker takes the frames, and forgets them with its life.
        eventually(lambda: plant.status()["broker"].get("published") == 31, "the broker has it all")
        eventually(lambda: plant.status()["broker"].get("in_flight") == 0, "the broker has confirmed it all")
        first = broker.pid
        os.kill(first, signal.SIGKILL)
        eventually(lambda: broker.alive and broker.pid != first, "the broker is back")
        with plant.log(broker.port) as log:
            assert process.wait(timeout=120) == 0, plant.said()
            log.check_chain()
            assert log.numbers == list(range(300))


def test_cut_and_silent_connections_lose_nothing(broker: EmbeddedBroker, plant: Plant, start: Start) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    with FaultProxy(("127.0.0.1", broker.port)) as proxy, plant.log(broker.port) as log:
        plant.configure(
            proxy.port,
            plant.readings(6_000, speed="1000.0"),
            frame="readings = 7\nseconds = 0.05",
            broker="resend = 1.0\nin_flight = 4",
        )
        process = start("--until-done")
        eventually(lambda: len(log.numbers) > 0, "the first readings")
        for _ in range(4):
            time.sleep(chance.uniform(0, 0.6))
            proxy.cut()
            proxy.delay(chance.uniform(0, 0.02))
        proxy.blackhole()
        time.sleep(1.5)
        proxy.heal()
        assert process.wait(timeout=120) == 0, plant.said()
        log.check_chain()
        assert log.numbers == list(range(6_000))


def test_a_full_disk_stops_the_source_and_nothing_else(broker: EmbeddedBroker, plant: Plant, start: Start) -> None:
    plant.configure(broker.port, plant.readings(20_000, speed="4000.0"), frame="readings = 50")
    with plant.log(broker.port) as log:
        process = start("--until-done")
        eventually(lambda: len(log.numbers) > 0, "the first readings")
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        # No file of the gateway may grow beyond this: to it that is a full disk.
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (600_000, hard))
        eventually(lambda: plant.status()["disk_full"], "the status says that the disk is full")
        assert process.poll() is None
        assert len(log.numbers) < 20_000
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert process.wait(timeout=120) == 0, plant.said()
        assert "there is room again" in plant.said()
        assert not plant.status()["disk_full"]
        log.check_chain()
        assert log.numbers == list(range(20_000))


def test_only_this_logs_word_about_this_gateways_frames_counts(
    broker: EmbeddedBroker, plant: Plant, start: Start
) -> None:
    plant.configure(broker.port, plant.readings(50), frame="readings = 10")
    with plant.log(broker.port) as log:
        log.muted = True
        process = start("--until-done")
        eventually(lambda: len(log.entries) == 6, "all frames")
        epoch = log.entries[0].place[0]
        right = notice.Acknowledgement(plant.key.public.key_id, epoch, 5, 5)
        stranger = SigningKey.generate()
        others = notice.Acknowledgement(stranger.public.key_id, epoch, 5, 5)
        future = notice.Acknowledgement(plant.key.public.key_id, epoch, 6, 6)
        good = notice.sign_acknowledgement(log.key, LOG, right)
        bad = [
            b"",
            b"garbage",
            good[:-1],
            good + b"\x00",
            good + bytes(5000),
            notice.sign_acknowledgement(stranger, LOG, right),
            notice.sign_acknowledgement(log.key, LOG, others),
            notice.sign_acknowledgement(log.key, LOG, future),
            notice.sign_beacon(log.key, LOG, notice.Beacon(1, bytes(32), 1, 1, bytes(32))),
        ]
        for payload in bad:
            log.say(payload)
        eventually(lambda: plant.status()["broker"].get("bad_acknowledgements") == len(bad), "all are counted")
        assert unacknowledged(plant) == 6
        assert process.poll() is None
        log.say(good)
        assert process.wait(timeout=60) == 0


def test_frames_are_held_till_an_anchored_head_covers_them(
    broker: EmbeddedBroker, plant: Plant, start: Start
) -> None:
    plant.configure(broker.port, plant.readings(50), frame="readings = 10", gateway="heartbeat = 0.5")
    with plant.log(broker.port) as log:
        process = start()
        eventually(lambda: plant.status().get("held_till_anchored", 0) > 5, "frames are held")
        assert place_of(log.entries[-1].envelope).beacon is None
        anchored = len(log.entries)
        log.anchor()
        eventually(lambda: plant.status()["beacon"] is not None, "the beacon came")
        assert plant.status()["held_till_anchored"] <= len(log.entries) - anchored + 1  # one may be on its way
        eventually(lambda: place_of(log.entries[-1].envelope).beacon is not None, "a frame names the beacon")
        eventually(lambda: sum(bool(e.content.heartbeats) for e in list(log.entries)) > 3, "heartbeats")
        assert log.numbers == list(range(50))
        assert end(process) == 0
        log.check_chain()


def test_a_damaged_outbox_is_set_aside_and_a_file_is_not_read_twice(
    broker: EmbeddedBroker, plant: Plant, start: Start
) -> None:
    plant.configure(broker.port, plant.readings(50))
    with plant.log(broker.port) as log:
        assert start("--until-done").wait(timeout=60) == 0
        (plant.folder / "data/outbox.sqlite").write_bytes(b"rotten" * 5000)
        assert start("--until-done").wait(timeout=60) == 1
        assert "set aside" in plant.said()
        assert plant.status()["damaged_files"]
        assert log.numbers == list(range(50))
        # The operator says where to go on, and takes the damaged file out of the way.
        for path in (plant.folder / "data").glob("outbox.damaged-*"):
            path.rename(plant.folder / path.name)
        plant.configure(broker.port, plant.readings(60, **{"from": "2026-01-01T00:50:00"}))
        assert start("--until-done").wait(timeout=60) == 0, plant.said()
        assert log.numbers == list(range(60))
        assert log.openings[:2] == ["first start", "restored"]
        assert not log.equivocations
