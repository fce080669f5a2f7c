"""Check 10, as far as it is about certificates: each claim on chain for a lot of the bundle, held against the
operator's statement of the cancellation, the lot's record, and the profile of the certificates' kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from leafproof import clock
from leafproof.certificate import Cancellation
from leafproof.chain.view import Address, Claim, lot_id
from leafproof.footprint import Footprint, Serials
from leafproof.record import BatchRecord
from leafproof.values import Lot, party, party_uri, speaks_for
from leafproof.verification.reading import Reading
from leafproof.verification.report import Finding, Status
from leafproof.verification.statements import Statement


@dataclass(frozen=True, slots=True)
class Use:
    """What a claim is for: a lot's maker (address, legal identity), record, and the countries of its plant's
    electricity by all newest footprints that are here: one, where nobody chose a market to his liking."""

    maker: Address
    identifier: str
    record: BatchRecord
    countries: frozenset[str]


def judge(claim: Claim, stated: Cancellation, signer: Address, use: Use) -> Iterator[Finding]:
    """What contradicts a claim; nothing if all is well. `signer`: whose statement the cancellation is."""
    lot = str(use.record.of)

    def fault(code: str, **params: object) -> Finding:
        return Finding(Status.FAIL, code, lot, {name: str(value) for name, value in params.items()})

    first, last = stated.serials
    if claim.registry != stated.registry_id or not first <= claim.first <= claim.last <= last:
        yield fault("claim-serials", first=claim.first, last=claim.last)
    for operator in sorted({claim.operator, signer} - {use.maker}):
        yield fault("claim-foreign", operator="0x" + operator.hex())
    if not speaks_for(use.identifier, party_uri(party(stated.beneficiary))):
        yield fault("claim-beneficiary", beneficiary=stated.beneficiary, maker=use.identifier)
    opened, closed = (clock.local_date(moment, use.record.zone) for moment in use.record.run.window)
    for code, params in stated.unfit(use.record.facility, opened, closed, use.countries):
        yield fault(code, **params)


def countries_of(printed: Iterable[Footprint]) -> frozenset[str]:
    """The countries whose electricity was used, by the regions of these footprints."""
    return frozenset(one.region.partition("-")[0] for one in printed)


def newest_of(printed: Iterable[Footprint]) -> Iterable[Footprint]:
    """Of footprints in the order of the log, each lot's newest by each profile."""
    return {(one.of, one.profile.id): one for one in printed}.values()


def check_certificates(reading: Reading) -> None:
    """10: claims of certificates' serials for each lot."""
    check = reading.report[10]
    counting = [pair for pair in reading.footprints.values() if pair[1].certificates]
    if reading.chain is None:
        if reading.cancellations or counting:
            check.add(Status.NOT_CHECKED, "withheld-chain", reason=reading.no_chain)
        return
    lots = {}
    for lot, statement, record in reading.lots():
        on_chain = reading.on_chain_by(statement, lot)
        if on_chain is not None:
            lots[on_chain.lot_id] = (statement, record)
    for printed in counting:
        check.findings += _counted(reading, *printed)
    told: set[str] = set()
    for claim in reading.chain.claims:
        if claim.subject in lots:
            told.add(claim.cancellation.hex())
            check.findings += _of_claim(reading, claim, *lots[claim.subject])
    for statement_id in sorted(reading.cancellations.keys() - told):
        statement, stated = reading.cancellations[statement_id]
        check.add(
            Status.WARNING,
            "claim-missing",
            statement.label,
            first=stated.first,
            last=stated.last,
            registry=stated.registry,
        )


def unclaimed(claims: Iterable[Claim], subject: bytes, stated: Footprint) -> Iterator[Serials]:
    """Serials that a footprint counts although none of these claims holds the very range for the lot `subject`."""
    held = {(c.cancellation.hex(), str(c.first), str(c.last)) for c in claims if c.subject == subject}
    return (one for one in stated.certificates if msgspec.structs.astuple(one) not in held)


def _counted(reading: Reading, statement: Statement, stated: Footprint) -> Iterator[Finding]:
    """Whether the chain holds for the lot what its footprint counts: no more, and nothing of others."""
    key, known = reading.operator(statement), reading.chain.claims if reading.chain else ()
    standing = [claim for claim in known if claim.rejected is None]
    missing = set(unclaimed(standing, lot_id(key.operator, stated.of) if key else b"", stated))
    for one in stated.certificates:
        params = {"first": one.first, "last": one.last, "profile": stated.profile.id}
        status, code = (Status.FAIL, "claim-lacking") if one in missing else (Status.PASS, "claim-counted")
        yield Finding(status, code, str(stated.of), params)


