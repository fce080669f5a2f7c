"""The stage: chain, broker, backend, witness and gateways as processes of their own, and nothing left when it is
struck."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from backend.anchor.deploy import deploy, make_trust
from backend.anchor.signers import Signers
from backend.demo.cast import FABRICATOR, STEEL, STEWARD, STEWARD_NAME
from backend.embedded.accounts import mnemonic_in
from backend.embedded.broker import EmbeddedBroker
from backend.embedded.node import EmbeddedNode
from backend.embedded.ports import accepts, free_port
from backend.embedded.process import ChildProcess, wait_until_ready
from backend.production.service import signer_of
from leafproof.checkpoint import Checkpoint
from leafproof.client.rpc import Rpc
from leafproof.errors import LeafproofError
from leafproof.note import Note, Verifier
from leafproof.trust import Trust
from leafproof.values import party_uri

# In this order, from --port-base on.
NODE_PORT, BROKER_PORT, HTTP_PORT, WITNESS_PORT = 0, 1, 2, 3
WITNESS = "leafproof.example/witness"
READY_SECONDS = 60.0
_COMMAND_SECONDS = 600.0


class DemoFailed(LeafproofError):
    """A part of the demo did not do what it should; the text carries what it said last."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the demo was asked for. `host`: where pages are served; `public_url`: how others reach them."""

    folder: Path
    days: int
    readings: Path | None
    host: str
    public_url: str | None
    port_base: int | None


