"""A whole plant of real processes in a folder of its own, which faults do their worst to.

    gateway-1, gateway-2 --(proxy each)--> broker <--(proxy)-- backend --(proxy)--> node
                                                                  ^--> witness

Everything can be killed, stopped and started again by name, and each connection cut or delayed in its proxy. The
readings come from a file that each gateway reads at a steady pace, so that what it took is known exactly. A stage
is brought up once and used for many runs, and for all faults that want the same one.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

import httpx

from backend.embedded.accounts import new_mnemonic
from backend.embedded.broker import EmbeddedBroker
from backend.embedded.keeper import RestartPolicy
from backend.embedded.node import EmbeddedNode
from backend.embedded.ports import free_port
from leafproof.client.chain_reader import read_chain
from leafproof.client.rpc import Rpc
from tests.faults.gateway import Gateway
from tests.faults.parts import Part
from tests.faults.sender import Sender
from tests.faults.site import build
from tests.faults.watch import Growth, Promises
from tests.faults.witness import Onlooker
from tests.support.postgres import PostgresCluster, find_postgres
from tests.support.proxy import FaultProxy
from tests.support.waiting import eventually

DISK_MB = 64  # of a small disk: room for many frames beside what a gateway keeps free
DRAIN_SECONDS = 180.0
START_SECONDS = 300.0  # of the backend, before any fault: a machine may be that busy
# Parts are killed again and again, which their keepers would take for a defect.
_UNTIRING = RestartPolicy(restarts=10**9, first_delay=0.05, longest_delay=0.05)


@dataclass(frozen=True)
class Wants:
    """What stage a fault needs. `small_disk`: data of backend and gateways on file systems of `DISK_MB` each, which
    can be filled (root alone may mount them)."""

    database: Literal["sqlite", "postgresql"] = "sqlite"
    gateways: int = 2
    small_disk: bool = False


class Stage:
    """A context manager; see the module. `parts`: backend, witness and gateways by name; node and broker have keepers
    of their own, which start them again when they die."""

    def __init__(self, folder: Path, wants: Wants) -> None:
        self.folder, self.wants = folder, wants
        self._open = ExitStack()
        self.node = EmbeddedNode(folder / "chain", new_mnemonic(), policy=_UNTIRING)
        self.broker = EmbeddedBroker(folder / "broker", policy=_UNTIRING)
        self.proxies: dict[str, FaultProxy] = {}
        self.gateways: list[Gateway] = []
        self.disks: dict[str, Path] = {}  # where the parts keep their data
        self.senders: list[Sender] = []
        self.postgres: PostgresCluster | None = None
        # Of the faults before on this stage: what replay said, and how far the log was examined.
        self.known: set[tuple[str, int | None, str]] = set()
        self.examined = 0

    def __enter__(self) -> Stage:
        try:
            self._bring_up()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def url(self) -> str:
        """Where the backend is."""
        return f"http://127.0.0.1:{self._http_port}"

    def kill(self, name: str) -> None:
        """kill -9; `broker` and `node` come back by themselves, all others stay dead until `start`."""
        if name in ("broker", "node"):
            with contextlib.suppress(ProcessLookupError):
                os.kill((self.broker if name == "broker" else self.node).pid, signal.SIGKILL)
        else:
            self.parts[name].kill()

    def start(self, name: str) -> None:
        """Start a part again that was killed or stopped; returns before it is ready."""
        self.parts[name].start()

    def stop(self, name: str) -> None:
        """End a part politely."""
        self.parts[name].stop()

    def ready(self) -> bool:
        """Whether the backend says that it is."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def flow(self) -> None:
        """Start the gateways that do not run, and wait until the log has something new of each."""
        before = {gateway.name: self.promises.newest(gateway.key_id) for gateway in self.gateways}
        for gateway in self.gateways:
            if not gateway.process.running:
                gateway.begin()
        for gateway in self.gateways:
            eventually(functools.partial(self._heard, gateway, before[gateway.name]), f"{gateway.name} is heard")

    def _heard(self, gateway: Gateway, before: int) -> bool:
        return self.promises.newest(gateway.key_id) > before

    def settle(self) -> None:
        """End the gateways and let each send what it still has; returns when all is acknowledged, or after a while."""
        for gateway in self.gateways:
            if gateway.process.running:
                gateway.process.ask_to_end()
        for gateway in self.gateways:
            gateway.stop()
        for gateway in self.gateways:
            gateway.drain()
        deadline = time.monotonic() + DRAIN_SECONDS
        while any(gateway.draining for gateway in self.gateways) and time.monotonic() < deadline:
            time.sleep(0.05)
        for gateway in self.gateways:
            gateway.stop()

    def anchored(self) -> int:
        """The size of the newest head that the chain holds."""
        with Rpc(self.node.url) as rpc:
            heads = read_chain(rpc, self.site.trust).logs[self.site.ref.log_id].heads
        return heads[-1].size if heads else 0

    def wait_anchored(self, size: int, seconds: float = 60.0) -> None:
        """Until the chain holds a head of at least so many entries."""
        eventually(lambda: self.anchored() >= size, f"an anchored head of {size} entries", seconds)

    def new_sender(self, name: str) -> Sender:
        """A gateway without a process, registered on the chain when this returns; its messages go to the broker by
        the fault's own hand."""
        sender = Sender(self.site.new_stream(name), self.broker.port)
        self.wait_known(sender.stream.key_id)
        self.senders.append(sender)
        return sender

    def sender(self, name: str) -> Sender:
        """The one of this name, made on its first use."""
        found = next((one for one in self.senders if one.stream.name == name), None)
        return found or self.new_sender(name)

    def wait_final(self, transactions: list[str], seconds: float = 60.0) -> None:
        """Until the chain holds these queued transactions for good."""
        waiting = list(transactions)
        while waiting:
            eventually(lambda: self.site.state_of(waiting[-1]) == "final", f"{waiting[-1]} is final", seconds)
            waiting.pop()

    def wait_known(self, key_id: bytes) -> None:
        """Until ingest knows a key, which is a little after the chain holds it: what comes before that waits, and is
        logged behind what comes after it."""
        eventually(lambda: self.site.registered(key_id) is not None, "ingest knows the key")

    def _bring_up(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._open.enter_context(self.node)
        self._open.enter_context(self.broker)
        self._http_port = free_port()
        for name in ("backend", *self._names()):
            self.proxies[name] = self._open.enter_context(FaultProxy(("127.0.0.1", self.broker.port)))
        node = FaultProxy(("127.0.0.1", int(self.node.url.rpartition(":")[2])))
        self.proxies["node"] = self._open.enter_context(node)
        self.witness = Onlooker(self.folder / "witness", free_port())
        self.site = build(self.folder, self.node, self._settings())
        self._open.callback(self.site.engine.dispose)
        self.witness.watch(self.url, self.site.log)
        config = {"LEAFPROOF_CONFIG": str(self.folder / "backend.toml")}
        backend = Part("backend", ["backend", "serve"], self.folder / "backend.log", config)
        self._make_gateways()
        witness = self.witness.process
        self.parts = {one.name: one for one in (backend, witness, *(gateway.process for gateway in self.gateways))}
        for stop in (backend.stop, witness.stop, *(gateway.stop for gateway in self.gateways)):
            self._open.callback(stop)
        witness.start()
        backend.start()
        eventually(lambda: self.ready() or not backend.running, "the backend is ready", START_SECONDS)
        assert backend.running, f"the backend ended{backend.tail()}"
        for gateway in self.gateways:
            self.wait_known(gateway.key_id)
        self.growth = Growth(self.url)
        self.promises = Promises(self.broker.port, self.site.log_key, self.site.ref)
        for onlooker in (self.growth, self.promises):
            onlooker.start()
            self._open.callback(onlooker.stop)

    def _names(self) -> list[str]:
        return [f"gateway-{number + 1}" for number in range(self.wants.gateways)]

    def _make_gateways(self) -> None:
        for name in self._names():
            port = self.proxies[name].port
            key_id = self.site.new_gateway(name, port)
            data = self._disk(name)
            self.gateways.append(Gateway(name, self.folder / name, self.site.where, port, key_id, data))

    def _settings(self) -> dict[str, object]:
        settings: dict[str, object] = {
            "data": str(self._disk("backend")),
            "host": "127.0.0.1",
            "port": self._http_port,
            "rpc_url": f"http://127.0.0.1:{self.proxies['node'].port}",
            "mqtt_host": "127.0.0.1",
            "mqtt_port": self.proxies["backend"].port,
            "witnesses": [self.witness.place],
        }
        if self.wants.database == "postgresql":
            settings["database_url"] = self._database()
        return settings

    def _database(self) -> str:
        binaries = find_postgres()
        assert binaries is not None, "PostgreSQL's server is not installed"
        (self.folder / "postgres").mkdir()
        self.postgres = self._open.enter_context(
            PostgresCluster(self.folder / "postgres" / "cluster", binaries, durable=True)
        )
        return self.postgres.new_database()

    def _disk(self, name: str) -> Path:
        path = self.disks[name] = self.folder / f"{name}-data"
        path.mkdir()
        if self.wants.small_disk:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(path)], check=True)
            self._open.callback(subprocess.run, ["umount", "--lazy", str(path)], check=True)
        return path
