"""Whose name signs: the port behind which operators' issuer keys are kept, and the one that keeps them in files.

A hardware module or a cloud's key service takes the place of the files by implementing `Signer`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from backend.errors import NotFound
from backend.log.keys import create_key, read_key
from leafproof.keys import ES256, SigningKey
from leafproof.values import Gln


class Signer(Protocol):
    """The issuer keys of the legal entities that this server signs for."""

    def key(self, party: Gln) -> SigningKey:
        """The party's present key. Raises `NotFound` where this server may not sign for it."""


class FileSigner:
    """Keys in files `issuer-<gln>.pem` of one folder, P-256, readable by their owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Gln, SigningKey] = {}

    def create(self, party: Gln) -> SigningKey:
        """The party's key, made if there is none yet. Raises `SettingsError` naming the file."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._path(party).exists():
            create_key(self._path(party), SigningKey.generate(ES256).pem())
        return self.key(party)

    def key(self, party: Gln) -> SigningKey:
        """See `Signer`. Raises `SettingsError` for a file that others may read."""
        if party not in self._read:
            if not self._path(party).exists():
                raise NotFound(f"this server holds no issuer key of {party}")
            self._read[party] = read_key(self._path(party))
        return self._read[party]

    def _path(self, party: Gln) -> Path:
        return self._folder / f"issuer-{party}.pem"
