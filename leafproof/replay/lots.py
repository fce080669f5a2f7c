"""Records, footprints and shares, recomputed in the order of the log and held against the chain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from leafproof import body, calculation, clock, footprint
from leafproof.certificate import Cancellation
from leafproof.chain.view import ChainView, LotRecord, lot_id
from leafproof.correction import Correction
from leafproof.declared import DeclaredFootprint, method_of
from leafproof.envelope import LogRef
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.factors import Factor, FactorSet
from leafproof.footprint import FactorRef, Footprint
from leafproof.lifecycle import Lifecycle
from leafproof.opinion import Opinion
from leafproof.period import EnergyPeriod
from leafproof.plan import MeteringPlan
from leafproof.record import BatchRecord, Input, shares_for
from leafproof.replay import shares
from leafproof.replay.corrections import Corrections
from leafproof.replay.declared import Declarations, Made
from leafproof.replay.energy import Energy, balance
from leafproof.replay.opinions import Opinions
from leafproof.replay.periods import Periods
from leafproof.replay.report import ReplayReport
from leafproof.replay.stages import Stages
from leafproof.replay.weighings import Weighings
from leafproof.structs import differences
from leafproof.values import Lot
from leafproof.verification import evidence as ev
from leafproof.verification.report import Status
from leafproof.verification.statements import Statement

T = TypeVar("T")


@dataclass(slots=True)
class Known:
    """What the logs replayed so far say, by statement id: logs of one server name each other's statements.

    `withheld` are statements whose bodies were not handed over.
    """

    statements: dict[str, Statement] = field(default_factory=dict)
    withheld: dict[str, Statement] = field(default_factory=dict)


class Lots:
    """What the log says of lots, taken statement by statement."""

    def __init__(
        self, report: ReplayReport, chain: ChainView, ref: LogRef, evidence: ev.Evidence, known: Known
    ) -> None:
        self._report, self._chain, self._ref, self._evidence = report, chain, ref, evidence
        self._statements, self._withheld = known.statements, known.withheld
        self._absent: dict[str, Statement] = {}  # footprints of input lots, by the record that names them first
        self._records: dict[tuple[bytes, Lot], list[tuple[Statement, BatchRecord]]] = defaultdict(list)
        self._footprints: dict[tuple[bytes, Lot, str], Statement] = {}  # by maker, lot, profile
        self._plans: dict[tuple[bytes, str], list[tuple[int, Statement]]] = defaultdict(list)
        self._forked: set[tuple[bytes, Lot]] = set()
        self._declared = Declarations(report, self._operator, self._made, known.withheld)
        self._corrections = Corrections(report, self._operator, known.statements, known.withheld)
        self._opinions = Opinions(report, self._operator, known.statements, known.withheld)
        self._takers: dict[type, Callable[[Statement, Any], None]] = {
            DeclaredFootprint: self._declared.take,
            Opinion: self._opinions.take,
            Correction: self._corrections.take,
            Lifecycle: Stages(report, self._operator, self._factor, known.withheld).take,
        }
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
        if isinstance(statement.content, BatchRecord):
            self._record(statement, statement.content)
        elif isinstance(statement.content, Footprint):
            self._footprint(statement, statement.content)
        elif isinstance(statement.content, EnergyPeriod):
            self._energy_period(statement, statement.content)
        elif isinstance(statement.content, MeteringPlan):
            valid_from = clock.utc_seconds(statement.content.valid_from, "valid_from")
            self._plans[self._operator(statement), statement.content.facility].append((valid_from, statement))

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
                yield Made(*versions[-1], partial(self._printed, maker, lot))

    def _printed(self, maker: bytes, lot: Lot, method: str) -> Statement | None:
        """A lot's newest footprint by a method."""
        found = self._footprints.get((maker, lot, method.partition(" ")[0]))
        by_it = found and isinstance(found.content, Footprint) and method_of(found.content) == method
        return found if by_it else None

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

    def _footprint(self, statement: Statement, stated: Footprint) -> None:
        if stated.record in self._withheld:
            return
        record = self._statements.get(stated.record)
        if record is None or not isinstance(record.content, BatchRecord) or record.content.of != stated.of:
            self._report.add(
                "footprint-differs", statement.index, "the batch record that it names is not its lot's"
            )
            return
        if self._operator(statement) != self._operator(record):
            message = "the footprint is not by the operator of the batch record"
            self._report.add("footprint-foreign", statement.index, message)
        place = (self._operator(statement), stated.of, stated.profile.id)
        before = self._footprints.get(place)
        if before and stated.supersedes != before.id:
            message = (
                f"lot {stated.of} has a footprint by {stated.profile.id} already, entry {before.index}, which this"
                " does not supersede"
            )
            self._report.add("two-footprints", statement.index, message)
        elif not before and self._is_elsewhere(stated, place):
            message = "what it supersedes is another maker's, or another lot's or profile's"
            self._report.add("two-footprints", statement.index, message)
        self._footprints[place] = statement
        self._corrections.footprint(statement, stated)
        period = self._statements.get(stated.period or "")
        if period is not None and self._operator(period) != self._operator(record):
            message = "the energy period is not by the operator of the batch record"
            self._report.add("footprint-foreign", statement.index, message)
        rests_elsewhere = self._rests_elsewhere(record, record.content, stated)
        if not rests_elsewhere and not self._rests_on_what_is_withheld(stated, record.content):
            self._calculate(statement, stated, record.id, record.content)

    def _is_elsewhere(self, stated: Footprint, place: tuple[bytes, Lot, str]) -> bool:
        """Whether what it supersedes is known, in any log, as about something else than `place`."""
        named = self._statements.get(stated.supersedes or "")
        if named is None:
            return False
        before = named.content
        own = isinstance(before, Footprint) and (self._operator(named), before.of, before.profile.id) == place
        return not own

    def _rests_on_what_is_withheld(self, stated: Footprint, facts: BatchRecord) -> bool:
        if None in (stated.components, stated.prices, facts.outputs, facts.inputs, facts.activity):
            return True
        sets = {ref.set for c in stated.components or () for ref in c.factors}
        parents = {line.footprint for line in facts.inputs or ()} | set(footprint.parents_used(stated).values())
        cancelled = {one.cancellation for one in stated.certificates}
        return bool((sets | parents | cancelled | {stated.period}) & self._withheld.keys())

    def _rests_elsewhere(self, statement: Statement, facts: BatchRecord, stated: Footprint) -> bool:
        """Whether the footprint of an input lot was not handed over: another log's, as far as one can tell."""
        named = [str(line.footprint) for line in facts.inputs or () if line.parent is not None]
        named += footprint.parents_used(stated).values()
        absent = [n for n in named if n not in self._statements and n not in self._withheld]
        for name in absent:
            self._absent.setdefault(name, statement)
        return bool(absent)

    def _calculate(self, statement: Statement, stated: Footprint, record_id: str, facts: BatchRecord) -> None:
        try:
            computed = calculation.calculate(
                facts,
                record_id,
                stated.profile,
                footprint.choices_of(stated),
                calculation.Sources(self._factor, self._parent, self._period, self._certificate),
                stated.supersedes,
            )
        except LeafproofError as error:
            self._report.add("footprint-differs", statement.index, error.message)
            return
        for part, given, expected in differences(stated, computed):
            self._report.add(
                "footprint-differs", statement.index, f"{part}: stated {given}, recomputed {expected}"
            )

    def _factor(self, ref: FactorRef) -> Factor:
        return self._named(ref.set, FactorSet, "factor", "factor set that the footprint names").get(ref.id)

    def _period(self, statement_id: str) -> EnergyPeriod:
        return self._named(statement_id, EnergyPeriod, "period", "energy period that the footprint names")

    def _certificate(self, statement_id: str) -> Cancellation:
        return self._named(statement_id, Cancellation, "certificates", "cancellation that the footprint names")

    def _parent(self, statement_id: str) -> Footprint:
        return self._named(statement_id, Footprint, "inputs", "footprint of an input lot")

    def _named(self, statement_id: str, kind: type[T], field: str, what: str) -> T:
        found = self._statements.get(statement_id)
        if found is None or not isinstance(found.content, kind):
            raise InvalidInput(field, f"the {what} is not in the log before it")
        return found.content

    def against_chain(self) -> None:
        """Pointers, versions, inputs and balances, after the whole log was taken."""
        self._report.lots = len(self._records)
        leaves = {s.leaf for s in self._withheld.values() if s.envelope.header.log == self._ref}
        for (operator, lot), versions in self._records.items():
            on_chain = self._chain.lots.get(lot_id(operator, lot))
            leaves.update(s.leaf for s, _ in versions)
            self._pointer(lot, versions, on_chain, (operator, lot) in self._forked)
            self._periods.against(operator, versions[-1][1].facility, versions[-1][0].index, versions[-1][1])
            self._weighings.use(versions[-1][0].index, versions[-1][1])
            if on_chain:
                self._inputs(lot, versions[-1], on_chain)
        for lot_ in self._chain.lots.values():
            for version in lot_.versions:
                if version.log_id == self._ref.log_id and version.leaf not in leaves:
                    message = "the chain points a lot to this entry, which is no batch record in force"
                    self._report.add("pointer-differs", version.index, message)
        self._corrections.judge()
        self._declared.judge()
        self._opinions.judge(self._declared.superseded)
        self._elsewhere()
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

    def _elsewhere(self) -> None:
        """Input lots whose footprint was not there when it was used: it may stand in another log, and nobody
        handed that over; in this log it stands too late."""
        for name, statement in self._absent.items():
            found = self._statements.get(name)
            if found is None or found.envelope.header.log != self._ref:
                self._report.inputs_elsewhere += 1
            else:
                message = "the footprint of an input lot is not in the log before it"
                self._report.add("footprint-differs", statement.index, message)

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

    def _inputs(self, lot: Lot, newest: tuple[Statement, BatchRecord], on_chain: LotRecord) -> None:
        statement, record = newest
        if record.inputs is None or self._withheld_upstream(record.inputs):
            return
        spent: dict[bytes, int] = defaultdict(int)
        for consumption in on_chain.inputs:
            spent[consumption.parent] += consumption.shares
        uncounted: set[bytes] = set()
        stated: dict[bytes, int] = defaultdict(int)
        for line in record.inputs:
            if line.parent is None:
                continue
            used = self._used(line)
            if used is None and line.footprint in self._absent:
                uncounted.add(_token(line, line.parent))
                continue
            if used is None:
                message = f"lot {line.parent} has no record in this log: its shares were not recomputed"
                self._report.add("input-unspent", statement.index, message)
                continue
            maker = self._operator(used[0])
            if line.operator != "0x" + maker.hex():
                message = f"lot {line.parent} is said to be {line.operator}'s, its evidence is by 0x{maker.hex()}"
                self._report.add("input-maker", statement.index, message)
            try:
                shares = shares_for(line.amount.to("t"), used[1].product_mass())
                stated[lot_id(maker, line.parent)] += shares
            except InvalidInput as error:
                self._report.add("overdrawn", statement.index, f"lot {line.parent}: {error.message}")
        for token in stated.keys() | spent.keys() | uncounted:
            if token in uncounted and token in spent:
                continue
            if token not in spent:
                message = f"lot {lot}: no shares of 0x{token.hex()} are spent on it"
                self._report.add("input-unspent", statement.index, message)
            elif stated[token] != spent[token]:
                message = f"lot {lot}: {spent[token]} shares are spent, its record takes {stated[token]}"
                self._report.add("input-shares", statement.index, message)

    def _withheld_upstream(self, lines: tuple[Input, ...]) -> bool:
        """Whether an input lot's footprint, record or output is withheld: shares are counted by these."""
        for line in lines:
            printed = self._statements.get(line.footprint or "")
            record_id = printed.content.record if printed and isinstance(printed.content, Footprint) else ""
            used = self._used(line)
            if {line.footprint, record_id} & self._withheld.keys() or (used and used[1].outputs is None):
                return True
        return False

    def _used(self, line: Input) -> tuple[Statement, BatchRecord] | None:
        """The input lot's record on which the footprint that the line names was computed."""
        printed = self._statements.get(line.footprint or "")
        if printed is None or not isinstance(printed.content, Footprint) or printed.content.of != line.parent:
            return None
        record = self._statements.get(printed.content.record)
        return (record, record.content) if record and isinstance(record.content, BatchRecord) else None


def _plan_of(statement: Statement | None) -> MeteringPlan | None:
    content = statement.content if statement else None
    return content if isinstance(content, MeteringPlan) else None


def _token(line: Input, parent: Lot) -> bytes:
    """The input lot on chain, by what the record says of its maker."""
    try:
        return lot_id(bytes.fromhex(str(line.operator).removeprefix("0x")), parent)
    except ValueError:
        return b""
