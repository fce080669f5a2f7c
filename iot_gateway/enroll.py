"""Setting up a gateway: its key, its configuration, and what its operator registers on chain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from iot_gateway import keyfile, template
from iot_gateway.config import Config, load, log_key
from leafproof.chain.possession import Claim, prove
from leafproof.chain.view import Role
from leafproof.errors import InvalidInput
from leafproof.keys import EDDSA, ES256, SigningKey

CONFIG_NAME, KEY_NAME = "gateway.toml", "gateway.key"
Algorithm = Literal["ES256", "EdDSA"]


def set_up(
    folder: Path, values: template.Values, algorithm: Algorithm, registry: str | None, operator: str | None
) -> dict[str, Any]:
    """Make key and configuration in `folder`; what is public about them, for the registration.

    With the addresses of key registry and operator it includes the proof of possession. Raises `InvalidInput`
    where a value is wrong or a file exists; nothing is written then.
    """
    if (registry is None) != (operator is None):
        raise InvalidInput("--registry", "goes together with --operator-address")
    if (values.server is None) != (values.trust is None) or (values.rpc is not None and values.server is None):
        raise InvalidInput("--server", "goes together with --trust; --rpc with both")
    registry_address = _address(registry, "--registry")
    operator_address = _address(operator, "--operator-address")
    key = SigningKey.generate(EDDSA if algorithm == "EdDSA" else ES256)
    config = _write(folder, values, key)
    result: dict[str, Any] = {
        "config": str(folder / CONFIG_NAME),
        "key_file": str(config.gateway.key),
        "algorithm": algorithm,
        "key_id": key.public.key_id.hex(),
        "cose_key": key.public.cose.hex(),
        "issuer": config.issuer,
    }
    if registry_address is not None and operator_address is not None:
        result["possession"] = _possession(config, key, registry_address, operator_address)
    return result


def in_words(result: dict[str, Any]) -> str:
    """The same for a person."""
    lines = [
        f"Configuration: {result['config']}",
        f"Private key:   {result['key_file']} (keep it here; it is nowhere else)",
        f"Key id:        {result['key_id']}",
        f"Public key to be registered ({result['algorithm']}, COSE): {result['cose_key']}",
    ]
    if "possession" in result:
        lines.append(f"Proof of possession: {result['possession']['proof']}")
    lines.append(f"Next: leafproof gateway check --config {result['config']}")
    return "\n".join(lines)


def _address(text: str | None, option: str) -> bytes | None:
    if text is None:
        return None
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", text):
        raise InvalidInput(option, "not an address: 0x and 40 hexadecimal digits")
    return bytes.fromhex(text[2:])


def _write(folder: Path, values: template.Values, key: SigningKey) -> Config:
    """Write both files, or neither."""
    path = folder / CONFIG_NAME
    for existing in (path, folder / KEY_NAME):
        if existing.exists():
            raise InvalidInput(str(existing), "exists already; nothing was changed")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(template.render(values))
    except OSError as error:
        raise InvalidInput(str(path), f"cannot be written: {error.strerror}") from error
    try:
        config = load(path)
        log_key(config.log)
        keyfile.create(config.gateway.key, key)
    except BaseException:
        path.unlink()
        raise
    return config


def _possession(config: Config, key: SigningKey, registry: bytes, operator: bytes) -> dict[str, Any]:
    log = config.log_ref
    claim = Claim(log.chain_id, registry, operator, Role.GATEWAY, log.log_id, config.issuer)
    return {
        "chain_id": log.chain_id,
        "registry": f"0x{registry.hex()}",
        "operator": f"0x{operator.hex()}",
        "role": int(Role.GATEWAY),
        "log_id": f"0x{log.log_id.hex()}",
        "issuer": config.issuer,
        "proof": f"0x{prove(key, claim).hex()}",
    }
