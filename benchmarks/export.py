"""An audit export of any size, made by the kernel itself: four plants of one operator, lots of one day each.

`python -m benchmarks.export FOLDER READINGS` writes it, and `chain.pickle` beside it: what an auditor's node and
trust file would say. It is a program of its own, so that its memory is not counted as the replay's.
"""

from __future__ import annotations

import pickle
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from leafproof import body, clock, frame, numbers, tree, units, values
from leafproof.chain.view import (
    SHARES,
    ChainView,
    Head,
    LogRecord,
    LotRecord,
    Moment,
    Operator,
    RecordVersion,
    RegisteredKey,
    Role,
    Transfer,
    lot_hash,
    lot_id,
)
from leafproof.envelope import MODES, FrameHeader, Header, LogRef, parse, sign
from leafproof.frame import FrameContent, Series
from leafproof.keys import SigningKey
from leafproof.measuring import QUANTUM
from leafproof.plan import MeteringPlan, MeteringPoint
from leafproof.record import Activity, BatchRecord, Output, Run, Source
from leafproof.replay import export
from leafproof.replay.rollups import QUARTER
from leafproof.replay.source import Entry, Rollup
from leafproof.trust import CONTRACTS, Contract, Trust
from leafproof.values import Gln, Lot

LOG = LogRef(31337, b"\x11" * 20, b"\x22" * 32)
START = clock.utc_seconds("2026-01-01T00:00:00Z", "start")
STEP = 10  # seconds from reading to reading
FRAME = 256  # readings
GATEWAYS = 4
RUN = 34  # frames of one gateway in one lot: a day of readings
HEAD = 4096  # entries from anchored head to anchored head
_DECLARED = Source("declared")


def _gln(payload: str) -> Gln:
    return Gln.parse(payload + str(values.gs1_check_digit(payload)))


@dataclass
class Plant:
    """A facility with one gateway, whose one meter feeds line-1."""

    number: int
    facility: Gln
    gateway: SigningKey
    previous: bytes | None = None
    frames: int = 0
    sums: dict[int, tuple[int, int]] = field(default_factory=dict)  # quarter -> readings, watt-hours
    run: list[tuple[int, int, int]] = field(default_factory=list)  # a frame's entry, first time, sum
    lots: int = 0
    plan: str = ""

    @property
    def point(self) -> str:
        return "rolling"


