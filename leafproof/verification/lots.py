"""Checks 7 to 10, for each lot of a bundle. A check whose material is withheld says so and passes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from leafproof import calculation, footprint, profile
from leafproof.chain.view import SHARES, Custody, LotRecord
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.footprint import Footprint
from leafproof.frame import FrameContent, place_of
from leafproof.looped import HOME_SCRAP
from leafproof.numbers import rounded
from leafproof.period import EnergyPeriod
from leafproof.plan import MeteringPlan
from leafproof.record import BatchRecord, Input, shares_for
from leafproof.structs import differences
from leafproof.values import Lot
from leafproof.verification import (
    corrections,
    declared,
    estimates,
    grading,
    reconciled,
    stages,
    supply,
    timing,
    weighing,
)
from leafproof.verification import evidence as ev
from leafproof.verification.reading import Reading, Signed
from leafproof.verification.report import Finding, Status
from leafproof.verification.statements import Statement


def check_evidence(reading: Reading) -> None:
    """7: no frame, interval or point missing, by the metering plan; and what rests on declarations."""
    check = reading.report[7]
    for lot, statement, record in reading.used():
        reading.tick()
        seen = _weighings(reading, statement, record) is not None
        issued_at = statement.envelope.header.issued_at
        for finding in [*ev.provenance(record, issued_at, seen), *estimates.said(record)]:
            check.add(finding.status, finding.code, str(lot), **finding.params)
        plan = _plan(reading, statement, record)
        if plan is None and reading.plan(record) is not None:
            check.add(Status.FAIL, "plan-foreign", str(lot))
        for finding in _planned(reading, statement, record, plan) if plan is not None else ():
            check.add(finding.status, finding.code, str(lot), **finding.params)
        try:
            found = _frames(reading, statement, record)
            if found is None or plan is None:
                check.add(Status.NOT_CHECKED, "withheld", str(lot))
                continue
            graded = grading.graded(record, plan, reading.attested)
            for finding in [*_streams(reading, statement, record), *ev.complete(record, plan, found), *graded]:
                check.add(finding.status, finding.code, str(lot), **finding.params)
            if reading.chain is not None:
                for finding in timing.judge(_frames_of(reading, statement, record), reading.chain):
                    check.add(finding.status, finding.code, finding.subject or str(lot), **finding.params)
        except LeafproofError as error:
            check.add(Status.FAIL, "not-computable", str(lot), reason=error.message)


def _planned(reading: Reading, signed: Statement, record: BatchRecord, plan: MeteringPlan) -> Iterable[Finding]:
    """What the plan says by itself, and of the energy periods that were closed by it."""
    yield from ev.plan_in_force(record, plan)
    yield from estimates.by_plan(record, plan)
    if named := reading.plan(record):
        yield from estimates.by_known_plan(record, named[0], reading.chain)
    for period in _periods(reading, signed):
        yield from reconciled.judge(period, plan)
    if foreign := ev.foreign_gateways(reading.chain, reading.operator(signed), plan):
        yield Finding(Status.FAIL, "gateway-foreign", "", {"key": foreign[0]})


def _plan(reading: Reading, signed: Statement, record: BatchRecord) -> MeteringPlan | None:
    """The metering plan that the record names, if it is its own maker's, for its own facility."""
    named = reading.plan(record)
    if named is None or reading.maker(named[0]) != reading.maker(signed) or named[1].facility != record.facility:
        return None
    return named[1]


def meters_attested(reading: Reading) -> bool:
    """Whether each gateway that the metering plans count on is attested by a registrar whom the reader trusts.
    Frames say nothing about it: a stranger's may lie in any bundle. A plan that is withheld counts as none."""
    plans = [_plan(reading, statement, record) for _, statement, record in reading.used()]
    gateways = {bytes.fromhex(point.gateway) for plan in plans if plan for point in plan.points}
    return bool(plans) and None not in plans and all(map(reading.attested, gateways))


def _periods(reading: Reading, record: Statement) -> list[EnergyPeriod]:
    """The energy periods on which footprints of the record rest, of its own maker, as far as they are here."""
    named = {f.period for _, f in reading.footprints.values() if f.record == record.id and f.period}
    own = [name for name in sorted(named) if reading.maker_of(name) == reading.maker(record)]
    found = [reading.content(name, EnergyPeriod) for name in own]
    return [one for one in found if one is not None]


