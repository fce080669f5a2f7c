"""A verifier's way: enrolled, signing at home, submitting, seen by every reader; and what is refused on it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from typer.testing import CliRunner

from backend.access import service as access
from backend.access.service import ADMIN
from backend.app import create_app
from backend.context import Context
from backend.database import transaction
from backend.declared.endpoints import router as declared_router
from backend.enrolment.endpoints import router as enrolment_router
from backend.opinions.endpoints import router as opinions_router
from backend.passports import endpoints as passports
from backend.web.pages import router as pages
from leafproof import cbor, envelope
from leafproof.cli.opinion import app as opinion_app
from leafproof.declared import DeclaredFootprint
from leafproof.envelope import Header
from leafproof.errors import LeafproofError
from leafproof.keys import SigningKey
from leafproof.opinion import MEDIA_TYPE, Opinion
from leafproof.values import party_uri
from tests.integration.production.works import STEEL
from tests.integration.web.phone import PHONE, Phone
from tests.integration.web.street import Street
from tests.integration.web.test_declared_page import PASSPORT, declare
from tests.support.server import serving
from tests.support.stream import gln

if TYPE_CHECKING:
    from playwright.sync_api import Browser

VERIFIER = gln("401234500000")
SAID = """
verifier = "Example Assurance"
accreditation = { body = "KAB", number = "V-012" }
standard = "ISO 14064-3:2019"
criteria = "ISO 14067:2018"
assurance = "reasonable"
scope = "cradle to gate"
materiality = "5"
conclusion = "unmodified"
"""
WITHDRAWN = SAID.replace('"unmodified"', '"withdrawn"\nreason = "a meter was wrong"')


@dataclass
class Office:
    """The verifier's desk: `http` is the server, `run` the command line."""

    street: Street
    http: httpx.Client
    stated: DeclaredFootprint
    folder: Path

    @property
    def trust_file(self) -> Path:
        path = self.folder / "trust.json"
        path.write_bytes(msgspec.structs.replace(self.street.trust, verifiers=[party_uri(VERIFIER)]).encode())
        return path

    def run(self, *words: str, code: int = 0) -> str:
        done = CliRunner().invoke(opinion_app, list(words))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        # The server's own lines come to the same output, for it runs in this process.
        return "".join(line for line in done.output.splitlines(True) if "[info" not in line)

    def enrol(self) -> None:
        headers = self.key(ADMIN)
        asked = {"gln": str(VERIFIER), "name": "Example Assurance"}
        admitted = self.http.post("/v1/verifiers", json=asked, headers=headers).json()
        told = json.loads(
            self.run(
                "key", "--trust", str(self.trust_file), "--key", str(self.folder / "key.pem"),
                "--gln", str(VERIFIER), "--address", admitted["address"],
            )
        )  # fmt: skip
        wanted = {name: told[name] for name in ("cose_key", "proof")}
        broken = {**wanted, "proof": wanted["proof"][:-2] + "00"}
        assert self.http.post(f"/v1/verifiers/{VERIFIER}/keys", json=broken, headers=headers).status_code == 422
        done = self.http.post(f"/v1/verifiers/{VERIFIER}/keys", json=wanted, headers=headers)
        assert done.status_code == 202, done.text
        self.street.settle()

    def key(self, *scopes: str) -> dict[str, str]:
        with transaction(self.street.works.engine) as connection:
            now = int(time.time())
            _, text = access.create(connection, label="t", scopes=list(scopes), operator=None, now=now)
        return {"Authorization": f"Bearer {text}"}

    def sign(self, said: str = SAID, code: int = 0) -> Path:
        text, out = self.folder / "opinion.toml", self.folder / "opinion.cbor"
        text.write_text(said, encoding="utf-8")
        self.run(
            "sign", f"{str(self.http.base_url).rstrip('/')}{PASSPORT}", "--trust", str(self.trust_file), "--key",
            str(self.folder / "key.pem"), "--gln", str(VERIFIER), "--opinion", str(text), "--out", str(out),
            "--rpc", self.street.ledger.url, code=code,
        )  # fmt: skip
        return out

    def submit(self, file: Path) -> str:
        told = self.run("submit", str(file), "--server", str(self.http.base_url))
        self.street.settle()
        return told

    def post(self, data: bytes) -> httpx.Response:
        return self.http.post("/v1/opinions", content=data, headers={"Content-Type": MEDIA_TYPE})

    def passport(self) -> dict[str, Any]:
        return self.http.get(PASSPORT, headers={"Accept": "application/json"}).json()

    def resigned(self, key: SigningKey, issuer: str, **changes: Any) -> bytes:
        """What was signed last, signed by another key, or with other words."""
        raw, content = cbor.decode((self.folder / "opinion.cbor").read_bytes(), "opinion", 1 << 16)
        said = msgspec.structs.replace(Opinion.decode_body(content), **changes)
        log = envelope.parse(raw).header.log
        made = said.encode_body()
        return cbor.encode(
            [envelope.sign(key, Header(issuer, said.urn, int(time.time()), MEDIA_TYPE, log), made), made]
        )


