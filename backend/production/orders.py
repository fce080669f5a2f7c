"""Production orders from a CSV file: each line a run that is over, with what came out and went in.

The columns are set out in docs/howto/production-orders.md. A line that cannot be taken is reported by its number
and reason and changes nothing; the others go on. An order that was taken before is left as it is.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Engine

from backend.database import reading, transaction
from backend.errors import Conflict
from backend.production import moments, repository, runs
from backend.production import service as production
from backend.production.statements import Desk
from leafproof import clock
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.record import Input, Output, Source, Weighing
from leafproof.units import parse_decimal
from leafproof.values import Gln, Lot, digest

MAX_FILE = 8 << 20  # bytes; a year of orders of a works takes under one
MAX_ROWS = 50_000
REQUIRED = ("order", "line", "gtin", "lot", "opened", "closed", "output_t")
_OPTIONAL = ("scrap_t", "scrap_source", "source")
MAX_PARTS = 20  # inputs, and co-products, of one order
_PART_COLUMNS = {
    "input": ("name", "t", "material", "gtin", "lot", "source"),
    "coproduct": ("name", "t", "source"),
}


@dataclass(frozen=True, slots=True)
class LineReport:
    """What became of one line; `number` counts the file's lines from 1, the header's. `field` names the column at
    fault, where it is one."""

    number: int
    order: str
    outcome: Literal["taken", "known", "refused"]
    run: str | None = None
    field: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Order:
    order: str
    line: str
    lot: Lot
    opened: int
    closed: int
    outputs: tuple[Output, ...]
    inputs: tuple[Input, ...]


def import_orders(engine: Engine, desk: Desk, facility: Gln, data: bytes) -> list[LineReport]:
    """Take a file's orders for `facility`, each in a transaction of its own.

    Raises `InvalidInput` for a file that cannot be read at all, and `NotFound` for an unknown facility.
    """
    with reading(engine) as connection:
        zone = production.facility(connection, facility)["zone"]
    header, *lines = _lines(data)
    columns = _header(_text(header, "file"))
    if len(lines) > MAX_ROWS:
        raise InvalidInput("file", f"more than {MAX_ROWS} lines; split it")
    numbered = ((number, line) for number, line in enumerate(lines, start=2) if line.strip())
    return [_take(engine, desk, facility, zone, number, columns, line) for number, line in numbered]


def _lines(data: bytes) -> list[bytes]:
    """The file's lines, one order each: a quote left open, or a broken byte, spoils its own line alone."""
    if len(data) > MAX_FILE:
        raise InvalidInput("file", f"{len(data)} bytes, at most {MAX_FILE} are read")
    return [line.removesuffix(b"\r") for line in data.removeprefix(codecs.BOM_UTF8).split(b"\n")]


def _text(line: bytes, field: str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(field, f"not UTF-8 (byte {error.start + 1} of the line)") from None


def _cells(line: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True), [])]
    except csv.Error as error:
        raise InvalidInput("line", f"not readable as CSV: {error}") from None


def _header(line: str) -> list[str]:
    columns = _cells(line)
    missing = [name for name in REQUIRED if name not in columns]
    unknown = [name for name in columns if not _known(name)]
    if missing:
        raise InvalidInput("file", f"its header lacks {', '.join(missing)}")
    if unknown:
        raise InvalidInput("file", f"its header has unknown columns: {', '.join(unknown)[:300]}")
    if len(set(columns)) != len(columns):
        raise InvalidInput("file", "its header names a column twice")
    return columns


def _known(name: str) -> bool:
    if name in REQUIRED or name in _OPTIONAL:
        return True
    kind, _, column = name.partition("_")
    stem = kind.rstrip("0123456789")
    number = kind[len(stem) :]
    return stem in _PART_COLUMNS and column in _PART_COLUMNS[stem] and number in map(str, range(1, MAX_PARTS + 1))


def _take(
    engine: Engine, desk: Desk, facility: Gln, zone: str, number: int, columns: list[str], line: bytes
) -> LineReport:
    name, row = "", dict[str, str]()
    try:
        cells = _cells(_text(line, "line"))
        if len(cells) != len(columns):
            raise InvalidInput("line", f"has {len(cells)} columns, the header {len(columns)}")
        row = dict(zip(columns, cells, strict=True))
        name = row["order"]
        order = _read(row, zone)
        with transaction(engine) as connection:
            known = repository.run_of_order(connection, str(facility), order.order)
            if known is not None:
                runs.close_run(connection, desk, known["id"], order.closed, order.outputs, order.inputs)
                _check_same(known, order)
                return LineReport(number, name, "known", known["id"])
            run_id = runs.open_run(
                connection,
                desk,
                facility,
                order.line,
                order.lot,
                order.opened,
                order=order.order,
                closed=order.closed,
            )
            runs.close_run(connection, desk, run_id, order.closed, order.outputs, order.inputs)
            return LineReport(number, name, "taken", run_id)
    except InvalidInput as error:
        return LineReport(number, name, "refused", field=_column(error.field, row), reason=error.reason)
    except LeafproofError as error:
        return LineReport(number, name, "refused", reason=error.message)


