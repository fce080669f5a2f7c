"""A steel plant and a fabricator on one server: companies, plans, factors, and gateways whose frames go through
real ingest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from backend.database import reading, transaction
from backend.footprints import service as footprints
from backend.footprints import sets as factor_sets
from backend.ingest.metrics import IngestMetrics
from backend.ingest.plans import LoggedPlans
from backend.ingest.schemas import Kind
from backend.ingest.service import IngestService
from backend.log.service import TransparencyLog
from backend.production import recording, repository, runs
from backend.production import service as production
from backend.production.keystore import FileSigner
from backend.production.statements import Desk
from backend.production.worker import Recorder
from leafproof import clock, frame, values
from leafproof.chain.view import RegisteredKey, Role
from leafproof.frame import FrameContent, Reading
from leafproof.plan import MeteringPlan, MeteringPoint
from leafproof.record import BatchRecord, Input, Output, Source
from leafproof.values import Gln, Lot
from tests.support.storage import LOG_KEY, HostedLog, hosted
from tests.support.stream import MOMENT, KeyRing, Stream, gln

QUARTER = 900
START = clock.utc_seconds("2018-02-28T15:00:00Z", "start")  # midnight in Seoul
STEEL, FABRICATOR, STEWARD = gln("880123450001"), gln("690123450001"), gln("590123412345")
PLANT, WORKSHOP = gln("880123450002"), gln("690123450002")
DECLARED = Source("declared")


def gtin(payload: str) -> str:
    return payload + str(values.gs1_check_digit(payload))


COIL, SECTION = gtin("0880123450010"), gtin("0690123450010")


@dataclass
class Gateway(Stream):
    """A gateway of a company of ours."""

    operator: Gln = STEEL
    address: bytes = b"\xa1" * 20

    @property
    def issuer(self) -> str:
        return values.gateway_uri(self.operator, self.name)

    @property
    def topic(self) -> str:
        return f"leafproof/v1/{self.partition}/{self.operator}/{self.facility}/{self.name}/frames"

    def registered(self) -> RegisteredKey:
        public = self.key.public
        return RegisteredKey(
            public.key_id, self.address, Role.GATEWAY, self.ref.log_id, self.issuer, public.cose, MOMENT
        )


def point(gateway: Stream, name: str = "main", **changes: object) -> MeteringPoint:
    plain = MeteringPoint(
        point=name,
        line="mill",
        carrier="electricity",
        kind="interval",
        names="end",
        interval_seconds=QUARTER,
        unit="kWh",
        resolution="0.01",
        gateway=gateway.key_id.hex(),
        parent=None,
        meter="M-1",
        accuracy_class="0.5S",
        heartbeat_seconds=60,
    )
    return msgspec.structs.replace(plain, **changes)


def product(tonnes: str = "10", name: str = "coil") -> Output:
    return Output("product", name, tonnes, "t", DECLARED)


def slab(tonnes: str = "11") -> Input:
    return Input("slab", tonnes, "t", DECLARED, material="steel-slab")


def of_lot(lot: Lot, tonnes: str) -> Input:
    return Input("coil", tonnes, "t", DECLARED, gtin=str(lot.gtin), lot=str(lot.code))


def coil(code: str) -> Lot:
    return Lot.parse(COIL, code)


def section(code: str) -> Lot:
    return Lot.parse(SECTION, code)


@dataclass
class Works:
    """`time` is the server's clock."""

    engine: Engine
    log: TransparencyLog
    keys: Path
    addresses: dict[Gln, bytes] = field(default_factory=lambda: {STEEL: b"\xa1" * 20, FABRICATOR: b"\xb2" * 20})
    time: int = START + 30 * 86400

    def __post_init__(self) -> None:
        signer = FileSigner(self.keys)
        for party in (STEEL, FABRICATOR, STEWARD):
            signer.create(party)
        self.signer = signer
        self.desk = Desk(hosted(self.log), signer, lambda: self.time)
        self.mill = Gateway("mill", self.log.ref, facility=PLANT, operator=STEEL, address=self.addresses[STEEL])
        self.shop = Gateway(
            "shop", self.log.ref, facility=WORKSHOP, operator=FABRICATOR, address=self.addresses[FABRICATOR]
        )
        self.ring = KeyRing(self.mill.registered(), self.shop.registered())
        self.ingest = IngestService(
            self.engine,
            HostedLog(self.log, LOG_KEY),
            self.ring,
            LoggedPlans(),
            IngestMetrics(CollectorRegistry()),
        )

    def found(self, plan: MeteringPlan | None = None, only: Gln | None = None, steward: Gln = STEWARD) -> Works:
        """Both companies, or one of them, with plan and factors."""
        with transaction(self.engine) as connection:
            factor_sets.use_set(connection, self.desk, self.log, steward, factor_sets.shipped_set())
            for party, place, name, zone, region, gateway, made in (
                (STEEL, PLANT, "Steel", "Asia/Seoul", "KR", self.mill, COIL),
                (FABRICATOR, WORKSHOP, "Fabricator", "Asia/Shanghai", "CN-East", self.shop, SECTION),
            ):
                if only not in (None, party):
                    continue
                production.add_company(connection, party, name, self.addresses[party])
                production.add_facility(
                    connection,
                    self.desk,
                    place,
                    company_gln=party,
                    name=f"{name} works",
                    country=region[:2],
                    zone=zone,
                    region=region,
                )
                production.add_product(connection, values.Gtin.parse(made), "made", party)
                own = MeteringPlan(str(place), zone, 1, "2018-01-01T00:00:00Z", (point(gateway),))
                chosen = plan if plan is not None and plan.facility == str(place) else own
                production.add_metering_plan(connection, self.desk, chosen)
                row = production.facility(connection, place)
                factor = "electricity-kr-2018-consumption" if region == "KR" else "electricity-cn-east-2023"
                footprints.set_factor(connection, self.desk, self.log, row, "electricity", factor)
        return self

    def meter(
        self,
        gateway: Gateway,
        amounts: Sequence[Decimal | str],
        start: int = START,
        name: str = "main",
        each: int = 48,
        step: int = QUARTER,
    ) -> None:
        """Readings of consecutive intervals from `start` on, named by their ends, `each` of them a frame."""
        made = [Reading(name, start + (i + 1) * step, Decimal(amount), "kWh") for i, amount in enumerate(amounts)]
        for first in range(0, len(made), each):
            self.say(gateway, made[first : first + each])

    def say(self, gateway: Gateway, readings: Sequence[Reading]) -> None:
        """One frame."""
        content = FrameContent(str(gateway.facility), frame.group(list(readings)), [], None)
        (outcome,) = self.ingest.process([gateway.say(content)])
        assert outcome.kind in (Kind.LOGGED, Kind.EQUIVOCATION), outcome

    def open(self, lot: Lot, opened: int, closed: int | None = None, line: str = "mill") -> str:
        place = PLANT if str(lot.gtin) == COIL else WORKSHOP
        with transaction(self.engine) as connection:
            return runs.open_run(connection, self.desk, place, line, lot, opened, closed=closed)

    def close(self, run: str, closed: int, outputs: Sequence[Output], inputs: Sequence[Input] = ()) -> None:
        with transaction(self.engine) as connection:
            runs.close_run(connection, self.desk, run, closed, outputs, inputs)

    def run(
        self, lot: Lot, opened: int, closed: int, outputs: Sequence[Output] = (), inputs: Sequence[Input] = ()
    ) -> str:
        """A run from open to close."""
        run = self.open(lot, opened, closed)
        self.close(run, closed, outputs or [product()], inputs)
        return run

    def recorder(self, grace: int = recording.GRACE) -> Recorder:
        return Recorder(self.engine, self.desk, grace)

    def record(self, lot: Lot) -> BatchRecord:
        """The newest record, as the log holds it."""
        with reading(self.engine) as connection:
            row = recording.current(connection, lot)
            assert row is not None, self.problem(lot)
            return recording.read(connection, self.desk, row)

    def problem(self, lot: Lot) -> str | None:
        with reading(self.engine) as connection:
            row = repository.run_of_lot(connection, str(lot.gtin), str(lot.code))
            assert row is not None
            return None if row["problem"] is None else str(row["problem"])

    def footprint(self, lot: Lot) -> footprints.Footprint:
        with reading(self.engine) as connection:
            row = footprints.current(connection, lot)
            assert row is not None
            return footprints.read(connection, self.desk, bytes(row["statement_id"]))
