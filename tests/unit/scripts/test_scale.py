"""docs/scale.md: calculated from what was measured, and refused where it was not."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]
ROW = {
    "name": "scale_out",
    "value": 1.75,
    "machine": "2 x sample",
    "date": "2026-11-27",
    "one_worker_rate": 1_000.0,
    "one_worker_workers": 0.9,
    "one_worker_postgres": 0.1,
    "one_worker_broker": 0.02,
    "one_worker_stored": 12.0,
    "two_workers_rate": 1_750.0,
    "two_workers_workers": 1.4,
    "two_workers_postgres": 0.35,
    "two_workers_broker": 0.07,
    "two_workers_stored": 12.0,
}
GAS = """\
| transaction | gas | calldata, bytes | floor of EIP-7623 |
|---|---:|---:|---:|
| deploy LotRegistry | 2,025,995 | 9,844 |  |
| extend at 2^30, costliest proof, by an anchor key | 80,000 | 1,156 | 64,360 |
| mint a lot from 2 inputs | 50,000 | 1,060 | 56,290 |
"""


@pytest.fixture(scope="module")
def scale() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scale_page", ROOT / "scripts" / "scale.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_machines_disk_and_gas_follow_from_the_figures(scale: ModuleType) -> None:
    given = scale.Assumptions(
        gateways=300_000, seconds_a_frame=300, catch_up=2.0, busy=0.5, cores=8, connections=100_000, copies=2
    )
    plan = scale.Plan(given, scale.measured(json.dumps([{"name": "append"}, ROW])), scale.gas(GAS))
    assert (plan.frames, plan.peak) == (1_000, 2_000)
    assert plan.partitions == 8  # 2,000 / (1,000 x 0.5) workers, two each
    # 2,000 x 0.8 ms / 0.5 / 8 cores are 0.4 machines, and one more; the broker by its connections.
    assert plan.machines["ingest workers"] == 2
    assert plan.machines["broker cluster"] == 4
    assert plan.machines["PostgreSQL"] == 2
    assert plan.terabytes_a_year == pytest.approx(1_000 * 256 * 12 * 365 * 86_400 / 1e12)
    anchors, lots = plan.gas_a_month
    assert anchors == 8 * 4_320 * 80_000
    assert lots == 500_000 * 56_290  # the floor is what such a chain charges


def test_twice_the_cost_of_a_frame_is_more_machines(scale: ModuleType) -> None:
    slow = ROW | {"two_workers_workers": 140.0}
    plans = [
        scale.Plan(scale.Assumptions(), scale.measured(json.dumps([row])), scale.gas(GAS)) for row in (ROW, slow)
    ]
    assert plans[1].machines["ingest workers"] > plans[0].machines["ingest workers"]
    assert scale.page(plans[0]) != scale.page(plans[1])


def test_the_page_states_its_assumptions_before_its_results(scale: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "latest.json").write_text(json.dumps([ROW]))
    (tmp_path / "gas.md").write_text(GAS)
    files = ["--bench", str(tmp_path / "latest.json"), "--gas", str(tmp_path / "gas.md")]
    assert scale.main([*files, "--out", str(tmp_path / "scale.md")]) == 0
    page = (tmp_path / "scale.md").read_text()
    assert page.index("## Assumptions") < page.index("## Machines") < page.index("## Gas")
    assert "2 x sample; 2026-11-27" in page
    assert "two on the same two cores 1.75\ntimes as many" in page


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "no row scale_out"),
        ("{", "cannot be read"),
        (json.dumps([ROW | {"one_worker_rate": 0}]), "nothing moved"),
        (json.dumps([{"name": "scale_out", "value": 2}]), "cannot be read"),
    ],
)
def test_what_was_not_measured_makes_no_page(
    scale: ModuleType, text: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "latest.json").write_text(text)
    out = tmp_path / "scale.md"
    assert scale.main(["--bench", str(tmp_path / "latest.json"), "--out", str(out)]) == 1
    assert why in capsys.readouterr().err
    assert not out.exists()


def test_the_gas_table_of_the_documents_is_understood(scale: ModuleType) -> None:
    found = scale.gas((ROOT / "docs" / "gas.md").read_text())
    assert found[scale.EXTEND] > 60_000
    with pytest.raises(scale.Unusable, match="has no row"):
        scale.gas("# nothing")


def test_the_page_is_the_one_that_the_last_figures_give(scale: ModuleType) -> None:
    latest = ROOT / "benchmarks" / "latest.json"
    plan = scale.Plan(
        scale.Assumptions(), scale.measured(latest.read_text()), scale.gas((ROOT / "docs" / "gas.md").read_text())
    )
    assert (ROOT / "docs" / "scale.md").read_text() == scale.page(plan)
