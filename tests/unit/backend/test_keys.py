"""The log's key files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.errors import SettingsError
from backend.log.keys import log_id, log_key
from leafproof.keys import ES256, SigningKey

ID = b"\x07" * 32


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    with ThreadPoolExecutor(8) as pool:
        keys = {k.public.key_id for k in pool.map(lambda _: log_key(folder, ID), range(16))}
    assert keys == {log_key(folder, ID).public.key_id}
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_each_log_has_a_key_of_its_own(tmp_path: Path) -> None:
    assert log_key(tmp_path, ID).public.key_id != log_key(tmp_path, b"\x08" * 32).public.key_id


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    log_key(tmp_path, ID)
    (file,) = tmp_path.iterdir()
    file.chmod(0o640)
    with pytest.raises(SettingsError, match="can be read by others"):
        log_key(tmp_path, ID)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----\n"])
def test_a_broken_key_file_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    log_key(tmp_path, ID)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=file.name):
        log_key(tmp_path, ID)
    assert file.read_bytes() == content


def test_a_key_that_cannot_sign_checkpoints_is_refused(tmp_path: Path) -> None:
    log_key(tmp_path, ID)
    (file,) = tmp_path.iterdir()
    file.write_bytes(SigningKey.generate(ES256).pem())
    with pytest.raises(SettingsError, match="not an Ed25519 key"):
        log_key(tmp_path, ID)


def test_a_logs_id_is_what_the_contract_computes() -> None:
    # keccak256(abi.encode(0x00..01, "main")): head and tail by the ABI's rules, hashed by hand.
    from eth_hash.auto import keccak

    owner = b"\0" * 19 + b"\x01"
    encoded = (
        owner.rjust(32, b"\0") + (64).to_bytes(32, "big") + (4).to_bytes(32, "big") + b"main".ljust(32, b"\0")
    )
    assert log_id(owner, "main") == keccak(encoded)
