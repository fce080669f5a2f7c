"""The outbox: what the gateway took and has not yet seen anchored (SQLite, WAL, every commit synced).

Rules of custody:

1. Readings, the source's new position and the frames signed from them are stored in one transaction, or not at
   all: a crash at any instruction loses nothing and doubles nothing.
2. A frame leaves the sending queue when the log has acknowledged it, signed; never on the broker's word.
3. It is deleted once an anchored head holds it, never before. A gateway that is a witness (`iot_gateway.witness`)
   has then found it in the head itself; elsewhere the log's signed beacon says that the head is larger than the
   entry at which the log holds the frame. Until then the signed acknowledgement is kept as well. A log that puts
   new frames below what was anchored when they were signed, or below older frames of their epoch, went back (a
   database restored, say): its word is refused, and the frames stay.
4. When there is no room, nothing is stored and the source's position stands; later it goes on from there.
5. A damaged outbox is set aside under another name, never deleted; one process at a time holds the folder.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path

from iot_gateway import evidence, outbox_file
from iot_gateway.config import Config
from iot_gateway.errors import OutboxFull
from iot_gateway.evidence import Held
from iot_gateway.frames import Framer, Place, SignedFrame, behind
from iot_gateway.outbox_file import DAMAGED, FILE
from iot_gateway.sources.base import Batch
from leafproof import cbor
from leafproof.chain.view import Head
from leafproof.errors import InvalidInput
from leafproof.frame import Opening, Reading, encode_message
from leafproof.keys import SigningKey
from leafproof.notice import Acknowledgement, Beacon

MAX_REJECTED = 10_000  # broken lines kept for a person to read; further ones are counted
# New readings stop while less than this is free, so that acknowledgements can still be stored, and make room.
RESERVE_BYTES = 8 << 20

Sign = Callable[[Place], Sequence[SignedFrame]]


class Outbox:
    """The one writer of the outbox; all methods may be called from any thread.

    Every method that stores raises `OutboxFull` when there is no room; nothing is stored then.
    """

    def __init__(self, folder: Path, framer: Framer, *, witnessed: bool = False) -> None:
        """Lock `folder`, set a damaged file aside, create what is missing. `witnessed`: no beacon frees a frame,
        `conclude` alone does.

        Raises `OutboxInUse`, and `OutboxUnusable` for the outbox of another key or log, or of a newer version.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._framer = framer
        self._witnessed = witnessed
        self._guard = threading.RLock()
        self._signed = time.monotonic()
        self._lock_file = outbox_file.lock(folder)
        self.set_aside: Path | None = None
        try:
            if (folder / FILE).exists() and not outbox_file.is_intact(folder / FILE):
                self.set_aside = outbox_file.set_aside(folder)
            self._db = outbox_file.open_file(folder, framer.key.public.key_id, self._log())
        except BaseException:
            os.close(self._lock_file)
            raise

    def close(self) -> None:
        """Let go of file and folder."""
        with self._guard:
            self._db.close()
            os.close(self._lock_file)

    def begin_epoch(self, mode: str, moment: float) -> Opening:
        """Open the next epoch and sign its first frame; how the last one ended stands in it.

        An epoch is numbered by the milliseconds of `moment` (Unix seconds), so that a gateway that lost its outbox
        does not repeat one that it does not remember: two frames for one place would look like a lie.
        """
        now, epoch = int(moment), int(moment * 1000)
        with self._transaction() as db:
            row = db.execute("SELECT epoch, sequence, stopped_at, signed_at FROM state").fetchone()
            if row is None:
                damaged = any(self.folder.glob(f"{DAMAGED}*"))
                opening = Opening("restored" if damaged else "first start", None, None, None, now)
                db.execute(
                    "INSERT INTO state VALUES (1, ?, ?, ?, 0, NULL, ?, NULL, NULL, NULL, NULL, 0, NULL, NULL)",
                    (self._framer.key.public.key_id, self._log(), epoch, now),
                )
            else:
                last, sequence, stopped_at, signed_at = row
                reason = "crash" if stopped_at is None else "restart"
                end = signed_at if stopped_at is None else stopped_at
                opening = Opening(reason, last, sequence - 1, end, now)
                # Not below the clock: a disk restored from an old image would else repeat an epoch.
                epoch = max(last + 1, epoch)
                db.execute("UPDATE state SET epoch = ?, sequence = 0, stopped_at = NULL", (epoch,))
            self._add(db, lambda place: [self._framer.heartbeat(place, mode, now, opening)], now)
        return opening

    def stop(self, now: int) -> None:
        """Record a clean stop."""
        with self._transaction() as db:
            db.execute("UPDATE state SET stopped_at = ?", (now,))

    def position(self, source: str) -> str | None:
        """Where a source stands, None before its first batch."""
        with self._guard:
            row = self._db.execute("SELECT position FROM source WHERE name = ?", (source,)).fetchone()
        return row[0] if row else None

    def pending(self, source: str) -> int:
        """How many of a source's readings are in no frame yet."""
        with self._guard:
            row = self._db.execute("SELECT count(*) FROM pending WHERE source = ?", (source,)).fetchone()
        return int(row[0])

    def store(self, source: str, mode: str, batch: Batch, now: int, *, close_frame: bool) -> None:
        """Take a batch; with `close_frame`, sign what the source has pending together with it."""
        with self._transaction() as db:
            self._take(db, source, batch, now)
            if not close_frame:
                db.executemany(
                    "INSERT INTO pending (source, point, time, value, unit) VALUES (?, ?, ?, ?, ?)",
                    [(source, r.point, r.time, str(r.value), r.unit) for r in batch.readings],
                )
                return
            rows = db.execute(
                "SELECT point, time, value, unit FROM pending WHERE source = ? ORDER BY id", (source,)
            ).fetchall()
            readings = [_reading(row) for row in rows] + batch.readings
            db.execute("DELETE FROM pending WHERE source = ?", (source,))
            if readings:
                self._add(db, lambda place: self._framer.of_readings(place, mode, readings, now), now)

    def heartbeat(self, mode: str, now: int) -> None:
        """Sign and keep a heartbeat."""
        with self._transaction() as db:
            self._add(db, lambda place: [self._framer.heartbeat(place, mode, now)], now)

    def idle(self) -> float:
        """Seconds since the newest frame of this process, by a clock that never steps."""
        return time.monotonic() - self._signed

    def has_room(self) -> bool:
        """Whether new readings may be taken."""
        return shutil.disk_usage(self.folder).free >= RESERVE_BYTES

    def unacknowledged(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """The next messages to send, in order: (id, bytes) of frames without an acknowledgement behind `after`."""
        with self._guard:
            rows = self._db.execute(
                "SELECT id, envelope, body FROM frame WHERE leaf IS NULL AND id > ? ORDER BY id LIMIT ?",
                (after, limit),
            ).fetchall()
        return [(row[0], encode_message(row[1], row[2])) for row in rows]

    def count_unacknowledged(self, up_to: int | None = None) -> int:
        """How many frames wait for the log's acknowledgement, up to the id `up_to` or in all."""
        with self._guard:
            row = self._db.execute(
                "SELECT count(*) FROM frame WHERE leaf IS NULL AND id <= ?",
                (2**63 - 1 if up_to is None else up_to,),
            ).fetchone()
        return int(row[0])

    def acknowledge(self, ack: Acknowledgement, signed: bytes) -> int:
        """Take the log's word, read from `signed`, whose signature was checked; how many frames it newly covers.

        Raises `InvalidInput` for another gateway's acknowledgement, for frames that this one never made, and where
        the log went back.
        """
        if ack.gateway != self._framer.key.public.key_id:
            raise InvalidInput("acknowledgement", "is another gateway's")
        with self._transaction() as db:
            epoch, sequence, size = db.execute("SELECT epoch, sequence, beacon_size FROM state").fetchone()
            if (ack.epoch, ack.sequence) >= (epoch, sequence) or ack.sequence < 0 or not 0 <= ack.index < 2**63:
                raise InvalidInput("acknowledgement", "names a frame that this gateway never made")
            if went_back := _went_back(db, ack):
                raise InvalidInput("acknowledgement", went_back)
            newly = db.execute(
                "UPDATE frame SET leaf = ? WHERE epoch = ? AND sequence <= ? AND leaf IS NULL",
                (ack.index, ack.epoch, min(ack.sequence, 2**63 - 1)),
            ).rowcount
            if newly:
                db.execute("UPDATE state SET ack_epoch = ?, ack_leaf = ?", (ack.epoch, ack.index))
                evidence.keep_word(db, ack.epoch, ack.index, signed)
            self._believe(db, size)
        return newly

    def anchored(self, beacon: Beacon) -> bool:
        """Take a verified beacon; returns whether it is newer than the one before.

        The newest is the one with the latest block time: after a reorganisation block numbers may go back.
        """
        if not all(0 <= n < 2**63 for n in (beacon.block_number, beacon.block_time, beacon.size)):
            raise InvalidInput("beacon", "holds a number out of range")
        with self._transaction() as db:
            known = db.execute("SELECT beacon_time, beacon_number FROM state").fetchone()
            if known[0] is not None and (beacon.block_time, beacon.block_number) <= known:
                return False
            db.execute(
                "UPDATE state SET beacon_number = ?, beacon_hash = ?, beacon_time = ?, beacon_size = ?",
                (beacon.block_number, beacon.block_hash, beacon.block_time, beacon.size),
            )
            self._believe(db, beacon.size)
        return True

    def held(self, size: int, limit: int) -> list[Held]:
        """Acknowledged frames that an anchored head of `size` entries should hold, by entry: the first `limit`."""
        with self._guard:
            return evidence.held(self._db, size, limit)

    def count_held(self) -> int:
        """How many frames are acknowledged and kept until an anchored head holds them."""
        with self._guard:
            row = self._db.execute("SELECT count(*) FROM frame WHERE leaf IS NOT NULL").fetchone()
        return int(row[0])

    def conclude(self, head: Head, found: Sequence[Held], absent: Sequence[Held], now: int) -> None:
        """The gateway has looked for frames in `head`, which it read from the chain: delete those that it found;
        keep the evidence of those that are not there, and send them again."""
        with self._transaction() as db:
            if found:
                evidence.release(db, found)
            if absent:
                evidence.accuse(db, absent, head, now)
            evidence.proven(db, head, now)

    def unproven(self, words: str, now: int) -> None:
        """The log's server shows a tree that is not the anchored one: an alarm until it shows the right one."""
        with self._transaction() as db:
            evidence.unproven(db, words, now)

    def _believe(self, db: sqlite3.Connection, size: int) -> None:
        """Delete what the log's beacon covers, where nothing better can be had than its word."""
        if not self._witnessed and db.execute("DELETE FROM frame WHERE leaf < ?", (size,)).rowcount:
            evidence.drop_words(db)

    def _log(self) -> bytes:
        return cbor.encode(self._framer.log.to_cbor())

    def _take(self, db: sqlite3.Connection, source: str, batch: Batch, now: int) -> None:
        db.execute(
            "INSERT INTO source VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
            "position = excluded.position, rejected = rejected + excluded.rejected",
            (source, batch.position, len(batch.rejected)),
        )
        if batch.rejected:
            (kept,) = db.execute("SELECT count(*) FROM rejected").fetchone()
            db.executemany(
                "INSERT INTO rejected (source, line, reason, text, at) VALUES (?, ?, ?, ?, ?)",
                [(source, r.line, r.reason, r.text, now) for r in batch.rejected[: max(0, MAX_REJECTED - kept)]],
            )
        last = {reading.point: reading for reading in batch.readings}
        db.executemany(
            "INSERT OR REPLACE INTO last_reading VALUES (?, ?, ?, ?)",
            [(r.point, r.time, str(r.value), r.unit) for r in last.values()],
        )

    def _add(self, db: sqlite3.Connection, sign: Sign, now: int) -> None:
        epoch, sequence, previous, number, block, size = db.execute(
            "SELECT epoch, sequence, previous, beacon_number, beacon_hash, beacon_size FROM state"
        ).fetchone()
        place = Place(epoch, sequence, previous, (number, block) if number is not None else None)
        for frame in sign(place):
            db.execute(
                "INSERT INTO frame (epoch, sequence, envelope, body, readings, above) VALUES (?, ?, ?, ?, ?, ?)",
                (frame.epoch, frame.sequence, frame.envelope, frame.body, frame.readings, size),
            )
            place = behind(place, frame)
        self._signed = time.monotonic()
        db.execute(
            "UPDATE state SET sequence = ?, previous = ?, signed_at = ?", (place.sequence, place.previous, now)
        )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._guard:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except BaseException as error:
                with suppress(sqlite3.Error):
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError) and _no_room(error):
                    raise OutboxFull(f"the outbox in {self.folder} cannot be written: {error}") from error
                raise