def _frames_of(reading: Reading, signed: Statement, record: BatchRecord) -> list[Statement]:
    """Frames of the plan's gateways, in the record's own log, in the ranges that it names."""
    plan = _plan(reading, signed, record)
    frames = _gateways_frames(reading, signed, plan) if plan else []
    return [s for s in frames if ev.in_range(s, record.activity or ())]


def _gateways_frames(reading: Reading, signed: Statement, plan: MeteringPlan) -> list[Statement]:
    """All frames of the plan's gateways in the record's own log, in the log's order."""
    gateways = {bytes.fromhex(point.gateway) for point in plan.points}
    frames = [s for gateway in gateways for s in reading.frames.get(gateway, ())]
    return sorted(
        (s for s in frames if s.envelope.header.log == signed.envelope.header.log), key=lambda s: s.index
    )


def _frames(reading: Reading, signed: Statement, record: BatchRecord) -> ev.Evidence | None:
    """The record's readings, or None where activity or frames are withheld; raises `InvalidInput` where
    lots share too many of them."""
    frames = _frames_of(reading, signed, record)
    if record.activity is None or not frames or any(s.content is None for s in frames):
        return None
    found = ev.Evidence()
    for statement in sorted(frames, key=lambda s: s.index):
        if isinstance(statement.content, FrameContent):
            reading.spend(statement.content.count)
            found.add(statement.envelope.key_id, place_of(statement.envelope), statement.content)
    return found


def _read_after_all(
    reading: Reading, signed: Statement, record: BatchRecord, plan: MeteringPlan
) -> Iterable[Finding]:
    """What the record estimates and any frame of the bundle has readings of, in the range that the record names or
    not: whoever chooses the range could else leave out what was read. Frames that came after the record are left
    aside while its correction may be under way, and so is a record that was corrected."""
    spans = [span for a in record.activity or () if a.estimated for span in a.estimated.windows]
    if not spans or signed.id not in {s.id for _, s, _ in reading.lots()}:
        return
    versions = reading.records[reading.maker(signed), record.of]
    if any(s.index > signed.index and reading.pointer_under_way(s) for s, _ in versions):
        return
    reach = max(point.interval_seconds for point in plan.points)
    first, last = min(a for a, _ in spans) - reach, max(b for _, b in spans) + reach
    found = ev.Evidence()
    for one in _gateways_frames(reading, signed, plan):
        content = one.content
        late = one.index > signed.index and reading.pointer_under_way(one)
        if late or not isinstance(content, FrameContent):
            continue
        near = any(first <= time <= last for series in content.series for time in series.times)
        if near or ev.in_range(one, record.activity or ()):
            reading.spend(content.count)
            found.add(one.envelope.key_id, place_of(one.envelope), content)
    yield from (one for one in ev.recomputed(record, plan, found) if one.code == "estimate-read")


def _weighings(reading: Reading, signed: Statement, record: BatchRecord) -> ev.Evidence | None:
    """The readings of scales that the record names, from the very frames that it names; None where one of those
    is not here. They lie where they like in their gateway's stream, and are no part of it here."""
    found = ev.Evidence()
    named = sorted({(index, w.gateway) for w in record.weighings() for index in w.frames})
    for index, gateway in named:
        here = [
            s
            for s in reading.frames.get(bytes.fromhex(gateway), ())
            if s.index == index and s.envelope.header.log == signed.envelope.header.log
        ]
        content = here[0].content if here else None
        if not isinstance(content, FrameContent):
            return None
        reading.spend(content.count)
        found.add(here[0].envelope.key_id, place_of(here[0].envelope), content)
    return found


def _weighed(reading: Reading, signed: Statement, record: BatchRecord, plan: MeteringPlan) -> Iterable[Finding]:
    found = _weighings(reading, signed, record)
    if found is None:
        return [Finding(Status.NOT_CHECKED, "withheld")]
    return weighing.recomputed(record, plan, found)


def _streams(reading: Reading, signed: Statement, record: BatchRecord) -> Iterable[Finding]:
    streams: dict[bytes, ev.Stream] = {}
    frames = [(place_of(s.envelope), s) for s in _frames_of(reading, signed, record)]
    for place, statement in sorted(frames, key=lambda f: (f[0].epoch, f[0].sequence)):
        stream = streams.setdefault(statement.envelope.key_id, ev.Stream())
        yield from stream.add(place, statement.envelope.statement_id, statement.label, statement.opening)


