"""Received lots as bundles again: statements of others with the proofs they came with, and this server's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from backend.access.tiers import Tier
from backend.anchor import registry
from backend.errors import NotFound
from backend.log.service import TransparencyLog
from backend.production import repository as production_rows
from backend.received import evidence, repository
from leafproof import envelope
from leafproof.bundle import Bundle, BundleHead, Item, Witnessed
from leafproof.values import Lot

_PAGE = 200


@dataclass(slots=True)
class Parts:
    """A bundle in the making. `heads` have their places; those of others' logs the numbers under which they are
    kept here, others None."""

    heads: dict[BundleHead, tuple[int, int | None]] = field(default_factory=dict)
    keys: dict[bytes, bytes | None] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)

    def place_of(self, head: BundleHead, kept: int | None = None) -> int:
        """A head's place in the bundle."""
        return self.heads.setdefault(head, (len(self.heads), kept))[0]

    @property
    def known_keys(self) -> tuple[bytes, ...]:
        """The keys that are known here."""
        return tuple(cose for cose in self.keys.values() if cose is not None)


def add(connection: Connection, place: repository.Place, tier: Tier, parts: Parts) -> Item:
    """Put a statement of another server's log into a bundle, as readers of `tier` get it. Raises `NotFound`."""
    found = evidence.shown(connection, place, tier)
    if found is None:
        raise NotFound(f"entry {place[1]} of log {place[0].hex()}, which was received, is not here")
    key_id = envelope.parse(found.envelope).key_id
    if key_id not in parts.keys:
        parts.keys[key_id] = evidence.key(connection, key_id)
    head = parts.place_of(evidence.head(connection, found.head), found.head)
    item = Item(found.envelope, found.body, found.disclosures, found.index, head, found.path)
    parts.items.append(item)
    return item


def every(connection: Connection, logs: Sequence[TransparencyLog]) -> Iterator[Bundle]:
    """All received lots, each with everything that is here of it."""
    after = ("", "")
    while page := repository.lots(connection, after, _PAGE):
        for row in page:
            yield whole(connection, Lot.parse(row["gtin"], row["lot"]), logs)
        after = (page[-1]["gtin"], page[-1]["lot"])


def whole(connection: Connection, lot: Lot, logs: Sequence[TransparencyLog], tier: Tier = Tier.AUDITOR) -> Bundle:
    """Everything that is here of a received lot, as readers of `tier` get it. What stands in one of this server's
    `logs` comes from there, as far as it is anchored."""
    hosted, parts = {log.ref.log_id: log for log in logs}, Parts()
    for log_id, index in evidence.parts(connection, lot):
        if log_id in hosted:
            _own(connection, hosted[log_id], index, tier, parts)
        else:
            add(connection, (log_id, index), tier, parts)
    return Bundle(lot, parts.known_keys, tuple(parts.heads), tuple(parts.items), _cosigned(connection, parts))


def _own(connection: Connection, log: TransparencyLog, index: int, tier: Tier, parts: Parts) -> None:
    anchored = registry.head_covering(connection, log.ref.log_id, index)
    if anchored is None:
        return
    raw, stored = log.entry(connection, index).envelope, log.body(connection, index)
    key_id = envelope.parse(raw).key_id
    parts.keys.setdefault(key_id, production_rows.issuer_key(connection, key_id))
    head = parts.place_of(BundleHead(log.ref, anchored.size, anchored.root))
    path = tuple(log.inclusion_proof(connection, index, anchored.size))
    seen = stored.body is not None and stored.tier <= tier
    body, disclosures = (stored.body, stored.shown_to(tier)) if seen else (None, ())
    parts.items.append(Item(raw, body, disclosures, index, head, path))


def _cosigned(connection: Connection, parts: Parts) -> tuple[Witnessed, ...]:
    found: dict[bytes, list[tuple[int, tuple[bytes, ...]]]] = {}
    for place, kept in parts.heads.values():
        if kept is not None and (covered := evidence.cosigned(connection, kept)) is not None:
            found.setdefault(covered.note, []).append((place, covered.proof))
    return tuple(Witnessed(note, tuple(proofs)) for note, proofs in found.items())
