"""Energy periods, recomputed: nothing remains, and nothing is counted twice.

When a period is taken, by all that stands in the log before it:

1. its bounds cut no run of the facility, and its lots are all whose runs lie within, by their newest records;
2. what the main meters metered, with estimates by the metering plan's method, and what those records count of it,
   is what the period says, carrier by carrier;
3. the points for which the plan states a tolerance, and their sub-meters, have what the period says; those that
   differ by more are reported, and so are invoices;
4. each lot carries by the tonnes of its record (that the shares add up is checked where a period is read);
5. it overlaps no other period of the facility, and supersedes the one of the same span.

At the end of the log, no run may lie within a period that does not have it: its energy would be counted twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import msgspec

from leafproof import numbers, units
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.measuring import QUANTUM, Total, Window, total
from leafproof.period import EnergyPeriod, counted, metered, reconcile, tonnes_of, with_estimated
from leafproof.plan import MeteringPlan, MeteringPoint
from leafproof.record import BatchRecord
from leafproof.replay.report import ReplayReport
from leafproof.verification import reconciled
from leafproof.verification.evidence import Evidence
from leafproof.verification.report import Status
from leafproof.verification.statements import Statement

Records = Mapping[str, BatchRecord]  # by statement id


class Periods:
    """The periods of a log, by operator and facility."""

    def __init__(self, report: ReplayReport, evidence: Evidence) -> None:
        self._report, self._evidence = report, evidence
        self._known: dict[tuple[bytes, str], list[tuple[Statement, EnergyPeriod, set[str]]]] = defaultdict(list)

    def take(
        self,
        operator: bytes,
        statement: Statement,
        period: EnergyPeriod,
        plans: tuple[MeteringPlan | None, MeteringPlan | None],
        records: Records,
    ) -> None:
        """A period; `plans` are those in force at its start and its end, `records` the newest of each lot of the
        facility."""
        try:
            within = dict(self._within(period, records))
            self._compare(period, within)
            self._metered(period, plans, within, statement.index)
        except LeafproofError as error:
            self._report.add("energy-period", statement.index, error.message)
            within = {}
        for other, earlier, _ in self._known[operator, period.facility]:
            start, end = period.window
            left, right = earlier.window
            same = (left, right) == (start, end)
            if not same and left < end and start < right:
                message = f"it overlaps the period of entry {other.index}"
                self._report.add("energy-period", statement.index, message)
        spans = [s for s, p, _ in self._known[operator, period.facility] if p.window == period.window]
        if period.supersedes != (spans[-1].id if spans else None):
            message = "it does not supersede the newest period of the same span"
            self._report.add("energy-period", statement.index, message)
        runs = {record.run.id for record in within.values()}
        self._known[operator, period.facility].append((statement, period, runs))

    def against(self, operator: bytes, facility: str, index: int, record: BatchRecord) -> None:
        """A lot's newest record at the end of the log: the newest period of its time must have its run."""
        opened, closed = record.run.window
        for statement, period, runs in reversed(self._known[operator, facility]):
            start, end = period.window
            if not (closed > start and opened < end):
                continue
            if runs and record.run.id not in runs:
                message = (
                    f"lot {record.of} was made in the energy period of entry {statement.index}, which has it not:"
                    " its energy is counted twice"
                )
                self._report.add("energy-period", index, message)
            return

    @staticmethod
    def _within(period: EnergyPeriod, records: Records) -> Iterable[tuple[str, BatchRecord]]:
        start, end = period.window
        for name, record in records.items():
            opened, closed = record.run.window
            if start <= opened and closed <= end:
                yield name, record
            elif closed > start and opened < end:
                raise InvalidInput("start", f"its bounds cut the run of lot {record.of}")

    @staticmethod
    def _compare(period: EnergyPeriod, within: Records) -> None:
        stated = {lot.record: lot for lot in period.lots}
        for name in within.keys() - stated.keys():
            raise InvalidInput("lots", f"lot {within[name].of} is left out, or an older record of it is counted")
        for name, lot in stated.items():
            if name not in within:
                raise InvalidInput("lots", f"record {name} is not the newest of a lot of the period")
            if within[name].outputs is not None and lot.tonnes != tonnes_of(within[name]):
                raise InvalidInput("lots.tonnes", f"lot {within[name].of} made {tonnes_of(within[name])} t")

    def _metered(
        self,
        period: EnergyPeriod,
        plans: tuple[MeteringPlan | None, MeteringPlan | None],
        within: Records,
        index: int,
    ) -> None:
        first, last = plans
        if first is None or first != last:
            raise InvalidInput("balances", "no one metering plan was in force during the whole period")
        if self._evidence.lacks(first) or any(r.activity is None for r in within.values()):
            return
        records = list(within.values())
        self._reconciled(period, first, records, index)
        whole: dict[str, Fraction] = defaultdict(Fraction)
        estimated: dict[str, Fraction] = defaultdict(Fraction)
        stated = {b.carrier: b for b in period.balances}
        for point in first.main_points():
            if point.carrier not in stated:
                raise InvalidInput("balances", f"{point.carrier} is left out")
            found, rest = self._amount(period, first, point, records)
            scale = units.scale(point.published.unit, stated[point.carrier].unit)
            whole[point.carrier] += found * scale
            estimated[point.carrier] += rest * scale
        for carrier, balance in stated.items():
            sums = numbers.rounded(whole[carrier], QUANTUM), counted(records, carrier, balance.unit)
            for name, given, expected in (
                ("metered", balance.metered, sums[0]),
                ("in_lots", balance.in_lots, sums[1]),
            ):
                if given != f"{expected:f}":
                    raise InvalidInput(f"{carrier} {name}", f"stated {given}, recomputed {expected:f}")
            told = with_estimated(first, msgspec.structs.replace(balance, estimated=None), estimated[carrier])
            if told != balance:
                reason = f"stated {balance.estimated}, recomputed {told.estimated}"
                raise InvalidInput(f"{carrier} estimated", reason)

    def _amount(
        self, period: EnergyPeriod, plan: MeteringPlan, point: MeteringPoint, records: Sequence[BatchRecord]
    ) -> tuple[Fraction, Fraction]:
        """What a point metered in the period, in the published unit; see `leafproof.period.metered`."""
        meter = self._evidence.at(period.facility)

        def amount(one: MeteringPoint, windows: list[Window]) -> Total:
            return total(plan, one, meter, windows, self._evidence.readings(period.facility, one).portions)

        return metered(plan, point, records, period.window, amount)

    def _reconciled(
        self, period: EnergyPeriod, plan: MeteringPlan, records: Sequence[BatchRecord], index: int
    ) -> None:
        """That main meter, sub-meters and invoices agree, and that the period says how far they do."""
        found = reconcile(plan, lambda point: self._amount(period, plan, point, records)[0])
        if found != period.meters:
            raise InvalidInput("meters", "what it says of sub-meters is not what the readings give")
        for finding in reconciled.judge(period, plan):
            if finding.status is Status.WARNING:
                self._report.add("meters-differ", index, finding.text())
