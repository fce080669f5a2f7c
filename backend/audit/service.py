"""A log for auditors: chunks of entries with their bodies, the derived sums, and both as a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.access.tiers import Tier, default_tier
from backend.checkpoints import repository as checkpoint_rows
from backend.ingest.tables import gateways, rollups, series
from backend.log import repository
from backend.log.service import TransparencyLog
from backend.received import bundles as received
from leafproof import body, values
from leafproof.envelope import MODES
from leafproof.errors import InvalidInput
from leafproof.replay import export
from leafproof.replay.source import Entry, Rollup
from leafproof.values import Gln

TierOf = Callable[[str], Tier]
"""Up to which tier the reader may see the bodies of an issuer."""


def chunk(connection: Connection, log: TransparencyLog, number: int, tier_of: TierOf) -> list[Entry]:
    """The entries from `number` x 256 on, up to 256, with the bodies and disclosures that the reader may see."""
    start = number * export.CHUNK
    entries = log.page(connection, start, export.CHUNK)
    stored = {b.index: b for b in repository.bodies_from(connection, log.number, start, start + export.CHUNK)}
    found: list[Entry] = []
    for entry in entries:
        tier, kept = tier_of(entry.issuer), stored.get(entry.index)
        if kept is None or kept.tier > tier:
            found.append(Entry(entry.envelope, None, ()))
        else:
            found.append(Entry(entry.envelope, kept.body, kept.shown_to(tier)))
    return found


def sums(connection: Connection, log: TransparencyLog, tier_of: TierOf) -> list[Rollup]:
    """The derived sums of those of the log's gateways whose frames the reader may see, sorted: a sum tells what
    the frames tell."""
    query = sa.select(gateways.c.number, gateways.c.operator, gateways.c.name).where(gateways.c.log == log.number)
    readable = {
        number
        for number, operator, name in connection.execute(query)
        if tier_of(values.gateway_uri(Gln(operator), name)) >= default_tier(body.FRAME)
    }
    sums_of = (
        sa.select(
            series.c.gateway,
            gateways.c.key_id,
            series.c.facility,
            series.c.point,
            series.c.unit,
            series.c.mode,
            series.c.names,
            rollups.c.start,
            rollups.c.readings,
            rollups.c.sum,
        )
        .join(series, series.c.number == rollups.c.series)
        .join(gateways, gateways.c.number == series.c.gateway)
        .where(gateways.c.log == log.number)
    )
    return sorted(
        Rollup(bytes(key).hex(), facility, point, unit, MODES[mode], names, start, count, total)
        for gateway, key, facility, point, unit, mode, names, start, count, total in connection.execute(sums_of)
        if gateway in readable
    )


def write(
    connection: Connection, log: TransparencyLog, folder: Path, logs: Sequence[TransparencyLog] = ()
) -> export.Manifest:
    """The whole log with all bodies as a new folder, and what was received of other companies; `logs` are all of
    this server. Raises `InvalidInput` if the folder is not empty."""
    if folder.exists() and any(folder.iterdir()):
        raise InvalidInput("folder", f"{folder} is not empty")
    for part in ("entries", "received"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    size = log.size(connection)
    files: dict[str, export.FileDigest] = {}

    def put(name: str, data: bytes) -> None:
        files[name] = export.FileDigest.of(data)
        _write_durably(folder / name, data)

    leaves: list[bytes] = []
    for number in range(-(-size // export.CHUNK)):
        entries = chunk(connection, log, number, lambda _issuer: Tier.AUDITOR)
        put(export.chunk_name(number), export.encode_chunk(entries[: size - number * export.CHUNK]))
        leaves.append(repository.tile(connection, log.number, 0, number))
    put(export.LEAVES, b"".join(leaves)[: 32 * size])
    published = checkpoint_rows.newest(connection, log.number)
    if published is not None:
        put(export.CHECKPOINT, published.note)
    for number, one in enumerate(received.every(connection, logs or (log,))):
        put(export.received_name(number), one.encode())
    put(export.ROLLUPS, export.encode_rollups(sums(connection, log, lambda _issuer: Tier.AUDITOR)))
    manifest = export.Manifest(1, export.LogName.of(log.ref), size, files)
    _write_durably(folder / export.MANIFEST, manifest.encode())  # last: a folder without it is no export
    return manifest


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
