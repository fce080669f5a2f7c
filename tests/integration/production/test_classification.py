"""The living list on a real chain: proposed, discussed, adopted; lots classified by the version in force, and
counted under any version."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from typer.testing import CliRunner

from backend.access.service import ADMIN, WRITE_PRODUCTION
from backend.anchor import transactions
from backend.app import create_app
from backend.classification import service, statistics
from backend.classification.cli import app as command_line
from backend.classification.endpoints import router
from backend.classification.statistics import Line
from backend.classification.tables import classifications, list_statements
from backend.context import Context
from backend.database import reading, transaction
from backend.embedded.node import EmbeddedNode
from backend.log.keys import create_key
from backend.passports.endpoints import KEPT
from backend.passports.endpoints import router as passports_router
from backend.production.repository import transfers_of
from backend.settings import Settings
from leafproof import clock
from leafproof.classification import MAX_SHOWN, MAX_TEXT, Entry, LivingList, shipped
from leafproof.values import Gln
from leafproof.verification.report import Status
from tests.integration.anchor.ledger import ACME, make_ledger
from tests.integration.production.test_chain import Group, failures, feed
from tests.integration.production.test_http import key
from tests.integration.production.works import FABRICATOR, START, STEEL, STEWARD, coil, product, slab
from tests.support.server import serving
from tests.support.storage import LOG_KEY

HOUR = 3600
COILS = Entry("HS 2022", "7208", "low-carbon steel", "Hot-rolled coil", "a test", "Of low carbon", "A label")
WIDER = msgspec.structs.replace(shipped(), title="With coil", entries=(*shipped().entries, COILS))
EVIDENCE = [{"evidence": "A label", "document": "label 5"}]


class Listed(Group):
    """Coils on the chain, and a server."""

    client: httpx.Client

    def begin(self) -> None:
        self.admit(STEEL, FABRICATOR, STEWARD)
        feed(self.works, self.works.mill)
        for number, name in enumerate("ABC"):
            opened = START + number * 1200
            self.works.run(coil(name), opened, opened + 1200, [product("10")], [slab("11")])
        self.settle()
        self.mine, self.others = (key(self.works, gln, WRITE_PRODUCTION) for gln in (STEEL, FABRICATOR))
        self.admin = key(self.works, None, ADMIN)

    def propose(self, wanted: LivingList, by: Gln = STEEL, told: bool = True) -> str:
        """The list's id; the chain is `told`, or not yet."""
        answer = self.client.post(
            "/v1/living-list", params={"by": str(by)}, json=msgspec.to_builtins(wanted), headers=self.mine
        )
        assert answer.status_code == 201, answer.text
        if told:
            self.ledger.settle(answer.json()["transaction"])
            self.ledger.follow()
        return str(answer.json()["statement"]["statement_id"])

    def decide(self, content: str, ahead: int) -> httpx.Response:
        """Adopt it, in force in so many seconds."""
        body = {"in_force_from": clock.utc_text(int(time.time()) + ahead)}
        return self.client.post(f"/v1/living-list/{content}/adoption", json=body, headers=self.admin)

    def adopt(self, content: str) -> None:
        start = clock.utc_text(int(time.time()) + 4)
        answer = self.client.post(
            f"/v1/living-list/{content}/adoption", json={"in_force_from": start}, headers=self.admin
        )
        assert answer.status_code == 202, answer.text
        self.ledger.settle(answer.json()["transaction"])
        self.ledger.follow()
        time.sleep(max(0.0, clock.utc_seconds(start, "start") + 0.1 - time.time()))

    def forget(self, statement: str) -> None:
        """A list's or a classification's body is deleted, as the law may ask."""
        with transaction(self.ledger.engine) as connection:
            tables = (list_statements, classifications)
            queries = (
                sa.select(one.c.log, one.c.index).where(one.c.statement_id == bytes.fromhex(statement))
                for one in tables
            )
            (row,) = (row for query in queries for row in connection.execute(query))
            self.works.desk.log(row.log).delete_body(connection, row.index)

    def classify(self, name: str, code: str = "720810", **more: Any) -> dict[str, Any]:
        path = f"/v1/lots/{coil(name).gtin}/{name}/categories"
        answer = self.client.post(path, json={"edition": "HS 2022", "code": code, **more}, headers=self.mine)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def listed(node: EmbeddedNode, engine: Engine, tmp_path: Path) -> Iterator[Listed]:
    accounts = [node.account(i) for i in range(4)]
    with (
        make_ledger(node.url, accounts, engine, tmp_path / "keys") as ledger,
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setattr(service, "BLOCK_SECONDS", 1)  # this chain makes one for each transaction
        made = Listed(ledger, node)
        made.begin()
        (tmp_path / "trust.json").write_bytes(ledger.trust.encode())
        settings = Settings(data=tmp_path, keys=ledger.keys, trust_file=tmp_path / "trust.json")
        context = Context(settings, ledger.engine, made.works.desk.logs)
        routers = (router, passports_router)
        with serving(create_app(context, (), routers, kept=KEPT)) as made.client:
            yield made


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

    def test_a_lot_whose_classification_was_deleted_is_left_out_of_the_statistics(
        self, group: Listed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(statistics, "SMALLEST", 1)
        group.adopt(group.propose(WIDER))
        for name in "AB":
            made = group.classify(name, shown=EVIDENCE)
        group.forget(made["statement_id"])
        (cell,) = group.client.get("/v1/statistics/categories", params={"version": 1}).json()
        assert (cell["lots"], cell["tonnes"]) == (1, "10")


class TestALot:
    def test_is_classified_whatever_its_code_has_in_it(self, group: Listed) -> None:
        group.adopt(group.propose(WIDER))
        group.works.run(coil("D/1"), START + 3600, START + 4800, [product("10")], [slab("11")])
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


class TestStatistics:
    def test_are_rerun_under_any_version_and_hide_what_one_company_made(
        self, group: Listed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        group.adopt(group.propose(shipped()))
        group.adopt(group.propose(WIDER))
        for name in "ABC":
            group.classify(name, shown=EVIDENCE)
        asked = {"version": 2, "format": "csv"}
        answer = group.client.get("/v1/statistics/categories", params=asked)
        assert answer.headers["content-type"].startswith("text/csv")
        header, row = csv.reader(io.StringIO(answer.text))
        assert header == list(statistics.HEADER)
        assert row == ["2", "low-carbon steel", "KR", "", "2018-03", "", ""]  # three lots, of one company
        assert group.client.get("/v1/statistics/categories", params={"version": 1}).json() == []
        monkeypatch.setattr(statistics, "SMALLEST", 1)
        (cell,) = group.client.get("/v1/statistics/categories", params={"version": 2}).json()
        assert (cell["market"], cell["lots"], cell["tonnes"]) == (None, 3, "30")

    def test_what_was_sold_counts_in_the_market_of_its_buyer(
        self, any_group: Listed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(statistics, "SMALLEST", 1)
        any_group.adopt(any_group.propose(WIDER))
        for name in "AB":
            any_group.classify(name, shown=EVIDENCE)
        any_group.transfer("4.5")
        asked = {"version": 1}
        (cell,) = any_group.client.get("/v1/statistics/categories", params=asked).json()
        assert (cell["market"], cell["lots"], cell["tonnes"]) == (None, 2, "20")  # nothing is final yet
        with reading(any_group.ledger.engine) as connection:
            (sold,) = transfers_of(connection, str(coil("A").gtin), "A")
        any_group.ledger.settle(sold["transaction"])
        cells = any_group.client.get("/v1/statistics/categories", params=asked).json()
        told = [(one["origin"], one["market"], one["lots"], one["tonnes"]) for one in cells]
        assert told == [("KR", None, 2, "15.5"), ("KR", "CN", 1, "4.5")]

    def test_a_market_with_few_buyers_is_suppressed(self) -> None:
        lots = {coil(name) for name in "ABC"}
        cell = statistics._Cell(lots, Fraction(30), {"a", "b", "c"}, {"x", "y"})
        assert statistics._line(1, ("c", "KR", "", "2018-03"), cell).lots == 3
        assert statistics._line(1, ("c", "KR", "CN", "2018-03"), cell).lots is None
        cell.buyers.add("z")
        assert statistics._line(1, ("c", "KR", "CN", "2018-03"), cell).tonnes == "30"

    def test_a_suppressed_cell_is_empty_in_a_file(self) -> None:
        told = statistics.as_csv(
            [Line(1, "a", "KR", "CN", "2018-01", 4, "12.5"), Line(1, "b", "KR", "", "2018-01", None, None)]
        )
        assert told.splitlines()[1:] == ["1,a,KR,CN,2018-01,4,12.5", "1,b,KR,,2018-01,,"]
