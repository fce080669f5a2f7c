"""Verification of one lot's bundle, by eleven numbered checks, in order:

 0 well-formed              `_read`          every statement parses by its rules
 1 issuer's key             `_keys`          registered, in force when anchored, attested by whom
 2 signature                `_signatures`    over the Sig_structure, in the one allowed form
 3 disclosures match        `_disclosures`   bodies and disclosed members are those that were signed
 4 included in the log      `_included`      inclusion proof of each statement in the head given
 5 head final on the chain  `_final`         the reader's chain holds that very head
 6 current                  `_current`       the lot's pointer on chain is this record
 7 evidence complete        `_evidence`      no frame, interval or point missing, by the metering plan
 8 recomputed               `_recomputed`    activity data and footprint give the same digits
 9 inputs verified          `_inputs`        input lots' own checks, and shares spent on this lot
10 labels and opinions      `_labels`

Checks 1 to 5 cover every statement of the bundle, the input lots' too; 6 to 8 run for each lot of it. A check
whose material is withheld says so and passes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from leafproof import clock, footprint, tree
from leafproof.bundle import Bundle
from leafproof.chain.view import SHARES, ChainView, LotRecord, RegisteredKey, lot_id
from leafproof.errors import InvalidInput, LeafproofError, Malformed, ProofInvalid, SignatureInvalid
from leafproof.factors import Factor, FactorSet
from leafproof.footprint import FactorRef, Footprint
from leafproof.frame import FrameContent, place_of
from leafproof.keys import PublicKey, public_key
from leafproof.metering import MeteringPlan
from leafproof.numbers import rounded
from leafproof.record import BatchRecord, Input, shares_for
from leafproof.trust import Trust
from leafproof.values import Lot
from leafproof.verification import evidence as ev
from leafproof.verification import key_in_force
from leafproof.verification.report import Finding, Report, Status
from leafproof.verification.statements import Statement

T = TypeVar("T")


@dataclass(slots=True)
class _Reading:
    """What the checks share: the bundle, the reader's trust and chain, and the statements read so far."""

    bundle: Bundle
    trust: Trust
    chain: ChainView | None
    no_chain: str
    report: Report
    statements: list[Statement] = field(default_factory=list)
    keys: dict[bytes, PublicKey] = field(default_factory=dict)
    records: dict[Lot, tuple[Statement, BatchRecord]] = field(default_factory=dict)
    footprints: dict[str, tuple[Statement, Footprint]] = field(default_factory=dict)

    def content(self, statement_id: str, kind: type[T]) -> T | None:
        """The content of the statement with that id, if it is here and of that kind."""
        for statement in self.statements:
            if statement.id == statement_id and isinstance(statement.content, kind):
                return statement.content
        return None

    def operator(self, statement: Statement) -> RegisteredKey | None:
        """The registered key that signed."""
        return self.chain.keys.get(statement.envelope.key_id) if self.chain else None


def verify(bundle: Bundle, trust: Trust, chain: ChainView | None, no_chain: str = "offline") -> Report:
    """Run all checks on `bundle`; `chain` is what the reader read by himself, or None and `no_chain` says why.

    Raises nothing on hostile bundles: what is wrong is in the report.
    """
    report = Report(str(bundle.lot), trust.network_class)
    reading = _Reading(bundle, trust, chain, no_chain, report)
    steps: tuple[Callable[[_Reading], None], ...] = (
        _read,
        _keys,
        _signatures,
        _disclosures,
        _included,
        _final,
        _current,
        _evidence,
        _recomputed,
        _inputs,
        _labels,
    )
    for step in steps:
        step(reading)
    return report


def _read(reading: _Reading) -> None:
    check = reading.report[0]
    for item in reading.bundle.items:
        try:
            statement = Statement.parse(item.envelope, item.index, item.body, item.disclosures)
            reading.statements.append(statement)
        except Malformed as error:
            check.add(Status.FAIL, "malformed", f"entry {item.index}", reason=error.message)
    for cose in reading.bundle.keys:
        try:
            key = public_key(cose)
            reading.keys[key.key_id] = key
        except Malformed as error:
            check.add(Status.FAIL, "malformed", "key", reason=error.message)
    if len(reading.statements) == len(reading.bundle.items):
        check.add(Status.PASS, "well-formed", count=len(reading.statements))


