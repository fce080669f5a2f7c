"""Claims of cancelled serials, folded from the events of CertificateClaims.

What must hold, besides the contract's own rules (contracts/interfaces/ICertificateClaims.sol):

1. claims that stand never share a serial, whatever part of them was read;
2. a claim's footprints are versions in order, of the claim's own subject;
3. what a registry rejected is kept, and stands no more.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import replace

from leafproof.chain import claim_events as ev
from leafproof.chain.rules import Handlers, require
from leafproof.chain.view import Address, Attestation, Claim, Moment, NamedFootprint

MAX_SERIAL = 2**128 - 1  # CertificateClaims.sol


class Certificates:
    """What the events so far amount to. `registries`: names of those admitted now, by id; `claims`: all that were
    ever made, in order."""

    def __init__(self) -> None:
        self.registries: dict[bytes, str] = {}
        self.claims: list[Claim] = []
        self._registrars: set[tuple[bytes, Address]] = set()
        self._standing: dict[tuple[bytes, int], int] = {}  # place in `claims`, by registry and first serial
        self._firsts: dict[bytes, list[int]] = {}  # in order

    def handlers(self) -> Handlers:
        """What takes each kind of event."""
        return {
            ev.RegistryAdmitted: self._admitted,
            ev.RegistryRemoved: self._removed,
            ev.RegistrarAppointed: self._appointed,
            ev.RegistrarDismissed: self._dismissed,
            ev.Claimed: self._claimed,
            ev.FootprintNamed: self._named,
            ev.ClaimAttested: self._attested,
            ev.ClaimRejected: self._rejected,
        }

    def _admitted(self, event: ev.RegistryAdmitted, _: Moment) -> None:
        require(event.registry not in self.registries, "the registry was admitted before")
        self.registries[event.registry] = event.name

    def _removed(self, event: ev.RegistryRemoved, _: Moment) -> None:
        require(event.registry in self.registries, "no such registry was admitted")
        del self.registries[event.registry]

    def _appointed(self, event: ev.RegistrarAppointed, _: Moment) -> None:
        require((event.registry, event.registrar) not in self._registrars, "the registrar was appointed before")
        self._registrars.add((event.registry, event.registrar))

    def _dismissed(self, event: ev.RegistrarDismissed, _: Moment) -> None:
        require((event.registry, event.registrar) in self._registrars, "no such registrar was appointed")
        self._registrars.discard((event.registry, event.registrar))

    def _claimed(self, event: ev.Claimed, moment: Moment) -> None:
        require(event.registry in self.registries, "the registry was never admitted")
        require(0 < event.first <= event.last <= MAX_SERIAL, "no range of serials")
        firsts = self._firsts.setdefault(event.registry, [])
        above = bisect_left(firsts, event.first)
        if above:
            below = self.claims[self._standing[event.registry, firsts[above - 1]]]
            require(below.last < event.first, "serials are claimed twice")
        require(above == len(firsts) or firsts[above] > event.last, "serials are claimed twice")
        insort(firsts, event.first)
        self._standing[event.registry, event.first] = len(self.claims)
        self.claims.append(
            Claim(
                event.registry,
                event.first,
                event.last,
                event.operator,
                event.cancellation,
                event.subject,
                moment,
            )
        )

    def _standing_claim(self, registry: bytes, first: int, subject: bytes) -> Claim:
        require((registry, first) in self._standing, "no such claim stands")
        claim = self.claims[self._standing[registry, first]]
        require(claim.subject == subject, "the claim is for another subject")
        return claim

    def _put(self, claim: Claim) -> None:
        self.claims[self._standing[claim.registry, claim.first]] = claim

    def _named(self, event: ev.FootprintNamed, moment: Moment) -> None:
        claim = self._standing_claim(event.registry, event.first, event.subject)
        require(event.version == len(claim.footprints) + 1, "a version of the footprint was left out")
        named = NamedFootprint(event.version, event.footprint, moment)
        self._put(replace(claim, footprints=(*claim.footprints, named)))

    def _attested(self, event: ev.ClaimAttested, moment: Moment) -> None:
        claim = self._standing_claim(event.registry, event.first, event.subject)
        require((event.registry, event.registrar) in self._registrars, "no registrar of the registry")
        require(claim.attested is None, "the claim was attested before")
        self._put(replace(claim, attested=Attestation(event.registrar, event.evidence, moment)))

    def _rejected(self, event: ev.ClaimRejected, moment: Moment) -> None:
        claim = self._standing_claim(event.registry, event.first, event.subject)
        require((event.registry, event.registrar) in self._registrars, "no registrar of the registry")
        require(claim.attested is None, "an attested claim is not rejected")
        self._put(replace(claim, rejected=moment))
        del self._standing[claim.registry, claim.first]
        self._firsts[claim.registry].remove(claim.first)
