"""Checks 6 and 9 on corrections: why this lot's record is not the first, and what changed in an input since.

A bundle may lack a correction, and then says so; that one was never stated, a replay of the log tells.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from leafproof import numbers
from leafproof.calculation import QUANTUM
from leafproof.correction import Correction
from leafproof.footprint import Footprint
from leafproof.record import BatchRecord, Input
from leafproof.values import Lot
from leafproof.verification import heads
from leafproof.verification.heads import Standing
from leafproof.verification.reading import Reading
from leafproof.verification.report import Status
from leafproof.verification.statements import Statement

_Said = tuple[Statement, Correction]


def check_current(reading: Reading) -> None:
    """6: each current record that is not its lot's first has a reason."""
    check = reading.report[6]
    for lot, statement, record in reading.lots():
        if record.supersedes is None:
            continue
        said = _naming(reading, statement)
        if said is None:
            check.add(Status.WARNING, "correction-unstated", str(lot))
        else:
            check.add(Status.WARNING, "lot-corrected", str(lot), **_words(said))


def check_inputs(reading: Reading) -> None:
    """9: what was corrected in input lots, and by how much it changes a tonne of what was made from them."""
    check, own = reading.report[9], reading.bundle.lot
    for _, said in reading.corrections.values():
        if said.of != own:
            check.add(Status.WARNING, "input-lot-corrected", str(said.of), **_words(said))
    standing = heads.footprints(reading)
    for lot, _, record in reading.used():
        for line in record.inputs or ():
            if line.parent is not None and line.footprint in reading.footprints:
                _compare(reading, standing, lot, record, line)


def _compare(
    reading: Reading, standing: Standing[Footprint], child: Lot, record: BatchRecord, line: Input
) -> None:
    used, before = reading.footprints[line.footprint or ""]
    newest, after = standing[heads.of_footprint(reading, used, before)][-1]
    if newest.id == used.id or record.outputs is None:
        return
    if after.record == before.record and _naming(reading, newest) is None:
        return  # newer for another reason, such as a period that was closed
    change = Fraction(Decimal(after.per_tonne)) - Fraction(Decimal(before.per_tonne))
    delta = numbers.rounded(change * line.amount.to("t") / record.product_mass(), QUANTUM)
    params = {"lot": str(before.of), "before": before.per_tonne, "after": after.per_tonne, "delta": f"{delta:+f}"}
    reading.report[9].add(Status.WARNING, "input-changed", str(child), **params)


def _naming(reading: Reading, statement: Statement) -> Correction | None:
    """The correction, by the same operator, that names a statement as the newer one."""
    for given, said in reading.corrections.values():
        named = any(change.new == statement.id for change in said.changes)
        if named and reading.maker(given) == reading.maker(statement):
            return said
    return None


def _words(said: Correction) -> dict[str, str]:
    return {"what": said.what, "reason": said.reason, "by": said.by}