def _keys(reading: _Reading) -> None:
    check, chain = reading.report[1], reading.chain
    if chain is None:
        check.add(Status.NOT_CHECKED, "withheld-chain", reason=reading.no_chain)
        return
    told: set[tuple[bytes, str]] = set()
    declared = False
    for statement in reading.statements:
        for finding in key_in_force.judge(statement, chain, reading.trust.trusted_registrars):
            declared |= finding.code == "key-self-declared"
            key = (statement.envelope.key_id, finding.code)
            if finding.status is Status.FAIL or key not in told:
                told.add(key)
                check.findings.append(finding)
    reading.report.attested = not declared and any(f.code == "key-attested" for f in check.findings)


def _signatures(reading: _Reading) -> None:
    check = reading.report[2]
    good = 0
    for statement in reading.statements:
        key = reading.keys.get(statement.envelope.key_id)
        if key is None:
            check.add(Status.FAIL, "key-missing", statement.label, key=statement.envelope.key_id.hex())
            continue
        try:
            statement.envelope.verify(key)
            good += 1
        except SignatureInvalid as error:
            check.add(Status.FAIL, "signature-invalid", statement.label, reason=error.message)
    if good:
        check.add(Status.PASS, "signed", count=good)


def _disclosures(reading: _Reading) -> None:
    check = reading.report[3]
    read = 0
    for statement in reading.statements:
        key = reading.keys.get(statement.envelope.key_id)
        if statement.body is None or key is None:
            continue
        try:
            statement.read(key)
            read += 1
        except LeafproofError as error:
            check.add(Status.FAIL, "disclosure-differs", statement.label, reason=error.message)
    if read:
        check.add(Status.PASS, "disclosed", count=read)
    for statement in reading.statements:
        if isinstance(statement.content, BatchRecord):
            reading.records[statement.content.of] = (statement, statement.content)
        if isinstance(statement.content, Footprint):
            reading.footprints[statement.id] = (statement, statement.content)
    if reading.bundle.lot not in reading.records:
        reading.report[0].add(Status.FAIL, "lacks-record")
    if not any(f.of == reading.bundle.lot for _, f in reading.footprints.values()):
        reading.report[0].add(Status.FAIL, "lacks-footprint")


def _included(reading: _Reading) -> None:
    check = reading.report[4]
    good = 0
    for item in reading.bundle.items:
        head = reading.bundle.heads[item.head]
        leaf = tree.leaf_hash(item.envelope)
        try:
            tree.verify_inclusion(leaf, item.index, head.size, item.path, head.root)
            good += 1
        except ProofInvalid as error:
            check.add(Status.FAIL, "not-included", f"entry {item.index}", reason=error.message)
    used = {(s.index, s.envelope.raw): s for s in reading.statements}
    for item in reading.bundle.items:
        statement = used.get((item.index, item.envelope))
        if statement and statement.envelope.header.log != reading.bundle.heads[item.head].log:
            check.add(Status.FAIL, "other-log", statement.label)
    if good:
        check.add(Status.PASS, "included", count=good)


def _final(reading: _Reading) -> None:
    check, chain = reading.report[5], reading.chain
    for number in sorted({item.head for item in reading.bundle.items}):
        head = reading.bundle.heads[number]
        if (head.log.chain_id, head.log.contract) != (reading.trust.chain_id, reading.trust.log_contract):
            contract = "0x" + head.log.contract.hex()
            check.add(Status.FAIL, "other-chain", chain=head.log.chain_id, contract=contract)
        elif chain is None:
            check.add(Status.NOT_CHECKED, "withheld-chain", reason=reading.no_chain)
        elif (log := chain.logs.get(head.log.log_id)) is None:
            check.add(Status.FAIL, "log-unknown")
        elif held := next((h for h in log.heads if (h.size, h.root) == (head.size, head.root)), None):
            time = clock.utc_text(held.moment.block_time)
            check.add(Status.PASS, "head-final", size=held.size, block=held.moment.block_number, time=time)
        else:
            newest = log.heads[-1].size if log.heads else 0
            if newest < head.size:
                check.add(Status.PENDING, "head-pending", size=newest, claimed=head.size)
            else:
                check.add(Status.FAIL, "head-unknown", size=head.size)


