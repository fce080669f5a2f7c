"""Labels on a real chain: a scheme's owner, a certifier and markets' authorities sign with keys of their own; the
server takes in what they may say, and everybody asks where a label counts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from backend.app import create_app
from backend.classification import service as classification
from backend.context import Context
from backend.database import reading, transaction
from backend.embedded.node import EmbeddedNode
from backend.enrolment.endpoints import router as enrolment_router
from backend.errors import Conflict, NotFound
from backend.labels import service
from backend.labels.cli import app as authority_line
from backend.labels.endpoints import router
from backend.passports.endpoints import KEPT
from backend.passports.endpoints import router as passports_router
from backend.production import lots
from backend.production.service import add_company, signer_of
from backend.production.statements import Desk
from backend.settings import Settings
from leafproof import cbor, clock, envelope
from leafproof.chain.view import Role
from leafproof.classification import Entry, LivingList
from leafproof.cli.label import app as label_line
from leafproof.criteria import Criterion
from leafproof.envelope import Header
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.keys import SigningKey
from leafproof.label import Accredited, Attested, Label, LabelChange, LabelStatement, Recognition, Scheme
from leafproof.values import Gln, Lei, Party, party_uri
from leafproof.verification.report import Status
from tests.integration.anchor.ledger import make_ledger
from tests.integration.production.test_chain import Group, failures, feed
from tests.integration.production.works import FABRICATOR, START, STEEL, STEWARD, coil, product, slab
from tests.support.server import serving
from tests.support.world import gln

HOUR, CBOR = 3600, {"Content-Type": "application/cbor"}
NAME, GOODS, TEXT = "Low-carbon steel", "steel products", "The mill has a plan to leave coal"
OWNER, EUROPE = gln("401234500010"), gln("541234500010")
CERTIFIER = Lei.parse("5493001KJTIIGC8Y1R12")  # a party that signs at home may be named by its LEI
FROM, UNTIL = "2018-01-01T00:00:00Z", "2040-01-01T00:00:00Z"
SCHEME = Scheme(
    NAME,
    str(OWNER),
    "Steel with a small footprint",
    (GOODS,),
    (
        Criterion("footprint", profile="leafproof-partial", at_most="9000"),
        Criterion("attested", text=TEXT),
    ),
)
ACCREDITED = Accredited(NAME, str(CERTIFIER), "DAkkS", "D-ZE-1", (), FROM, UNTIL)
AGREED = Recognition("EU", NAME, GOODS, ("verification", "certificate"), FROM, UNTIL)


class Labelled(Group):
    """A coil on the chain; a scheme, a certifier, and a market whose authority recognises the scheme."""

    def __init__(self, ledger: Any, node: EmbeddedNode) -> None:
        for number, party in enumerate((OWNER, CERTIFIER, EUROPE), start=7):
            ledger.signers.store(signer_of(party), node.account(number).key)
        super().__init__(ledger, node)
        self.own: dict[Party, SigningKey] = {}

    def begin(self) -> None:
        self.admit(STEEL, FABRICATOR, STEWARD)
        feed(self.works, self.works.mill)
        self.works.run(coil("A"), START, START + HOUR, [product("10")], [slab("11")])
        self.settle()
        for party in (OWNER, CERTIFIER, EUROPE):
            self.own[party] = SigningKey.generate()
            with transaction(self.ledger.engine) as connection:
                add_company(connection, party, "by its own key", self.ledger.address(signer_of(party)))
            self.ledger.admit(signer_of(party))
            self.register(party, self.own[party], Role.ISSUER, party_uri(party))
        with transaction(self.ledger.engine) as connection:
            keys = [
                service.admit_scheme(connection, NAME, OWNER),
                service.admit_market(connection, "EU", EUROPE),
                service.admit_market(connection, "BR", FABRICATOR),
            ]
        self.ledger.settle(*keys)
        self.ledger.follow()

    def say(self, party: Party, said: LabelStatement, *, key: Party | None = None) -> service.Taken:
        """Signed by the party (or with another's key), handed in, and on the chain."""
        content = said.encode_body()
        header = Header(party_uri(party), said.urn, int(time.time()), said.CONTENT_TYPE, self.ledger.log.ref)
        data = cbor.encode([envelope.sign(self.own[key or party], header, content), content])
        registry = self.ledger.follow()
        with transaction(self.ledger.engine) as connection:
            taken = service.submit(connection, self.works.desk, registry, data)
        self.settle()
        self.ledger.follow()
        return taken

    def prepare(self, scheme: Scheme = SCHEME) -> str:
        """Criteria, accreditation and agreement; the id of the criteria."""
        published = self.say(OWNER, scheme)
        self.say(OWNER, ACCREDITED)
        self.say(EUROPE, AGREED)
        return published.statement_id.hex()

    def label(self, criteria: str, **changes: Any) -> Label:
        now = clock.utc_text(int(time.time()) - 24 * HOUR)
        with reading(self.ledger.engine) as connection:
            rows = service.footprints.current_by_profile(connection, coil("A"))
            ids = tuple(bytes(row["statement_id"]).hex() for row in rows)
        honest = Label(
            NAME, criteria, str(CERTIFIER), str(STEEL), str(coil("A").gtin), "A", GOODS,
            ids, (Attested(TEXT, "The plan of 2017"),), (), (), now, UNTIL,
        )  # fmt: skip
        return msgspec.structs.replace(honest, **changes)

    def classify(self, category: str) -> None:
        """A first version of the living list, by which the coil is of that category."""
        entry = Entry("HS 2022", "7208", category, "Hot-rolled coil", "a test")
        registry, desk = self.ledger.follow(), Desk(self.works.desk.logs, self.works.desk.signer)
        with transaction(self.ledger.engine) as connection:
            proposed = classification.propose(connection, desk, STEEL, LivingList("Coil", "first", (entry,), ()))
        self.ledger.settle(proposed.transaction)
        self.ledger.follow()
        start = int(time.time()) + 4
        with transaction(self.ledger.engine) as connection:
            key = classification.adopt(connection, desk, registry, proposed.logged.statement_id, start)
        self.ledger.settle(key)
        self.ledger.follow()
        time.sleep(max(0.0, start + 0.1 - time.time()))
        wanted = classification.Wanted(coil("A"), "HS 2022", "720810", ())
        with transaction(self.ledger.engine) as connection:
            classification.classify(connection, desk, registry, wanted)
        self.settle()
        self.ledger.follow()

    def findings(self) -> dict[str, Status]:
        return {f.code: f.status for f in self.verify(coil("A"))[10].findings}


@contextmanager
def labelled(node: EmbeddedNode, engine: Engine, tmp_path: Path) -> Iterator[Labelled]:
    accounts = [node.account(i) for i in range(4)]
    with (
        make_ledger(node.url, accounts, engine, tmp_path / "keys") as ledger,
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setattr(classification, "BLOCK_SECONDS", 1)  # this chain makes one for each transaction
        made = Labelled(ledger, node)
        made.begin()
        yield made


@pytest.fixture
def group(node: EmbeddedNode, sqlite: Engine, tmp_path: Path) -> Iterator[Labelled]:
    with labelled(node, sqlite, tmp_path) as made:
        yield made


@pytest.fixture
def any_group(node: EmbeddedNode, engine: Engine, tmp_path: Path) -> Iterator[Labelled]:
    """On each database."""
    with labelled(node, engine, tmp_path) as made:
        yield made


@pytest.fixture
def client(group: Labelled, tmp_path: Path) -> Iterator[httpx.Client]:
    (tmp_path / "trust.json").write_bytes(group.ledger.trust.encode())
    settings = Settings(data=tmp_path, keys=group.ledger.keys, trust_file=tmp_path / "trust.json")
    context = Context(settings, group.ledger.engine, group.works.desk.logs)
    routers = (router, enrolment_router, passports_router)
    with serving(create_app(context, (), routers, kept=KEPT)) as found:
        yield found


class TestTaking:
    def test_a_label_is_issued_recognised_and_revoked(self, any_group: Labelled) -> None:
        criteria = any_group.prepare()
        taken = any_group.say(CERTIFIER, any_group.label(criteria, markets=("EU",)))
        assert taken.label is not None
        assert failures(any_group.verify(coil("A"))) == []
        assert any_group.findings() == {
            "label-issued": Status.PASS,
            "label-met": Status.PASS,
            "label-recognised": Status.PASS,
            "label-unclassified": Status.NOT_CHECKED,
        }
        any_group.say(CERTIFIER, LabelChange(taken.label.hex(), "suspended", "The meter is looked at"))
        assert any_group.findings()["label-ended"] is Status.WARNING
        any_group.say(CERTIFIER, LabelChange(taken.label.hex(), "valid", "The meter is right"))
        assert "label-ended" not in any_group.findings()
        any_group.say(OWNER, LabelChange(taken.label.hex(), "revoked", "The plan was dropped"))
        (told,) = [f for f in any_group.verify(coil("A"))[10].findings if f.code == "label-ended"]
        assert told.text().endswith("The plan was dropped")
        with pytest.raises(Conflict, match="revoked already"):
            any_group.say(OWNER, LabelChange(taken.label.hex(), "revoked", "again"))

    def test_the_same_statement_is_the_same_entry(self, any_group: Labelled) -> None:
        content = SCHEME.encode_body()
        ref = any_group.ledger.log.ref
        header = Header(party_uri(OWNER), SCHEME.urn, int(time.time()), SCHEME.CONTENT_TYPE, ref)
        data = cbor.encode([envelope.sign(any_group.own[OWNER], header, content), content])
        registry = any_group.ledger.follow()
        found = []
        for _ in range(2):
            with transaction(any_group.ledger.engine) as connection:
                found.append(service.submit(connection, any_group.works.desk, registry, data))
        assert found[0] == found[1]

    @pytest.mark.parametrize(
        ("party", "said", "error", "match"),
        [
            (CERTIFIER, SCHEME, InvalidInput, "does not own the scheme"),
            (CERTIFIER, ACCREDITED, InvalidInput, "does not own the scheme"),
            (OWNER, msgspec.structs.replace(SCHEME, name="No such"), NotFound, "no scheme of the name"),
            (OWNER, AGREED, InvalidInput, "is not the authority of the market EU"),
            (EUROPE, msgspec.structs.replace(AGREED, market="XX"), NotFound, "no market of the name 'XX'"),
            (EUROPE, msgspec.structs.replace(AGREED, scheme="No such"), NotFound, "no scheme of the name"),
            (CERTIFIER, LabelChange("ab" * 32, "revoked", "none"), NotFound, "is not on the chain"),
        ],
    )
    def test_who_may_not_say_it_is_refused(
        self, group: Labelled, party: Gln, said: LabelStatement, error: type[LeafproofError], match: str
    ) -> None:
        with pytest.raises(error, match=match):
            group.say(party, said)

    def test_another_partys_key_is_refused(self, group: Labelled) -> None:
        with pytest.raises(InvalidInput, match="is registered for"):
            group.say(OWNER, SCHEME, key=CERTIFIER)

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"attested": ()}, "label-criterion"),
            ({"category": "toys"}, "label-scope"),
            ({"markets": ("BR",)}, "label-claims"),
            ({"maker": str(FABRICATOR)}, "label-differs"),
            ({"uses": ("ab" * 32,)}, "label-used"),
            ({"footprints": ()}, "footprints"),
        ],
    )
    def test_a_label_that_a_reader_would_fail_is_refused(
        self, any_group: Labelled, changes: dict[str, Any], code: str
    ) -> None:
        criteria = any_group.prepare()
        with pytest.raises(InvalidInput) as caught:
            any_group.say(CERTIFIER, any_group.label(criteria, **changes))
        assert caught.value.field == code

    def test_a_certifier_who_is_not_accredited_issues_nothing(self, group: Labelled) -> None:
        criteria = group.say(OWNER, SCHEME).statement_id.hex()
        with pytest.raises(InvalidInput) as caught:
            group.say(CERTIFIER, group.label(criteria))
        assert caught.value.field == "label-unaccredited"

    @pytest.mark.parametrize("goods", [GOODS, "toys"])
    def test_a_label_is_for_goods_that_the_lot_is(self, any_group: Labelled, goods: str) -> None:
        group = any_group
        criteria = group.prepare()
        group.classify(goods)
        if goods != GOODS:
            with pytest.raises(InvalidInput, match="the lot is classified as toys"):
                group.say(CERTIFIER, group.label(criteria))
            return
        group.say(CERTIFIER, group.label(criteria))
        found = group.findings()
        assert {found[code] for code in ("classified", "label-issued", "label-met")} == {Status.PASS}
        assert "label-unclassified" not in found

    def test_a_lot_that_is_not_here_gets_none(self, group: Labelled) -> None:
        criteria = group.prepare()
        with pytest.raises(NotFound, match="has no record here"):
            group.say(CERTIFIER, group.label(criteria, lot="Z"))

    def test_a_footprint_that_grows_fails_the_label_that_it_had(self, group: Labelled) -> None:
        scheme = msgspec.structs.replace(
            SCHEME, criteria=(Criterion("footprint", profile="leafproof-partial", at_most="2700"),)
        )
        criteria = group.prepare(scheme)
        group.say(CERTIFIER, group.label(criteria, attested=()))
        assert "label-met" in group.findings()
        with transaction(group.ledger.engine) as connection:
            change = lots.Correction("misread", "shift leader", outputs=[product("9")])
            lots.correct(connection, group.works.desk, coil("A"), change)
        group.settle()
        assert group.findings()["label-criterion"] is Status.FAIL


