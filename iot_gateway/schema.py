"""The outbox's tables, version 2 (PRAGMA user_version). The rules of custody stand in `iot_gateway.outbox`."""

VERSION = 2
APPLICATION_ID = 0x4C656166  # "Leaf"

# What version 2 adds: the log's word, kept until the chain bears it out, and what the witness found.
TO_VERSION_2 = """
-- The log's signed acknowledgement of the frames with this epoch and `leaf`; it goes with the last of them.
CREATE TABLE acknowledgement (
    epoch INTEGER NOT NULL,
    leaf INTEGER NOT NULL,
    signed BLOB NOT NULL,
    PRIMARY KEY (epoch, leaf)
);

-- Evidence: frames that the log acknowledged, beside the anchored head that should hold them and does not.
CREATE TABLE missing (
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    envelope BLOB NOT NULL,
    leaf INTEGER NOT NULL,          -- the log's word: at this entry or below
    signed BLOB,                    -- that word, signed; NULL where it came before this table
    size INTEGER NOT NULL,          -- the head, as the gateway read it from the chain
    root BLOB NOT NULL,
    block_number INTEGER NOT NULL,
    block_hash BLOB NOT NULL,
    found_at INTEGER NOT NULL,
    PRIMARY KEY (epoch, sequence)
);

-- One row. `unproven`: what is wrong with the tree that the log shows.
CREATE TABLE witness (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    checked_at INTEGER,             -- of the newest look that bore out what it looked at
    size INTEGER,
    block_number INTEGER,
    found INTEGER NOT NULL DEFAULT 0,
    missing INTEGER NOT NULL DEFAULT 0,
    missing_since INTEGER,
    unproven TEXT,
    unproven_since INTEGER
);
INSERT INTO witness (only_row) VALUES (1);
"""

_VERSION_1 = """
-- One row: where the chain of frames stands, and the newest anchored head that the log has told.
CREATE TABLE state (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    key_id BLOB NOT NULL,
    log BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,      -- of the next frame
    previous BLOB,                  -- statement id of the last frame
    signed_at INTEGER NOT NULL,     -- Unix seconds of the last frame
    stopped_at INTEGER,             -- Unix seconds of a clean stop; NULL while running
    beacon_number INTEGER,
    beacon_hash BLOB,
    beacon_time INTEGER,
    beacon_size INTEGER NOT NULL DEFAULT 0,
    ack_epoch INTEGER,              -- of the newest acknowledgement, and the entry that it named
    ack_leaf INTEGER
);

-- Where each source stands; committed together with what was read up to there.
CREATE TABLE source (
    name TEXT PRIMARY KEY,
    position TEXT NOT NULL,
    rejected INTEGER NOT NULL DEFAULT 0
);

-- Readings taken, but not yet in a frame.
CREATE TABLE pending (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    point TEXT NOT NULL,
    time INTEGER NOT NULL,
    value TEXT NOT NULL,
    unit TEXT NOT NULL
);

-- Signed frames. `leaf` is NULL until the log has acknowledged; the row goes once an anchored head covers it.
CREATE TABLE frame (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    envelope BLOB NOT NULL,
    body BLOB NOT NULL,
    readings INTEGER NOT NULL,
    above INTEGER NOT NULL,         -- size of the anchored head that was known when it was signed
    leaf INTEGER,
    UNIQUE (epoch, sequence)
);
CREATE INDEX frame_waiting ON frame (id) WHERE leaf IS NULL;
CREATE INDEX frame_held ON frame (leaf) WHERE leaf IS NOT NULL;

CREATE TABLE rejected (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    line INTEGER NOT NULL,
    reason TEXT NOT NULL,
    text TEXT NOT NULL,
    at INTEGER NOT NULL
);

CREATE TABLE last_reading (
    point TEXT PRIMARY KEY,
    time INTEGER NOT NULL,
    value TEXT NOT NULL,
    unit TEXT NOT NULL
);
"""

SCHEMA = _VERSION_1 + TO_VERSION_2
