"""What a backup is: a tar file (POSIX.1-2001, not compressed), the manifest first.

```
manifest.json    what follows, with SHA-256 and length; each log's head at the moment of the backup
database         SQLite's file, or what pg_dump writes (custom format)
trust.json       the trust file, where the server had one
settings.json    its settings without secrets, for a person who sets the new server up
keys/...         private keys, only if they were asked for
```
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from leafproof.errors import Malformed

MANIFEST, DATABASE, TRUST, SETTINGS, KEYS = "manifest.json", "database", "trust.json", "settings.json", "keys/"
MAX_MANIFEST = 1 << 20
_NAME = re.compile(r"database|trust\.json|settings\.json|keys/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the backup."""

    name: str
    bytes: int
    sha256: str


class LogState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A log's head in the backup; ids and hashes in hexadecimal."""

    log_id: str
    name: str
    size: int
    root: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`made_at` in Unix seconds; `schema` is the database's migration, `program` the version that wrote this."""

    version: Literal[1]
    made_at: int
    program: str
    engine: Literal["sqlite", "postgresql"]
    schema: str
    with_keys: bool
    logs: list[LogState]
    members: list[Member]

    def encode(self) -> bytes:
        """The file's bytes."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)

    @classmethod
    def decode(cls, data: bytes) -> Manifest:
        """Read a manifest; raises `Malformed`."""
        try:
            found = msgspec.json.decode(data, type=cls)
        except msgspec.MsgspecError as error:
            raise Malformed("manifest", str(error)) from error
        names = [member.name for member in found.members]
        if len(set(names)) != len(names) or DATABASE not in names:
            raise Malformed("manifest", "names a file twice, or no database")
        for member in found.members:
            if not (_NAME.fullmatch(member.name) and _DIGEST.fullmatch(member.sha256) and member.bytes >= 0):
                raise Malformed("manifest", "names a file that no backup has")
        return found
