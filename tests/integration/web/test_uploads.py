"""What a stranger may upload: so many bytes, so often, and each kind for itself."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from backend.access import limits
from backend.app import create_app
from backend.context import Context
from backend.labels.endpoints import router as labels_router
from backend.opinions.endpoints import router as opinions_router
from leafproof import label, opinion
from tests.integration.web.street import Street
from tests.support.server import serving

CBOR = {"Content-Type": "application/cbor"}
KINDS = [
    ("/v1/opinions", "opinion", opinion.MAX_FILE),
    ("/v1/labels/statements", "label statement", label.MAX_FILE),
]


@pytest.fixture
def door(seen: Street) -> Iterator[httpx.Client]:
    context = Context(seen.settings, seen.ledger.engine, seen.ledger.logs)
    app = create_app(context, routers=(labels_router, opinions_router))
    app.state.upload_limits = {kind: limits.RateLimit(lambda: 0.0) for _, kind, _ in KINDS}
    with serving(app) as client:
        yield client


@pytest.mark.parametrize(("path", "kind", "most"), KINDS)
class TestAStrangersUpload:
    def test_is_read_no_further_than_its_limit(self, door: httpx.Client, path: str, kind: str, most: int) -> None:
        for size, told in ((most + 1, f"more than {most} bytes"), (most, "bytes follow")):
            answer = door.post(path, content=b"\x00" * size, headers=CBOR)
            assert (answer.status_code, answer.json()["field"]) == (400, kind)
            assert told in answer.json()["detail"]

    def test_is_refused_when_it_comes_too_often(self, door: httpx.Client, path: str, kind: str, most: int) -> None:
        answers = [door.post(path, content=b"\xff", headers=CBOR) for _ in range(limits.PER_MINUTE + 1)]
        assert [a.status_code for a in answers[:-1]] == [400] * limits.PER_MINUTE
        assert (answers[-1].status_code, answers[-1].headers["retry-after"]) == (429, "4")
        assert answers[-1].headers["content-type"] == "application/problem+json"
        (other,) = (other for other, _, _ in KINDS if other != path)
        assert door.post(other, content=b"\xff", headers=CBOR).status_code == 400


def test_the_document_says_what_is_taken(door: httpx.Client) -> None:
    operation = door.get("/openapi.json").json()["paths"]["/v1/opinions"]["post"]
    assert list(operation["requestBody"]["content"]) == [opinion.MEDIA_TYPE]
