"""The living list on a real chain: proposed, discussed, adopted; lots classified by the version in force."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from backend.anchor import transactions
from backend.classification import service
from backend.classification.cli import app as command_line
from backend.database import reading
from backend.embedded.node import EmbeddedNode
from backend.log.keys import create_key
from leafproof import clock
from leafproof.classification import MAX_SHOWN, MAX_TEXT, shipped
from leafproof.verification.report import Status
from tests.integration.anchor.ledger import ACME
from tests.integration.production.listed import COILS, EVIDENCE, WIDER, Listed, listed
from tests.integration.production.test_chain import failures
from tests.integration.production.works import START, STEEL, coil, product, slab
from tests.support.storage import LOG_KEY


@pytest.fixture
def group(node: EmbeddedNode, sqlite: Engine, tmp_path: Path) -> Iterator[Listed]:
    with listed(node, sqlite, tmp_path) as made:
        yield made


@pytest.fixture
def any_group(node: EmbeddedNode, engine: Engine, tmp_path: Path) -> Iterator[Listed]:
    """On each database."""
    with listed(node, engine, tmp_path) as made:
        yield made


class TestAVersion:
    def test_is_proposed_discussed_and_adopted(self, any_group: Listed) -> None:
        content = any_group.propose(shipped())
        path = f"/v1/living-list/{content}"
        said = {"by": str(STEEL), "kind": "objection", "text": "Not without scrap of nickel"}
        assert any_group.client.post(f"{path}/remarks", json=said, headers=any_group.mine).status_code == 201
        shown = any_group.client.get(path).json()
        assert (shown["version"], shown["state"]) == (None, "proposed")
        assert [(one["did"], one["by"]) for one in shown["history"]] == [
            ("proposed", str(STEEL)),
            ("objection", str(STEEL)),
        ]
        any_group.adopt(content)
        shown = any_group.client.get(path).json()
        assert (shown["version"], shown["content"]["title"]) == (1, shipped().title)
        assert (shown["history"][-1]["did"], shown["history"][-1]["by"]) == ("adopted", None)
        assert [one["version"] for one in any_group.client.get("/v1/living-list").json()] == [1]
        assert any_group.client.post(f"{path}/remarks", json=said, headers=any_group.mine).status_code == 409

    def test_is_refused_with_a_reason_that_stays_beside_what_was_said(self, any_group: Listed) -> None:
        content = any_group.propose(shipped())
        path = f"/v1/living-list/{content}"
        said = {"by": str(STEEL), "kind": "comment", "text": "Towers are missing"}
        assert any_group.client.post(f"{path}/remarks", json=said, headers=any_group.mine).status_code == 201
        why = {"by": str(STEEL), "reason": "No source for two entries"}
        answer = any_group.client.post(f"{path}/refusal", json=why, headers=any_group.admin)
        assert answer.status_code == 202, answer.text
        assert any_group.client.get(path).json()["history"][-1]["did"] == "refusal"  # not on the chain yet
        assert any_group.client.post(f"{path}/refusal", json=why, headers=any_group.admin).status_code == 409
        any_group.ledger.settle(answer.json()["transaction"])
        any_group.ledger.follow()
        shown = any_group.client.get(path).json()
        assert (shown["state"], shown["version"]) == ("refused", None)
        steps = [(one["did"], one["text"]) for one in shown["history"]]
        assert steps[1:] == [("comment", said["text"]), ("refused", why["reason"])]
        registry = any_group.ledger.follow()
        with reading(any_group.ledger.engine) as connection:
            (refused,) = service.chain_of(connection, registry).list_refusals
        assert refused.reason.hex() == answer.json()["statement"]["statement_id"]
        soon = {"in_force_from": clock.utc_text(int(time.time()) + 60)}
        for late, body in (("remarks", said), ("refusal", why), ("adoption", soon)):
            headers = any_group.mine if late == "remarks" else any_group.admin
            assert any_group.client.post(f"{path}/{late}", json=body, headers=headers).status_code == 409
        assert [one["state"] for one in any_group.client.get("/v1/living-list").json()] == ["refused"]

    def test_is_adopted_again_where_the_chain_did_not_take_it(self, any_group: Listed) -> None:
        first, second = any_group.propose(shipped()), any_group.propose(WIDER)
        for content, ahead in (
            (first, 200),
            (second, 100),
        ):  # the later version would be in force before the first
            answer = any_group.decide(content, ahead)
            assert answer.status_code == 202, answer.text
            any_group.ledger.settle(answer.json()["transaction"])
        any_group.ledger.follow()
        with reading(any_group.ledger.engine) as connection:
            assert transactions.status(connection, answer.json()["transaction"]).state == "failed"
        again = any_group.decide(second, 300)
        assert again.status_code == 202, again.text
        any_group.ledger.settle(again.json()["transaction"])
        any_group.ledger.follow()
        assert any_group.client.get(f"/v1/living-list/{second}").json()["version"] == 2
        assert any_group.decide(second, 400).status_code == 409

    def test_is_decided_once_and_only_when_the_chain_knows_of_it(self, group: Listed) -> None:
        why = {"by": str(STEEL), "reason": "No source for two entries"}
        untold = group.propose(shipped(), told=False)
        assert group.decide(untold, 60).status_code == 409
        refused = group.client.post(f"/v1/living-list/{untold}/refusal", json=why, headers=group.admin)
        assert refused.status_code == 409
        told = group.propose(WIDER)
        assert group.decide(told, 60).status_code == 202
        assert group.decide(told, 60).status_code == 409
        refused = group.client.post(f"/v1/living-list/{told}/refusal", json=why, headers=group.admin)
        assert refused.status_code == 409

    def test_is_adopted_well_before_it_is_in_force(self, group: Listed, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(service, "BLOCK_SECONDS", 600)
        content = group.propose(shipped())
        assert group.decide(content, 1100).status_code == 422  # finality is a block, and the margin two
        assert group.decide(content, 1300).status_code == 202

    def test_what_is_wrong_is_a_problem(self, group: Listed) -> None:
        content = group.propose(shipped())
        path, lot = f"/v1/living-list/{content}", f"/v1/lots/{coil('A').gtin}/A/categories"
        soon = {"in_force_from": clock.utc_text(int(time.time()) + 60)}
        body = {"edition": "HS 2022", "code": "720810"}
        said = {"by": str(STEEL), "kind": "comment", "text": "good"}
        why = {"by": str(STEEL), "reason": "bad"}
        for status, asked in (
            (401, group.client.post(f"{path}/adoption", json=soon)),
            (403, group.client.post(f"{path}/adoption", json=soon, headers=group.mine)),
            (422, group.client.post(f"{path}/adoption", json={"in_force_from": "2018-01-01T00:00:00Z"}, headers=group.admin)),
            (404, group.client.post(f"/v1/living-list/{'ab' * 32}/adoption", json=soon, headers=group.admin)),
            (404, group.client.get(f"/v1/living-list/{'ab' * 32}")),
            (422, group.client.get("/v1/living-list/ab")),
            (403, group.client.post(f"{path}/remarks", json=said, headers=group.others)),
            (400, group.client.post(f"{path}/remarks", json={**said, "kind": "praise"}, headers=group.mine)),
            (422, group.client.post(f"{path}/remarks", json={**said, "kind": "refusal"}, headers=group.mine)),
            (401, group.client.post(f"{path}/refusal", json=why)),
            (403, group.client.post(f"{path}/refusal", json=why, headers=group.mine)),
            (422, group.client.post(f"{path}/refusal", json={**why, "reason": " "}, headers=group.admin)),
            (404, group.client.post(f"/v1/living-list/{'ab' * 32}/refusal", json=why, headers=group.admin)),
            (409, group.client.post(lot, json=body, headers=group.mine)),
            (403, group.client.post(lot, json=body, headers=group.others)),
            (404, group.client.get(lot)),
            (404, group.client.get("/v1/statistics/categories", params={"version": 1})),
            (422, group.client.get("/v1/statistics/categories", params={"version": 0})),
        ):  # fmt: skip
            assert (asked.status_code, asked.headers["content-type"]) == (status, "application/problem+json")


class TestWhatCannotBeRead:
    def test_is_refused_before_it_is_signed(self, group: Listed) -> None:
        wide = msgspec.structs.replace(COILS, title="x" * MAX_TEXT)
        wanted = msgspec.to_builtins(msgspec.structs.replace(shipped(), entries=(wide,) * 600))
        asked = group.client.post("/v1/living-list", params={"by": str(STEEL)}, json=wanted, headers=group.mine)
        assert (asked.status_code, asked.json()["detail"].partition(":")[0]) == (422, "living list")
        assert group.client.get("/v1/living-list").json() == []

    def test_a_list_whose_content_was_deleted_hides_no_other(self, group: Listed) -> None:
        gone, kept = group.propose(shipped()), group.propose(WIDER)
        group.forget(gone)
        assert [one["id"] for one in group.client.get("/v1/living-list").json()] == [kept]
        assert group.client.get(f"/v1/living-list/{gone}").status_code == 410


class TestALot:
    def test_is_classified_whatever_its_code_has_in_it(self, group: Listed) -> None:
        group.adopt(group.propose(WIDER))
        group.works.run(coil("D/1"), START + 3600, START + 4800, [product("10")], [slab("11")])
        group.settle()
        made = group.classify("D/1", shown=EVIDENCE)
        path = f"/v1/lots/{coil('D/1').gtin}/D/1/categories"
        assert group.client.get(path).json()["statement_id"] == made["statement_id"]

    def test_is_shown_evidence_in_words_as_long_as_an_entry_may_ask_for(self, group: Listed) -> None:
        asked = "A label " + "x" * (MAX_TEXT - 8)
        entry = msgspec.structs.replace(COILS, evidence=asked)
        group.adopt(group.propose(msgspec.structs.replace(shipped(), entries=(entry,))))
        shown = [{"evidence": asked, "document": "label 5"}]
        assert group.classify("A", shown=shown)["categories"] == ["low-carbon steel"]
        path = f"/v1/lots/{coil('A').gtin}/A/categories"
        more = {"edition": "HS 2022", "code": "720810", "shown": shown * (MAX_SHOWN + 1)}
        assert group.client.post(path, json=more, headers=group.mine).status_code in (400, 422)

    def test_keeps_its_categories_when_the_list_changes(self, any_group: Listed) -> None:
        any_group.adopt(any_group.propose(shipped()))
        first = any_group.classify("A", shown=EVIDENCE)
        assert (first["version"], first["categories"]) == (1, [])
        any_group.adopt(any_group.propose(WIDER))
        path = f"/v1/lots/{coil('A').gtin}/A/categories"
        assert any_group.client.get(path).json()["version"] == 1
        assert any_group.client.get(path, params={"version": 2}).json()["categories"] == ["low-carbon steel"]
        assert any_group.client.get(path, params={"version": 3}).status_code == 404
        again = any_group.classify("A", shown=EVIDENCE)
        assert (again["version"], again["categories"]) == (2, ["low-carbon steel"])
        assert any_group.classify("A", shown=EVIDENCE)["statement_id"] == again["statement_id"]

    def test_shows_them_on_its_passport_and_proves_them_in_its_bundle(self, group: Listed) -> None:
        path, page = f"/01/{coil('A').gtin}/10/A", {"Accept": "text/html"}
        assert group.client.get(path).json()["classified"] is None
        group.adopt(group.propose(WIDER))
        group.classify("A", shown=EVIDENCE)
        group.settle()
        group.ledger.follow()
        told = group.client.get(path).json()["classified"]
        assert (told["code"], told["version"], told["categories"]) == ("720810", "1", "low-carbon steel")
        sentence = "720810 of HS 2022, by version 1 of the living list: low-carbon steel"
        assert sentence in group.client.get(path, headers=page).text
        report = group.verify(coil("A"))
        assert failures(report) == []
        (finding,) = [one for one in report[10].findings if one.code == "classified"]
        assert (finding.status, finding.text()) == (Status.PASS, f"{coil('A')}: {sentence}")
        group.classify("B")
        group.settle()
        group.ledger.follow()
        other = group.client.get(f"/01/{coil('B').gtin}/10/B").json()["classified"]
        assert other["categories"] == "-"  # without the evidence that its ex-out asks for

    def test_without_the_evidence_of_an_ex_out_is_a_candidate(self, group: Listed) -> None:
        group.adopt(group.propose(WIDER))
        found = group.classify("A")
        assert (found["categories"], found["candidates"]) == ([], ["low-carbon steel"])


class TestOnTheCommandLine:
    @pytest.fixture(autouse=True)
    def configured(self, group: Listed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        ledger = group.ledger
        create_key(ledger.keys / f"log-{ledger.log_id.hex()[:16]}.pem", LOG_KEY.pem())
        for name, value in {
            "DATA": tmp_path,
            "DATABASE_URL": ledger.engine.url,
            "KEYS": ledger.keys,
            "TRUST_FILE": tmp_path / "trust.json",
            "LOG_NAME": "main",
            "LOG_OWNER": "0x" + ledger.address(ACME).hex(),
        }.items():
            monkeypatch.setenv(f"LEAFPROOF_{name}", str(value))

    def test_a_proposal_is_refused(self, group: Listed) -> None:
        content = group.propose(shipped())
        words = ["refuse", content, "--by", str(STEEL), "--reason", "No source"]
        done = CliRunner().invoke(command_line, words)
        assert done.exit_code == 0, done.output
        assert CliRunner().invoke(command_line, words).exit_code == 2
        group.ledger.settle(done.output.split()[-1])
        group.ledger.follow()
        told = CliRunner().invoke(command_line, ["history", content])
        assert told.exit_code == 0, told.output
        assert told.output.splitlines()[-1].endswith(f"refused    {STEEL}  No source")
        assert CliRunner().invoke(command_line, ["history", "ab" * 32]).exit_code == 2

    def test_a_file_of_trade_is_tagged(self, group: Listed, tmp_path: Path) -> None:
        group.adopt(group.propose(shipped()))
        file = tmp_path / "trade.csv"
        file.write_text("classificationCode,cmdCode\nH6,850760\n")
        done = CliRunner().invoke(command_line, ["tag", str(file), "--version", "1"])
        assert (done.exit_code, done.output.split()[-1]) == (0, "H6,850760,batteries"), done.output
        assert CliRunner().invoke(command_line, ["tag", str(file), "--version", "2"]).exit_code == 2
        file.write_text("cmdCode\n850760\n")
        assert CliRunner().invoke(command_line, ["tag", str(file), "--version", "1"]).exit_code == 2
