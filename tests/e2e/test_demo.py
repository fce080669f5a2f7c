"""What the demo promises, on the demo itself: its JSON line, its pages, and the commands that anyone has."""

from __future__ import annotations

import csv
import json
import re
import stat
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.demo.cast import STEEL, TOWER
from backend.embedded.ports import free_port
from leafproof import body, tree
from leafproof.bundle import MEDIA_TYPE, Bundle
from leafproof.envelope import parse
from leafproof.trust import Trust
from tests.e2e.bench import Bench
from tests.e2e.conftest import Played, Serving
from tests.e2e.processes import leafproof, steel_file
from tests.support.require import need

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
FIELDS = {
    "passport_url", "bundle", "trust", "verdict", "checks", "energy_kwh", "energy_lots_kwh", "energy_idle_kwh",
    "log_id", "log_size", "root", "contract", "chain_id", "rpc_url", "export", "altered_byte", "altered_tonne",
    "witness", "footprint", "stages", "profiles", "label", "categories", "certificate", "double_claim", "double_sale",
    "declared",
}  # fmt: skip
VERDICT = "Records intact and recomputed; independent verification: none; meters self-declared; chain: development"
PASSPORT = f"/01/{TOWER.gtin}/10/{TOWER.code}"
LOT = f"/v1/lots/{TOWER.gtin}/{TOWER.code}"


