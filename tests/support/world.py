"""A small, honest world in memory: two companies, a gateway, a log and what the chain would hold of it.

Everything in it is real (keys, signatures, tree, statements) except the chain, of which only a `ChainView` is
made, as a reader would have decoded it. Tests then change one thing and name who must notice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from leafproof import body, calculation, checkpoint, clock, frame, note, profile, tiles, tree, values
from leafproof.bundle import Bundle, BundleHead, Item, Witnessed
from leafproof.chain.view import (
    POINTER_GRACE,
    SHARES,
    ChainView,
    Claim,
    Consumption,
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
from leafproof.correction import Change, Correction, What
from leafproof.envelope import Envelope, FrameHeader, Header, LogRef, parse, sign
from leafproof.errors import InvalidInput
from leafproof.factors import Factor, FactorSet
from leafproof.footprint import Choices, FactorRef, Footprint
from leafproof.keys import EDDSA, SigningKey
from leafproof.measuring import measured
from leafproof.period import EnergyPeriod
from leafproof.plan import MeteringPlan, MeteringPoint
from leafproof.record import Activity, BatchRecord, Input, Output, Run, Source, shares_for
from leafproof.trust import CONTRACTS, Contract, Trust
from leafproof.values import Gln, Lot
from leafproof.verification.evidence import Evidence

LOG = LogRef(31337, b"\x11" * 20, b"\x22" * 32)
OTHER_LOG = LogRef(31337, b"\x11" * 20, b"\x33" * 32)
GENESIS = b"\x47" * 32
START = clock.utc_seconds("2018-01-01T23:00:00Z", "start")  # 08:00 in Seoul
DECLARED = Source("declared")


def gln(payload: str) -> Gln:
    return Gln.parse(payload + str(values.gs1_check_digit(payload)))


def gtin(payload: str) -> str:
    return (payload + str(values.gs1_check_digit(payload))).zfill(14)


STEEL, FABRICATOR = gln("880123450001"), gln("690123450001")
PLANT, WORKSHOP = gln("880123450002"), gln("690123450002")
COIL, TOWER = Lot.parse(gtin("880123450010"), "C-1"), Lot.parse(gtin("690123450010"), "T-1")


@dataclass
class Party:
    gln: values.Party
    facility: Gln
    address: bytes
    key: SigningKey = field(default_factory=SigningKey.generate)
    gateway: SigningKey = field(default_factory=SigningKey.generate)

    @property
    def uri(self) -> str:
        return values.party_uri(self.gln)

    @property
    def gateway_uri(self) -> str:
        assert isinstance(self.gln, Gln)
        return values.gateway_uri(self.gln, "gw-1")


@dataclass
class Entry:
    envelope: bytes
    body: bytes | None
    disclosures: tuple[str, ...] = ()

    @property
    def parsed(self) -> Envelope:
        return parse(self.envelope)


EARLY = 9  # a block before the runs; all others come after them


def moment(block: int) -> Moment:
    return Moment(block, block.to_bytes(32, "big"), START + (0 if block == EARLY else 86400 + block), 0)


def later(view: ChainView) -> ChainView:
    """The same chain when a pointer's time is over."""
    return replace(view, at=replace(view.at, block_time=view.at.block_time + POINTER_GRACE))


