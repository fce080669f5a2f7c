"""Check 10 on opinions: is one here, by whom, on this very number, and does the reader know that verifier?

Only an opinion on the mean by the method of the footprint that is shown counts for the verdict.

Keys and signatures are checks 1 and 2, as of any statement. That an opinion was withdrawn since is seen by whoever
is handed the newer one, and by a replay of the log.
"""

from __future__ import annotations

from leafproof.declared import method_of
from leafproof.opinion import Opinion
from leafproof.verification import heads
from leafproof.verification.reading import Reading
from leafproof.verification.report import Status, Verified
from leafproof.verification.statements import Statement


def check(reading: Reading) -> None:
    """10: each opinion in the bundle; of several the verdict says the weightiest: by a verifier whom the reader
    knows, then by level of assurance."""
    found: list[Verified] = []
    in_force = {one[0].id for several in heads.declared(reading).values() for one in several}
    for of_one in heads.opinions(reading).values():
        for statement, _ in of_one[1:]:
            other = of_one[0][0].label
            reading.report[10].add(Status.FAIL, "opinion-fork", statement.label, other=other)
        judged = (_judge(reading, in_force, *one) for one in of_one)
        found += [one for one in judged if one is not None]
    reading.assurances = [one.assurance for one in found]
    reading.report.verified = max(found, key=lambda v: (v.known, v.assurance == "reasonable"), default=None)


def _judge(reading: Reading, in_force: set[str], statement: Statement, said: Opinion) -> Verified | None:
    """What the verdict may say of an opinion; None where it supports nothing."""
    check_, named = reading.report[10], reading.declared.get(said.declared)
    if named is None:
        check_.add(Status.FAIL, "opinion-elsewhere", statement.label)
        return None
    if reading.maker(statement) == reading.maker(named[0]):
        check_.add(Status.FAIL, "opinion-own", statement.label)
        return None
    if part := said.differing(named[0].id, named[1]):
        check_.add(Status.FAIL, "opinion-differs", statement.label, part=part)
        return None
    issuer = statement.envelope.header.issuer
    who = {"verifier": said.verifier, "issuer": issuer}
    if not said.supports:
        reason = said.reason or ""
        params = {"conclusion": said.conclusion, "reason": reason, **who}
        check_.add(Status.WARNING, "opinion-against", statement.label, **params)
        return None
    if named[0].id not in in_force:
        check_.add(Status.WARNING, "opinion-outdated", statement.label, **who)
        return None
    known = issuer in reading.trust.verifiers
    accreditation = f"{said.accreditation.body} {said.accreditation.number}"
    params = {"assurance": said.assurance, "standard": said.standard, "accreditation": accreditation, **who}
    check_.add(Status.PASS, "opinion-given", statement.label, **params, materiality=said.materiality)
    if said.conclusion == "modified":
        check_.add(Status.WARNING, "opinion-modified", statement.label, reason=said.reason, **who)
    if not known:
        check_.add(Status.WARNING, "opinion-unknown", statement.label, **who)
    shown = reading.shown()
    if shown is None or method_of(shown) != said.method:
        check_.add(Status.WARNING, "opinion-beside", statement.label, method=said.method)
        return None
    return Verified(said.verifier, issuer, said.assurance, known)
