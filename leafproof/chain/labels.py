"""Labels, schemes, certifiers and recognitions, folded from the events of LabelRegistry; the living list, from
those of Classification.

What must hold, besides the contracts' own rules (contracts/interfaces):

1. a label is issued under an admitted scheme by whom its owner accredits at that moment, by the newest criteria;
2. a status changes as the contract allows: a revoked label never comes back;
3. accreditations and recognitions that were replaced or ended are kept with the moment of their end;
4. versions of the living list count from 1 and come into force one after the other.
"""

from __future__ import annotations

from dataclasses import replace

from eth_hash.auto import keccak

from leafproof.chain import label_events as ev
from leafproof.chain.rules import Handlers, require
from leafproof.chain.view import (
    Accreditation,
    Address,
    LabelChange,
    LabelRecord,
    LabelStatus,
    ListRefusal,
    ListVersion,
    Market,
    Moment,
    Recognition,
    Scheme,
)

_Recognised = tuple[bytes, bytes, bytes]  # market, scheme, category


class Labels:
    """What the events so far amount to."""

    def __init__(self) -> None:
        self.schemes: dict[bytes, Scheme] = {}
        self.markets: dict[bytes, Market] = {}
        self.labels: dict[bytes, LabelRecord] = {}
        self.accreditations: list[Accreditation] = []
        self.recognitions: list[Recognition] = []
        self._accredited: dict[tuple[bytes, Address], int] = {}  # places in the lists
        self._recognised: dict[_Recognised, int] = {}

    def handlers(self) -> Handlers:
        """What takes each kind of event."""
        return {
            ev.SchemeAdmitted: self._admitted,
            ev.SchemeRemoved: self._removed,
            ev.SchemeTransferred: self._transferred,
            ev.SchemePublished: self._published,
            ev.CertifierAccredited: self._accredit,
            ev.AccreditationWithdrawn: self._withdrawn,
            ev.LabelIssued: self._issued,
            ev.LabelSuspended: self._suspended,
            ev.LabelResumed: self._resumed,
            ev.LabelRevoked: self._revoked,
            ev.MarketAdmitted: self._market,
            ev.Recognised: self._recognise,
            ev.RecognitionWithdrawn: self._not_recognised,
        }

    def _admitted(self, event: ev.SchemeAdmitted, _: Moment) -> None:
        known = self.schemes.get(event.scheme)
        require(known is None or known.removed is not None, "the scheme was admitted before")
        require(known is None or known.owner == event.owner, "the scheme is another's")
        published = known.published if known else ()
        self.schemes[event.scheme] = Scheme(event.scheme, event.name, event.owner, published)

    def _scheme(self, scheme: bytes, *, in_force: bool = True) -> Scheme:
        require(scheme in self.schemes, "the scheme was never admitted")
        require(not in_force or self.schemes[scheme].removed is None, "the scheme was removed before")
        return self.schemes[scheme]

    def _removed(self, event: ev.SchemeRemoved, moment: Moment) -> None:
        self.schemes[event.scheme] = replace(self._scheme(event.scheme), removed=moment)

    def _transferred(self, event: ev.SchemeTransferred, _: Moment) -> None:
        scheme = self._scheme(event.scheme, in_force=False)
        require(scheme.owner == event.previous, "the scheme was another's")
        self.schemes[event.scheme] = replace(scheme, owner=event.owner)

    def _published(self, event: ev.SchemePublished, _: Moment) -> None:
        scheme = self._scheme(event.scheme)
        require(event.version == len(scheme.published) + 1, "a version of the scheme was left out")
        self.schemes[event.scheme] = replace(scheme, published=(*scheme.published, event.content))

    def _accredit(self, event: ev.CertifierAccredited, moment: Moment) -> None:
        self._scheme(event.scheme)
        place = (event.scheme, event.certifier)
        self._end_accreditation(place, moment)
        self._accredited[place] = len(self.accreditations)
        self.accreditations.append(Accreditation(*place, event.start, event.until, event.scope, moment))

    def _end_accreditation(self, place: tuple[bytes, Address], moment: Moment) -> None:
        if place in self._accredited:
            index = self._accredited.pop(place)
            self.accreditations[index] = replace(self.accreditations[index], ended=moment)

    def _withdrawn(self, event: ev.AccreditationWithdrawn, moment: Moment) -> None:
        place = (event.scheme, event.certifier)
        require(place in self._accredited, "the certifier was not accredited")
        self._end_accreditation(place, moment)

    def _issued(self, event: ev.LabelIssued, moment: Moment) -> None:
        label = keccak(event.certifier.rjust(32, b"\x00") + event.statement)  # LabelRegistry.labelIdOf
        require(label == event.label, "the label's id is not the hash of certifier and statement")
        require(event.label not in self.labels, "the label was issued before")
        scheme = self._scheme(event.scheme)
        require(0 < event.version == len(scheme.published), "not the scheme's newest version")
        place = (event.scheme, event.certifier)
        require(place in self._accredited, "the certifier was not accredited")
        accredited = self.accreditations[self._accredited[place]]
        require(accredited.start <= moment.block_time < accredited.until, "the certifier was not accredited then")
        self.labels[event.label] = LabelRecord(
            event.label,
            event.scheme,
            event.subject,
            event.certifier,
            event.statement,
            event.version,
            event.start,
            event.until,
            moment,
        )

    def _change(self, label: bytes, change: LabelChange, *before: LabelStatus) -> None:
        require(label in self.labels, "the label was never issued")
        record = self.labels[label]
        require(record.status in before, f"a label that is {record.status.value} does not become so")
        owner = self._scheme(record.scheme, in_force=False).owner
        require(change.by in (record.certifier, owner), "neither certifier nor owner of the scheme")
        self.labels[label] = replace(record, changes=(*record.changes, change))

    def _suspended(self, event: ev.LabelSuspended, moment: Moment) -> None:
        change = LabelChange(LabelStatus.SUSPENDED, event.by, event.reason, moment)
        self._change(event.label, change, LabelStatus.VALID)

    def _resumed(self, event: ev.LabelResumed, moment: Moment) -> None:
        self._change(event.label, LabelChange(LabelStatus.VALID, event.by, b"", moment), LabelStatus.SUSPENDED)

    def _revoked(self, event: ev.LabelRevoked, moment: Moment) -> None:
        change = LabelChange(LabelStatus.REVOKED, event.by, event.reason, moment)
        self._change(event.label, change, LabelStatus.VALID, LabelStatus.SUSPENDED)

    def _market(self, event: ev.MarketAdmitted, _: Moment) -> None:
        self.markets[event.market] = Market(event.market, event.name, event.authority)

    def _recognise(self, event: ev.Recognised, moment: Moment) -> None:
        require(event.market in self.markets, "the market was never admitted")
        self._scheme(event.scheme)
        place = (event.market, event.scheme, event.category)
        self._end_recognition(place, moment)
        self._recognised[place] = len(self.recognitions)
        self.recognitions.append(
            Recognition(*place, event.accepted, event.start, event.until, event.agreement, moment)
        )

    def _end_recognition(self, place: _Recognised, moment: Moment) -> None:
        if place in self._recognised:
            index = self._recognised.pop(place)
            self.recognitions[index] = replace(self.recognitions[index], ended=moment)

    def _not_recognised(self, event: ev.RecognitionWithdrawn, moment: Moment) -> None:
        place = (event.market, event.scheme, event.category)
        require(place in self._recognised, "the scheme was not recognised")
        self._end_recognition(place, moment)