@dataclass
class World:
    """`entries` is the log; `view()` is the chain after `anchor()` was called at the sizes in `anchors`."""

    steel: Party
    fabricator: Party
    entries: list[Entry] = field(default_factory=list)
    anchors: list[tuple[int, Moment]] = field(default_factory=list)
    keys: dict[bytes, RegisteredKey] = field(default_factory=dict)
    lots: dict[bytes, LotRecord] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)
    registries: dict[bytes, str] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    parties: list[Party] = field(default_factory=list)  # besides the two makers
    labelling: dict[str, Any] = field(default_factory=dict)  # see tests.support.labels
    block: int = 10
    ref: LogRef = LOG

    @property
    def everybody(self) -> list[Party]:
        return [self.steel, self.fabricator, *self.parties]

    def tick(self) -> Moment:
        self.block += 1
        return moment(self.block)

    def log(self, entry: Entry) -> int:
        self.entries.append(entry)
        return len(self.entries) - 1

    def state(
        self, party: Party, subject: str, content_type: str, data: bytes, *disclosures: str, at: int = 3600
    ) -> int:
        """Signed as of block `at`; its index in the log."""
        header = Header(party.uri, subject, moment(at).block_time, content_type, self.ref)
        return self.log(Entry(sign(party.key, header, data), data, disclosures))

    def id(self, index: int) -> str:
        return self.entries[index].parsed.statement_id.hex()

    def leaf(self, index: int) -> bytes:
        return tree.leaf_hash(self.entries[index].envelope)

    def reader(self) -> tree.NodeReader:
        store = tiles.TileEdge(0, lambda *_: b"").append([self.leaf(i) for i in range(len(self.entries))])
        return tiles.node_reader(lambda level, n: store.get((level, n), b""))

    def anchor(self) -> Moment:
        when = self.tick()
        self.anchors.append((len(self.entries), when))
        return when

    def anchor_early(self) -> None:
        """What is logged so far was anchored before the first run opened."""
        self.anchors.append((len(self.entries), moment(EARLY)))

    def register(self, party: Party, key: SigningKey, role: Role, issuer: str) -> None:
        log_id = self.ref.log_id if role is Role.GATEWAY else bytes(32)
        self.keys[key.public.key_id] = RegisteredKey(
            key.public.key_id, party.address, role, log_id, issuer, key.public.cose, moment(3)
        )

    def mint(self, party: Party, lot: Lot, record: int, inputs: tuple[Consumption, ...] = ()) -> None:
        when = self.tick()
        version = RecordVersion(1, self.ref.log_id, self.leaf(record), record, when)
        token = lot_id(party.address, lot)
        self.lots[token] = LotRecord(token, party.address, lot_hash(lot), (version,), inputs)
        self.transfers.append(Transfer(token, bytes(20), party.address, SHARES, when))
        for spent in inputs:
            self.transfers.append(Transfer(spent.parent, party.address, bytes(20), spent.shares, when))

    def supersede(self, party: Party, lot: Lot, record: int) -> None:
        old = self.lots[lot_id(party.address, lot)]
        version = RecordVersion(old.current.version + 1, self.ref.log_id, self.leaf(record), record, self.tick())
        self.lots[old.lot_id] = replace(old, versions=(*old.versions, version))

    def view(self) -> ChainView:
        read = self.reader()
        heads = tuple(Head(size, tree.root_at(size, read), when) for size, when in self.anchors)
        operators = {p.address: Operator(p.address, p.uri, moment(2)) for p in self.everybody}
        return ChainView(
            chain_id=self.ref.chain_id,
            genesis=GENESIS,
            code_hashes={},
            at=moment(self.block),
            logs={self.ref.log_id: LogRecord(self.ref.log_id, b"\x99" * 20, "test", heads)},
            operators=operators,
            keys=dict(self.keys),
            lots=dict(self.lots),
            transfers=tuple(self.transfers),
            registries=dict(self.registries),
            claims=tuple(self.claims),
            **self.labelling,
        )

    def trust(self) -> Trust:
        address = "0x" + self.ref.contract.hex()
        contracts = {
            name: Contract(address if name == "TransparencyLog" else "0x" + "44" * 20, "55" * 32)
            for name in CONTRACTS
        }
        genesis = "0x" + GENESIS.hex()
        return Trust(1, self.ref.chain_id, genesis, "development", 1, 0, contracts, publishers=[self.steel.uri])

    def bundle(self, lot: Lot = TOWER, bodies: bool = True) -> Bundle:
        read, view = self.reader(), self.view()
        heads = list(view.logs[self.ref.log_id].heads)
        items = []
        for index, entry in enumerate(self.entries):
            head = next(i for i, h in enumerate(heads) if h.size > index)
            path = tree.inclusion_proof(index, heads[head].size, read)
            shown = entry.body if bodies or entry.parsed.header.frame is None else None
            items.append(Item(entry.envelope, shown, entry.disclosures, index, head, tuple(path)))
        keys = [key for party in self.everybody for key in (party.key, party.gateway)]
        return Bundle(
            lot,
            tuple(k.public.cose for k in keys),
            tuple(BundleHead(self.ref, h.size, h.root) for h in heads),
            tuple(items),
        )


