"""The beacon: the newest anchored head, signed by the log and retained by the broker.

Gateways put it into their frames, which proves that a frame was signed after that block.
"""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection

from backend.ingest.judge import TOPIC_ROOT
from backend.log.service import HostedLog
from leafproof.chain.view import Head
from leafproof.notice import Beacon, sign_beacon


class Anchors(Protocol):
    """What the chain holds of a log."""

    def latest_anchor(self, connection: Connection, log_id: bytes) -> Head | None:
        """The newest head in a final block; None before the first."""


class BeaconSource:
    """Says what to publish for one log: each head once, and again when asked."""

    def __init__(self, hosted: HostedLog, anchors: Anchors) -> None:
        self._hosted = hosted
        self._anchors = anchors
        self._published: Head | None = None
        self.topic = f"{TOPIC_ROOT}/{hosted.partition}/beacon"

    def due(self, connection: Connection) -> bytes | None:
        """The beacon, if there is a head that was not published yet."""
        head = self._anchors.latest_anchor(connection, self._hosted.log.ref.log_id)
        if head is None or head == self._published:
            return None
        self._published = head
        moment = head.moment
        beacon = Beacon(moment.block_number, moment.block_hash, moment.block_time, head.size, head.root)
        return sign_beacon(self._hosted.key, self._hosted.log.ref, beacon)

    def forget(self) -> None:
        """Publish again: the broker may have lost what it retained."""
        self._published = None
