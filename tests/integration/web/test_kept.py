"""Answers that are kept: true when they are given, whoever changed what they tell, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from backend import database, kept
from backend.database import transaction
from backend.footprints import sets as factor_sets
from backend.footprints.reissue import reissue
from backend.production import lots
from backend.production.tables import companies
from leafproof.bundle import MEDIA_TYPE, Bundle
from leafproof.record import Output
from leafproof.verification.report import Status
from tests.integration.production.works import DECLARED, STEWARD
from tests.integration.web.street import STEEL, Street, coil
from tests.integration.web.test_passport_http import HTML, JSON, LOTS, PASSPORT, VERIFY, auditor, get
from tests.support.server import serving

PENDING = str(Status.PENDING)
COIL = f"/01/{coil('C-1').gtin}/10/C-1"
BUNDLE = f"/v1/lots/{coil('C-1').gtin}/C-1/bundle"


@pytest.fixture
def http(own: Street) -> Iterator[httpx.Client]:
    with serving(own.app) as client:
        yield client


def rename(street: Street, name: str) -> None:
    with transaction(street.works.engine) as connection:
        connection.execute(sa.update(companies).where(companies.c.gln == str(STEEL)).values(name=name))


def record_anew(street: Street, engine: sa.Engine, tonnes: str) -> None:
    """A newer record of the coil, in the log and not yet on the chain."""
    change = lots.Correction("misread", "shift leader", outputs=[Output("product", "coil", tonnes, "t", DECLARED)])
    with transaction(engine) as connection:
        lots.correct(connection, street.works.desk, coil("C-1"), change)


class TestConditional:
    @pytest.mark.parametrize("accept", [HTML, JSON, MEDIA_TYPE])
    def test_what_the_reader_has_is_not_sent_again(self, client: httpx.Client, accept: str) -> None:
        whole = get(client, PASSPORT, accept)
        etag = whole.headers["etag"]
        for known in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
            answer = get(client, PASSPORT, accept, **{"If-None-Match": known})
            assert (answer.status_code, answer.content) == (304, b"")
            assert {n: answer.headers[n] for n in ("etag", "vary", "cache-control")} == {
                n: whole.headers[n] for n in ("etag", "vary", "cache-control")
            }
            assert "content-type" not in answer.headers
        assert get(client, PASSPORT, accept, **{"If-None-Match": '"other"'}).content == whole.content

    def test_a_first_answer_may_be_a_304_and_the_next_is_whole(self, client: httpx.Client) -> None:
        etag = get(client, PASSPORT).headers["etag"]
        another = f"{PASSPORT}?nobody=asked"
        assert get(client, another, **{"If-None-Match": etag}).status_code == 304
        assert get(client, another).json()["lot"] == "T-1"

    def test_head_tells_what_get_would(self, client: httpx.Client) -> None:
        head = client.head(PASSPORT, headers={"Accept": HTML})
        whole = get(client, PASSPORT, HTML)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == whole.headers["content-length"]
        assert head.headers["etag"] == whole.headers["etag"]

    def test_caches_on_the_way_may_keep_what_is_public_and_ask(self, client: httpx.Client, seen: Street) -> None:
        public, full = get(client, PASSPORT), get(client, PASSPORT, **auditor(seen))
        assert public.headers["cache-control"] == "public, no-cache"
        assert full.headers["cache-control"] == "private, no-cache"
        assert "Authorization" in public.headers["vary"]


class TestKept:
    def test_an_answer_is_made_once(self, own: Street, http: httpx.Client) -> None:
        """Seen by a name that changes where no statement tells it; it shows once the answer is too old."""
        first = get(http, COIL)
        rename(own, "Another name")
        assert get(http, COIL).content == first.content
        assert first.headers["x-request-id"] != get(http, COIL).headers["x-request-id"]

    def test_what_no_statement_tells_shows_when_the_answer_is_old(
        self, own: Street, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        get(http, COIL)
        rename(own, "Another name")
        monkeypatch.setattr(kept, "MAX_AGE", -1)
        assert get(http, COIL).json()["maker"]["name"] == "Another name"

    def test_each_form_language_and_packing_is_kept_for_itself(self, client: httpx.Client) -> None:
        asked = [
            {"Accept": accept, "Accept-Language": language, "Accept-Encoding": packing}
            for accept in (HTML, JSON)
            for language in ("en", "zh-CN")
            for packing in ("gzip", "identity")
        ]
        first = [client.get(PASSPORT, headers=headers) for headers in asked]
        again = [client.get(PASSPORT, headers=headers) for headers in asked]
        assert [a.content for a in again] == [a.content for a in first]
        assert [a.headers["content-language"] for a in again] == ["en", "en", "zh", "zh"] * 2
        kinds = [a.headers["content-type"].partition(";")[0] for a in again]
        assert kinds == [HTML] * 4 + [JSON] * 4
        assert ["content-encoding" in a.headers for a in again[:4]] == [True, False] * 2

    def test_the_address_with_a_query_is_another(self, client: httpx.Client) -> None:
        node = "https://node.example"
        plain, asked = get(client, PASSPORT, HTML), get(client, f"{PASSPORT}?rpc={node}", HTML)
        assert node in asked.headers["content-security-policy"]
        assert node not in plain.headers["content-security-policy"]
        assert get(client, f"{PASSPORT}?lang=zh", HTML).headers["content-language"] == "zh"


class TestNeverStale:
    def test_a_newer_record_shows_at_once_whoever_wrote_it(self, own: Street, http: httpx.Client) -> None:
        before = get(http, COIL)
        other = database.create(str(own.works.engine.url))  # another process's connections
        record_anew(own, other, "18.9")
        other.dispose()
        after = get(http, COIL, **{"If-None-Match": before.headers["etag"]})
        assert after.status_code == 200
        assert [v["version"] for v in after.json()["versions"]] == [1, 2]
        # The chain does not know it yet: the passport waits, and each step of the chain shows.
        assert PENDING in {check["status"] for check in after.json()["checks"]}
        own.settle()
        settled = get(http, COIL, **{"If-None-Match": after.headers["etag"]})
        assert settled.status_code == 200
        assert PENDING not in {check["status"] for check in settled.json()["checks"]}
        assert settled.json()["chain"]["version"] == 2

    def test_an_anchor_shows_at_once(self, own: Street, http: httpx.Client) -> None:
        record_anew(own, own.works.engine, "18.9")
        waiting = get(http, COIL).json()
        own.ledger.anchor()
        own.ledger.follow()
        anchored = get(http, COIL).json()
        (before, after) = (a["checks"][5]["status"] for a in (waiting, anchored))
        assert (before, after) == (PENDING, "pass")

    def test_a_superseding_footprint_shows_at_once(self, own: Street, http: httpx.Client) -> None:
        before = get(http, COIL).json()
        shipped, works = factor_sets.shipped_set(), own.works
        dearer = tuple(
            msgspec.structs.replace(f, value="4640") if f.subject == "steel-slab" else f for f in shipped.factors
        )
        newer = msgspec.structs.replace(shipped, version="test", factors=dearer)
        with transaction(works.engine) as connection:
            factor_sets.use_set(connection, works.desk, works.log, STEWARD, newer)
            assert reissue(connection, works.desk, coil("C-1")) is not None
        after = get(http, COIL).json()
        (said,), now = before["versions"][0]["per_tonne"], after["versions"][0]["per_tonne"]
        assert now == [said, after["footprint"]["per_tonne"]]
        assert now[0] != now[1]

    def test_a_deleted_body_is_gone_at_once(self, own: Street, http: httpx.Client) -> None:
        entry = get(http, COIL).json()["record"]["statement"]["entry"]
        with transaction(own.works.engine) as connection:
            own.works.log.delete_body(connection, entry)
        assert get(http, COIL).status_code == 410

    def test_the_bundle_follows_too(self, own: Street, http: httpx.Client) -> None:
        before = http.get(BUNDLE)
        assert http.get(BUNDLE, headers={"If-None-Match": before.headers["etag"]}).status_code == 304
        record_anew(own, own.works.engine, "18.9")
        after = http.get(BUNDLE, headers={"If-None-Match": before.headers["etag"]})
        assert len(Bundle.decode(after.content).items) > len(Bundle.decode(before.content).items)


class TestTiers:
    @pytest.mark.parametrize("path", [PASSPORT, VERIFY, f"{LOTS}/bundle"])
    def test_no_readers_answer_is_anothers(self, own: Street, http: httpx.Client, path: str) -> None:
        key = auditor(own)
        full = get(http, path, **key)  # whoever comes first
        public = get(http, path)
        assert full.content != public.content
        assert full.headers["etag"] != public.headers["etag"]
        for _ in range(2):
            assert get(http, path).content == public.content
            assert get(http, path, **key).content == full.content
        # One reader's tag is no word about another's answer.
        assert get(http, path, **{"If-None-Match": full.headers["etag"]}).content == public.content
        assert get(http, path, **key, **{"If-None-Match": public.headers["etag"]}).content == full.content

    def test_a_wrong_key_is_refused_whatever_is_kept(self, client: httpx.Client) -> None:
        assert get(client, PASSPORT).status_code == 200
        assert get(client, PASSPORT, Authorization="Bearer leafproof_nonsense").status_code == 401
        assert get(client, PASSPORT, Authorization="Basic eDp5").status_code == 401
