"""Where a facility's energy went: what its main meters metered, and how much of it the lots' records count.

For each carrier by itself, fuels and emitted gases too. The rest was used outside production runs, or lies between
a run's published amount and the meter's. It is shown and accuses nobody: sub-meters of lines may differ from the
main meter within their tolerance. Estimates by the metering plan's method are in both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from leafproof import clock, numbers, period
from leafproof.measuring import QUANTUM, Total, Window, total
from leafproof.plan import MeteringPlan, MeteringPoint
from leafproof.record import BatchRecord
from leafproof.verification.evidence import Evidence

_Sums = dict[tuple[str, str], Fraction]  # by carrier and published unit


@dataclass(frozen=True, slots=True)
class Energy:
    """A facility's amount of one carrier, in `unit`: metered, counted in lots, and what is left."""

    facility: str
    carrier: str
    unit: str
    metered: Decimal
    lots: Decimal

    @property
    def outside(self) -> Decimal:
        """Used outside runs."""
        return numbers.difference(self.metered, self.lots)

    def to_json(self) -> dict[str, str]:
        """For `--json`; exact decimals as text."""
        return {
            "facility": self.facility,
            "carrier": self.carrier,
            "unit": self.unit,
            "metered": f"{self.metered:f}",
            "lots": f"{self.lots:f}",
            "outside": f"{self.outside:f}",
        }


def balance(
    facility: str, plans: Sequence[tuple[int, MeteringPlan]], records: Iterable[BatchRecord], evidence: Evidence
) -> list[Energy]:
    """The balances by the plans, each with the moment (Unix seconds) from which on it is in force, in their order,
    and by the newest record of each lot. None where frames or activity data are withheld.

    Raises `PrecisionLost` beyond 40 digits."""
    counted = list(records)
    if any(evidence.lacks(plan) for _, plan in plans) or any(r.activity is None for r in counted):
        return []
    metered: _Sums = defaultdict(Fraction)
    for place, (start, plan) in enumerate(plans):
        end = plans[place + 1][0] if place + 1 < len(plans) else clock.LATEST
        _within(metered, evidence, facility, plan, counted, (start, end))
    lots: _Sums = defaultdict(Fraction)
    for activity in (a for record in counted for a in record.activity or ()):
        lots[activity.carrier, activity.unit] += Fraction(activity.whole.value)
    return [
        Energy(facility, *place, numbers.rounded(metered[place], QUANTUM), numbers.rounded(lots[place], QUANTUM))
        for place in sorted(metered | lots)
    ]


def _within(
    sums: _Sums,
    evidence: Evidence,
    facility: str,
    plan: MeteringPlan,
    records: Sequence[BatchRecord],
    span: Window,
) -> None:
    """Add what the main meters have within `span`, portion by portion."""
    meter = evidence.at(facility)

    def amount(point: MeteringPoint, windows: list[Window]) -> Total:
        return total(plan, point, meter, windows, evidence.readings(facility, point).portions)

    for point in plan.main_points():
        sums[point.carrier, point.published.unit] += period.metered(plan, point, records, span, amount)[0]
