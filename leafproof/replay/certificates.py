"""Claims of certificates' serials, recomputed from chain and log: none twice, each within its cancellation, its
market and its vintage."""

from __future__ import annotations

from collections.abc import Iterable, Set
from itertools import pairwise

import msgspec

from leafproof.certificate import Cancellation
from leafproof.chain.view import ChainView, Claim, lot_id
from leafproof.footprint import Footprint
from leafproof.record import BatchRecord
from leafproof.replay.report import ReplayReport
from leafproof.values import Lot
from leafproof.verification.certificates import Use, country_of, judge, unclaimed
from leafproof.verification.statements import Statement

_Of = tuple[Statement, BatchRecord]


class Certificates:
    """What one log says of certificates; `statements` are those of all logs replayed so far, by id, `registrars`
    those whom the reader trusts to say what a registry cancelled."""

    def __init__(
        self,
        report: ReplayReport,
        chain: ChainView,
        statements: dict[str, Statement],
        registrars: Set[bytes],
    ) -> None:
        self._report, self._chain = report, chain
        self._statements, self._registrars = statements, registrars
        self._records: dict[bytes, _Of] = {}  # the newest, by lot id
        self._footprints: dict[tuple[bytes, Lot], list[Statement]] = {}

    def take(self, statement: Statement) -> None:
        """A record or footprint whose key, signature and body are good."""
        content = statement.content
        if isinstance(content, BatchRecord):
            self._records[lot_id(self._operator(statement), content.of)] = (statement, content)
        elif isinstance(content, Footprint):
            place = (self._operator(statement), content.of)
            self._footprints.setdefault(place, []).append(statement)

    def _operator(self, statement: Statement) -> bytes:
        return self._chain.keys[statement.envelope.key_id].operator

    def against_chain(self) -> None:
        """All claims, after the whole log was taken."""
        standing = [claim for claim in self._chain.claims if claim.rejected is None]
        for below, above in pairwise(sorted(standing, key=lambda claim: (claim.registry, claim.first))):
            if below.registry == above.registry and above.first <= below.last:
                message = f"serial {above.first} of registry 0x{above.registry.hex()} is claimed twice"
                self._report.add("serial-twice", None, message)
        self._counted(standing)
        for claim in standing:
            if claim.subject in self._records:
                self._report.claims += 1
                self._judge(claim, *self._records[claim.subject])

    def _counted(self, standing: list[Claim]) -> None:
        """What footprints count is claimed for their lots; what a registry rejected, by no newest one."""
        for (maker, lot), printed in self._footprints.items():
            said = [(one.index, one.content) for one in printed if isinstance(one.content, Footprint)]
            newest = {stated.profile.id: stated for _, stated in said}
            for index, stated in said:
                claims = standing if stated is newest[stated.profile.id] else self._chain.claims
                for one in unclaimed(claims, lot_id(maker, lot), stated):
                    message = f"lot {lot}: serials {one.first} to {one.last} are counted, and not claimed for it"
                    self._report.add("claim-lacking", index, message)
            self._unattested(standing, lot_id(maker, lot), newest.values())

    def _unattested(self, standing: list[Claim], subject: bytes, newest: Iterable[Footprint]) -> None:
        """How many of a lot's claims lower its number on its operator's word alone."""
        counted = {msgspec.structs.astuple(one) for stated in newest for one in stated.certificates}
        for claim in standing:
            held = (claim.cancellation.hex(), str(claim.first), str(claim.last))
            said = claim.attested is not None and claim.attested.registrar in self._registrars
            self._report.claims_unattested += claim.subject == subject and held in counted and not said

    def _judge(self, claim: Claim, record: Statement, facts: BatchRecord) -> None:
        stated = self._statements.get(claim.cancellation.hex())
        maker = self._operator(record)
        operator = self._chain.operators.get(maker)
        if stated is None or not isinstance(stated.content, Cancellation) or operator is None:
            self._report.claims_unstated += 1
            return
        printed = self._footprints.get((maker, facts.of), [])
        newest = printed[-1].content if printed else None
        country = country_of(newest if isinstance(newest, Footprint) else None)
        use = Use(maker, operator.identifier, facts, country)
        for finding in judge(claim, stated.content, self._operator(stated), use):
            outside = finding.code in ("claim-market", "claim-vintage", "claim-period")
            self._report.add("claim-outside" if outside else "claim-differs", record.index, finding.text())
        named = {named.footprint.hex() for named in claim.footprints} - {one.id for one in printed}
        if named:
            message = f"lot {facts.of}: the claim names a footprint that the log does not hold of it"
            self._report.add("claim-differs", record.index, message)
