"""The supply tree: two logs, any depth, a cap, and no lot that is made from itself."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest

from leafproof import profile
from leafproof.bundle import Bundle
from leafproof.errors import InvalidInput
from leafproof.verification import supply
from leafproof.verification.report import Finding, Report, Status
from leafproof.verification.verify import verify
from tests.support import world as w
from tests.support import world_supply as ws
from tests.support.world import COIL, TOWER


def failed(report: Report) -> list[tuple[int, Finding]]:
    return [(c.number, f) for c in report.checks for f in c.findings if f.status is Status.FAIL]


class TestTwoLogs:
    def test_one_bundle_holds_statements_of_two_logs(self) -> None:
        coils, _, bundle, chain = ws.bundle_of_two_logs(bodies=True)
        report = verify(Bundle.decode(bundle.encode()), coils.trust(), chain)
        assert failed(report) == []
        assert {f.subject for f in report[6].findings if f.code == "current"} == {str(COIL), str(TOWER)}
        assert [f.params["lot"] for f in report[9].findings if f.code == "input-verified"] == [str(COIL)]
        assert report.exit_code == 0

    def test_a_statement_is_no_proof_in_the_other_log(self) -> None:
        coils, _towers, bundle, chain = ws.bundle_of_two_logs()
        wrong = len(coils.bundle().heads)  # the first head of the other log
        items = tuple(replace(i, head=wrong) if i.head == 0 else i for i in bundle.items)
        report = verify(replace(bundle, items=items), coils.trust(), chain)
        assert {code.code for number, code in failed(report) if number == 4} == {"not-included", "other-log"}

    def test_without_the_suppliers_log_on_the_chain_nothing_of_it_counts(self) -> None:
        coils, _towers, bundle, chain = ws.bundle_of_two_logs()
        logs = {log_id: log for log_id, log in chain.logs.items() if log_id != coils.ref.log_id}
        report = verify(bundle, coils.trust(), replace(chain, logs=logs))
        assert (5, "log-unknown") in {(number, finding.code) for number, finding in failed(report)}


class TestACycle:
    def test_is_refused_with_its_path(self) -> None:
        world, _ = ws.made_from_itself()
        for lot in (COIL, TOWER):
            report = verify(world.bundle(lot), world.trust(), world.view())
            (found,) = [f for n, f in failed(report) if f.code == "input-cycle"]
            assert found.params["path"] == f"{COIL} <- {TOWER} <- {COIL}"
            assert f"a lot cannot be made from itself: {COIL} <- " in found.text()

    def test_is_refused_without_a_chain_too(self) -> None:
        world, _ = ws.made_from_itself()
        report = verify(world.bundle(), world.trust(), None)
        assert "input-cycle" in {f.code for _, f in failed(report)}
        assert report.exit_code == 1

    def test_two_operators_lots_of_one_name_are_two_lots(self) -> None:
        world, _ = w.fabricators_own_coil("1")
        report = verify(world.bundle(), world.trust(), world.view())
        assert "input-cycle" not in {f.code for _, f in failed(report)}

    def test_of_many_lots_names_both_ends_of_the_path(self) -> None:
        edges = {(b"m", lot(n)): [(b"m", lot((n + 1) % 3000))] for n in range(3000)}
        path = supply._cycle(edges)  # deeper than a program's stack
        assert path is not None
        assert (len(path), path[0], path[-1]) == (3001, (b"m", lot(0)), (b"m", lot(0)))

    def test_a_lot_behind_the_cycle_is_no_part_of_its_path(self) -> None:
        nodes = [(b"m", lot(n)) for n in range(4)]
        edges = {
            nodes[0]: [nodes[3], nodes[1]],
            nodes[1]: [nodes[2]],
            nodes[2]: [nodes[3], nodes[1]],
            nodes[3]: [],
        }
        assert supply._cycle(edges) == [nodes[1], nodes[2], nodes[1]]
        assert supply._cycle({nodes[0]: [nodes[0]]}) == [nodes[0], nodes[0]]
        assert supply._cycle({nodes[0]: [nodes[1], nodes[1]], nodes[1]: []}) is None


def lot(number: int) -> w.Lot:
    return w.Lot.parse(str(COIL.gtin), f"N-{number}")


class TestMissingEvidence:
    def test_of_a_lot_that_is_only_named_counts_by_a_factor_and_says_so(self) -> None:
        world = ws.without_evidence()
        report = verify(world.bundle(COIL), world.trust(), world.view())
        assert failed(report) == []
        (found,) = [f for f in report[9].findings if f.code == "input-unproven"]
        assert (found.status, found.params["lot"]) == (Status.WARNING, f"{TOWER.gtin}/S-9")
        newest = ws.stated(world, len(world.entries) - 1)
        (part,) = [c for c in newest.components or () if c.stage == "raw material"]
        assert (part.kind, part.subject) == ("secondary", "steel-slab")
        assert Decimal(part.emissions) > 2000
        assert "slab: no evidence from upstream, counted by a secondary factor" in newest.flags

    def test_by_one_profile_counts_by_the_materials_factor(self) -> None:
        world, at = w.honest_world()
        other = msgspec.structs.replace(ws.stated(world, at.coil_footprint), profile=profile.newest("pact-3"))
        record = w.tower_record(world, at.workshop_plan, at.coil_footprint)
        with pytest.raises(InvalidInput, match="by pact-3"):
            w.footprint_of(record, world.id(at.tower), world.id(at.factors), other)
        lines = tuple(msgspec.structs.replace(line, material="steel-slab") for line in record.inputs or ())
        record = msgspec.structs.replace(record, inputs=lines)
        found = w.footprint_of(record, world.id(at.tower), world.id(at.factors), other)
        (part,) = [c for c in found.components or () if c.stage == "raw material"]
        assert (part.kind, part.footprint) == ("secondary", None)
        assert "coil: no evidence from upstream, counted by a secondary factor" in found.flags

    def test_evidence_by_the_profile_is_never_passed_over_for_a_factor(self) -> None:
        world, at = w.honest_world()
        record = w.tower_record(world, at.workshop_plan, at.coil_footprint)
        lines = tuple(msgspec.structs.replace(line, material="steel-slab") for line in record.inputs or ())
        record = msgspec.structs.replace(record, inputs=lines)
        own = ws.stated(world, at.coil_footprint)
        found = w.footprint_of(record, world.id(at.tower), world.id(at.factors), own)
        assert [c.kind for c in found.components or () if c.stage == "raw material"] == ["supplier"]

    def test_evidence_in_the_bundle_that_is_not_counted_is_named(self) -> None:
        world = ws.left_aside()
        report = verify(world.bundle(), world.trust(), world.view())
        (found,) = [f for f in report[9].findings if f.code == "input-secondary"]
        assert found.params == {"lot": str(COIL), "profile": profile.HOUSE}
        public = tuple(replace(i, disclosures=()) for i in world.bundle().items)
        report = verify(replace(world.bundle(), items=public), world.trust(), world.view())
        assert "input-secondary" not in {f.code for f in report[9].findings}


class TestALargeTree:
    def test_of_any_depth_is_checked_lot_by_lot_with_progress(self) -> None:
        world, last = ws.one_behind_the_other(120)
        told: list[tuple[int, int]] = []
        bundle = world.bundle(last, bodies=False)
        report = verify(bundle, world.trust(), world.view(), progress=lambda *at: told.append(at))
        assert failed(report) == []
        verified = [f.subject for f in report[9].findings if f.code == "input-verified"]
        assert len(verified) == len(set(verified)) == 121  # the honest tower section stands in the bundle too
        done, most = zip(*told, strict=True)
        assert list(done) == list(range(1, len(told) + 1))
        assert set(most) == {7 * len(bundle.items)}
        assert done[-1] <= most[-1]

    def test_of_too_many_records_is_not_judged(self, monkeypatch: pytest.MonkeyPatch) -> None:
        world, _ = w.honest_world()
        monkeypatch.setattr(supply, "MAX_RECORDS", 2)
        assert verify(world.bundle(), world.trust(), world.view()).exit_code == 0
        monkeypatch.setattr(supply, "MAX_RECORDS", 1)
        report = verify(world.bundle(), world.trust(), world.view())
        assert report.exit_code == 1
        assert "more than 1 batch records" in report.verdict()
