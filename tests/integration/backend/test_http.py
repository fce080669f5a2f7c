"""The application over HTTP: the log, access tiers, and every error as a problem document."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar

import httpx
import pytest
import structlog
from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy import Engine

from backend import database, health
from backend.access.dependencies import require
from backend.access.service import WRITE_PRODUCTION, ApiKey, create, revoke
from backend.access.tiers import Tier
from backend.app import create_app
from backend.checkpoints.endpoints import router as checkpoints_router
from backend.context import Context
from backend.database import transaction
from backend.errors import Unavailable
from backend.guard import MAX_REQUEST
from backend.log.endpoints import router as log_router
from backend.log.schemas import Disclosure
from backend.log.service import TransparencyLog
from backend.settings import Settings
from leafproof import body, cbor, tree
from leafproof.errors import InvalidInput, LeafproofError, Malformed
from leafproof.values import Gln, gateway_uri
from tests.support.server import serving
from tests.support.storage import ISSUER, LOG_KEY, REF, hosted, open_test_log, statement, statements

OPERATOR = Gln.parse("4012345000009")
LOG = f"/v1/logs/{REF.log_id.hex()}"
probe = APIRouter(prefix="/probe")
ERRORS: dict[str, Exception] = {
    "invalid": InvalidInput("gtin", "wrong check digit"),
    "malformed": Malformed("envelope", "not CBOR"),
    "other": LeafproofError("the lot is closed"),
    "unavailable": Unavailable("the chain does not answer"),
    "bug": ZeroDivisionError("secret inner detail"),
}


class Order(BaseModel):
    tonnes: int


@probe.get("/raise/{name}")
def raise_it(name: str) -> None:
    raise ERRORS[name]


@probe.post("/order")
def order(order: Order, key: Annotated[ApiKey, Depends(require(WRITE_PRODUCTION))]) -> str:
    key.check_operator(OPERATOR)
    return key.label


class Backend:
    """A running application on one of the databases."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.log = open_test_log(engine)
        self.context = Context(Settings(), engine, hosted(self.log))
        self.app = create_app(self.context, routers=(health.router, log_router, checkpoints_router, probe))
        self.http: httpx.Client

    def key(self, *scopes: str, operator: Gln | None = OPERATOR, days: int | None = None) -> tuple[str, str]:
        now = int(time.time())
        until = None if days is None else now + days * 86400
        with transaction(self.engine) as connection:
            key, text = create(
                connection, label="test", scopes=scopes, operator=operator, now=now - 10**6, expires_at=until
            )
        return key.key_id, text

    def get(self, path: str, key: str | None = None, **headers: str) -> Any:
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        return self.http.get(path, headers=headers)


@pytest.fixture
def backend(engine: Engine) -> Iterator[Backend]:
    with structlog.testing.capture_logs():
        made = Backend(engine)
        with serving(made.app) as made.http:
            yield made


