"""Backing a server up and bringing it back.

`backup`, beside a running server: the database at one moment, each log's head at that moment, trust file and
settings; private keys only when they are asked for, since whoever has the file has them then.

`restore`, into an empty place, in this order: every file is compared with the manifest; what stands in the way is
refused before anything is written; keys, trust file, database; schema of this version; each log's head is the
manifest's; fsck; and the chain's head, which tells what the backup lacks. What the server itself does about that
when it starts is `backend.anchor`'s part (docs/adr/0014).
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import msgspec
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy import Connection, Engine

from backend import database
from backend.anchor.anchorer import lacks
from backend.anchor.tables import chain_transactions
from backend.backup import archive, engines
from backend.backup.schemas import DATABASE, KEYS, SETTINGS, TRUST, LogState, Manifest
from backend.log.anchored import NotCompared, anchored_head
from backend.log.fsck import Check, Finding, fsck
from backend.log.service import stored_logs
from backend.settings import Settings
from leafproof.errors import InvalidInput, LeafproofError

_DOUBLED = ("safeTransferFrom", "safeBatchTransferFrom")  # LotRegistry would carry these out a second time


class RestoreFailed(LeafproofError):
    """What was restored is not what was backed up."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A restored log beside the chain's head: `anchored` entries there, None where it was not compared; `trouble`
    is why not, or what the log lacks."""

    log: LogState
    anchored: int | None
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back. `withdrawn`: transfers that waited to be sent, and are not sent by themselves."""

    manifest: Manifest
    logs: tuple[Compared, ...]
    findings: tuple[Finding, ...]
    withdrawn: int

    @property
    def whole(self) -> bool:
        """Whether everything is there, as far as could be seen."""
        return not self.findings and all(one.trouble is None for one in self.logs)


def backup(settings: Settings, target: Path, *, with_keys: bool) -> Manifest:
    """Make the backup `target`; what it holds. Raises `InvalidInput`, `EngineFailed`, `SettingsError`."""
    if target.exists():
        raise InvalidInput("file", f"{target} exists already; nothing was changed")
    engine = database.open_engine(settings)
    try:
        database.check_schema(engine)
        with _workshop(target.absolute().parent) as folder:
            with engines.snapshot(engine, folder / "snapshot") as connection:
                logs, schema = _heads(connection), _schema(connection)
            files = [(DATABASE, folder / "snapshot"), *_beside(settings, folder, with_keys=with_keys)]
            manifest = Manifest(
                version=1,
                made_at=int(time.time()),
                program=version("leafproof"),
                engine="sqlite" if engine.dialect.name == "sqlite" else "postgresql",
                schema=schema,
                with_keys=with_keys,
                logs=logs,
                members=[archive.describe(name, path) for name, path in files],
            )
            archive.write(target, manifest, files, folder)
        return manifest
    finally:
        engine.dispose()


def restore(settings: Settings, source: Path, checks: Sequence[Check]) -> Restored:
    """Bring `source` back into the places that the settings name.

    Raises `InvalidInput` or `Malformed` where it cannot be, and then nothing is changed; `EngineFailed`, or
    `RestoreFailed` where what came back differs: then the place must be emptied by hand.
    """
    engine = database.open_engine(settings)
    try:
        with _workshop(engines.folder_of(engine, settings.data)) as folder:
            manifest = archive.extract(source, folder)
            _refuse(settings, engine, manifest, folder)
            _put_files(settings, manifest, folder)
            engines.load(engine, folder / DATABASE)
        database.migrate(engine)
        withdrawn = _withdraw(engine)
        with database.reading(engine) as connection:
            if _heads(connection) != manifest.logs:
                raise RestoreFailed("the restored logs do not have the heads that the manifest names")
            logs = stored_logs(connection)
        findings = tuple(fsck(engine, logs, checks))
        return Restored(manifest, _compare(settings, engine, manifest), findings, withdrawn)
    finally:
        engine.dispose()


@contextmanager
def _workshop(parent: Path) -> Iterator[Path]:
    """A folder for what is being made, on the target's disk, gone afterwards."""
    try:
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=".backup-"))  # mode 0700
    except OSError as error:
        raise InvalidInput("file", f"{parent} cannot be written to ({error.strerror})") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _heads(connection: Connection) -> list[LogState]:
    found = []
    for log in stored_logs(connection):
        size, root = log.head(connection)
        found.append(LogState(log.ref.log_id.hex(), log.name, size, root.hex()))
    return found


def _schema(connection: Connection) -> str:
    return str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one())


def _beside(settings: Settings, folder: Path, *, with_keys: bool) -> list[tuple[str, Path]]:
    """What goes with the database."""
    plain = {
        name: value
        for name in Settings.model_fields
        if not isinstance(value := getattr(settings, name), SecretStr) and value is not None
    }
    (folder / SETTINGS).write_bytes(msgspec.json.format(msgspec.json.encode(plain, enc_hook=str), indent=1))
    files = [(SETTINGS, folder / SETTINGS)]
    if settings.trust_file is not None:
        files.append((TRUST, settings.trust_file))
    if with_keys:
        keys = sorted(path for path in settings.keys_folder.iterdir() if path.is_file() and path.name[0] != ".")
        files += [(KEYS + path.name, path) for path in keys]
    return files


def _places(settings: Settings, manifest: Manifest) -> Iterator[tuple[str, Path]]:
    """Where the files beside the database belong; the settings are for a person, and stay in the backup."""
    for member in manifest.members:
        if member.name.startswith(KEYS):
            yield member.name, settings.keys_folder / member.name.removeprefix(KEYS)
        elif member.name == TRUST and settings.trust_file is not None:
            yield member.name, settings.trust_file


def _refuse(settings: Settings, engine: Engine, manifest: Manifest, folder: Path) -> None:
    """Raises `InvalidInput` for whatever stands in the way."""
    if manifest.engine != engine.dialect.name:
        raise InvalidInput("database_url", f"the backup is of {manifest.engine}, this is {engine.dialect.name}")
    engines.check_empty(engine)
    if not database.knows_schema(manifest.schema):
        raise InvalidInput("file", f"its schema {manifest.schema} is unknown here: a newer version made it")
    for name, place in _places(settings, manifest):
        if place.exists() and place.read_bytes() != (folder / name).read_bytes():
            raise InvalidInput("file", f"{place} exists, and is not the one that was backed up")


def _put_files(settings: Settings, manifest: Manifest, folder: Path) -> None:
    for name, place in _places(settings, manifest):
        if place.exists():
            continue
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644 if name == TRUST else 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write((folder / name).read_bytes())
            file.flush()
            os.fsync(file.fileno())
        archive.sync_folder(place.parent)


def _withdraw(engine: Engine) -> int:
    """Transfers that waited when the backup was made may have been carried out since: they are not sent again."""
    table = chain_transactions.c
    with database.transaction(engine) as connection:
        return connection.execute(
            sa.update(chain_transactions)
            .where(table.state == "queued", table.function.in_(_DOUBLED))
            .values(state="failed", error="it waited in a restored backup: look at the chain, and ask again")
        ).rowcount


def _compare(settings: Settings, engine: Engine, manifest: Manifest) -> tuple[Compared, ...]:
    found = []
    with database.reading(engine) as connection:
        for log, state in zip(stored_logs(connection), manifest.logs, strict=True):
            try:
                head = anchored_head(settings, log.ref)
            except NotCompared as error:
                found.append(Compared(state, None, f"not compared with the chain: {error.message}"))
            else:
                found.append(Compared(state, head.size, lacks(connection, log, head.size, head.root)))
    return tuple(found)
