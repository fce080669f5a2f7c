"""What `leafproof gateway check` looks at, and what it says: one finding a thing, in words."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from iot_gateway import keyfile, page
from iot_gateway.check_broker import Answer, ask_broker
from iot_gateway.config import Config, log_key
from iot_gateway.errors import OutboxUnusable, SourceFailed
from iot_gateway.outbox import RESERVE_BYTES
from iot_gateway.outbox_file import FILE
from iot_gateway.sight import Sight
from iot_gateway.sources.build import build
from iot_gateway.sources.settings import SourceSettings
from iot_gateway.status import alarms, is_running, read_status
from iot_gateway.witness import NOT_CONFIGURED
from leafproof import clock
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.keys import ES256, PublicKey

# This program did not exist before; a clock that says so was never set.
_EARLIEST_NOW = 1_767_225_600  # 2026-01-01
# A block's time may run ahead of the clocks of those who read it.
_BLOCK_AHEAD_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `right` is None where it could not be."""

    right: bool | None
    what: str
    words: str


def examine(config: Config) -> Iterator[Finding]:
    """Look at everything that `run` will need, one by one."""
    yield from _key(config)
    key = None
    try:
        key = log_key(config.log)
        yield Finding(True, "log key", f"acknowledgements must be signed by {key.key_id.hex()}")
    except InvalidInput as error:
        yield Finding(False, "log key", str(error))
    yield from _folder(config)
    answer = ask_broker(config, key, running=is_running(page.read(config.gateway.data) or {}))
    for right, words in answer.findings:
        yield Finding(right, "broker", words)
    yield from _clock(config, key, answer)
    yield from _inclusion(config)
    for settings in config.source:
        yield from _source(settings)


def _key(config: Config) -> Iterator[Finding]:
    try:
        key = keyfile.load(config.gateway.key)
    except InvalidInput as error:
        yield Finding(False, "key", str(error))
        return
    kind = "ES256" if key.public.algorithm == ES256 else "EdDSA"
    yield Finding(True, "key", f"{kind}, key id {key.public.key_id.hex()}")


def _folder(config: Config) -> Iterator[Finding]:
    folder = config.gateway.data
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        yield Finding(False, "data", f"{folder} cannot be created: {error.strerror}")
        return
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        yield Finding(False, "data", f"{folder} cannot be written to")
    elif free < RESERVE_BYTES:
        yield Finding(False, "data", f"{folder} has {free >> 20} MiB free: no reading is taken below 8 MiB")
    else:
        yield Finding(True, "data", f"{folder} has {free >> 20} MiB free")


def _clock(config: Config, key: PublicKey | None, answer: Answer) -> Iterator[Finding]:
    now = int(time.time())
    last = _last_signed(config)
    beacon = answer.beacon
    if now < _EARLIEST_NOW:
        yield Finding(False, "clock", f"says {clock.utc_text(now)}: it was never set")
    elif last is not None and last > now:
        yield Finding(
            False, "clock", f"says {clock.utc_text(now)}, but the last frame is of {clock.utc_text(last)}"
        )
    elif beacon is not None and beacon.block_time > now + _BLOCK_AHEAD_SECONDS:
        told = clock.utc_text(beacon.block_time)
        yield Finding(False, "clock", f"says {clock.utc_text(now)}, but the chain already stood at {told}")
    else:
        against = (
            "the newest anchored block" if beacon else "this program's age; no beacon was there to compare with"
        )
        yield Finding(True, "clock", f"{clock.utc_text(now)} is plausible against {against}")


def _last_signed(config: Config) -> int | None:
    try:
        with closing(sqlite3.connect(f"file:{config.gateway.data / FILE}?mode=ro", uri=True)) as db:
            row = db.execute("SELECT signed_at FROM state").fetchone()
    except sqlite3.Error:
        return None  # no outbox yet, or one that `run` will set aside
    return int(row[0]) if row else None


def _inclusion(config: Config) -> Iterator[Finding]:
    try:
        inclusion = read_status(config).get("inclusion")
    except OutboxUnusable:
        inclusion = None  # `run` says what is to be done about it
    for words in alarms(inclusion) if inclusion else ():
        yield Finding(False, "inclusion", words)
    if config.witness is None:
        yield Finding(None, "inclusion", NOT_CONFIGURED)
        return
    try:
        with closing(Sight(config, config.witness)) as sight:
            head = sight.prove_end()
    except LeafproofError as error:
        yield Finding(False, "inclusion", error.message)
        return
    yield Finding(True, "inclusion", f"the server shows the head of {head.size} entries that the chain holds")


def _source(settings: SourceSettings) -> Iterator[Finding]:
    what = f"source {settings.name}"
    try:
        source = build(settings)
    except InvalidInput as error:
        yield Finding(False, what, str(error))
        return
    try:
        for reading in source.probe():
            at = clock.utc_text(reading.time)
            yield Finding(True, what, f"{reading.point}: {reading.value:f} {reading.unit} at {at} ({source.mode})")
    except (SourceFailed, InvalidInput) as error:
        yield Finding(False, what, error.message)
    finally:
        source.close()
