"""A gateway of a test: its folder, its configuration, its process."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from iot_gateway import keyfile
from leafproof.keys import PublicKey, SigningKey
from tests.integration.gateway.played_log import LOG, PlayedLog

OPERATOR, FACILITY = "4012345000009", "8801234000017"
_ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Plant:
    """Where a gateway lives. `start` runs it in a process of its own."""

    folder: Path
    name: str
    key: SigningKey = field(default_factory=SigningKey.generate)
    log_key: SigningKey = field(default_factory=SigningKey.generate)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "gateway.key").exists():
            keyfile.create(self.folder / "gateway.key", self.key)
        self.log_file = self.folder / "stderr.log"

    @property
    def partition(self) -> int:
        """Its own, since the retained beacon of a partition is everybody's."""
        return zlib.crc32(self.name.encode()) % 60_000 + 1

    @property
    def topic(self) -> str:
        return f"leafproof/v1/{self.partition}/{OPERATOR}/{FACILITY}/{self.name}"

    @property
    def config(self) -> Path:
        return self.folder / "gateway.toml"

    def configure(self, port: int, sources: str, *, broker: str = "", frame: str = "", gateway: str = "") -> None:
        """Write the configuration; `sources`, `broker`, `frame`, `gateway` are lines of TOML."""
        self.config.write_text(
            f"""
[gateway]
name = "{self.name}"
operator = "{OPERATOR}"
facility = "{FACILITY}"
partition = {self.partition}
data = "data"
key = "gateway.key"
{gateway}
[log]
chain_id = {LOG.chain_id}
contract = "0x{LOG.contract.hex()}"
log_id = "{LOG.log_id.hex()}"
public_key = "{self.log_key.public.cose.hex()}"
[broker]
host = "127.0.0.1"
port = {port}
{broker}
[frame]
{frame}
{sources}
"""
        )

    def log(self, port: int, tls: ssl.SSLContext | None = None) -> PlayedLog:
        """The log at the other end of the broker."""
        public: PublicKey = self.key.public
        return PlayedLog(port, public, self.topic, f"log-of-{self.name}", self.log_key, tls=tls)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """`gateway run` with `arguments`; its log goes to `log_file`."""
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "iot_gateway", "run", "--config", str(self.config), *arguments],
                stderr=log,
                cwd=_ROOT,
            )

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Any other command, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "iot_gateway", *arguments, "--config", str(self.config)],
            capture_output=True,
            text=True,
            cwd=_ROOT,
            timeout=120,
            check=False,
        )

    def status(self) -> dict[str, object]:
        """`gateway status --json`, read in this process, which is quicker."""
        from iot_gateway.config import load
        from iot_gateway.status import read_status

        return json.loads(json.dumps(read_status(load(self.config))))

    def readings(self, count: int, **extra: str) -> str:
        """A recorded file of `count` readings with the values 0, 1, 2... kWh, and the source that reads it."""
        start = datetime(2026, 1, 1, tzinfo=UTC)
        rows = [f"{start + timedelta(minutes=i + 1):%Y-%m-%d %H:%M},{i}" for i in range(count)]
        (self.folder / "readings.csv").write_text("\n".join(["time,kWh", *rows, ""]))
        more = "\n".join(f"{key} = {value}" for key, value in extra.items())
        return f"""
[[source]]
kind = "csv"
name = "recorded"
file = "readings.csv"
time_column = "time"
time_format = "%Y-%m-%d %H:%M"
zone = "UTC"
interval = 60
times = "end"
{more}
[[source.points]]
point = "main"
column = "kWh"
unit = "kWh"
"""

    def said(self) -> str:
        """What the gateway logged so far."""
        return self.log_file.read_text() if self.log_file.exists() else ""


def end(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
    """End a gateway and wait for it."""
    if process.poll() is None:
        os.kill(process.pid, number)
    return process.wait(timeout=60)
