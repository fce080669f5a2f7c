"""What is here of received lots, and how much of each a company can still take in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import Connection

from backend.anchor.registry import Registry
from backend.production import parents
from backend.production import service as production
from backend.received import repository
from backend.received.repository import Row
from leafproof.chain.view import SHARES
from leafproof.values import Gln, Lot


@dataclass(frozen=True, slots=True)
class Holding:
    """A received lot: `tonnes` of it are the company's; `current` says whether the chain still points to the
    record that is here."""

    row: Row
    lot: Lot
    tonnes: Fraction
    current: bool


def of_company(
    connection: Connection, registry: Registry, gln: Gln, after: tuple[str, str], limit: int
) -> Iterator[Holding]:
    """Received lots by product and code, behind `after`, as a company of this server holds them.
    Raises `NotFound`."""
    company = production.company(connection, gln)
    for row in repository.lots(connection, after, limit):
        lot = Lot.parse(row["gtin"], row["lot"])
        parent = parents.find(connection, lot)
        assert parent is not None  # it was received
        left = max(0, parents.held(connection, parent, company))
        on_chain = registry.lot(connection, parent.token)
        current = on_chain is not None and on_chain.current.leaf == bytes(row["leaf"])
        yield Holding(row, lot, left * parent.mass / SHARES, current)