class Maker:
    """Writes the folder, chunk by chunk."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._chance = folder, random.Random(3)  # the readings' values: any will do
        (folder / "entries").mkdir(parents=True)
        self._files: dict[str, export.FileDigest] = {}
        self._rows: list[Entry] = []
        self._leaves, self._frontier = bytearray(), tree.Frontier()
        self._heads: list[Head] = []
        self._operator, self._gln = b"\xa1" * 20, _gln("880123450001")
        self._key = SigningKey.generate()
        self._lots: dict[bytes, LotRecord] = {}
        self._transfers: list[Transfer] = []
        self._plants = [Plant(i, _gln(f"88012345{i:04}"), SigningKey.generate()) for i in range(GATEWAYS)]

    def make(self, readings: int) -> None:
        """All of it: at least so many readings."""
        for plant in self._plants:
            plant.plan = self._plan(plant)
        while sum(p.frames for p in self._plants) * FRAME < readings:
            for plant in self._plants:
                self._frame(plant)
                if len(plant.run) == RUN:
                    self._lot(plant)
        self._finish()

    def _log(self, entry: Entry) -> int:
        self._rows.append(entry)
        leaf = tree.leaf_hash(entry.envelope)
        self._leaves += leaf
        self._frontier.append(leaf)
        size = self._frontier.size
        if size % export.CHUNK == 0:
            self._flush()
        if size % HEAD == 0:
            self._anchor()
        return size - 1

    def _anchor(self) -> None:
        self._heads.append(Head(self._frontier.size, self._frontier.root(), _moment(self._frontier.size)))

    def _flush(self) -> None:
        number = (self._frontier.size - 1) // export.CHUNK
        self._put(export.chunk_name(number), export.encode_chunk(self._rows))
        self._rows = []

    def _put(self, name: str, data: bytes) -> None:
        self._files[name] = export.FileDigest.of(data)
        (self._folder / name).write_bytes(data)

    def _state(self, subject: str, kind: str, data: bytes, *disclosures: str) -> tuple[int, bytes]:
        header = Header(values.party_uri(self._gln), subject, START, kind, LOG)
        envelope = sign(self._key, header, data)
        return self._log(Entry(envelope, data, disclosures)), parse(envelope).statement_id

    def _plan(self, plant: Plant) -> str:
        point = MeteringPoint(
            plant.point, "line-1", "electricity", "interval", "end", STEP, "kWh", "0.001",
            plant.gateway.public.key_id.hex(), None, f"serial {plant.number}", "0.5S", 3600,
        )  # fmt: skip
        plan = MeteringPlan(str(plant.facility), "Asia/Seoul", 1, clock.utc_text(START), (point,))
        return self._state(plant.facility.digits, body.METERING_PLAN, plan.encode_body())[1].hex()

    def _frame(self, plant: Plant) -> None:
        first = START + STEP + plant.frames * FRAME * STEP
        times = [first + STEP * i for i in range(FRAME)]
        metered = [self._chance.randrange(3000, 9000) for _ in times]
        content = FrameContent(str(plant.facility), [Series(plant.point, "Wh", times, list(metered))], [], None)
        data = frame.encode_body(plant.facility, content)
        place = FrameHeader(START, plant.frames, plant.previous, (plant.frames, bytes(32)), "live")
        issuer = values.gateway_uri(self._gln, f"gw-{plant.number}")
        envelope = frame.sign_frame(plant.gateway, issuer, plant.facility, LOG, place, data, times[-1])
        plant.previous, plant.frames = parse(envelope).statement_id, plant.frames + 1
        index = self._log(Entry(envelope, data, ()))
        plant.run.append((index, first - STEP, sum(metered)))
        for time, number in zip(times, metered, strict=True):
            start = (time - 1) // QUARTER * QUARTER  # a time is its interval's end
            count, total = plant.sums.get(start, (0, 0))
            plant.sums[start] = count + 1, total + number

    def _lot(self, plant: Plant) -> None:
        """The record of the last `RUN` frames, and the lot on the chain."""
        plant.lots += 1
        (first, start, _), last = plant.run[0], plant.run[-1][0]
        end = start + RUN * FRAME * STEP
        metered = sum(total for _, _, total in plant.run) * units.scale("Wh", "kWh")
        used = numbers.rounded(metered, QUANTUM)
        activity = Activity(plant.point, "electricity", f"{used:f}", "kWh", RUN * FRAME, 0, (), first, last)
        payload = f"88012346{plant.number:04}"
        lot = Lot.parse(payload + str(values.gs1_check_digit(payload)), f"L-{plant.lots}")
        record = BatchRecord(
            str(lot.gtin), str(lot.code), "Coil", str(plant.facility), "Asia/Seoul",
            Run(f"order-{plant.lots}", "line-1", clock.utc_text(start), clock.utc_text(end)), plant.plan, "live",
            outputs=(Output("product", "coil", "18.4", "t", _DECLARED),), inputs=(), activity=(activity,),
        )  # fmt: skip
        data, disclosed = record.issue(self._key, values.party_uri(self._gln))
        index, _ = self._state(lot.urn, body.BATCH_RECORD, data, *disclosed.values())
        token, when = lot_id(self._operator, lot), _moment(index)
        leaf = bytes(self._leaves[32 * index : 32 * index + 32])
        version = RecordVersion(1, LOG.log_id, leaf, index, when)
        self._lots[token] = LotRecord(token, self._operator, lot_hash(lot), (version,), ())
        self._transfers.append(Transfer(token, bytes(20), self._operator, SHARES, when))
        plant.run = []

    def _rollups(self) -> Iterator[Rollup]:
        for plant in self._plants:
            name = (plant.gateway.public.key_id.hex(), str(plant.facility), plant.point, "Wh", MODES[0], "end")
            for start, (count, total) in plant.sums.items():
                yield Rollup(*name, start, count, str(total))

    def _finish(self) -> None:
        if self._rows:
            self._flush()
        self._anchor()
        self._put(export.LEAVES, bytes(self._leaves))
        self._put(export.ROLLUPS, export.encode_rollups(sorted(self._rollups())))
        manifest = export.Manifest(1, export.LogName.of(LOG), self._frontier.size, self._files)
        (self._folder / export.MANIFEST).write_bytes(manifest.encode())
        (self._folder.parent / "chain.pickle").write_bytes(pickle.dumps((self._chain(), _trust())))

    def _chain(self) -> ChainView:
        keys = {self._key.public.key_id: self._registered(self._key, Role.ISSUER, values.party_uri(self._gln))}
        for plant in self._plants:
            issuer = values.gateway_uri(self._gln, f"gw-{plant.number}")
            keys[plant.gateway.public.key_id] = self._registered(plant.gateway, Role.GATEWAY, issuer)
        return ChainView(
            chain_id=LOG.chain_id,
            genesis=b"\x47" * 32,
            code_hashes={},
            at=_moment(self._frontier.size),
            logs={LOG.log_id: LogRecord(LOG.log_id, self._operator, "bench", tuple(self._heads))},
            operators={self._operator: Operator(self._operator, values.party_uri(self._gln), _moment(0))},
            keys=keys,
            lots=self._lots,
            transfers=tuple(self._transfers),
        )

    def _registered(self, key: SigningKey, role: Role, issuer: str) -> RegisteredKey:
        log_id = LOG.log_id if role is Role.GATEWAY else bytes(32)
        return RegisteredKey(key.public.key_id, self._operator, role, log_id, issuer, key.public.cose, _moment(0))


def _moment(block: int) -> Moment:
    return Moment(block, block.to_bytes(32, "big"), START + block)


def _trust() -> Trust:
    address = "0x" + LOG.contract.hex()
    contracts = {
        name: Contract(address if name == "TransparencyLog" else "0x" + "44" * 20, "55" * 32) for name in CONTRACTS
    }
    return Trust(1, LOG.chain_id, "0x" + "47" * 32, "development", 1, 0, contracts)


if __name__ == "__main__":
    Maker(Path(sys.argv[1])).make(int(sys.argv[2]))
