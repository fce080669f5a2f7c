"""Everything of a server is destroyed, and comes back from its backup: real processes, both databases."""

from __future__ import annotations

import os
import shutil
import signal
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from backend.demo import stage as stages
from backend.demo.cast import NOTICE, Period
from backend.demo.front_door import FrontDoor
from backend.demo.narrator import Narrator
from backend.demo.play import make_api_key
from backend.demo.stage import Options, Stage
from backend.demo.story import Story
from backend.embedded.errors import PartFailed, PartMissing
from backend.embedded.node import find_anvil
from tests.e2e.test_killed import Plant
from tests.support.proxy import FaultProxy
from tests.support.require import need
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@dataclass
class Server(Plant):
    """A plant whose server reaches the chain through `chain`; gateways and auditors do so directly."""

    chain: FaultProxy = field(kw_only=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def plant(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    """Enrolled and serving, with its database on either engine."""
    try:
        find_anvil()
    except PartMissing as error:
        need(False, error.message)
    if request.param == "postgresql":
        monkeypatch.setenv("LEAFPROOF_DATABASE_URL", request.getfixturevalue("postgres_url"))
    options = Options(tmp_path_factory.mktemp("plant"), 5, None, "127.0.0.1", None, None)
    with Stage(options, NOTICE) as stage, ExitStack() as stack:
        stage.start_parts()
        chain = stack.enter_context(FaultProxy(("127.0.0.1", int(stage.node.url.rpartition(":")[2]))))
        monkeypatch.setenv("LEAFPROOF_RPC_URL", f"http://{chain.host}:{chain.port}")
        stage.deploy()
        stage.establish()
        stage.serve()
        api_key = make_api_key(stage)
        door = FrontDoor(stage.url, api_key)
        try:
            Story(stage, door, Period(5), Narrator(to_stderr=True)).enrol()
        finally:
            door.close()
        yield Server(stage, api_key, chain=chain)
        stage.backend.stop()  # before the proxy


def finish(plant: Server, name: str) -> None:
    """A stream to its end: the log has acknowledged everything."""
    gateway = plant.stream(name)
    try:
        eventually(lambda: not gateway.running, "everything is acknowledged", 180)
    finally:
        gateway.stop()


def destroy(plant: Server, request: pytest.FixtureRequest) -> None:
    """kill -9, and nothing of the server is left: database, keys, what it remembered."""
    os.kill(plant.stage.backend.pid, signal.SIGKILL)
    plant.stage.backend.stop()
    shutil.rmtree(plant.stage.folder / "backend")
    shutil.rmtree(plant.stage.folder / "keys")
    if "LEAFPROOF_DATABASE_URL" in os.environ:
        cluster = request.getfixturevalue("postgres_cluster")
        cluster.drop_database(os.environ["LEAFPROOF_DATABASE_URL"])
        os.environ["LEAFPROOF_DATABASE_URL"] = cluster.new_database()


def witness(plant: Server) -> dict[str, int]:
    config = str(plant.folder / "gateway.toml")
    return dict(plant.stage.command_json("gateway", "witness", "--json", "--config", config, codes=(0, 1)))


def alarmed(plant: Server) -> bool:
    """Whether the gateway says that the log did not hold what it had acknowledged."""
    config = str(plant.folder / "gateway.toml")
    said = plant.stage.command_json("gateway", "status", "--json", "--config", config)
    return bool(said["inclusion"]["missing"])


def healed(plant: Server) -> bool:
    """One turn of the gateway: it looks for its frames, and sends what the log must have again."""
    if plant.logged() == plant.expected():
        return True
    witness(plant)
    gateway = plant.gateway()
    try:
        eventually(lambda: not gateway.running, "everything is acknowledged", 180)
    finally:
        gateway.stop()
    return False


def anchored(plant: Server) -> int:
    (log,) = httpx.get(plant.stage.url + "/v1/chain", timeout=10).json()["logs"]
    return int(log["size"] - log["waiting"])


class TestEverythingDestroyed:
    def test_what_was_not_anchored_comes_back_from_the_gateways(
        self, plant: Server, request: pytest.FixtureRequest, tmp_path: Path
    ) -> None:
        stage, file = plant.stage, tmp_path / "server.backup"
        finish(plant, "before")
        eventually(lambda: anchored(plant) == plant.size(), "all is anchored", 60)
        said = stage.command("backend", "backup", str(file), "--with-keys")
        assert f"{plant.size()} entries" in said
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        held = plant.size()
        plant.chain.cut(refuse=True)  # nothing of what follows is anchored
        finish(plant, "lost")
        assert plant.size() > held
        destroy(plant, request)
        plant.chain.heal()
        said = stage.command("backend", "restore", str(file))
        assert f"{held} entries; the chain holds a head of {held} of them" in said
        stage.serve()
        stage.watch()  # only now: a witness of what is lost would refuse what follows, and rightly
        assert plant.logged() != plant.expected()  # the log has lost what it had acknowledged
        finish(plant, "after")
        eventually(lambda: healed(plant), "what is missing is seen, and sent again", 180)
        eventually(lambda: not witness(plant)["waiting"], "all is in the head on the chain", 60)
        eventually(plant.is_whole, "the log is anchored to its end, and replay is clean", 120)
        assert stage.command("log", "fsck").strip() == "The stored logs are whole."
        assert alarmed(plant)  # what happened has happened

    def test_a_backup_older_than_the_chain_is_said_to_be_and_nothing_is_acknowledged(
        self, plant: Server, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stage, file = plant.stage, tmp_path / "server.backup"
        stage.command("backend", "backup", str(file), "--with-keys")
        held = plant.size()
        finish(plant, "since")
        eventually(lambda: anchored(plant) == plant.size(), "all is anchored", 60)
        top = plant.size()
        destroy(plant, request)
        said = stage.command("backend", "restore", str(file), codes=(1,))
        assert f"{held} entries; OLDER THAN THE CHAIN, which holds a head of {top}" in said
        monkeypatch.setattr(stages, "READY_SECONDS", 10.0)
        with pytest.raises(PartFailed, match="was not ready"):
            stage.serve()
        ready = httpx.get(stage.url + "/readyz", timeout=10).json()["checks"]
        assert f"the chain holds a head of {top} entries, the log has {held}" in ready["anchor"]
        gateway = plant.stream("refused")
        try:
            eventually(
                lambda: "takes nothing" in str(httpx.get(stage.url + "/readyz").json()["checks"]), "it says so"
            )
            assert gateway.running
            assert plant.size() == held
        finally:
            gateway.stop()
