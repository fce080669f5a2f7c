"""Check 7 on the energy period that a footprint rests on: do main meter, sub-meters and invoices agree?

Within the tolerance that the metering plan states; outside of it is a warning, for no record becomes wrong by it:
what a sub-meter does not see is in the main meter, and is shared out. That the period says what was metered, a
replay recomputes.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from leafproof import numbers
from leafproof.period import EnergyPeriod, allowed
from leafproof.plan import MeteringPlan
from leafproof.verification.report import Finding, Status


def judge(period: EnergyPeriod, plan: MeteringPlan) -> Iterator[Finding]:
    """Each point with a tolerance, then each carrier with invoices."""
    stated = {one.point: one for one in period.meters}
    for point in plan.points:
        if point.tolerance is None:
            continue
        one = stated.get(point.point)
        if one is None:
            yield Finding(Status.WARNING, "unreconciled", "", {"point": point.point})
            continue
        good = one.within(point.tolerance)
        params = {"point": one.point, "metered": one.metered, "parts": one.sub_meters, "unit": one.unit}
        params |= {"difference": f"{one.difference:f}", "tolerance": point.tolerance}
        yield Finding(*((Status.PASS, "reconciled") if good else (Status.WARNING, "meters-differ")), "", params)
    for balance, sum_ in period.invoiced():
        difference = numbers.difference(Decimal(balance.metered), sum_)
        good = abs(Fraction(difference)) <= allowed(plan, balance)
        params = {"carrier": balance.carrier, "metered": balance.metered, "invoiced": f"{sum_:f}"}
        params |= {"unit": balance.unit, "difference": f"{difference:f}"}
        code = "invoice-agrees" if good else "invoice-differs"
        yield Finding(Status.PASS if good else Status.WARNING, code, "", params)
