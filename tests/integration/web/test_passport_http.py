"""Passports as programs and browsers ask for them."""

from __future__ import annotations

import hashlib
import re
import time
from decimal import Decimal

import httpx
import pytest
import sqlalchemy as sa

from backend.access import limits
from backend.access import service as access
from backend.database import transaction
from backend.log.tables import bodies
from leafproof.bundle import MEDIA_TYPE, Bundle
from tests.integration.production.works import COIL
from tests.integration.web.street import NOTICE, Street, coil, correct, section
from tests.support.server import serving

LOT = section("T-1")
PASSPORT = f"/01/{LOT.gtin}/10/T-1"
VERIFY = f"/v1/verify/footprints/{LOT.gtin}/T-1"
LOTS = f"/v1/lots/{LOT.gtin}/T-1"
HTML, JSON, LINKSET = "text/html", "application/json", "application/linkset+json"
UNKNOWN = f"/01/{LOT.gtin}/10/T-9"


def get(client: httpx.Client, path: str, accept: str = JSON, **headers: str) -> httpx.Response:
    return client.get(path, headers={"Accept": accept, **headers})


def auditor(street: Street) -> dict[str, str]:
    with transaction(street.works.engine) as connection:
        _, text = access.create(
            connection, label="auditor", scopes=["read:auditor"], operator=None, now=int(time.time())
        )
    return {"Authorization": f"Bearer {text}"}


