"""`leafproof backend ...` as a process: start, errors, keys, an orderly end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from backend import database
from backend.anchor.signers import Signers
from backend.cli import app
from backend.leases.tables import leases
from backend.log.cli import app as log_app
from backend.log.tables import entries, tiles
from leafproof.trust import CONTRACTS, Contract, Trust
from tests.support.ports import free_port
from tests.support.storage import open_test_log, statements
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[3]
OWNER = "0x" + "0a" * 20


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Settings of a backend of its own, with nothing beside it."""
    trust = Trust(
        version=1,
        chain_id=31337,
        genesis="0x" + "00" * 32,
        network_class="development",
        finality_blocks=1,
        deployed_block=0,
        contracts={name: Contract("0x" + f"{i:02x}" * 20, "00" * 32) for i, name in enumerate(CONTRACTS, 1)},
    )
    (tmp_path / "trust.json").write_bytes(trust.encode())
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LEAFPROOF_")}
    return kept | {
        "LEAFPROOF_DATA": str(tmp_path / "data"),
        "LEAFPROOF_TRUST_FILE": str(tmp_path / "trust.json"),
        "LEAFPROOF_LOG_OWNER": OWNER,
        "LEAFPROOF_PORT": str(free_port()),
        # Neither a chain nor a broker answers: what needs them says so, and the rest serves.
        "LEAFPROOF_RPC_URL": f"http://127.0.0.1:{free_port()}",
        "LEAFPROOF_MQTT_PORT": str(free_port()),
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "backend.cli", *arguments]


def run(environment: dict[str, str], *arguments: str) -> Result:
    """The command, in this process: only serving is worth one of its own."""
    return CliRunner().invoke(app, arguments, env=environment)


@pytest.fixture
def served(environment: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    assert run(environment, "migrate").exit_code == 0
    Signers(tmp_path / "data" / "keys").get_or_create("anchor")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command("serve"), env=environment, cwd=ROOT, stderr=log)
    yield process
    process.kill()
    process.wait()


