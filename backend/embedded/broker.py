"""The embedded MQTT broker: mosquitto where it is installed, else the PyPI broker amqtt."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import sys
from enum import StrEnum
from pathlib import Path
from types import TracebackType

from backend.embedded.errors import PartFailed, PartMissing
from backend.embedded.keeper import Keeper, RestartPolicy
from backend.embedded.mosquitto import BrokerSecurity, MosquittoSettings, render_config
from backend.embedded.ports import accepts, free_port
from backend.embedded.process import ChildProcess, wait_until_ready

_READY_SECONDS = 30.0
_PORT_TRIES = 3
_SBIN = "/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"
# CONNECT of MQTT 3.1.1, clean session, keep alive 5 s, and the CONNACK that accepts it.
_CONNECT = b"\x10\x15\x00\x04MQTT\x04\x02\x00\x05\x00\x09leafprobe"
_CONNACK = b"\x20\x02\x00\x00"
_DISCONNECT = b"\xe0\x00"


class BrokerKind(StrEnum):
    """Which broker it is."""

    MOSQUITTO = "mosquitto"
    AMQTT = "amqtt"

    @property
    def protocols(self) -> tuple[int, ...]:
        """The MQTT protocol versions it speaks, as in CONNECT, best first: 5 is MQTT 5, 4 is MQTT 3.1.1."""
        return (5, 4) if self is BrokerKind.MOSQUITTO else (4,)


def find_mosquitto() -> Path | None:
    """Where mosquitto is, if it is: PATH, or the sbin folders that a user's PATH often lacks."""
    found = shutil.which("mosquitto") or shutil.which(
        "mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"
    )
    return Path(found) if found else None


class EmbeddedBroker:
    """A broker with its data in `folder`; `kind` is chosen by what is installed unless given.

    The port is the first free one from `base_port` on, or any; `port` tells. `start` raises `PartMissing` when the
    wanted kind is not installed (or `security` is wanted, which amqtt has not), and `PartFailed`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        base_port: int | None = None,
        kind: BrokerKind | None = None,
        security: BrokerSecurity | None = None,
        policy: RestartPolicy | None = None,
    ) -> None:
        self.folder = folder
        self.host = host
        self.kind = kind or (BrokerKind.MOSQUITTO if find_mosquitto() else BrokerKind.AMQTT)
        self._base_port = base_port
        self._security = security
        self._keeper = Keeper("the MQTT broker", self._launch, policy=policy)
        self._port = 0

    @property
    def port(self) -> int:
        """Where it listens; the same after each restart."""
        return self._port

    @property
    def protocols(self) -> tuple[int, ...]:
        """The MQTT protocol versions it speaks, best first (5, 4)."""
        return self.kind.protocols

    @property
    def pid(self) -> int:
        """The broker's process id; raises `PartFailed` when it does not run."""
        return self._keeper.part.pid

    @property
    def alive(self) -> bool:
        """Whether the broker is up at this moment."""
        return self._keeper.alive

    @property
    def restarts(self) -> int:
        """How often it died and was started again."""
        return self._keeper.restarts

    @property
    def failure(self) -> PartFailed | None:
        """Why it was given up, if it was."""
        return self._keeper.failure

    def start(self) -> None:
        """Start the broker; ready for connections when it returns."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for attempt in range(_PORT_TRIES):
            self._port = free_port(self._base_port, self.host)
            try:
                self._keeper.start()
                return
            except PartFailed as error:
                if "in use" not in error.message or attempt == _PORT_TRIES - 1:
                    raise

    def stop(self) -> None:
        """End the broker; safe to call twice."""
        self._keeper.stop()

    def __enter__(self) -> EmbeddedBroker:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launch(self) -> ChildProcess:
        part = ChildProcess(self.kind, self._command(), self.folder / f"{self.kind}.log")
        part.start()
        try:
            wait_until_ready(part, self._answers, _READY_SECONDS)
        except BaseException:
            part.stop()
            raise
        return part

    def _command(self) -> list[str]:
        if self.kind is BrokerKind.AMQTT:
            if self._security is not None:
                raise PartMissing("TLS and an access list need mosquitto; install it (apt-get install mosquitto)")
            return [sys.executable, "-m", "backend.embedded.amqtt_broker", self.host, str(self._port)]
        binary = find_mosquitto()
        if binary is None:
            raise PartMissing("mosquitto is not installed; install it (apt-get install mosquitto) or use amqtt")
        data = self.folder / "mosquitto"
        data.mkdir(exist_ok=True)
        # Started by root, mosquitto would change to an account that cannot read the caller's folder.
        account = pwd.getpwuid(os.geteuid()).pw_name
        settings = MosquittoSettings(self.host, self._port, data.absolute(), account, self._security)
        config = self.folder / "mosquitto.conf"
        config.write_text(render_config(settings), encoding="utf-8")
        return [str(binary), "-c", str(config)]

    def _answers(self) -> bool:
        if self._security is not None:
            return accepts(self.host, self._port)
        try:
            with socket.create_connection((self.host, self._port), timeout=2.0) as probe:
                probe.sendall(_CONNECT)
                answer = probe.recv(len(_CONNACK))
                probe.sendall(_DISCONNECT)
                return answer == _CONNACK
        except OSError:
            return False
