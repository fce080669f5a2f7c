"""Labels, held against the chain, their statements, their criteria and the markets that recognise them.

 1 issued      `_issued`      the certifier's own signed statement, on this lot, as the chain has it
 2 accredited  `_accredited`  by the scheme's owner, when it was issued
 3 scope       `_scope`       its category is one of the scheme's, of the accreditation's, and of the lot's, by
                             its classification; of a lot without one that is not checked
 4 validity    `_time`        it counts at the newest block that the reader takes for final
 5 status      `_status`      not suspended, not revoked
 6 criteria    `_criteria`    of the version by which it was issued, evaluated anew
 7 recognised  `_recognised`  by an agreement that the market's authority signed, for its category

A label that ended is a warning of the lot: its evidence is as good as before. What a certifier may never do is a
failure: a label outside his accreditation or against the criteria, one that rests on a label that counted no more,
a market claimed that had agreed to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from leafproof import clock
from leafproof.chain.view import (
    Accreditation,
    Address,
    ChainView,
    LabelRecord,
    LabelStatus,
    LotRecord,
    Moment,
    lot_id,
)
from leafproof.chain.view import Recognition as Recognised
from leafproof.criteria import Evidence, evaluate
from leafproof.footprint import Footprint
from leafproof.label import (
    CERTIFICATE,
    Accredited,
    Label,
    LabelChange,
    LabelStatement,
    Recognition,
    Scheme,
    accepted_words,
    category_id,
    registered_id,
)
from leafproof.record import BatchRecord
from leafproof.values import Lot, party, party_uri
from leafproof.verification.classified import Made, made_of, words
from leafproof.verification.reading import Reading
from leafproof.verification.report import Finding, Status
from leafproof.verification.statements import Statement

CHECKS = ("issued", "accredited", "scope", "validity", "status", "criteria", "recognised")
UNCLASSIFIED = "label-unclassified"  # speaks against no label: most lots are not classified
T = TypeVar("T")
Numbered = tuple[int, Finding]
# The statement with an id, by whose account it was signed (None: by no registered key).
Find = Callable[[bytes], tuple[Address | None, LabelStatement] | None]


@dataclass(frozen=True, slots=True)
class Subject:
    """The lot that a label is for: name, its maker's legal identity, what its footprints and opinions say, and how
    its maker classified it, in the log's order."""

    lot: str
    maker: str
    footprints: Mapping[str, Footprint]
    assurances: tuple[str, ...]
    classified: tuple[Made, ...] = ()

    def categories_at(self, moment: int) -> tuple[str, ...] | None:
        """As the lot was classified at a moment (Unix seconds), else as it first was later; None: never."""
        ordered = sorted(self.classified, key=lambda made: made[0])
        before = [categories for at, categories in ordered if at <= moment]
        later = [categories for at, categories in ordered if at > moment]
        return next(iter([*before[-1:], *later]), None)


@dataclass(frozen=True, slots=True)
class Case:
    """One label, and all that it is judged by."""

    chain: ChainView
    record: LabelRecord
    subject: Subject
    find: Find

    @property
    def name(self) -> str:
        """How findings name the label."""
        return self.record.label.hex()[:16]

    @property
    def scheme(self) -> str:
        """Its scheme's name."""
        return self.chain.schemes[self.record.scheme].name

    @property
    def certifier(self) -> str:
        """Its certifier's legal identity."""
        operator = self.chain.operators.get(self.record.certifier)
        return operator.identifier if operator else "0x" + self.record.certifier.hex()

    def stated(self, statement_id: bytes, kind: type[T]) -> tuple[Address | None, T] | None:
        """The statement with that id, by whose account it was signed; None unless it is of that kind."""
        found = self.find(statement_id)
        return (found[0], found[1]) if found and isinstance(found[1], kind) else None

    def finding(self, status: Status, code: str, /, **params: object) -> Finding:
        """About the lot."""
        return Finding(status, code, self.subject.lot, {name: str(value) for name, value in params.items()})


