"""Lies told with the real keys, in the real database and on the real chain, and who catches each."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from backend.anchor.chain import Reverted
from backend.anchor.deploy import deploy, make_trust
from backend.demo.cast import FABRICATOR, STEEL, TOWER
from backend.embedded.accounts import mnemonic_in
from backend.embedded.node import EmbeddedNode
from backend.log.keys import log_id
from backend.production.service import signer_of
from leafproof import tree
from leafproof.chain.view import lot_hash
from leafproof.chain.view import lot_id as token_of
from leafproof.client.chain_reader import AnotherChain, read_chain
from leafproof.client.rpc import Rpc
from leafproof.envelope import LogRef, parse
from leafproof.errors import InvalidInput
from leafproof.footprint import Footprint
from leafproof.record import BatchRecord, shares_for
from leafproof.replay.source import Entry
from leafproof.tiles import TileEdge, node_reader
from leafproof.values import Lot
from leafproof.verification.report import Status
from tests.e2e.bench import Bench, codes, forge, found, kinds
from tests.e2e.conftest import Played, Serving
from tests.e2e.processes import leafproof
from tests.e2e.table import caught_by

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
# The order of P-256's group (FIPS 186-5, SEC 2): (r, n - s) verifies wherever (r, s) does.
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def coil(codes_: list[str], number: int) -> Lot:
    return Lot.parse(STEEL.product_gtin, codes_[number])


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


class TestTheHonestLog:
    def test_is_clean_for_everybody(self, bench: Bench) -> None:
        assert bench.replayed().discrepancies == []
        assert bench.fsck() == set()
        report = bench.verified(bench.bundle(TOWER))
        assert report.status is Status.WARNING, [
            f for c in report.checks for f in c.findings if f.status == "fail"
        ]

    def test_goes_on_with_a_correction(self, bench: Bench, lot_codes: list[str]) -> None:
        lot = coil(lot_codes, 3)
        index, _ = corrected(bench, lot)
        bench.anchor()
        bench.supersede(STEEL, lot, index)
        assert bench.replayed().discrepancies == []


def corrected(bench: Bench, lot: Lot, supersedes: bool = True) -> tuple[int, int]:
    """A lighter coil by its owner's real key; the indexes of record and footprint."""
    old, printed = bench.newest(BatchRecord, lot), bench.newest(Footprint, lot)
    assert isinstance(old.content, BatchRecord) and isinstance(printed.content, Footprint)
    assert old.content.outputs
    product = msgspec.structs.replace(old.content.outputs[0], quantity="15.000")
    record = msgspec.structs.replace(
        old.content,
        outputs=(product, *old.content.outputs[1:]),
        supersedes=old.id if supersedes else old.content.supersedes,
    )
    index = bench.log_record(STEEL, record)
    return index, bench.log_footprint(STEEL, index, printed.content, printed.id if supersedes else None)