WITNESSES = {f"witness.example/w{n}": SigningKey.generate(EDDSA) for n in range(3)}


def demanding(trust: Trust, required: int, names: Iterable[str] = WITNESSES) -> Trust:
    """The same reader, who trusts these witnesses and demands so many of them."""
    keys = [note.Verifier.of(name, note.COSIGNATURE, WITNESSES[name].public).vkey for name in names]
    return msgspec.structs.replace(trust, witnesses=keys, witnesses_required=required)


def cosigned(world: World, signers: dict[str, SigningKey], size: int | None = None, root: bytes = b"") -> bytes:
    """A checkpoint of the world's log at `size` (or its end), signed by the log and cosigned by `signers`."""
    at = len(world.entries) if size is None else size
    made = checkpoint.sign(SigningKey.generate(EDDSA), world.ref, at, root or tree.root_at(at, world.reader()))
    return made.plus([note.cosign(key, name, made.text, START) for name, key in signers.items()]).encode()


def witnessed(world: World, bundle: Bundle, data: bytes) -> Bundle:
    """The bundle with this checkpoint, and the proofs by which it extends the bundle's heads."""
    size = checkpoint.Checkpoint.parse(note.Note.decode(data).text).size
    proofs = tuple(
        (place, tuple(tree.consistency_proof(head.size, size, world.reader())))
        for place, head in enumerate(bundle.heads)
        if head.size <= size
    )
    return replace(bundle, checkpoints=(*bundle.checkpoints, Witnessed(data, proofs)))


FACTORS = FactorSet(
    "test-factors",
    "1",
    "Factors for tests",
    (
        Factor(
            "grid", "Grid", "电网", "electricity", "electricity", "KR", 2018, "0.4781", "kg CO2e", "kWh",
            ("generation", "transmission-losses"), ("CO2", "CH4", "N2O"), "SAR", "secondary", "test", "primary-source",
        ),
        Factor(
            "slab", "Slab", "板坯", "material", "steel-slab", "GLO", 2018, "2320", "kg CO2", "t",
            ("cradle-to-gate",), ("CO2",), None, "secondary", "test", "primary-source",
        ),
    ),
)  # fmt: skip


def frames_of(world: World, party: Party, first: int, count: int, usage: Decimal = Decimal("3.17")) -> None:
    """Log `count` frames of four quarter-hours each by the party's gateway, from sequence `first` on."""
    for sequence in range(first, first + count):
        times = [START + 900 * (4 * sequence + i + 1) for i in range(4)]
        readings = [frame.Reading("rolling", t, usage + i, "kWh") for i, t in enumerate(times)]
        content = frame.FrameContent(str(party.facility), frame.group(readings), [], None)
        log_frame(world, party, sequence, frame.encode_body(party.facility, content))


def log_frame(world: World, party: Party, sequence: int, data: bytes, mode: str = "recorded") -> int:
    """Sign and log one frame behind the gateway's last one."""
    ids = [world.entries[i].parsed.statement_id for i in frames_by(world, party)]
    place = FrameHeader(1, sequence, ids[-1] if ids else None, None, mode)
    key, facility = party.gateway, party.facility
    envelope = frame.sign_frame(key, party.gateway_uri, facility, world.ref, place, data, START + 80000)
    return world.log(Entry(envelope, data))


def frames_by(world: World, party: Party) -> list[int]:
    """Log indexes of the party's frames."""
    key_id = party.gateway.public.key_id
    return [i for i, e in enumerate(world.entries) if e.parsed.key_id == key_id]


