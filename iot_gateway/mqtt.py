"""One MQTT connection, set up as the gateway's must be: its own client for each attempt, so that nothing but the
outbox remembers what is to be sent."""

from __future__ import annotations

import ssl
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from iot_gateway.config import BrokerSettings
from leafproof.errors import InvalidInput

KEEP_ALIVE = 30  # seconds; a silent broker is noticed after one and a half of it
CONNECT_TIMEOUT = 5.0
# How long a broker keeps what it has for a gateway that is away: acknowledgements, which are also sent again.
_SESSION_SECONDS = 86_400
_MAX_PACKET = 8192  # an acknowledgement or a beacon, at most 1 KiB, with its topic
_MAX_PASSWORD = 1024

V5, V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
PROTOCOL_NAMES = {V5: "MQTT 5", V311: "MQTT 3.1.1"}


def new_client(
    settings: BrokerSettings, client_id: str, protocol: MQTTProtocolVersion, *, lasting: bool = True
) -> Client:
    """A client, not connected yet; the broker keeps the session of a `lasting` one.

    Raises `InvalidInput` naming the file that cannot be used.
    """
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=not lasting if protocol == V311 else None,
        protocol=protocol,
        reconnect_on_failure=False,
    )
    client.connect_timeout = CONNECT_TIMEOUT
    client.max_inflight_messages = 0  # the publisher keeps its own window
    if settings.username is not None:
        client.username_pw_set(settings.username, _password(settings))
    if settings.tls:
        client.tls_set_context(tls_context(settings))
    return client


def connect(client: Client, settings: BrokerSettings, *, lasting: bool = True) -> None:
    """Open the connection (TCP and TLS; CONNACK comes later); raises `OSError`, which `ssl.SSLError` is too."""
    if client.protocol == V5:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _SESSION_SECONDS if lasting else 0
        properties.MaximumPacketSize = _MAX_PACKET
        extra: dict[str, Any] = {"clean_start": not lasting, "properties": properties}
    else:
        extra = {}
    result = client.connect(settings.host, settings.port, keepalive=KEEP_ALIVE, **extra)
    if result != MQTTErrorCode.MQTT_ERR_SUCCESS:
        raise OSError(f"no connection ({result.name})")


def tls_context(settings: BrokerSettings) -> ssl.SSLContext:
    """What the broker must show, and what it is shown; raises `InvalidInput` naming the file at fault."""
    try:
        context = ssl.create_default_context(cafile=settings.ca)
    except OSError as error:
        raise InvalidInput("broker.ca", f"{settings.ca} is no readable certificate in PEM ({error})") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.certificate is not None:
        try:
            context.load_cert_chain(settings.certificate, settings.key)
        except OSError as error:
            raise InvalidInput("broker.certificate", f"certificate and key cannot be used ({error})") from error
    return context


def _password(settings: BrokerSettings) -> str | None:
    if settings.password_file is None:
        return None
    try:
        text = settings.password_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("broker.password_file", f"{settings.password_file} cannot be read") from error
    password = text.rstrip("\r\n")
    if not password or len(password) > _MAX_PASSWORD:
        raise InvalidInput("broker.password_file", f"{settings.password_file} holds no password")
    return password
