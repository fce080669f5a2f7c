"""The gateway's one TOML file, read strictly: an unknown key is an error that names it.

Relative paths resolve against the file's folder. `docs/howto/gateway.md` explains every key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from iot_gateway.sources.settings import SourceSettings
from leafproof import frame, values
from leafproof.envelope import LogRef
from leafproof.errors import InvalidInput, Malformed
from leafproof.keys import PublicKey

MAX_CONFIG = 1 << 20
_HEX = "0123456789abcdef"

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=86400)]


class GatewaySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who this gateway is; `heartbeat` is in seconds and matches the metering plan."""

    name: str
    operator: str
    facility: str
    partition: Annotated[int, msgspec.Meta(ge=0, lt=1 << 16)] = 0
    data: Path
    key: Path
    heartbeat: Seconds = 900.0


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The one log that this gateway writes to, and the key with which it acknowledges."""

    chain_id: Annotated[int, msgspec.Meta(ge=1, le=(1 << 63) - 1)]
    contract: str
    log_id: str
    public_key: str | None = None
    public_key_file: Path | None = None


class BrokerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How to reach the broker. `in_flight`: messages without PUBACK at one time; `resend`: seconds without an
    acknowledgement by the log after which frames are sent again."""

    host: str
    port: Port = 1883
    tls: bool = False
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    in_flight: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20
    resend: Seconds = 30.0


class WitnessSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the gateway looks whether the anchored head holds its frames: the log's server, and a node of the
    chain that the trust file names (its first, where no other is given). `seconds` lie between two looks."""

    server: str
    trust: Path
    rpc: str | None = None
    rpc_file: Path | None = None  # a node's address may hold a provider's token
    seconds: Seconds = 60.0


class FrameSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a frame is closed: at so many readings, or so many seconds after its first one."""

    readings: Annotated[int, msgspec.Meta(ge=1, le=frame.MAX_READINGS)] = frame.MAX_READINGS
    seconds: Seconds = 60.0


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    gateway: GatewaySettings
    log: LogSettings
    broker: BrokerSettings
    frame: FrameSettings = FrameSettings()
    witness: WitnessSettings | None = None
    source: Annotated[tuple[SourceSettings, ...], msgspec.Meta(min_length=1, max_length=64)]

    @property
    def facility(self) -> values.Gln:
        """The facility's location number."""
        return values.Gln.parse(self.gateway.facility, "gateway.facility")

    @property
    def issuer(self) -> str:
        """The gateway as issuer of its frames."""
        return values.gateway_uri(values.Gln.parse(self.gateway.operator, "gateway.operator"), self.gateway.name)

    @property
    def log_ref(self) -> LogRef:
        """The log as statements name it."""
        return LogRef(
            self.log.chain_id,
            _hex(self.log.contract, "log.contract", 20),
            _hex(self.log.log_id, "log.log_id", 32),
        )

    def topic(self, leaf: str) -> str:
        """This gateway's own topic (docs/data-path.md): `leaf` is frames, ack or status."""
        own = self.gateway
        return f"leafproof/v1/{own.partition}/{own.operator}/{own.facility}/{own.name}/{leaf}"

    @property
    def client_id(self) -> str:
        """As the broker knows it: two operators may call their gateways alike."""
        own = self.gateway
        return f"{own.operator}/{own.facility}/{own.name}"

    @property
    def beacon_topic(self) -> str:
        """Where the log's newest anchored head is retained."""
        return f"leafproof/v1/{self.gateway.partition}/beacon"


def load(path: Path) -> Config:
    """Read and check the file; raises `InvalidInput` naming the key at fault. Opens no other file."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InvalidInput(str(path), f"cannot be read: {error.strerror}") from error
    if len(text) > MAX_CONFIG:
        raise InvalidInput(str(path), f"longer than {MAX_CONFIG} bytes")
    folder = path.absolute().parent
    try:
        config = msgspec.toml.decode(text, type=Config, dec_hook=lambda kind, value: _path(kind, value, folder))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidInput(str(path), str(error)) from error
    _check(config)
    return config


def _path(kind: type, value: object, folder: Path) -> Path:
    if kind is Path and isinstance(value, str) and value:
        return folder / value
    raise ValueError("Expected a path")


def _check(config: Config) -> None:
    values.point_name(config.gateway.name, "gateway.name")
    values.Gln.parse(config.gateway.operator, "gateway.operator")
    values.Gln.parse(config.gateway.facility, "gateway.facility")
    config.log_ref  # noqa: B018 - raises for a bad contract or log id
    if (config.log.public_key is None) == (config.log.public_key_file is None):
        raise InvalidInput("log", "give one of public_key and public_key_file")
    broker = config.broker
    if (broker.certificate is None) != (broker.key is None):
        raise InvalidInput("broker", "certificate and key go together")
    if not broker.tls and (broker.ca or broker.certificate):
        raise InvalidInput("broker.tls", "certificates are given, but tls is false")
    if broker.password_file and broker.username is None:
        raise InvalidInput("broker.username", "a password file is given without a user name")
    witness = config.witness
    if witness is not None and witness.rpc is not None and witness.rpc_file is not None:
        raise InvalidInput("witness", "give one of rpc and rpc_file, or none")
    names = [source.name for source in config.source]
    points = [point.point for source in config.source for point in source.points]
    for what, given in (("source.name", names), ("source.points.point", points)):
        twice = sorted({name for name in given if given.count(name) > 1})
        if twice:
            raise InvalidInput(what, f"{twice[0]!r} is given twice")
    for source in config.source:
        values.point_name(source.name, "source.name")
        source.check()


def _hex(text: str, field: str, size: int) -> bytes:
    digits = text.removeprefix("0x").lower()
    if len(digits) != 2 * size or set(digits) - set(_HEX):
        raise InvalidInput(field, f"not {size} bytes in hexadecimal")
    return bytes.fromhex(digits)


def log_key(settings: LogSettings) -> PublicKey:
    """The log's verification key, from the COSE key in hexadecimal or a PEM file; raises `InvalidInput`."""
    if settings.public_key is not None:
        digits = settings.public_key.removeprefix("0x").lower()
        if not digits or len(digits) % 2 or set(digits) - set(_HEX):
            raise InvalidInput("log.public_key", "not a COSE key in hexadecimal")
        try:
            return PublicKey.from_cose(bytes.fromhex(digits))
        except Malformed as error:
            raise InvalidInput("log.public_key", error.reason) from error
    assert settings.public_key_file is not None  # `load` has checked that one is given
    try:
        key = serialization.load_pem_public_key(settings.public_key_file.read_bytes())
    except OSError as error:
        raise InvalidInput("log.public_key_file", f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InvalidInput("log.public_key_file", "not a public key in PEM") from error
    if not isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        raise InvalidInput("log.public_key_file", "neither P-256 nor Ed25519")
    if isinstance(key, ec.EllipticCurvePublicKey) and not isinstance(key.curve, ec.SECP256R1):
        raise InvalidInput("log.public_key_file", "neither P-256 nor Ed25519")
    return PublicKey.of(key)
