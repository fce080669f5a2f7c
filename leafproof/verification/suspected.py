"""Check 7 on implausible and frozen readings: they are said, and a record that hides some fails."""

from __future__ import annotations

from collections.abc import Iterator

from leafproof.plausible import Suspects
from leafproof.record import BatchRecord
from leafproof.verification.report import Finding, Status


def suspected(record: BatchRecord, point: str, found: Suspects) -> Iterator[Finding]:
    """What the raw readings of a point that the record states give, beside what it states."""
    stated = next((Suspects(a.implausible, a.frozen) for a in record.activity or () if a.point == point), found)
    if stated != found:
        params = {"implausible": stated.implausible, "frozen": stated.frozen}
        params |= {"found_implausible": found.implausible, "found_frozen": found.frozen}
        yield Finding(
            Status.FAIL, "suspects-differ", "", {"point": point, **{k: str(v) for k, v in params.items()}}
        )
    for code, count in (("readings-implausible", found.implausible), ("readings-frozen", found.frozen)):
        if count:
            yield Finding(Status.WARNING, code, "", {"point": point, "count": str(count)})