class Stage:
    """All running parts; a context manager."""

    finality_blocks = 1  # of its chain, which replaces no block

    def __init__(self, options: Options, notice: str) -> None:
        self.options, self._notice = options, notice
        self.folder = options.folder
        self.trust_file = self.folder / "trust.json"
        self.config = self.folder / "backend.toml"
        self.node = EmbeddedNode(
            self.folder / "chain",
            mnemonic_in(self.folder / "chain.mnemonic"),
            base_port=self._port(NODE_PORT),
            allow_origin="*",  # readers' browsers ask it for the head
            fees=False,  # whoever joins the demo's companies has an account without money
        )
        self.broker = EmbeddedBroker(self.folder / "broker", base_port=self._port(BROKER_PORT))
        self.witness_folder = self.folder / "witness"
        self._backend: ChildProcess | None = None
        self._witness: ChildProcess | None = None
        self._port_number = self._witness_port = 0

    def _port(self, offset: int) -> int | None:
        base = self.options.port_base
        return None if base is None else base + offset

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in (self._witness, self._backend):
            if process is not None:
                process.stop()
        self.broker.stop()
        self.node.stop()

    @property
    def url(self) -> str:
        """Where this machine reaches the backend."""
        return f"http://127.0.0.1:{self._port_number}"

    @property
    def public_url(self) -> str:
        """Where others reach it."""
        return self.options.public_url or f"http://{_shown(self.options.host)}:{self._port_number}"

    def start_parts(self) -> None:
        """Chain node and broker."""
        self.node.start()
        self.broker.start()
        self._port_number = free_port(self._port(HTTP_PORT), self.options.host)
        self._witness_port = free_port(self._port(WITNESS_PORT))

    def deploy(self) -> None:
        """Accounts, contracts, a witness, the trust file that demands it; not again where there is one."""
        if self.trust_file.exists():
            return
        vkey = self.command("witness", "init", str(self.witness_folder), "--name", WITNESS).strip()
        signers = Signers(self.folder / "keys")
        names = ("authority", "anchor", *(signer_of(g) for g in (STEWARD, STEEL.gln, FABRICATOR.gln)))
        for number, name in enumerate(names):
            signers.store(name, bytes(self.node.account(number).key))
        with Rpc(self.node.url) as rpc:
            done = deploy(rpc, signers.get("authority"))
            trust = make_trust(
                rpc,
                done.addresses,
                network_class="development",
                finality_blocks=self.finality_blocks,
                deployed_block=done.block,
                publishers=[party_uri(STEWARD)],
                rpc_urls=[self.node.url],
                witnesses=[vkey],
                witnesses_required=1,
            )
        self.trust_file.write_bytes(trust.encode())

    def establish(self) -> None:
        """The backend's database, its steward, its log and factor set."""
        self._configure()
        self.command("backend", "migrate")
        self.command("backend", "establish", "--steward", str(STEWARD), "--name", STEWARD_NAME)

    def _configure(self) -> None:
        owner = Signers(self.folder / "keys").get(signer_of(STEWARD)).address
        settings = {
            "data": str(self.folder / "backend"),
            "keys": str(self.folder / "keys"),
            "host": self.options.host,
            "port": self._port_number,
            "public_url": self.public_url,
            "trust_file": str(self.trust_file),
            "rpc_url": self.node.url,
            "log_name": "demo",
            "log_owner": owner,
            "anchor_seconds": 5,
            "witnesses": [f"{self.witness_key} http://127.0.0.1:{self._witness_port}"],
            "mqtt_host": "127.0.0.1",
            "mqtt_port": self.broker.port,
            "notice": self._notice,
        }
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
        self.config.write_text(lines, encoding="utf-8")

    def serve(self) -> None:
        """The backend, ready for requests."""
        self._configure()
        command = [*_leafproof(), "backend", "serve"]
        log = self.folder / "backend.log"
        self._backend = ChildProcess("the backend", command, log, environment=self._environment())
        self._backend.start()
        wait_until_ready(self._backend, self._answers, READY_SECONDS)

    @property
    def witness_key(self) -> str:
        """The witness's vkey, which the trust file demands."""
        return Trust.decode(self.trust_file.read_bytes()).witnesses[0]

    def watch(self) -> None:
        """The witness, a process that knows of the backend only the log's key and address."""
        (log,) = self._ask("/v1/logs").json()["logs"]
        tiles = f"{self.url}/v1/logs/{log['log_id']}/tlog"
        folder = str(self.witness_folder)
        self.command("witness", "add", folder, log["vkey"], "--url", tiles)
        command = [*_leafproof(), "witness", "run", folder, "--port", str(self._witness_port)]
        self._witness = ChildProcess("the witness", command, self.folder / "witness.log")
        self._witness.start()
        wait_until_ready(self._witness, lambda: accepts("127.0.0.1", self._witness_port), READY_SECONDS)

    def await_witness(self) -> None:
        """Until the witness has cosigned the whole log; raises `DemoFailed`."""

        def cosigned() -> bool:
            (log,) = self._ask("/v1/logs").json()["logs"]
            answer = self._ask(f"/v1/logs/{log['log_id']}/tlog/checkpoint")
            if answer.status_code != httpx.codes.OK:
                return False
            read = Note.decode(answer.content)
            seen = read.signed_by([Verifier.parse(self.witness_key)])
            return bool(seen) and Checkpoint.parse(read.text).size == log["size"]

        wait_for(self, "the witness", READY_SECONDS, cosigned)

    def _ask(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=5)

    @property
    def backend(self) -> ChildProcess:
        """The backend as it was last started; raises `DemoFailed` before that."""
        if self._backend is None:
            raise DemoFailed("the backend was not started")
        return self._backend

    def _answers(self) -> bool:
        try:
            return self._ask("/readyz").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def check(self) -> None:
        """Raises `DemoFailed` when the backend or the witness has ended."""
        for process in (self._backend, self._witness):
            if process is not None and not process.running:
                raise DemoFailed(f"{process.name} has ended{process.log_tail()}")

    def gateway(self, folder: Path) -> ChildProcess:
        """A gateway that reads its finite source to the end; ends once the log has acknowledged everything."""
        command = [*_leafproof(), "gateway", "run", "--until-done", "--config", str(folder / "gateway.toml")]
        return ChildProcess("the gateway", command, folder / "gateway.log")

    def command(self, *words: str, codes: Sequence[int] = (0,)) -> str:
        """Run a `leafproof` command to its end, with the backend's configuration; what it printed.

        Raises `DemoFailed` when it exits with a code that is not in `codes`.
        """
        done = subprocess.run(  # noqa: S603 - our own command
            [*_leafproof(), *words],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
        if done.returncode not in codes:
            raise DemoFailed(
                f"leafproof {' '.join(words[:3])} failed: {(done.stderr or done.stdout).strip()[-2000:]}"
            )
        return done.stdout

    def command_json(self, *words: str, codes: Sequence[int] = (0,)) -> Any:
        """The same for a command that prints one JSON object."""
        return json.loads(self.command(*words, codes=codes))

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "LEAFPROOF_CONFIG": str(self.config), "COLUMNS": "100"}


def wait_for(stage: Stage, what: str, seconds: float, done: Any) -> Any:
    """Ask `done` until it gives something; raises `DemoFailed` naming `what` when the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        stage.check()
        found = done()
        if found:
            return found
        time.sleep(0.2)
    raise DemoFailed(f"{what} took longer than {seconds:.0f} seconds; see {stage.folder / 'backend.log'}")


def _leafproof() -> list[str]:
    return [sys.executable, "-m", "leafproof.cli.main"]


def _shown(host: str) -> str:
    """The address to print for a listening address: for "all", the one that this network knows the machine by."""
    if host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return host
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737 test net: a route is looked up, nothing is sent
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
