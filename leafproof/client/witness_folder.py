"""A witness's memory on disk: its key, the logs it was told of, and what it cosigned of each.

    key.pem         Ed25519, PKCS #8, for its owner's eyes alone
    witness.json    name, logs
    seen/<id>.json  one a log (`leafproof.witness.Seen`), id: the beginning of SHA-256 of the origin

Each file is written whole and synced before it takes its place: after a kill there is the old one or the new one.
A log's file is made when the log is added. One that is missing later was lost, and is never taken for a new log's.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec

from leafproof.client.http import address
from leafproof.errors import InvalidInput, Malformed
from leafproof.keys import EDDSA, SigningKey
from leafproof.note import ED25519, Verifier
from leafproof.witness import Seen, Witness

_KEY, _CONFIG, _SEEN, _LOCK = "key.pem", "witness.json", "seen", "lock"
_MAX_KEY, _MAX_CONFIG, _MAX_SEEN = 4096, 1 << 20, 64 << 20


class WatchedLog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A log: the key that signs its checkpoints, and the prefix of its tiles where it is followed."""

    vkey: str
    url: str = ""

    @property
    def verifier(self) -> Verifier:
        """The log's key; its name is the origin. Raises `Malformed`."""
        return Verifier.parse(self.vkey)


class _Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    logs: list[WatchedLog] = []


class WitnessFolder:
    """The folder of one witness. Raises `InvalidInput` where a file is missing, or is not what it should be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._config = _decoded(self._read(_CONFIG, _MAX_CONFIG), folder / _CONFIG)
        key = SigningKey.from_pem(self._read(_KEY, _MAX_KEY, private=True))
        self.witness = Witness(self._config.name, key)
        _ = self.witness.verifier  # a key or a name that cannot cosign is refused here

    @classmethod
    def create(cls, folder: Path, name: str) -> Self:
        """A new witness with a new key; raises `InvalidInput` where there is one already."""
        key = SigningKey.generate(EDDSA)
        _ = Witness(name, key).verifier
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if any(folder.iterdir()):
                raise InvalidInput("folder", f"{folder} is not empty")
            (folder / _SEEN).mkdir(mode=0o700)
            _write(folder / _KEY, key.pem())
            _write(folder / _CONFIG, msgspec.json.encode(_Config(name)))
        except OSError as error:
            raise InvalidInput("folder", f"{folder} cannot be written ({error.strerror})") from error
        return cls(folder)

    @property
    def logs(self) -> list[WatchedLog]:
        """The logs that the witness was told of."""
        return self._config.logs

    def add(self, log: WatchedLog) -> None:
        """Tell it of a log, or of another address of one that it knows.

        Raises `InvalidInput` for what is no log, and for another key of a log that it knows."""
        if log.verifier.kind != ED25519:
            raise InvalidInput("log", "a log signs with a plain Ed25519 key, this is a cosigner's")
        if log.url:
            address(log.url, "url")
        origin = log.verifier.name
        known = next((one for one in self.logs if one.verifier.name == origin), None)
        if known is None:
            _write(self._path(origin), Seen(origin).encode())
        elif known.vkey != log.vkey:
            raise InvalidInput("log", f"{origin} is known by another key")
        others = [one for one in self.logs if one != known]
        self._config = _Config(self._config.name, [*others, log])
        _write(self._folder / _CONFIG, msgspec.json.encode(self._config))

    def seen(self, origin: str) -> Seen:
        """What it remembers of a log."""
        path = self._path(origin)
        found = Seen.decode(self._read(path.relative_to(self._folder).as_posix(), _MAX_SEEN))
        if found.origin != origin:
            raise InvalidInput("state", f"{path} is of another log")
        return found

    def remember(self, seen: Seen) -> None:
        """Durably; raises `OSError` when it is not."""
        _write(self._path(seen.origin), seen.encode())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else uses the folder meanwhile; raises `InvalidInput` if somebody does."""
        with (self._folder / _LOCK).open("wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InvalidInput("folder", f"{self._folder} is in use by another process") from None
            yield

    def _path(self, origin: str) -> Path:
        return self._folder / _SEEN / f"{hashlib.sha256(origin.encode()).hexdigest()[:16]}.json"

    def _read(self, name: str, limit: int, private: bool = False) -> bytes:
        path = self._folder / name
        try:
            with path.open("rb") as file:
                if private and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise InvalidInput("key", f"{path} can be read by others; chmod 600 it, or better, replace it")
                data = file.read(limit + 1)
        except OSError as error:
            raise InvalidInput("folder", f"{path} cannot be read ({error.strerror})") from error
        if len(data) > limit:
            raise InvalidInput("folder", f"{path} has more than {limit} bytes")
        return data


def _decoded(data: bytes, path: Path) -> _Config:
    try:
        return msgspec.json.decode(data, type=_Config)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Malformed("folder", f"{path}: {error}") from error


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, and on disk when this returns."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
