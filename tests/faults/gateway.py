"""A gateway of the stage: its folder, its recorded meter, and what it took from that so far."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from iot_gateway.outbox import FILE
from tests.faults.parts import Part

SPEED, FRAME = 60, 8  # readings a second, readings a frame: some seven frames a second each
SUPPLY = 120_000  # readings that a meter has ready: half an hour
RESEND = 5  # seconds of silence by the log after which frames are sent again
POINT = "main"
_BEGIN = datetime(2018, 1, 1, tzinfo=UTC)
_MINUTE = 60

_CONFIG = """\
[gateway]
name = {name}
operator = {operator}
facility = {facility}
data = {data}
key = "gateway.key"

[log]
chain_id = {chain_id}
contract = {contract}
log_id = {log_id}
public_key = {log_key}

[broker]
host = "127.0.0.1"
port = {port}
resend = {resend}

[frame]
readings = {frame}
seconds = 1

[[source]]
kind = "csv"
name = "meter"
file = "meter.csv"
time_column = "time"
time_format = "%Y-%m-%dT%H:%M"
zone = "UTC"
interval = 60
times = "end"
speed = {speed}
{bounds}
[[source.points]]
point = {point}
column = "kwh"
unit = "kWh"
"""


@dataclass(frozen=True, slots=True)
class Where:
    """What a gateway has to know of its server, as its configuration says it."""

    operator: str
    facility: str
    chain_id: int
    contract: str
    log_id: str
    log_key: str


@dataclass(frozen=True, slots=True)
class Custody:
    """What a stopped gateway's outbox says: readings taken, those of them in no frame yet, the last frame signed and
    when (Unix seconds), frames not acknowledged."""

    taken: int
    pending: int
    epoch: int
    sequence: int
    signed_at: int
    waiting: int


@dataclass
class Gateway:
    """`rows` is all that its meter ever shows, in order: (Unix seconds, Wh). `again`: those that may be in the log
    once more, for a fault had them read a second time."""

    name: str
    folder: Path
    where: Where
    port: int
    key_id: bytes
    data: Path
    rows: list[tuple[int, Decimal]] = field(default_factory=list)
    again: Counter[tuple[int, Decimal]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        words = ["gateway", "run", "--config", str(self.folder / "gateway.toml")]
        self.process = Part(self.name, words, self.folder / "gateway.log", {})
        self._draining = Part(self.name, [*words, "--until-done"], self.folder / "gateway.log", {})
        (self.folder / "meter.csv").write_text("time,kwh\n", encoding="ascii")

    def begin(self) -> None:
        """Start it with a meter that has enough to show."""
        self._supply()
        self._configure("")
        self.process.start()

    def drain(self) -> None:
        """Start it, stopped before, so that it takes no more readings and ends when all is acknowledged."""
        taken = self.custody().taken
        # A bound before the first reading would be none: what was never begun takes one.
        last = datetime.fromtimestamp(self.rows[max(taken, 1) - 1][0], UTC)
        self._configure(f"from = {_BEGIN - timedelta(days=1):%Y-%m-%dT%H:%M:%S}\nuntil = {last:%Y-%m-%dT%H:%M:%S}")
        self._draining.environment = self.process.environment
        self._draining.start()

    @property
    def draining(self) -> bool:
        """Whether it still works off what waits."""
        return self._draining.running

    def stop(self) -> None:
        """End whatever runs of it."""
        self.process.stop()
        self._draining.stop()

    @property
    def outbox(self) -> Path:
        """Its database."""
        return self.data / FILE

    def custody(self) -> Custody:
        """Of the outbox as it lies on the disk."""
        with self._opened() as db:
            row = db.execute("SELECT position FROM source WHERE name = 'meter'").fetchone()
            (pending,) = db.execute("SELECT count(*) FROM pending").fetchone()
            epoch, sequence, at = db.execute("SELECT epoch, sequence, signed_at FROM state").fetchone()
            (waiting,) = db.execute("SELECT count(*) FROM frame WHERE leaf IS NULL").fetchone()
        lines = json.loads(row[0])["line"] if row else 1
        return Custody(lines - 1, pending, epoch, sequence - 1, at, waiting)

    def messages(self) -> list[tuple[bytes, bytes]]:
        """The frames that the outbox holds now: envelope and body, oldest first."""
        with self._opened() as db:
            return list(db.execute("SELECT envelope, body FROM frame ORDER BY id"))

    def _opened(self) -> closing[sqlite3.Connection]:
        """The outbox, which must be there: looking at it does not make one."""
        return closing(sqlite3.connect(f"file:{self.outbox}?mode=rw", uri=True, timeout=30))

    @property
    def topic(self) -> str:
        """Where it publishes."""
        return f"leafproof/v1/0/{self.where.operator}/{self.where.facility}/{self.name}/frames"

    def _supply(self) -> None:
        """Lines behind the last ones: what a file says already is never changed."""
        left = len(self.rows) - (self.custody().taken if self.outbox.exists() else 0)
        if left >= SUPPLY // 2:
            return
        with (self.folder / "meter.csv").open("a", encoding="ascii") as file:
            file.writelines(self._lines(SUPPLY - left))

    def _lines(self, count: int) -> Iterator[str]:
        chance = random.Random(f"{self.name} {len(self.rows)}")
        for _ in range(count):
            at = _BEGIN + timedelta(seconds=_MINUTE * (len(self.rows) + 1))
            watt_hours = chance.randrange(1_000_000)
            self.rows.append((int(at.timestamp()), Decimal(watt_hours)))
            yield f"{at:%Y-%m-%dT%H:%M},{Decimal(watt_hours) / 1000}\n"

    def _configure(self, bounds: str) -> None:
        told = {name: json.dumps(getattr(self.where, name)) for name in Where.__slots__}
        told |= {"name": json.dumps(self.name), "data": json.dumps(str(self.data)), "point": json.dumps(POINT)}
        text = _CONFIG.format(**told, port=self.port, resend=RESEND, frame=FRAME, speed=SPEED, bounds=bounds)
        (self.folder / "gateway.toml").write_text(text, encoding="utf-8")
