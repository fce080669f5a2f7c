"""The passport as the page draws it: numbers, letters, lengths; words are the template's and the catalogue's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, get_args
from urllib.parse import quote

from backend.passports.document import device_trust
from backend.passports.service import Passport
from backend.web.i18n import Language
from leafproof import clock
from leafproof.correction import What
from leafproof.factors import Factor
from leafproof.footprint import Component, Footprint, Kind, StageTotal
from leafproof.lifecycle import StageName
from leafproof.numbers import rounded
from leafproof.opinion import Assurance, Conclusion
from leafproof.record import BatchRecord, Input
from leafproof.values import Lot
from leafproof.verification.messages import CHECK_NAMES, MESSAGES, VERDICTS
from leafproof.verification.report import Check, Finding, Status

BAR = 1000  # units of length that the whole bar has
MAX_SHOWN_DEPTH, MAX_SHOWN_LOTS = 20, 200  # of the tree of inputs; the bundle has all
MAX_FINDINGS = 40  # of one check that are shown; the JSON has all


@dataclass(frozen=True, slots=True)
class Part:
    """A component of the footprint: its share of the bar, and what it is made of. `lot` is an input lot's page."""

    letter: str
    component: Component
    percent: Decimal
    start: int
    length: int
    factors: tuple[Factor, ...]
    lot: Lot | None

    @property
    def kind(self) -> Kind:
        """Where its data comes from."""
        return self.component.kind


@dataclass(frozen=True, slots=True)
class StagePart:
    """A stage's part of the bar, where the components are withheld."""

    letter: str
    total: StageTotal
    percent: Decimal
    start: int
    length: int

    @property
    def kind(self) -> Kind:
        """Where its data comes from."""
        return self.total.kind


@dataclass(frozen=True, slots=True)
class Node:
    """An input of the lot: a lot with inputs of its own, and perhaps (`here`) a passport on this server, or a
    material without evidence."""

    name: str
    quantity: str
    unit: str
    source: str
    lot: Lot | None
    maker: str
    record: BatchRecord | None
    per_tonne: str | None
    inputs: tuple[Node, ...]
    here: bool


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check with what it found; `hidden` is the server's outcome where the reader has no material."""

    number: int
    name: str
    status: Status
    findings: tuple[Finding, ...]
    more: int
    hidden: Status | None


def passport_path(lot: Lot) -> str:
    """The passport's address on this server: a GS1 Digital Link (GTIN by AI 01, lot by AI 10)."""
    return f"/01/{lot.gtin}/10/{quote(str(lot.code), safe='')}"


def lot_path(lot: Lot, what: str) -> str:
    """The address of a lot's bundle or QR code."""
    return f"/v1/lots/{lot.gtin}/{quote(str(lot.code), safe='')}/{what}"


def parts(passport: Passport, footprint: Footprint) -> tuple[Part, ...]:
    """The components with their place in a bar of `BAR` units, in the footprint's order."""
    components = footprint.components or ()
    found: list[Part] = []
    for one, (letter, share, start, length) in zip(components, _cut(footprint, components), strict=True):
        factors = tuple(f for ref in one.factors if (f := passport.material.factor(ref)))
        found.append(Part(letter, one, share, start, length, factors, _lot_of(one, passport)))
    return tuple(found)


def stages(footprint: Footprint) -> tuple[StagePart, ...]:
    """The stages with their place in a bar of `BAR` units."""
    cut = _cut(footprint, footprint.stages)
    return tuple(StagePart(place[0], one, *place[1:]) for one, place in zip(footprint.stages, cut, strict=True))


def _cut(footprint: Footprint, parts: Sequence[Component | StageTotal]) -> Iterator[tuple[str, Decimal, int, int]]:
    """Letter, percentage, start and length of each part of the bar."""
    total = Decimal(footprint.per_tonne)
    done, start = Decimal(0), 0
    for place, one in enumerate(parts):
        emissions = Decimal(one.emissions)
        done += emissions
        end = int(BAR * done / total) if total > 0 else 0
        share = (100 * emissions / total).quantize(Decimal("0.1")) if total > 0 else Decimal(0)
        yield _letter(place), share, start, end - start
        start = end


def _letter(place: int) -> str:
    return chr(ord("A") + place) if place < 26 else str(place + 1)


def _lot_of(component: Component, passport: Passport) -> Lot | None:
    return next((lot for lot in passport.material.records if str(lot) == component.subject), None)


