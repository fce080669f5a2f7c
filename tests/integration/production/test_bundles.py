"""Bundles by tier, and what the reader's own checks say of them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from backend.access.tiers import Tier
from backend.audit import service as audit
from backend.checkpoints.repository import Published, put
from backend.database import reading, transaction
from backend.errors import Conflict, NotFound
from backend.footprints.tables import footprints as footprint_table
from backend.passports.bundles import BundleBuilder
from backend.production import lots
from backend.production.tables import records
from leafproof import body, checkpoint, envelope, note, tree, units
from leafproof.bundle import Bundle
from leafproof.chain.view import Head, LotRecord, RegisteredKey
from leafproof.checkpoint import Checkpoint
from leafproof.client.export_folder import ExportFolder
from leafproof.trust import CONTRACTS, Contract, Trust
from leafproof.values import Lot, party_uri
from leafproof.verification.report import Report, Status
from leafproof.verification.verify import verify
from tests.integration.production.works import (
    FABRICATOR,
    START,
    STEEL,
    STEWARD,
    Works,
    coil,
    of_lot,
    product,
    section,
    slab,
)
from tests.support.storage import LOG_KEY, REF
from tests.support.stream import MOMENT, KeyRing
from tests.support.world import WITNESSES, demanding

HOUR = 3600
TRUST = Trust(
    1,
    REF.chain_id,
    "0x" + "47" * 32,
    "development",
    1,
    0,
    {name: Contract("0x" + REF.contract.hex(), "00" * 32) for name in CONTRACTS},
    publishers=[party_uri(STEWARD)],
)


class Anchors:
    """The chain, as far as a bundle asks it: one head at `size`, and the registry's gateways."""

    def __init__(self, works: Works, size: int | None) -> None:
        self._works, self._ring = works, works.ring
        self.size = size

    def first_head_covering(self, connection: Connection, log_id: bytes, index: int) -> Head | None:
        if self.size is None or self.size <= index:
            return None
        return Head(self.size, self._works.log.root_at(connection, self.size), MOMENT)

    def registered_key(self, connection: Connection, key_id: bytes) -> RegisteredKey | None:
        ring: KeyRing = self._ring
        return ring.registered_key(connection, key_id)

    def lot(self, connection: Connection, lot_id: bytes) -> LotRecord | None:
        return None


def build(works: Works, lot: Lot, tier: Tier, size: int | None = None) -> Bundle:
    builder = BundleBuilder(works.desk.logs, Anchors(works, size))
    with reading(works.engine) as connection:
        return Bundle.decode(builder(connection, lot, tier).encode())


def check(works: Works, lot: Lot, tier: Tier) -> Report:
    return verify(build(works, lot, tier), TRUST, None)


def kinds(bundle: Bundle) -> list[str]:
    named = {kind: kind.rpartition(".")[2].removesuffix("+cbor") for kind in body.CONTENT_TYPES}
    return sorted(named[envelope.parse(i.envelope).header.content_type] for i in bundle.items)


@pytest.fixture
def chain_of_two(sqlite_works: Works) -> Works:
    """A coil from slab, and a section of a wind tower from 4 t of it."""
    works = sqlite_works
    works.meter(works.mill, ["25.5"] * 16, each=3)
    works.meter(works.shop, ["3.25"] * 16, each=5)
    works.run(coil("A"), START + 100, START + HOUR + 7, [product("10")], [slab("11")])
    works.recorder().step()
    with transaction(works.engine) as connection:
        lots.transfer(connection, works.desk, coil("A"), STEEL, str(FABRICATOR), units.Quantity(Decimal(4), "t"))
    works.run(section("S"), START + HOUR, START + 2 * HOUR, [product("3", "section")], [of_lot(coil("A"), "4")])
    works.recorder().step()
    return works


