"""A lot's evidence in one file: its record, its footprint, what they name, and the same of every input lot.

Each statement is given once, with its proof in the first head that the chain holds of it; if none does yet, in the
log's present head. Of a lot that was received, everything that its supplier's bundle brought is given on as it
came, with its proofs in the supplier's log. Bodies and disclosures go by the reader's tier; frames are for
auditors alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import Connection

from backend.access.tiers import Tier
from backend.certificates import repository as certificate_rows
from backend.checkpoints import repository as checkpoint_rows
from backend.classification import repository as classifications
from backend.classification import service as classification
from backend.corrections import repository as correction_rows
from backend.declared import service as declared
from backend.errors import Conflict, NotFound
from backend.footprints import periods
from backend.footprints import repository as footprint_rows
from backend.footprints import service as footprints
from backend.footprints import sets as factor_sets
from backend.labels import repository as labels
from backend.lifecycle import repository as stage_rows
from backend.lifecycle import service as stages
from backend.log.service import HostedLogs, TransparencyLog
from backend.opinions import repository as opinion_rows
from backend.production import pointing, recording
from backend.production import repository as production_rows
from backend.production.repository import Row
from backend.production.service import read_plan
from backend.production.statements import Archive
from backend.received import bundles as elsewhere
from backend.received import evidence as received
from backend.received.bundles import Parts
from leafproof import envelope
from leafproof.bundle import MAX_BUNDLE, Bundle, BundleHead, Item, Witnessed
from leafproof.chain.view import Head, LotRecord, RegisteredKey
from leafproof.footprint import Footprint, factors_used, parents_used
from leafproof.record import BatchRecord
from leafproof.values import Lot

MAX_LOTS = 500  # records in one bundle: a wind tower has some hundred plates, from fewer heats
MAX_DEPTH = 200  # lots made here from lots made here; each step of it is one of the program's stack
_Place = tuple[int | bytes, int]  # log number, index; of another server's log its id


class Anchors(Protocol):
    """What the chain says about heads and gateways' keys: `backend.anchor.registry.Registry`."""

    def first_head_covering(self, connection: Connection, log_id: bytes, index: int) -> Head | None:
        """The first final head that has entry `index`."""

    def registered_key(self, connection: Connection, key_id: bytes) -> RegisteredKey | None:
        """The key, if it is registered with a valid proof of possession."""

    def lot(self, connection: Connection, lot_id: bytes) -> LotRecord | None:
        """The lot, if it is minted."""


@dataclass(slots=True)
class _Gathered:
    """The statements found so far, in the order in which they are given, and the records already looked into."""

    places: dict[_Place, None] = field(default_factory=dict)
    records: set[bytes] = field(default_factory=set)


