"""Tonnes by category, origin, market and period, under any version of the living list.

A lot counts once in each of its categories; its tonnes are those of its product, its period the local month in
which its run ended, its origin the plant's country. Its market is the country of the plants of whoever bought it
from its maker, by transfers that are final on the chain: a lot that was sold to several counts in the market of
each with what was sold there. What was sold to a buyer whose country no record tells (without plants here, or with
plants in several countries) is in the market `UNKNOWN`; what was not sold yet has no market.

What must hold:

1. only months that are over at the plant are counted: a month that grows lot by lot would tell each lot;
2. a cell of fewer than `SMALLEST` lots, makers, or (where it was sold) buyers is suppressed: it would tell what
   one company made or bought (the usual threshold of official statistics; Eurostat, Handbook on Statistical
   Disclosure Control);
3. where the lots of one published cell are among those of another of the same origin, market and period, what the
   larger has more follows rule 2 too, or the larger is suppressed.

Limits: these rules look at one answer, and in it at two cells at a time. Whoever compares answers under several
versions, or before and after a sale, a correction or a new classification, or adds several cells up, may learn of
fewer than `SMALLEST`. A buyer is an address on the chain: one who uses several counts several times.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from sqlalchemy import Connection

from backend.anchor.registry import Registry
from backend.classification import repository, service
from backend.production import runs, shares
from backend.production.repository import Row
from backend.production.statements import Desk
from leafproof import clock, units
from leafproof.values import Lot

SMALLEST = 3
HEADER = ("version", "category", "origin", "market", "period", "lots", "tonnes")
UNKNOWN = "unknown"  # the market of what was sold to a buyer whose country nobody tells
Place = tuple[str, str, str, str]  # category, origin, market (empty: not sold), period


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a lot: its market, who made it, and the buyer's address (empty: not sold)."""

    market: str
    maker: str
    buyer: str
    tonnes: Fraction


Cell = Mapping[Lot, Sequence[Part]]


@dataclass(frozen=True, slots=True)
class Line:
    """A cell, of what was not sold where `market` is empty; without lots and tonnes where it is suppressed."""

    version: int
    category: str
    origin: str
    market: str
    period: str
    lots: int | None
    tonnes: str | None


def lines(connection: Connection, desk: Desk, registry: Registry, version: int) -> list[Line]:
    """Every classified lot of a month that is over, classified anew by `version`, which changes no lot. A lot
    whose classification cannot be read any more is left out. Raises `NotFound`, and `Gone` where the version's
    content was deleted."""
    _, rules = service.version(connection, desk, registry, version)
    cells: dict[Place, dict[Lot, list[Part]]] = defaultdict(lambda: defaultdict(list))
    for row in repository.newest(connection):
        period = clock.local_date(row["closed"], row["zone"])[:7]
        if period >= clock.local_date(desk.now(), row["zone"])[:7]:
            continue
        one = bytes(row["statement_id"])
        said = service.unless_unreadable(one, partial(service.classified, connection, desk, row))
        if said is None:
            continue
        parts = _parts(connection, row, said.of)
        for category in rules.categories(said.edition, said.code, said.evidence):
            for part in parts:
                cells[category, row["country"], part.market, period][said.of].append(part)
    return published(version, cells)


def _parts(connection: Connection, row: Row, lot: Lot) -> list[Part]:
    """What was sold of a lot, and what is left of it."""
    maker = row["company"]
    left = shares.product_mass(shares.outputs_of(runs.find_of_lot(connection, lot)))
    found = []
    for sale in repository.sales(connection, row["gtin"], row["lot"], maker):
        quantity = units.Quantity(units.parse_decimal(sale["quantity"], "quantity"), sale["unit"])
        market = repository.country_of(connection, sale["buyer"]) if sale["buyer"] else None
        found.append(Part(market or UNKNOWN, maker, bytes(sale["receiver"]).hex(), quantity.to("t")))
        left -= found[-1].tonnes
    return [*found, Part("", maker, "", left)] if left > 0 else found


def published(version: int, cells: Mapping[Place, Cell]) -> list[Line]:
    """A line for each cell, suppressed by rules 2 and 3 of the module; of nested cells the smaller is kept."""
    kept: dict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    told = set()
    for place in sorted(cells, key=lambda one: (len(cells[one]), one)):
        cell, beside = cells[place], kept[place[1:]]
        inside = [one for one in beside if one.keys() < cell.keys()]
        more = [{lot: cell[lot] for lot in cell.keys() - one.keys()} for one in inside]
        if all(_many(one) for one in (cell, *more)):
            beside.append(cell)
            told.add(place)
    return [_line(version, place, cells[place], place in told) for place in sorted(cells)]


def _many(cell: Cell) -> bool:
    """Whether nobody's own lots can be told from a sum over these."""
    parts = [part for of_lot in cell.values() for part in of_lot]
    parties = [{part.maker for part in parts}]
    if any(part.market for part in parts):
        parties.append({part.buyer for part in parts})
    return len(cell) >= SMALLEST and all(len(named) >= SMALLEST for named in parties)


def _line(version: int, place: Place, cell: Cell, told: bool) -> Line:
    if not told:
        return Line(version, *place, None, None)
    tonnes = sum((part.tonnes for of_lot in cell.values() for part in of_lot), Fraction(0))
    return Line(version, *place, len(cell), f"{units.exact_decimal(tonnes):f}")


def as_csv(found: Iterable[Line]) -> str:
    """RFC 4180; a suppressed cell is empty."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for one in found:
        known = (one.lots, one.tonnes) if one.lots is not None else ("", "")
        writer.writerow((one.version, one.category, one.origin, one.market, one.period, *known))
    return out.getvalue()
