"""A verifier's private key in a file that only its owner may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from leafproof.errors import InvalidInput, Malformed
from leafproof.keys import SigningKey

_MAX_KEY = 65536


def get_or_create(path: Path) -> SigningKey:
    """The key in the file, made with mode 0600 if there is none. Raises `InvalidInput`."""
    if not path.exists():
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise InvalidInput("key", f"{path} cannot be made ({error.strerror})") from error
        with os.fdopen(handle, "wb") as file:
            file.write(SigningKey.generate().pem())
            file.flush()
            os.fsync(file.fileno())
    return load(path)


def load(path: Path) -> SigningKey:
    """Raises `InvalidInput` where it is missing, open to others, or no key of a kind that is taken."""
    try:
        with path.open("rb") as file:
            mode, data = stat.S_IMODE(os.fstat(file.fileno()).st_mode), file.read(_MAX_KEY)
    except OSError as error:
        raise InvalidInput("key", f"{path} cannot be read ({error.strerror})") from error
    if mode & 0o077:
        raise InvalidInput("key", f"{path} is open to others (mode {mode:04o}); run: chmod 600 {path}")
    try:
        return SigningKey.from_pem(data)
    except Malformed as error:
        raise InvalidInput("key", f"{path}: {error.reason}") from error