def _column(field: str, row: Mapping[str, str]) -> str:
    """The column that a run's field was read from: inputs.0.quantity is the first input's, input1_t."""
    kind, _, rest = field.partition(".")
    number, _, part = rest.partition(".")
    if kind not in ("inputs", "outputs") or not number.isdecimal():
        return field
    stems = _used(row, "input") if kind == "inputs" else ["output", *_used(row, "coproduct"), "scrap"]
    return f"{stems[int(number)]}_{'t' if part == 'quantity' else part}"


def _check_same(known: repository.Row, order: _Order) -> None:
    before = (known["line"], known["gtin"], known["lot"], known["opened"])
    if before != (order.line, str(order.lot.gtin), str(order.lot.code), order.opened):
        raise Conflict(f"order {order.order} was taken before, for another run")


def _read(row: Mapping[str, str], zone: str) -> _Order:
    if not (0 < len(row["order"]) <= 100 and row["order"].isprintable()):
        raise InvalidInput("order", "not 1 to 100 printable characters")
    opened = moments.parse(row["opened"], zone, "opened")
    closed = moments.parse(row["closed"], zone, "closed")
    if closed <= opened:
        raise InvalidInput("closed", f"{row['closed']} is not after opened, {row['opened']}")
    source = _source(row.get("source", ""), "source", zone)
    scrap = _source(row.get("scrap_source", ""), "scrap_source", zone)
    outputs = [Output("product", "product", _tonnes(row["output_t"], "output_t"), "t", source)]
    for prefix in _used(row, "coproduct"):
        part = _source(row.get(f"{prefix}_source", ""), f"{prefix}_source", zone)
        named, tonnes = _named(row, prefix), _tonnes(row.get(f"{prefix}_t", ""), f"{prefix}_t")
        outputs.append(Output("co-product", named, tonnes, "t", part))
    if row.get("scrap_t", "") not in ("", "0"):
        of_scrap = source if source.kind == "document" and not row.get("scrap_source") else scrap
        outputs.append(Output("waste", "scrap", _tonnes(row["scrap_t"], "scrap_t"), "t", of_scrap))
    inputs = tuple(_input(row, prefix, zone) for prefix in _used(row, "input"))
    lot = Lot.parse(row["gtin"], row["lot"])
    return _Order(row["order"], row["line"], lot, opened, closed, tuple(outputs), inputs)


def _used(row: Mapping[str, str], stem: str) -> list[str]:
    """The prefixes, such as `input1`, of which any column is filled in."""
    numbered = [f"{stem}{n}" for n in range(1, MAX_PARTS + 1)]
    return [p for p in numbered if any(row.get(f"{p}_{column}") for column in _PART_COLUMNS[stem])]


def _input(row: Mapping[str, str], prefix: str, zone: str) -> Input:
    gtin, lot, material = (row.get(f"{prefix}_{c}") or None for c in ("gtin", "lot", "material"))
    if (gtin is None) != (lot is None) or (gtin is None and material is None):
        raise InvalidInput(prefix, "either a lot (gtin and lot) or a material is needed")
    if gtin and lot:
        found = Lot.parse(gtin, lot)
        gtin, lot = str(found.gtin), str(found.code)
    return Input(
        name=_named(row, prefix),
        quantity=_tonnes(row.get(f"{prefix}_t", ""), f"{prefix}_t"),
        unit="t",
        source=_source(row.get(f"{prefix}_source", ""), f"{prefix}_source", zone),
        gtin=gtin,
        lot=lot,
        material=material,
    )


def _named(row: Mapping[str, str], prefix: str) -> str:
    found = row.get(f"{prefix}_name", "")
    if not (0 < len(found) <= production.MAX_NAME and found.isprintable()):
        raise InvalidInput(f"{prefix}_name", f"not 1 to {production.MAX_NAME} printable characters")
    return found


def _tonnes(text: str, field: str) -> str:
    if parse_decimal(text, field) <= 0:
        raise InvalidInput(field, f"{text} is not positive")
    return text


def _source(text: str, field: str, zone: str) -> Source:
    """Empty: declared; 64 hexadecimal digits: the SHA-256 of a document; `bridge@TIME`, or `bridge@TIME~TIME` with
    the empty vehicle's: weighed, several with `;` between."""
    if not text:
        return Source("declared")
    if "@" in text:
        return Source("weighed", None, tuple(_weighing(one.strip(), field, zone) for one in text.split(";")))
    digest(text, field)
    return Source("document", text)


def _weighing(text: str, field: str, zone: str) -> Weighing:
    point, _, times = text.partition("@")
    time, tilde, tare = times.partition("~")
    full = clock.utc_text(moments.parse(time, zone, field))
    return Weighing("", point, full, clock.utc_text(moments.parse(tare, zone, field)) if tilde else None)
