"""One lot's evidence, gathered, verified by the same checks that a reader runs, and joined with names.

Two reports are made. The *reader's* is on what the reader's tier is given, so that anybody repeats it with
`leafproof verify` on the bundle of that tier. The *server's* is on everything held here; of it only the outcomes
of checks are shown, for its sentences tell what is withheld. A failure in either is a failure of the passport.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import Connection, Engine

from backend.access.service import operator_of
from backend.access.tiers import Tier
from backend.anchor.registry import Registry
from backend.context import Context
from backend.database import reading
from backend.errors import NotFound
from backend.log.service import HostedLogs
from backend.passports import labels, material, repository
from backend.passports.bundles import BundleBuilder
from backend.passports.history import Version, versions
from backend.passports.labels import ShownLabel
from backend.passports.material import Material
from backend.passports.ports import Bundles, ChainSource
from backend.passports.profiles import Refusal, refusals
from backend.received import evidence as received
from leafproof.bundle import Bundle
from leafproof.chain.view import ChainView, Head, LotRecord, lot_id
from leafproof.errors import InvalidInput
from leafproof.trust import Trust
from leafproof.values import Lot
from leafproof.verification.report import Finding, Report, Status
from leafproof.verification.verify import verify

MAX_UPLOAD_PARTS = 2000  # keys and lots of an uploaded bundle that are looked up: one query's worth
NO_CHAIN = "this server has not read the chain yet"
_REMEMBERED = 64  # reports; a bundle's check takes some 100 ms, and a page that is shared is asked for often

TierOf = Callable[[str], Tier]
"""The tier that the reader has for an issuer's statements."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the server calls the parties; the statements know them by GLN alone. `here`: the lot has a passport on
    this server."""

    maker: str
    maker_gln: str
    facility: str
    here: bool


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the chain holds the record: the head that covers it, and the lot's pointer."""

    head: Head | None
    pointer: LotRecord | None


@dataclass(frozen=True, slots=True)
class Passport:
    """Everything that a page or a program is shown of one lot."""

    lot: Lot
    tier: Tier
    report: Report
    server: Report
    material: Material
    bundle_hash: bytes
    names: Names | None
    parents: dict[Lot, Names]
    versions: tuple[Version, ...]
    anchor: Anchor
    trust: Trust
    refusals: tuple[Refusal, ...]

    @property
    def labels(self) -> tuple[ShownLabel, ...]:
        """The lot's labels, as the reader's report finds them."""
        return labels.shown(self.report, self.lot)

    @property
    def categories(self) -> Finding | None:
        """How the lot is classified, as the reader's report finds it."""
        return labels.categories(self.report, self.lot)

    @property
    def failed_beyond(self) -> bool:
        """Whether only the evidence that is withheld from this reader shows a failure."""
        return self.server.status is Status.FAIL and self.report.status is not Status.FAIL

    def hidden_outcomes(self) -> dict[int, Status]:
        """What the server found, for checks that the reader's tier has no material for."""
        pairs = zip(self.report.checks, self.server.checks, strict=True)
        blind = ((mine, full) for mine, full in pairs if mine.status is Status.NOT_CHECKED)
        return {mine.number: full.status for mine, full in blind if full.status is not Status.NOT_CHECKED}

    @property
    def settled(self) -> bool:
        """Whether nothing shown waits for an anchor, a pointer or a final block, or ends with time as labels do:
        then a block that only goes on changes nothing of it."""
        found = {c.status for r in (self.report, self.server) for c in r.checks}
        return found.isdisjoint((Status.FAIL, Status.PENDING)) and not self.labels

    @property
    def etag(self) -> str:
        """Over the checks' outcomes, the head, and what is shown."""
        outcomes = "".join(f"{c.status}|" for r in (self.report, self.server) for c in r.checks)
        head = self.anchor.head
        size = head.size if head else 0
        told = (str(self.names), str(self.refusals), str(self.labels), str(self.categories))
        seen = (outcomes, self.bundle_hash.hex(), size, len(self.versions), *told)
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:24]