class TestTheLine:
    def test_has_every_field_and_the_exit_code_of_a_verified_passport(self, played: Played) -> None:
        assert played.result.keys() >= FIELDS
        assert played.code == 0
        assert played.result["verdict"] == VERDICT
        assert [c["number"] for c in played.result["checks"]] == list(range(11))
        for name in ("bundle", "trust", "export"):
            assert Path(played.result[name]).exists()

    def test_its_energy_is_the_files_own_sum_to_the_last_digit(self, played: Played) -> None:
        need(steel_file().is_file(), "the steel plant's file is not here")
        with steel_file().open(encoding="utf-8-sig", newline="") as file:
            rows = [Decimal(row["Usage_kWh"]) for _, row in zip(range(480), csv.DictReader(file), strict=False)]
        assert len(rows) == 5 * 96
        assert Decimal(played.result["energy_kwh"]) == sum(rows)

    def test_energy_of_lots_and_idle_energy_add_up_to_it(self, played: Played) -> None:
        total, lots, idle = (Decimal(played.result[f"energy_{name}"]) for name in ("kwh", "lots_kwh", "idle_kwh"))
        assert lots + idle == total
        assert lots > 0 and idle > 0

    def test_the_stages_add_up_to_the_footprint(self, played: Played) -> None:
        gate, after = played.result["stages"][:2], played.result["stages"][2:]
        assert {(s["stage"], s["kind"]) for s in gate} == {
            ("raw material", "supplier-stated"),
            ("production", "measured"),
        }
        assert sum(Decimal(s["value"]) for s in gate) == Decimal(played.result["footprint"])
        assert {(s["stage"], s["kind"]) for s in after} == {
            ("logistics", "supplier-stated"),
            ("installation", "supplier-stated"),
            ("recycling", "scenario"),
        }

    def test_what_comes_after_the_gate_is_counted_by_hand(self, played: Played) -> None:
        """Per tonne: 60 km x 0.09752 + 20,000 km x 0.01321; 11 GJ x 74.1 over 18.24 t; 0.9 x (700 - 2,320)."""
        found = {s["stage"]: Decimal(s["value"]) for s in played.result["stages"][2:]}
        assert found == {
            "logistics": Decimal("270.051"),
            "installation": Decimal("44.688"),
            "recycling": Decimal("-1458.000"),
        }

    def test_the_mean_of_all_coils_stands_beside_each(self, played: Played, serving: Serving) -> None:
        declared = played.result["declared"]
        assert (declared["count"], declared["status"]) == ("10", "final")
        assert Decimal(declared["least"]) < Decimal(declared["per_tonne"]) < Decimal(declared["greatest"])
        coil = httpx.get(f"{serving.url}/v1/verify/footprints/{STEEL.product_gtin}/C-180101-1").json()
        own, mean = Decimal(coil["footprint"]["per_tonne"]), Decimal(declared["per_tonne"])
        assert coil["declared"]["per_tonne"] == declared["per_tonne"]
        assert own != mean and any(f["code"] == "lot-deviation" for c in coil["checks"] for f in c["findings"])

    def test_coils_are_weighed_and_gas_is_metered(self, played: Played, serving: Serving) -> None:
        coil = httpx.get(f"{serving.url}/v1/verify/footprints/{STEEL.product_gtin}/C-180101-1").json()
        (product, _) = coil["record"]["outputs"]
        assert product["source"]["kind"] == "weighed"
        assert {a["carrier"] for a in coil["record"]["activity"]} == {"electricity", "natural-gas"}

    def test_two_profiles_stand_side_by_side_and_say_why_they_differ(
        self, played: Played, serving: Serving
    ) -> None:
        main, other = played.result["profiles"]
        assert (main["id"], main["footprint"]) == ("iso-14067-2018", played.result["footprint"])
        assert other["id"] == "cbam-steel" and Decimal(other["footprint"]) < Decimal(main["footprint"])
        path = f"/v1/verify/footprints/{TOWER.gtin}/{TOWER.code}"
        (beside,) = httpx.get(serving.url + path).json()["beside"]
        assert {"cbam-boundary", "cbam-gases"} <= {r.get("rule") for r in beside["reasons"]}

    def test_its_log_is_the_exported_one_and_the_chains(self, played: Played, bench: Bench) -> None:
        result = played.result
        leaves = (Path(result["export"]) / "leaves.bin").read_bytes()
        frontier = tree.Frontier()
        for start in range(0, len(leaves), 32):
            frontier.append(leaves[start : start + 32])
        assert (result["log_size"], result["root"]) == (frontier.size, "0x" + frontier.root().hex())
        trust = Trust.decode(Path(result["trust"]).read_bytes())
        assert result["contract"] == trust.contracts["TransparencyLog"].address
        assert result["chain_id"] == trust.chain_id
        head = bench.view().logs[bytes.fromhex(result["log_id"][2:])].heads[-1]
        assert (head.size, "0x" + head.root.hex()) == (result["log_size"], result["root"])

    def test_a_witness_outside_the_backend_cosigned_all_of_it(self, played: Played) -> None:
        result, witness = played.result, played.result["witness"]
        assert (witness["size"], witness["root"], witness["alarms"]) == (result["log_size"], result["root"], 0)
        trust = Trust.decode(Path(result["trust"]).read_bytes())
        assert (trust.witnesses, trust.witnesses_required) == ([witness["vkey"]], 1)
        assert "witnessed" in {f["code"] for f in result["checks"][5]["findings"]}
        assert stat.S_IMODE((played.folder / "witness" / "key.pem").stat().st_mode) == 0o600

    def test_each_lie_is_named_by_its_detector(self, played: Played) -> None:
        result = played.result
        log = result["log_id"][2:10]
        assert re.fullmatch(rf"replay: log {log}, entry \d+: leaf-altered\b.*", result["altered_byte"])
        said = re.fullmatch(
            r"verify: .* ([0-9.]+) t: declared, unverified \(version 2; version 1 said ([0-9.]+) t\)",
            result["altered_tonne"],
        )
        assert said is not None and Decimal(said[1]) - Decimal(said[2]) == 1

    def test_the_label_counts_in_a_second_market_and_not_in_a_third(self, played: Played, bench: Bench) -> None:
        label, view = played.result["label"], bench.view()
        (record,) = view.labels.values()
        assert (label["id"], label["market"], label["valid"]) == (record.label.hex(), "EU", True)
        assert label["markets"] == {"CN": True, "EU": True, "BR": False}
        assert label["agreement"] in {one.agreement.hex() for one in view.recognitions}
        assert "BR does not recognise" in label["refused"]

    def test_the_section_is_classified_by_the_version_in_force(self, played: Played, bench: Bench) -> None:
        assert played.result["categories"] == ["wind power equipment"]
        assert [one.version for one in bench.view().list_versions] == [1]

    def test_what_counts_once_was_refused_a_second_time_by_the_contracts(
        self, played: Played, bench: Bench
    ) -> None:
        result, view = played.result, bench.view()
        (claim,) = view.claims
        assert [str(claim.first), str(claim.last)] == result["certificate"]["serials"]
        assert "0x" + claim.operator.hex() == result["certificate"]["claimed_by"]
        counted = {by: Decimal(value) for by, value in result["certificate"]["footprints"].items()}
        assert counted["iso-14067-2018-market"] < counted["iso-14067-2018"]
        named = (
            f"refused: SerialsClaimed(0x{claim.registry.hex()}, {claim.first}, {claim.last}); the server: serials"
        )
        assert result["double_claim"].startswith(named)
        assert result["double_sale"].startswith("refused: ERC1155InsufficientBalance(")
        found = {f["code"] for f in result["checks"][10]["findings"]}
        assert found == {
            "classified",
            "label-issued",
            "label-met",
            "label-recognised",
            "claimed",
            "claim-not-exclusive",
        }

    def test_leaves_nothing_running_and_no_key_that_others_may_read(self, played: Played) -> None:
        assert played.left == {}
        for path in (*(played.folder / "keys").iterdir(), played.folder / "auditor.key"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


class TestServing:
    def test_a_kept_demo_is_opened_again_as_it_was(self, played: Played, serving: Serving) -> None:
        moved = {"passport_url", "rpc_url"}
        for name in FIELDS - moved:
            assert serving.result[name] == played.result[name]
        assert httpx.get(serving.url + "/readyz").status_code == 200

    def test_the_passport_is_a_page_and_json_and_a_bundle(self, serving: Serving) -> None:
        page = httpx.get(serving.result["passport_url"], headers={"Accept": "text/html"})
        assert page.headers["content-type"].startswith("text/html")
        for said in ("invented", "independent verification: none", "partial"):
            assert said in page.text.lower(), said
        data: dict[str, Any] = httpx.get(
            serving.result["passport_url"], headers={"Accept": "application/json"}
        ).json()
        assert "checks" in json.dumps(data)
        bundle = httpx.get(serving.result["passport_url"], headers={"Accept": MEDIA_TYPE})
        assert Bundle.decode(bundle.content).lot == TOWER

    def test_of_simulated_readings_it_is_said_what_they_are_of(self, serving: Serving) -> None:
        """Of a coil it is the gas alone: its electricity was recorded."""
        found = httpx.get(serving.url + f"/v1/verify/footprints/{TOWER.gtin}/{TOWER.code}").json()
        told = {
            f["subject"]: f["message"] for f in found["checks"][7]["findings"] if f["code"] == "simulated-carrier"
        }
        assert told[str(TOWER)].endswith("the readings of electricity are simulated")
        assert told[f"{STEEL.product_gtin}/C-180101-1"].endswith("the readings of natural-gas are simulated")

    def test_checks_come_from_the_verification_endpoint(self, serving: Serving) -> None:
        found = httpx.get(serving.url + f"/v1/verify/footprints/{TOWER.gtin}/{TOWER.code}").json()
        assert [c["number"] for c in found["checks"]] == list(range(11))

    def test_the_qr_code_is_a_drawing_and_an_image(self, serving: Serving) -> None:
        drawing, image = (httpx.get(serving.url + f"{LOT}/qr.{kind}") for kind in ("svg", "png"))
        assert drawing.headers["content-type"].startswith("image/svg+xml") and "<svg" in drawing.text
        assert image.headers["content-type"] == "image/png" and image.content.startswith(b"\x89PNG")

    @pytest.mark.parametrize("path", ["/v1/verify/labels/none", "/v1/lots/09520000011017/none/bundle"])
    def test_what_is_not_there_is_a_problem_of_404(self, serving: Serving, path: str) -> None:
        answer = httpx.get(serving.url + path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"

    def test_an_uploaded_bundle_is_judged(self, played: Played, serving: Serving) -> None:
        data = Path(played.result["bundle"]).read_bytes()
        answer = httpx.post(
            serving.url + "/v1/verify", content=data, headers={"Content-Type": MEDIA_TYPE}, timeout=60
        )
        assert answer.json()["verdict"] == VERDICT
        whole = Bundle.decode(data)
        first = replace(whole.items[0], envelope=whole.items[0].envelope[:-1] + b"\0")
        spoilt = replace(whole, items=(first, *whole.items[1:])).encode()
        answer = httpx.post(
            serving.url + "/v1/verify", content=spoilt, headers={"Content-Type": MEDIA_TYPE}, timeout=60
        )
        assert answer.json()["exit_code"] == 1


class TestVerifying:
    def verify(self, *words: str, code: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(leafproof("verify", *words, "--json", code=code))
        assert found["exit_code"] == code
        return found

    def test_the_whole_bundle_is_verified(self, played: Played, serving: Serving) -> None:
        words = [played.result["bundle"], "--trust", serving.trust, "--rpc", serving.rpc]
        assert self.verify(*words, code=0)["verdict"] == VERDICT

    def test_without_what_the_witness_cosigned_it_fails(
        self, played: Played, serving: Serving, tmp_path: Path
    ) -> None:
        whole = Bundle.decode(Path(played.result["bundle"]).read_bytes())
        path = tmp_path / "unwitnessed.bundle"
        path.write_bytes(replace(whole, checkpoints=()).encode())
        told = self.verify(str(path), "--trust", serving.trust, "--rpc", serving.rpc, code=1)
        assert [c["number"] for c in told["checks"] if c["status"] == "fail"] == [5]

    def test_the_public_bundle_holds_no_load_curve_and_says_what_is_missing(
        self, serving: Serving, tmp_path: Path
    ) -> None:
        data = httpx.get(serving.url + f"{LOT}/bundle").content
        frames = [i for i in Bundle.decode(data).items if parse(i.envelope).header.content_type == body.FRAME]
        assert not any(i.body for i in frames)
        path = tmp_path / "public.bundle"
        path.write_bytes(data)
        told = self.verify(str(path), "--trust", serving.trust, "--rpc", serving.rpc, code=4)
        assert {c["number"] for c in told["checks"] if c["status"] == "not checked"} >= {7, 8}

    def test_by_the_passports_address(self, serving: Serving) -> None:
        words = [serving.result["passport_url"], "--trust", serving.trust, "--rpc", serving.rpc]
        assert "Records intact" in self.verify(*words, code=4)["verdict"]

    def test_offline(self, played: Played, serving: Serving) -> None:
        told = self.verify(played.result["bundle"], "--trust", serving.trust, "--offline", code=4)
        assert told["checks"][5]["status"] == "not checked"

    def test_with_a_node_that_is_down(self, played: Played, serving: Serving) -> None:
        nowhere = f"http://127.0.0.1:{free_port()}"
        words = [played.result["bundle"], "--trust", serving.trust, "--rpc", nowhere]
        assert self.verify(*words, code=4)["checks"][5]["status"] == "not checked"

    def test_with_another_chains_trust_file(self, played: Played, serving: Serving, tmp_path: Path) -> None:
        trust = json.loads(Path(serving.trust).read_bytes())
        path = tmp_path / "trust.json"
        path.write_text(json.dumps({**trust, "genesis": "0x" + "17" * 32}, separators=(",", ":"), sort_keys=True))
        words = [played.result["bundle"], "--trust", str(path), "--rpc", serving.rpc]
        assert self.verify(*words, code=1)["checks"][5]["status"] == "fail"

    @pytest.mark.parametrize("place", [0.02, 0.5, 0.85])
    def test_a_tampered_bundle(self, played: Played, serving: Serving, tmp_path: Path, place: float) -> None:
        data = bytearray(Path(played.result["bundle"]).read_bytes())
        data[int(len(data) * place)] ^= 1
        path = tmp_path / "tampered.bundle"
        path.write_bytes(data)
        self.verify(str(path), "--trust", serving.trust, "--rpc", serving.rpc, code=1)

    @pytest.mark.parametrize(
        "words",
        [
            ("nothing.bundle", "--trust", "TRUST"),
            ("BUNDLE", "--trust", "nothing.json"),
            ("BUNDLE", "--trust", "BUNDLE"),
            ("BUNDLE", "--trust", "TRUST", "--offline", "--rpc", "http://127.0.0.1:1"),
            ("BUNDLE",),
            ("BUNDLE", "--trust", "TRUST", "--rpc", "not an address"),
        ],
    )
    def test_wrong_use_is_an_exit_code_of_its_own(
        self, played: Played, serving: Serving, words: tuple[str, ...]
    ) -> None:
        names = {"BUNDLE": played.result["bundle"], "TRUST": serving.trust}
        leafproof("verify", *(names.get(word, word) for word in words), code=2)


class TestReplaying:
    def test_the_running_server_is_clean_with_the_auditors_key(self, serving: Serving) -> None:
        words = ["audit", "replay", "--trust", serving.trust, "--rpc", serving.rpc, "--url", serving.url]
        found = json.loads(leafproof(*words, "--api-key-file", str(serving.key_file), "--json"))
        (log,) = found["logs"]
        assert found["clean"] and log["withheld"] == 0
        assert log["readings"] == 2 * 5 * 96 + 2 + 96  # electricity and gas, two coils; the workshop's day
        assert (log["size"], "0x" + log["root"]) == (serving.result["log_size"], serving.result["root"])

    def test_without_the_key_bodies_are_withheld_and_counted(self, serving: Serving) -> None:
        words = ["audit", "replay", "--trust", serving.trust, "--rpc", serving.rpc, "--url", serving.url, "--json"]
        (log,) = json.loads(leafproof(*words, code=None))["logs"]
        assert log["withheld"] > 0 and log["readings"] == 0

    def test_the_export_is_clean(self, played: Played, serving: Serving) -> None:
        words = ["audit", "replay", "--trust", serving.trust, "--rpc", serving.rpc, "--export"]
        found = json.loads(leafproof(*words, played.result["export"], "--json"))
        assert found["clean"]
        plant, gas = [e for e in found["logs"][0]["energy"] if e["facility"] == str(STEEL.facility)]
        assert (gas["carrier"], gas["unit"]) == ("natural-gas", "GJ")
        told = [Decimal(played.result[f"energy_{name}"]) for name in ("kwh", "lots_kwh", "idle_kwh")]
        assert (plant["carrier"], plant["unit"]) == ("electricity", "kWh")
        assert [Decimal(plant[name]) for name in ("metered", "lots", "outside")] == told
        assert "clean: everything recomputed" in leafproof(*words, played.result["export"])
