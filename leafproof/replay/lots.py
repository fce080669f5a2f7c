"""What the log says of lots: plans, records and what rests on them, in its order, and held against the chain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from leafproof import body, clock
from leafproof.chain.view import ChainView, LotRecord, lot_id
from leafproof.correction import Correction
from leafproof.declared import DeclaredFootprint
from leafproof.envelope import LogRef
from leafproof.errors import LeafproofError
from leafproof.footprint import Footprint
from leafproof.lifecycle import Lifecycle
from leafproof.opinion import Opinion
from leafproof.period import EnergyPeriod
from leafproof.plan import MeteringPlan
from leafproof.record import BatchRecord
from leafproof.replay import shares
from leafproof.replay.corrections import Corrections
from leafproof.replay.declared import Declarations, Made
from leafproof.replay.energy import Energy, balance
from leafproof.replay.footprints import Footprints
from leafproof.replay.known import Known
from leafproof.replay.opinions import Opinions
from leafproof.replay.periods import Periods
from leafproof.replay.report import ReplayReport
from leafproof.replay.spent import Spent
from leafproof.replay.stages import Stages
from leafproof.replay.weighings import Weighings
from leafproof.values import Lot
from leafproof.verification import estimates
from leafproof.verification import evidence as ev
from leafproof.verification.report import Status
from leafproof.verification.statements import Statement


class Lots:
    """What the log says of lots, taken statement by statement."""

    def __init__(
        self, report: ReplayReport, chain: ChainView, ref: LogRef, evidence: ev.Evidence, known: Known
    ) -> None:
        self._report, self._chain, self._ref, self._evidence = report, chain, ref, evidence
        self._statements, self._withheld = known.statements, known.withheld
        self._records: dict[tuple[bytes, Lot], list[tuple[Statement, BatchRecord]]] = defaultdict(list)
        self._plans: dict[tuple[bytes, str], list[tuple[int, Statement]]] = defaultdict(list)
        self._forked: set[tuple[bytes, Lot]] = set()
        self._declared = Declarations(report, self._operator, self._made, known.withheld)
        self._corrections = Corrections(report, self._operator, known.statements, known.withheld)
        self._opinions = Opinions(report, self._operator, known.statements, known.withheld)
        self._footprints = Footprints(report, ref, self._operator, known, self._corrections.footprint)
        self._spent = Spent(report, self._operator, known, self._footprints.absent)
        self._takers: dict[type, Callable[[Statement, Any], None]] = {
            MeteringPlan: self._metering_plan,
            BatchRecord: self._record,
            EnergyPeriod: self._energy_period,
            DeclaredFootprint: self._declared.take,
            Opinion: self._opinions.take,
            Correction: self._corrections.take,
            Footprint: self._footprints.take,
            Lifecycle: Stages(report, self._operator, self._footprints.factor, known.withheld).take,
        }
        self._read_after_all: list[tuple[Statement, BatchRecord, str]] = []
        self._periods = Periods(report, evidence)
        self._weighings = Weighings(report, evidence)

    def withhold(self, statement: Statement) -> None:
        """A statement whose body was not handed over: what rests on it is not checked, and nobody is accused."""
        self._withheld[statement.id] = statement

    def take(self, statement: Statement) -> None:
        """A plan, factor set, record or footprint whose key, signature and body are good."""
        self._statements[statement.id] = statement
        if taker := self._takers.get(type(statement.content)):
            taker(statement, statement.content)

    def _metering_plan(self, statement: Statement, plan: MeteringPlan) -> None:
        valid_from = clock.utc_seconds(plan.valid_from, "valid_from")
        self._plans[self._operator(statement), plan.facility].append((valid_from, statement))

    def _record(self, statement: Statement, record: BatchRecord) -> None:
        known = self._records[self._operator(statement), record.of]
        if known and record.supersedes != known[-1][0].id:
            message = (
                f"lot {record.of} has a record already, entry {known[-1][0].index}, which this does not supersede"
            )
            self._report.add("two-records", statement.index, message)
            self._forked.add((self._operator(statement), record.of))
        known.append((statement, record))
        self._corrections.record(statement, record)
        self._recompute(statement, record)

    def _operator(self, statement: Statement) -> bytes:
        return self._chain.keys[statement.envelope.key_id].operator

    def _made(self, operator: bytes) -> Iterator[Made]:
        """The operator's lots, as far as the log was taken."""
        for (maker, lot), versions in self._records.items():
            if maker == operator:
                yield Made(*versions[-1], partial(self._footprints.printed, maker, lot))

    def _plan(self, statement: Statement, record: BatchRecord) -> MeteringPlan | None:
        """The maker's newest plan of the facility that was valid when the run opened; None if the record names
        another, or where it is withheld."""
        if record.plan in self._withheld:
            return None
        in_force = self._in_force(self._operator(statement), record.facility, record.run.window[0])
        if in_force is None or in_force.id != record.plan:
            named = f"entry {in_force.index} was in force" if in_force else "none was in force"
            message = f"the metering plan that the record names is not its facility's when the run opened: {named}"
            self._report.add("plan", statement.index, message)
            return None
        for finding in estimates.by_known_plan(record, in_force, self._chain):
            self._report.add("plan", statement.index, finding.text())
        return _plan_of(in_force)

    def _in_force(self, operator: bytes, facility: str, moment: int) -> Statement | None:
        """The newest plan of the facility that is valid at that moment, of those in the log so far."""
        plans = [p for p in self._plans[operator, facility] if p[0] <= moment]
        return max(plans, key=lambda p: (p[0], p[1].index))[1] if plans else None

    def _energy_period(self, statement: Statement, period: EnergyPeriod) -> None:
        operator = self._operator(statement)
        if any(
            self._operator(s) == operator
            for s in self._withheld.values()
            if s.envelope.header.content_type in (body.BATCH_RECORD, body.METERING_PLAN)
        ):
            return  # which facility's, a withheld one hides
        start, end = period.window
        plans = tuple(_plan_of(self._in_force(operator, period.facility, at)) for at in (start, end - 1))
        newest = (versions[-1] for (maker, _), versions in self._records.items() if maker == operator)
        records = {s.id: record for s, record in newest if record.facility == period.facility}
        self._periods.take(operator, statement, period, (plans[0], plans[1]), records)

    def _recompute(self, statement: Statement, record: BatchRecord) -> None:
        plan = self._plan(statement, record)
        if plan is None or self._evidence.lacks(plan):
            return
        self._weighings.recompute(statement.index, record, plan)
        if record.activity is None:
            return
        maker = self._chain.keys[statement.envelope.key_id]
        for gateway in ev.foreign_gateways(self._chain, maker, plan):
            message = f"the metering plan counts on gateway {gateway}, which is another operator's"
            self._report.add("gateway-foreign", statement.index, message)
        try:
            complete = list(ev.complete(record, plan, self._evidence))
            recomputed = list(ev.recomputed(record, plan, self._evidence))
        except LeafproofError as error:
            self._report.add("evidence", statement.index, error.message)
            return
        for kind, findings in (("evidence", complete), ("activity-differs", recomputed)):
            for finding in findings:
                if finding.status is Status.FAIL:
                    self._report.add(kind, statement.index, finding.text())

    def settle(self) -> None:
        """All frames were taken that are older than a correction may take: what records estimate and any of them
        has read. Whether those records are the newest is known at the log's end."""
        for versions in self._records.values():
            statement, record = versions[-1]
            plan = _plan_of(self._statements.get(record.plan))
            if plan is None or self._evidence.lacks(plan) or not any(a.estimated for a in record.activity or ()):
                continue
            try:
                found = list(ev.recomputed(record, plan, self._evidence))
            except LeafproofError:
                continue  # as was reported when the record was taken
            texts = [one.text() for one in found if one.code == "estimate-read"]
            self._read_after_all += [(statement, record, text) for text in texts]

    def _not_corrected(self) -> None:
        """Records that still estimate what was read, after the time in which a server supersedes them."""
        known = {(one.index, one.message) for one in self._report.discrepancies}
        hidden = [s for s in self._withheld.values() if s.envelope.header.content_type == body.BATCH_RECORD]
        unknown = {self._operator(one) for one in hidden}  # of which lots, a withheld one hides
        for statement, record, text in self._read_after_all:
            operator = self._operator(statement)
            newest = self._records[operator, record.of][-1][0]
            if newest.id == statement.id and operator not in unknown and (statement.index, text) not in known:
                self._report.add("activity-differs", statement.index, text)

    def against_chain(self) -> None:
        """Pointers, versions, inputs and balances, after the whole log was taken."""
        self._not_corrected()
        self._report.lots = len(self._records)
        leaves = {s.leaf for s in self._withheld.values() if s.envelope.header.log == self._ref}
        for (operator, lot), versions in self._records.items():
            on_chain = self._chain.lots.get(lot_id(operator, lot))
            leaves.update(s.leaf for s, _ in versions)
            self._pointer(lot, versions, on_chain, (operator, lot) in self._forked)
            self._periods.against(operator, versions[-1][1].facility, versions[-1][0].index, versions[-1][1])
            self._weighings.use(versions[-1][0].index, versions[-1][1])
            if on_chain:
                self._spent.judge(lot, versions[-1], on_chain)
        for lot_ in self._chain.lots.values():
            for version in lot_.versions:
                if version.log_id == self._ref.log_id and version.leaf not in leaves:
                    message = "the chain points a lot to this entry, which is no batch record in force"
                    self._report.add("pointer-differs", version.index, message)
        self._corrections.judge()
        self._declared.judge()
        self._opinions.judge(self._declared.superseded)
        self._footprints.elsewhere()
        shares.judge(self._report, self._chain)

    def energy(self) -> list[Energy]:
        """The energy balance of each facility whose evidence was handed over whole."""
        found: list[Energy] = []
        records = [s for s in self._withheld.values() if s.envelope.header.content_type == body.BATCH_RECORD]
        unknown = {self._operator(statement) for statement in records}  # which facility's, a withheld one hides
        for (operator, facility), dated in self._plans.items():
            if operator in unknown:
                continue
            plans = [
                (start, s.content)
                for start, s in sorted(dated, key=lambda d: (d[0], d[1].index))
                if isinstance(s.content, MeteringPlan)
            ]
            newest = [v[-1][1] for (maker, _), v in self._records.items() if maker == operator]
            made_here = [r for r in newest if r.facility == facility]
            try:
                found += balance(facility, plans, made_here, self._evidence)
            except LeafproofError as error:
                self._report.add("evidence", None, f"the energy balance of {facility}: {error.message}")
        return found

    def _pointer(
        self, lot: Lot, versions: list[tuple[Statement, BatchRecord]], on_chain: LotRecord | None, forked: bool
    ) -> None:
        newest = versions[-1][0]
        if on_chain and on_chain.current.leaf == newest.leaf:
            return
        if not self._anchored(newest):
            return  # the pointer follows the anchor
        # The wait is for a first record, or one that corrects what the chain points to; a rival has nothing due.
        due = on_chain is None or on_chain.current.leaf in {s.leaf for s, _ in versions}
        if due and not forked and self._chain.pointer_under_way(self._ref.log_id, newest.index):
            self._report.unpointed += 1
        elif on_chain is None:
            self._report.add("lot-missing", newest.index, f"lot {lot} is not on the chain")
        else:
            message = f"the chain points lot {lot} to entry {on_chain.current.index}, its newest record is this"
            self._report.add("pointer-differs", newest.index, message)

    def _anchored(self, statement: Statement) -> bool:
        log = self._chain.logs.get(self._ref.log_id)
        return log is not None and log.first_covering(statement.index) is not None


def _plan_of(statement: Statement | None) -> MeteringPlan | None:
    content = statement.content if statement else None
    return content if isinstance(content, MeteringPlan) else None
