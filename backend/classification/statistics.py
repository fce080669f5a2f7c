"""Tonnes by category, origin, market and period, under any version of the living list.

A lot counts once in each of its categories; its tonnes are those of its product, its period the local month in
which its run ended, its origin the plant's country. Its market is the country of the plants of whoever bought it
from its maker, by transfers that are final on the chain: a lot that was sold to several counts in the market of
each with what was sold there. What was not sold yet, or to a buyer whose country no record tells (without plants
here, or with plants in several countries), has no market.

Cells of fewer than `SMALLEST` lots, makers, or buyers are suppressed: they would tell what one company made or
bought (the usual threshold of official statistics; Eurostat, Handbook on Statistical Disclosure Control). No total
is given, and no other breakdown, from which a single suppressed cell could be taken back.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial

from sqlalchemy import Connection

from backend.anchor.registry import Registry
from backend.classification import repository, service
from backend.production import runs, shares
from backend.production.repository import Row
from backend.production.statements import Archive
from leafproof import clock, units
from leafproof.values import Lot

SMALLEST = 3
HEADER = ("version", "category", "origin", "market", "period", "lots", "tonnes")
_Place = tuple[str, str, str, str]  # category, origin, market (empty: none), period


@dataclass(slots=True)
class _Cell:
    lots: set[Lot] = field(default_factory=set)
    tonnes: Fraction = Fraction(0)
    makers: set[str] = field(default_factory=set)
    buyers: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a lot: its market and its buyer, empty where there is none."""

    market: str
    buyer: str
    tonnes: Fraction


@dataclass(frozen=True, slots=True)
class Line:
    """A cell, of no `market` where that is empty; without lots and tonnes where it is suppressed."""

    version: int
    category: str
    origin: str
    market: str
    period: str
    lots: int | None
    tonnes: str | None


def lines(connection: Connection, archive: Archive, registry: Registry, version: int) -> list[Line]:
    """Every classified lot, classified anew by `version`, which changes no lot. A lot whose classification cannot
    be read any more is left out. Raises `NotFound`, and `Gone` where the version's content was deleted."""
    _, rules = service.version(connection, archive, registry, version)
    cells: dict[_Place, _Cell] = defaultdict(_Cell)
    for row in repository.newest(connection):
        one = bytes(row["statement_id"])
        said = service.unless_unreadable(one, partial(service.classified, connection, archive, row))
        if said is None:
            continue
        period = clock.local_date(row["closed"], row["zone"])[:7]
        parts = _parts(connection, row, said.of)
        for category in rules.categories(said.edition, said.code, said.evidence):
            for part in parts:
                cell = cells[category, row["country"], part.market, period]
                cell.lots.add(said.of)
                cell.tonnes += part.tonnes
                cell.makers.add(row["company"])
                cell.buyers.add(part.buyer)
    return [_line(version, place, cells[place]) for place in sorted(cells)]


def _parts(connection: Connection, row: Row, lot: Lot) -> list[_Part]:
    """What was sold of a lot, and what is left of it."""
    left = shares.product_mass(shares.outputs_of(runs.find_of_lot(connection, lot)))
    found = []
    for sale in repository.sales(connection, row["gtin"], row["lot"], row["company"]):
        quantity = units.Quantity(units.parse_decimal(sale["quantity"], "quantity"), sale["unit"])
        buyer = sale["buyer"] or ""
        market = repository.country_of(connection, buyer) if buyer else None
        found.append(_Part(market or "", buyer if market else "", quantity.to("t")))
        left -= found[-1].tonnes
    return [*found, _Part("", "", left)] if left > 0 else found


def _line(version: int, place: _Place, cell: _Cell) -> Line:
    _, _, market, _ = place
    parties = [cell.makers, cell.buyers] if market else [cell.makers]
    if len(cell.lots) < SMALLEST or any(len(named) < SMALLEST for named in parties):
        return Line(version, *place, None, None)
    return Line(version, *place, len(cell.lots), f"{units.exact_decimal(cell.tonnes):f}")


def as_csv(found: Iterable[Line]) -> str:
    """RFC 4180; a suppressed cell is empty."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for one in found:
        known = (one.lots, one.tonnes) if one.lots is not None else ("", "")
        writer.writerow((one.version, one.category, one.origin, one.market, one.period, *known))
    return out.getvalue()
