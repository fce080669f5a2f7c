"""Settings: environment variables `LEAFPROOF_*`, and below them one TOML file (`--config`, `LEAFPROOF_CONFIG`).

A setting named `port` is `LEAFPROOF_PORT` in the environment and `port` in the file; the environment wins. A
secret may stand in a file of its own, as orchestrators hand them out: `LEAFPROOF_MQTT_PASSWORD_FILE` instead of
`LEAFPROOF_MQTT_PASSWORD`. What is missing or wrong is said in one sentence that names the setting; no value of
a secret is ever printed.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, StringConstraints, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from backend.errors import SettingsError
from leafproof.client.http import address
from leafproof.errors import LeafproofError
from leafproof.note import COSIGNATURE, Verifier
from leafproof.trust import Trust

PREFIX = "LEAFPROOF_"
MAX_FILE = 1 << 20  # bytes read of any file that a setting names
_SECRETS = ("database_url", "mqtt_password", "rpc_url")
Port = Annotated[int, Field(ge=1, le=65535)]
Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$")]


class Settings(BaseSettings):
    """All settings of the backend. Durations are in seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True)

    data: Path = Field(default=Path("var"), description="folder of the database, the keys and the embedded parts")
    database_url: SecretStr | None = Field(default=None, description="default: sqlite in the data folder")
    database_url_file: Path | None = None
    keys: Path | None = Field(
        default=None, description="folder of private keys; default: `keys` in the data folder"
    )

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: Port = 8080
    public_url: str = Field(default="", description="how readers reach this server; default: http://host:port")
    notice: str = Field(default="", max_length=500, description="a sentence that stands on every page")
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")

    trust_file: Path | None = Field(default=None, description="chain, contracts and their code hashes")
    rpc_url: SecretStr | None = Field(default=None, description="EVM node, http(s); may hold a provider's token")
    rpc_url_file: Path | None = None
    log_name: str = Field(
        default="main", min_length=1, max_length=60, description="name under which the log was opened"
    )
    log_owner: Address | None = Field(default=None, description="account that opened the log on chain")
    partitions: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**31)], ...], NoDecode] = Field(
        default=(0,), min_length=1, max_length=1024
    )
    ingest: bool = Field(
        default=True, description="whether `serve` takes frames too; false where `leafproof backend ingest` does"
    )
    anchor_seconds: Annotated[int, Field(ge=1)] = Field(default=60, description="anchor at least this often")
    anchor_entries: Annotated[int, Field(ge=1)] = Field(
        default=10_000, description="and after this many new entries"
    )

    witnesses: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), max_length=16, description="who is asked to cosign: each `<vkey> <submission prefix>`"
    )

    mqtt_host: str = "127.0.0.1"
    mqtt_port: Port = 1883
    mqtt_tls: bool = False
    mqtt_ca: Path | None = Field(default=None, description="CA certificates; default: the system's")
    mqtt_certificate: Path | None = None
    mqtt_key: Path | None = None
    mqtt_username: str | None = None
    mqtt_password: SecretStr | None = None
    mqtt_password_file: Path | None = None

    @field_validator("partitions", "witnesses", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return value.split(",") if isinstance(value, str) else value  # the environment's form: 0,1,2

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        if len(set(self.partitions)) != len(self.partitions):
            raise SettingsError("partitions: one is named twice")
        if (self.mqtt_certificate is None) != (self.mqtt_key is None):
            raise SettingsError("mqtt_certificate: it and mqtt_key are given together or not at all")
        if self.mqtt_certificate is not None and not self.mqtt_tls:
            raise SettingsError("mqtt_tls: a client certificate is given, but TLS is off")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then what `load` read from the TOML file; nothing else."""
        return env_settings, init_settings

    @property
    def database(self) -> str:
        """The database's URL; with its password, so never print it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data.absolute()}/leafproof.db"

    @property
    def keys_folder(self) -> Path:
        """Where private keys are."""
        return self.keys if self.keys is not None else self.data / "keys"

    @property
    def url(self) -> str:
        """The public URL without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def trust(self) -> Trust:
        """The trust file, read. Raises `SettingsError`."""
        if self.trust_file is None:
            raise SettingsError("trust_file: not set; `leafproof backend serve` needs the chain's trust file")
        try:
            return Trust.decode(_read(self.trust_file, "trust_file"))
        except LeafproofError as error:
            raise SettingsError(f"trust_file: {error}") from error

    def owner(self) -> bytes:
        """The log owner's address, 20 bytes. Raises `SettingsError`."""
        if self.log_owner is None:
            raise SettingsError("log_owner: not set; it is the account that opened the log on chain")
        return bytes.fromhex(self.log_owner[2:])

    def cosigners(self) -> list[tuple[Verifier, str]]:
        """The witnesses' keys and submission prefixes (C2SP tlog-witness). Raises `SettingsError`."""
        found: list[tuple[Verifier, str]] = []
        for one in self.witnesses:
            vkey, _, url = one.strip().partition(" ")
            try:
                found.append((Verifier.parse(vkey), str(address(url.strip(), "address")).rstrip("/")))
            except LeafproofError as error:
                raise SettingsError(f"witnesses: {one.strip()[:80]!r}: {error}") from error
        if any(key.kind != COSIGNATURE for key, _ in found) or len({key.raw for key, _ in found}) != len(found):
            raise SettingsError("witnesses: not each a cosigner's key of its own")
        return found

    def name_of_log(self, partition: int) -> str:
        """The name of a partition's log on chain: partition 0 has the plain one."""
        return self.log_name if partition == 0 else f"{self.log_name}-{partition}"


def load(config: Path | None = None) -> Settings:
    """The settings of this process. Raises `SettingsError`."""
    if config is None and os.environ.get(f"{PREFIX}CONFIG"):
        config = Path(os.environ[f"{PREFIX}CONFIG"])
    try:
        settings = Settings(**_toml(config)) if config else Settings()
        return settings.model_copy(update=_secrets(settings))
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read(path, "config").decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"config: {path} is not a TOML file ({error})") from None


def _read(path: Path, setting: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise SettingsError(f"{setting}: {path} cannot be read ({error.strerror})") from None
    if len(data) > MAX_FILE:
        raise SettingsError(f"{setting}: {path} is larger than {MAX_FILE} bytes")
    return data


def _secrets(settings: Settings) -> dict[str, SecretStr]:
    found: dict[str, SecretStr] = {}
    for name in _SECRETS:
        path: Path | None = getattr(settings, f"{name}_file")
        if path is None:
            continue
        if getattr(settings, name) is not None:
            raise SettingsError(f"{name}: given both itself and as {name}_file")
        try:
            found[name] = SecretStr(_read(path, f"{name}_file").decode("utf-8").strip())
        except UnicodeDecodeError:
            raise SettingsError(f"{name}_file: {path} is not text") from None
    return found


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    name = ".".join(str(part) for part in first["loc"]) or "settings"
    if first["type"] == "extra_forbidden":
        return f"{name}: there is no such setting"
    return f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}"
