"""The outbox's file: one process holds its folder, its schema is this program's, and damage is set aside."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from iot_gateway.errors import OutboxInUse, OutboxUnusable
from iot_gateway.schema import APPLICATION_ID, SCHEMA, TO_VERSION_2, VERSION

FILE = "outbox.sqlite"
LOCK = "gateway.lock"
DAMAGED = "outbox.damaged-"


def lock(folder: Path) -> int:
    """A handle that keeps every other process out of `folder` until it is closed; raises `OutboxInUse`."""
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise OutboxInUse(f"another gateway is running with the data folder {folder}") from error
    return handle


def open_file(folder: Path, key_id: bytes, log: bytes) -> sqlite3.Connection:
    """The outbox of this key and this log, made or brought to this version.

    Raises `OutboxUnusable` for the outbox of another key or log, or of a newer version.
    """
    db = sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False, timeout=30.0)
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise OutboxUnusable(f"the outbox in {folder} is of version {version}, newer than this program")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        marks = f"PRAGMA user_version = {VERSION};PRAGMA application_id = {APPLICATION_ID};"
        if version < VERSION:
            db.executescript(f"BEGIN;{SCHEMA if version == 0 else TO_VERSION_2}{marks}COMMIT;")
        owner = db.execute("SELECT key_id, log FROM state").fetchone()
        if owner is not None and owner != (key_id, log):
            raise OutboxUnusable(
                f"the outbox in {folder} was filled with another key or for another log; "
                "give this gateway a data folder of its own"
            )
    except sqlite3.OperationalError as error:
        db.close()
        raise OutboxUnusable(f"the outbox in {folder} cannot be opened: {error}") from error
    except BaseException:
        db.close()
        raise
    return db


def is_intact(path: Path) -> bool:
    """Whether SQLite finds the file whole; raises `OutboxUnusable` where it cannot be looked at."""
    try:
        with closing(sqlite3.connect(path, timeout=30.0)) as db:
            (found,) = db.execute("PRAGMA integrity_check(1)").fetchone()
            (application,) = db.execute("PRAGMA application_id").fetchone()
            (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:  # a lock, an I/O error: says nothing about the file's content
        raise OutboxUnusable(f"the outbox {path} cannot be opened: {error}") from error
    except sqlite3.DatabaseError:
        return False
    # An empty file is one that was created and then not filled.
    return bool(found == "ok" and (application == APPLICATION_ID or tables == 0))


def set_aside(folder: Path) -> Path:
    """Rename the damaged outbox with all that belongs to it; its new name."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    target = folder / f"{DAMAGED}{stamp}.sqlite"
    for suffix in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            (folder / f"{FILE}{suffix}").rename(f"{target}{suffix}")
    return target