@pytest.fixture
def office(own: Street, tmp_path: Path) -> Iterator[Office]:
    stated = declare(own)
    routers = (passports.router, pages, opinions_router, declared_router, enrolment_router)
    context = Context(own.settings, own.ledger.engine, own.ledger.logs)
    with serving(create_app(context, routers=routers, kept=passports.KEPT)) as http:
        folder = tmp_path / "verifier"
        folder.mkdir()
        yield Office(own, http, stated, folder)


def test_from_enrolment_to_the_verdict_and_back(office: Office, browser: Browser) -> None:
    office.enrol()
    assert "independent verification: none" in office.passport()["verdict"]
    file = office.sign()
    told = office.submit(file)
    assert office.submit(file) == told  # sent again it is the same entry
    shown = office.passport()
    assert f"reasonable assurance by {party_uri(VERIFIER)}, whom your trust file" in shown["verdict"]
    (one,) = shown["declared"]["opinions"]
    assert (one["conclusion"], one["statement"]["issuer"]) == ("unmodified", party_uri(VERIFIER))
    # A reader whose trust file names the verifier; and the page.
    from leafproof.cli.main import _application

    read = CliRunner().invoke(
        _application(["verify"]),
        ["verify", f"{str(office.http.base_url).rstrip('/')}{PASSPORT}", "--trust", str(office.trust_file),
         "--rpc", office.street.ledger.url],
    )  # fmt: skip
    assert "declared footprint: reasonable assurance by Example Assurance" in " ".join(read.output.split()), (
        read.output
    )
    context = browser.new_context(**PHONE)
    phone = Phone(context, str(office.http.base_url).rstrip("/"))
    page = phone.open(PASSPORT)
    assert page.locator("#declared [data-conclusion=unmodified]").count() == 1
    assert page.locator("#check-10 [data-device-findings] [data-code=opinion-given]").count() == 1
    page.locator("#declared").scroll_into_view_if_needed()
    phone.keep("opinion", full=True)
    phone.open(f"{PASSPORT}?lang=zh")
    assert phone.errors == []
    context.close()
    # Taken back.
    office.submit(office.sign(WITHDRAWN))
    shown = office.passport()
    assert "independent verification: none" in shown["verdict"]
    assert [one["conclusion"] for one in shown["declared"]["opinions"]] == ["withdrawn"]
    named = f"/v1/declared-footprints/{shown['declared']['statement']['id']}/opinions"
    assert [one["conclusion"] for one in office.http.get(named).json()] == ["unmodified", "withdrawn"]


def test_what_is_no_opinion_of_a_verifier_is_refused(office: Office) -> None:
    office.enrol()
    office.sign()
    key, issuer = SigningKey.from_pem((office.folder / "key.pem").read_bytes()), party_uri(VERIFIER)
    steel = office.street.works.signer.key(STEEL)
    refused = {
        "an unregistered key": office.resigned(SigningKey.generate(), issuer),
        "another's name": office.resigned(key, party_uri(STEEL)),
        "the operator himself": office.resigned(steel, party_uri(STEEL)),
        "another number": office.resigned(key, issuer, per_tonne="1.000"),
        "a part of the period": office.resigned(key, issuer, end="2018-06-01T00:00:00Z"),
    }
    for what, data in refused.items():
        assert office.post(data).status_code == 422, what
    assert office.post(office.resigned(key, issuer, declared="ab" * 32)).status_code == 404
    assert office.post(office.resigned(key, issuer, supersedes="ab" * 32)).status_code == 409
    assert office.post(b"\x82\x40\x40").status_code == 400
    assert office.post(bytes(70_000)).status_code == 400
    assert office.post((office.folder / "opinion.cbor").read_bytes()).status_code == 201
    second = office.post(office.resigned(key, issuer, assurance="limited"))
    assert second.status_code == 409 and "does not supersede" in second.json()["detail"]


def test_nothing_is_signed_where_a_check_fails_or_words_are_missing(office: Office) -> None:
    office.enrol()
    assert "seen" not in office.run("key", "--trust", str(office.trust_file), "--key", str(office.folder / "key.pem"),
                                    "--gln", str(VERIFIER), "--address", "0x" + "11" * 20)  # fmt: skip
    for said in (
        SAID.replace('"5"', '"500"'),
        SAID.replace("reasonable", "total"),
        SAID + 'per_tonne = "1"\n',
        "x",
    ):
        with pytest.raises(LeafproofError):
            office.sign(said)
    believed = msgspec.structs.replace(office.street.trust, chain_id=office.street.trust.chain_id + 1)
    (office.folder / "other.json").write_bytes(believed.encode())
    text, out = office.folder / "opinion.toml", office.folder / "none.cbor"
    text.write_text(SAID, encoding="utf-8")
    office.run(
        "sign", f"{str(office.http.base_url).rstrip('/')}{PASSPORT}", "--trust", str(office.folder / "other.json"),
        "--key", str(office.folder / "key.pem"), "--gln", str(VERIFIER), "--opinion", str(text), "--out", str(out),
        "--rpc", office.street.ledger.url, code=1,
    )  # fmt: skip
    assert not out.exists()