def judge(case: Case, market: str | None = None) -> Iterator[Numbered]:
    """Everything that speaks for or against a label, numbered as `CHECKS` are; `market` is the one asked for."""
    found = case.stated(case.record.statement, Label)
    if found is None:
        yield 1, case.finding(Status.FAIL, "label-unstated", label=case.name)
        return
    signer, stated = found
    for number, step in enumerate((_issued, _accredited, _scope, _time, _status, _criteria), 1):
        for finding in step(case, signer, stated):
            yield number, finding
    for finding in _recognised(case, stated, market):
        yield 7, finding


def _issued(case: Case, signer: Address | None, stated: Label) -> Iterator[Finding]:
    record, published = case.record, case.chain.schemes[case.record.scheme].published
    part = next(
        (
            name
            for name, good in (
                ("certifier", signer == record.certifier and party_uri(party(stated.certifier)) == case.certifier),
                ("lot", str(stated.of) == case.subject.lot),
                ("maker", party_uri(party(stated.maker)) == case.subject.maker),
                ("scheme", registered_id(stated.scheme) == record.scheme),
                ("criteria", stated.criteria == published[record.version - 1].hex()),
                ("start", stated.window[0] == record.start),
                ("until", stated.window[1] == record.until),
            )
            if not good
        ),
        None,
    )
    if part:
        yield case.finding(Status.FAIL, "label-differs", label=case.name, part=part)
        return
    who = {"scheme": case.scheme, "label": case.name, "certifier": case.certifier}
    yield case.finding(Status.PASS, "label-issued", **who, start=stated.start, until=stated.until)


def _accreditation(case: Case) -> Accreditation | None:
    """The one under which the label was issued."""
    issued = case.record.issued
    for one in case.chain.accreditations:
        if (one.scheme, one.certifier) != (case.record.scheme, case.record.certifier):
            continue
        ended = one.ended is not None and _place(one.ended) < _place(issued)
        if _place(one.moment) < _place(issued) and not ended and one.start <= issued.block_time < one.until:
            return one
    return None


def _limits(case: Case) -> Accredited | None:
    """What the accreditation's statement says; None where there is none to be found."""
    held = _accreditation(case)
    found = case.stated(held.scope, Accredited) if held else None
    return found[1] if found else None


def _accredited(case: Case, _: Address | None, stated: Label) -> Iterator[Finding]:
    held, said = _accreditation(case), _limits(case)
    whole = held is not None and not any(held.scope)
    same = said is not None and (said.scheme, said.certifier) == (stated.scheme, stated.certifier)
    if held is None or not (whole or same):
        who = {"certifier": case.certifier, "scheme": case.scheme, "label": case.name}
        yield case.finding(Status.FAIL, "label-unaccredited", **who)


def _scope(case: Case, _: Address | None, stated: Label) -> Iterator[Finding]:
    scheme, said = _scheme(case), _limits(case)
    outside = scheme is not None and stated.category not in scheme.categories
    if said is not None and said.categories and stated.category not in said.categories:
        outside = True
    if outside:
        yield case.finding(Status.FAIL, "label-scope", label=case.name, category=stated.category)
    own = case.subject.categories_at(case.record.issued.block_time)
    told = {"label": case.name, "category": stated.category}
    if own is None:
        yield case.finding(Status.NOT_CHECKED, UNCLASSIFIED, **told)
    elif stated.category not in own:
        yield case.finding(Status.FAIL, "label-category", categories=words(own), **told)


def _counts(case: Case) -> bool:
    """Whether the chain says that it is valid, now."""
    return case.record.status is LabelStatus.VALID and _in_time(case)


def _in_time(case: Case) -> bool:
    return case.record.start <= case.chain.at.block_time < case.record.until


def _time(case: Case, _: Address | None, stated: Label) -> Iterator[Finding]:
    if not _in_time(case):
        yield case.finding(Status.WARNING, "label-time", label=case.name, start=stated.start, until=stated.until)


