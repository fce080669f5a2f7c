"""What a liar could work with: a played demo's database and chain, and the keys of everybody in it.

No backend runs here. Entries go through the log service, transactions straight to the node, so that each lie can
be told at leisure; then the auditor looks, with the same code as the commands.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import Engine

from backend import database
from backend.access.tiers import Tier
from backend.anchor.chain import Chain, address_of
from backend.anchor.signers import Signers
from backend.audit import service as audit
from backend.bootstrap import CHECKS
from backend.demo.cast import Company
from backend.embedded.accounts import mnemonic_in
from backend.embedded.node import EmbeddedNode
from backend.log.fsck import fsck
from backend.log.schemas import Disclosure, NewEntry
from backend.log.service import stored_logs
from backend.production.keystore import FileSigner
from backend.production.service import signer_of
from iot_gateway import keyfile
from leafproof import body, frame, tree, values
from leafproof.bundle import Bundle, BundleHead, Item
from leafproof.calculation import Sources, calculate
from leafproof.chain.view import ChainView, lot_hash
from leafproof.client.chain_reader import read_chain
from leafproof.client.export_folder import ExportFolder
from leafproof.client.rpc import Rpc
from leafproof.correction import Change, Correction
from leafproof.envelope import FrameHeader, Header, LogRef, parse, sign
from leafproof.factors import FactorSet
from leafproof.footprint import Footprint, choices_of
from leafproof.keys import SigningKey, public_key
from leafproof.period import EnergyPeriod
from leafproof.profile import ProfileRef
from leafproof.record import BatchRecord
from leafproof.replay import export
from leafproof.replay.replay import replay
from leafproof.replay.report import ReplayReport
from leafproof.replay.source import Entry
from leafproof.trust import Trust
from leafproof.values import Lot
from leafproof.verification.report import Report
from leafproof.verification.statements import Statement
from leafproof.verification.verify import verify

T = TypeVar("T")


class Grounds:
    """A kept demo of which only the chain runs; lends benches, one at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        demanding = Trust.decode((folder / "trust.json").read_bytes())
        # No witness runs here, and it would not cosign most of these lies: they must be caught without it.
        self.trust = msgspec.structs.replace(demanding, witnesses=[], witnesses_required=0)
        self._node = EmbeddedNode(folder / "chain", mnemonic_in(folder / "chain.mnemonic"))

    def __enter__(self) -> Self:
        self._node.start()
        self.rpc = Rpc(self._node.url)
        return self

    def __exit__(self, *_: object) -> None:
        self.rpc.close()
        self._node.stop()

    @property
    def url(self) -> str:
        """Where the chain is."""
        return self._node.url

    @contextmanager
    def lent(self, folder: Path) -> Iterator[Bench]:
        """A copy of the database in `folder`, the chain as it was; both are gone afterwards."""
        for path in (self.folder / "backend").glob("leafproof.db*"):
            shutil.copy(path, folder)
        snapshot = self.rpc.call("evm_snapshot")
        engine = database.create(f"sqlite:///{folder}/leafproof.db")
        try:
            yield Bench(self, engine, folder)
        finally:
            engine.dispose()
            assert self.rpc.call("evm_revert", snapshot) is True


