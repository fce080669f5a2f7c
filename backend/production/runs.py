"""Production runs: open, close, and every check that can be made before the record is signed.

A run's state goes open -> closed -> recorded; `backend.production.recording` takes it from there.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Connection

from backend.errors import Conflict, NotFound
from backend.footprints import service as footprints
from backend.production import parents, repository, weighing
from backend.production import service as production
from backend.production.repository import Row
from backend.production.service import PlanInForce
from backend.production.statements import Desk
from backend.received import evidence as received
from leafproof import clock
from leafproof.errors import InvalidInput
from leafproof.record import BatchRecord, Input, Output, Run, Segment
from leafproof.values import Gln, Lot


def open_run(
    connection: Connection,
    desk: Desk,
    facility: Gln,
    line: str,
    lot: Lot,
    opened: int,
    *,
    order: str | None = None,
    closed: int | None = None,
) -> str:
    """Open a run and return its id. `opened` in Unix seconds; `closed` where it is known already, so that runs of
    the past need not come in order.

    Raises `InvalidInput` naming `line` or `lot`, `NotFound` for a facility or product, `Conflict` for a run that
    overlaps another on its line.
    """
    place = production.facility(connection, facility, lock=True)
    made = production.product(connection, lot.gtin)
    if made["company"] != place["company"]:
        raise InvalidInput("gtin", f"{lot.gtin} is not a product of the facility's company")
    production.plan_at(connection, desk, facility, opened).plan.of_line(line)
    if received.lot(connection, lot) is not None:
        raise InvalidInput("lot", f"lot {lot} was received of another company under this name")
    _check_line_is_free(connection, place["gln"], (line, opened, closed), "")
    run_id = str(uuid.uuid4())
    values = {
        "id": run_id,
        "facility": place["gln"],
        "line": line,
        "gtin": str(lot.gtin),
        "lot": str(lot.code),
        "order": order,
        "opened": opened,
        "state": "open",
    }
    if not repository.insert_run(connection, **values):
        raise InvalidInput("lot", f"lot {lot} was used already; every run makes a lot of its own")
    repository.put_segments(connection, run_id, place["gln"], [(line, opened, closed)])
    return run_id


def close_run(
    connection: Connection,
    desk: Desk,
    run_id: str,
    closed: int,
    outputs: Sequence[Output],
    inputs: Sequence[Input],
    segments: Sequence[Segment] = (),
) -> None:
    """Close a run with what came out of it and went in; `closed` in Unix seconds. `segments`, where it was on
    several lines, or stood still between.

    The same close again changes nothing. Raises `InvalidInput` naming the field, `NotFound`, `Conflict` for a run
    that was closed otherwise.
    """
    run = find(connection, run_id, lock=True)
    plan = production.plan_at(connection, desk, Gln(run["facility"]), run["opened"])
    outputs = weighing.named(plan.plan, outputs, "outputs")
    inputs = weighing.named(plan.plan, inputs, "inputs")
    entered = {"closed": closed, "outputs": _text(outputs), "inputs": _text(inputs)}
    if run["state"] != "open":
        same = not segments or tuple(segments) == segments_of(connection, run)
        if not same or any(run[name] != value for name, value in entered.items()):
            raise Conflict(f"run {run_id} is closed already, with other facts; send a correction")
        return
    place = production.facility(connection, Gln(run["facility"]), lock=True)
    plan = production.plan_at(connection, desk, Gln(run["facility"]), run["opened"])
    check_facts(connection, desk, place, run, plan, closed, outputs, inputs, tuple(segments))
    parts = [(s.line, *s.window) for s in segments] or [(run["line"], run["opened"], closed)]
    for part in parts:
        _check_line_is_free(connection, place["gln"], part, run_id)
    repository.put_segments(connection, run_id, place["gln"], parts)
    maker = production.company(connection, Gln(place["company"]))
    parents.promise(connection, maker, run_id, inputs)
    weighing.take(connection, run_id, (*outputs, *inputs))
    repository.update_run(connection, run_id, **entered, entered_at=desk.now(), state="closed")


def find(connection: Connection, run_id: str, *, lock: bool = False) -> Row:
    """Raises `NotFound`."""
    found = repository.run(connection, run_id, lock=lock)
    if found is None:
        raise NotFound(f"run {run_id[:40]!r} is not known here")
    return found


def find_of_lot(connection: Connection, lot: Lot, *, lock: bool = False) -> Row:
    """The run that makes, or made, a lot. Raises `NotFound`."""
    found = repository.run_of_lot(connection, str(lot.gtin), str(lot.code), lock=lock)
    if found is None:
        raise NotFound(f"lot {lot} is not known here")
    return found


def draft(
    connection: Connection,
    place: Row,
    run: Row,
    plan: PlanInForce,
    closed: int,
    outputs: tuple[Output, ...],
    inputs: tuple[Input, ...],
    segments: tuple[Segment, ...],
) -> BatchRecord:
    """The record as far as people's facts make it: no activity, and `live` until frames say otherwise."""
    made = production.product(connection, Lot.parse(run["gtin"], run["lot"]).gtin)
    return BatchRecord(
        gtin=run["gtin"],
        lot=run["lot"],
        product=made["name"],
        facility=place["gln"],
        zone=place["zone"],
        run=Run(run["id"], run["line"], clock.utc_text(run["opened"]), clock.utc_text(closed), segments),
        plan=plan.statement_id.hex(),
        mode="live",
        outputs=outputs,
        inputs=inputs,
        activity=(),
    )