def _status(case: Case, _: Address | None, __: Label) -> Iterator[Finding]:
    if case.record.status is LabelStatus.VALID:
        return
    last = case.record.changes[-1]
    found = case.stated(last.reason, LabelChange)
    good = found is not None and (found[0], found[1].label) == (last.by, case.record.label.hex())
    yield case.finding(
        Status.WARNING,
        "label-ended",
        label=case.name,
        status=last.status.value,
        time=clock.utc_text(last.moment.block_time),
        reason=found[1].reason if found and good else "-",
    )


def _scheme(case: Case) -> Scheme | None:
    published = case.chain.schemes[case.record.scheme].published
    found = case.stated(published[case.record.version - 1], Scheme)
    return found[1] if found else None


def _criteria(case: Case, _: Address | None, stated: Label) -> Iterator[Finding]:
    used = {one: _used(case, one) for one in stated.uses}
    for name, status in used.items():
        if status is not None:
            yield case.finding(Status.FAIL, "label-used", label=case.name, used=name[:16], status=status)
    scheme = _scheme(case)
    if scheme is None:
        yield case.finding(Status.NOT_CHECKED, "label-evidence", label=case.name, criterion=case.scheme)
        return
    valid = [case.chain.labels[bytes.fromhex(one)] for one, status in used.items() if status is None]
    attested = {one.criterion for one in stated.attested}
    wanted = {one.scheme for one in scheme.criteria if one.scheme}
    lots = case.chain.lots.get(case.record.subject)
    labelled = {name: _all_labelled(lots, name, valid) for name in wanted}
    evidence = Evidence(case.subject.footprints, case.subject.assurances, attested, labelled)
    good = True
    for criterion in scheme.criteria:
        outcome = evaluate(criterion, evidence)
        good = good and bool(outcome.met)
        told = {"label": case.name, "criterion": criterion.words}
        if outcome.met is None:
            yield case.finding(Status.NOT_CHECKED, "label-evidence", **told)
        elif not outcome.met:
            yield case.finding(Status.FAIL, "label-criterion", **told, found=outcome.found)
    if good:
        alone = sum(one.kind == "attested" for one in scheme.criteria)
        yield case.finding(Status.PASS, "label-met", label=case.name, count=len(scheme.criteria), attested=alone)


def _used(case: Case, name: str) -> str | None:
    """Why a label that this one rests on did not count when this one was issued; None where it did."""
    record, issued = case.chain.labels.get(bytes.fromhex(name)), case.record.issued
    if record is None or _place(record.issued) > _place(issued):
        return "unknown"
    before = [change for change in record.changes if _place(change.moment) < _place(issued)]
    if before and before[-1].status is not LabelStatus.VALID:
        return str(before[-1].status.value)
    return None if record.start <= issued.block_time < record.until else "expired"


def _all_labelled(lot: LotRecord | None, scheme: str, valid: list[LabelRecord]) -> bool:
    """Whether each input lot has one of the valid labels of the scheme."""
    have = {record.subject for record in valid if record.scheme == registered_id(scheme)}
    return lot is not None and bool(lot.inputs) and {one.parent for one in lot.inputs} <= have


def _recognised(case: Case, stated: Label, market: str | None) -> Iterator[Finding]:
    for name in stated.markets:
        if not any(_counted(one, case.record.issued) for one in _of_market(case, stated, name)):
            yield case.finding(Status.FAIL, "label-claims", label=case.name, market=name)
    if market is None and not _counts(case):
        return  # where a label would count that does not count is no news
    markets = sorted(one.name for one in case.chain.markets.values()) if market is None else [market]
    for name in markets:
        now = case.chain.at.block_time
        told_now = (one for one in _of_market(case, stated, name) if one.ended is None)
        held = [one for one in told_now if one.start <= now < one.until]
        whole = next((one for one in held if one.accepted & CERTIFICATE), None)
        agreed = whole or next(iter(held), None)
        if agreed is None:
            if market is not None:
                told = {"market": name, "scheme": case.scheme, "category": stated.category}
                yield case.finding(Status.WARNING, "label-unrecognised", **told)
        elif not _agreed(case, agreed, name):
            agreement = agreed.agreement.hex()[:16]
            yield case.finding(Status.FAIL, "label-agreement", market=name, agreement=agreement)
        elif whole is None:
            words = accepted_words(agreed.accepted)
            status = Status.PASS if market is None else Status.WARNING
            yield case.finding(status, "label-partly", market=name, scheme=case.scheme, accepted=words)
        else:
            told = {"label": case.name, "market": name, "agreement": whole.agreement.hex()[:16]}
            yield case.finding(Status.PASS, "label-recognised", **told)