class Passports:
    """Shared by all requests."""

    def __init__(
        self, engine: Engine, logs: HostedLogs, trust: Trust, bundles: Bundles, chain: ChainSource
    ) -> None:
        self.trust = trust
        self._engine = engine
        self._logs = logs
        self._bundles = bundles
        self._chain = chain
        self._reports: OrderedDict[tuple[bytes, bytes], Report] = OrderedDict()
        self._lock = Lock()

    def passport(self, lot: Lot, tier_of: TierOf) -> Passport:
        """The lot's passport for a reader. Raises `NotFound`."""
        with reading(self._engine) as connection:
            bundle, tier = self._bundle(connection, lot, tier_of)
            shown = material.read(bundle)
            full = bundle if tier is Tier.AUDITOR else self._bundles(connection, lot, Tier.AUDITOR)
            view = self._view(connection, shown, full)
            return Passport(
                lot,
                tier,
                self._report(bundle, view),
                self._report(full, view),
                shown,
                hashlib.sha256(bundle.encode()).digest(),
                _names(connection, shown, lot),
                {p: n for p in shown.records if p != lot and (n := _names(connection, shown, p))},
                versions(connection, self._logs, lot),
                _anchor(view, shown),
                self.trust,
                refusals(connection, lot),
            )

    def bundle(self, lot: Lot, tier_of: TierOf) -> tuple[bytes, Tier]:
        """The lot's bundle as a file, and the tier it is for. Raises `NotFound`."""
        with reading(self._engine) as connection:
            bundle, tier = self._bundle(connection, lot, tier_of)
            return bundle.encode(), tier

    def exists(self, lot: Lot) -> None:
        """Raises `NotFound` for a lot without a record here."""
        with reading(self._engine) as connection:
            _check_recorded(connection, lot)

    def lots(self, limit: int) -> list[repository.LotLine]:
        """Lots with a record, the newest first."""
        with reading(self._engine) as connection:
            return repository.lots(connection, limit)

    def judge(self, data: bytes, limit: int) -> Report:
        """The report on a bundle from outside, of at most `limit` bytes. Raises `InvalidInput`."""
        return self.judged(data, limit)[1]

    def judged(self, data: bytes, limit: int) -> tuple[Bundle, Report, ChainView | None]:
        """The same with the bundle, and what the chain says of it. Raises `InvalidInput`."""
        bundle = Bundle.decode(data, limit)
        if len(bundle.keys) > MAX_UPLOAD_PARTS:
            raise InvalidInput("bundle", f"names more than {MAX_UPLOAD_PARTS} keys")
        found = material.read(bundle)
        if len(found.records) > MAX_UPLOAD_PARTS:
            raise InvalidInput("bundle", f"names more than {MAX_UPLOAD_PARTS} lots")
        with reading(self._engine) as connection:
            view = self._view(connection, found, bundle)
        return bundle, verify(bundle, self.trust, view, NO_CHAIN), view

    def _bundle(self, connection: Connection, lot: Lot, tier_of: TierOf) -> tuple[Bundle, Tier]:
        """The most that the reader may have: of several issuers, what all of them give him."""
        _check_recorded(connection, lot)
        public = self._bundles(connection, lot, Tier.PUBLIC)
        found = material.read(public)
        stated = [s.statement for s in found.records.values()] + [s.statement for s in found.footprints.values()]
        issuers = {s.envelope.header.issuer for s in stated}
        tier = min((tier_of(issuer) for issuer in issuers), default=Tier.PUBLIC)
        return (public, tier) if tier is Tier.PUBLIC else (self._bundles(connection, lot, tier), tier)

    def _view(self, connection: Connection, found: Material, bundle: Bundle) -> ChainView | None:
        """What the chain says about the bundle's keys and logs, and about the lots that were `found` in it."""
        keys = tuple({hashlib.sha256(cose).digest() for cose in bundle.keys})  # a key's id is its thumbprint
        logs = tuple({head.log.log_id for head in bundle.heads})
        known = self._chain.view(connection, keys=keys, lots=(), logs=())
        if known is None:
            return None
        lots = {
            lot_id(key.operator, lot)
            for lot, stated in found.records.items()
            if (key := known.keys.get(stated.statement.envelope.key_id))
        }
        return self._chain.view(connection, keys=keys, lots=tuple(lots), logs=logs)

    def _report(self, bundle: Bundle, view: ChainView | None) -> Report:
        """`verify`, remembered: the same bundle at the same block has the same report."""
        block = view.at.block_hash if view else b""
        key = (hashlib.sha256(bundle.encode()).digest(), block)
        with self._lock:
            if key in self._reports:
                self._reports.move_to_end(key)
                return self._reports[key]
        report = verify(bundle, self.trust, view, NO_CHAIN)
        with self._lock:
            self._reports[key] = report
            while len(self._reports) > _REMEMBERED:
                self._reports.popitem(last=False)
        return report


def _is_here(connection: Connection, lot: Lot) -> bool:
    made_here = repository.is_recorded(connection, str(lot.gtin), str(lot.code))
    return made_here or received.lot(connection, lot) is not None


def _check_recorded(connection: Connection, lot: Lot) -> None:
    if not _is_here(connection, lot):
        raise NotFound(f"no lot {lot.code} of product {lot.gtin} has a record here")


def _names(connection: Connection, found: Material, lot: Lot) -> Names | None:
    stated = found.records.get(lot)
    if stated is None:
        return None
    issuer = stated.statement.envelope.header.issuer
    gln = operator_of(issuer)
    maker = repository.company_name(connection, str(gln)) if gln else None
    facility = stated.content.facility
    plant = repository.facility_name(connection, facility)
    return Names(maker or issuer, str(gln or ""), plant or f"GLN {facility}", _is_here(connection, lot))


def _anchor(view: ChainView | None, found: Material) -> Anchor:
    stated = found.record
    if view is None or stated is None:
        return Anchor(None, None)
    envelope = stated.statement.envelope
    log = view.logs.get(envelope.header.log.log_id)
    key = view.keys.get(envelope.key_id)
    return Anchor(
        log.first_covering(stated.statement.index) if log else None,
        view.lots.get(lot_id(key.operator, found.lot)) if key else None,
    )


def of(context: Context) -> Passports:
    """The passports of a running backend. Raises `SettingsError`."""
    trust = context.settings.trust()
    registry = Registry(trust)
    bundles = BundleBuilder(context.logs, registry)
    return Passports(context.engine, context.logs, trust, bundles, registry)
