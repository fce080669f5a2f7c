"""The compose file, without a container engine: its form, its references, and every command that it runs."""

from __future__ import annotations

import http.server
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.prepare import VALIDATOR_HOSTS, Preparation

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
LEAFPROOF = Path(sys.executable).with_name("leafproof")


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return loaded


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deploy")
    Preparation(folder).make(["4012345000009/4012345000016/gateway"], [])
    return folder


def names(references: list[Any]) -> set[str]:
    return {entry if isinstance(entry, str) else entry["source"] for entry in references}


class TestForm:
    def test_it_is_valid_by_the_compose_specification(self) -> None:
        check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
        done = subprocess.run([*check, str(COMPOSE)], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    @pytest.mark.parametrize("name", sorted(services()))
    def test_what_a_service_refers_to_is_there(self, name: str, document: dict[str, Any]) -> None:
        service = document["services"][name]
        assert set(service["networks"]) <= set(document["networks"])
        assert names(service.get("secrets", [])) <= set(document["secrets"])
        volumes = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert {volume for volume in volumes if not volume.startswith("./")} <= set(document["volumes"])
        waits = service.get("depends_on", {})
        assert set(waits) <= set(document["services"])
        for other, wait in waits.items():
            healthy = wait["condition"] == "service_healthy"
            assert not healthy or "healthcheck" in document["services"][other]

    def test_every_long_running_server_has_a_healthcheck(self, document: dict[str, Any]) -> None:
        # A gateway and an ingest worker serve nobody, and `migrate` ends.
        without = {name for name, service in document["services"].items() if "healthcheck" not in service}
        assert without == {"gateway", "ingest", "migrate"}

    def test_everything_that_is_mounted_is_made_or_named_by_the_readme(
        self, document: dict[str, Any], prepared: Path
    ) -> None:
        mounted = {secret["file"] for secret in document["secrets"].values()}
        for service in document["services"].values():
            mounted |= {v.split(":")[0] for v in service.get("volumes", []) if v.startswith("./")}
        readme = (ROOT / "deploy" / "README.md").read_text()
        for path in sorted(mounted):
            local = re.sub(r"\$\{\w+:-([\w-]+)\}", r"\1", path).removeprefix("./deploy/")
            assert (prepared / local).exists() or f"deploy/{local}" in readme, path


class TestSecrecy:
    def test_no_secret_stands_in_the_file(self, document: dict[str, Any]) -> None:
        for service in document["services"].values():
            for variable in service.get("environment", {}):
                secret = re.search(r"PASSWORD|SECRET|TOKEN|DATABASE_URL|MNEMONIC", variable)
                assert not secret or variable.endswith("_FILE"), variable
        assert not re.search(r"://[^/\s]+:[^/\s]+@", COMPOSE.read_text())

    def test_only_the_broker_is_reached_from_elsewhere(self, document: dict[str, Any]) -> None:
        published = {
            name: service["ports"] for name, service in document["services"].items() if "ports" in service
        }
        beyond = {name for name, ports in published.items() if not all(p.startswith("127.0.0.1:") for p in ports)}
        assert beyond == {"broker"}

    def test_each_service_has_no_secret_but_its_own(self, document: dict[str, Any]) -> None:
        given = {name: names(s.get("secrets", [])) for name, s in document["services"].items()}
        assert given["broker"] == {"ca.pem", "broker.pem", "broker.key", "revoked.pem"}
        assert given["gateway"] == {"ca.pem", "gateway.pem", "gateway.key"}
        assert given["postgres"] == {"postgres-password"}
        assert given["backend"] == {"database-url", "ca.pem", "backend.pem", "backend.key"}
        for number in range(1, 5):
            assert given[f"validator-{number}"] == {f"validator-{number}.key"}

    def test_the_authority_is_mounted_nowhere(self) -> None:
        assert "authority" not in COMPOSE.read_text()


class TestCommands:
    @pytest.mark.parametrize("name", ["migrate", "backend", "ingest", "gateway"])
    def test_the_image_has_the_command(self, name: str) -> None:
        words = [word for word in services()[name]["command"] if not word.startswith(("-", "/"))]
        options = [word for word in services()[name]["command"] if word.startswith("--")]
        done = subprocess.run([LEAFPROOF, *words, "--help"], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        for option in options:
            assert option in done.stdout

    def test_the_backend_understands_its_environment(
        self, document: dict[str, Any], prepared: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from backend.settings import load

        for name, value in document["services"]["backend"]["environment"].items():
            given = value.replace("/run/secrets", str(prepared / "secrets"))
            given = given.replace(
                "${LEAFPROOF_PUBLIC_URL:?how readers reach this server, https}", "https://example.org"
            )
            monkeypatch.setenv(name, re.sub(r"\$\{LEAFPROOF_LOG_OWNER:[^}]*\}", "0x" + "11" * 20, given))
        settings = load()
        assert settings.database.startswith("postgresql+psycopg://leafproof:")
        assert (settings.mqtt_host, settings.mqtt_port, settings.mqtt_tls) == ("broker", 8884, True)
        assert settings.mqtt_certificate is not None
        assert settings.mqtt_certificate.exists()
        assert settings.url == "https://example.org"

    def test_the_gateway_understands_its_configuration(self) -> None:
        from iot_gateway.config import load

        config = load(ROOT / "deploy" / "gateway.toml.example")
        assert (config.broker.host, config.broker.port, config.broker.tls) == ("broker", 8883, True)

    def test_all_validators_run_alike_but_for_key_and_address(self, document: dict[str, Any]) -> None:
        validators = [document["services"][f"validator-{number}"] for number in range(1, 5)]
        assert len({str(validator["command"]) for validator in validators}) == 1
        assert [v["networks"]["chain"]["ipv4_address"] for v in validators] == VALIDATOR_HOSTS
        assert "--min-gas-price=0" in validators[0]["command"]


class _Besu(http.server.BaseHTTPRequestHandler):
    """Answers as Besu's liveness service does."""

    status = 200

    def do_GET(self) -> None:
        known = self.path == "/liveness" and self.headers["Host"] == "localhost"
        self.send_response(self.status if known else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


class TestHealthOfAValidator:
    @pytest.fixture
    def server(self) -> Iterator[http.server.HTTPServer]:
        with http.server.HTTPServer(("127.0.0.1", 0), _Besu) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield server
            server.shutdown()
            thread.join()

    def check(self, port: int) -> int:
        _, *command = services()["validator-1"]["healthcheck"]["test"]
        asked = [word.replace("/8545", f"/{port}") for word in command]
        return subprocess.run(asked, check=False, capture_output=True).returncode

    def test_one_that_lives_is_healthy(self, server: http.server.HTTPServer) -> None:
        assert self.check(server.server_port) == 0

    def test_one_that_answers_with_an_error_is_not(
        self, server: http.server.HTTPServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_Besu, "status", 503)
        assert self.check(server.server_port) != 0

    def test_one_that_does_not_listen_is_not(self, server: http.server.HTTPServer) -> None:
        port = server.server_port
        server.socket.close()
        assert self.check(port) != 0