def _of_market(case: Case, stated: Label, market: str) -> list[Recognised]:
    """For the label's category, or for all goods."""
    wanted = (registered_id(market), case.record.scheme)
    categories = (category_id(stated.category), category_id(""))
    found = [one for one in case.chain.recognitions if (one.market, one.scheme) == wanted]
    return [one for one in found if one.category in categories]


def _counted(one: Recognised, when: Moment) -> bool:
    """Whether the market recognised it at a moment."""
    ended = one.ended is not None and _place(one.ended) < _place(when)
    return _place(one.moment) < _place(when) and not ended and one.start <= when.block_time < one.until


def _agreed(case: Case, one: Recognised, market: str) -> bool:
    """Whether the market's authority signed just that."""
    found = case.stated(one.agreement, Recognition)
    if found is None:
        return False
    signer, said = found
    return (
        signer == case.chain.markets[one.market].authority
        and (said.market, registered_id(said.scheme)) == (market, one.scheme)
        and (category_id(said.category), said.accepted, said.window)
        == (one.category, one.accepted, (one.start, one.until))
    )


def _place(moment: Moment) -> tuple[int, int]:
    return moment.block_number, moment.log_index


def check_labels(reading: Reading) -> None:
    """10: labels of each lot."""
    check, chain = reading.report[10], reading.chain
    labels = {i: (one, said) for i, (one, said) in reading.labelling.items() if isinstance(said, Label)}
    if chain is None:
        if labels:
            check.add(Status.NOT_CHECKED, "withheld-chain", reason=reading.no_chain)
        else:
            check.add(Status.PASS, "no-labels")
        return
    told: set[str] = set()
    for lot, statement, record in reading.lots():
        key = reading.operator(statement)
        operator = chain.operators.get(key.operator) if key else None
        if key is None or operator is None:
            continue
        wanted = lot_id(key.operator, lot)
        subject = _subject(reading, chain, statement, record, operator.identifier)
        for one in chain.labels.values():
            if one.subject == wanted:
                told.add(one.statement.hex())
                case = Case(chain, one, subject, lambda i: _find(reading, i))
                check.findings += [finding for _, finding in judge(case, reading.market)]
    for statement_id in sorted(labels.keys() - told):
        statement, stated = labels[statement_id]
        check.add(Status.WARNING, "label-missing", statement.label, scheme=stated.scheme)
    if not labels and not told:
        check.add(Status.PASS, "no-labels")


def subject_here(reading: Reading, lot: Lot) -> Subject | None:
    """What a label of the bundle's lot is judged by; None where its maker is not on the chain."""
    record = reading.record(lot)
    key, chain = reading.operator(record[0]) if record else None, reading.chain
    operator = chain.operators.get(key.operator) if chain and key else None
    return _subject(reading, chain, *record, operator.identifier) if record and chain and operator else None


def _find(reading: Reading, statement_id: bytes) -> tuple[Address | None, LabelStatement] | None:
    found = reading.labelling.get(statement_id.hex())
    if found is None:
        return None
    key = reading.operator(found[0])
    return key.operator if key else None, found[1]


def _subject(reading: Reading, chain: ChainView, statement: Statement, record: BatchRecord, maker: str) -> Subject:
    """By the maker's newest footprint of this record, by each profile."""
    mine = [
        pair
        for pair in reading.footprints.values()
        if pair[1].record == statement.id and reading.maker(pair[0]) == reading.maker(statement)
    ]
    newest = {printed.profile.id: printed for _, printed in sorted(mine, key=lambda pair: pair[0].index)}
    own = record.of == reading.bundle.lot
    given = tuple(reading.assurances) if own else ()
    return Subject(str(record.of), maker, newest, given, made_of(reading, chain, statement, record.of))
