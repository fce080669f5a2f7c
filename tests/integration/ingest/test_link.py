"""The connection to a broker with TLS: what is no frame is dropped, and all else comes, is answered, and stays."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.embedded.broker import BrokerKind, EmbeddedBroker, find_mosquitto
from backend.embedded.mosquitto import BACKEND_USER, BrokerSecurity, TlsFiles, render_acl
from backend.ingest.intake import Intake, Received
from backend.ingest.judge import frames_filter
from backend.ingest.link import Link
from backend.ingest.sieve import TOPIC_SAMPLES
from backend.settings import Settings
from deploy.pki import Authority
from leafproof.frame import encode_message
from tests.support.mqtt import MqttClient
from tests.support.require import need
from tests.support.waiting import eventually

GATEWAY = "4012345000009/4012345000023/press"
TOPIC = f"leafproof/v1/0/{GATEWAY}/frames"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    authority = Authority.create("authority")
    authority.save(tmp_path / "ca.key", tmp_path / "ca.pem")
    issued = {
        "broker": authority.server(["127.0.0.1"]),
        "backend": authority.backend(),
        "gateway": authority.gateway(GATEWAY),
    }
    for name, (certificate, key) in issued.items():
        (tmp_path / f"{name}.pem").write_bytes(certificate)
        (tmp_path / f"{name}.key").write_bytes(key)
    (tmp_path / "acl").write_text(render_acl(BACKEND_USER))
    (tmp_path / "acl").chmod(0o600)
    return tmp_path


@pytest.fixture
def broker(folder: Path) -> Iterator[EmbeddedBroker]:
    need(find_mosquitto() is not None, "mosquitto is not installed")
    tls = TlsFiles(folder / "ca.pem", folder / "broker.pem", folder / "broker.key")
    security = BrokerSecurity(tls, folder / "acl")
    with EmbeddedBroker(folder / "mosquitto", kind=BrokerKind.MOSQUITTO, security=security) as started:
        yield started


def link_to(broker: EmbeddedBroker, folder: Path, intake: Intake) -> Link:
    settings = Settings(
        mqtt_port=broker.port,
        mqtt_tls=True,
        mqtt_ca=folder / "ca.pem",
        mqtt_certificate=folder / "backend.pem",
        mqtt_key=folder / "backend.key",
    )
    return Link(settings, "ingest", [frames_filter(0)], intake)


def take(intake: Intake, count: int) -> list[Received]:
    """Exactly so many, and a look whether there are more."""
    taken: list[Received] = []
    eventually(lambda: not taken.extend(intake.take(100, 0.1)) and len(taken) >= count, f"{count} messages")
    return taken + intake.take(100, 0.5)


def test_a_flood_over_tls_is_dropped_and_the_frames_come_in_order(broker: EmbeddedBroker, folder: Path) -> None:
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.load_cert_chain(folder / "gateway.pem", folder / "gateway.key")
    frames = [encode_message(bytes([number]) * 450, bytes(number * 300)) for number in range(100)]
    intake = Intake()
    link = link_to(broker, folder, intake)
    link.start()
    with MqttClient(broker.host, broker.port, "press", tls=context) as gateway:
        eventually(lambda: link.trouble is None, "a connection")
        for frame in frames:
            for _ in range(20):
                gateway.paho.publish(TOPIC, b"garbage" * 100, qos=1)
            gateway.paho.publish(TOPIC, frame, qos=1)
        came = take(intake, len(frames) + TOPIC_SAMPLES)
    assert [one.message.payload for one in came if not one.message.payload.startswith(b"garbage")] == frames
    (dropped,) = link.sieve.take()
    assert dropped.messages == 20 * len(frames) - TOPIC_SAMPLES == 20 * len(frames) + len(frames) - len(came)
    for one in came[:-5]:
        link.done([one])
    last = [one.message.payload for one in came[-5:]]
    eventually(lambda: left_at_the_broker(link, intake, last) == last, "only what has no PUBACK comes again")
    link.stop()


def left_at_the_broker(link: Link, intake: Intake, unanswered: list[bytes]) -> list[bytes]:
    """What it sends again over a new connection; all but `unanswered` is answered anew, for a PUBACK that was not
    out when the connection ended is lost."""
    link.stop()
    link.start()
    eventually(lambda: link.trouble is None, "a connection again")
    found = intake.take(10_000, 2.0)
    while more := intake.take(10_000, 0.5):
        found += more
    for one in found:
        if one.message.payload not in unanswered:
            link.done([one])
    return [one.message.payload for one in found]