class TestOnThePassport:
    def test_labels_their_markets_and_revocations_are_shown_at_once(
        self, group: Labelled, client: httpx.Client
    ) -> None:
        criteria = group.prepare()
        address = f"/01/{coil('A').gtin}/10/A"

        def page() -> tuple[str, Any]:
            html = client.get(address, headers={"Accept": "text/html"}).text
            return html, client.get(address, headers={"Accept": "application/json"}).json()["labels"]

        html, labels = page()
        assert ('id="labels"' in html, labels) == (False, [])
        taken = group.say(CERTIFIER, group.label(criteria))
        assert taken.label is not None
        html, (label,) = page()
        assert f'data-label="{taken.label.hex()[:16]}"' in html
        assert "recognised in EU" in html
        assert (label["scheme"], label["markets"], label["against"]) == (NAME, ["EU"], [])
        group.say(CERTIFIER, LabelChange(taken.label.hex(), "revoked", "The plan was dropped"))
        html, (label,) = page()
        assert "recognised in EU" not in html
        assert "The plan was dropped" in html
        assert "is revoked since" in label["against"][0]


class TestOverHttp:
    def test_one_certification_counts_where_it_is_recognised(self, group: Labelled, client: httpx.Client) -> None:
        criteria = group.prepare()
        assert client.get("/v1/labels/scheme", params={"name": NAME}).json()["scheme"]["title"] == SCHEME.title
        (work,) = client.get("/v1/labels/worklist", params={"scheme": NAME}).json()
        assert (work["lot"], work["ready"]) == ("A", True)
        assert [one["met"] for one in work["criteria"]] == [True, None]
        group.classify(GOODS)
        taken = group.say(CERTIFIER, group.label(criteria))
        assert client.get("/v1/labels/worklist", params={"scheme": NAME}).json() == []
        assert taken.label is not None
        path = f"/v1/verify/labels/{taken.label.hex()}"
        told = client.get(path, params={"market": "EU"}).json()
        assert (told["valid"], told["reason"], told["market"]) == (True, None, "EU")
        assert len(told["agreement"]) == 64
        assert [one["name"] for one in told["checks"]] == [
            "issued", "accredited", "scope", "validity", "status", "criteria", "recognised",
        ]  # fmt: skip
        assert {one["status"] for one in told["checks"]} == {"pass"}
        assert client.get(path).json()["valid"] is True
        refused = client.get(path, params={"market": "BR"}).json()
        assert (refused["valid"], refused["agreement"]) == (False, None)
        assert refused["reason"].endswith(f"BR does not recognise {NAME} for {GOODS}")
        (shown,) = client.get("/v1/labels", params={"gtin": str(coil("A").gtin), "lot": "A"}).json()
        assert (shown["markets"], shown["status"]) == (["EU"], "valid")
        group.say(CERTIFIER, LabelChange(taken.label.hex(), "revoked", "wrong lot"))
        told = client.get(path, params={"market": "EU"}).json()
        assert (told["valid"], told["checks"][4]["status"]) == (False, "warning")
        assert "revoked since" in told["reason"]

    def test_what_is_wrong_is_a_problem(self, group: Labelled, client: httpx.Client) -> None:
        criteria = group.prepare()
        label = group.say(CERTIFIER, group.label(criteria)).label
        assert label is not None
        path = f"/v1/verify/labels/{label.hex()}"
        for wrong, status in (
            ("/v1/verify/labels/ab", 404),
            ("/v1/verify/labels/" + "ab" * 32, 404),
            (f"{path}?market=XX", 404),
            (f"{path}?market=", 422),
            (f"{path}?chain_id=5", 404),
            ("/v1/labels/scheme?name=none", 404),
            ("/v1/labels/worklist?scheme=none", 404),
            ("/v1/labels?gtin=1&lot=A", 422),
        ):
            answer = client.get(wrong)
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), (
                wrong
            )
            assert answer.json()["detail"]
        for data in (b"", b"\xa0", cbor.encode([b"", b""])):
            assert client.post("/v1/labels/statements", content=data, headers=CBOR).status_code in (400, 422)
        assert client.post("/v1/labels/statements", content=bytes(70_000), headers=CBOR).status_code == 400

    def test_an_expired_label_says_so(self, group: Labelled, client: httpx.Client) -> None:
        criteria = group.prepare()
        at = int(
            group.ledger.node("eth_getBlockByNumber", "latest", False)["timestamp"], 16
        )  # may lag behind ours
        taken = group.say(CERTIFIER, group.label(criteria, until=clock.utc_text(at + HOUR)))
        assert taken.label is not None

        def shown() -> dict[str, Any]:
            page = client.get(f"/01/{coil('A').gtin}/10/A", headers={"Accept": "application/json"})
            (found,) = page.json()["labels"]
            return dict(found)

        assert shown()["against"] == []
        group.ledger.node("evm_increaseTime", 2 * HOUR)
        group.ledger.node("evm_mine")
        group.ledger.follow()
        told = client.get(f"/v1/verify/labels/{taken.label.hex()}").json()
        assert (told["valid"], told["checks"][3]["status"]) == (False, "warning")
        assert shown()["against"][0].endswith("not now")