def answering(environment: dict[str, str], process: subprocess.Popen[bytes], folder: Path) -> str:
    """The backend's URL, once it answers."""
    url = f"http://127.0.0.1:{environment['LEAFPROOF_PORT']}"

    def answers() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            return httpx.get(f"{url}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    eventually(answers, "the backend to answer")
    return url


class TestServing:
    def test_it_answers_and_ends_in_order_when_asked(
        self, environment: dict[str, str], served: subprocess.Popen[bytes], tmp_path: Path
    ) -> None:
        url = answering(environment, served, tmp_path)
        (log,) = httpx.get(f"{url}/v1/logs").json()["logs"]
        assert (log["name"], log["size"], log["contract"]) == ("main", 0, "01" * 20)
        assert "database" in httpx.get(f"{url}/readyz").json()["checks"]
        served.send_signal(signal.SIGTERM)
        assert served.wait(60) == 0

    def test_without_a_schema_it_says_what_to_run(self, environment: dict[str, str]) -> None:
        done = subprocess.run(
            command("serve"), env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 2
        assert "run `leafproof backend migrate`" in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_lost_log_key_is_noticed(
        self, environment: dict[str, str], served: subprocess.Popen[bytes], tmp_path: Path
    ) -> None:
        answering(environment, served, tmp_path)
        served.kill()
        served.wait()
        (key,) = (tmp_path / "data" / "keys").glob("log-*.pem")
        key.unlink()
        done = subprocess.run(
            command("serve"), env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 2
        assert "is not the one that this database was started with" in done.stderr


def holders(engine: Engine, kind: str) -> set[str | None]:
    with database.reading(engine) as connection:
        return set(connection.execute(sa.select(leases.c.holder).where(leases.c.kind == kind)).scalars())


class TestSeveralProcesses:
    def test_on_sqlite_serve_does_it_all(self, environment: dict[str, str]) -> None:
        run(environment, "migrate")
        done = run(environment, "ingest")
        assert done.exit_code == 2
        assert "several processes need PostgreSQL" in done.stderr

    def test_one_takes_frames_and_another_serves_their_logs_as_its_own(
        self, environment: dict[str, str], postgres_url: str, tmp_path: Path
    ) -> None:
        environment |= {"LEAFPROOF_DATABASE_URL": postgres_url, "LEAFPROOF_PARTITIONS": "0,1,2"}
        assert run(environment, "migrate").exit_code == 0
        Signers(tmp_path / "data" / "keys").get_or_create("anchor")
        engine = database.create(postgres_url)
        with (tmp_path / "log").open("wb") as log:
            without = environment | {"LEAFPROOF_INGEST": "false"}
            server = subprocess.Popen(command("serve"), env=without, cwd=ROOT, stderr=log)
            worker = subprocess.Popen(command("ingest"), env=environment, cwd=ROOT, stderr=log)
        try:
            url = answering(environment, server, tmp_path)
            names = [one["name"] for one in httpx.get(f"{url}/v1/logs").json()["logs"]]
            assert names == ["main", "main-1", "main-2"]
            eventually(lambda: None not in (holders(engine, "ingest") or {None}), "leases of the worker")
            (holder,) = holders(engine, "ingest")
            assert f"/{worker.pid}/" in str(holder)
            eventually(lambda: f"/{server.pid}/" in str(holders(engine, "anchor")), "the server's own")
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0
            assert holders(engine, "ingest") == {None}  # no other need wait for their end
            server.send_signal(signal.SIGTERM)
            assert server.wait(60) == 0
        finally:
            for process in (server, worker):
                process.kill()
                process.wait()
            engine.dispose()


class TestMaintenance:
    def test_keys_are_made_listed_and_revoked(self, environment: dict[str, str]) -> None:
        run(environment, "migrate")
        made = run(
            environment, "keys", "create", "line 1", "--scope", "write:production", "--operator", "4012345000009"
        )
        text = made.stdout.strip()
        key_id, _, secret = text.removeprefix("leafproof_").partition("_")
        assert len(secret) == 64
        listed = run(environment, "keys", "list").stdout
        assert "in force" in listed
        assert "4012345000009  write:production  line 1" in listed
        assert secret not in listed
        assert run(environment, "keys", "revoke", key_id).exit_code == 0
        assert "revoked" in run(environment, "keys", "list").stdout
        again = run(environment, "keys", "revoke", key_id)
        assert (again.exit_code, "in force" in again.stderr) == (2, True)

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (("--scope", "write:everything", "--all-operators"), "scopes: "),
            (("--scope", "admin"), "operator: "),
            (("--scope", "admin", "--operator", "4012345000008"), "operator: "),
        ],
    )
    def test_a_key_that_cannot_be_is_refused(
        self, environment: dict[str, str], arguments: tuple[str, ...], named: str
    ) -> None:
        run(environment, "migrate")
        done = run(environment, "keys", "create", "x", *arguments)
        assert done.exit_code == 2
        assert named in done.stderr


class TestFsck:
    @pytest.fixture
    def engine(self, environment: dict[str, str]) -> Iterator[Engine]:
        """A server's database with a log of three entries."""
        run(environment, "migrate")
        made = database.create(f"sqlite:///{environment['LEAFPROOF_DATA']}/leafproof.db")
        log = open_test_log(made)
        with database.transaction(made) as connection:
            log.append(connection, statements(3))
        yield made
        made.dispose()

    @staticmethod
    def fsck(environment: dict[str, str], *words: str) -> Result:
        return CliRunner().invoke(log_app, ["fsck", *words], env=environment)

    def test_a_whole_log(self, environment: dict[str, str], engine: Engine) -> None:
        done = self.fsck(environment)
        assert (done.exit_code, done.stdout) == (0, "The stored logs are whole.\n")

    def test_damage_is_named_and_repaired(self, environment: dict[str, str], engine: Engine) -> None:
        with database.transaction(engine) as connection:
            connection.execute(sa.delete(tiles))
        done = self.fsck(environment, "--json")
        assert done.exit_code == 1
        assert [json.loads(line)["kind"] for line in done.stdout.splitlines()] == ["tile"]
        done = self.fsck(environment, "--repair")
        assert done.exit_code == 0, done.stdout
        assert "not compared with the chain" in done.stderr
        assert self.fsck(environment).exit_code == 0

    def test_what_may_not_be_repaired_is_left(self, environment: dict[str, str], engine: Engine) -> None:
        with database.transaction(engine) as connection:
            connection.execute(sa.update(entries).where(entries.c["index"] == 1).values(envelope=b"other"))
        done = self.fsck(environment, "--repair")
        assert done.exit_code == 1
        assert "nothing was repaired: entry 1 is no statement for this log" in done.stderr


def test_received_lots_need_a_bundle_and_a_company(environment: dict[str, str], tmp_path: Path) -> None:
    assert run(environment, "migrate").exit_code == 0
    (tmp_path / "none.bundle").write_bytes(b"x")
    refused = run(environment, "received", "import", str(tmp_path / "none.bundle"))
    assert (refused.exit_code, "bundle" in refused.stderr) == (2, True)
    unknown = run(environment, "received", "list", "--company", "6901234500011")
    assert unknown.exit_code == 2
    assert "company 6901234500011 is not known here" in unknown.stderr
