"""What `deploy.prepare` makes, tried on the real parts: the broker's certificates and access list, the genesis."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import rlp
from cryptography import x509
from eth_keys.datatypes import PrivateKey

from backend.embedded.broker import BrokerKind, EmbeddedBroker, find_mosquitto
from backend.embedded.mosquitto import BrokerSecurity, MosquittoSettings, TlsFiles, render_acl, render_config
from deploy.pki import Authority
from deploy.prepare import VALIDATOR_HOSTS, Preparation, main, stem
from deploy.qbft import extra_data
from leafproof.errors import InvalidInput
from tests.support.mqtt import MqttClient
from tests.support.ports import free_port
from tests.support.require import need
from tests.support.waiting import eventually

OPERATOR, RIVAL, FACILITY = "4012345000009", "4012345000016", "4012345000023"
PRESS, PAINT, RIVALS = (
    f"{who}/{FACILITY}/{name}" for who, name in ((OPERATOR, "press"), (OPERATOR, "paint"), (RIVAL, "press"))
)
LEAVES = ("frames", "status", "ack", "command")
BEACON = "leafproof/v1/0/beacon"
NOT_AUTHORIZED = 135


def topic(gateway: str, leaf: str, partition: int = 0) -> str:
    return f"leafproof/v1/{partition}/{gateway}/{leaf}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deploy")
    lost = f"{OPERATOR}/{FACILITY}/lost"
    Preparation(folder).make([PRESS, PAINT, RIVALS, lost], ["127.0.0.1"], workers=["second"])
    for ending in ("pem", "key"):  # whoever found it keeps it
        file = folder / "secrets" / f"{stem(lost)}.{ending}"
        (folder / f"lost.{ending}").write_bytes(file.read_bytes())
    Preparation(folder).make([], [], revoke=[lost])
    return folder


class Broker:
    """A mosquitto set up as the deployment's is, with a listener for gateways and one for the backend."""

    def __init__(self, folder: Path, place: Path) -> None:
        self.folder = folder
        secrets = folder / "secrets"
        tls = TlsFiles(secrets / "ca.pem", secrets / "broker.pem", secrets / "broker.key")
        self.backend_port = free_port()
        acl = folder / "generated" / "acl"
        security = BrokerSecurity(tls, acl, secrets / "revoked.pem", self.backend_port)
        self.embedded = EmbeddedBroker(place, kind=BrokerKind.MOSQUITTO, security=security)
        self.host = self.embedded.host

    def context(self, certificate: Path | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.folder / "secrets" / "ca.pem"))
        if certificate is not None:
            context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        return context

    def client(self, who: str, client_id: str, port: int | None = None, *, persistent: bool = False) -> MqttClient:
        context = self.context(self.folder / "secrets" / f"{who}.pem")
        return MqttClient(self.host, port or self.embedded.port, client_id, tls=context, persistent=persistent)

    def gateway(self, name: str) -> MqttClient:
        return self.client(stem(name), name)

    def backend(self, client_id: str, who: str = "backend", *, persistent: bool = False) -> MqttClient:
        return self.client(who, client_id, self.backend_port, persistent=persistent)


