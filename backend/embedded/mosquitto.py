"""Mosquitto's configuration and access list: one template for the embedded broker, the tests and a deployment.

What the access list says: a gateway, known by the name in its certificate (`operator/facility/gateway`, as in its
topics), publishes its own frames and status, and reads its own acknowledgements, commands and the beacon; the
backend reads what gateways write, and writes what they read; nobody else does anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from leafproof.errors import InvalidInput

TOPIC_ROOT = "leafproof/v1"
BACKEND_USER = "leafproof-backend"

# Mosquitto's own 20 in flight and 1,000 queued throttle a gateway that comes back with a day's backlog, and a
# backend that works off a flood.
MAX_INFLIGHT = 10_000
MAX_QUEUED = 100_000
# A frame of 512 readings is tens of kilobytes; what is far above that is no frame.
MAX_PACKET_SIZE = 1_048_576
# What a kill of the broker may lose of its sessions and retained messages; frames are safe in their outbox.
AUTOSAVE_SECONDS = 1


@dataclass(frozen=True)
class TlsFiles:
    """Paths of the broker's own certificate and key, and of the authority that signs the clients' certificates."""

    authority: PurePath
    certificate: PurePath
    key: PurePath


@dataclass(frozen=True)
class BrokerSecurity:
    """Mutual TLS and the access list that goes with it; `revoked` lists certificates that count no more (a CRL,
    RFC 5280, in PEM; read when the broker starts).

    With `backend_port` the backend has a listener of its own, which gateways must not reach: on theirs the session
    goes by the certificate's name, so that none can take over the session of another, or of an ingest worker."""

    tls: TlsFiles
    acl: PurePath
    revoked: PurePath | None = None
    backend_port: int | None = None


@dataclass(frozen=True)
class MosquittoSettings:
    """Where a mosquitto listens and keeps its data; `user` is the account it runs as when started by root."""

    host: str
    port: int
    data: PurePath
    user: str
    security: BrokerSecurity | None = None


def render_config(settings: MosquittoSettings) -> str:
    """The text of mosquitto.conf; raises `InvalidInput` where a value would break out of its line."""
    lines = [
        "set_tcp_nodelay true",
        *_listeners(settings),
        "persistence true",
        # Mosquitto joins folder and file name without a separator.
        f"persistence_location {settings.data}/",
        f"autosave_interval {AUTOSAVE_SECONDS}",
        f"max_inflight_messages {MAX_INFLIGHT}",
        f"max_queued_messages {MAX_QUEUED}",
        f"max_packet_size {MAX_PACKET_SIZE}",
        f"user {settings.user}",
        "log_dest stdout",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "log_timestamp_format %Y-%m-%dT%H:%M:%S",
    ]
    for line in lines:
        if not line.isprintable():
            raise InvalidInput("mosquitto", f"a value with a control character: {line!r}")
    return "\n".join(lines) + "\n"


def render_acl(backend_user: str = BACKEND_USER) -> str:
    """The text of the access list; `%u` is the name in the client's certificate, whose slashes part levels of the
    topic (mosquitto refuses one with `+` or `#`)."""
    gateway, any_gateway = f"{TOPIC_ROOT}/+/%u", f"{TOPIC_ROOT}/+/+/+/+"
    lines = [
        f"user {backend_user}",
        f"topic read {any_gateway}/frames",
        f"topic read {any_gateway}/status",
        f"topic write {any_gateway}/ack",
        f"topic write {any_gateway}/command",
        f"topic write {TOPIC_ROOT}/+/beacon",
        "",
        f"pattern write {gateway}/frames",
        f"pattern write {gateway}/status",
        f"pattern read {gateway}/ack",
        f"pattern read {gateway}/command",
        f"pattern read {TOPIC_ROOT}/+/beacon",
    ]
    return "\n".join(lines) + "\n"


def _listeners(settings: MosquittoSettings) -> list[str]:
    security, gateways = settings.security, f"listener {settings.port} {settings.host}"
    if security is None:
        return ["allow_anonymous true", gateways]
    lines = ["allow_anonymous false", f"acl_file {security.acl}", gateways, *_tls(security)]
    if security.backend_port is not None:
        lines.append("use_username_as_clientid true")
        lines += [f"listener {security.backend_port} {settings.host}", *_tls(security)]
    return lines


def _tls(security: BrokerSecurity) -> list[str]:
    return [
        f"cafile {security.tls.authority}",
        f"certfile {security.tls.certificate}",
        f"keyfile {security.tls.key}",
        "tls_version tlsv1.2",
        "require_certificate true",
        "use_identity_as_username true",
        *([] if security.revoked is None else [f"crlfile {security.revoked}"]),
    ]