def inputs(passport: Passport, lot: Lot) -> tuple[Node, ...]:
    """What a lot was made of, as far as the records disclose it: each lot's own inputs at the first place where it
    stands, and no deeper, and no more of it, than a page can show."""
    return _below(passport, lot, {lot}, 0)


def _below(passport: Passport, lot: Lot, seen: set[Lot], depth: int) -> tuple[Node, ...]:
    stated = passport.material.records.get(lot)
    lines = (stated.content.inputs if stated else None) or ()
    return tuple(_node(passport, line, seen, depth + 1) for line in lines)


def _node(passport: Passport, line: Input, seen: set[Lot], depth: int) -> Node:
    lot = line.parent
    stated = passport.material.records.get(lot) if lot else None
    printed = passport.material.input_footprint(lot) if lot else None
    names = passport.parents.get(lot) if lot else None
    opened = lot is not None and lot not in seen and depth < MAX_SHOWN_DEPTH and len(seen) < MAX_SHOWN_LOTS
    if lot is not None:
        seen.add(lot)
    return Node(
        line.name,
        line.quantity,
        line.unit,
        line.source.kind,
        lot,
        names.maker if names else "",
        stated.content if stated else None,
        printed.content.per_tonne if printed else None,
        _below(passport, lot, seen, depth) if lot is not None and opened else (),
        bool(names and names.here),
    )


def checks(passport: Passport) -> tuple[CheckView, ...]:
    """The eleven checks, each with its weightiest findings first."""
    hidden = passport.hidden_outcomes()
    return tuple(_check(check, hidden.get(check.number)) for check in passport.report.checks)


def _check(check: Check, hidden: Status | None) -> CheckView:
    weight = {status: place for place, status in enumerate(Status)}
    ordered = sorted(check.findings, key=lambda f: -weight[f.status])
    more = max(0, len(ordered) - MAX_FINDINGS)
    shown = tuple(ordered[:MAX_FINDINGS])
    return CheckView(check.number, check.name, check.status, shown, more, hidden)


def verdict(passport: Passport, of: Language) -> tuple[Status, str, str]:
    """The state to show, and the verdict's sentence as its first part and the rest."""
    if passport.failed_beyond:
        failed = next(c for c in passport.server.checks if c.status is Status.FAIL)
        text = of.text("the evidence withheld from this page shows it")
        sentence = of.text(VERDICTS["failed"]).format(
            number=failed.number, name=of.text(failed.name), finding=text
        )
        return Status.FAIL, sentence, ""
    status = passport.report.status
    if status is Status.FAIL:
        failed = next(c for c in passport.report.checks if c.status is Status.FAIL)
        finding = next(f for f in failed.findings if f.status is Status.FAIL)
        name = of.text(failed.name)
        return (
            status,
            of.text(VERDICTS["failed"]).format(number=failed.number, name=name, finding=of.finding(finding)),
            "",
        )
    head, _, rest = passport.report.verdict(of.text).partition("; ")
    return status, head, rest


def energy_of_run(footprint: Footprint) -> str | None:
    """kWh metered in the run, by the footprint's production components."""
    own = (c for c in footprint.components or () if not c.overhead and not c.estimated)
    found = [c for c in own if c.stage == "production" and c.unit == "kWh"]
    return f"{sum((Decimal(c.quantity) for c in found), Decimal(0)):f}" if found else None


def grades(passport: Passport) -> dict[str, str]:
    """By metering point of the lot's record, its evidence grade, where the server has the readings."""
    found = (f for f in passport.server.checks[7].findings if f.code == "evidence-grade")
    told = [f.params for f in found if f.subject == str(passport.lot)]
    return {point: one["grade"] for one in told for point in one["points"].split(", ")}


def percent(share: str) -> str:
    """A share of one as a percentage with two digits."""
    return f"{rounded(Fraction(share) * 100, Decimal('0.01')):f}"


def years(record: BatchRecord, entered: int) -> tuple[str, str]:
    """The local years in which a run was metered and its record entered."""
    return clock.local_date(record.run.window[0], record.zone)[:4], clock.local_date(entered, record.zone)[:4]


