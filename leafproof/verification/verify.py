"""Verification of one lot's bundle, by eleven numbered checks, in order:

 0 well-formed              `_read`          every statement parses by its rules
 1 issuer's key             `_keys`          registered, in force when anchored, attested by whom
 2 signature                `_signatures`    over the Sig_structure, in the one allowed form
 3 disclosures match        `_disclosures`   bodies and disclosed members are those that were signed
 4 included in the log      `_included`      inclusion proof of each statement in the head given
 5 head final on the chain  `_final`         the reader's chain holds that very head, and as many witnesses as
                           `_witnessed`     the trust file demands cosigned it, or one that extends it
 6 current                  `_current`       the lot's pointer on chain is this record
 7 evidence complete        `lots.check_evidence`   no frame, interval or point missing, by the metering plan
 8 recomputed               `lots.check_recomputed` activity data and footprint give the same digits
 9 inputs verified          `lots.check_inputs`     input lots' own checks, and shares spent on this lot
10 labels and opinions      `_claimed`         opinions, classifications, labels and certificates

Checks 1 to 5 cover every statement of the bundle, the input lots' too; 6 to 8 run for each lot of it. A check
whose material is withheld says so and passes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from leafproof import clock, tree
from leafproof.bundle import Bundle
from leafproof.chain.view import ChainView
from leafproof.checkpoint import witnesses_of
from leafproof.errors import LeafproofError, Malformed, ProofInvalid, SignatureInvalid
from leafproof.keys import public_key
from leafproof.trust import Trust
from leafproof.values import Lot
from leafproof.verification import (
    certificates,
    classified,
    corrections,
    declared,
    heads,
    key_in_force,
    labels,
    lots,
    opinions,
    supply,
)
from leafproof.verification.reading import Maker, Reading
from leafproof.verification.report import Report, Status
from leafproof.verification.statements import Statement

Progress = Callable[[int, int], None]
_PIECES = 7  # of work a statement, at most: checks 1 to 4, of records and footprints 7 to 9 as well


def verify(
    bundle: Bundle,
    trust: Trust,
    chain: ChainView | None,
    no_chain: str = "offline",
    market: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """Run all checks on `bundle`; `chain` is what the reader read by himself, or None and `no_chain` says why;
    `market` is where labels are asked to count. `progress(done, total)` counts pieces of work: a statement in one
    check.

    Raises nothing on hostile bundles: what is wrong is in the report.
    """
    return read_and_verify(bundle, trust, chain, no_chain, market, progress).report


def read_and_verify(
    bundle: Bundle,
    trust: Trust,
    chain: ChainView | None,
    no_chain: str = "offline",
    market: str | None = None,
    progress: Progress | None = None,
) -> Reading:
    """As `verify`; the report, and the statements that it judged."""
    report = Report(str(bundle.lot), trust.network_class)
    reading = Reading(bundle, trust, chain, no_chain, report, market)
    if progress:
        reading.tick = _counting(progress, _PIECES * len(bundle.items))
    steps: tuple[Callable[[Reading], None], ...] = (
        _read,
        _keys,
        _signatures,
        _disclosures,
        _included,
        _final,
        _current,
        lots.check_evidence,
        lots.check_recomputed,
        lots.check_inputs,
        _claimed,
    )
    for number, step in enumerate(steps):
        try:
            step(reading)
        except LeafproofError as error:  # whatever a bundle holds, every check is made
            report[number].add(Status.FAIL, "malformed", reason=error.message)
    report.attested = lots.meters_attested(reading)
    return reading


def _claimed(reading: Reading) -> None:
    opinions.check(reading)
    classified.check_classified(reading)
    labels.check_labels(reading)
    certificates.check_certificates(reading)


def _counting(progress: Progress, most: int) -> Callable[[], None]:
    done = count(1)
    return lambda: progress(next(done), most)


def _read(reading: Reading) -> None:
    check = reading.report[0]
    for item in reading.bundle.items:
        try:
            statement = Statement.parse(item.envelope, item.index, item.body, item.disclosures)
            reading.statements.append(statement)
        except Malformed as error:
            check.add(Status.FAIL, "malformed", f"entry {item.index}", reason=error.message)
    if supply.too_many(reading.statements):
        check.add(Status.FAIL, "too-many-records", count=supply.MAX_RECORDS)
        reading.statements.clear()
        return
    for cose in reading.bundle.keys:
        try:
            key = public_key(cose)
            reading.keys[key.key_id] = key
        except Malformed as error:
            check.add(Status.FAIL, "malformed", "key", reason=error.message)
    if len(reading.statements) == len(reading.bundle.items):
        check.add(Status.PASS, "well-formed", count=len(reading.statements))


def _keys(reading: Reading) -> None:
    check, chain = reading.report[1], reading.chain
    if chain is None:
        check.add(Status.NOT_CHECKED, "withheld-chain", reason=reading.no_chain)
        return
    told: set[tuple[bytes, str]] = set()
    for statement in reading.statements:
        reading.tick()
        for finding in key_in_force.judge(statement, chain, reading.trust.trusted_registrars):
            key = (statement.envelope.key_id, finding.code)
            if finding.status is Status.FAIL or key not in told:
                told.add(key)
                check.findings.append(finding)


def _signatures(reading: Reading) -> None:
    check = reading.report[2]
    good = 0
    for statement in reading.statements:
        reading.tick()
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


def _disclosures(reading: Reading) -> None:
    check = reading.report[3]
    read = 0
    for statement in reading.statements:
        reading.tick()
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
        reading.take(statement)
    makers = reading.makers(reading.bundle.lot)
    if not makers:
        reading.report[0].add(Status.FAIL, "lacks-record")
    if len(makers) > 1:
        reading.report[0].add(Status.FAIL, "two-makers", str(reading.bundle.lot))
    if not any(f.of == reading.bundle.lot for _, f in reading.footprints.values()):
        reading.report[0].add(Status.FAIL, "lacks-footprint")


def _included(reading: Reading) -> None:
    check = reading.report[4]
    good = 0
    for item in reading.bundle.items:
        reading.tick()
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


def _final(reading: Reading) -> None:
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
        elif held := log.holds(head.size, head.root):
            time = clock.utc_text(held.moment.block_time)
            check.add(Status.PASS, "head-final", size=held.size, block=held.moment.block_number, time=time)
        else:
            newest = log.heads[-1].size if log.heads else 0
            if newest < head.size:
                check.add(Status.PENDING, "head-pending", size=newest, claimed=head.size)
            else:
                check.add(Status.FAIL, "head-unknown", size=head.size)
        _witnessed(reading, number)


def _witnessed(reading: Reading, number: int) -> None:
    """Closed where witnesses are missing: whoever is shown a split view is shown one without them."""
    required, head = reading.trust.witnesses_required, reading.bundle.heads[number]
    if not required:
        return
    best: list[str] = []
    for one in reading.bundle.checkpoints:
        for proof in (proof for place, proof in one.proofs if place == number):
            try:
                found = witnesses_of(
                    head.log, head.size, head.root, one.note, proof, reading.trust.trusted_witnesses
                )
            except LeafproofError:
                continue  # it counts for nobody
            best = max(best, [cosigned.by.name for cosigned in found], key=len)
    if len(best) >= required:
        reading.report[5].add(Status.PASS, "witnessed", size=head.size, names=", ".join(best))
    else:
        reading.report[5].add(Status.FAIL, "unwitnessed", size=head.size, count=len(best), required=required)


def _current(reading: Reading) -> None:
    check = reading.report[6]
    for lot, statement, _ in reading.lots():
        if reading.chain is None:
            check.add(Status.NOT_CHECKED, "withheld-chain", str(lot), reason=reading.no_chain)
            continue
        on_chain, key = reading.on_chain_by(statement, lot), reading.operator(statement)
        if on_chain is None:
            pending = reading.report[5].status is Status.PENDING or reading.pointer_under_way(statement)
            code, status = ("lot-pending", Status.PENDING) if pending else ("lot-missing", Status.FAIL)
            check.add(status, code, str(lot), operator="0x" + key.operator.hex() if key else "unknown")
        elif on_chain.current.leaf != statement.leaf:
            check.add(Status.FAIL, "superseded", str(lot), version=on_chain.current.version)
        else:
            check.add(Status.PASS, "current", str(lot), version=on_chain.current.version)
    forks: dict[tuple[Maker, Lot, str, str | None], Statement] = {}
    for statement, content in reading.footprints.values():
        record = reading.version(content.of, content.record)
        if record is None:
            check.add(Status.FAIL, "footprint-elsewhere", statement.label)
        elif reading.maker(statement) != reading.maker(record[0]):
            check.add(Status.FAIL, "footprint-foreign", statement.label)
        # Each version by a profile names the one before it, so that two with one predecessor are two answers.
        place = (reading.maker(statement), content.of, content.profile.id, content.supersedes)
        first = forks.setdefault(place, statement)
        if first is not statement:
            check.add(Status.FAIL, "footprint-fork", statement.label, other=first.label)
    _printed(reading)
    heads.check(reading)
    declared.check_current(reading)
    corrections.check_current(reading)


def _printed(reading: Reading) -> None:
    """The lot itself must have a footprint of its current record, by each profile by which it has any."""
    record, lot = reading.record(reading.bundle.lot), reading.bundle.lot
    if record is None:
        return
    stated = [f for _, f in reading.footprints.values() if f.of == lot]
    of_it = {f.profile.id for f in stated if f.record == record[0].id}
    if not of_it:
        reading.report[6].add(Status.FAIL, "footprint-outdated", str(lot))
        return
    for name in sorted({f.profile.id for f in stated}):
        code = "footprint-newest" if name in of_it else "profile-outdated"
        status = Status.PASS if name in of_it else Status.FAIL
        reading.report[6].add(status, code, str(lot), profile=name)
