"""Claims of certificates' serials, recomputed from chain and log: none twice, each within its cancellation, its
market and its vintage."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Set
from itertools import pairwise

import msgspec

from leafproof.certificate import Cancellation
from leafproof.chain.view import ChainView, Claim, lot_id
from leafproof.footprint import Footprint, parents_used
from leafproof.record import BatchRecord
from leafproof.replay.report import ReplayReport
from leafproof.values import Lot
from leafproof.verification.certificates import Use, countries_of, judge, newest_of, unclaimed
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
        self._used: dict[tuple[bytes, str], frozenset[str]] = {}  # countries, by maker and plant, at the end
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
        """What footprints count is claimed for their lots; what a registry rejected, by none that is newest, nor
        by any that a newest one counts with."""
        newest: list[Statement] = []
        for printed in self._footprints.values():
            newest += {
                one.content.profile.id: one for one in printed if isinstance(one.content, Footprint)
            }.values()
        self._unattested(standing, newest)
        current = self._counted_with(newest)
        for printed in self._footprints.values():
            for one in printed:
                if one.id not in current:
                    self._lacking(one, self._chain.claims, one)
        for one, by in current.values():
            self._lacking(one, standing, by)

    def _counted_with(self, newest: Iterable[Statement]) -> dict[str, tuple[Statement, Statement]]:
        """These footprints, those of input lots that they count with, and theirs in turn, by statement id; with
        each the first of these that counts with it."""
        found: dict[str, tuple[Statement, Statement]] = {}
        waiting = deque((one, one) for one in newest)
        while waiting:
            one, by = waiting.popleft()
            if one.id not in found and isinstance(one.content, Footprint):
                found[one.id] = (one, by)
                named = self._upstream(one.content)
                waiting.extend((self._statements[name], by) for name in named if name in self._statements)
        return found

    def _upstream(self, stated: Footprint) -> Iterable[str]:
        """Which input lots' footprints it counts with: those that it names, or else those that its record does."""
        if stated.components is not None:
            return parents_used(stated).values()
        record = self._statements.get(stated.record)
        lines = record.content.inputs if record and isinstance(record.content, BatchRecord) else None
        return [line.footprint for line in lines or () if line.footprint]

    def _lacking(self, one: Statement, claims: Iterable[Claim], by: Statement) -> None:
        """What a footprint counts that none of these claims holds; `by` is the newest that counts with it."""
        stated = one.content
        if not isinstance(stated, Footprint) or not stated.certificates:
            return
        with_it = "" if one is by else f", and entry {by.index} counts with that"
        for part in unclaimed(claims, self._subject(one, stated), stated):
            message = f"lot {stated.of}: serials {part.first} to {part.last} are counted, and not claimed for it"
            self._report.add("claim-lacking", by.index, message + with_it)

    def _unattested(self, standing: Iterable[Claim], newest: Iterable[Statement]) -> None:
        """How many claims lower their lot's number on its operator's word alone."""
        stated = [(one, one.content) for one in newest if isinstance(one.content, Footprint)]
        counted = {
            (self._subject(one, said), *msgspec.structs.astuple(part))
            for one, said in stated
            for part in said.certificates
        }
        for claim in standing:
            held = (claim.subject, claim.cancellation.hex(), str(claim.first), str(claim.last))
            attested = claim.attested is not None and claim.attested.registrar in self._registrars
            self._report.claims_unattested += held in counted and not attested

    def _subject(self, statement: Statement, stated: Footprint) -> bytes:
        key = self._chain.keys.get(statement.envelope.key_id)
        return lot_id(key.operator, stated.of) if key else b""

    def _countries(self, maker: bytes, facility: str) -> frozenset[str]:
        """Of a plant's electricity, by all that its maker's newest footprints say."""
        if not self._used:
            printed = ((by, one.content) for (by, _), several in self._footprints.items() for one in several)
            by_plant: dict[tuple[bytes, str], list[Footprint]] = {}
            for by, stated in printed:
                if isinstance(stated, Footprint):
                    by_plant.setdefault((by, stated.facility), []).append(stated)
            self._used = {plant: countries_of(newest_of(several)) for plant, several in by_plant.items()}
        return self._used.get((maker, facility), frozenset())

    def _judge(self, claim: Claim, record: Statement, facts: BatchRecord) -> None:
        stated = self._statements.get(claim.cancellation.hex())
        maker = self._operator(record)
        operator = self._chain.operators.get(maker)
        if stated is None or not isinstance(stated.content, Cancellation) or operator is None:
            self._report.claims_unstated += 1
            return
        printed = self._footprints.get((maker, facts.of), [])
        use = Use(maker, operator.identifier, facts, self._countries(maker, facts.facility))
        for finding in judge(claim, stated.content, self._operator(stated), use):
            outside = finding.code in ("claim-market", "claim-vintage", "claim-period")
            self._report.add("claim-outside" if outside else "claim-differs", record.index, finding.text())
        named = {named.footprint.hex() for named in claim.footprints} - {one.id for one in printed}
        if named:
            message = f"lot {facts.of}: the claim names a footprint that the log does not hold of it"
            self._report.add("claim-differs", record.index, message)