class TestOnTheCommandLine:
    def test_a_certifiers_way(
        self, group: Labelled, client: httpx.Client, tmp_path: Path, node: EmbeddedNode
    ) -> None:
        server = str(client.base_url).rstrip("/")
        for party, name in ((OWNER, "owner"), (CERTIFIER, "certifier"), (EUROPE, "europe")):
            path = tmp_path / f"{name}.pem"
            path.write_bytes(group.own[party].pem())
            path.chmod(0o600)

        def run(*words: str, by: tuple[Party, str] | None = None, code: int = 0) -> str:
            own = ["--key", str(tmp_path / f"{by[1]}.pem"), "--gln", str(by[0])] if by else []
            done = CliRunner().invoke(label_line, [*words, "--server", server, *own])
            assert done.exit_code == code, (done.output, done.exception)
            if not code:
                group.settle()
                group.ledger.follow()
            return done.output

        (tmp_path / "scheme.toml").write_text(
            f'name = "{NAME}"\nowner = "{OWNER}"\ntitle = "Steel"\ncategories = ["{GOODS}"]\n'
            f'[[criteria]]\nkind = "footprint"\nprofile = "leafproof-partial"\nat_most = "9000"\n'
            f'[[criteria]]\nkind = "attested"\ntext = "{TEXT}"\n'
        )
        (tmp_path / "accreditation.toml").write_text(
            f'scheme = "{NAME}"\ncertifier = "{CERTIFIER}"\nby = "DAkkS"\nnumber = "1"\ncategories = []\n'
            f'start = "{FROM}"\nuntil = "{UNTIL}"\n'
        )
        (tmp_path / "agreement.toml").write_text(
            f'market = "EU"\nscheme = "{NAME}"\ncategory = ""\naccepts = ["certificate"]\n'
            f'start = "{FROM}"\nuntil = "{UNTIL}"\n'
        )
        run("state", "scheme", str(tmp_path / "scheme.toml"), by=(OWNER, "owner"))
        run("state", "accreditation", str(tmp_path / "accreditation.toml"), by=(OWNER, "owner"))
        run("state", "recognition", str(tmp_path / "agreement.toml"), by=(EUROPE, "europe"))
        listed = run("worklist", NAME)
        assert f"{coil('A')}: ready" in listed
        assert f"open: {TEXT} (yours to attest)" in listed
        assert json.loads(run("worklist", NAME, "--json").splitlines()[-1])[0]["lot"] == "A"
        start = clock.utc_text(int(time.time()) - HOUR)
        said = (
            f'scheme = "{NAME}"\ncertifier = "{CERTIFIER}"\ncategory = "{GOODS}"\n'
            f'start = "{start}"\nuntil = "{UNTIL}"\n'
        )
        (tmp_path / "label.toml").write_text(said)
        words = [
            "issue", f"{server}/v1/lots/{coil('A').gtin}/A/bundle", "--trust", str(tmp_path / "trust.json"),
            "--rpc", node.url, "--label", str(tmp_path / "label.toml"),
        ]  # fmt: skip
        assert f"not met: {TEXT}" in run(*words, by=(CERTIFIER, "certifier"), code=1)
        (tmp_path / "label.toml").write_text(
            said + f'[[attested]]\ncriterion = "{TEXT}"\nevidence = "The plan of 2017"\n'
        )
        issued = run(*words, by=(CERTIFIER, "certifier"))
        label = issued.partition(", label ")[2].split()[0]
        path = f"/v1/verify/labels/{label}?market=EU"
        assert client.get(path).json()["valid"] is True
        run("change", label, "--status", "revoked", "--reason", "No plan", by=(CERTIFIER, "certifier"))
        assert client.get(path).json()["reason"].endswith("No plan")

    def test_the_authority_admits(self, group: Labelled, client: httpx.Client, tmp_path: Path) -> None:
        settings = tmp_path / "server.toml"
        settings.write_text(
            f'data = "{tmp_path}"\ndatabase_url = "{group.ledger.engine.url}"\n'
            f'keys = "{group.ledger.keys}"\ntrust_file = "{tmp_path}/trust.json"\n'
        )

        def run(*words: str) -> tuple[int, str]:
            done = CliRunner().invoke(authority_line, [*words, "--config", str(settings)])
            return done.exit_code, done.output.strip()

        code, key = run("admit-scheme", "Another", "--owner", str(OWNER))
        assert (code, key.startswith("scheme:")) == (0, True), key
        code, key = run("admit-market", "CN", "--authority", str(EUROPE))
        assert (code, key.startswith("market:")) == (0, True), key
        assert run("admit-market", "CN", "--authority", "1")[0] == 2
        assert run("admit-scheme", "", "--owner", str(OWNER))[0] == 2