def plan_of(party: Party, valid_from: str = "2018-01-01T00:00:00Z") -> MeteringPlan:
    point = MeteringPoint(
        "rolling", "line-1", "electricity", "interval", "end", 900, "kWh", "0.01",
        party.gateway.public.key_id.hex(), None, "serial 7", "0.5S", 3600,
    )  # fmt: skip
    return MeteringPlan(str(party.facility), "Asia/Seoul", 1, valid_from, (point,))


def log_plan(world: World, party: Party, plan: MeteringPlan | None = None) -> int:
    subject = f"https://id.gs1.org/414/{party.facility}"
    return world.state(party, subject, body.METERING_PLAN, (plan or plan_of(party)).encode_body())


def evidence_of(world: World, party: Party) -> Evidence:
    """What the party's frames say that were logged so far."""
    found = Evidence()
    for entry in (world.entries[i] for i in frames_by(world, party)):
        place = frame.place_of(entry.parsed)
        found.add(entry.parsed.key_id, place, frame.decode_body(entry.body or b""))
    return found


def activity_of(
    world: World, party: Party, start: int, end: int, plan: MeteringPlan | None = None, name: str = "rolling"
) -> Activity:
    """What the party's meter says of [start, end), by the frames logged so far."""
    by, frames = plan or plan_of(party), frames_by(world, party)
    meter = evidence_of(world, party).at(str(party.facility))
    found = measured(by, by.point(name), meter, [(start, end)])
    return Activity.of(by.point(name), found, frames[0], frames[-1])


def coil_record(world: World, plan: int, tonnes: str = "18.4", supersedes: str | None = None) -> BatchRecord:
    """The coil's record over the second and third hour and 7 minutes, from the frames logged so far."""
    start, end = START + 3600, START + 3 * 3600 + 420
    run = Run("order-1", "line-1", clock.utc_text(start), clock.utc_text(end))
    return BatchRecord(
        str(COIL.gtin), str(COIL.code), "Hot-rolled coil", str(PLANT), "Asia/Seoul", run, world.id(plan), "recorded",
        supersedes,
        outputs=(Output("product", "coil", tonnes, "t", DECLARED), Output("waste", "scrap", "0.6", "t", DECLARED)),
        inputs=(Input("slab", "19", "t", DECLARED, material="steel-slab"),),
        activity=(activity_of(world, world.steel, start, end),),
    )  # fmt: skip


def other_coil_record(world: World, plan: int, quantity: str) -> BatchRecord:
    """A coil of the steel plant's name and lot that the fabricator says it made itself, with `quantity` kWh."""
    start, end = START + 3600, START + 7200
    activity = msgspec.structs.replace(activity_of(world, world.fabricator, start, end), quantity=quantity)
    return BatchRecord(
        str(COIL.gtin), str(COIL.code), "Hot-rolled coil", str(WORKSHOP), "Asia/Shanghai",
        Run("order-8", "line-1", clock.utc_text(start), clock.utc_text(end)), world.id(plan), "recorded",
        outputs=(Output("product", "coil", "18.4", "t", DECLARED),),
        inputs=(),
        activity=(activity,),
    )  # fmt: skip


def tower_record(
    world: World,
    plan: int,
    coil_footprint: int,
    coil_tonnes: str = "10",
    lines: int = 1,
    cited: str | None = None,
) -> BatchRecord:
    """The tower section's record over the second hour, made of `coil_tonnes` of the coil, said `lines` times; its
    footprint stands in this log, or is the one `cited`."""
    start, end = START + 3600, START + 7200
    coil = Input("coil", coil_tonnes, "t", DECLARED, str(COIL.gtin), str(COIL.code),
                 "0x" + world.steel.address.hex(), cited or world.id(coil_footprint))  # fmt: skip
    return BatchRecord(
        str(TOWER.gtin), str(TOWER.code), "Tower section", str(WORKSHOP), "Asia/Shanghai",
        Run("order-9", "line-1", clock.utc_text(start), clock.utc_text(end)), world.id(plan), "recorded",
        outputs=(Output("product", "section", "9.7", "t", DECLARED),),
        inputs=(coil,) * lines,
        activity=(activity_of(world, world.fabricator, start, end),),
    )  # fmt: skip