@dataclass
class Bench:
    """See the module."""

    grounds: Grounds
    engine: Engine
    folder: Path

    def __post_init__(self) -> None:
        with database.reading(self.engine) as connection:
            (self.log,) = stored_logs(connection)
        self.keys = self.grounds.folder / "keys"
        self.chain = Chain(self.grounds.rpc, self.grounds.trust)

    @property
    def trust(self) -> Trust:
        return self.grounds.trust

    @property
    def ref(self) -> LogRef:
        return self.log.ref

    # -- the chain --

    def address(self, signer: str) -> bytes:
        return address_of(Signers(self.keys).get(signer))

    def send(self, signer: str, contract: str, function: str, *args: Any) -> None:
        """One transaction, mined; raises `Reverted` if the contract refuses."""
        account = Signers(self.keys).get(signer)
        call = self.chain.call_of(contract, function, list(args))
        gas = self.chain.estimate(address_of(account), call)
        tx_hash, raw = self.chain.sign(
            account, self.chain.nonce(address_of(account)), call, gas, self.chain.fees()
        )
        assert self.chain.send(raw) is None
        deadline = time.monotonic() + 60
        while (receipt := self.chain.receipt(tx_hash)) is None:
            assert time.monotonic() < deadline, "the transaction was not mined"
            time.sleep(0.05)
        assert receipt.succeeded

    def view(self) -> ChainView:
        """The chain as a reader sees it now."""
        return read_chain(self.grounds.rpc, self.trust)

    def anchor(self) -> None:
        """The log's head onto the chain."""
        held, _ = self.chain.head(self.ref.log_id)
        with database.reading(self.engine) as connection:
            size, root = self.log.head(connection)
            proof = self.log.consistency_proof(connection, held, size)
        if size > held:
            self.send("anchor", "TransparencyLog", "extend", self.ref.log_id, size, root, proof)

    def proof(self, index: int) -> list[Any]:
        """A record's place, as the LotRegistry wants it."""
        held, _ = self.chain.head(self.ref.log_id)
        with database.reading(self.engine) as connection:
            path = self.log.inclusion_proof(connection, index, held)
            leaf = self.log.entry(connection, index).leaf_hash
        return [self.ref.log_id, leaf, index, path]

    def supersede(self, company: Company, lot: Lot, index: int) -> None:
        """The chain's pointer of a lot, to another record."""
        self.send(signer_of(company.gln), "LotRegistry", "supersede", lot_hash(lot), self.proof(index))

    # -- the log --

    def issuer(self, company: Company) -> SigningKey:
        """The company's real signing key."""
        return FileSigner(self.keys).key(company.gln)

    def gateway(self, company: Company) -> SigningKey:
        """The real key of the company's gateway."""
        return keyfile.load(self.grounds.folder / company.gateway / "gateway.key")

    def append(self, envelope: bytes, body_: bytes, disclosures: Sequence[str] = ()) -> int:
        """One statement through the log service; its index."""
        shown = tuple(Disclosure(Tier.PUBLIC, text) for text in disclosures)
        with database.transaction(self.engine) as connection:
            return self.log.append(connection, [NewEntry(parse(envelope), body_, shown, Tier.PUBLIC)])[0]

    def state(self, company: Company, subject: str, kind: str, data: bytes, *disclosures: str) -> int:
        """A statement with the company's real key."""
        key = self.issuer(company)
        header = Header(values.party_uri(company.gln), subject, int(time.time()), kind, self.ref)
        return self.append(sign(key, header, data), data, disclosures)

    def log_record(self, company: Company, record: BatchRecord) -> int:
        """The record's entry; one that supersedes is followed by the correction that says why."""
        data, disclosures = record.issue(self.issuer(company), values.party_uri(company.gln))
        index = self.state(company, record.of.urn, body.BATCH_RECORD, data, *disclosures.values())
        if record.supersedes is not None:
            new = next(s.id for s in self.statements() if s.index == index)
            change = Change(record.supersedes, new)
            said = Correction(record.gtin, record.lot, "record", "misread", "shift leader", (change,))
            self.state(company, record.of.urn, body.CORRECTION, said.encode_body())
        return index

    def log_footprint(
        self, company: Company, record: int, chosen: Footprint, supersedes: str | None = None
    ) -> int:
        """The footprint of the record at this index, by the factors of another one."""
        statements = {s.id: s for s in self.statements()}
        of = next(s for s in statements.values() if s.index == record)
        assert isinstance(of.content, BatchRecord)

        def content(kind: type[T], name: str) -> T:
            found = statements[name].content
            assert isinstance(found, kind)
            return found

        sources = Sources(
            lambda ref: content(FactorSet, ref.set).get(ref.id),
            lambda name: content(Footprint, name),
            lambda name: content(EnergyPeriod, name),
        )
        choices = choices_of(chosen)
        if chosen.record != of.id:  # the energy period counts the other one's record
            choices = msgspec.structs.replace(choices, period=None)
        computed = calculate(of.content, of.id, chosen.profile, choices, sources, supersedes)
        data, disclosures = computed.issue(self.issuer(company), values.party_uri(company.gln))
        return self.state(company, of.content.of.urn, body.FOOTPRINT, data, *disclosures.values())

    def heartbeat(self, company: Company, ahead: int = 0, ref: LogRef | None = None) -> tuple[bytes, bytes]:
        """The next frame of a gateway, or one `ahead` of it: envelope and body; for another log, if named."""
        frames = [s for s in self.statements() if s.envelope.key_id == self.gateway(company).public.key_id]
        last = max(frames, key=lambda s: (frame.place_of(s.envelope).epoch, frame.place_of(s.envelope).sequence))
        place = frame.place_of(last.envelope)
        following = FrameHeader(
            place.epoch, place.sequence + 1 + ahead, last.envelope.statement_id, None, place.mode
        )
        content = frame.FrameContent(str(company.facility), [], [int(time.time())], None)
        data = frame.encode_body(company.facility, content)
        issuer = values.gateway_uri(company.gln, company.gateway)
        key, log = self.gateway(company), ref or self.ref
        signed = frame.sign_frame(key, issuer, company.facility, log, following, data, int(time.time()))
        return signed, data

    def statements(self) -> list[Statement]:
        """All of the log, read with the keys that the chain knows."""
        known, found = self.view().keys, []
        for index, entry in enumerate(self.entries()):
            statement = Statement.parse(entry.envelope, index, entry.body, entry.disclosures)
            statement.read(public_key(known[statement.envelope.key_id].cose))
            found.append(statement)
        return found

    def newest(
        self, kind: type[BatchRecord] | type[Footprint], lot: Lot, by: ProfileRef | None = None
    ) -> Statement:
        """The newest record or footprint of a lot; of footprints the newest by a profile, if it is named."""
        found = [s for s in self.statements() if isinstance(s.content, kind) and s.content.of == lot]
        return [s for s in found if by is None or s.content.profile == by][-1]

    def entries(self) -> list[Entry]:
        """What an auditor is handed."""
        with database.reading(self.engine) as connection:
            size = self.log.size(connection)
            chunks = range(-(-size // export.CHUNK))
            return [e for n in chunks for e in audit.chunk(connection, self.log, n, lambda _: Tier.AUDITOR)][:size]

    def alter(self, statement: str, **values_: Any) -> None:
        """SQL in the database, behind everybody's back; one row, or the test is wrong."""
        with database.transaction(self.engine) as connection:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            done = connection.execute(sa.text(statement), values_)
            assert done.rowcount == 1, (statement, done.rowcount)

    # -- those who look --

    def fsck(self) -> set[tuple[int | None, str]]:
        """What the operator's own check of the database names: (index, kind)."""
        return {(f.index, f.kind) for f in fsck(self.engine, [self.log], CHECKS)}

    def export(self, name: str = "export") -> Path:
        """The log as an auditor takes it away."""
        folder = self.folder / name
        with database.reading(self.engine) as connection:
            audit.write(connection, self.log, folder)
        return folder

    def replayed(self, folder: Path | None = None) -> ReplayReport:
        """What the auditor says of an export; of a fresh one, if none is given."""
        return replay(ExportFolder(folder or self.export()), self.trust, self.view())

    def bundle(self, lot: Lot) -> Bundle:
        """All of the log that is anchored, as evidence of one lot: but for what is declared of other products."""
        view = self.view()
        heads = view.logs[self.ref.log_id].heads
        items = []
        with database.reading(self.engine) as connection:
            for index, entry in enumerate(self.entries()[: heads[-1].size]):
                header = parse(entry.envelope).header
                if header.content_type == body.DECLARED_FOOTPRINT and str(lot.gtin) not in header.subject:
                    continue
                head = next(n for n, h in enumerate(heads) if h.size > index)
                path = self.log.inclusion_proof(connection, index, heads[head].size)
                items.append(Item(entry.envelope, entry.body, entry.disclosures, index, head, tuple(path)))
        keys = tuple(key.cose for key in view.keys.values())
        return Bundle(lot, keys, tuple(BundleHead(self.ref, h.size, h.root) for h in heads), tuple(items))

    def verified(self, bundle: Bundle) -> Report:
        """What a reader says of a bundle."""
        return verify(bundle, self.trust, self.view())


def forge(folder: Path, ref: LogRef, entries: Sequence[Entry], rollups: bytes = b"[]") -> Path:
    """An export with everything recomputed that can be: leaves, digests, manifest. Only the chain is against it."""
    leaves = b"".join(tree.leaf_hash(e.envelope) for e in entries)
    files = {export.LEAVES: leaves, export.ROLLUPS: rollups}
    for start in range(0, len(entries), export.CHUNK):
        files[export.chunk_name(start // export.CHUNK)] = export.encode_chunk(
            entries[start : start + export.CHUNK]
        )
    digests = {name: export.FileDigest.of(data) for name, data in files.items()}
    manifest = export.Manifest(1, export.LogName.of(ref), len(entries), digests)
    (folder / "entries").mkdir(parents=True)
    for name, data in {**files, export.MANIFEST: manifest.encode()}.items():
        (folder / name).write_bytes(data)
    return folder


def found(report: ReplayReport) -> set[tuple[int | None, str]]:
    """(index, kind) of each discrepancy."""
    return {(d.index, d.kind) for d in report.discrepancies}


def kinds(report: ReplayReport) -> set[str]:
    return {d.kind for d in report.discrepancies}


def codes(report: Report, number: int) -> set[str]:
    """What failed a check."""
    return {f.code for f in report[number].findings if f.status == "fail"}