class TestWitnesses:
    """On each database."""

    names = tuple(WITNESSES)

    def publish(self, works: Works, *names: str) -> int:
        """What the log publishes of its present end, cosigned by these."""
        with transaction(works.engine) as connection:
            size, root = works.log.head(connection)
            made = checkpoint.sign(LOG_KEY, works.log.ref, size, root)
            signatures = [note.cosign(WITNESSES[name], name, made.text, 5) for name in names]
            put(connection, works.log.number, Published(size, made.plus(signatures).encode(), len(names)))
        return size

    def grown(self, works: Works) -> int:
        """The size after one more frame."""
        works.meter(works.mill, ["25.5"])
        with reading(works.engine) as connection:
            return works.log.size(connection)

    @pytest.fixture
    def sized(self, works: Works) -> tuple[Works, int]:
        works.meter(works.mill, ["25.5"] * 16, each=3)
        works.run(coil("A"), START + 100, START + HOUR + 7, [product("10")], [slab("11")])
        works.recorder().step()
        with reading(works.engine) as connection:
            return works, works.log.size(connection)

    def judged(self, bundle: Bundle, required: int) -> set[str]:
        report = verify(bundle, demanding(TRUST, required), None)
        return {f.code for f in report[5].findings if f.code in ("witnessed", "unwitnessed")}

    def test_the_checkpoint_of_a_later_end_covers_the_anchored_head(self, sized: tuple[Works, int]) -> None:
        works, size = sized
        assert self.judged(build(works, coil("A"), Tier.PUBLIC, size), 1) == {"unwitnessed"}
        self.grown(works)
        self.publish(works)  # nobody cosigned
        assert build(works, coil("A"), Tier.PUBLIC, size).checkpoints == ()
        self.grown(works)
        self.publish(works, *self.names[:2])
        bundle = build(works, coil("A"), Tier.PUBLIC, size)
        assert self.judged(bundle, 2) == {"witnessed"}
        assert self.judged(bundle, 3) == {"unwitnessed"}

    def test_a_bundle_stays_the_same_while_the_log_grows(self, sized: tuple[Works, int]) -> None:
        works, size = sized
        self.publish(works, *self.names)
        first = build(works, coil("A"), Tier.PUBLIC, size)
        self.grown(works)
        self.publish(works, *self.names)
        assert build(works, coil("A"), Tier.PUBLIC, size) == first

    def test_more_cosignatures_are_preferred_and_never_lost(self, sized: tuple[Works, int]) -> None:
        works, size = sized
        self.publish(works, *self.names[:2])
        self.publish(works, *self.names[:1])  # a slower publisher of the same size
        assert self.judged(build(works, coil("A"), Tier.PUBLIC, size), 2) == {"witnessed"}
        self.grown(works)
        self.publish(works, *self.names)
        assert self.judged(build(works, coil("A"), Tier.PUBLIC, size), 3) == {"witnessed"}

    def test_an_export_carries_the_newest_checkpoint(self, sized: tuple[Works, int], tmp_path: Path) -> None:
        works, size = sized
        for folder, published in (("before", False), ("after", True)):
            if published:
                self.publish(works, *self.names)
            with reading(works.engine) as connection:
                audit.write(connection, works.log, tmp_path / folder)
            read = ExportFolder(tmp_path / folder)
            data = read.checkpoint()
            assert (data is not None) == published
            assert read.faults() == [] and read.size == size
        assert data is not None
        assert Checkpoint.parse(note.Note.decode(data).text).size == size


def test_for_auditors_everything_recomputes_offline(chain_of_two: Works) -> None:
    for lot in (coil("A"), section("S")):
        report = check(chain_of_two, lot, Tier.AUDITOR)
        failures = [f.text() for c in report.checks for f in c.findings if f.status is Status.FAIL]
        assert failures == []
        assert {n: report[n].status for n in (0, 2, 3, 4, 8)} == dict.fromkeys((0, 2, 3, 4, 8), Status.PASS)
        assert report[7].status is Status.WARNING  # quantities are declared, and nothing worse


def test_the_public_gets_no_load_curves_and_no_recipes(chain_of_two: Works) -> None:
    bundle = build(chain_of_two, section("S"), Tier.PUBLIC)
    assert kinds(bundle) == [
        "batch-record",
        "batch-record",
        "factor-set",
        "footprint",
        "footprint",
        "metering-plan",
        "metering-plan",
    ]
    by_kind = {envelope.parse(i.envelope).header.content_type: i for i in bundle.items}
    assert by_kind[body.METERING_PLAN].body is None
    assert len(by_kind[body.BATCH_RECORD].disclosures) == 1
    report = check(chain_of_two, section("S"), Tier.PUBLIC)
    assert report[3].status is Status.PASS
    assert {report[n].status for n in (8, 9)} == {Status.NOT_CHECKED}


def test_each_tier_is_given_what_the_tier_below_has_and_more(chain_of_two: Works) -> None:
    sizes = [len(build(chain_of_two, section("S"), tier).encode()) for tier in Tier]
    assert sizes == sorted(set(sizes))
    given = [sum(len(i.disclosures) for i in build(chain_of_two, section("S"), t).items) for t in Tier]
    assert given == [2, 4, 10, 10]


def test_auditors_get_every_frame_of_the_gateways_in_the_range_and_no_other(chain_of_two: Works) -> None:
    frames = [i for i in build(chain_of_two, coil("A"), Tier.AUDITOR).items if i.body and _is_frame(i.envelope)]
    (activity,) = chain_of_two.record(coil("A")).activity or ()
    indexes = [i.index for i in frames]
    assert indexes == list(range(activity.first_index, activity.last_index + 1))
    assert len(indexes) == 2