def log_record(world: World, party: Party, record: BatchRecord, reason: str | None = "misread") -> int:
    """The record's entry; one that supersedes is followed by the correction that says why, unless there is none."""
    data, disclosures = record.issue(party.key, party.uri)
    index = world.state(party, record.of.urn, body.BATCH_RECORD, data, *disclosures.values())
    if record.supersedes is not None and reason is not None:
        log_correction(world, party, record.of, "record", [(record.supersedes, world.id(index))], reason)
    return index


def log_correction(
    world: World, party: Party, lot: Lot, what: What, changes: Iterable[tuple[str, str]], reason: str = "misread"
) -> int:
    named = tuple(Change(*one) for one in changes)
    said = Correction(str(lot.gtin), str(lot.code), what, reason, "shift leader", named)
    return world.state(party, lot.urn, body.CORRECTION, said.encode_body())


def no_period(statement_id: str) -> EnergyPeriod:
    raise InvalidInput("period", statement_id)


def footprint_of(
    record: BatchRecord,
    record_id: str,
    factors: str,
    *parents: Footprint,
    supersedes: str | None = None,
    by_subject: dict[str, str] = {"electricity": "grid", "steel-slab": "slab"},  # noqa: B006 - never changed
    counting: dict[str, str] = {},  # noqa: B006 - never changed
) -> Footprint:
    """What follows from a record by the house's profile, by the factors of the set `factors`."""
    chosen = {subject: (FactorRef(factors, name),) for subject, name in by_subject.items()}
    sources = calculation.Sources(lambda ref: FACTORS.get(ref.id), lambda _: parents[0], no_period)
    by = profile.newest(profile.HOUSE)
    return calculation.calculate(record, record_id, by, Choices("KR", chosen, counting), sources, supersedes)


def log_footprint(
    world: World,
    party: Party,
    record: BatchRecord,
    record_index: int,
    factors: int,
    *parents: Footprint,
    supersedes: str | None = None,
) -> tuple[int, Footprint]:
    stated = footprint_of(record, world.id(record_index), world.id(factors), *parents, supersedes=supersedes)
    data, disclosures = stated.issue(party.key, party.uri)
    return world.state(party, record.of.urn, body.FOOTPRINT, data, *disclosures.values()), stated


@dataclass
class Places:
    """Where the honest world's statements stand in its log."""

    factors: int
    steel_plan: int
    workshop_plan: int
    coil: int
    coil_footprint: int
    tower: int
    tower_footprint: int