def _of_claim(reading: Reading, claim: Claim, statement: Statement, record: BatchRecord) -> Iterator[Finding]:
    lot, serials = str(record.of), {"first": str(claim.first), "last": str(claim.last)}
    if claim.rejected is not None:
        yield Finding(Status.FAIL, "claim-rejected", lot, serials)
        return
    known = reading.cancellations.get(claim.cancellation.hex())
    key, printed = reading.operator(statement), _footprint(reading, claim, record.of, statement)
    operator = reading.chain.operators.get(key.operator) if reading.chain and key else None
    signer = reading.operator(known[0]) if known else None
    if known is None or key is None or operator is None or signer is None:
        yield Finding(Status.FAIL, "claim-unstated", lot, serials)
        return
    countries = countries_of(newest_of(_of_plant(reading, statement, record)))
    use = Use(key.operator, operator.identifier, record, countries)
    faults = [*judge(claim, known[1], signer.operator, use), *_named(reading, claim, record, printed)]
    yield from faults
    if not countries:
        yield Finding(Status.NOT_CHECKED, "withheld", lot)
    if not any(finding.status is Status.FAIL for finding in faults):
        yield _claimed(claim, known[1], lot)
    yield _word(reading, claim, known[1], lot)


def _of_plant(reading: Reading, record: Statement, facts: BatchRecord) -> list[Footprint]:
    """The bundle's footprints of what the record's maker made at its plant, in the order of the log."""
    found = sorted(reading.footprints.values(), key=lambda pair: pair[0].index)
    maker = reading.maker(record)
    return [stated for one, stated in found if stated.facility == facts.facility and reading.maker(one) == maker]


def _footprint(reading: Reading, claim: Claim, lot: Lot, record: Statement) -> tuple[Statement, Footprint] | None:
    """The lot's newest footprint in the bundle, by the maker of its record and by the profile of the one that the
    claim names; by any profile, where that one is not here."""
    of_lot = [
        pair
        for pair in reading.footprints.values()
        if pair[1].of == lot and reading.maker(pair[0]) == reading.maker(record)
    ]
    named = claim.footprints[-1].footprint.hex() if claim.footprints else ""
    profiles = [printed.profile.id for statement, printed in of_lot if statement.id == named]
    of_profile = [pair for pair in of_lot if not profiles or pair[1].profile.id == profiles[0]]
    return max(of_profile, key=lambda pair: pair[0].index, default=None)


def _named(
    reading: Reading, claim: Claim, record: BatchRecord, printed: tuple[Statement, Footprint] | None
) -> Iterable[Finding]:
    """The footprint that the claim names is the lot's newest, or one before it.

    A bundle has a lot's newest footprints, and each names but the one before it: one that was replaced twice since
    the claim is not here, and accuses nobody. A replay, which has them all, tells it from a stranger's.
    """
    named = claim.footprints[-1].footprint.hex() if claim.footprints else ""
    if printed is not None and named == printed[0].id:
        return
    of_lot = [pair for pair in reading.footprints.values() if pair[1].of == record.of]
    older = named in {statement.id for statement, _ in of_lot} | {stated.supersedes for _, stated in of_lot}
    another = not older and (not named or reading.is_read(named))
    code = "claim-older" if older else "claim-footprint"
    serials = {"first": str(claim.first), "last": str(claim.last)}
    yield Finding(Status.FAIL if another else Status.WARNING, code, str(record.of), serials)


def _claimed(claim: Claim, stated: Cancellation, lot: str) -> Finding:
    params = {
        "kind": stated.kind,
        "registry": stated.registry,
        "first": str(claim.first),
        "last": str(claim.last),
        "wh": str(stated.energy(claim.first, claim.last)),
        "source": stated.source,
        "country": stated.country,
    }
    return Finding(Status.PASS, "claimed", lot, params)


def _word(reading: Reading, claim: Claim, stated: Cancellation, lot: str) -> Finding:
    """Whether the registry itself says so, by somebody whom the reader trusts."""
    said = claim.attested
    if said is not None and said.registrar in reading.trust.trusted_registrars:
        params = {"registrar": "0x" + said.registrar.hex(), "registry": stated.registry}
        return Finding(Status.PASS, "claim-attested", lot, params)
    return Finding(Status.WARNING, "claim-not-exclusive", lot, {"registry": stated.registry})