def _is_frame(raw: bytes) -> bool:
    return envelope.parse(raw).header.content_type == body.FRAME


def test_proofs_lead_to_the_anchored_head_where_there_is_one(chain_of_two: Works) -> None:
    with reading(chain_of_two.engine) as connection:
        size = chain_of_two.log.size(connection)
    anchored = size - 3
    bundle = build(chain_of_two, section("S"), Tier.AUDITOR, anchored)
    assert {bundle.heads[i.head].size for i in bundle.items if i.index < anchored} == {anchored}
    assert {bundle.heads[i.head].size for i in bundle.items if i.index >= anchored} == {size}
    for item in bundle.items:
        head = bundle.heads[item.head]
        tree.verify_inclusion(tree.leaf_hash(item.envelope), item.index, head.size, item.path, head.root)


def test_a_corrected_input_lot_comes_in_both_versions_and_what_was_spent_stays(chain_of_two: Works) -> None:
    (before,) = chain_of_two.record(section("S")).inputs or ()
    with transaction(chain_of_two.engine) as connection:
        lots.correct(
            connection,
            chain_of_two.desk,
            coil("A"),
            lots.Correction("misread", "shift leader", outputs=[product("9")]),
        )
    bundle = build(chain_of_two, section("S"), Tier.AUDITOR)
    assert kinds(bundle).count("batch-record") == 3
    assert verify(bundle, TRUST, None)[8].status is Status.PASS
    with transaction(chain_of_two.engine) as connection:
        lots.correct(connection, chain_of_two.desk, section("S"), lots.Correction("misread", "shift leader"))
    (after,) = chain_of_two.record(section("S")).inputs or ()
    assert after.footprint == before.footprint  # by the newer record, other shares would have been spent
    assert check(chain_of_two, section("S"), Tier.AUDITOR)[8].status is Status.PASS


def test_a_lot_without_a_record_has_no_bundle(works: Works) -> None:
    works.open(coil("A"), START)
    with pytest.raises(NotFound, match="has no record yet"):
        build(works, coil("A"), Tier.PUBLIC)


def test_a_cycle_of_lots_is_refused_with_its_path(chain_of_two: Works) -> None:
    """It cannot come about through this server; a forged database must not hang it."""
    works = chain_of_two
    with transaction(works.engine) as connection:
        footprint = connection.execute(
            sa.select(footprint_table.c.statement_id).where(footprint_table.c.lot == "S")
        ).scalar_one()
        record = works.record(coil("A"))
        line = msgspec.structs.replace(of_lot(section("S"), "1"), footprint=footprint.hex())
        forged = msgspec.structs.replace(record, inputs=(line,), supersedes=None)
        content, disclosures = forged.issue(works.signer.key(STEEL), f"https://id.gs1.org/417/{STEEL}")
        logged = works.desk.put(
            connection,
            works.log,
            STEEL,
            coil("A").urn,
            body.BATCH_RECORD,
            content,
            disclosures,
            {"outputs": "public", "inputs": "buyer", "activity": "authority"},
        )
        connection.execute(
            sa.update(records)
            .where(records.c.lot == "A")
            .values(index=logged.index, statement_id=logged.statement_id, leaf_hash=logged.leaf_hash)
        )
        connection.execute(
            sa.update(footprint_table).where(footprint_table.c.lot == "A").values(record=logged.statement_id)
        )
    with pytest.raises(Conflict, match=r"is made from itself: .*/S <- .*/A <- .*/S"):
        build(works, section("S"), Tier.PUBLIC)


def test_a_tree_of_120_lots_one_behind_the_other_is_one_bundle(sqlite_works: Works) -> None:
    works, count, step = sqlite_works, 120, 900
    works.meter(works.mill, [Decimal("2.5")] * (count + 1), each=64)
    for number in range(count):
        inputs = [of_lot(coil(f"D-{number - 1}"), "9")] if number else [slab("11")]
        start = START + number * step
        works.run(coil(f"D-{number}"), start, start + step, [product("10")], inputs)
    assert works.recorder().step() == count
    last = coil(f"D-{count - 1}")
    with reading(works.engine) as connection:
        builder = BundleBuilder(works.desk.logs, Anchors(works, works.log.size(connection)))
        bundle = builder(connection, last, Tier.PUBLIC)
    report = verify(Bundle.decode(bundle.encode()), TRUST, None)
    assert [f for c in report.checks for f in c.findings if f.status is Status.FAIL] == []
    kinds = [envelope.parse(item.envelope).header.content_type for item in bundle.items]
    assert (kinds.count(body.BATCH_RECORD), kinds.count(body.FOOTPRINT)) == (count, count)