class TestLog:
    def test_a_stranger_proves_an_entry_with_public_answers_alone(self, backend: Backend) -> None:
        entries = statements(300)
        with transaction(backend.engine) as connection:
            backend.log.append(connection, entries)
        head = backend.get(LOG).json()
        assert head["size"] == 300
        assert head["log_id"] == REF.log_id.hex()
        envelope = backend.get(f"{LOG}/entries/7", Accept="application/cose").content
        assert envelope == entries[7].envelope.raw
        proof = backend.get(f"{LOG}/proofs/inclusion?index=7&size=300").json()
        path = [bytes.fromhex(h) for h in proof["hashes"]]
        tree.verify_inclusion(tree.leaf_hash(envelope), 7, 300, path, bytes.fromhex(head["root"]))
        grown = backend.get(f"{LOG}/proofs/consistency?old=256&new=300").json()
        tile = backend.get(f"{LOG}/tlog/tile/0/000")
        frontier = tree.Frontier()
        for i in range(256):
            frontier.append(tile.content[i * 32 : i * 32 + 32])
        consistency = [bytes.fromhex(h) for h in grown["hashes"]]
        tree.verify_consistency(256, frontier.root(), 300, bytes.fromhex(head["root"]), consistency)

    def test_entries_come_in_bounded_pages_as_json_and_as_cbor(self, backend: Backend) -> None:
        entries = statements(25)
        with transaction(backend.engine) as connection:
            backend.log.append(connection, entries)
        start: int | None = 0
        seen: list[int] = []
        while start is not None:
            page = backend.get(f"{LOG}/entries?start={start}&limit=10").json()
            seen += [e["index"] for e in page["entries"]]
            start = page["next"]
        assert seen == list(range(25))
        size, rows = cbor.decode(
            backend.get(f"{LOG}/entries?start=20&limit=1000", Accept="application/cbor").content, "page", 10**6
        )
        assert size == 25
        assert [row[:2] for row in rows] == [[i, entries[i].envelope.raw] for i in range(20, 25)]
        assert backend.get(f"{LOG}/entries?limit=1001").status_code == 422

    @pytest.mark.parametrize(
        ("path", "status", "field"),
        [
            ("/v1/logs/" + "ab" * 32, 404, None),
            ("/v1/logs/main", 422, "log_id"),
            (f"{LOG}/entries/0", 404, None),
            (f"{LOG}/entries/{2**64}", 422, "index"),
            (f"{LOG}/entries?start=-1", 422, "start"),
            (f"{LOG}/tlog/tile/0/000", 404, None),
            (f"{LOG}/tlog/tile/9/000", 422, "level"),
            (f"{LOG}/tlog/tile/0/0", 400, "tile"),
            (f"{LOG}/tlog/checkpoint", 404, None),
            (f"{LOG}/proofs/inclusion?index=0&size=1", 422, "size"),
            (f"{LOG}/proofs/inclusion?index=0", 422, "size"),
            (f"{LOG}/proofs/consistency?old=1&new=0", 422, "old"),
        ],
    )
    def test_what_is_not_there_is_a_problem_that_names_the_field(
        self, backend: Backend, path: str, status: int, field: str | None
    ) -> None:
        answer = backend.get(path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json().get("field") == field


class TestBodies:
    @pytest.fixture
    def backend(self, backend: Backend) -> Backend:
        parts = (Disclosure(Tier.BUYER, "b"), Disclosure(Tier.AUDITOR, "a"))
        frame = statement(2, body.FRAME, issuer=gateway_uri(OPERATOR, "gate-1"))
        with transaction(backend.engine) as connection:
            backend.log.append(connection, [statement(1, disclosures=parts), frame])
        return backend

    def test_each_tier_gets_its_own(self, backend: Backend) -> None:
        assert backend.get(f"{LOG}/entries/0/body").json()["disclosures"] == []
        _, buyer = backend.key("read:buyer")
        _, auditor = backend.key("read:auditor")
        assert backend.get(f"{LOG}/entries/0/body", buyer).json()["disclosures"] == ["b"]
        assert backend.get(f"{LOG}/entries/0/body", auditor).json()["disclosures"] == ["b", "a"]
        assert backend.get(f"{LOG}/entries/1/body").status_code == 401
        assert backend.get(f"{LOG}/entries/1/body", buyer).status_code == 403
        assert backend.get(f"{LOG}/entries/1/body", auditor).status_code == 200

    def test_another_operators_auditor_reads_what_the_public_reads(self, backend: Backend) -> None:
        _, foreign = backend.key("read:auditor", operator=Gln.parse("4000001000005"))
        assert backend.get(f"{LOG}/entries/1/body", foreign).status_code == 403
        assert backend.get(f"{LOG}/entries/0/body", foreign).json()["disclosures"] == []
        _, everyone = backend.key("read:auditor", operator=None)
        assert backend.get(f"{LOG}/entries/1/body", everyone).status_code == 200

    def test_a_deleted_body_is_gone(self, backend: Backend) -> None:
        with transaction(backend.engine) as connection:
            backend.log.delete_body(connection, 0)
        assert backend.get(f"{LOG}/entries/0/body").status_code == 410
        assert backend.get(f"{LOG}/entries/0").status_code == 200


class TestAccess:
    def post(self, backend: Backend, authorization: str | None) -> Any:
        headers = {} if authorization is None else {b"Authorization": authorization.encode()}
        return backend.http.post("/probe/order", json={"tonnes": 1}, headers=headers)

    def test_a_scope_opens_the_door_and_admin_opens_all(self, backend: Backend) -> None:
        for scope, operator in ((WRITE_PRODUCTION, OPERATOR), ("admin", None)):
            _, text = backend.key(scope, operator=operator)
            assert self.post(backend, f"Bearer {text}").json() == "test"

    def test_no_key_and_a_wrong_key_ask_for_one(self, backend: Backend) -> None:
        key_id, text = backend.key(WRITE_PRODUCTION)
        wrong = text[:-1] + ("0" if text[-1] != "0" else "1")
        for tried in (None, f"Bearer {wrong}", "Bearer x", "Bearer", f"Basic {text}", "Bearer leafproof_é"):
            answer = self.post(backend, tried)
            assert answer.status_code == 401, tried
            assert answer.headers["www-authenticate"] == "Bearer"
            assert key_id not in answer.text

    def test_a_wrong_key_is_not_taken_for_the_public(self, backend: Backend) -> None:
        with transaction(backend.engine) as connection:
            backend.log.append(connection, [statement(1)])
        assert backend.get(f"{LOG}/entries/0/body").status_code == 200
        assert backend.get(f"{LOG}/entries/0/body", "leafproof_0_0").status_code == 401

    def test_another_scope_another_operator_an_expired_and_a_revoked_key_are_refused(
        self, backend: Backend
    ) -> None:
        assert self.post(backend, f"Bearer {backend.key('read:auditor')[1]}").status_code == 403
        foreign = backend.key(WRITE_PRODUCTION, operator=Gln.parse("4000001000005"))[1]
        assert self.post(backend, f"Bearer {foreign}").status_code == 403
        assert self.post(backend, f"Bearer {backend.key(WRITE_PRODUCTION, days=-1)[1]}").status_code == 401
        key_id, text = backend.key(WRITE_PRODUCTION)
        with transaction(backend.engine) as connection:
            revoke(connection, key_id, int(time.time()))
        assert self.post(backend, f"Bearer {text}").status_code == 401

    def test_the_database_holds_only_the_hash(self, backend: Backend) -> None:
        _, text = backend.key(WRITE_PRODUCTION)
        secret = text.rpartition("_")[2]
        with backend.engine.connect() as connection:
            (row,) = connection.exec_driver_sql("SELECT * FROM api_keys").all()
        assert secret not in str([bytes(v) if isinstance(v, memoryview) else v for v in row])
        assert hashlib.sha256(secret.encode()).digest() in row


class TestProblems:
    @pytest.mark.parametrize(
        ("name", "status", "field"),
        [
            ("invalid", 422, "gtin"),
            ("malformed", 400, "envelope"),
            ("other", 422, None),
            ("unavailable", 503, None),
        ],
    )
    def test_an_error_of_ours_says_what_is_wrong(
        self, backend: Backend, name: str, status: int, field: str | None
    ) -> None:
        answer = backend.get(f"/probe/raise/{name}")
        problem = answer.json()
        assert (answer.status_code, problem["status"], problem.get("field")) == (status, status, field)
        assert problem["detail"] == str(ERRORS[name])
        assert problem["request_id"] == answer.headers["x-request-id"]

    def test_a_bug_tells_nothing_of_the_inside(self, backend: Backend) -> None:
        with structlog.testing.capture_logs() as written:
            answer = backend.get("/probe/raise/bug")
        assert answer.status_code == 500
        assert "inner" not in answer.text
        assert "Traceback" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert written[0]["log_level"] == "error"  # the line about the request itself may come after the answer

    def test_wrong_members_are_each_named(self, backend: Backend) -> None:
        _, text = backend.key("admin", operator=None)
        headers = {"Authorization": f"Bearer {text}"}
        answer = backend.http.post("/probe/order", json={"tonnes": "many"}, headers=headers)
        assert (answer.status_code, answer.json()["field"]) == (422, "tonnes")
        broken = backend.http.post(
            "/probe/order", content=b"{", headers={**headers, "Content-Type": "application/json"}
        )
        assert (broken.status_code, broken.json()["field"]) == (400, "body")
        assert "character 2" in broken.json()["detail"]

    def test_unknown_address_and_method(self, backend: Backend) -> None:
        assert backend.get("/nowhere").json()["title"] == "Not Found"
        answer = backend.http.delete("/healthz")
        assert answer.json()["title"] == "Method Not Allowed"
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}

    def test_a_body_too_large_is_refused_whether_it_says_so_or_not(self, backend: Backend) -> None:
        def pieces() -> Iterator[bytes]:
            for _ in range(MAX_REQUEST // 65536 + 2):
                yield b"x" * 65536

        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {backend.key('admin', operator=None)[1]}",
        }
        for content in (b"x" * (MAX_REQUEST + 1), pieces()):
            answer = backend.http.post("/probe/order", content=content, headers=headers)
            assert answer.status_code == 413
            assert answer.json()["title"] in ("Content Too Large", "Request Entity Too Large")

    def test_a_body_of_another_kind_is_refused(self, backend: Backend) -> None:
        answer = backend.http.post("/probe/order", content=b"<a/>", headers={"Content-Type": "text/xml"})
        assert answer.status_code == 415
        assert answer.headers["content-type"] == "application/problem+json"