def _current(reading: _Reading) -> None:
    check, chain = reading.report[6], reading.chain
    for lot, (statement, _) in reading.records.items():
        if chain is None:
            check.add(Status.NOT_CHECKED, "withheld-chain", str(lot), reason=reading.no_chain)
            continue
        on_chain, operator = _on_chain(reading, lot)
        if on_chain is None:
            pending = reading.report[5].status is Status.PENDING
            code, status = ("lot-pending", Status.PENDING) if pending else ("lot-missing", Status.FAIL)
            check.add(status, code, str(lot), operator=operator)
        elif on_chain.current.leaf != statement.leaf:
            check.add(Status.FAIL, "superseded", str(lot), version=on_chain.current.version)
        else:
            check.add(Status.PASS, "current", str(lot), version=on_chain.current.version)
    for statement, content in reading.footprints.values():
        record = reading.records.get(content.of)
        if record is None or record[0].id != content.record:
            check.add(Status.FAIL, "footprint-elsewhere", statement.label)


def _on_chain(reading: _Reading, lot: Lot) -> tuple[LotRecord | None, str]:
    """The lot on chain, under the operator whose key signed its record; and that operator, for a person."""
    record = reading.records.get(lot)
    key = reading.operator(record[0]) if record else None
    if reading.chain is None or key is None:
        return None, "unknown"
    return reading.chain.lots.get(lot_id(key.operator, lot)), "0x" + key.operator.hex()


def _evidence(reading: _Reading) -> None:
    check = reading.report[7]
    for lot, (statement, record) in reading.records.items():
        for finding in ev.provenance(record, statement.envelope.header.issued_at):
            check.add(finding.status, finding.code, str(lot), **finding.params)
        found, plan = _frames(reading, record), _plan(reading, statement, record)
        if found is None or plan is None:
            check.add(Status.NOT_CHECKED, "withheld", str(lot))
            continue
        if foreign := _foreign_gateways(reading, statement, plan):
            check.add(Status.FAIL, "gateway-foreign", str(lot), key=foreign[0])
        try:
            for finding in [*_streams(reading, record), *ev.complete(record, plan, found)]:
                check.add(finding.status, finding.code, str(lot), **finding.params)
        except InvalidInput as error:
            check.add(Status.FAIL, "not-computable", str(lot), reason=error.message)


def _plan(reading: _Reading, signed: Statement, record: BatchRecord) -> MeteringPlan | None:
    """The metering plan that the record names, if it is here, of this facility, and by the record's own issuer."""
    for statement in reading.statements:
        if statement.id == record.plan and isinstance(statement.content, MeteringPlan):
            same = statement.envelope.header.issuer == signed.envelope.header.issuer
            return statement.content if same and statement.content.facility == record.facility else None
    return None


def _foreign_gateways(reading: _Reading, signed: Statement, plan: MeteringPlan) -> list[str]:
    """Gateways of the plan that another operator than the record's registered."""
    operator = reading.operator(signed)
    if reading.chain is None or operator is None:
        return []
    keys = {p.gateway: reading.chain.keys.get(bytes.fromhex(p.gateway)) for p in plan.points}
    return [name for name, key in keys.items() if key is not None and key.operator != operator.operator]


def _frames_of(reading: _Reading, record: BatchRecord) -> list[Statement]:
    return [
        s
        for s in reading.statements
        if s.envelope.header.frame is not None and ev.in_range(s, record.activity or ())
    ]


def _frames(reading: _Reading, record: BatchRecord) -> ev.Evidence | None:
    """The record's readings, or None where activity or frames are withheld."""
    frames = _frames_of(reading, record)
    if record.activity is None or not frames or any(s.content is None for s in frames):
        return None
    found = ev.Evidence()
    for statement in sorted(frames, key=lambda s: s.index):
        if isinstance(statement.content, FrameContent):
            found.add(statement.envelope.key_id, place_of(statement.envelope), statement.content)
    return found


def _streams(reading: _Reading, record: BatchRecord) -> Iterable[Finding]:
    streams: dict[bytes, ev.Stream] = {}
    frames = [(place_of(s.envelope), s) for s in _frames_of(reading, record)]
    for place, statement in sorted(frames, key=lambda f: (f[0].epoch, f[0].sequence)):
        stream = streams.setdefault(statement.envelope.key_id, ev.Stream())
        yield from stream.add(place, statement.envelope.statement_id, statement.label)


def _recomputed(reading: _Reading) -> None:
    check = reading.report[8]
    for lot, (statement, record) in reading.records.items():
        found, plan = _frames(reading, record), _plan(reading, statement, record)
        if found is None or plan is None:
            check.add(Status.NOT_CHECKED, "withheld", str(lot))
            continue
        try:
            for finding in ev.recomputed(record, plan, found):
                check.add(finding.status, finding.code, str(lot), **finding.params)
        except LeafproofError as error:
            check.add(Status.FAIL, "not-computable", str(lot), reason=error.message)
    for _, stated in reading.footprints.values():
        if record_ := reading.records.get(stated.of):
            _recompute_footprint(reading, stated, record_)