def honest_world(
    spend: bool = True,
    coil_activity: str | None = None,
    coil_lines: int = 1,
    valid_from: str = "2018-01-01T00:00:00Z",
) -> tuple[World, Places]:
    """A coil of 18.4 t, of which 10 t go into a tower section; everything anchored, minted and handed over.

    It is honest by default. Without `spend` the tower section is minted although nobody handed the coil over;
    `coil_activity` is what the coil's record says instead of what was metered; `coil_lines` is how often the
    section's record names its coil; `valid_from` is the metering plans'.
    """
    world = World(Party(STEEL, PLANT, b"\xa1" * 20), Party(FABRICATOR, WORKSHOP, b"\xb2" * 20))
    for party in (world.steel, world.fabricator):
        world.register(party, party.key, Role.ISSUER, party.uri)
        world.register(party, party.gateway, Role.GATEWAY, party.gateway_uri)
    factors = world.state(world.steel, "urn:leafproof:factors", body.FACTOR_SET, FACTORS.encode_body())
    plans = [log_plan(world, party, plan_of(party, valid_from)) for party in (world.steel, world.fabricator)]
    frames_of(world, world.steel, 0, 6)
    frames_of(world, world.fabricator, 0, 3, Decimal("0.5"))
    world.anchor()
    record = coil_record(world, plans[0])
    if coil_activity:
        stated_less = tuple(msgspec.structs.replace(a, quantity=coil_activity) for a in record.activity or ())
        record = msgspec.structs.replace(record, activity=stated_less)
    coil = log_record(world, world.steel, record)
    printed, stated = log_footprint(world, world.steel, record, coil, factors)
    world.anchor()
    world.mint(world.steel, COIL, coil)
    shares, token = shares_for(Fraction(10), Fraction("18.4")), lot_id(world.steel.address, COIL)
    child = tower_record(world, plans[1], printed, lines=coil_lines)
    tower = log_record(world, world.fabricator, child)
    tower_printed, _ = log_footprint(world, world.fabricator, child, tower, factors, stated)
    world.anchor()
    spent = (Consumption(token, shares),) if spend else ()
    if spend:
        giving = Transfer(token, world.steel.address, world.fabricator.address, shares, world.tick())
        world.transfers.append(giving)
    world.mint(world.fabricator, TOWER, tower, spent)
    return world, Places(factors, *plans, coil, printed, tower, tower_printed)


def fabricators_own_coil(lie: str) -> tuple[World, Places]:
    """The fabricator makes up a coil of the steel plant's name and lot, mints it, and builds on it."""
    world, at = honest_world()
    token = lot_id(world.fabricator.address, COIL)
    other = other_coil_record(world, at.workshop_plan, lie)
    index = log_record(world, world.fabricator, other)
    printed, stated = log_footprint(world, world.fabricator, other, index, at.factors)
    world.anchor()
    world.mint(world.fabricator, COIL, index)
    child = tower_record(world, at.workshop_plan, printed)
    child = msgspec.structs.replace(child, supersedes=world.id(at.tower))
    tower = log_record(world, world.fabricator, child)
    first = world.id(at.tower_footprint)
    log_footprint(world, world.fabricator, child, tower, at.factors, stated, supersedes=first)
    world.anchor()
    world.supersede(world.fabricator, TOWER, tower)
    spent = Consumption(token, shares_for(Fraction(10), Fraction("18.4")))
    known = world.lots[lot_id(world.fabricator.address, TOWER)]
    world.lots[known.lot_id] = replace(known, inputs=(spent,))
    return world, at


def two_logs() -> tuple[World, World, ChainView]:
    """The honest world's coil in one log, the tower section that is made of it in another, and the chain of both."""
    world, at = honest_world()
    workshop = replace(world.fabricator, gateway=SigningKey.generate())
    other = World(world.steel, workshop, keys=dict(world.keys), block=world.block, ref=OTHER_LOG)
    other.register(workshop, workshop.gateway, Role.GATEWAY, workshop.gateway_uri)
    factors = other.state(world.steel, "urn:leafproof:factors", body.FACTOR_SET, FACTORS.encode_body())
    plan = log_plan(other, workshop)
    frames_of(other, workshop, 0, 3, Decimal("0.5"))
    record = tower_record(other, plan, at.coil_footprint, cited=world.id(at.coil_footprint))
    tower = log_record(other, workshop, record)
    stated = world.entries[at.coil_footprint]
    parent = Footprint.read(stated.body or b"", stated.disclosures, world.steel.key.public, world.steel.uri)
    log_footprint(other, workshop, record, tower, factors, parent)
    other.anchor()
    shares = shares_for(Fraction(10), Fraction("18.4"))
    token = lot_id(world.steel.address, COIL)
    other.mint(world.fabricator, TOWER, tower, (Consumption(token, shares),))
    del world.entries[at.tower :]
    world.anchors.pop()
    del world.lots[lot_id(world.fabricator.address, TOWER)]
    first, second = world.view(), other.view()
    both = replace(second, logs=first.logs | second.logs, lots=first.lots | second.lots, transfers=first.transfers)
    return world, other, both