@pytest.fixture(scope="module")
def broker(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    need(find_mosquitto() is not None, "mosquitto is not installed")
    made = Broker(folder, tmp_path_factory.mktemp("broker"))
    with made.embedded:
        yield made


def let_in(broker: Broker, context: ssl.SSLContext, port: int) -> bool:
    """Whether a CONNECT (of MQTT 3.1.1) is answered; with TLS 1.3 a client learns of a refusal only by reading."""
    with socket.create_connection((broker.host, port), timeout=30) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=broker.host) as secure:
                secure.sendall(b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x05\x00\x03who")
                return secure.recv(4) == b"\x20\x02\x00\x00"
        except (ssl.SSLError, ConnectionError):
            return False


class TestWriting:
    def test_a_gateway_writes_its_frames_and_status(self, broker: Broker) -> None:
        with broker.gateway(PRESS) as gateway:
            for leaf in ("frames", "status"):
                assert gateway.publish(topic(PRESS, leaf), b"mine").value != NOT_AUTHORIZED

    @pytest.mark.parametrize("other", [PAINT, RIVALS, f"{RIVAL}/{FACILITY}/paint", f"{OPERATOR}/{RIVAL}/press"])
    def test_it_writes_nothing_in_anothers_name_and_nobody_gets_what_it_tries(
        self, broker: Broker, other: str
    ) -> None:
        with broker.backend("reader") as backend, broker.gateway(PRESS) as gateway:
            backend.subscribe("leafproof/v1/+/+/+/+/frames")
            backend.subscribe("leafproof/v1/+/+/+/+/status")
            for leaf in LEAVES:
                assert gateway.publish(topic(other, leaf), b"not mine").value == NOT_AUTHORIZED
            assert gateway.publish(topic(PRESS, "frames"), b"mine").value != NOT_AUTHORIZED
            assert backend.wait_for(1) == [(topic(PRESS, "frames"), b"mine")]

    @pytest.mark.parametrize("retain", [True, False])
    def test_it_spoofs_no_beacon_no_acknowledgement_and_no_command(self, broker: Broker, retain: bool) -> None:
        with broker.gateway(PRESS) as gateway, broker.gateway(PAINT) as victim, broker.backend("real") as backend:
            for name in (BEACON, topic(PAINT, "ack"), topic(PAINT, "command")):
                victim.subscribe(name)
                assert gateway.publish(name, b"spoofed", retain=retain).value == NOT_AUTHORIZED
            assert gateway.publish(topic(PRESS, "ack"), b"to itself", retain=retain).value == NOT_AUTHORIZED
            backend.publish(BEACON, b"real")
            assert victim.wait_for(1) == [(BEACON, b"real")]
        with broker.gateway(PAINT) as later:  # nothing was retained either
            later.subscribe(BEACON)
            later.subscribe(topic(PAINT, "ack"))
            later.publish(topic(PAINT, "status"), b"a round trip")
            assert later.received == []

    def test_it_writes_nothing_elsewhere(self, broker: Broker) -> None:
        with broker.gateway(PRESS) as gateway:
            for name in ("elsewhere", "$SYS/broker/uptime", f"leafproof/v1/0/{PRESS}/frames/more", PRESS):
                assert gateway.publish(name, b"not mine").value == NOT_AUTHORIZED


class TestReading:
    @pytest.mark.parametrize(
        "wanted",
        [
            "#",
            "leafproof/#",
            "leafproof/v1/+/+/+/+/ack",
            f"leafproof/v1/0/{OPERATOR}/#",
            f"leafproof/v1/0/{RIVALS}/+",
            f"$share/stolen/leafproof/v1/0/{PAINT}/ack",
        ],
    )
    def test_whatever_a_gateway_subscribes_to_it_gets_what_is_for_it_alone(
        self, broker: Broker, wanted: str
    ) -> None:
        with (
            broker.gateway(PRESS) as gateway,
            broker.gateway(PAINT) as other,
            broker.backend("writer") as backend,
        ):
            gateway.subscribe(wanted)
            gateway.subscribe(topic(PRESS, "command"))
            for whose in (PAINT, RIVALS):
                for leaf in ("ack", "command"):
                    assert backend.publish(topic(whose, leaf), b"not for press").value != NOT_AUTHORIZED
            for leaf in ("frames", "status"):
                other.publish(topic(PAINT, leaf), b"not for press")
            backend.publish(topic(PRESS, "command"), b"the end")
            eventually(lambda: (topic(PRESS, "command"), b"the end") in gateway.received, "what is for it")
            assert {name for name, _ in gateway.received} == {topic(PRESS, "command")}

    def test_it_reads_its_acknowledgements_commands_and_the_beacon(self, broker: Broker) -> None:
        with broker.gateway(PRESS) as gateway, broker.backend("writer") as backend:
            mine = [topic(PRESS, "ack"), topic(PRESS, "command"), BEACON]
            for name in mine:
                gateway.subscribe(name)
            for name in mine:
                backend.publish(name, b"for press")
            assert [name for name, _ in gateway.wait_for(3)] == mine

    def test_backend_and_workers_read_all_frames_and_write_none(self, broker: Broker) -> None:
        with (
            broker.backend("first") as backend,
            broker.backend("second", "worker-second") as worker,
            broker.gateway(PRESS) as one,
            broker.gateway(RIVALS) as two,
        ):
            for reader in (backend, worker):
                reader.subscribe("leafproof/v1/+/+/+/+/frames")
                assert reader.publish(topic(PRESS, "frames"), b"forged").value == NOT_AUTHORIZED
            one.publish(topic(PRESS, "frames"), b"1")
            two.publish(topic(RIVALS, "frames", 7), b"2")
            for reader in (backend, worker):
                assert {payload for _, payload in reader.wait_for(2)} == {b"1", b"2"}


class TestSessions:
    def test_a_gateway_takes_no_session_over_that_is_not_its_own(self, broker: Broker) -> None:
        frames = "leafproof/v1/+/+/+/+/frames"
        with broker.backend("leafproof-ingest-0", persistent=True) as worker:
            worker.subscribe(frames)
        with broker.gateway(PAINT) as sender:
            sender.publish(topic(PAINT, "frames"), b"while the worker is away")
        with broker.client(stem(PRESS), "leafproof-ingest-0", persistent=True) as thief:
            thief.publish(topic(PRESS, "status"), b"a round trip")
            assert thief.received == []
        with broker.backend("leafproof-ingest-0", persistent=True) as worker:
            assert worker.wait_for(1) == [(topic(PAINT, "frames"), b"while the worker is away")]


class TestLettingIn:
    def ports(self, broker: Broker) -> tuple[int, int]:
        return broker.embedded.port, broker.backend_port

    def test_who_has_a_certificate_of_this_authority(self, broker: Broker) -> None:
        for who, port in zip((stem(PRESS), "backend"), self.ports(broker), strict=True):
            assert let_in(broker, broker.context(broker.folder / "secrets" / f"{who}.pem"), port)

    def test_not_who_has_none(self, broker: Broker) -> None:
        for port in self.ports(broker):
            assert not let_in(broker, broker.context(None), port)

    def test_not_who_has_another_authoritys(self, broker: Broker, tmp_path: Path) -> None:
        certificate, key = Authority.create("another").gateway(PRESS)
        (tmp_path / "c.pem").write_bytes(certificate)
        (tmp_path / "c.key").write_bytes(key)
        for port in self.ports(broker):
            assert not let_in(broker, broker.context(tmp_path / "c.pem"), port)

    def test_not_whose_certificate_was_revoked(self, broker: Broker) -> None:
        for port in self.ports(broker):
            assert not let_in(broker, broker.context(broker.folder / "lost.pem"), port)


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
        assert main(["--folder", str(tmp_path), "--gateway", PRESS]) == 0
        before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
        assert main(["--folder", str(tmp_path), "--gateway", PRESS, "--gateway", PAINT, "--worker", "w"]) == 0
        new = tmp_path / "secrets" / "revoked.pem"  # signed anew each time, since its time goes on
        assert {p: p.read_bytes() for p in before if p != new} == {p: b for p, b in before.items() if p != new}
        for made in (stem(PAINT), "worker-w"):
            assert (tmp_path / "secrets" / f"{made}.pem").exists()

    def test_a_revoked_gateway_may_have_a_new_certificate_and_the_old_one_stays_revoked(
        self, tmp_path: Path
    ) -> None:
        file = tmp_path / "secrets" / f"{stem(PRESS)}.pem"
        serials = []
        for arguments in (["--gateway", PRESS], ["--revoke", PRESS, "--gateway", PRESS], ["--gateway", PAINT]):
            assert main(["--folder", str(tmp_path), *arguments]) == 0
            serials.append(x509.load_pem_x509_certificate(file.read_bytes()).serial_number)
        listed = x509.load_pem_x509_crl((tmp_path / "secrets" / "revoked.pem").read_bytes())
        assert [one.serial_number for one in listed] == [serials[0]]
        assert serials[1] == serials[2] != serials[0]

    def test_what_was_never_made_cannot_be_revoked(self, tmp_path: Path) -> None:
        assert main(["--folder", str(tmp_path), "--revoke", PRESS]) == 2

    def test_others_cannot_reach_the_secrets(self, folder: Path) -> None:
        assert (folder / "secrets").stat().st_mode & 0o077 == 0
        assert (folder / "authority" / "ca.key").stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize(
        "name",
        [
            "leafproof-backend",
            "a/b/c",
            f"{OPERATOR}/{FACILITY}/+",
            f"{OPERATOR}/{FACILITY}/a/b",
            f"{OPERATOR}/#/a",
            f"{OPERATOR}/{FACILITY}/%u",
            f"{OPERATOR}/{FACILITY}/" + "n" * 37,
            "",
        ],
    )
    def test_a_name_that_the_access_list_cannot_bear_is_refused(
        self, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["--folder", str(tmp_path), "--gateway", name]) == 2
        assert "gateway" in capsys.readouterr().err

    def test_the_brokers_files_are_the_template_that_the_embedded_broker_uses(self, folder: Path) -> None:
        from pathlib import PurePosixPath as Inside

        secrets = Inside("/run/secrets")
        tls = TlsFiles(secrets / "ca.pem", secrets / "broker.pem", secrets / "broker.key")
        security = BrokerSecurity(tls, Inside("/mosquitto/config/acl"), secrets / "revoked.pem", 8884)
        settings = MosquittoSettings("0.0.0.0", 8883, Inside("/mosquitto/data"), "mosquitto", security)
        assert (folder / "generated" / "mosquitto.conf").read_text() == render_config(settings)
        assert (folder / "generated" / "acl").read_text() == render_acl()
