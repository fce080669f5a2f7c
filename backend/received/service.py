"""Taking in a supplier's bundle: verified as any reader would, by this server's trust file and chain, and kept.

What must hold:

1. Nothing is kept of a bundle in which a check failed, or that the chain does not hold yet: the supplier's word
   goes into our own lots' numbers.
2. A lot's name (GTIN and lot) means one lot here: one that is made here is not taken in, and one of a name that is
   taken by another maker is refused.
3. Statements are kept verbatim, each with its proof in the supplier's own log and the head that the chain holds,
   so that bundles of lots made here carry them (`backend.passports.bundles`).
4. What a supplier gave to everybody may be given to everybody; of the rest, each part is given out from the tier
   on that it has by default.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from backend.access.tiers import Tier, default_tier
from backend.database import transaction
from backend.errors import Conflict, Unavailable
from backend.log import repository as log_rows
from backend.log.service import HostedLogs
from backend.passports.bundles import MAX_LOTS
from backend.passports.service import NO_CHAIN, Passports
from backend.production import repository as production_rows
from backend.received import evidence, repository
from backend.received.repository import Place
from leafproof import body, cbor, disclosure, footprint, record
from leafproof.bundle import Bundle, Item
from leafproof.chain.view import Address, ChainView, lot_id
from leafproof.checkpoint import witnesses_of
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.footprint import Footprint
from leafproof.keys import public_key
from leafproof.note import Verifier
from leafproof.record import BatchRecord
from leafproof.values import Lot
from leafproof.verification.report import Report, Status
from leafproof.verification.statements import Statement

# They speak of the supplier's own lot, plant and verifier, and have no place in a bundle of another lot.
_LEFT_OUT = (body.DECLARED_FOOTPRINT, body.OPINION, body.LIFECYCLE_STAGE)
_RESTRICTED = {body.BATCH_RECORD: record.DISCLOSED_FROM, body.FOOTPRINT: footprint.DISCLOSED_FROM}


class Refused(LeafproofError):
    """A bundle in which a check failed; `report` says which, and why."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.verdict())
        self.report = report

    @property
    def faults(self) -> list[tuple[str, str]]:
        """Each failed check with the first thing that failed in it."""
        failed = [check for check in self.report.checks if check.status is Status.FAIL]
        firsts = [next(f for f in check.findings if f.status is Status.FAIL) for check in failed]
        return [(f"check {c.number}, {c.name}", f.text()) for c, f in zip(failed, firsts, strict=True)]


@dataclass(frozen=True, slots=True)
class Received:
    """A lot that was taken in, and what was found of it."""

    lot: Lot
    operator: Address
    issuer: str
    footprints: dict[str, str]
    statements: int
    report: Report


def take_in(
    engine: Engine, logs: HostedLogs, passports: Passports, data: bytes, given_to: Tier, now: int, limit: int
) -> Received:
    """Verify a bundle of at most `limit` bytes and keep it. `given_to` is the tier of readers whom the supplier
    gives this very bundle.

    Raises `InvalidInput` for what is no bundle, or lacks what a buyer must know; `Refused` naming the checks;
    `Conflict` for what is not on the chain yet, and for a name that is taken; `Unavailable` without a chain.
    """
    bundle, report, view = passports.judged(data, limit)
    if view is None:
        raise Unavailable(NO_CHAIN)
    if report.status is Status.FAIL:
        raise Refused(report)
    if report.status is Status.PENDING:
        pending = next(c for c in report.checks if c.status is Status.PENDING)
        raise Conflict(f"check {pending.number}, {pending.name}: the chain does not hold all of it yet; ask again")
    statements = _read(bundle)
    with transaction(engine) as connection:
        intake = _Intake(connection, logs, bundle, view, given_to, passports.trust.trusted_witnesses)
        return intake.run(statements, report, now)


def _read(bundle: Bundle) -> list[tuple[Item, Statement]]:
    """All statements of a bundle that was verified."""
    keys = {key.key_id: key for key in map(public_key, bundle.keys)}
    found = []
    for item in bundle.items:
        statement = Statement.parse(item.envelope, item.index, item.body, item.disclosures)
        statement.read(keys[statement.envelope.key_id])
        found.append((item, statement))
    return found


