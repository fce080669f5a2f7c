"""A broker with TLS, one certificate a gateway, and an access list by certificate name."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.embedded.broker import BrokerKind, EmbeddedBroker, find_mosquitto
from backend.embedded.mosquitto import BACKEND_USER, BrokerSecurity, TlsFiles, render_acl
from tests.integration.gateway.authority import Authority
from tests.integration.gateway.conftest import Start
from tests.integration.gateway.plant import FACILITY, OPERATOR, Plant
from tests.support.require import need


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "certificates")


@pytest.fixture
def secure_broker(tmp_path: Path, authority: Authority) -> Iterator[EmbeddedBroker]:
    need(find_mosquitto() is not None, "mosquitto is not installed")
    authority.issue("broker", "broker")
    folder = authority.folder
    acl = folder / "acl"
    acl.write_text(render_acl())
    for path in folder.iterdir():
        path.chmod(0o600)
    tls = TlsFiles(folder / "ca.pem", folder / "broker.pem", folder / "broker.key")
    security = BrokerSecurity(tls, acl)
    with EmbeddedBroker(tmp_path / "broker", kind=BrokerKind.MOSQUITTO, security=security) as broker:
        yield broker


def configure(plant: Plant, broker: EmbeddedBroker, authority: Authority, name: str) -> None:
    folder = authority.folder
    plant.configure(
        broker.port,
        plant.readings(50),
        broker=f'tls = true\nca = "{folder / "ca.pem"}"\n'
        f'certificate = "{folder / f"{name}.pem"}"\nkey = "{folder / f"{name}.key"}"',
    )


def test_a_gateway_with_its_certificate_streams(
    secure_broker: EmbeddedBroker, authority: Authority, plant: Plant, start: Start
) -> None:
    authority.issue(plant.name, f"{OPERATOR}/{FACILITY}/{plant.name}")
    authority.issue(BACKEND_USER, BACKEND_USER)
    configure(plant, secure_broker, authority, plant.name)
    context = ssl.create_default_context(cafile=authority.folder / "ca.pem")
    context.load_cert_chain(authority.folder / f"{BACKEND_USER}.pem", authority.folder / f"{BACKEND_USER}.key")
    with plant.log(secure_broker.port, context) as log:
        assert start("--until-done").wait(timeout=60) == 0, plant.said()
        log.check_chain()
        assert log.numbers == list(range(50))
    done = plant.call("check")
    assert done.returncode == 0, done.stdout
    assert "over TLSv1.3" in done.stdout
    assert "may be written" in done.stdout


def test_a_certificate_of_another_name_may_not_write_here_and_check_says_so(
    secure_broker: EmbeddedBroker, authority: Authority, plant: Plant
) -> None:
    authority.issue("somebody-else", f"{OPERATOR}/{FACILITY}/somebody-else")
    configure(plant, secure_broker, authority, "somebody-else")
    done = plant.call("check")
    assert done.returncode == 1
    assert "status may not be written (Not authorized)" in done.stdout


def test_a_broker_of_another_authority_is_not_trusted(
    secure_broker: EmbeddedBroker, authority: Authority, plant: Plant, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path / "stranger")
    stranger.issue(plant.name, f"{OPERATOR}/{FACILITY}/{plant.name}")
    configure(plant, secure_broker, stranger, plant.name)
    done = plant.call("check")
    assert done.returncode == 1
    assert "TLS fails" in done.stdout