class TestTheServersDatabase:
    """The backend serves while somebody with the database's password writes into it."""

    @contextmanager
    def altered(self, serving: Serving, table: str, column: str, index: int) -> Iterator[None]:
        path = serving.folder / "backend" / "leafproof.db"

        def write(value: bytes) -> None:
            with closing(sqlite3.connect(path, timeout=30)) as db, db:
                db.execute(f'UPDATE {table} SET {column} = ? WHERE "index" = ?', (value, index))

        with closing(sqlite3.connect(path, timeout=30)) as db:
            (true,) = db.execute(f'SELECT {column} FROM {table} WHERE "index" = ?', (index,)).fetchone()
        write(flipped(true, len(true) // 2))
        try:
            yield
        finally:
            write(true)

    def replay(self, serving: Serving, code: int) -> set[tuple[int | None, str]]:
        words = ["audit", "replay", "--trust", serving.trust, "--rpc", serving.rpc, "--url", serving.url]
        said = json.loads(leafproof(*words, "--api-key-file", str(serving.key_file), "--json", code=code))
        assert said["clean"] is (code == 0)
        return {(d["index"], d["kind"]) for log in said["logs"] for d in log["discrepancies"]}

    def fsck(self, serving: Serving, code: int) -> set[tuple[int | None, str]]:
        config = str(serving.folder / "backend.toml")
        lines = leafproof("log", "fsck", "--json", code=code, LEAFPROOF_CONFIG=config).splitlines()
        return {(one["index"], one["kind"]) for one in map(json.loads, lines)}

    @caught_by("a byte of a stored envelope", "replay: leaf-altered; fsck: envelope")
    def test_a_byte_of_an_envelope(self, serving: Serving) -> None:
        with self.altered(serving, "entries", "envelope", 7):
            assert (7, "leaf-altered") in self.replay(serving, 1)
            assert self.fsck(serving, 1) == {(7, "envelope")}

    @caught_by("a byte of a stored body", "replay: body; fsck: body")
    def test_a_byte_of_a_body(self, serving: Serving) -> None:
        with self.altered(serving, "bodies", "body", 4):
            assert (4, "body") in self.replay(serving, 1)
            assert (4, "body") in self.fsck(serving, 1)
        assert self.replay(serving, 0) == set()
        assert self.fsck(serving, 0) == set()


class TestTheOrderOfEntries:
    @caught_by("an entry deleted", "replay: leaf-altered, root-differs; fsck: entry")
    def test_an_entry_deleted_from_the_database(self, bench: Bench) -> None:
        bench.alter('DELETE FROM bodies WHERE "index" = 5')
        bench.alter('DELETE FROM entries WHERE "index" = 5')
        assert (5, "entry") in bench.fsck()
        report = bench.replayed()
        assert (5, "leaf-altered") in found(report)
        assert "root-differs" in kinds(report)

    @caught_by("an entry deleted, and every hash computed anew", "replay: root-differs, log-short")
    def test_an_entry_deleted_with_its_hashes(self, bench: Bench) -> None:
        entries = bench.entries()
        report = bench.replayed(forge(bench.folder / "forged", bench.ref, entries[:5] + entries[6:]))
        assert {"root-differs", "log-short"} <= kinds(report)

    @caught_by("the newest entries cut off", "replay: log-short")
    def test_a_log_cut_short(self, bench: Bench) -> None:
        report = bench.replayed(forge(bench.folder / "forged", bench.ref, bench.entries()[:-3]))
        assert "log-short" in kinds(report)

    @caught_by("two entries swapped", "replay: leaf-altered, root-differs; fsck: envelope")
    def test_two_swapped_in_the_database(self, bench: Bench) -> None:
        entries = bench.entries()
        for index, other in ((8, 9), (9, 8)):
            bench.alter('UPDATE entries SET envelope = :e WHERE "index" = :i', e=entries[other].envelope, i=index)
        assert {(8, "envelope"), (9, "envelope")} <= bench.fsck()
        report = bench.replayed()
        assert {(8, "leaf-altered"), (9, "leaf-altered")} <= found(report)
        assert "root-differs" in kinds(report)

    @caught_by("two entries swapped, and every hash computed anew", "replay: root-differs")
    def test_two_swapped_with_their_hashes(self, bench: Bench) -> None:
        entries = bench.entries()
        entries[8], entries[9] = entries[9], entries[8]
        assert "root-differs" in kinds(bench.replayed(forge(bench.folder / "forged", bench.ref, entries)))

    @caught_by("an entry inserted, and every hash computed anew", "replay: root-differs")
    def test_one_inserted(self, bench: Bench, lot_codes: list[str]) -> None:
        entries = bench.entries()
        corrected(bench, coil(lot_codes, 3))
        entries.insert(12, bench.entries()[-2])  # an honest statement, with the real key, in a place that is taken
        assert "root-differs" in kinds(bench.replayed(forge(bench.folder / "forged", bench.ref, entries)))

    @caught_by("an entry written behind the log's end", "fsck: entry")
    def test_one_beyond_the_end(self, bench: Bench) -> None:
        size = len(bench.entries())
        columns = "envelope, leaf_hash, content_type, issuer, subject, key_id, received_at"
        bench.alter(
            f'INSERT INTO entries (log, "index", statement_id, {columns}) '
            f'SELECT log, :i, zeroblob(32), {columns} FROM entries WHERE "index" = 6',
            i=size,
        )
        assert (size, "entry") in bench.fsck()


class TestRecords:
    @caught_by("a record signed anew with the operator's real key, in the place of the anchored one",
               "replay: root-differs, pointer-differs; verify: check 4; fsck: tile, head")  # fmt: skip
    def test_a_record_resigned(self, bench: Bench, lot_codes: list[str]) -> None:
        lot = coil(lot_codes, 3)
        honest, entries = bench.bundle(lot), bench.entries()
        true = bench.newest(BatchRecord, lot)
        corrected(bench, lot, supersedes=False)
        lie = bench.entries()[-2]
        forged = [*entries[: true.index], lie, *entries[true.index + 1 :]]
        report = bench.replayed(forge(bench.folder / "forged", bench.ref, forged))
        assert "root-differs" in kinds(report)
        assert (true.index, "pointer-differs") in found(report)

        items = [replace(i, envelope=lie.envelope, body=lie.body, disclosures=lie.disclosures)
                 if i.index == true.index else i for i in honest.items]  # fmt: skip
        assert codes(bench.verified(replace(honest, items=tuple(items))), 4) == {"not-included"}

        bench.alter(
            'UPDATE entries SET envelope = :e, leaf_hash = :l WHERE "index" = :i',
            e=lie.envelope, l=tree.leaf_hash(lie.envelope), i=true.index,
        )  # fmt: skip
        assert {"tile", "head", "columns"} <= {kind for _, kind in bench.fsck()}

    @caught_by(
        "two records for one lot, both with the operator's real key", "replay: two-records, pointer-differs"
    )
    def test_two_records_for_one_lot(self, bench: Bench, lot_codes: list[str]) -> None:
        index, _ = corrected(bench, coil(lot_codes, 3), supersedes=False)
        bench.anchor()
        assert {(index, "two-records"), (index, "pointer-differs")} <= found(bench.replayed())

    @caught_by("the same signature in its other form (r, n - s)",
               "replay: leaf-altered, signature; verify: check 2; fsck: envelope")  # fmt: skip
    def test_the_other_form_of_a_signature(self, bench: Bench, lot_codes: list[str]) -> None:
        lot = coil(lot_codes, 3)
        honest, true = bench.bundle(lot), bench.newest(BatchRecord, lot)
        raw = true.envelope.raw
        twin = raw[:-32] + (_N - int.from_bytes(raw[-32:], "big")).to_bytes(32, "big")
        items = [replace(i, envelope=twin) if i.index == true.index else i for i in honest.items]
        assert codes(bench.verified(replace(honest, items=tuple(items))), 2) == {"signature-invalid"}
        bench.alter('UPDATE entries SET envelope = :e WHERE "index" = :i', e=twin, i=true.index)
        assert {(true.index, "leaf-altered"), (true.index, "signature")} <= found(bench.replayed())
        assert (true.index, "envelope") in bench.fsck()

    @caught_by("an input without its owner's transfer",
               "contract: Overdrawn; verify: check 9; replay: input-unspent")  # fmt: skip
    def test_an_input_that_nobody_handed_over(self, bench: Bench, lot_codes: list[str]) -> None:
        taken = coil(lot_codes, 3)
        tower, coil_record = bench.newest(BatchRecord, TOWER).content, bench.newest(BatchRecord, taken).content
        assert isinstance(tower, BatchRecord) and tower.inputs and isinstance(coil_record, BatchRecord)
        printed = bench.newest(Footprint, TOWER).content
        assert isinstance(printed, Footprint)
        named = bench.newest(Footprint, taken, by=printed.profile)
        line = msgspec.structs.replace(tower.inputs[0], lot=str(taken.code), footprint=named.id)
        claimed = msgspec.structs.replace(tower, lot="T-0002", inputs=(line,))
        index = bench.log_record(FABRICATOR, claimed)
        bench.log_footprint(FABRICATOR, index, printed)
        bench.anchor()

        signer = signer_of(FABRICATOR.gln)
        token = token_of(bench.address(signer_of(STEEL.gln)), taken)
        shares = shares_for(line.amount.to("t"), coil_record.product_mass())
        place = bench.proof(index)
        with pytest.raises(Reverted) as refused:
            bench.send(signer, "LotRegistry", "mint", lot_hash(claimed.of), place, [[token, shares]], 0)
        assert refused.value.name == "Overdrawn"

        bench.send(signer, "LotRegistry", "mint", lot_hash(claimed.of), place, [], 0)
        assert (index, "input-unspent") in found(bench.replayed())
        assert codes(bench.verified(bench.bundle(claimed.of)), 9) == {"input-unspent"}


class TestSums:
    @caught_by("a rollup changed", "replay: rollup-differs; fsck: rollup")
    def test_a_rollup_changed(self, bench: Bench) -> None:
        bench.alter("UPDATE rollups SET sum = sum || '1' WHERE rowid = (SELECT min(rowid) FROM rollups)")
        assert {kind for _, kind in bench.fsck()} == {"rollup"}
        assert kinds(bench.replayed()) == {"rollup-differs"}


class TestTheHead:
    @caught_by("a head that does not extend the last", "contract: NotConsistent, NotLarger")
    def test_a_head_that_does_not_extend_the_last(self, bench: Bench) -> None:
        size, _ = bench.chain.head(bench.ref.log_id)
        entries = bench.entries()
        rewritten = [
            tree.leaf_hash(e.envelope) for e in [*entries[:3], entries[4], entries[3], *entries[5:], entries[0]]
        ]
        store = TileEdge(0, lambda *_: b"").append(rewritten)
        reader = node_reader(lambda level, number: store.get((level, number), b""))
        proof = tree.consistency_proof(size, size + 1, reader)
        for offered, path, error in (
            (size + 1, proof, "NotConsistent"),
            (size + 1, [], "NotConsistent"),
            (size, [], "NotLarger"),
            (size - 1, [], "NotLarger"),
        ):
            root = tree.root_at(min(offered, len(rewritten)), reader)
            with pytest.raises(Reverted) as refused:
                bench.send("anchor", "TransparencyLog", "extend", bench.ref.log_id, offered, root, path)
            assert refused.value.name == error


class TestFrames:
    @caught_by("a frame left out of a gateway's sequence", "replay: frame-gap")
    def test_a_sequence_gap(self, bench: Bench) -> None:
        index = bench.append(*bench.heartbeat(STEEL, ahead=1))
        bench.anchor()
        assert (index, "frame-gap") in found(bench.replayed())

    @caught_by("a frame logged in two logs", "log: refused; replay: other-log, key")
    def test_a_frame_in_two_logs(self, bench: Bench) -> None:
        owner = signer_of(FABRICATOR.gln)
        second = LogRef(bench.ref.chain_id, bench.ref.contract, log_id(bench.address(owner), "second"))
        envelope, data = bench.heartbeat(STEEL, ref=second)
        with pytest.raises(InvalidInput, match="another log"):
            bench.append(envelope, data)

        # Another server's log, open on the chain and anchored, with a frame that was signed for the first one.
        bench.send(owner, "TransparencyLog", "open", "second")
        bench.send(owner, "TransparencyLog", "appoint", second.log_id, bench.address(owner))
        frame = next(s for s in bench.statements() if s.envelope.header.frame)
        copied = [Entry(frame.envelope.raw, frame.body, ())]
        bench.send(owner, "TransparencyLog", "extend", second.log_id, 1, tree.leaf_hash(frame.envelope.raw), [])
        report = bench.replayed(forge(bench.folder / "second", second, copied))
        assert (0, "other-log") in found(report)
        # The frame that was signed for the second log is by a gateway whose key belongs to the first.
        report = bench.replayed(forge(bench.folder / "third", second, [Entry(envelope, data, ())]))
        assert (0, "key") in found(report)


class TestKeys:
    @caught_by("a key that was reported compromised before the anchor", "replay: key; verify: check 1")
    def test_a_compromised_key(self, bench: Bench, lot_codes: list[str]) -> None:
        lot = coil(lot_codes, 3)
        key_id = bench.issuer(STEEL).public.key_id
        bench.send(signer_of(STEEL.gln), "KeyRegistry", "compromised", key_id)
        # What was anchored before stands, for the auditor and for the buyer.
        assert bench.replayed().discrepancies == []
        assert bench.verified(bench.bundle(TOWER)).status is Status.WARNING

        index, printed = corrected(bench, lot)
        bench.anchor()
        bench.supersede(STEEL, lot, index)
        shutil.rmtree(bench.folder / "export")
        assert {(index, "key"), (printed, "key")} <= found(bench.replayed())
        told = bench.verified(bench.bundle(lot))
        assert told.status is Status.FAIL
        assert codes(told, 1) == {"key-compromised"}

    @caught_by("more from a key than it had signed when it was retired (its honest backlog passes)", "replay: key")
    def test_a_retired_key(self, bench: Bench) -> None:
        backlog = bench.heartbeat(STEEL)
        place = parse(backlog[0]).header.frame
        assert place is not None
        key_id = bench.gateway(STEEL).public.key_id
        bench.send(signer_of(STEEL.gln), "KeyRegistry", "retire", key_id, place.epoch, place.sequence)
        bench.append(*backlog)
        bench.anchor()
        assert bench.replayed().discrepancies == []

        index = bench.append(*bench.heartbeat(STEEL))
        bench.anchor()
        shutil.rmtree(bench.folder / "export")
        assert found(bench.replayed()) == {(index, "key")}


class TestAnotherChain:
    @caught_by("another chain with the same contracts", "verify: check 5; replay: unreadable")
    def test_the_trust_file_does_not_know_it(self, played: Played, bench: Bench, tmp_path: Path) -> None:
        mnemonic = mnemonic_in(played.folder / "chain.mnemonic")
        with EmbeddedNode(tmp_path / "chain", mnemonic) as other, Rpc(other.url) as rpc:
            done = deploy(rpc, other.account(0))
            contracts = {name: c.address_bytes for name, c in bench.trust.contracts.items()}
            assert done.addresses == contracts, "the same accounts put the same code at the same addresses"
            with pytest.raises(AnotherChain):
                read_chain(rpc, bench.trust)
            bundle, trust = played.result["bundle"], str(played.folder / "trust.json")
            said = json.loads(leafproof("verify", bundle, "--trust", trust, "--rpc", other.url, "--json", code=1))
            assert said["checks"][5]["status"] == "fail"
            words = ["audit", "replay", "--trust", trust, "--rpc", other.url, "--json"]
            export = str(played.folder / "export")
            told = json.loads(leafproof(*words, "--export", export, code=1))
            assert [d["kind"] for log in told["logs"] for d in log["discrepancies"]] == ["unreadable"]

            # And whoever trusts that chain does not know this log.
            theirs = make_trust(
                rpc, done.addresses, network_class="development", finality_blocks=1, deployed_block=done.block
            )
            path = tmp_path / "theirs.json"
            path.write_bytes(theirs.encode())
            said = json.loads(
                leafproof("verify", bundle, "--trust", str(path), "--rpc", other.url, "--json", code=1)
            )
            assert said["checks"][5]["status"] == "fail"