def check_recomputed(reading: Reading) -> None:
    """8: activity data from readings, footprints from facts and factors, to the same digits."""
    check = reading.report[8]
    for lot, statement, record in reading.used():
        reading.tick()
        plan = _plan(reading, statement, record)
        try:
            found = _frames(reading, statement, record)
            if found is None or plan is None:
                check.add(Status.NOT_CHECKED, "withheld", str(lot))
                continue
            judged = list(ev.recomputed(record, plan, found))
            judged += [one for one in _read_after_all(reading, statement, record, plan) if one not in judged]
            for finding in [*judged, *_weighed(reading, statement, record, plan)]:
                check.add(finding.status, finding.code, str(lot), **finding.params)
        except LeafproofError as error:
            check.add(Status.FAIL, "not-computable", str(lot), reason=error.message)
    for _, stated in reading.footprints.values():
        reading.tick()
        if signed := reading.version(stated.of, stated.record):
            _recompute_footprint(reading, stated, signed)
    declared.check_recomputed(reading)
    stages.check_recomputed(reading)
    _published(reading)


def _published(reading: Reading) -> None:
    """Who chose the factors: arithmetic cannot tell a good number from a convenient one."""
    check = reading.report[8]
    stated = [f for _, f in reading.footprints.values()]
    used = {ref.set for f in stated for refs in footprint.factors_used(f).values() for ref in refs}
    for publisher in sorted({issuer for name in used if (issuer := reading.issuer(name))}):
        if publisher in reading.trust.publishers:
            check.add(Status.PASS, "factors-published", publisher=publisher)
        else:
            check.add(Status.WARNING, "factors-unknown", publisher=publisher)


def _recompute_footprint(reading: Reading, stated: Footprint, record: Signed) -> None:
    check, lot = reading.report[8], str(stated.of)
    statement, facts = record
    if stated.period is not None and reading.maker_of(stated.period) not in (None, reading.maker(statement)):
        check.add(Status.FAIL, "period-foreign", lot)
    named = [*([stated.period] if stated.period else []), *(one.cancellation for one in stated.certificates)]
    hidden = any(map(reading.withheld, named))
    if hidden or None in (stated.components, stated.prices, facts.outputs, facts.inputs, facts.activity):
        _agrees_with_itself(reading, stated)
        check.add(Status.NOT_CHECKED, "withheld", lot)
        return
    try:
        computed = calculation.calculate(
            facts,
            statement.id,
            stated.profile,
            footprint.choices_of(stated),
            reading.sources(),
            stated.supersedes,
        )
    except LeafproofError as error:
        check.add(Status.FAIL, "not-computable", lot, reason=error.message)
        return
    for part, given, expected in differences(stated, computed):
        check.add(Status.FAIL, "footprint-differs", lot, part=part, stated=given, computed=expected)
    if stated == computed:
        check.add(Status.PASS, "footprint-recomputed", lot, value=stated.per_tonne, profile=stated.profile.id)


def _agrees_with_itself(reading: Reading, stated: Footprint) -> None:
    """What can be said of a footprint whose facts are withheld."""
    check, lot = reading.report[8], str(stated.of)
    try:
        profile.named(stated.profile)
    except LeafproofError as error:
        check.add(Status.FAIL, "not-computable", lot, reason=error.message)
    for part, given, expected in footprint.contradictions(stated):
        check.add(Status.FAIL, "footprint-differs", lot, part=part, stated=given, computed=expected)


def check_inputs(reading: Reading) -> None:
    """9: each input lot is here, and exactly the shares that the record takes are spent on this lot."""
    check = reading.report[9]
    for lot, statement, record in reading.used():
        reading.tick()
        if record.inputs is None:
            check.add(Status.NOT_CHECKED, "withheld", str(lot))
            continue
        if not record.inputs:
            check.add(Status.PASS, "no-inputs", str(lot))
        taken: dict[bytes, list[_Taken]] = defaultdict(list)
        for line in record.inputs:
            if line.material == HOME_SCRAP and line.named is None:
                check.add(Status.PASS, "input-looped", str(lot), name=line.name)
            elif line.parent is None:
                code = "input-material" if line.named is None else "input-unproven"
                check.add(Status.WARNING, code, str(lot), name=line.name, lot=line.named or "")
            elif found := _input_lot(reading, lot, line, line.parent):
                taken[found.parent.lot_id].append(found)
        on_chain = reading.on_chain_by(statement, lot)
        for several in taken.values():
            _spent(reading, lot, several, on_chain)
        if on_chain is not None:
            _custody(reading, lot, on_chain, [several[0] for several in taken.values()])
        if not any(f.code in ("input-missing", "input-pending") for f in check.findings):
            for parent in sorted({c.parent for c in (on_chain.inputs if on_chain else ())} - taken.keys()):
                check.add(Status.FAIL, "input-unstated", str(lot), token="0x" + parent.hex())
    supply.check_left_aside(reading)
    supply.check_cycle(reading)
    corrections.check_inputs(reading)


