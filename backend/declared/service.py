"""Declaring: all recorded lots of a period become one mean, signed by the plant's company and logged.

Nobody chooses the lots: they are what the database says of the period. The statement stands at the very log size
that it speaks for, since it is written under the log's lock. Asked again while nothing changed, it is the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from backend.declared import repository
from backend.declared.repository import Pair, Row
from backend.errors import Conflict, NotFound
from backend.footprints import methods
from backend.footprints import service as footprints
from backend.log import repository as log_repository
from backend.production import recording
from backend.production import repository as production_rows
from backend.production import service as production
from backend.production.statements import Archive, Desk
from leafproof import body, clock, declared, profile
from leafproof.declared import Cover, DeclaredFootprint, DeclaredLot
from leafproof.errors import InvalidInput
from leafproof.values import Gln, Gtin, party_uri

NAMED = 5  # lots that a refusal names; the rest is counted


@dataclass(frozen=True, slots=True)
class Declared:
    """A declared footprint with its place in the log; `issued_at` in Unix seconds."""

    stated: DeclaredFootprint
    log: int
    index: int
    statement_id: bytes
    issued_at: int


def declare(
    connection: Connection, desk: Desk, facility: Gln, gtin: Gtin, start: int, end: int, by: str | None = None
) -> Declared:
    """The declared footprint of a facility's product over [start, end), Unix seconds, by a profile (the main one,
    if none is named); issued anew where lots came or changed since the last one.

    Raises `InvalidInput` for a period that is none or has no recorded lot, for lots without a footprint by the
    profile, `Conflict` for a period that overlaps another one, and `NotFound`.
    """
    place = production.facility(connection, facility, lock=True)
    production.product(connection, gtin)
    ref = profile.newest(by) if by else methods.profiles_of(connection, str(facility))[0]
    method = declared.method_name(ref)
    cover = Cover(str(gtin), str(facility), clock.utc_text(start), clock.utc_text(end), method)
    _ = cover.window
    log = desk.of_partition(place["partition"])
    known: dict[Pair, DeclaredLot] = {}
    _lines(connection, desk, cover, known)  # first, so that the log is locked for what came meanwhile alone
    size, _frontier = log_repository.state(connection, log.number, lock=True)
    lines = _lines(connection, desk, cover, known)
    before = _before(connection, desk, cover)
    if not lines:
        raise InvalidInput("gtin", f"no lot of {gtin} whose run closed in the period is recorded at {facility}")
    if before is not None and _says_the_same(before, cover, lines, desk.now()):
        return before
    supersedes = before.statement_id.hex() if before else None
    stated = declared.calculate(cover, lines, size, desk.now() >= end, supersedes)
    issuer = Gln(place["company"])
    content, disclosures = stated.issue(desk.signer.key(issuer), party_uri(issuer))
    tiers = production.tiers_of(connection, gtin, declared.DISCLOSED_FROM)
    kind = body.DECLARED_FOOTPRINT
    logged = desk.put(connection, log, issuer, stated.urn, kind, content, disclosures, tiers)
    repository.insert(
        connection,
        gtin=stated.gtin,
        facility=stated.facility,
        method=stated.method,
        start=start,
        end=end,
        log=logged.log,
        index=logged.index,
        statement_id=logged.statement_id,
        supersedes=before.statement_id if before else None,
        created_at=desk.now(),
    )
    return Declared(stated, logged.log, logged.index, logged.statement_id, desk.now())


def read(connection: Connection, archive: Archive, row: Row) -> Declared:
    """The declared footprint of a row, with all that it discloses."""
    opened = archive.read(connection, row["log"], row["index"])
    texts = [d.text for d in opened.disclosures]
    stated = DeclaredFootprint.read(opened.body, texts, opened.key, opened.issuer)
    issued_at = opened.envelope.header.issued_at
    return Declared(stated, row["log"], row["index"], bytes(row["statement_id"]), issued_at)


def find(connection: Connection, archive: Archive, statement_id: bytes) -> Declared:
    """By its statement id. Raises `NotFound`."""
    row = repository.by_statement(connection, statement_id)
    if row is None:
        raise NotFound(f"declared footprint {statement_id.hex()} is not known here")
    return read(connection, archive, row)


def covering(connection: Connection, facility: str, gtin: str, closed: int) -> list[Row]:
    """The newest declared footprints whose period has a run that closed then, one for each method."""
    rows = repository.newest(connection, facility, gtin)
    return [row for row in rows if row["start"] <= closed < row["end"]]


def _before(connection: Connection, desk: Desk, cover: Cover) -> Declared | None:
    """The one that a new one takes the place of. Raises `Conflict` where periods overlap otherwise."""
    rows = repository.newest(connection, cover.facility, cover.gtin)
    several = [read(connection, desk, row) for row in rows if row["method"] == cover.method]
    clashing = [one for one in several if one.stated.clashes(cover)]
    for one in clashing:
        if len(clashing) > 1 or not cover.contains(one.stated):
            raise Conflict(
                f"the period overlaps {one.stated.start} to {one.stated.end}, which is declared already: a newer"
                " declared footprint covers the whole of one earlier period, and touches no other"
            )
    return clashing[0] if clashing else None


def _says_the_same(before: Declared, cover: Cover, lines: list[DeclaredLot], now: int) -> bool:
    over = now >= cover.window[1]
    again = declared.calculate(cover, lines, before.stated.size, over, before.stated.supersedes)
    return again == before.stated


def _lines(connection: Connection, desk: Desk, cover: Cover, known: dict[Pair, DeclaredLot]) -> list[DeclaredLot]:
    """Of every recorded lot of the period; `known` are those that were read before."""
    by = cover.method.partition(" ")[0]
    found = repository.pairs(connection, cover.facility, cover.gtin, by, *cover.window)
    if len(found) > declared.MAX_LOTS:
        raise InvalidInput("end", f"{len(found)} lots, at most {declared.MAX_LOTS}; declare shorter periods")
    lacking = [pair.lot for pair in found if pair not in known and not _add(connection, desk, cover, pair, known)]
    if lacking:
        more = f" and {len(lacking) - NAMED} more" if len(lacking) > NAMED else ""
        reason = (
            f"lots {', '.join(lacking[:NAMED])}{more} have no footprint of their newest record by {cover.method}"
        )
        raise InvalidInput("profile", reason)
    return [known[pair] for pair in found]


def _add(connection: Connection, desk: Desk, cover: Cover, pair: Pair, known: dict[Pair, DeclaredLot]) -> bool:
    """Whether the lot has a footprint that counts: of its newest record, by the very version of the profile."""
    if pair.footprint is None:
        return False
    row = production_rows.record_by_statement(connection, pair.record)
    printed = footprints.read(connection, desk, pair.footprint)
    if row is None or printed.record != pair.record.hex() or declared.method_of(printed) != cover.method:
        return False
    known[pair] = DeclaredLot.of(recording.read(connection, desk, row), pair.footprint.hex(), printed)
    return True