def device_config(
    passport: Passport, of: Language, rpc_urls: list[str], nodes: list[str], asked: str | None
) -> dict[str, Any]:
    """Everything that verify.js must know: where the bundle is, what the page shows, which chain nodes it may ask
    (`asked` is the reader's own choice), and its words."""
    printed = passport.material.footprint
    say = of.text
    return {
        "bundle": lot_path(passport.lot, "bundle"),
        "shown": {
            "gtin": str(passport.lot.gtin),
            "lot": str(passport.lot.code),
            "per_tonne": printed.content.per_tonne if printed else None,
            "profile": printed.content.profile.id if printed else None,
        },
        "trust": device_trust(passport.trust),
        "node": asked or (rpc_urls[0] if rpc_urls else None),
        "nodes": nodes,
        "names": {str(number): say(name) for number, name in enumerate(CHECK_NAMES)},
        "statuses": {str(status): say(str(status)) for status in Status},
        "messages": {
            code: say(text) for code, text in (MESSAGES | DEVICE_MESSAGES).items() if code not in _METERED
        },
        # A word that stands for itself the script has already.
        "texts": {name: told for name, text in DEVICE_TEXTS.items() if (told := say(text)) != name},
    }


# Of readings, which verify.js does not meter, and of the one market that it is not asked about: it says none of
# these, and a page is read on a phone.
_METERED = frozenset(
    [
        "frames-complete",
        "frame-gap",
        "frame-chain",
        "gateway-restored",
        "equivocation",
        "time-bounded",
        "time-bounded-above",
        "beacon-later",
        "beacon-unknown",
        "clock-off",
        "late",
        "metering-gap",
        "evidence-grade",
        "readings-implausible",
        "readings-frozen",
        "suspects-differ",
        "estimate-gap",
        "estimate-read",
        "estimate-differs",
        "conflict",
        "mode-differs",
        "point-mode-differs",
        "point-missing",
        "activity-recomputed",
        "carrier-differs",
        "activity-differs",
        "quantity-weighed",
        "weighed-differs",
        "weighing-foreign",
        "weighing-missing",
        "label-unrecognised",
    ]
)
# What verify.js says beside the kernel's sentences.
DEVICE_MESSAGES = {
    "shown-differs": "this page shows {shown} kg CO2e per tonne, the signed footprint says {stated}",
    "head-unsettled": "size {size} is in block {block}, which is not final yet",
    "not-metered": "not checked (the readings are here; `leafproof verify` meters them, this page does not)",
}
DEVICE_TEXTS = {
    "device": "checked by this device",
    "server": "by the server",
    "running": "This device is checking the evidence itself …",
    "passed": "This device has checked {numbers} itself, in {seconds} s.",
    "pending": "Not yet anchored: {numbers}.",
    "withheld": "Not on this device: {numbers}, for evidence that is withheld here or not read by a page.",
    "missing": "Not on this device: {numbers}, no chain node answers it.",
    "failed": "This device found a fault. Check {number}, {name}: {finding}",
    "nobundle": "This device could not fetch the evidence; what you see is the server's word.",
    "trusted": "Using your trust file {name}.",
    "nottrust": "This is not a Leafproof trust file.",
    "noturl": "An address begins with http:// or https://",
    "{kind}, entry {index}": "{kind}, entry {index}",
    "entry {index}": "entry {index}",
    "frame": "frame",
    "metering plan": "metering plan",
    "batch record": "batch record",
    "footprint": "footprint",
    "factor set": "factor set",
    "declared footprint": "declared footprint",
    "opinion": "opinion",
    "correction": "correction",
    "life-cycle stage": "life-cycle stage",
    **{word: word for word in get_args(StageName)},
    **{word: word for word in get_args(What)},
    **{word: word for word in (*get_args(Assurance), *get_args(Conclusion))},
    "energy period": "energy period",
    "cancellation": "cancellation",
    **{word: word for word in ("label scheme", "accreditation", "label", "change of a label", "recognition")},
    **{word: word for word in ("living list", "remark", "classification of a lot")},
    "no chain node": "no chain node is named",
    "the signature does not verify": "the signature does not verify",
    "the inclusion proof does not lead to the root": "the inclusion proof does not lead to the root",
    "body: its SHA-256 is not the one that was signed": "body: its SHA-256 is not the one that was signed",
    "the chain node does not answer this device": "the chain node does not answer this device",
    "the contracts are not final on the chain yet": "the contracts are not final on the chain yet",
    "the chain changed while this device read it": "the chain changed while this device read it",
}
