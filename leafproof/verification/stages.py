"""Check 8 on stages after the gate: recomputed from their factors, marked by what they rest on."""

from __future__ import annotations

from leafproof import lifecycle
from leafproof.errors import LeafproofError
from leafproof.lifecycle import Lifecycle
from leafproof.verification.reading import Reading
from leafproof.verification.report import Status
from leafproof.verification.statements import Statement


def check_recomputed(reading: Reading) -> None:
    """8: each stage that is attached to the bundle's lot."""
    check, record = reading.report[8], reading.record(reading.bundle.lot)
    superseded = {stated.supersedes for _, stated in reading.stages.values()}
    places: dict[tuple[str, str], Statement] = {}
    for name, (statement, stated) in reading.stages.items():
        if record is None or stated.of != reading.bundle.lot:
            check.add(Status.FAIL, "stage-elsewhere", statement.label)
            continue
        if reading.maker(statement) != reading.maker(record[0]):
            check.add(Status.FAIL, "stage-foreign", statement.label)
            continue
        if name in superseded:
            continue
        first = places.setdefault((stated.stage, stated.name), statement)
        if first is not statement:
            check.add(Status.FAIL, "stage-fork", statement.label, other=first.label)
        _recompute(reading, statement, stated)


def _recompute(reading: Reading, statement: Statement, stated: Lifecycle) -> None:
    check = reading.report[8]
    try:
        computed = lifecycle.calculate(stated, reading.factor)
    except LeafproofError as error:
        check.add(Status.FAIL, "not-computable", statement.label, reason=error.message)
        return
    if computed != stated:
        params = {"stated": stated.per_tonne, "computed": computed.per_tonne}
        check.add(Status.FAIL, "stage-differs", statement.label, **params)
        return
    params = {"stage": stated.stage, "name": stated.name, "value": stated.per_tonne}
    status = Status.PASS if stated.basis == "measured" else Status.WARNING
    check.add(status, f"stage-{stated.basis}", statement.label, **params)
