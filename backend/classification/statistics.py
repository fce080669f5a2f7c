"""Tonnes by category, origin and period, under any version of the living list.

A lot counts once in each of its categories; its tonnes are those of its product, its period the local month in
which its run ended, its origin the plant's country. Cells of fewer than `SMALLEST` lots, or of fewer than
`SMALLEST` companies, are suppressed: they would tell what one company made (the usual threshold of official
statistics; Eurostat, Handbook on Statistical Disclosure Control). No total is given, from which a single
suppressed cell could be taken back.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from sqlalchemy import Connection

from backend.anchor.registry import Registry
from backend.classification import repository, service
from backend.production import runs, shares
from backend.production.statements import Archive
from leafproof import clock, units
from leafproof.values import Lot

SMALLEST = 3
HEADER = ("version", "category", "origin", "period", "lots", "tonnes")
_Place = tuple[str, str, str]  # category, origin, period


@dataclass(slots=True)
class _Cell:
    lots: int = 0
    tonnes: Fraction = Fraction(0)
    companies: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Line:
    """A cell; without lots and tonnes where it is suppressed."""

    version: int
    category: str
    origin: str
    period: str
    lots: int | None
    tonnes: str | None


def lines(connection: Connection, archive: Archive, registry: Registry, version: int) -> list[Line]:
    """Every classified lot, classified anew by `version`, which changes no lot. Raises `NotFound`."""
    _, rules = service.version(connection, archive, registry, version)
    cells: dict[_Place, _Cell] = defaultdict(_Cell)
    for row in repository.newest(connection):
        said = service.classified(connection, archive, row)
        run = runs.find_of_lot(connection, Lot.parse(row["gtin"], row["lot"]))
        mass = shares.product_mass(shares.outputs_of(run))
        period = clock.local_date(row["closed"], row["zone"])[:7]
        for category in rules.categories(said.edition, said.code, said.evidence):
            cell = cells[category, row["country"], period]
            cell.lots += 1
            cell.tonnes += mass
            cell.companies.add(row["company"])
    return [_line(version, place, cells[place]) for place in sorted(cells)]


def _line(version: int, place: _Place, cell: _Cell) -> Line:
    if cell.lots < SMALLEST or len(cell.companies) < SMALLEST:
        return Line(version, *place, None, None)
    return Line(version, *place, cell.lots, f"{units.exact_decimal(cell.tonnes):f}")


def as_csv(found: Iterable[Line]) -> str:
    """RFC 4180; a suppressed cell is empty."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for one in found:
        known = (one.lots, one.tonnes) if one.lots is not None else ("", "")
        writer.writerow((one.version, one.category, one.origin, one.period, *known))
    return out.getvalue()
