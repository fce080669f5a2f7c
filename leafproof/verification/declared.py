"""Checks 6 and 8 on declared footprints: whose, of what, the mean of which lots; and how far this lot is from it.

That a lot was left out, or that a newer statement exists, is seen by a replay of the log alone. What a bundle
shows is that the mean follows from the lots that are named, and that its own lot is one of them as it is printed.
"""

from __future__ import annotations

from itertools import chain, pairwise

from leafproof import clock, declared
from leafproof.declared import YEAR, DeclaredFootprint, DeclaredLot
from leafproof.errors import LeafproofError
from leafproof.footprint import Footprint
from leafproof.structs import differences
from leafproof.verification import heads
from leafproof.verification.reading import Reading, Signed
from leafproof.verification.report import Check, Status
from leafproof.verification.statements import Statement

_Stated = tuple[Statement, DeclaredFootprint]


def check_current(reading: Reading) -> None:
    """6: each is by the lot's maker, of its product, plant and time, and the one answer for that time."""
    check, record = reading.report[6], reading.record(reading.bundle.lot)
    for statement, stated in reading.declared.values():
        if record is None or not _speaks_of(statement, stated, record):
            check.add(Status.FAIL, "declared-elsewhere", statement.label)
        elif reading.maker(statement) != reading.maker(record[0]):
            check.add(Status.FAIL, "declared-foreign", statement.label)
    for several in heads.declared(reading).values():
        several.sort(key=lambda one: (one[1].window, one[0].index))
        for (first, before), (second, after) in pairwise(several):
            if before.clashes(after):
                check.add(Status.FAIL, "declared-fork", second.label, other=first.label)


def _speaks_of(statement: Statement, stated: DeclaredFootprint, record: Signed) -> bool:
    return statement.envelope.header.log == record[0].envelope.header.log and stated.covers(record[1])


def check_recomputed(reading: Reading) -> None:
    """8: the mean from the lots that are named, to the same digits; and this lot beside it."""
    check = reading.report[8]
    for statement, stated in reading.declared.values():
        if stated.size != statement.index:
            check.add(Status.FAIL, "declared-size", statement.label, size=stated.size, index=statement.index)
        if stated.lots is None:
            check.add(Status.NOT_CHECKED, "withheld", statement.label)
        else:
            _recompute(check, statement, stated)
    for statement, stated in chain.from_iterable(heads.declared(reading).values()):
        if stated.days < YEAR:
            check.add(Status.WARNING, "declared-short", statement.label, days=stated.days)
        for printed, footprint in _printed(reading):
            if declared.method_of(footprint) == stated.method:
                _compare(reading, (statement, stated), printed, footprint)


def is_over(statement: Statement, stated: DeclaredFootprint) -> bool:
    """Whether the reference period was over when the statement was signed, by its issuer's clock."""
    return statement.envelope.header.issued_at >= stated.window[1]


def _recompute(check: Check, statement: Statement, stated: DeclaredFootprint) -> None:
    try:
        over = is_over(statement, stated)
        computed = declared.calculate(stated, stated.lots or (), stated.size, over, stated.supersedes)
    except LeafproofError as error:
        check.add(Status.FAIL, "not-computable", statement.label, reason=error.message)
        return
    for part, given, expected in differences(stated, computed):
        check.add(Status.FAIL, "declared-differs", statement.label, part=part, stated=given, computed=expected)
    if stated == computed:
        check.add(Status.PASS, "declared-recomputed", statement.label, value=stated.per_tonne, count=stated.count)


def _printed(reading: Reading) -> list[tuple[Statement, Footprint]]:
    """The lot's footprints that stand, of its current record."""
    record = reading.record(reading.bundle.lot)
    standing = chain.from_iterable(heads.footprints(reading).values())
    return [one for one in standing if record and one[1].record == record[0].id]


def _compare(reading: Reading, one: _Stated, printed: Statement, footprint: Footprint) -> None:
    check, (statement, stated), lot = reading.report[8], one, str(footprint.of)
    percent = declared.deviation(footprint.per_tonne, stated.per_tonne)
    if percent is not None:
        start, end = (clock.utc_text(moment)[:10] for moment in stated.window)
        params = {"value": stated.per_tonne, "count": stated.count, "start": start, "end": end}
        check.add(Status.PASS, "lot-deviation", lot, percent=percent, **params)
    if stated.lots is None:
        return
    line = next((named for named in stated.lots if named.lot == footprint.lot), None)
    if line is None or line.footprint != printed.id:
        if printed.index < stated.size:
            check.add(Status.FAIL, "declared-left-out", lot, entry=statement.index)
        else:
            check.add(Status.WARNING, "declared-outdated", lot, entry=statement.index)
        return
    record = reading.version(footprint.of, footprint.record)
    if record and record[1].outputs is not None and line != DeclaredLot.of(record[1], printed.id, footprint):
        check.add(Status.FAIL, "declared-line", lot, entry=statement.index)
