"""The evidence grade of activity data and weighed quantities: derived from the chain, never stated by their owner.

Four grades, from the strongest: `attested meter`, a gateway whose key a registrar attested whom the reader trusts;
`self-declared meter`, a registered gateway that nobody else vouches for; `document`; `declared`. The last two are
the `source` of a record's line, and said there (`quantity-document`, `quantity-declared`).

A grade is about where a number comes from. It is apart from primary or secondary, which is about whose process it
describes (ISO 14067:2018, 3.1.7.1): a declared quantity of one's own process is primary data of the lowest grade.
An activity that is converted by another point's readings has the weaker grade of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, get_args

from leafproof.plan import MeteringPlan
from leafproof.record import BatchRecord
from leafproof.verification.report import Finding, Status

Grade = Literal["attested meter", "self-declared meter"]
GRADES: tuple[Grade, ...] = get_args(Grade)


def of_points(record: BatchRecord, plan: MeteringPlan, attested: Callable[[bytes], bool]) -> dict[str, Grade]:
    """By metering point that the record counts on, in its order. Raises `InvalidInput` for one that the plan does
    not have."""
    named = [a.point for a in record.activity or ()] + [one.point for one in record.weighings()]
    found: dict[str, Grade] = {}
    for name in dict.fromkeys(named):
        gateways = {bytes.fromhex(reader.gateway) for reader in plan.readers(plan.point(name))}
        found[name] = "attested meter" if all(map(attested, gateways)) else "self-declared meter"
    return found


def graded(record: BatchRecord, plan: MeteringPlan, attested: Callable[[bytes], bool]) -> Iterator[Finding]:
    """Check 7: which points have which grade."""
    found = of_points(record, plan, attested)
    for grade in GRADES:
        if points := [point for point, one in found.items() if one == grade]:
            yield Finding(Status.PASS, "evidence-grade", "", {"points": ", ".join(points), "grade": grade})