class _Intake:
    """One bundle, within one transaction."""

    def __init__(
        self,
        connection: Connection,
        logs: HostedLogs,
        bundle: Bundle,
        view: ChainView,
        given_to: Tier,
        witnesses: tuple[Verifier, ...],
    ) -> None:
        self._witnesses = witnesses
        self._connection, self._bundle, self._view, self._given_to = connection, bundle, view, given_to
        self._hosted = {hosted.log.ref: hosted.log.number for hosted in logs}
        self._heads: dict[int, int] = {}

    def run(self, statements: list[tuple[Item, Statement]], report: Report, now: int) -> Received:
        """Check names, then keep everything."""
        lot = self._bundle.lot
        for _, statement in statements:
            if isinstance(statement.content, BatchRecord):
                self._check_name(statement, statement.content.of)
        if sum(isinstance(s.content, BatchRecord) for _, s in statements) >= MAX_LOTS:
            raise InvalidInput(
                "bundle", f"{MAX_LOTS} records or more: no bundle here could hold what is made of it"
            )
        statement, operator = self._current(statements)
        _check_known(statement)
        own = statement.envelope.header
        repository.put_lot(
            self._connection,
            str(lot.gtin),
            str(lot.code),
            operator=operator,
            issuer=own.issuer,
            record=statement.envelope.statement_id,
            leaf=statement.leaf,
            received_at=now,
        )
        self._keep(statements)
        for number in self._hosted.values():  # of lots made from this one other things are told from now on
            log_rows.revise(self._connection, number)
        printed = evidence.footprints_of(self._connection, lot)
        values = {one.profile: _value(self._connection, one.statement_id) for one in printed}
        return Received(lot, operator, own.issuer, values, len(statements), report)

    def _check_name(self, statement: Statement, lot: Lot) -> None:
        gtin, code = str(lot.gtin), str(lot.code)
        made_here = production_rows.run_of_lot(self._connection, gtin, code) is not None
        ours = statement.envelope.header.log in self._hosted
        if lot == self._bundle.lot and ours:
            raise Conflict(f"lot {lot} is made here: its evidence is in a log of this server")
        if made_here and not ours:
            raise Conflict(f"lot {lot} is made here, and the bundle has another maker's lot of that name")
        known = repository.lot(self._connection, gtin, code)
        key = self._view.keys[statement.envelope.key_id]
        if known is not None and bytes(known["operator"]) != key.operator:
            raise Conflict(f"lot {lot} was received of another maker, 0x{bytes(known['operator']).hex()}")

    def _current(self, statements: list[tuple[Item, Statement]]) -> tuple[Statement, Address]:
        """The record to which the chain points the bundle's lot, and its maker. Check 6 found it."""
        for _, statement in statements:
            content, key = statement.content, self._view.keys[statement.envelope.key_id]
            if isinstance(content, BatchRecord) and content.of == self._bundle.lot:
                on_chain = self._view.lots.get(lot_id(key.operator, content.of))
                if on_chain is not None and on_chain.current.leaf == statement.leaf:
                    return statement, key.operator
        raise Conflict(f"the chain does not point lot {self._bundle.lot} to a record of this bundle")

    def _keep(self, statements: list[tuple[Item, Statement]]) -> None:
        places: list[Place] = []
        for item, statement in statements:
            header = statement.envelope.header
            if header.content_type in _LEFT_OUT:
                continue
            place = (header.log.log_id, item.index)
            places.append(place)
            if header.log not in self._hosted:
                self._keep_one(place, item, statement)
        for cose in self._bundle.keys:
            repository.put_key(self._connection, public_key(cose).key_id, cose)
        repository.put_parts(self._connection, str(self._bundle.lot.gtin), str(self._bundle.lot.code), places)

    def _keep_one(self, place: Place, item: Item, statement: Statement) -> None:
        kind, known = statement.envelope.header.content_type, repository.statement(self._connection, place)
        tier = Tier.PUBLIC if self._given_to is Tier.PUBLIC else default_tier(kind)
        listed = {text: self._tier_of(kind, text) for text in item.disclosures}
        if known is not None and known["body"] is not None:
            tier = min(tier, Tier(known["tier"])) if item.body is not None else Tier(known["tier"])
            for one in evidence.disclosures_of(known):
                listed[one.text] = min(one.tier, listed.get(one.text, one.tier))
        given = known["body"] if known is not None and item.body is None else item.body
        packed = cbor.encode([[int(lowest), text] for text, lowest in listed.items()]) if listed else None
        if known is not None:
            values = {"body": given, "tier": int(tier), "disclosures": packed}
            repository.update_statement(self._connection, place, **values)
            return
        repository.put_statement(
            self._connection,
            place,
            statement_id=statement.envelope.statement_id,
            content_type=kind,
            envelope=item.envelope,
            body=given,
            tier=int(tier),
            disclosures=packed,
            head=self._head(item.head),
            path=cbor.encode(list(item.path)),
            **_named(statement),
        )

    def _tier_of(self, kind: str, text: str) -> Tier:
        if self._given_to is Tier.PUBLIC:
            return Tier.PUBLIC
        word = _RESTRICTED.get(kind, {}).get(disclosure.member(text))
        return Tier[word.upper()] if word else Tier.AUDITOR

    def _head(self, place: int) -> int:
        """The number here of the bundle's head at `place`, with what witnesses cosigned of it."""
        if place not in self._heads:
            head = self._bundle.heads[place]
            values = {"chain_id": head.log.chain_id, "contract": head.log.contract, "root": head.root}
            number = repository.put_head(self._connection, head.log.log_id, head.size, **values)
            cosigned = self._cosigned(place)
            if cosigned is not None:
                repository.put_cosigned(self._connection, number, cosigned[0], cbor.encode(list(cosigned[1])))
            self._heads[place] = number
        return self._heads[place]

    def _cosigned(self, place: int) -> tuple[bytes, tuple[bytes, ...]] | None:
        """Of the checkpoints that extend a head, the one that most of our witnesses cosigned."""
        head, best, most = self._bundle.heads[place], None, -1
        given = ((one.note, proof) for one in self._bundle.checkpoints for at, proof in one.proofs if at == place)
        for note, proof in given:
            try:
                found = witnesses_of(head.log, head.size, head.root, note, proof, self._witnesses)
            except LeafproofError:
                continue  # it counts for nobody
            if len(found) > most:
                best, most = (note, proof), len(found)
        return best


def _named(statement: Statement) -> dict[str, object]:
    """What a statement is found by, beside its id."""
    match statement.content:
        case BatchRecord() as content:
            return {"gtin": content.gtin, "lot": content.lot}
        case Footprint() as content:
            named = {"gtin": content.gtin, "lot": content.lot, "profile": content.profile.id}
            return {**named, "record": bytes.fromhex(content.record)}
    return {}


def _check_known(statement: Statement) -> None:
    content = statement.content
    assert isinstance(content, BatchRecord)
    if content.outputs is None:
        raise InvalidInput("bundle", "the record's outputs are withheld: no quantity of the lot can be counted")


def _value(connection: Connection, statement_id: bytes) -> str:
    stated = evidence.footprint(connection, statement_id)
    return stated.per_tonne if stated else ""
