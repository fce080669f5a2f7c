"""The embedded brokers carry messages, survive kills, and end when told."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from backend.embedded.broker import BrokerKind, EmbeddedBroker, find_mosquitto
from backend.embedded.errors import PartMissing
from backend.embedded.mosquitto import BrokerSecurity, MosquittoSettings, TlsFiles, render_config
from leafproof.errors import InvalidInput
from tests.support.mqtt import MqttClient
from tests.support.ports import accepts
from tests.support.processes import alive
from tests.support.proxy import FaultProxy
from tests.support.require import need
from tests.support.waiting import eventually


class TestCarrying:
    def test_mosquitto_carries_with_both_protocol_versions(self, broker: EmbeddedBroker) -> None:
        assert (broker.kind, broker.protocols) == (BrokerKind.MOSQUITTO, (5, 4))
        with (
            MqttClient(broker.host, broker.port, "carry-5") as newer,
            MqttClient(broker.host, broker.port, "carry-4", protocol=4) as older,
        ):
            newer.subscribe("carry/#")
            older.publish("carry/one", b"from 3.1.1")
            assert newer.wait_for(1) == [("carry/one", b"from 3.1.1")]

    def test_amqtt_carries_with_3_1_1(self, amqtt_broker: EmbeddedBroker) -> None:
        assert (amqtt_broker.kind, amqtt_broker.protocols) == (BrokerKind.AMQTT, (4,))
        with MqttClient(amqtt_broker.host, amqtt_broker.port, "carry", protocol=4) as client:
            client.subscribe("carry/#")
            for number in range(50):
                client.publish("carry/it", b"%d" % number)
            assert [payload for _, payload in client.wait_for(50)] == [b"%d" % number for number in range(50)]

    def test_a_day_of_backlog_waits_for_an_absent_reader(self, broker: EmbeddedBroker) -> None:
        with MqttClient(broker.host, broker.port, "absent", persistent=True) as reader:
            reader.subscribe("backlog")
        with MqttClient(broker.host, broker.port, "writer") as writer:
            for number in range(1_500):  # above mosquitto's own limit of 1,000
                last = writer.paho.publish("backlog", b"%d" % number, qos=1)
            eventually(lambda: last.mid in writer.acknowledged, "the last acknowledgement")
        with MqttClient(broker.host, broker.port, "absent", persistent=True) as reader:
            assert [int(payload) for _, payload in reader.wait_for(1_500)] == list(range(1_500))


class TestKill:
    def test_sessions_and_retained_messages_survive(self, tmp_path: Path) -> None:
        need(find_mosquitto() is not None, "mosquitto is not installed")
        with EmbeddedBroker(tmp_path, kind=BrokerKind.MOSQUITTO) as broker:
            with MqttClient(broker.host, broker.port, "sleeper", persistent=True) as sleeper:
                sleeper.subscribe("queue")
            with MqttClient(broker.host, broker.port, "writer") as writer:
                writer.publish("queue", b"kept in the queue")
                writer.publish("beacon", b"kept as retained", retain=True)
            saved = tmp_path / "mosquitto" / "mosquitto.db"
            eventually(
                lambda: saved.exists() and all(w in saved.read_bytes() for w in (b"kept in the", b"kept as")),
                "that the broker saves",
            )
            port = broker.port
            os.kill(broker.pid, signal.SIGKILL)
            eventually(lambda: broker.restarts == 1 and broker.alive, "a restart")
            assert broker.port == port
            with MqttClient(broker.host, broker.port, "sleeper", persistent=True) as sleeper:
                assert sleeper.wait_for(1) == [("queue", b"kept in the queue")]
                sleeper.subscribe("beacon")
                assert sleeper.wait_for(2)[1] == ("beacon", b"kept as retained")

    @pytest.mark.parametrize("kind", list(BrokerKind))
    def test_a_killed_broker_comes_back_and_a_stopped_one_is_gone(self, kind: BrokerKind, tmp_path: Path) -> None:
        need(kind is BrokerKind.AMQTT or find_mosquitto() is not None, "mosquitto is not installed")
        broker = EmbeddedBroker(tmp_path, kind=kind)
        broker.start()
        os.kill(broker.pid, signal.SIGKILL)
        eventually(lambda: broker.restarts == 1 and broker.alive, "a restart")
        running = broker.pid
        broker.stop()
        broker.stop()
        assert not alive(running)
        assert not accepts(broker.host, broker.port)


class TestConfiguration:
    def test_a_value_cannot_break_out_of_its_line(self) -> None:
        settings = MosquittoSettings("127.0.0.1\nallow_anonymous true", 1883, Path("/data"), "mosquitto")
        with pytest.raises(InvalidInput, match="control character"):
            render_config(settings)

    def test_amqtt_refuses_what_it_cannot_protect(self, tmp_path: Path) -> None:
        nothing = tmp_path / "none"
        security = BrokerSecurity(TlsFiles(nothing, nothing, nothing), nothing)
        with pytest.raises(PartMissing, match="need mosquitto"):
            EmbeddedBroker(tmp_path / "broker", kind=BrokerKind.AMQTT, security=security).start()


class TestFaultProxy:
    def test_cut_delay_and_blackhole_do_what_they_say(self, broker: EmbeddedBroker) -> None:
        with FaultProxy((broker.host, broker.port)) as proxy:
            with MqttClient(proxy.host, proxy.port, "behind", persistent=True) as client:
                client.paho.reconnect_delay_set(min_delay=1, max_delay=1)
                client.subscribe("proxied")
                proxy.delay(0.05)
                client.publish("proxied", b"late")
                proxy.blackhole()
                lost = client.paho.publish("proxied", b"swallowed at first", qos=1)
                assert lost.mid not in client.acknowledged
                proxy.heal()
                eventually(lambda: lost.mid in client.acknowledged, "that it is sent again")
                # At least once: what was not acknowledged before the cut may come twice.
                eventually(lambda: ("proxied", b"swallowed at first") in client.received, "its delivery")
                assert client.received[0] == ("proxied", b"late")
                assert proxy.connections == 2
            proxy.cut(refuse=True)