class TestOperations:
    def test_the_interface_is_described(self, backend: Backend) -> None:
        description = backend.get("/openapi.json").json()
        assert "/v1/logs/{log_id}/proofs/inclusion" in description["paths"]
        assert "HTTPValidationError" not in str(description)
        told = description["paths"]["/probe/order"]["post"]["responses"]
        for status in ("400", "401", "403", "404", "409", "413", "415", "422"):
            schema = told[status]["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}
        assert "head" not in description["paths"]["/healthz"]

    def test_the_head_of_an_answer_comes_without_its_body(self, backend: Backend) -> None:
        for path in ("/healthz", "/readyz"):
            answer = backend.http.head(path)
            assert (answer.status_code, answer.content) == (200, b"")

    def test_figures_by_route_pattern_and_the_logs_size(self, backend: Backend) -> None:
        with transaction(backend.engine) as connection:
            backend.log.append(connection, statements(3))
        backend.get(f"{LOG}/entries/0")
        backend.get("/nowhere")
        text = backend.get("/metrics").text
        assert 'leafproof_log_entries{log="main"} 3.0' in text
        counted = (
            'leafproof_http_requests_total{method="GET",route="/v1/logs/{log_id}/entries/{index}",status="200"}'
        )
        assert f"{counted} 1.0" in text
        assert 'route="unknown"' in text

    def test_ready_names_each_part(self, backend: Backend) -> None:
        answer = backend.get("/readyz")
        assert answer.status_code == 200
        assert answer.json() == {"ready": True, "checks": {"database": "ok", "log main": "ok"}}
        assert backend.get("/healthz").json() == {"status": "ok"}

    def test_the_public_key_of_the_log_is_told(self, backend: Backend) -> None:
        (log,) = backend.get("/v1/logs").json()["logs"]
        assert base64.b64decode(log["key"]) == LOG_KEY.public.cose
        assert json.dumps(log).count(ISSUER) == 0


class Half:
    """A worker that started, but whose broker is away."""

    name = "ingest"
    restarts = 2
    life: ClassVar[list[str]] = []

    def start(self) -> None:
        self.life.append("start")

    def stop(self) -> None:
        self.life.append("stop")

    def ready(self) -> str | None:
        return "the broker at 127.0.0.1:1883 does not answer"


class TestWorkers:
    def test_a_worker_that_is_not_ready_is_named_counted_and_stopped_in_the_end(self, engine: Engine) -> None:
        context = Context(Settings(), engine, hosted(open_test_log(engine)))
        worker = Half()
        with structlog.testing.capture_logs(), serving(create_app(context, [worker], (health.router,))) as http:
            assert worker.life == ["start"]
            answer = http.get("/readyz")
            assert answer.status_code == 503
            assert answer.json()["checks"]["ingest"] == "the broker at 127.0.0.1:1883 does not answer"
            assert answer.json()["checks"]["database"] == "ok"
            figures = http.get("/metrics").text
            assert 'leafproof_worker_restarts_total{worker="ingest"} 2.0' in figures
            assert 'leafproof_worker_ready{worker="ingest"} 0.0' in figures
        assert worker.life == ["start", "stop"]
        worker.life.clear()

    def test_a_database_that_is_away_is_named_and_answers_ask_to_come_back(self, tmp_path: Path) -> None:
        nowhere = database.create(f"postgresql://nobody@/none?host={tmp_path}")
        context = Context(Settings(), nowhere, hosted(TransparencyLog(REF, 1, "main", 0)))
        with (
            structlog.testing.capture_logs() as written,
            serving(create_app(context, routers=(health.router, log_router))) as http,
        ):
            ready = http.get("/readyz")
            assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "does not answer")
            answer = http.get(LOG)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert "nobody" not in answer.text
            assert http.get("/healthz").status_code == 200
            assert http.get("/metrics").status_code == 200
        assert any(w["event"] == "a request failed" for w in written)
        nowhere.dispose()
