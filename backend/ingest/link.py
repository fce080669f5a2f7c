"""The connection to the broker: persistent session, QoS 1, PUBACK by hand, reconnecting by itself.

MQTT 5 first, and 3.1.1 where the broker has no more: some answer so, others (amqtt) do not answer at all.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from backend.errors import SettingsError
from backend.ingest.intake import Intake, Received
from backend.ingest.mqtt_client import PlainClient
from backend.ingest.schemas import Message
from backend.ingest.sieve import Sieve, SievedSocket
from backend.settings import Settings

KEEP_ALIVE = 30  # seconds; a silent broker is noticed after one and a half of it
SESSION_SECONDS = 86_400  # how long the broker keeps what it has for us; the gateways keep it all anyway
# Messages without a PUBACK: several groups of the committer, and what a flood sends while a group is committed.
RECEIVE_MAXIMUM = 10_000
MAX_PACKET = 1 << 20  # what is above a frame's size is refused with a reason; above this the broker keeps it
MAX_ANSWERS = 10_000  # acknowledgements that wait for the broker; one that is dropped is sent again when asked
FIRST_PAUSE, LAST_PAUSE = 1, 30  # seconds between attempts to connect
ANSWER_SECONDS = 5.0  # for CONNACK, before the other version is tried
V5, V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
_UNSUPPORTED = "Unsupported protocol version"
_log = structlog.get_logger(__name__)


class Link:
    """Fills `intake` with what comes for `filters`, without what `sieve` drops. `start`, `stop` and `look` are for
    one thread.

    Before each attempt to connect it asks `allowed`: two processes of one session would push each other out."""

    def __init__(
        self,
        settings: Settings,
        client_id: str,
        filters: Sequence[str],
        intake: Intake,
        allowed: Callable[[], bool] | None = None,
    ) -> None:
        """Raises `SettingsError` for certificates that cannot be used."""
        self._settings = settings
        self._client_id = client_id
        self._filters = [(name, 1) for name in filters]
        self._intake = intake
        self._allowed = allowed
        self.sieve = Sieve()
        self._tls = _tls_context(settings) if settings.mqtt_tls else None
        self._guard = threading.Lock()
        self._connection = 0
        self._connected = False
        self._protocol = V5
        self._opened: float | None = None  # when a connection was opened that has no CONNACK yet
        self._refusal: str | None = None
        self._client: PlainClient | None = None

    @property
    def connections(self) -> int:
        """Changes with every connection and every loss of one."""
        return self._connection

    @property
    def trouble(self) -> str | None:
        """Why there is no connection; None when there is one."""
        if self._connected:
            return None
        where = f"{self._settings.mqtt_host}:{self._settings.mqtt_port}"
        return f"not connected to the broker at {where}" + (f": {self._refusal}" if self._refusal else "")

    def start(self) -> None:
        """Begin to connect, and go on trying; returns at once."""
        client = self._client = self._new_client()
        if self._protocol is V5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_SECONDS
            properties.ReceiveMaximum = RECEIVE_MAXIMUM
            properties.MaximumPacketSize = MAX_PACKET
            extra: dict[str, Any] = {"clean_start": False, "properties": properties}
        else:
            extra = {}
        self._opened = None
        client.connect_async(self._settings.mqtt_host, self._settings.mqtt_port, KEEP_ALIVE, **extra)
        client.loop_start()

    def stop(self) -> None:
        """Disconnect; the session stays with the broker."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def look(self) -> None:
        """To be called now and then: tries the other version where the broker does not answer this one."""
        opened = self._opened
        if opened is not None and time.monotonic() - opened > ANSWER_SECONDS:
            self.stop()
            self._protocol = V311 if self._protocol is V5 else V5
            _log.info("the broker does not answer, trying the other version", mqtt=self._protocol.name)
            self.start()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send with QoS 1, now or when connected again; never waits."""
        if self._client is not None:
            self._client.publish(topic, payload, qos=1, retain=retain)

    def done(self, group: Sequence[Received]) -> None:
        """PUBACK these in their order, but those that came over an earlier connection: they come again."""
        with self._guard:
            if self._client is not None:
                now = self._connection
                self._client.ack_all([one.mid for one in group if one.connection == now and one.qos])

    def _new_client(self) -> PlainClient:
        client = _SievedClient(
            CallbackAPIVersion.VERSION2,
            sieve=self.sieve,
            client_id=self._client_id,
            clean_session=False if self._protocol is V311 else None,
            protocol=self._protocol,
            manual_ack=True,
        )
        client.reconnect_delay_set(FIRST_PAUSE, LAST_PAUSE)
        client.max_inflight_messages_set(RECEIVE_MAXIMUM)
        client.max_queued_messages_set(MAX_ANSWERS)
        if self._settings.mqtt_username is not None:
            password = self._settings.mqtt_password
            client.username_pw_set(self._settings.mqtt_username, password.get_secret_value() if password else None)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        client.on_pre_connect = self._on_pre_connect
        client.on_socket_open = self._on_open
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_plain = self._take
        return client

    def _on_pre_connect(self, _client: Client, _data: Any) -> None:
        if self._allowed is not None and not self._allowed():
            self._refusal = "the session belongs to another process now"
            raise ConnectionAbortedError(self._refusal)  # paho takes an OSError for a failed attempt

    def _on_open(self, _client: Client, _data: Any, _socket: Any) -> None:
        self._opened = time.monotonic()

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _properties: Any
    ) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
            # Where this version is unknown, `look` turns to the other one without waiting longer.
            self._opened = -ANSWER_SECONDS if str(reason) == _UNSUPPORTED else None
            return
        self._opened = self._refusal = None
        with self._guard:
            self._connection += 1
        client.subscribe(self._filters)

    def _on_subscribe(
        self, _client: Client, _data: Any, _mid: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            self._refusal = f"the broker refuses the subscription: {refused[0]}"
            return
        self._connected = True
        _log.info("connected to the broker", mqtt=self._protocol.name)

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, reason: ReasonCode, _properties: Any
    ) -> None:
        with self._guard:
            self._connection += 1
        if self._connected:
            _log.warning("the connection to the broker ended", reason=str(reason))
        self._connected = False

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""  # refused with the rest of what is not a topic of frames
        self._take(topic, bytes(message.payload), message.mid, message.qos)

    def _take(self, topic: str, payload: bytes, mid: int, qos: int = 1) -> None:
        message = Message(topic, payload, int(time.time()))
        self._intake.put(Received(message, mid, qos, self._connection))


class _SievedClient(PlainClient):
    """A client on a socket that drops what is no frame; for websockets paho wraps its socket likewise."""

    def __init__(self, *arguments: Any, sieve: Sieve, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._sieve = sieve

    def _create_socket(self) -> SievedSocket:
        made = super()._create_socket()
        assert isinstance(made, socket.socket)
        return SievedSocket(made, self._sieve, properties=self.protocol == V5)

    def want_write(self) -> bool:
        """Also while the sieved socket has something that the broker did not take."""
        return super().want_write() or (isinstance(self._sock, SievedSocket) and self._sock.unsent > 0)

    def loop_write(self) -> MQTTErrorCode:
        if isinstance(self._sock, SievedSocket):
            with suppress(OSError):  # a broken connection is noticed where paho reads next
                self._sock.flush()
        return super().loop_write()


def _tls_context(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.mqtt_ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.mqtt_certificate is not None:
            context.load_cert_chain(settings.mqtt_certificate, settings.mqtt_key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"mqtt_ca, mqtt_certificate, mqtt_key: cannot be used ({error})") from None
    return context