class LivingList:
    """Versions of the living list, what is open for comment, and what was refused."""

    def __init__(self) -> None:
        self.versions: list[ListVersion] = []
        self.refusals: list[ListRefusal] = []
        self.proposals: dict[bytes, Moment] = {}

    def handlers(self) -> Handlers:
        """What takes each kind of event."""
        return {ev.Proposed: self._proposed, ev.Refused: self._refused, ev.Adopted: self._adopted}

    def _proposed(self, event: ev.Proposed, moment: Moment) -> None:
        require(event.content not in self.proposals, "the content was proposed before")
        require(all(v.content != event.content for v in self.versions), "the content was adopted before")
        self.proposals[event.content] = moment

    def _refused(self, event: ev.Refused, moment: Moment) -> None:
        require(event.content in self.proposals, "the content was never proposed")
        del self.proposals[event.content]
        self.refusals.append(ListRefusal(event.content, event.reason, moment))

    def _adopted(self, event: ev.Adopted, moment: Moment) -> None:
        require(event.content in self.proposals, "the content was never proposed")
        require(event.version == len(self.versions) + 1, "a version of the list was left out")
        earliest = self.versions[-1].in_force_from + 1 if self.versions else 0
        require(event.in_force_from >= max(earliest, moment.block_time), "in force before it may be")
        del self.proposals[event.content]
        self.versions.append(ListVersion(event.version, event.content, event.in_force_from, moment))
