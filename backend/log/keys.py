"""The log's own keys (Ed25519), one a log: they sign acknowledgements, beacons, receipts and checkpoints.
None of these can be taken for another: all but a checkpoint are signed as CBOR, which no text begins like.

A key is a file of the keys folder, readable by its owner alone, made when the log is first opened. A file that
others may read is refused: its secret may be known.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from eth_abi.abi import encode as abi_encode
from eth_hash.auto import keccak

from backend.errors import SettingsError
from leafproof.errors import Malformed
from leafproof.keys import EDDSA, SigningKey

MAX_KEY_FILE = 4096  # an Ed25519 key in PEM takes 119 bytes


def log_id(owner: bytes, name: str) -> bytes:
    """A log's id: keccak256(abi.encode(owner, name)), TransparencyLog.sol `open`."""
    return bytes(keccak(abi_encode(["address", "string"], [owner, name])))


def log_key(folder: Path, log_id: bytes) -> SigningKey:
    """The key of this log, made at the first call. Raises `SettingsError` naming the file."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"log-{log_id.hex()[:16]}.pem"
    if not path.exists():
        create_key(path, SigningKey.generate(EDDSA).pem())
    key = read_key(path)
    if key.public.algorithm != EDDSA:
        raise SettingsError(f"keys: {path} is not an Ed25519 key")
    return key


def read_key(path: Path) -> SigningKey:
    """A private key from a file that only its owner may read. Raises `SettingsError`."""
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise SettingsError(f"keys: {path} can be read by others; chmod 600 it, or better, replace it")
            return SigningKey.from_pem(file.read(MAX_KEY_FILE))
    except OSError as error:
        raise SettingsError(f"keys: {path} cannot be read ({error.strerror})") from None
    except Malformed as error:
        raise SettingsError(f"keys: {path} is not a key ({error})") from None


def create_key(path: Path, pem: bytes) -> None:
    """Write `path` whole or not at all, and never over a key that another process has just made."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        _sync_folder(path.parent)
    finally:
        Path(temporary).unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