def open_outbox(config: Config, key: SigningKey) -> Outbox:
    """The gateway's outbox, locked. Raises `OutboxInUse`, `OutboxUnusable`."""
    framer = Framer(key, config.issuer, config.facility, config.log_ref)
    return Outbox(config.gateway.data, framer, witnessed=config.witness is not None)


def _went_back(db: sqlite3.Connection, ack: Acknowledgement) -> str | None:
    """Why the log cannot hold the frames that this newly covers where it says, if it cannot."""
    (above,) = db.execute(
        "SELECT max(above) FROM frame WHERE epoch = ? AND sequence <= ? AND leaf IS NULL",
        (ack.epoch, min(ack.sequence, 2**63 - 1)),
    ).fetchone()
    if above is None:
        return None  # nothing new
    known_epoch, known_leaf = db.execute("SELECT ack_epoch, ack_leaf FROM state").fetchone()
    if ack.index < above:
        return f"puts frames at entry {ack.index} that were signed after {above} entries were anchored"
    if known_epoch == ack.epoch and ack.index <= known_leaf:
        return f"puts newer frames at entry {ack.index}, older ones were at {known_leaf}"
    return None


def _reading(row: tuple[str, int, str, str]) -> Reading:
    return Reading(row[0], row[1], Decimal(row[2]), row[3])


def _no_room(error: sqlite3.OperationalError) -> bool:
    # A write beyond a quota or a file size limit comes as an I/O error, not as "full".
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
