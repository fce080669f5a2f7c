"""Replay of the buyer's log: it rests on the supplier's evidence as it was received, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.access.tiers import Tier
from backend.audit import service as audit
from backend.database import reading
from leafproof.bundle import Bundle
from leafproof.client.chain_reader import read_chain
from leafproof.client.export_folder import ExportFolder
from leafproof.client.log_server import logs_of
from leafproof.replay.replay import replay
from leafproof.replay.report import ReplayReport
from leafproof.replay.source import LogSource
from tests.integration.received.sites import Pair, Site
from tests.integration.received.test_two_backends import other_number, send
from tests.support.server import serving


def exported(site: Site, folder: Path) -> ExportFolder:
    with reading(site.works.engine) as connection:
        audit.write(connection, site.ledger.log, folder)
    return ExportFolder(folder)


class OtherReceived(ExportFolder):
    """An export with other received lots than its files hold."""

    def __init__(self, folder: Path, *bundles: bytes) -> None:
        super().__init__(folder)
        self._bundles = bundles

    def received(self) -> Iterator[bytes]:
        return iter(self._bundles)


def replayed(two: Pair, source: LogSource) -> ReplayReport:
    trust = two.tower.trust
    return replay(source, trust, read_chain(two.tower.ledger.rpc, trust))


@pytest.fixture
def made(two: Pair, given: Tier) -> Pair:
    lot = two.make_coil()
    two.steel.transfer(lot, two.buyer, "10")
    two.tower.ledger.follow()
    assert send(two.tower, two.steel.bundle(lot, given), given.word).status_code == 201
    two.make_section()
    return two


@pytest.mark.parametrize("given", [Tier.AUDITOR], ids=["all of it"])
class TestWithAllEvidence:
    def test_the_buyers_footprint_is_recomputed_from_the_suppliers(self, made: Pair, tmp_path: Path) -> None:
        report = replayed(made, exported(made.tower, tmp_path / "export"))
        assert report.discrepancies == []
        assert (report.received, report.received_unchecked, report.inputs_elsewhere) == (1, 0, 0)

    def test_without_what_was_received_the_input_is_not_checked(self, made: Pair, tmp_path: Path) -> None:
        exported(made.tower, tmp_path / "export")
        report = replayed(made, OtherReceived(tmp_path / "export"))
        assert report.discrepancies == []
        assert (report.received, report.inputs_elsewhere) == (0, 1)

    def test_a_forged_supplier_is_a_discrepancy(self, made: Pair, tmp_path: Path) -> None:
        (data,) = exported(made.tower, tmp_path / "export").received()
        forged = other_number(Bundle.decode(data)).encode()
        report = replayed(made, OtherReceived(tmp_path / "export", forged, b"x"))
        assert [d.kind for d in report.discrepancies] == ["received", "received"]
        assert "Failed at check 3" in report.discrepancies[0].message
        assert report.inputs_elsewhere == 1

    def test_a_received_file_that_was_changed_is_named(self, made: Pair, tmp_path: Path) -> None:
        exported(made.tower, tmp_path / "export")
        file = tmp_path / "export" / "received" / "00000000.bundle"
        file.write_bytes(file.read_bytes()[:-1] + b"\x00")
        report = replayed(made, ExportFolder(tmp_path / "export"))
        assert {d.kind for d in report.discrepancies} == {"unreadable", "received"}

    def test_over_http_the_same(self, made: Pair) -> None:
        with serving(made.tower.app) as client:
            key = made.tower.key(scope="read:auditor")["Authorization"].partition(" ")[2]
            (source,) = logs_of(str(client.base_url), key)
            report = replayed(made, source)
        assert report.discrepancies == []
        assert (report.received, report.received_unchecked, report.inputs_elsewhere) == (1, 0, 0)


@pytest.mark.parametrize("given", [Tier.PUBLIC], ids=["what anybody is given"])
def test_of_a_public_bundle_it_says_what_is_withheld(made: Pair, tmp_path: Path, given: Tier) -> None:
    report = replayed(made, exported(made.tower, tmp_path / "export"))
    assert report.discrepancies == []
    assert (report.received, report.received_unchecked, report.inputs_elsewhere) == (1, 1, 0)
