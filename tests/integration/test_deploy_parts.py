"""What `deploy.prepare` makes, tried on the real parts: the broker's certificates and access list, the genesis."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import rlp
from eth_keys.datatypes import PrivateKey

from backend.embedded.broker import BrokerKind, EmbeddedBroker, find_mosquitto
from backend.embedded.mosquitto import BrokerSecurity, MosquittoSettings, TlsFiles, render_acl, render_config
from deploy.pki import Authority
from deploy.prepare import VALIDATOR_HOSTS, Preparation, main
from deploy.qbft import extra_data
from leafproof.errors import InvalidInput
from tests.support.mqtt import MqttClient
from tests.support.require import need

PLACE = "leafproof/v1/0/4012345000009/4012345000016"
NOT_AUTHORIZED = 135


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deploy")
    Preparation(folder).make(["press-shop", "paint-shop"], ["127.0.0.1"])
    return folder


@pytest.fixture(scope="module")
def secured(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    need(find_mosquitto() is not None, "mosquitto is not installed")
    secrets = folder / "secrets"
    tls = TlsFiles(secrets / "ca.pem", secrets / "broker.pem", secrets / "broker.key")
    security = BrokerSecurity(tls, folder / "generated" / "acl")
    with EmbeddedBroker(tmp_path_factory.mktemp("broker"), kind=BrokerKind.MOSQUITTO, security=security) as broker:
        yield broker


def client(broker: EmbeddedBroker, folder: Path, who: str, client_id: str) -> MqttClient:
    secrets = folder / "secrets"
    context = ssl.create_default_context(cafile=str(secrets / "ca.pem"))
    context.load_cert_chain(secrets / f"{who}.pem", secrets / f"{who}.key")
    return MqttClient(broker.host, broker.port, client_id, tls=context)


def let_in(broker: EmbeddedBroker, context: ssl.SSLContext) -> bool:
    """Whether a CONNECT (of MQTT 3.1.1) is answered; with TLS 1.3 a client learns of a refusal only by reading."""
    with socket.create_connection((broker.host, broker.port), timeout=30) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=broker.host) as secure:
                secure.sendall(b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x05\x00\x03who")
                return secure.recv(4) == b"\x20\x02\x00\x00"
        except (ssl.SSLError, ConnectionError):
            return False


class TestAccess:
    def test_a_gateway_writes_its_frames_and_status_and_nothing_else(
        self, secured: EmbeddedBroker, folder: Path
    ) -> None:
        own, other = f"{PLACE}/press-shop", f"{PLACE}/paint-shop"
        with client(secured, folder, "gateway-press-shop", "writer") as gateway:
            for topic in (f"{own}/frames", f"{own}/status"):
                assert gateway.publish(topic, b"mine").value != NOT_AUTHORIZED
            refused = [
                f"{own}/ack",
                f"{own}/command",
                f"{other}/frames",
                f"{other}/status",
                "leafproof/v1/0/beacon",
            ]
            for topic in [*refused, "elsewhere", "$SYS/broker/uptime"]:
                assert gateway.publish(topic, b"not mine").value == NOT_AUTHORIZED

    def test_a_gateway_reads_its_acknowledgements_commands_and_the_beacon_and_nothing_else(
        self, secured: EmbeddedBroker, folder: Path
    ) -> None:
        own, other = f"{PLACE}/press-shop", f"{PLACE}/paint-shop"
        with (
            client(secured, folder, "gateway-press-shop", "reader") as gateway,
            client(secured, folder, "backend", "backend-of-reader") as backend,
        ):
            gateway.subscribe("#")
            for topic in (f"{other}/ack", f"{other}/frames", f"{own}/frames", f"{other}/command"):
                backend.publish(topic, b"not for press-shop")
            mine = [f"{own}/ack", f"{own}/command", "leafproof/v1/0/beacon"]
            for topic in mine:
                backend.publish(topic, b"for press-shop")
            assert [topic for topic, _ in gateway.wait_for(3)] == mine

    def test_the_backend_reads_all_frames(self, secured: EmbeddedBroker, folder: Path) -> None:
        with (
            client(secured, folder, "backend", "backend-of-all") as backend,
            client(secured, folder, "gateway-press-shop", "one") as one,
            client(secured, folder, "gateway-paint-shop", "two") as two,
        ):
            backend.subscribe("leafproof/v1/+/+/+/+/frames")
            one.publish(f"{PLACE}/press-shop/frames", b"1")
            two.publish(f"{PLACE}/paint-shop/frames", b"2")
            assert {payload for _, payload in backend.wait_for(2)} == {b"1", b"2"}

    def test_who_has_no_certificate_is_not_let_in(self, secured: EmbeddedBroker, folder: Path) -> None:
        context = ssl.create_default_context(cafile=str(folder / "secrets" / "ca.pem"))
        assert not let_in(secured, context)

    def test_who_has_another_authoritys_certificate_is_not_let_in(
        self, secured: EmbeddedBroker, folder: Path, tmp_path: Path
    ) -> None:
        certificate, key = Authority.create("another").gateway("press-shop")
        (tmp_path / "c.pem").write_bytes(certificate)
        (tmp_path / "c.key").write_bytes(key)
        context = ssl.create_default_context(cafile=str(folder / "secrets" / "ca.pem"))
        context.load_cert_chain(tmp_path / "c.pem", tmp_path / "c.key")
        assert not let_in(secured, context)

    def test_who_has_the_right_one_is(self, secured: EmbeddedBroker, folder: Path) -> None:
        context = ssl.create_default_context(cafile=str(folder / "secrets" / "ca.pem"))
        context.load_cert_chain(folder / "secrets" / "backend.pem", folder / "secrets" / "backend.key")
        assert let_in(secured, context)


class TestGenesis:
    def test_extra_data_names_the_four_validators_whose_keys_were_made(self, folder: Path) -> None:
        genesis = json.loads((folder / "generated" / "genesis.json").read_text())
        vanity, validators, vote, round_, seals = rlp.decode(bytes.fromhex(genesis["extraData"][2:]))
        assert (len(vanity), vote, round_, seals) == (32, [], b"", [])
        texts = [(folder / "secrets" / f"validator-{number}.key").read_text() for number in (1, 2, 3, 4)]
        keys = [PrivateKey(bytes.fromhex(text)) for text in texts]
        assert validators == sorted(key.public_key.to_canonical_address() for key in keys)
        peers = json.loads((folder / "generated" / "static-nodes.json").read_text())
        expected = [
            f"enode://{key.public_key.to_bytes().hex()}@{host}:30303"
            for key, host in zip(keys, VALIDATOR_HOSTS, strict=True)
        ]
        assert peers == expected

    def test_extra_data_is_what_a_published_network_has(self) -> None:
        # Made by Besu's own tools for five validators of a public example.
        known = (
            "f88fa00000000000000000000000000000000000000000000000000000000000000000f86994f92393af043e2c146ab73aa632"
            "c658f727783b2c9436a446957018c3c3ca0984bdef294d88d2ab8228948aac4c95236a9ed807cf3eca5261064577960f8994"
            "560c2e4fbd0ac90dbbda4502f189170a41e3601694baf50f31fdd31c95b0722ffeb54bf0ddebb4c270c080c0"
        )
        validators = rlp.decode(bytes.fromhex(known))[1]
        ours, theirs = rlp.decode(extra_data(validators)), rlp.decode(bytes.fromhex(known))
        assert ours[1] == sorted(theirs[1])
        assert ours[:1] + ours[2:] == theirs[:1] + theirs[2:]

    def test_fees_are_zero_and_the_evm_is_londons(self, folder: Path) -> None:
        genesis = json.loads((folder / "generated" / "genesis.json").read_text())
        assert genesis["config"]["zeroBaseFee"] is True
        assert genesis["baseFeePerGas"] == "0x0"
        assert genesis["config"]["berlinBlock"] == genesis["config"]["londonBlock"] == 0

    def test_addresses_that_are_none_are_refused(self) -> None:
        with pytest.raises(InvalidInput, match="20 bytes"):
            extra_data([b"short"])
        with pytest.raises(InvalidInput, match="twice"):
            extra_data([b"\x01" * 20, b"\x01" * 20])


class TestPreparing:
    def test_again_it_makes_what_is_new_and_replaces_no_secret(self, tmp_path: Path) -> None:
        assert main(["--folder", str(tmp_path), "--gateway", "one"]) == 0
        before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
        assert main(["--folder", str(tmp_path), "--gateway", "one", "--gateway", "two"]) == 0
        assert {p: p.read_bytes() for p in before} == before
        assert (tmp_path / "secrets" / "gateway-two.pem").exists()

    def test_others_cannot_reach_the_secrets(self, folder: Path) -> None:
        assert (folder / "secrets").stat().st_mode & 0o077 == 0
        assert (folder / "authority" / "ca.key").stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize("name", ["leafproof-backend", "a/b", "+", "#", "%u", ""])
    def test_a_name_that_the_access_list_cannot_bear_is_refused(
        self, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["--folder", str(tmp_path), "--gateway", name]) == 2
        assert "gateway" in capsys.readouterr().err

    def test_the_brokers_files_are_the_template_that_the_embedded_broker_uses(self, folder: Path) -> None:
        from pathlib import PurePosixPath as Inside

        secrets = Inside("/run/secrets")
        tls = TlsFiles(secrets / "ca.pem", secrets / "broker.pem", secrets / "broker.key")
        security = BrokerSecurity(tls, Inside("/mosquitto/config/acl"))
        settings = MosquittoSettings("0.0.0.0", 8883, Inside("/mosquitto/data"), "mosquitto", security)
        assert (folder / "generated" / "mosquitto.conf").read_text() == render_config(settings)
        assert (folder / "generated" / "acl").read_text() == render_acl()
