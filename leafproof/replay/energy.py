"""Where a facility's energy went: what its main meters metered, and how much of it the lots' records count.

The rest was used outside production runs, or lies between a run's published watt-hours and the meter's. It is
shown and accuses nobody: sub-meters of lines may differ from the main meter within their tolerance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from leafproof import clock, numbers, units
from leafproof.metering import MeteringPlan
from leafproof.record import ACTIVITY_QUANTUM, BatchRecord
from leafproof.verification.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Energy:
    """kWh of a facility: metered, counted in lots, and what is left."""

    facility: str
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
            "metered_kwh": f"{self.metered:f}",
            "lots_kwh": f"{self.lots:f}",
            "outside_kwh": f"{self.outside:f}",
        }


def balance(
    facility: str, plans: Sequence[tuple[int, MeteringPlan]], records: Iterable[BatchRecord], evidence: Evidence
) -> Energy | None:
    """The balance by the plans, each with the moment (Unix seconds) from which on it is in force, in their order,
    and by the newest record of each lot. None where frames or activity data are withheld.

    Raises `PrecisionLost` beyond 40 digits."""
    counted = list(records)
    if any(evidence.lacks(plan) for _, plan in plans) or any(r.activity is None for r in counted):
        return None
    metered = Fraction(0)
    for place, (start, plan) in enumerate(plans):
        end = plans[place + 1][0] if place + 1 < len(plans) else clock.LATEST
        metered += sum(_within(evidence, facility, plan, start, end), Fraction(0))
    lots = numbers.total(
        units.parse_decimal(a.quantity, "activity") for record in counted for a in record.activity or ()
    )
    return Energy(facility, numbers.rounded(metered, ACTIVITY_QUANTUM), lots)


def _within(evidence: Evidence, facility: str, plan: MeteringPlan, start: int, end: int) -> Iterable[Fraction]:
    """What the main meters have within [start, end), in kWh, portion by portion."""
    for point in plan.main_points():
        scale = units.scale(point.unit, "kWh")
        known = evidence.readings(facility, point)
        for left, right in known.portions(start, end):
            yield known.window(point, left, right).amount(left, right) * scale
