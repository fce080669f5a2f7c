"""What the outbox keeps of the log's word, and what became of it: SQL inside the outbox's transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from leafproof.chain.view import Head

# Evidence kept, about 800 bytes each; further frames are counted. A log that lost so many has been found out.
MAX_MISSING = 10_000


@dataclass(frozen=True, slots=True)
class Held:
    """A frame that the log says to hold, at entry `leaf` or below; it was signed when a head of `above` entries
    was anchored, so that an honest log has it at that entry or behind."""

    id: int
    epoch: int
    sequence: int
    leaf: int
    above: int
    envelope: bytes


def held(db: sqlite3.Connection, size: int, limit: int) -> list[Held]:
    """Acknowledged frames that a head of `size` entries should hold, by entry: the first `limit`."""
    rows = db.execute(
        "SELECT id, epoch, sequence, leaf, above, envelope FROM frame WHERE leaf < ? ORDER BY leaf, id LIMIT ?",
        (size, limit),
    )
    return [Held(*row) for row in rows]


def keep_word(db: sqlite3.Connection, epoch: int, leaf: int, signed: bytes) -> None:
    """Keep an acknowledgement that newly covers frames."""
    db.execute("INSERT OR REPLACE INTO acknowledgement VALUES (?, ?, ?)", (epoch, leaf, signed))


def drop_words(db: sqlite3.Connection) -> None:
    """Forget acknowledgements of which no frame is left."""
    db.execute(
        "DELETE FROM acknowledgement WHERE NOT EXISTS (SELECT 1 FROM frame "
        "WHERE frame.leaf = acknowledgement.leaf AND frame.epoch = acknowledgement.epoch)"
    )


def release(db: sqlite3.Connection, found: Sequence[Held]) -> None:
    """Delete frames that were found in the anchored head."""
    db.executemany("DELETE FROM frame WHERE id = ?", [(one.id,) for one in found])
    db.execute("UPDATE witness SET found = found + ?", (len(found),))
    drop_words(db)


def accuse(db: sqlite3.Connection, absent: Sequence[Held], head: Head, now: int) -> None:
    """Keep the evidence that the anchored `head` lacks these frames, and put them back to be sent again."""
    (kept,) = db.execute("SELECT count(*) FROM missing").fetchone()
    seen = (head.size, head.root, head.moment.block_number, head.moment.block_hash, now)
    db.executemany(
        "INSERT OR IGNORE INTO missing SELECT ?1, ?2, ?3, ?4, "
        "(SELECT signed FROM acknowledgement WHERE epoch = ?1 AND leaf = ?4), ?5, ?6, ?7, ?8, ?9",
        [(o.epoch, o.sequence, o.envelope, o.leaf, *seen) for o in absent[: max(0, MAX_MISSING - kept)]],
    )
    db.execute(
        "UPDATE witness SET missing = missing + ?, missing_since = coalesce(missing_since, ?)", (len(absent), now)
    )
    db.executemany("UPDATE frame SET leaf = NULL WHERE id = ?", [(one.id,) for one in absent])
    # The log went back, which is said now: its next words are measured anew.
    db.execute("UPDATE state SET ack_epoch = NULL, ack_leaf = NULL")
    drop_words(db)


def proven(db: sqlite3.Connection, head: Head, now: int) -> None:
    """Note that a look at `head` bore out all that it looked at."""
    db.execute(
        "UPDATE witness SET checked_at = ?, size = ?, block_number = ?, unproven = NULL, unproven_since = NULL",
        (now, head.size, head.moment.block_number),
    )


def unproven(db: sqlite3.Connection, words: str, now: int) -> None:
    """Note that the log shows a tree that is not the anchored one."""
    db.execute("UPDATE witness SET unproven = ?, unproven_since = coalesce(unproven_since, ?)", (words[:500], now))
