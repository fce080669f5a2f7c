"""What replay found: every discrepancy by log, index and kind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from leafproof.replay.energy import Energy
from leafproof.texts import printable

# kind -> what it says, for docs and for people
KINDS = {
    "unreadable": "a part of what was handed over cannot be read, or is not what its manifest says",
    "missing": "an entry is missing",
    "leaf-altered": "an entry is not the one whose hash the log holds",
    "root-differs": "the entries do not give the head that the chain holds",
    "log-short": "the chain holds a head of more entries than were handed over",
    "log-unknown": "the chain knows no such log",
    "split-view": "a witness whom you trust cosigned another history of this log",
    "unwitnessed": "too few of the witnesses whom you trust cosigned a head that covers what the chain holds",
    "malformed": "an entry is no statement",
    "duplicate": "a statement is logged twice",
    "other-log": "a statement was signed for another log",
    "key": "the issuer's key was not in force",
    "signature": "the signature does not verify",
    "body": "the body, or a disclosed member, is not the one that was signed",
    "frame-gap": "a gateway's frames are missing",
    "frame-chain": "a frame does not continue the one before it",
    "equivocation": "a gateway signed two different frames for one place",
    "plan": "a record's metering plan is not the one that was in force at its facility when the run opened",
    "gateway-foreign": "a record's metering plan counts on another operator's gateway",
    "evidence": "a record's evidence is incomplete or contradicts itself",
    "activity-differs": "a record's activity data is not what the readings give",
    "weighed-differs": "a quantity called weighed is not what the scale weighed",
    "weighed-twice": "one weighing evidences two lots",
    "footprint-differs": "a footprint is not what its facts and factors give",
    "footprint-foreign": "a footprint is not by the operator of its batch record",
    "energy-period": "a plant's energy outside runs is not what meters and lots leave, or a lot is left out",
    "two-footprints": "a lot has two footprints of which neither supersedes the other",
    "declared-incomplete": "a declared footprint names other lots than those of its period that stood before it",
    "declared-differs": "a declared footprint is not the mean of the lots that it had to name",
    "two-declared": "a declared footprint overlaps another, or drops a period that was declared before",
    "opinion-differs": "an opinion is not on what the declared footprint says that it names",
    "opinion-own": "an opinion is by the operator whose declared footprint it is on",
    "two-opinions": "a verifier has two opinions on one declared footprint, and neither supersedes the other",
    "correction-hidden": "a statement supersedes another, and no correction says why",
    "correction-differs": "a correction names statements of which one does not supersede the other",
    "stage-differs": "a stage after the gate is not what its lines and factors give",
    "two-stages": "a lot has two stages of one name, and neither supersedes the other",
    "two-records": "a lot has two batch records of which neither supersedes the other",
    "lot-missing": "a record's lot is not on the chain",
    "pointer-differs": "the chain points a lot to something else than its newest record",
    "input-unspent": "a record names an input lot whose shares the chain does not hold as spent on it",
    "input-maker": "a record names another operator as its input lot's maker than the one whose evidence it cites",
    "input-shares": "the shares spent on a lot are not those of its record's quantity",
    "overdrawn": "more of a lot was spent or given than there is",
    "received": "evidence that was received of another company does not verify",
    "meters-differ": "main meter, sub-meters or invoices differ by more than the metering plan allows",
    "serial-twice": "a certificate's serial is claimed twice",
    "claim-differs": "a claim of certificates is not what the statement of their cancellation allows",
    "claim-lacking": "a footprint counts certificates that are not claimed for its lot",
    "claim-outside": "a claim of certificates is outside their market, vintage or period",
    "label-differs": "a label is not what its certifier's statement, its scheme and its accreditation say",
    "label-unaccredited": "a label was issued by a certifier who was not accredited then",
    "label-criteria": "a label was issued against its own criteria",
    "label-used": "a label rests on a label that was suspended, revoked or over when it was issued",
    "recognition-missing": "a label claims a market, or a market recognises a scheme, without an agreement",
    "category-differs": "a lot is classified by a version that was not in force, or not by what it says",
    "rollup-differs": "a derived sum is not what the readings give",
}

# The same for what contradicts nothing, and should be known all the same.
NOTES = {
    "gateway-restored": "a gateway lost its memory, or got an older one back: what it had not sent may be missing",
    "opinion-outdated": "a declared footprint was superseded, and an opinion stands on the earlier one",
    "declared-outdated": "lots of a declared footprint's period were recorded or changed after it",
}


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing that does not fit; `index` is the log entry at fault, where there is one."""

    log: str
    index: int | None
    kind: str
    message: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", printable(self.message))  # it may quote what others signed

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"log": self.log, "index": self.index, "kind": self.kind, "message": self.message}


@dataclass(slots=True)
class ReplayReport:
    """The result for one log. `withheld` counts bodies not handed over, `unanchored` entries behind the last
    anchored head, `unpointed` lots whose pointer may still be on its way to the chain, `inputs_elsewhere` input
    lots whose evidence is in no log handed over, `claims_unstated` those `claims` of certificates whose
    cancellation is in none, `claims_unattested` those that a lot's newest footprint counts and no registrar whom
    you trust attested, `labels_unstated` those `labels` whose statement is in none: none is a discrepancy,
    all limit what was checked. `received` counts lots of other companies whose bundles verify,
    `received_unchecked` those of which something is withheld."""

    log: str
    size: int = 0
    root: str = ""
    anchored_size: int = 0
    heads: int = 0
    statements: Counter[str] = field(default_factory=Counter)
    readings: int = 0
    lots: int = 0
    withheld: int = 0
    unanchored: int = 0
    unpointed: int = 0
    inputs_elsewhere: int = 0
    claims: int = 0
    claims_unstated: int = 0
    claims_unattested: int = 0
    labels: int = 0
    labels_unstated: int = 0
    received: int = 0
    received_unchecked: int = 0
    energy: list[Energy] = field(default_factory=list)
    discrepancies: list[Discrepancy] = field(default_factory=list)
    notes: list[Discrepancy] = field(default_factory=list)

    def add(self, kind: str, index: int | None, message: str) -> None:
        """Note a discrepancy; `kind` is one of `KINDS`."""
        assert kind in KINDS
        self.discrepancies.append(Discrepancy(self.log, index, kind, message))

    def note(self, kind: str, index: int | None, message: str) -> None:
        """Note what is no discrepancy; `kind` is one of `NOTES`."""
        assert kind in NOTES
        self.notes.append(Discrepancy(self.log, index, kind, message))

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.discrepancies

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "log_id": self.log,
            "clean": self.clean,
            "size": self.size,
            "root": self.root,
            "anchored_size": self.anchored_size,
            "heads": self.heads,
            "statements": dict(self.statements),
            "readings": self.readings,
            "lots": self.lots,
            "withheld": self.withheld,
            "unanchored": self.unanchored,
            "unpointed": self.unpointed,
            "inputs_elsewhere": self.inputs_elsewhere,
            "claims": self.claims,
            "claims_unstated": self.claims_unstated,
            "claims_unattested": self.claims_unattested,
            "labels": self.labels,
            "labels_unstated": self.labels_unstated,
            "received": self.received,
            "received_unchecked": self.received_unchecked,
            "energy": [e.to_json() for e in self.energy],
            "notes": [n.to_json() for n in self.notes],
            "discrepancies": [d.to_json() for d in self.discrepancies],
        }
