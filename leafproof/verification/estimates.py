"""Estimates: by the plan alone (check 7), and from the raw readings (check 8).

That something is estimated is always said, with its share. Without readings it is known whether the metering plan
states a method for the point, whether it did before the run opened, and whether a span is longer than the plan
allows; with them, whether anything was
read there, and what the method gives.
"""

from __future__ import annotations

from collections.abc import Iterator

from leafproof import clock
from leafproof.chain.view import ChainView
from leafproof.plan import MeteringPlan
from leafproof.record import Activity, BatchRecord, Estimated
from leafproof.verification.report import Finding, Status
from leafproof.verification.statements import Statement


def said(record: BatchRecord) -> Iterator[Finding]:
    """Check 7: what is no measurement, and how much of the whole it is."""
    for activity in record.activity or ():
        if activity.estimated is not None:
            stated, percent = activity.estimated, str(activity.estimated_percent)
            params = {"point": activity.point, "count": str(stated.intervals), "quantity": stated.quantity}
            yield Finding(Status.WARNING, "estimated", "", {**params, "unit": activity.unit, "percent": percent})


def by_plan(record: BatchRecord, plan: MeteringPlan) -> Iterator[Finding]:
    """Check 7: whether the metering plan lets it be estimated, as far as that is known without readings."""
    for activity in record.activity or ():
        stated = activity.estimated
        if stated is None:
            continue
        rules = [r for p in plan.points if p.point == activity.point for r in plan.estimates(p)]
        longest = max((r.up_to_seconds for r in rules if r.method == stated.method), default=0)
        for start, end in stated.windows:
            if end - start > longest:
                yield _span("estimate-unplanned", activity.point, start, end)


def by_known_plan(record: BatchRecord, plan: Statement, chain: ChainView | None) -> Iterator[Finding]:
    """Check 7: whether the metering plan was anchored when the run opened. Its `valid_from` is
    its maker's word: who could choose the method once the gap is there, would choose the number."""
    if chain is None or not any(activity.estimated for activity in record.activity or ()):
        return
    log = chain.logs.get(plan.envelope.header.log.log_id)
    head = log.first_covering(plan.index) if log else None
    known = (head.moment if head else chain.at).block_time
    if known > record.run.window[0]:
        told = {"start": clock.utc_text(known), "opened": record.run.opened}
        yield Finding(Status.FAIL, "plan-later", "", told)


def judge(activity: Activity, computed: Activity) -> Iterator[Finding]:
    """Check 8: what a record estimates, beside what its plan's method gives by the raw readings."""
    if activity.estimated == computed.estimated:
        return
    known = set(computed.estimated.windows) if computed.estimated else set()
    gaps = [(clock.utc_seconds(a, "gaps"), clock.utc_seconds(b, "gaps")) for a, b in computed.gaps]
    misplaced = False
    for start, end in activity.estimated.windows if activity.estimated else ():
        if (start, end) not in known:
            misplaced = True
            unread = any(left <= start and end <= right for left, right in gaps)
            yield _span("estimate-gap" if unread else "estimate-read", activity.point, start, end)
    if not misplaced:
        told = {"stated": _said(activity.estimated, activity.unit)}
        told |= {"computed": _said(computed.estimated, computed.unit)}
        yield Finding(Status.FAIL, "estimate-differs", "", {"point": activity.point, **told})


def _said(estimated: Estimated | None, unit: str) -> str:
    return f"{estimated.quantity} {unit} ({estimated.intervals})" if estimated else "0"


def _span(code: str, point: str, start: int, end: int) -> Finding:
    span = {"start": clock.utc_text(start), "end": clock.utc_text(end)}
    return Finding(Status.FAIL, code, "", {"point": point, **span})