def _recompute_footprint(reading: _Reading, stated: Footprint, record: tuple[Statement, BatchRecord]) -> None:
    check, lot = reading.report[8], str(stated.of)
    statement, facts = record
    if None in (stated.components, facts.outputs, facts.inputs, facts.activity):
        check.add(Status.NOT_CHECKED, "withheld", lot)
        return
    try:
        computed = footprint.calculate(
            facts,
            statement.id,
            footprint.factors_used(stated),
            lambda ref: _factor(reading, ref),
            lambda statement_id: _footprint(reading, statement_id),
            stated.supersedes,
        )
    except LeafproofError as error:
        check.add(Status.FAIL, "not-computable", lot, reason=error.message)
        return
    for part, given, expected in differences(stated, computed):
        check.add(Status.FAIL, "footprint-differs", lot, part=part, stated=given, computed=expected)
    if stated == computed:
        check.add(Status.PASS, "footprint-recomputed", lot, value=stated.per_tonne)


def differences(stated: Footprint, computed: Footprint) -> list[tuple[str, str, str]]:
    """The members in which two footprints differ: name, stated, computed."""
    members = stated.__struct_fields__
    pairs = [(name, getattr(stated, name), getattr(computed, name)) for name in members]
    return [(name, str(a)[:300], str(b)[:300]) for name, a, b in pairs if a != b]


def _factor(reading: _Reading, ref: FactorRef) -> Factor:
    found = reading.content(ref.set, FactorSet)
    if found is None:
        raise InvalidInput("factor", "the factor set that the footprint names is missing")
    return found.get(ref.id)


def _footprint(reading: _Reading, statement_id: str) -> Footprint:
    if statement_id not in reading.footprints:
        raise InvalidInput("inputs", "the footprint of an input lot is missing")
    return reading.footprints[statement_id][1]


def _inputs(reading: _Reading) -> None:
    check = reading.report[9]
    for lot, (_, record) in reading.records.items():
        if record.inputs is None:
            check.add(Status.NOT_CHECKED, "withheld", str(lot))
            continue
        if not record.inputs:
            check.add(Status.PASS, "no-inputs", str(lot))
        for line in record.inputs:
            if line.parent is None:
                check.add(Status.WARNING, "input-material", str(lot), name=line.name)
            else:
                _input_lot(reading, lot, line, line.parent)


def _input_lot(reading: _Reading, child: Lot, line: Input, parent: Lot) -> None:
    check, subject = reading.report[9], str(child)
    record = reading.records.get(parent)
    named = reading.footprints.get(line.footprint or "")
    if record is None or named is None:
        check.add(Status.FAIL, "input-missing", subject, lot=parent)
        return
    if named[1].record != record[0].id:
        check.add(Status.FAIL, "input-footprint", subject, lot=parent)
    if reading.chain is None:
        check.add(Status.NOT_CHECKED, "withheld-chain", subject, reason=reading.no_chain)
        return
    if record[1].outputs is None:
        check.add(Status.NOT_CHECKED, "withheld", subject)
        return
    on_chain, _ = _on_chain(reading, child)
    parent_on_chain, _ = _on_chain(reading, parent)
    spent = sum(
        c.shares
        for c in (on_chain.inputs if on_chain else ())
        if parent_on_chain and c.parent == parent_on_chain.lot_id
    )
    params = {"lot": parent, "quantity": line.quantity, "unit": line.unit}
    try:
        expected = shares_for(line.amount.to("t"), record[1].product_mass())
    except InvalidInput:
        expected = SHARES + 1
    if on_chain is None:
        pending = reading.report[6].status is Status.PENDING
        check.add(Status.PENDING if pending else Status.FAIL, "input-unspent", subject, lot=parent)
    elif spent == 0:
        check.add(Status.FAIL, "input-unspent", subject, lot=parent)
    elif spent != expected:
        check.add(Status.FAIL, "input-shares", subject, expected=expected, spent=spent, **params)
    else:
        share = rounded(Fraction(100 * spent, SHARES), Decimal("0.01"))
        check.add(Status.PASS, "input-verified", subject, shares=f"{share:f} %", **params)


def _labels(reading: _Reading) -> None:
    reading.report[10].add(Status.PASS, "no-labels")
