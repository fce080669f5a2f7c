"""Certificates that a lot's market-based footprint counts: claims of its maker that the chain holds for it, as far
as their cancellations were stated here, and the facility has a factor for their source. All arithmetic is
`leafproof.market`'s."""

from __future__ import annotations

from collections.abc import Container

from sqlalchemy import Connection

from backend.anchor.registry import standing_claims
from backend.certificates import repository
from backend.production import service as production
from backend.production.repository import Row
from backend.production.statements import Archive
from leafproof.carriers import ELECTRICITY
from leafproof.certificate import Cancellation
from leafproof.chain.view import lot_id
from leafproof.errors import InvalidInput
from leafproof.footprint import Serials
from leafproof.values import Gln, Lot


def counted(
    connection: Connection, archive: Archive, facility: Row, lot: Lot, subjects: Container[str]
) -> tuple[Serials, ...]:
    """What the facility's company claimed for the lot and can count: `subjects` are those with a factor. By the
    order of the claims."""
    maker = production.company(connection, Gln(facility["company"]))
    address = bytes(maker["address"])
    found = []
    for claim in standing_claims(connection, lot_id(address, lot)):
        row = repository.cancellation(connection, claim.cancellation)
        if row is None or row["operator"] != maker["gln"] or claim.operator != address:
            continue
        stated = _read(connection, archive, row)
        if f"{ELECTRICITY}-{stated.source}" in subjects:
            found.append(Serials(claim.cancellation.hex(), str(claim.first), str(claim.last)))
    return tuple(found)


def cancellation(connection: Connection, archive: Archive, statement_id: str) -> Cancellation:
    """The cancellation that a footprint names. Raises `InvalidInput`."""
    row = repository.cancellation(connection, bytes.fromhex(statement_id))
    if row is None:
        raise InvalidInput("certificates", f"cancellation {statement_id} is not known here")
    return _read(connection, archive, row)


def _read(connection: Connection, archive: Archive, row: Row) -> Cancellation:
    return Cancellation.decode_body(archive.read(connection, row["log"], row["index"]).body)
