"""The loops as they run in the backend, and what they tell: readiness, `/v1/chain`, metrics."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from pydantic import SecretStr

from backend.anchor.endpoints import router
from backend.anchor.tables import chain_alarms
from backend.anchor.workers import AnchorWorker, FollowWorker, TransactionWorker
from backend.app import create_app
from backend.context import Context
from backend.database import transaction
from backend.errors import SettingsError
from backend.settings import Settings
from backend.workers import Worker
from leafproof.chain.view import lot_hash
from leafproof.values import Lot
from tests.integration.anchor.ledger import ACME, Ledger
from tests.support.proxy import FaultProxy
from tests.support.server import serving
from tests.support.waiting import eventually

COIL = Lot.parse("04012345000016", "C-1")


def context_of(ledger: Ledger, tmp_path: Path, url: str) -> Context:
    (tmp_path / "trust.json").write_bytes(ledger.trust.encode())
    settings = Settings(
        trust_file=tmp_path / "trust.json", rpc_url=SecretStr(url), keys=ledger.keys, anchor_seconds=1
    )
    return Context(settings, ledger.engine, ledger.logs)


@contextmanager
def running(*workers: Worker) -> Iterator[None]:
    try:
        for worker in workers:
            worker.start()
        yield
    finally:
        for worker in workers:
            worker.stop()


class TestWorkers:
    def test_a_record_gets_from_the_log_onto_the_chain_through_an_outage(
        self, ledger: Ledger, tmp_path: Path
    ) -> None:
        ledger.admit()
        host, port = ledger.url.removeprefix("http://").split(":")
        with FaultProxy((host, int(port))) as proxy:
            context = context_of(ledger, tmp_path, f"http://{proxy.host}:{proxy.port}")
            follow, anchor, send = FollowWorker(context), AnchorWorker(context), TransactionWorker(context)
            with running(follow, anchor, send):
                ledger.write(3)
                record = [ledger.log_id, ledger.leaf(1), 1]
                ledger.submit(ACME, "LotRegistry", "mint", [lot_hash(COIL), record, [], 0], "mint")
                anchor.request()
                eventually(lambda: ledger.status("mint").state == "final", "the lot is minted")
                proxy.cut(refuse=True)
                eventually(lambda: anchor.ready() is not None, "the outage is told")
                assert "does not answer" in str(anchor.ready())
                ledger.write(2)  # the log goes on
                proxy.heal()
                eventually(lambda: ledger.held()[0] == 5, "the anchor after the outage")
                eventually(lambda: not [w for w in (follow, anchor, send) if w.ready()], "all are ready")
                assert [w.restarts for w in (follow, anchor, send)] == [0, 0, 0]

    @pytest.mark.anvil
    def test_another_chain_behind_the_url_is_told_and_nothing_is_sent(
        self, ledger: Ledger, tmp_path: Path
    ) -> None:
        address = ledger.trust.contracts["TransparencyLog"].address
        context = context_of(ledger, tmp_path, ledger.url)
        ledger.write(1)
        code = ledger.node("eth_getCode", address, "latest")
        ledger.node("anvil_setCode", address, "0x600160005260206000f3")
        anchor = AnchorWorker(context)
        with running(anchor):
            eventually(lambda: "other code" in str(anchor.ready()), "the foreign code is told")
            assert ledger.slots("anchor") == []
            ledger.node("anvil_setCode", address, code)
            eventually(lambda: ledger.held()[0] == 1, "the anchor on the right code")

    def test_a_missing_key_is_said_at_the_start(self, ledger: Ledger, tmp_path: Path) -> None:
        (ledger.keys / "anchor.key").unlink()
        with pytest.raises(SettingsError, match=r"anchor\.key cannot be read"):
            AnchorWorker(context_of(ledger, tmp_path, ledger.url))


class TestStatus:
    def test_the_endpoint_and_the_metrics_say_how_things_stand(self, ledger: Ledger, tmp_path: Path) -> None:
        ledger.write(4)
        ledger.anchor()
        ledger.follow()
        ledger.write(3)
        ledger.submit("authority", "KeyRegistry", "removeOperator", [ledger.address(ACME)], "refused")
        ledger.queue().work()
        with transaction(ledger.engine) as connection:
            connection.execute(
                chain_alarms.insert().values(
                    log_id=ledger.log_id, reason="it was rewritten", held_size=9, held_root=bytes(32), since=0
                )
            )
        context = context_of(ledger, tmp_path, "http://127.0.0.1:9/secret-token")
        follow = FollowWorker(context)
        with serving(create_app(context, (), (router,))) as http:
            answer = http.get("/v1/chain")
        assert answer.status_code == 200
        said = answer.json()
        assert said["chain_id"] == ledger.trust.chain_id
        assert said["trust_fingerprint"] == ledger.trust.fingerprint
        (log,) = said["logs"]
        assert (log["size"], log["waiting"], log["stopped"]) == (7, 3, "it was rewritten")
        assert log["anchors"][0]["size"] == 4
        assert said["transactions"]["failed"] == 1
        assert "secret-token" not in answer.text
        figures = generate_latest(context.registry).decode()
        assert 'leafproof_anchored_entries{log="main"} 4.0' in figures
        assert 'leafproof_unanchored_entries{log="main"} 3.0' in figures
        assert 'leafproof_log_stopped{log="main"} 1.0' in figures
        assert 'leafproof_chain_transactions{state="failed"} 1.0' in figures
        assert "rewritten" in str(AnchorWorker(context).check())
        assert follow.ready() == "not started"
