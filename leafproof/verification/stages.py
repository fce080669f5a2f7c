"""Check 8 on stages after the gate: recomputed from their factors, marked by what they rest on."""

from __future__ import annotations

from leafproof import lifecycle
from leafproof.errors import LeafproofError
from leafproof.lifecycle import Lifecycle
from leafproof.verification import heads
from leafproof.verification.reading import Reading
from leafproof.verification.report import Status
from leafproof.verification.statements import Statement


def check_recomputed(reading: Reading) -> None:
    """8: each stage that is attached to the bundle's lot."""
    check = reading.report[8]
    for one in reading.stages.values():
        if code := _misplaced(reading, *one):
            check.add(Status.FAIL, code, one[0].label)
    for several in heads.stages(reading).values():
        own = [one for one in several if not _misplaced(reading, *one)]
        for statement, _ in own[1:]:
            check.add(Status.FAIL, "stage-fork", statement.label, other=own[0][0].label)
        for one in own:
            _recompute(reading, *one)


def _misplaced(reading: Reading, statement: Statement, stated: Lifecycle) -> str | None:
    """The code of what is wrong with a stage that is not of the bundle's lot, or not by the lot's maker."""
    record = reading.record(reading.bundle.lot)
    if record is None or stated.of != reading.bundle.lot:
        return "stage-elsewhere"
    return "stage-foreign" if reading.maker(statement) != reading.maker(record[0]) else None


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
    check.add(Status.WARNING, f"stage-{stated.basis}", statement.label, **params)  # no reading shows any of them