@dataclass(frozen=True, slots=True)
class _Taken:
    """An input line whose lot is on chain, and the lot's record that counts."""

    line: Input
    used: BatchRecord
    parent: LotRecord


def _input_lot(reading: Reading, child: Lot, line: Input, parent: Lot) -> _Taken | None:
    check, subject = reading.report[9], str(child)
    named = reading.footprints.get(line.footprint or "")
    used = reading.version(parent, named[1].record) if named else None
    if named is None or used is None:
        check.add(Status.FAIL, "input-missing", subject, lot=parent)
        return None
    if reading.chain is None:
        check.add(Status.NOT_CHECKED, "withheld-chain", subject, reason=reading.no_chain)
        return None
    parent_on_chain = reading.on_chain_by(used[0], parent)
    if parent_on_chain is None or used[0].leaf not in {v.leaf for v in parent_on_chain.versions}:
        if reading.pointer_under_way(used[0]):
            check.add(Status.PENDING, "input-pending", subject, lot=parent)
        else:
            check.add(Status.FAIL, "input-footprint", subject, lot=parent)
        return None
    maker = "0x" + parent_on_chain.operator.hex()
    if line.operator != maker:
        check.add(Status.FAIL, "input-maker", subject, lot=parent, stated=line.operator, maker=maker)
    if used[0].leaf != parent_on_chain.current.leaf:
        check.add(Status.WARNING, "input-corrected", subject, lot=parent, version=parent_on_chain.current.version)
    if used[1].outputs is None:
        check.add(Status.NOT_CHECKED, "withheld", subject)
    return _Taken(line, used[1], parent_on_chain)


def _spent(reading: Reading, child: Lot, taken: list[_Taken], on_chain: LotRecord | None) -> None:
    """Of one input lot: what all lines take of it, against what the chain holds as spent."""
    check, subject = reading.report[9], str(child)
    if any(t.used.outputs is None for t in taken):
        return
    token, lot = taken[0].parent.lot_id, taken[0].used.of
    spent = sum(c.shares for c in (on_chain.inputs if on_chain else ()) if c.parent == token)
    quantity, unit = " + ".join(t.line.quantity for t in taken), taken[0].line.unit
    params = {"lot": str(lot), "quantity": quantity, "unit": unit}
    try:
        expected = sum(shares_for(t.line.amount.to("t"), t.used.product_mass()) for t in taken)
    except InvalidInput:
        expected = SHARES + 1
    if on_chain is None and reading.report[6].status is Status.PENDING:
        check.add(Status.PENDING, "lot-pending", subject)
    elif spent == 0:
        check.add(Status.FAIL, "input-unspent", subject, lot=lot)
    elif spent != expected:
        check.add(Status.FAIL, "input-shares", subject, expected=expected, spent=spent, **params)
    else:
        share = rounded(Fraction(100 * spent, SHARES), Decimal("0.01"))
        check.add(Status.PASS, "input-verified", subject, shares=f"{share:f} %", **params)


_CLAIMED = {Custody.MASS_BALANCE: "custody-mass-balance", Custody.BOOK_AND_CLAIM: "custody-book-and-claim"}


def _custody(reading: Reading, child: Lot, on_chain: LotRecord, taken: list[_Taken]) -> None:
    """Models after which the material itself may be another; and a lot that claims more than its inputs do."""
    check, subject = reading.report[9], str(child)
    if on_chain.custody in _CLAIMED:
        check.add(Status.WARNING, _CLAIMED[on_chain.custody], subject)
    for one in taken:
        if Custody.NOT_STATED < on_chain.custody < one.parent.custody:
            check.add(Status.FAIL, "custody-stricter", subject, lot=one.used.of)