class TestForms:
    @pytest.mark.parametrize("accept", [HTML, JSON, MEDIA_TYPE, LINKSET])
    def test_each_reader_gets_the_form_it_asks_for(self, client: httpx.Client, accept: str) -> None:
        answer = get(client, PASSPORT, accept)
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] == accept
        assert "Accept" in answer.headers["vary"]

    def test_a_form_that_we_do_not_have_is_refused(self, client: httpx.Client) -> None:
        answer = get(client, PASSPORT, "image/png")
        assert (answer.status_code, answer.headers["content-type"]) == (406, "application/problem+json")

    def test_shorter_gtins_name_the_same_lot(self, client: httpx.Client) -> None:
        short = str(LOT.gtin).lstrip("0")
        assert get(client, f"/01/{short}/10/T-1").json() == get(client, PASSPORT).json()

    def test_the_links_lead_to_every_form(self, client: httpx.Client) -> None:
        answer = get(client, PASSPORT)
        assert f'{PASSPORT}?linkType=linkset>; rel="linkset"' in answer.headers["link"]
        (linkset,) = client.get(f"{PASSPORT}?linkType=linkset").json()["linkset"]
        assert linkset["anchor"].endswith(PASSPORT)
        assert linkset["https://gs1.org/voc/traceability"][0]["type"] == MEDIA_TYPE

    def test_an_unchanged_passport_is_not_sent_again(self, client: httpx.Client) -> None:
        first = get(client, PASSPORT, HTML)
        again = get(client, PASSPORT, HTML, **{"If-None-Match": first.headers["etag"]})
        other = get(client, PASSPORT, JSON, **{"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content, other.status_code) == (304, b"", 200)

    def test_head_is_answered_without_a_body(self, client: httpx.Client) -> None:
        answer = client.head(PASSPORT, headers={"Accept": HTML})
        assert (answer.status_code, answer.content) == (200, b"")


class TestJson:
    def test_it_has_the_numbered_checks_and_what_they_are_about(self, client: httpx.Client) -> None:
        answer = get(client, VERIFY).json()
        assert [check["number"] for check in answer["checks"]] == list(range(11))
        assert answer["verdict"].startswith("Records intact as far as checked; independent verification: none")
        assert answer["tier"] == "public"
        assert answer["footprint"]["per_tonne"] == answer["versions"][0]["per_tonne"][0]
        assert answer["record"]["mode"] == "recorded"
        assert answer["chain"]["version"] == 1
        assert answer["notice"] == NOTICE

    def test_what_is_withheld_is_told_as_an_outcome_alone(self, client: httpx.Client) -> None:
        answer = get(client, VERIFY).json()
        assert [answer["checks"][n]["status"] for n in (7, 8, 9)] == ["not checked"] * 3
        hidden = {c["number"]: c["status"] for c in answer["with_withheld_evidence"]["checks"]}
        assert (hidden[7], hidden[8], hidden[9]) == ("warning", "pass", "warning")
        assert all(set(c) == {"number", "status"} for c in answer["with_withheld_evidence"]["checks"])

    def test_an_open_product_shows_what_a_restricted_one_withholds(self, client: httpx.Client) -> None:
        opened, restricted = get(client, VERIFY).json(), get(client, f"/v1/verify/footprints/{COIL}/C-1").json()
        for answer in (opened, restricted):
            by_stage = [Decimal(s["emissions"]) for s in answer["footprint"]["stages"]]
            assert sum(by_stage) == Decimal(answer["footprint"]["per_tonne"])
        assert {"inputs", "activity"} <= opened["record"].keys()
        assert not {"inputs", "activity"} & restricted["record"].keys()
        assert "components" in opened["footprint"]
        assert "components" not in restricted["footprint"]

    def test_an_auditors_key_opens_everything(self, client: httpx.Client, seen: Street) -> None:
        answer = client.get(VERIFY, headers=auditor(seen)).json()
        assert answer["tier"] == "auditor"
        grades = [f["message"] for f in answer["checks"][7]["findings"] if f["code"] == "evidence-grade"]
        assert grades and all(told.endswith("evidence grade: self-declared meter") for told in grades)
        assert answer["verdict"].startswith("Records intact and recomputed")
        assert answer["record"]["activity"]

    def test_a_wrong_key_is_an_error(self, client: httpx.Client) -> None:
        answer = client.get(VERIFY, headers={"Authorization": "Bearer leafproof_nonsense"})
        assert answer.status_code == 401

    def test_findings_come_in_the_language_asked_for(self, client: httpx.Client) -> None:
        assert client.get(f"{VERIFY}?lang=zh").json()["checks"][2]["name"] == "签名"


class TestErrors:
    @pytest.mark.parametrize("path", ["/01/06901234500104/10/T-1", "/01/12345/10/T-1", "/01/abc/10/T-1"])
    def test_a_bad_gtin_is_named(self, client: httpx.Client, path: str) -> None:
        answer = get(client, path)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        assert answer.json()["field"] == "gtin"

    def test_a_bad_lot_is_named(self, client: httpx.Client) -> None:
        answer = get(client, f"/01/{LOT.gtin}/10/{'x' * 21}")
        assert (answer.status_code, answer.json()["field"]) == (400, "lot")

    @pytest.mark.parametrize(
        "path",
        [
            UNKNOWN,
            f"/v1/verify/footprints/{LOT.gtin}/T-9",
            f"/v1/lots/{LOT.gtin}/T-9/bundle",
            f"/v1/lots/{LOT.gtin}/T-9/qr.svg",
            f"/v1/lots/{LOT.gtin}/T-9/qr.png",
            "/v1/verify/labels/any",
        ],
    )
    def test_what_is_not_here_is_a_problem(self, client: httpx.Client, path: str) -> None:
        answer = get(client, path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")

    def test_a_person_gets_a_page_that_says_what_to_do(self, client: httpx.Client) -> None:
        answer = get(client, UNKNOWN, HTML)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "Please compare the digits" in answer.text

    def test_what_a_reader_types_is_shown_as_text(self, client: httpx.Client) -> None:
        answer = get(client, f"/01/{LOT.gtin}/10/%3Cb%3E", HTML)
        assert "&lt;b&gt;" in answer.text
        assert "<b>" not in answer.text

    def test_a_stored_body_that_was_altered_is_never_shown(self, own: Street) -> None:
        with transaction(own.works.engine) as connection:
            rows = connection.execute(sa.select(bodies.c.log, bodies.c.index, bodies.c.body)).all()
            found = max((r for r in rows if r.body and b"~" not in r.body), key=lambda r: r.index)
            altered = bytes(found.body[:-1]) + bytes([found.body[-1] ^ 1])
            where = (bodies.c.log == found.log, bodies.c.index == found.index)
            connection.execute(sa.update(bodies).where(*where).values(body=altered))
        with serving(own.app) as http:
            page = get(http, PASSPORT, HTML)
            assert page.status_code == 500
            assert "This evidence cannot be shown" in page.text
            assert get(http, PASSPORT).status_code == 500


class TestBundle:
    def test_the_public_one_holds_no_load_data(self, client: httpx.Client) -> None:
        answer = client.get(f"{LOTS}/bundle")
        bundle = Bundle.decode(answer.content)
        assert (bundle.lot, answer.headers["leafproof-tier"]) == (LOT, "public")
        assert "attachment" in answer.headers["content-disposition"]

    def test_more_of_it_with_a_key(self, client: httpx.Client, seen: Street) -> None:
        public, full = client.get(f"{LOTS}/bundle"), client.get(f"{LOTS}/bundle", headers=auditor(seen))
        assert full.headers["leafproof-tier"] == "auditor"
        assert len(Bundle.decode(full.content).items) > len(Bundle.decode(public.content).items)
        assert full.headers["cache-control"].startswith("private")


class TestUpload:
    def test_a_bundle_from_outside_gets_the_numbered_checks(self, client: httpx.Client) -> None:
        data = client.get(f"{LOTS}/bundle").content
        answer = client.post("/v1/verify", content=data, headers={"Content-Type": MEDIA_TYPE})
        assert answer.status_code == 200
        assert [c["status"] for c in answer.json()["checks"]][:7] == ["pass"] * 7

    def test_an_altered_one_fails_at_its_check(self, client: httpx.Client) -> None:
        bundle = Bundle.decode(client.get(f"{LOTS}/bundle").content)
        position = bundle.items[0].envelope[-1:]
        data = bundle.encode().replace(
            bundle.items[0].envelope, bundle.items[0].envelope[:-1] + bytes([position[0] ^ 1])
        )
        answer = client.post("/v1/verify", content=data, headers={"Content-Type": MEDIA_TYPE}).json()
        assert answer["status"] == "fail"
        assert answer["verdict"].startswith("Failed at check 2, signature")

    @pytest.mark.parametrize("data", [b"", b"\xff", b"\x80", b"not a bundle"])
    def test_what_is_no_bundle_is_named(self, client: httpx.Client, data: bytes) -> None:
        answer = client.post("/v1/verify", content=data, headers={"Content-Type": MEDIA_TYPE})
        assert (answer.status_code, answer.json()["field"]) == (400, "bundle")

    def test_another_content_type_is_refused(self, client: httpx.Client) -> None:
        assert client.post("/v1/verify", json={}).status_code == 415

    def test_more_than_eight_megabytes_are_refused(self, client: httpx.Client) -> None:
        answer = client.post("/v1/verify", content=b"\x00" * (8 * 2**20 + 1), headers={"Content-Type": MEDIA_TYPE})
        assert answer.status_code in (400, 413)

    def test_whoever_asks_too_often_is_told_when_to_come_back(
        self, client: httpx.Client, seen: Street, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(seen.app.state, "upload_limits", {"bundle": limits.RateLimit(lambda: 0.0)})
        send = {"content": b"\xff", "headers": {"Content-Type": MEDIA_TYPE}}
        answers = [client.post("/v1/verify", **send) for _ in range(limits.PER_MINUTE + 1)]
        assert [a.status_code for a in answers[:-1]] == [400] * limits.PER_MINUTE
        assert (answers[-1].status_code, answers[-1].headers["retry-after"]) == (429, "4")


class TestQr:
    def test_the_drawing_names_itself_and_its_address(self, client: httpx.Client) -> None:
        answer = client.get(f"{LOTS}/qr.svg")
        assert answer.headers["content-type"] == "image/svg+xml"
        assert "<title>QR code of the passport of lot T-1</title>" in answer.text
        assert f"<desc>https://passport.example{PASSPORT}</desc>" in answer.text

    def test_head_answers_as_get_without_the_code(self, client: httpx.Client) -> None:
        for form in ("svg", "png"):
            head, whole = client.head(f"{LOTS}/qr.{form}"), client.get(f"{LOTS}/qr.{form}")
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-length"] == whole.headers["content-length"]

    def test_the_image_is_a_png(self, client: httpx.Client) -> None:
        assert client.get(f"{LOTS}/qr.png").content.startswith(b"\x89PNG")


class TestPages:
    def test_the_page_says_what_matters_without_a_script(self, client: httpx.Client) -> None:
        text = get(client, PASSPORT, HTML).text
        for sentence in (
            "Wind-tower section",
            "Donghai Tower",
            "Records intact as far as checked",
            "independent verification: none",
            "Partial carbon footprint",
            "measured 2018, entered ",
            "declared, unverified",
            "energy outside production runs",
            "What the plant used outside runs is metered and logged as well",
            f"leafproof verify https://passport.example{PASSPORT} --trust FILE",
            NOTICE,
        ):
            assert sentence in text
        assert f'href="/01/{coil("C-1").gtin}/10/C-1"' in text

    def test_both_languages_are_there(self, client: httpx.Client) -> None:
        chinese = get(client, PASSPORT, HTML, **{"Accept-Language": "zh-CN"})
        assert 'lang="zh-Hans"' in chinese.text
        assert "就所检查的部分而言记录完整" in chinese.text
        assert "自行申报的仪表" in chinese.text
        assert "self-declared meter" in get(client, PASSPORT, HTML).text
        assert client.get(f"{PASSPORT}?lang=en", headers={"Accept": HTML, "Accept-Language": "zh"}).headers[
            "content-language"
        ] == ("en")

    def test_page_and_style_are_small_and_nothing_is_inline(self, client: httpx.Client) -> None:
        page = get(client, PASSPORT, HTML)
        style = client.get(re.findall(r'href="(/static/page\.css[^"]*)"', page.text)[0])
        assert len(page.content) + len(style.content) < 60_000
        assert not re.search(r"<script(?![^>]*\ssrc=)|<[^>]+\sstyle=|<[^>]+\son[a-z]+=|<style", page.text)
        assert not re.search(r'(?:src|action)="(?:https?:)?//', page.text)
        assert "script-src 'self';" in page.headers["content-security-policy"]

    def test_static_files_may_be_kept_for_good_under_their_hash(self, client: httpx.Client) -> None:
        address = re.findall(r'src="(/static/verify\.js\?v=([0-9a-f]+))"', get(client, PASSPORT, HTML).text)[0]
        answer = client.get(address[0])
        assert hashlib.sha256(answer.content).hexdigest().startswith(address[1])
        assert "immutable" in answer.headers["cache-control"]
        assert client.get("/static/../endpoints.py").status_code == 404

    def test_the_start_page_lists_the_lots(self, client: httpx.Client) -> None:
        text = get(client, "/", HTML).text
        assert f'href="{PASSPORT}"' in text
        assert "Check without trusting this server" in text

    def test_versions_stay_visible(self, own: Street) -> None:
        with serving(own.app) as http:
            address = f"/01/{coil('C-1').gtin}/10/C-1"
            before = get(http, address).json()
            correct(own, coil("C-1"), "18.9")
            after, page = get(http, address).json(), get(http, address, HTML).text
        said = before["footprint"]["per_tonne"]
        assert [v["per_tonne"] for v in after["versions"]] == [[said], [after["footprint"]["per_tonne"]]]
        assert after["footprint"]["per_tonne"] != said
        assert "superseded" in page
        assert "Version 2" in page