class BundleBuilder:
    """Builds bundles from what this server holds; `builder(connection, lot, tier)`."""

    def __init__(self, logs: HostedLogs, anchors: Anchors) -> None:
        self._archive = Archive(logs)
        self._anchors = anchors

    def __call__(self, connection: Connection, lot: Lot, tier: Tier) -> Bundle:
        """The lot's bundle for readers of `tier`.

        Raises `NotFound` for a lot without a record, and `Conflict` for a tree of lots that is too large, or that
        comes back to itself.
        """
        row, printed = recording.current(connection, lot), footprints.current_by_profile(connection, lot)
        if row is None and received.lot(connection, lot) is not None:
            gathered = _Gathered()
            self._received(connection, lot, gathered, lot)
            return self._bundle(connection, lot, tier, gathered.places)
        if row is None or not printed:
            raise NotFound(f"lot {lot} has no record yet")
        gathered = _Gathered()
        self._record(connection, row, tier, gathered, ())
        for footprint in printed:
            self._footprint(connection, footprint, tier, gathered, (lot,))
        self._pointed_to(connection, row, tier, gathered, ())
        self._corrections(connection, lot, gathered)
        self._declared(connection, row, gathered)
        self._stages(connection, lot, gathered)
        return self._bundle(connection, lot, tier, gathered.places)

    def _record(
        self, connection: Connection, row: Row, tier: Tier, gathered: _Gathered, path: tuple[Lot, ...]
    ) -> None:
        lot = Lot.parse(row["gtin"], row["lot"])
        _check_path(lot, path)
        if row["statement_id"] in gathered.records:
            return
        gathered.records.add(row["statement_id"])
        _check_size(gathered, (*path, lot)[0])
        record = recording.read(connection, self._archive, row)
        gathered.places[row["log"], row["index"]] = None
        self._plan(connection, row, record, tier, gathered)
        for cancelled in certificate_rows.for_lot(connection, row["gtin"], row["lot"]):
            gathered.places[cancelled["log"], cancelled["index"]] = None
        for said in labels.about_lot(connection, row["gtin"], row["lot"]):
            gathered.places[said["log"], said["index"]] = None
        self._classified(connection, row, gathered)
        for line in record.inputs or ():
            if line.parent is None or line.footprint is None:
                continue
            used = footprint_rows.by_statement(connection, bytes.fromhex(line.footprint))
            current = recording.current(connection, line.parent)
            if (used is None or current is None) and received.lot(connection, line.parent) is not None:
                self._received(connection, line.parent, gathered, (*path, lot)[0])
                continue
            if used is None or current is None:
                raise NotFound(f"lot {line.parent}, from which {lot} is made, has no record here")
            self._footprint(connection, used, tier, gathered, (*path, lot))
            self._record(connection, current, tier, gathered, (*path, lot))
            self._pointed_to(connection, current, tier, gathered, (*path, lot))
            self._corrected(connection, current, used, tier, gathered, (*path, lot))

    def _classified(self, connection: Connection, record: Row, gathered: _Gathered) -> None:
        """How the lot was classified, by which lists: a label counts by the word of its time."""
        for made in classifications.of_lot(connection, record["gtin"], record["lot"]):
            gathered.places[made["log"], made["index"]] = None
            said = classification.classified(connection, self._archive, made)
            rules = classifications.statement(connection, bytes.fromhex(said.content))
            if rules is not None:
                gathered.places[rules["log"], rules["index"]] = None

    def _pointed_to(
        self, connection: Connection, newest: Row, tier: Tier, gathered: _Gathered, path: tuple[Lot, ...]
    ) -> None:
        """The record that the chain points to, with its newest footprint, while it is not the lot's newest one:
        a correction is the lot's word only from the moment when the chain says so."""
        versions = production_rows.record_versions(connection, newest["gtin"], newest["lot"])
        if len(versions) < 2:
            return
        lot = Lot.parse(newest["gtin"], newest["lot"])
        on_chain = self._anchors.lot(connection, pointing.token_of(connection, lot))
        pointed = next((v for v in versions if on_chain and v["leaf_hash"] == on_chain.current.leaf), newest)
        if pointed["statement_id"] == newest["statement_id"]:
            return
        self._record(connection, pointed, tier, gathered, path)
        for row in footprints.current_by_profile(connection, lot, bytes(pointed["statement_id"])):
            self._footprint(connection, row, tier, gathered, (*path, lot))

    def _footprint(
        self, connection: Connection, row: Row, tier: Tier, gathered: _Gathered, path: tuple[Lot, ...]
    ) -> None:
        """A footprint, its factor sets and energy period, the input lots' footprints that it counts with, and the
        record that it is of, which need not be the current one."""
        if (row["log"], row["index"]) in gathered.places:
            return
        stated: Footprint = footprints.read(connection, self._archive, bytes(row["statement_id"]))
        gathered.places[row["log"], row["index"]] = None
        for statement in {ref.set for refs in factors_used(stated).values() for ref in refs}:
            found = factor_sets.set_of(connection, self._archive, statement)
            gathered.places[found.log, found.index] = None
        if stated.period is not None:
            period = periods.read(connection, self._archive, bytes.fromhex(stated.period))
            gathered.places[period.log, period.index] = None
        for one in stated.certificates:
            cancelled = certificate_rows.cancellation(connection, bytes.fromhex(one.cancellation))
            if cancelled is not None:
                gathered.places[cancelled["log"], cancelled["index"]] = None
        own = path
        if stated.of != path[-1]:
            _check_path(stated.of, path)
            own = (*path, stated.of)
        for name in parents_used(stated).values():
            used = footprint_rows.by_statement(connection, bytes.fromhex(name))
            if used is None and (stated_there := received.footprint(connection, bytes.fromhex(name))) is not None:
                self._received(connection, stated_there.of, gathered, own[0])
                continue
            if used is None:
                raise NotFound(f"footprint {name}, with which {stated.of} counts, is not here")
            upstream = Lot.parse(used["gtin"], used["lot"])
            _check_path(upstream, own)
            self._footprint(connection, used, tier, gathered, (*own, upstream))
        record = production_rows.record_by_statement(connection, bytes(row["record"]))
        if record is not None and stated.of != path[-1]:
            self._record(connection, record, tier, gathered, path)

    def _received(self, connection: Connection, lot: Lot, gathered: _Gathered, of: Lot) -> None:
        """All that a received lot's bundles brought. What stands in a log of this server is told from there."""
        hosted = {hosted.log.ref.log_id: hosted.log.number for hosted in self._archive.logs}
        for log_id, index in received.parts(connection, lot):
            gathered.places[hosted.get(log_id, log_id), index] = None
        gathered.records |= received.records_of(connection, lot)
        _check_size(gathered, of)

    def _corrected(
        self,
        connection: Connection,
        current: Row,
        used: Row,
        tier: Tier,
        gathered: _Gathered,
        path: tuple[Lot, ...],
    ) -> None:
        """Of an input lot: what was corrected, and the newest footprint by the profile of the one used."""
        lot = Lot.parse(current["gtin"], current["lot"])
        if not self._corrections(connection, lot, gathered):
            return
        for row in footprints.current_by_profile(connection, lot, bytes(current["statement_id"])):
            if row["profile"] == used["profile"]:
                self._footprint(connection, row, tier, gathered, (*path, lot))

    def _corrections(self, connection: Connection, lot: Lot, gathered: _Gathered) -> bool:
        """Whether there are any."""
        found = correction_rows.of_lot(connection, str(lot.gtin), str(lot.code))
        for row in found:
            gathered.places[row["log"], row["index"]] = None
        return bool(found)

    def _stages(self, connection: Connection, lot: Lot, gathered: _Gathered) -> None:
        """What is said of the lot after the gate, and the factor sets that it counts with."""
        for row in stage_rows.newest(connection, str(lot.gtin), str(lot.code)):
            gathered.places[row["log"], row["index"]] = None
            for line in stages.read(connection, self._archive, row).lines:
                if line.factor is not None:
                    found = factor_sets.set_of(connection, self._archive, line.factor.set)
                    gathered.places[found.log, found.index] = None

    def _declared(self, connection: Connection, row: Row, gathered: _Gathered) -> None:
        """The newest declared footprints of the lot's product and plant for its run's time, by each method, and
        each verifier's last word on them."""
        record = recording.read(connection, self._archive, row)
        gtin, closed = str(record.of.gtin), record.run.window[1]
        for found in declared.covering(connection, record.facility, gtin, closed):
            gathered.places[found["log"], found["index"]] = None
            for given in opinion_rows.newest(connection, found["statement_id"]):
                gathered.places[given["log"], given["index"]] = None

    def _plan(
        self, connection: Connection, row: Row, record: BatchRecord, tier: Tier, gathered: _Gathered
    ) -> None:
        """The record's metering plan and, for auditors, the frames in the log ranges that the record names."""
        plan_row = production_rows.plan_by_statement(connection, bytes.fromhex(record.plan))
        if plan_row is None:
            raise NotFound(f"the metering plan of lot {record.of} is not here")
        gathered.places[plan_row["log"], plan_row["index"]] = None
        if tier < Tier.AUDITOR:
            return
        for index in (index for one in record.weighings() for index in one.frames):
            gathered.places[row["log"], index] = None
        plan = read_plan(connection, self._archive, plan_row).plan
        for activity in record.activity or ():
            first, last = activity.first_index, activity.last_index
            for gateway in {point.gateway for point in plan.readers(plan.point(activity.point))}:
                key = bytes.fromhex(gateway)
                for index in production_rows.frames_between(connection, row["log"], key, first, last):
                    gathered.places[row["log"], index] = None

    def _bundle(self, connection: Connection, lot: Lot, tier: Tier, places: Iterable[_Place]) -> Bundle:
        made, size = Parts(), 0
        for log, index in places:
            if isinstance(log, int):
                item = self._own(connection, self._archive.log(log), index, tier, made)
            else:
                item = elsewhere.add(connection, (log, index), tier, made)
            disclosed = sum(map(len, item.disclosures)) + 34 * len(item.path)
            size += len(item.envelope) + len(item.body or b"") + disclosed
            if size > MAX_BUNDLE:
                raise Conflict(f"the bundle of lot {lot} would be larger than {MAX_BUNDLE} bytes")
        witnessed = self._witnessed(connection, made.heads)
        return Bundle(lot, made.known_keys, tuple(made.heads), tuple(made.items), witnessed)

    def _own(self, connection: Connection, log: TransparencyLog, index: int, tier: Tier, made: Parts) -> Item:
        raw = log.entry(connection, index).envelope
        head = self._head(connection, log, index)
        body, disclosures = _shown(connection, log, index, tier)
        path = tuple(log.inclusion_proof(connection, index, head.size))
        key_id = envelope.parse(raw).key_id
        if key_id not in made.keys:
            made.keys[key_id] = self._key(connection, key_id)
        item = Item(raw, body, disclosures, index, made.place_of(head), path)
        made.items.append(item)
        return item

    def _witnessed(
        self, connection: Connection, heads: dict[BundleHead, tuple[int, int | None]]
    ) -> tuple[Witnessed, ...]:
        """What witnesses cosigned of the heads, or of ones that extend them; each checkpoint once."""
        logs = {hosted.log.ref: hosted.log for hosted in self._archive.logs}
        proofs: dict[bytes, list[tuple[int, tuple[bytes, ...]]]] = {}
        for head, (place, kept) in heads.items():
            if kept is not None:
                covered = received.cosigned(connection, kept)
                if covered is not None:
                    proofs.setdefault(covered.note, []).append((place, covered.proof))
                continue
            log = logs[head.log]
            found = checkpoint_rows.covering(connection, log.number, head.size)
            if found is not None:
                proof = tuple(log.consistency_proof(connection, head.size, found.size))
                proofs.setdefault(found.note, []).append((place, proof))
        return tuple(Witnessed(note, tuple(of_heads)) for note, of_heads in proofs.items())

    def _head(self, connection: Connection, log: TransparencyLog, index: int) -> BundleHead:
        anchored = self._anchors.first_head_covering(connection, log.ref.log_id, index)
        # A head beyond our own log would be a restored database's: it proves what it can, and checks say so.
        if anchored is not None and anchored.size <= log.size(connection):
            return BundleHead(log.ref, anchored.size, anchored.root)
        return BundleHead(log.ref, *log.head(connection))

    def _key(self, connection: Connection, key_id: bytes) -> bytes | None:
        issuer = production_rows.issuer_key(connection, key_id)
        if issuer is not None:
            return issuer
        registered = self._anchors.registered_key(connection, key_id)
        return registered.cose if registered else None


def _shown(
    connection: Connection, log: TransparencyLog, index: int, tier: Tier
) -> tuple[bytes | None, tuple[str, ...]]:
    """The body and its disclosures as far as `tier` may have them; None and nothing where it may not."""
    try:
        stored = log.body(connection, index)
    except NotFound:
        return None, ()
    if stored.body is None or stored.tier > tier:
        return None, ()
    return stored.body, stored.shown_to(tier)


def _check_size(gathered: _Gathered, lot: Lot) -> None:
    if len(gathered.records) > MAX_LOTS:
        raise Conflict(f"lot {lot} is made from more than {MAX_LOTS} lots")


def _check_path(lot: Lot, path: tuple[Lot, ...]) -> None:
    if lot in path:
        raise Conflict(f"lot {lot} is made from itself: {' <- '.join(map(str, (*path[path.index(lot) :], lot)))}")
    if len(path) >= MAX_DEPTH:
        raise Conflict(f"lot {path[0]} is made from lots more than {MAX_DEPTH} steps deep")
