"""Reading what was received: the supplier's own statements, under his signatures, in his logs.

They were verified against the chain when they came (`backend.received.service`), and go into bundles as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from backend.access.tiers import Tier
from backend.errors import LogDamaged
from backend.log.schemas import Disclosure
from backend.received import repository
from backend.received.repository import Place, Row
from leafproof import cbor
from leafproof.bundle import BundleHead
from leafproof.envelope import LogRef
from leafproof.errors import LeafproofError
from leafproof.footprint import Footprint
from leafproof.keys import public_key
from leafproof.record import BatchRecord
from leafproof.values import Lot
from leafproof.verification.statements import Statement

MAX_DISCLOSURES = 8 << 20  # bytes, as in `backend.log.repository`
_MAX_PATH = 64 * 40


@dataclass(frozen=True, slots=True)
class Shown:
    """A statement as a bundle gives it to readers of a tier; `head` is its number here."""

    envelope: bytes
    body: bytes | None
    disclosures: tuple[str, ...]
    index: int
    head: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint as a signed note, and the proof by which it extends a head."""

    note: bytes
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Printed:
    """A footprint of a received lot."""

    statement_id: bytes
    profile: str
    record: bytes


def lot(connection: Connection, named: Lot, *, lock: bool = False) -> Row | None:
    """A received lot."""
    return repository.lot(connection, str(named.gtin), str(named.code), lock=lock)


def parts(connection: Connection, named: Lot) -> list[Place]:
    """Where all statements of a received lot's tree stand."""
    return repository.parts(connection, str(named.gtin), str(named.code))


def shown(connection: Connection, place: Place, tier: Tier) -> Shown | None:
    """A statement for readers of `tier`; None where it is not here."""
    row = repository.statement(connection, place)
    if row is None:
        return None
    seen = row["body"] is not None and row["tier"] <= tier
    listed = tuple(d.text for d in disclosures_of(row) if d.tier <= tier) if seen else ()
    path = tuple(cbor.decode(row["path"], "path", _MAX_PATH))
    body = bytes(row["body"]) if seen else None
    return Shown(bytes(row["envelope"]), body, listed, place[1], row["head"], path)


def disclosures_of(row: Row) -> tuple[Disclosure, ...]:
    """What can be disclosed of a statement, and from which tier on."""
    if row["disclosures"] is None:
        return ()
    listed = cbor.decode(row["disclosures"], "disclosures", MAX_DISCLOSURES)
    return tuple(Disclosure(Tier(lowest), text) for lowest, text in listed)


def head(connection: Connection, number: int) -> BundleHead:
    """A head of another's log."""
    row = repository.head(connection, number)
    ref = LogRef(row["chain_id"], bytes(row["contract"]), bytes(row["log_id"]))
    return BundleHead(ref, row["size"], bytes(row["root"]))


def key(connection: Connection, key_id: bytes) -> bytes | None:
    """An issuer's COSE_Key."""
    return repository.key(connection, key_id)


def cosigned(connection: Connection, number: int) -> Cosigned | None:
    """What witnesses cosigned of a head."""
    row = repository.cosigned(connection, number)
    if row is None:
        return None
    return Cosigned(bytes(row["note"]), tuple(cbor.decode(row["proof"], "proof", _MAX_PATH)))


def records_of(connection: Connection, named: Lot) -> set[bytes]:
    """Statement ids of all records in a received lot's tree."""
    return set(repository.records_of(connection, str(named.gtin), str(named.code)))


def footprints_of(connection: Connection, named: Lot) -> list[Printed]:
    """A received lot's footprints, the newest last."""
    rows = repository.footprints_of(connection, str(named.gtin), str(named.code))
    return [Printed(bytes(r["statement_id"]), r["profile"], bytes(r["record"])) for r in rows]


def footprint(connection: Connection, statement_id: bytes) -> Footprint | None:
    """The footprint that this statement is. Raises `LogDamaged`."""
    content = _content(connection, statement_id)
    return content if isinstance(content, Footprint) else None


def record(connection: Connection, statement_id: bytes) -> BatchRecord | None:
    """The record that this statement is. Raises `LogDamaged`."""
    content = _content(connection, statement_id)
    return content if isinstance(content, BatchRecord) else None


def _content(connection: Connection, statement_id: bytes) -> object:
    row = repository.by_id(connection, statement_id)
    if row is None:
        return None
    listed = tuple(d.text for d in disclosures_of(row))
    body = None if row["body"] is None else bytes(row["body"])
    try:
        statement = Statement.parse(bytes(row["envelope"]), row["index"], body, listed)
        statement.read(public_key(repository.key(connection, statement.envelope.key_id) or b""))
    except LeafproofError as error:
        reason = f"received entry {row['index']}: what is stored is not what was signed ({error})"
        raise LogDamaged(reason) from error
    return statement.content
