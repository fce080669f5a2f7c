"""While readings stream: kill -9 of each part, and an auditor who looks. Each reading taken is in the log once."""

from __future__ import annotations

import csv
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from backend.demo.cast import FIRST_DAY, MAIN, NOTICE, STEEL, Period
from backend.demo.front_door import FrontDoor
from backend.demo.narrator import Narrator
from backend.demo.play import make_api_key
from backend.demo.stage import Options, Stage
from backend.demo.story import Story
from backend.embedded.errors import PartMissing
from backend.embedded.node import find_anvil
from backend.embedded.process import ChildProcess
from leafproof import clock, frame
from leafproof.client.chain_reader import read_chain
from leafproof.client.log_server import logs_of
from leafproof.client.rpc import Rpc
from leafproof.envelope import parse
from leafproof.errors import LeafproofError
from leafproof.replay.replay import replay
from leafproof.replay.report import ReplayReport
from leafproof.trust import Trust
from tests.support.require import need
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
READINGS, SPEED, FRAME = 320, 40, 8  # in one stream; a second; a frame
KILLS = 2
_SOURCE = """\
[frame]
readings = {frame}
seconds = 1

[[source]]
kind = "csv"
name = {name}
file = {file}
time_column = "time"
time_format = "%Y-%m-%dT%H:%M"
zone = {zone}
interval = 900
times = "end"
speed = {speed}
[[source.points]]
point = {point}
column = "kwh"
unit = "kWh"
"""


@dataclass
class Plant:
    """A stage with one gateway, and all that this gateway ever had to read: (Unix seconds, kWh)."""

    stage: Stage
    api_key: str
    taken: list[tuple[int, Decimal]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.stage.folder / STEEL.gateway

    def stream(self, name: str) -> ChildProcess:
        """A new recorded file behind the last one, and the gateway that reads it."""
        first = datetime.combine(FIRST_DAY, datetime.min.time()) + timedelta(minutes=15 * (len(self.taken) + 1))
        zone, chance = clock.zone(STEEL.zone), random.Random(name)
        file = self.stage.folder / f"{name}.csv"
        with file.open("w", newline="") as text:
            rows = csv.writer(text)
            rows.writerow(["time", "kwh"])
            for number in range(READINGS):
                at, value = first + timedelta(minutes=15 * number), Decimal(chance.randrange(10_000)) / 100
                rows.writerow([at.isoformat(timespec="minutes"), value])
                self.taken.append((int(at.replace(tzinfo=zone).timestamp()), value))
        config = self.folder / "gateway.toml"
        head = config.read_text().partition("[frame]")[0]
        told = {"frame": FRAME, "speed": SPEED, "name": f'"{name}"', "file": f'"{file}"'}
        config.write_text(head + _SOURCE.format(**told, zone=f'"{STEEL.zone}"', point=f'"{MAIN}"'))
        return self.gateway()

    def gateway(self) -> ChildProcess:
        started = self.stage.gateway(self.folder)
        started.start()
        return started

    def logged(self) -> list[tuple[int, Decimal]]:
        """Every reading in the log as often as it stands there, in Wh as frames have it, sorted."""
        (log,) = logs_of(self.stage.url, self.api_key)
        found = []
        for entry in log.entries():
            assert entry is not None, log.faults()
            if parse(entry.envelope).header.frame is None:
                continue
            assert entry.body is not None
            for series in frame.decode_body(entry.body).series:
                found += zip(series.times, (Decimal(n) for n in series.numbers), strict=True)
        return sorted(found)

    def expected(self) -> list[tuple[int, Decimal]]:
        return sorted((at, value * 1000) for at, value in self.taken)

    def size(self) -> int:
        """Entries in the log, as far as the backend answers."""
        try:
            return int(httpx.get(self.stage.url + "/v1/logs", timeout=5).json()["logs"][0]["size"])
        except (httpx.HTTPError, ValueError, KeyError):
            return -1

    def replayed(self) -> ReplayReport:
        trust = Trust.decode(self.stage.trust_file.read_bytes())
        with Rpc(self.stage.node.url) as rpc:
            chain = read_chain(rpc, trust)
        (log,) = logs_of(self.stage.url, self.api_key)
        return replay(log, trust, chain)

    def is_whole(self) -> bool:
        """Clean, and anchored to its last entry."""
        try:
            report = self.replayed()
        except LeafproofError:
            return False  # the node is coming back
        return report.clean and report.unanchored == 0


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Enrolled and serving."""
    try:
        find_anvil()
    except PartMissing as error:
        need(False, error.message)
    options = Options(tmp_path_factory.mktemp("plant"), 5, None, "127.0.0.1", None, None)
    with Stage(options, NOTICE) as stage:
        stage.start_parts()
        stage.deploy()
        stage.establish()
        stage.serve()
        stage.watch()
        api_key = make_api_key(stage)
        door = FrontDoor(stage.url, api_key)
        try:
            Story(stage, door, Period(5), Narrator(to_stderr=True)).enrol()
        finally:
            door.close()
        yield Plant(stage, api_key)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def kill_backend(plant: Plant, chance: random.Random) -> None:
    kill(plant.stage.backend.pid)
    time.sleep(chance.random())
    plant.stage.backend.stop()
    plant.stage.serve()


def kill_broker(plant: Plant, _: random.Random) -> None:
    """And all that it remembers: sessions, queues, the retained beacon."""
    restarts = plant.stage.broker.restarts
    kill(plant.stage.broker.pid)
    for memory in plant.stage.broker.folder.rglob("mosquitto.db*"):
        memory.unlink()
    eventually(lambda: plant.stage.broker.restarts > restarts and plant.stage.broker.alive, "the broker is back")


def kill_node(plant: Plant, _: random.Random) -> None:
    restarts = plant.stage.node.restarts
    kill(plant.stage.node.pid)
    eventually(lambda: plant.stage.node.restarts > restarts and plant.stage.node.alive, "the node is back")


def wait_for_frames(plant: Plant, gateway: ChildProcess, before: int) -> None:
    """Until some more are in the log; or the gateway has nothing left to send."""
    eventually(lambda: plant.size() > before + 2 or not gateway.running, "frames are logged", 120)


KILLERS: dict[str, Callable[[Plant, random.Random], None]] = {
    "broker": kill_broker,
    "node": kill_node,
    "backend": kill_backend,
}


@pytest.mark.parametrize("victim", ["gateway", *KILLERS])
def test_a_killed_part_loses_no_reading_and_doubles_none(plant: Plant, victim: str) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    gateway = plant.stream(victim)
    try:
        for number in range(KILLS):
            before = plant.size()
            wait_for_frames(plant, gateway, before)
            time.sleep(chance.random())
            if number == 0:
                assert gateway.running, f"the stream was over too soon{gateway.log_tail()}"
                assert len(plant.logged()) < len(plant.taken)
            if victim == "gateway" and gateway.running:
                kill(gateway.pid)
                gateway.stop()
                gateway = plant.gateway()
            elif victim != "gateway":
                KILLERS[victim](plant, chance)
        eventually(lambda: not gateway.running, "everything is acknowledged", 180)
    finally:
        gateway.stop()
    assert plant.logged() == plant.expected()
    eventually(plant.is_whole, "the log is anchored to its end, and replay is clean", 120)
