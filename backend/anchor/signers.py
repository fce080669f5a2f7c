"""Accounts that sign transactions: secp256k1 keys, a file each in the keys folder, readable by its owner alone.

Names: `authority`, `anchor`, `operator-<gln>`. A file holds the private key as 64 hexadecimal digits, which are
never printed.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from backend.errors import SettingsError
from leafproof.errors import InvalidInput

_NAME = re.compile(r"authority|anchor|operator-(?:[0-9]{13}|[0-9A-Z]{18}[0-9]{2})")
_KEY = re.compile(r"[0-9a-f]{64}\n?")
_MAX_FILE = 128


class Signers:
    """The accounts of one keys folder, read when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: dict[str, LocalAccount] = {}

    def get(self, name: str) -> LocalAccount:
        """The account of this name; raises `InvalidInput` for a name of another form, `SettingsError` if there is
        no such file, if others may read it, or if it holds no key."""
        if name not in self._loaded:
            self._loaded[name] = _read(self._path(name))
        return self._loaded[name]

    def get_or_create(self, name: str) -> LocalAccount:
        """The account of this name, with a new random key if there is none yet."""
        if not self._path(name).exists():
            self.store(name, secrets.token_bytes(32))
        return self.get(name)

    def store(self, name: str, key: bytes) -> LocalAccount:
        """Keep a key of 32 bytes under this name; raises `SettingsError` if the name is taken by another key."""
        path = self._path(name)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(key.hex() + "\n")
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(temporary, path)
            except FileExistsError:
                if _read(path).key != key:
                    raise SettingsError(f"keys: {path} holds another key already") from None
        finally:
            temporary.unlink()
        return self.get(name)

    def names(self) -> list[str]:
        """The names under which there are keys."""
        if not self._folder.is_dir():
            return []
        found = (path.name.removesuffix(".key") for path in self._folder.glob("*.key"))
        return sorted(name for name in found if _NAME.fullmatch(name))

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise InvalidInput("signer", f"{name[:40]!r} is not authority, anchor, or operator-<gln or lei>")
        return self._folder / f"{name}.key"


def _read(path: Path) -> LocalAccount:
    try:
        with path.open("r", encoding="ascii") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise SettingsError(f"keys: {path} can be read by others; chmod 600 it, or better, replace it")
            text = file.read(_MAX_FILE)
    except OSError as error:
        raise SettingsError(f"keys: {path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        text = ""
    if not _KEY.fullmatch(text):
        raise SettingsError(f"keys: {path} does not hold a key of 64 hexadecimal digits")
    try:
        account: LocalAccount = Account.from_key(bytes.fromhex(text.strip()))
    except ValueError:
        raise SettingsError(f"keys: {path} holds no key of secp256k1") from None
    return account