def check_facts(
    connection: Connection,
    desk: Desk,
    place: Row,
    run: Row,
    plan: PlanInForce,
    closed: int,
    outputs: tuple[Output, ...],
    inputs: tuple[Input, ...],
    segments: tuple[Segment, ...],
) -> None:
    """Raises `InvalidInput` naming the field for whatever would stop the record or its footprint later."""
    if any(line.footprint is not None or line.operator is not None for line in inputs):
        raise InvalidInput("inputs", "operator and footprint are filled in here, not given")
    record = draft(connection, place, run, plan, closed, outputs, inputs, segments)
    numbered: list[tuple[str, Output | Input]] = [(f"outputs.{i}", line) for i, line in enumerate(outputs)]
    numbered += [(f"inputs.{i}", line) for i, line in enumerate(inputs)]
    for name, line in numbered:
        with within(name):
            _check_line(line)
    record.check()
    log = desk.of_partition(place["partition"])
    for name, line in numbered:
        with within(name):
            weighing.seen(connection, log, plan.plan, [line], partly=True)
    chosen = footprints.choose(connection, desk, log, place)
    footprints.check_carriers(chosen, [p for line in record.run.on_lines for p in plan.plan.of_line(line)])
    footprints.check_materials(chosen, record)


def _check_line(line: Output | Input) -> None:
    if line.amount.value <= 0:
        raise InvalidInput("quantity", f"{line.name}: {line.quantity} {line.unit} is not positive")
    if isinstance(line, Input):
        if line.named is None and line.material is None:
            raise InvalidInput("material", f"{line.name}: either a lot (gtin, lot) or a material is needed")
    elif line.role in ("product", "co-product"):
        line.amount.to("t")
    line.source.check()
    if line.source.kind == "document" and not line.source.reference:
        raise InvalidInput("source", f"{line.name}: the SHA-256 of the document is needed")


@contextmanager
def within(name: str) -> Iterator[None]:
    """What is wrong with a part is wrong with the whole's field `name.part`."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(f"{name}.{error.field}", error.reason) from error


def read_inputs(run: Row) -> tuple[Input, ...]:
    """What a closed run consumed, as entered last."""
    return msgspec.json.decode(run["inputs"], type=tuple[Input, ...])


def _text(lines: Sequence[Any]) -> str:
    return msgspec.json.encode(lines).decode("utf-8")


def segments_of(connection: Connection, run: Row) -> tuple[Segment, ...]:
    """The segments of a closed run, as a record states them: none where it was on one line all the time."""
    rows = repository.segments_of(connection, run["id"])
    if [(row["opened"], row["closed"]) for row in rows] == [(run["opened"], run["closed"])]:
        return ()
    return tuple(Segment(r["line"], clock.utc_text(r["opened"]), clock.utc_text(r["closed"])) for r in rows)


def on_lines(connection: Connection, run: Row) -> dict[str, list[tuple[int, int]]]:
    """By line, when a closed run was on it."""
    found: dict[str, list[tuple[int, int]]] = {}
    for row in repository.segments_of(connection, run["id"]):
        found.setdefault(row["line"], []).append((row["opened"], row["closed"]))
    return found


def _check_line_is_free(
    connection: Connection, facility: str, part: tuple[str, int, int | None], but_run: str
) -> None:
    other = repository.overlapping(connection, facility, *part, but_run)
    if other is not None:
        until = "is still open" if other["closed"] is None else f"closes {clock.utc_text(other['closed'])}"
        raise Conflict(
            f"line {part[0]} makes lot {other['gtin']}/{other['lot']} from {clock.utc_text(other['opened'])} on "
            f"and that run {until}: two runs at once on one line cannot share its meters yet"
        )
