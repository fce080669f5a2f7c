"""What `leafproof gateway status` tells: counts from the outbox file, the rest from the running gateway's page."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from typing import Any

from iot_gateway import page
from iot_gateway.config import Config
from iot_gateway.errors import OutboxUnusable
from iot_gateway.outbox_file import DAMAGED, FILE
from iot_gateway.schema import VERSION
from iot_gateway.witness import NOT_CONFIGURED
from leafproof import clock

_STALE_SECONDS = 15.0  # the page is written every second


def read_status(config: Config) -> dict[str, Any]:
    """The gateway's state as plain values; works beside a running gateway. Raises `OutboxUnusable`."""
    folder = config.gateway.data
    shown = page.read(folder) or {}
    running = is_running(shown)
    broker = shown.get("broker", {}) if running else {"state": "not running"}
    status: dict[str, Any] = {
        "gateway": config.gateway.name,
        "running": running,
        "disk_full": bool(running and shown.get("disk_full")),
        "broker": broker,
        "sources": {source.name: {"state": "not running", "rejected": 0} for source in config.source},
        "damaged_files": sorted(path.name for path in folder.glob(f"{DAMAGED}*.sqlite")),
    }
    for name, state in (shown.get("sources", {}) if running else {}).items():
        status["sources"].setdefault(name, {"rejected": 0})["state"] = state
    if not (folder / FILE).exists():
        return status | {"epoch": None}
    try:
        with closing(sqlite3.connect(f"file:{folder / FILE}?mode=ro", uri=True, timeout=30.0)) as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                return status | {"epoch": None}  # being created at this moment
            if version != VERSION:
                raise OutboxUnusable(f"the outbox is of version {version}; `run` brings it to version {VERSION}")
            db.execute("BEGIN")
            status["inclusion"] = _inclusion(db, config, shown if running else {})
            status |= _counts(db, int(broker.get("sent_up_to", 0)))
            for name, rejected in db.execute("SELECT name, rejected FROM source"):
                status["sources"].setdefault(name, {"state": "not configured"})["rejected"] = rejected
    except sqlite3.DatabaseError as error:
        raise OutboxUnusable(f"the outbox {folder / FILE} cannot be read: {error}") from error
    return status


def is_running(shown: dict[str, Any]) -> bool:
    """Whether a page is a living gateway's."""
    pid, written = shown.get("pid"), shown.get("written_at")
    if shown.get("state") == "stopped" or not isinstance(pid, int) or not isinstance(written, int | float):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return time.time() - written < _STALE_SECONDS


def _inclusion(db: sqlite3.Connection, config: Config, shown: dict[str, Any]) -> dict[str, Any]:
    """What the witness knows; alarms stand here whether it is still configured or not."""
    at, size, block, found = db.execute("SELECT checked_at, size, block_number, found FROM witness").fetchone()
    missing, missing_since, unproven, unproven_since = db.execute(
        "SELECT missing, missing_since, unproven, unproven_since FROM witness"
    ).fetchone()
    return {
        "configured": config.witness is not None,
        "state": NOT_CONFIGURED if config.witness is None else shown.get("witness", "not running"),
        "checked": {"at": clock.utc_text(at), "log_size": size, "block_number": block} if at is not None else None,
        "found": found,
        "missing": missing,
        "missing_since": clock.utc_text(missing_since) if missing else None,
        "unproven": unproven,
        "unproven_since": clock.utc_text(unproven_since) if unproven else None,
    }


def alarms(inclusion: dict[str, Any]) -> list[str]:
    """What a person must look at, in words."""
    found = []
    if inclusion["missing"]:
        found.append(
            f"the log acknowledged {inclusion['missing']} frames that the anchored head did not hold (first seen "
            f"{inclusion['missing_since']}); they are sent again, and its signed word is kept in the outbox"
        )
    if inclusion["unproven"]:
        found.append(f"since {inclusion['unproven_since']}: {inclusion['unproven']}")
    return found


def _inclusion_in_words(inclusion: dict[str, Any]) -> list[str]:
    lines = [f"ALARM: {words}" for words in alarms(inclusion)]
    if not inclusion["configured"]:
        return [*lines, f"{NOT_CONFIGURED}; the log's signed beacon is believed"]
    checked = inclusion["checked"]
    if checked is None:
        return [*lines, f"inclusion: not checked yet ({inclusion['state']})"]
    return [
        *lines,
        f"inclusion: {inclusion['found']} frames found in anchored heads, the last one of {checked['log_size']} "
        f"entries at block {checked['block_number']}, {checked['at']} ({inclusion['state']})",
    ]


def _counts(db: sqlite3.Connection, sent_up_to: int) -> dict[str, Any]:
    state = db.execute("SELECT epoch, sequence, signed_at, beacon_number, beacon_size FROM state").fetchone()
    if state is None:
        return {"epoch": None}
    waiting, unacknowledged, held = db.execute(
        "SELECT count(*) FILTER (WHERE leaf IS NULL AND id > ?), "
        "count(*) FILTER (WHERE leaf IS NULL AND id <= ?), count(*) FILTER (WHERE leaf IS NOT NULL) FROM frame",
        (sent_up_to, sent_up_to),
    ).fetchone()
    return {
        "epoch": state[0],
        "next_sequence": state[1],
        "last_frame_at": clock.utc_text(state[2]),
        "beacon": {"block_number": state[3], "log_size": state[4]} if state[3] is not None else None,
        "readings_not_in_a_frame": db.execute("SELECT count(*) FROM pending").fetchone()[0],
        "waiting": waiting,
        "unacknowledged": unacknowledged,
        "held_till_anchored": held,
        "last_readings": {
            point: {"time": clock.utc_text(at), "value": value, "unit": unit}
            for point, at, value, unit in db.execute("SELECT * FROM last_reading ORDER BY point")
        },
        "rejected_lines": [
            {"source": source, "line": line, "reason": reason}
            for source, line, reason in db.execute(
                "SELECT source, line, reason FROM rejected ORDER BY id DESC LIMIT 20"
            )
        ],
    }


def in_words(status: dict[str, Any]) -> str:
    """The same for a person."""
    running = "running" if status["running"] else "not running"
    lines = [f"{status['gateway']}: {running}; broker: {status['broker']['state']}"]
    if status["disk_full"]:
        lines.append("NO ROOM: sources are not read until there is room on the disk; nothing is lost")
    lines += [f"set aside as damaged: {name}" for name in status["damaged_files"]]
    if status["epoch"] is None:
        return "\n".join([*lines, "no frame was made yet"])
    lines += [
        f"epoch {status['epoch']}, next sequence {status['next_sequence']}, last frame {status['last_frame_at']}",
        f"frames: {status['waiting']} waiting to be sent, {status['unacknowledged']} sent and not acknowledged, "
        f"{status['held_till_anchored']} acknowledged and held till anchored",
        f"readings not in a frame yet: {status['readings_not_in_a_frame']}",
        *_inclusion_in_words(status["inclusion"]),
    ]
    for name, source in status["sources"].items():
        rejected = f", {source['rejected']} lines rejected" if source["rejected"] else ""
        lines.append(f"source {name}: {source['state']}{rejected}")
    lines += [f"  rejected: {r['source']} line {r['line']}: {r['reason']}" for r in status["rejected_lines"]]
    lines += [f"{point}: {r['value']} {r['unit']} at {r['time']}" for point, r in status["last_readings"].items()]
    return "\n".join(lines)
