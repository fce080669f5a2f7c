"""What is not authentic or not known yet is kept within bounds, visibly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from httpx import Client
from sqlalchemy import Engine

from backend import database
from backend.access import service as access
from backend.app import create_app
from backend.audit.endpoints import router as audit_router
from backend.context import Context
from backend.ingest import endpoints, quarantine, waiting
from backend.ingest.schemas import Kind, Message, Reason
from backend.ingest.service import IngestService
from backend.settings import Settings
from leafproof.errors import InvalidInput
from leafproof.values import Gln
from tests.support.server import serving
from tests.support.storage import REF, hosted, open_test_log
from tests.support.stream import FACILITY, NOW, OPERATOR, KeyRing, Stream, gln


class TestQuarantine:
    def test_reason_topic_and_beginning_are_kept(
        self, engine: Engine, service: IngestService, stream: Stream
    ) -> None:
        bad = Message("some\x00where\ud800", b"\x00" * 5000, NOW)
        assert service.process([bad])[0].reason is Reason.TOPIC
        with database.reading(engine) as connection:
            page = quarantine.page(connection, None, 10)
        (kept,) = page.messages
        assert (kept.reason, kept.size, kept.topic) == (Reason.TOPIC.value, 5000, "some\ufffdwhere\ufffd")
        assert kept.payload == b"\x00" * quarantine.KEPT_PAYLOAD
        assert [(count.reason, count.messages, count.bytes) for count in page.counts] == [
            ("no frame topic of this log", 1, 5000)
        ]

    def test_the_oldest_go_and_the_counts_stay(
        self, engine: Engine, service: IngestService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(quarantine, "MAX_STORED", 5)
        for number in range(9):
            service.process([Message(f"topic/{number}", b"x", NOW)])
        with database.reading(engine) as connection:
            page = quarantine.page(connection, None, 3)
            rest = quarantine.page(connection, page.next, 3)
        assert [kept.topic for kept in page.messages + rest.messages] == [f"topic/{n}" for n in (8, 7, 6, 5, 4)]
        assert (page.counts[0].messages, rest.next) == (9, None)

    def test_a_flood_in_one_group_is_counted_to_the_last(self, engine: Engine, service: IngestService) -> None:
        service.process([Message("nowhere", b"xy", NOW)] * 300)
        with database.reading(engine) as connection:
            page = quarantine.page(connection, None, 200)
        assert (len(page.messages), page.counts[0].messages) == (quarantine.STORED_A_GROUP, 300)


class TestWaiting:
    def test_the_oldest_of_a_topic_go_to_the_quarantine(
        self, engine: Engine, service: IngestService, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(waiting, "MAX_TOPIC_MESSAGES", 4)
        new = Stream(name="gw-new")
        service.process(new.frames(6))
        ring.put(new.registered())
        outcomes = service.retry_waiting()
        assert [outcome.kind for outcome in outcomes] == [Kind.LOGGED] * 4
        with database.reading(engine) as connection:
            page = quarantine.page(connection, None, 10)
        assert [kept.reason for kept in page.messages] == [Reason.WAITED_IN_VAIN.value] * 2

    def test_a_flooder_pushes_out_its_own_messages(
        self, service: IngestService, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(waiting, "MAX_MESSAGES", 10)
        honest, flooder = Stream(name="gw-new"), Stream(name="gw-flood")
        service.process(honest.frames(3))
        service.process(flooder.frames(30))
        ring.put(honest.registered())
        assert [outcome.kind for outcome in service.retry_waiting()] == [Kind.LOGGED] * 3

    def test_bytes_are_bounded_too(
        self, engine: Engine, service: IngestService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(waiting, "MAX_TOPIC_BYTES", 5_000)
        new = Stream(name="gw-new")
        service.process(new.frames(30))
        with database.reading(engine) as connection:
            (told,) = waiting.summary(connection, 10)
        assert told.key_id == new.key_id
        assert 0 < told.bytes <= 5_000


class TestEndpoints:
    @pytest.fixture
    def client(self, engine: Engine) -> Iterator[Client]:
        context = Context(Settings(), engine, hosted(open_test_log(engine)))
        with serving(create_app(context, routers=[endpoints.router, audit_router])) as client:
            yield client

    @pytest.fixture
    def header(self, engine: Engine) -> Callable[..., dict[str, str]]:
        def make(scope: str, operator: Gln | None = None) -> dict[str, str]:
            with database.transaction(engine) as connection:
                _, secret = access.create(connection, label="test", scopes=[scope], operator=operator, now=NOW)
            return {"Authorization": f"Bearer {secret}"}

        return make

    def test_gateways_quarantine_and_equivocations_are_for_the_server_s_people(
        self, client: Client, header: Callable[..., dict[str, str]], service: IngestService, stream: Stream
    ) -> None:
        liar = stream.again()
        service.process(
            [stream.frame(), liar.frame(count=1), Stream(name="gw-2").frame(), Message("x", b"y", NOW)]
        )
        for path in ("gateways", "quarantine", "equivocations"):
            assert client.get(f"/v1/{path}").status_code == 401
            assert client.get(f"/v1/{path}", headers=header("read:authority")).status_code == 403
        admin = header("admin")
        listed = client.get("/v1/gateways", headers=admin).json()
        assert [(g["name"], g["equivocations"]) for g in listed["gateways"]] == [("gw-1", 1)]
        assert [w["messages"] for w in listed["waiting"]] == [1]
        assert client.get("/v1/quarantine", headers=admin).json()["messages"][0]["topic"] == "x"
        (found,) = client.get("/v1/equivocations", headers=admin).json()["equivocations"]
        assert (found["first_index"], found["other_index"]) == (0, 1)

    def test_energy_is_for_the_tier_of_authorities_of_that_operator(
        self, client: Client, header: Callable[..., dict[str, str]], service: IngestService, stream: Stream
    ) -> None:
        service.process([stream.frame(count=2)])
        path = f"/v1/facilities/{FACILITY}/energy?from=2023-11-14T00:00:00Z&to=2023-11-15T00:00:00Z&grain=day"
        assert client.get(path).status_code == 401
        assert client.get(path, headers=header("read:buyer")).status_code == 403
        assert client.get(path, headers=header("read:authority", gln("401234500007"))).status_code == 403
        for allowed in (header("read:authority"), header("read:authority", OPERATOR)):
            answer = client.get(path, headers=allowed)
            assert answer.status_code == 200
            (main,) = answer.json()["series"]
            assert [(span["amount"], span["count"]) for span in main["spans"]] == [("4000", 2)]

    def test_sums_are_for_auditors_of_that_operator(
        self, client: Client, header: Callable[..., dict[str, str]], service: IngestService, stream: Stream
    ) -> None:
        service.process([stream.frame(count=2)])
        path = f"/v1/audit/logs/{REF.log_id.hex()}/rollups"
        assert client.get(path).status_code == 401
        assert client.get(path, headers=header("read:authority", OPERATOR)).status_code == 403
        for operator, count in ((None, 2), (OPERATOR, 2), (gln("401234500007"), 0)):
            answer = client.get(path, headers=header("read:auditor", operator))
            assert answer.status_code == 200
            assert len(answer.json()["rollups"]) == count

    def test_a_key_of_one_operator_is_never_the_servers(self, header: Callable[..., dict[str, str]]) -> None:
        with pytest.raises(InvalidInput, match="admin"):
            header("admin", OPERATOR)

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("from=2018-01-01T00:07:00Z&to=2018-01-02T00:00:00Z", "from"),
            ("from=2018-01-01T00:00:00Z&to=2018-01-01T00:00:00Z", "to"),
            ("from=2018-01-01T00:00:00Z&to=2019-01-01T00:00:00Z&grain=quarter", "to"),
            ("from=yesterday&to=2019-01-01T00:00:00Z", "from"),
        ],
    )
    def test_a_bad_window_is_told_by_its_field(
        self,
        client: Client,
        header: Callable[..., dict[str, str]],
        service: IngestService,
        stream: Stream,
        query: str,
        field: str,
    ) -> None:
        service.process([stream.frame()])
        answer = client.get(f"/v1/facilities/{FACILITY}/energy?{query}", headers=header("read:authority"))
        assert answer.status_code in (400, 422)
        assert field in answer.text


def test_a_message_that_only_fails_while_it_is_recorded_is_put_aside(
    engine: Engine, service: IngestService, stream: Stream
) -> None:
    message = replace(stream.frame(), topic="x")
    assert service.give_up(message, ZeroDivisionError()).reason is Reason.UNFORESEEN
    with database.reading(engine) as connection:
        assert quarantine.page(connection, None, 1).messages[0].reason == Reason.UNFORESEEN.value
