"""Taking in what scheme owners, certifiers and markets' authorities signed at home, and judging labels.

What must hold:

1. a statement is logged only if its key is registered on the chain for its issuer, and its issuer is who may say
   it: a scheme's owner, an accredited certifier, of a change the scheme's owner too, a market's authority;
2. a label that a reader's check would fail is refused here, with what the check would say;
3. what was logged is then told to the chain, by the issuer's account; what the contract refuses is in force
   nowhere. Sent again, a statement is the same entry.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from backend.access.service import operator_of
from backend.anchor import transactions
from backend.anchor.registry import Registry
from backend.classification import repository as classifications
from backend.classification import service as classification
from backend.declared import service as declared
from backend.errors import Conflict, NotFound, Unavailable
from backend.footprints import service as footprints
from backend.labels import repository
from backend.log.schemas import NewEntry
from backend.log.service import TransparencyLog
from backend.opinions import repository as opinion_rows
from backend.opinions import service as opinions
from backend.production import pointing, recording, runs, shares, submitted
from backend.production import repository as production_rows
from backend.production import service as production
from backend.production.repository import Row
from backend.production.statements import Archive, Desk
from leafproof import values
from leafproof.chain.view import Address, ChainView, LabelRecord
from leafproof.envelope import Envelope
from leafproof.errors import InvalidInput
from leafproof.label import (
    KINDS,
    MAX_FILE,
    MAX_NAME,
    Accredited,
    Label,
    LabelChange,
    LabelStatement,
    Recognition,
    Scheme,
    category_id,
    label_id,
    registered_id,
)
from leafproof.texts import printable
from leafproof.values import Gln, Lot, Party
from leafproof.verification.labels import UNCLASSIFIED, Case, Find, Numbered, Subject, judge
from leafproof.verification.report import Status

CONTRACT = "LabelRegistry"
AUTHORITY = "authority"
_KINDS = {kind.CONTENT_TYPE: kind for kind in KINDS}
_CHANGES = {"suspended": "suspend", "valid": "resume", "revoked": "revoke"}
_Call = tuple[str, list[Any]]  # function of the contract, arguments


@dataclass(frozen=True, slots=True)
class Taken:
    """A statement with its place in the log, and the transaction that tells the chain."""

    log: int
    index: int
    statement_id: bytes
    label: bytes | None
    transaction: str


@dataclass(frozen=True, slots=True)
class _Signed:
    """What came in: by which account, when, and what the chain says so far."""

    connection: Connection
    desk: Desk
    registry: Registry
    envelope: Envelope
    signer: Address

    def chain(self, *lots: bytes) -> ChainView:
        """With what is said of these lots."""
        return chain_of(self.connection, self.registry, *lots)


def kind_of(content_type: str) -> str:
    """A content type's own word, such as `label-change`."""
    return content_type.removeprefix("application/vnd.leafproof.").removesuffix("+cbor")


def admit_scheme(connection: Connection, name: str, owner: Party) -> str:
    """Have the authority admit a scheme; the transaction's key."""
    return _admit(connection, "scheme", "admitScheme", name, owner)


def admit_market(connection: Connection, name: str, authority: Party) -> str:
    """Have the authority admit a market, or give it another authority; the transaction's key."""
    return _admit(connection, "market", "admitMarket", name, authority)


def _admit(connection: Connection, what: str, function: str, name: str, party: Party) -> str:
    if not 1 <= len(name.encode("utf-8")) <= MAX_NAME or printable(name) != name:
        raise InvalidInput("name", f"not 1 to {MAX_NAME} bytes that can be shown")
    key = f"{what}:{registered_id(name).hex()}:{party}"
    args = [bytes(production.company(connection, party)["address"]), name]
    transactions.submit(connection, AUTHORITY, CONTRACT, function, args, key)
    return key


def submit(connection: Connection, desk: Desk, registry: Registry, data: bytes) -> Taken:
    """Log a statement, and queue what it asks of the chain.

    Raises `InvalidInput` naming what is wrong, `NotFound`, `Unavailable` before the chain was read.
    """
    envelope, content = submitted.decode(data, "label statement", _KINDS, MAX_FILE)
    key = submitted.check_key(registry.registered_key(connection, envelope.key_id), envelope)
    said = _KINDS[envelope.header.content_type].decode_body(content)
    log = next((hosted.log for hosted in desk.logs if hosted.log.ref == envelope.header.log), None)
    if log is None:
        raise InvalidInput("log", "the statement was signed for a log that this server does not serve")
    known = repository.by_statement(connection, envelope.statement_id)
    if known is not None:
        return _taken(known)
    function, args = _call(_Signed(connection, desk, registry, envelope, key.operator), said)
    gln = operator_of(envelope.header.issuer)
    production_rows.keep_issuer_key(connection, envelope.key_id, str(gln or ""), key.cose)
    row = _log(connection, desk, log, envelope, content, said, key.operator)
    transactions.submit(connection, production.signer_of(str(gln)), CONTRACT, function, args, row["transaction"])
    repository.insert(connection, **row)
    return _taken(row)


def _log(
    connection: Connection,
    desk: Desk,
    log: TransparencyLog,
    envelope: Envelope,
    content: bytes,
    said: LabelStatement,
    signer: Address,
) -> dict[str, Any]:
    """Append it; its row."""
    (index,) = log.append(connection, [NewEntry(envelope, content)])
    label = None
    if isinstance(said, Label):
        label = label_id(signer, envelope.statement_id)
    elif isinstance(said, LabelChange):
        label = values.digest(said.label, "label")
    lot = said.of if isinstance(said, Label) else None
    return {
        "statement_id": envelope.statement_id,
        "kind": kind_of(said.CONTENT_TYPE),
        "name": _about(said),
        "label": label,
        "gtin": str(lot.gtin) if lot else None,
        "lot": str(lot.code) if lot else None,
        "log": log.number,
        "index": index,
        "issuer": envelope.header.issuer,
        "created_at": desk.now(),
        "transaction": f"label-statement:{envelope.statement_id.hex()}",
    }


def _about(said: LabelStatement) -> str:
    match said:
        case Scheme():
            return said.name
        case LabelChange():
            return said.label
        case _:
            return said.scheme


def _taken(row: Row | dict[str, Any]) -> Taken:
    label = bytes(row["label"]) if row["label"] is not None else None
    return Taken(row["log"], row["index"], bytes(row["statement_id"]), label, row["transaction"])


def _call(signed: _Signed, said: LabelStatement) -> _Call:
    """What the statement asks of the chain, if its issuer may ask it."""
    match said:
        case Scheme():
            _check_owner(signed, said.name)
            return "publish", [registered_id(said.name), signed.envelope.statement_id]
        case Accredited():
            _check_owner(signed, said.scheme)
            certifier = bytes(production.company(signed.connection, values.party(said.certifier))["address"])
            args = [registered_id(said.scheme), certifier, *said.window, signed.envelope.statement_id]
            return "accredit", args
        case Label():
            return _issue(signed, said)
        case LabelChange():
            return _change(signed, said)
        case Recognition():
            return _recognise(signed, said)


def _check_owner(signed: _Signed, name: str) -> None:
    scheme = signed.chain().schemes.get(registered_id(name))
    if scheme is None or scheme.removed is not None:
        raise NotFound(f"no scheme of the name {name[:80]!r} is admitted on the chain")
    if scheme.owner != signed.signer:
        raise InvalidInput("issuer", f"does not own the scheme {name}")


def _recognise(signed: _Signed, said: Recognition) -> _Call:
    chain = signed.chain()
    market = chain.markets.get(registered_id(said.market))
    if market is None:
        raise NotFound(f"no market of the name {said.market[:80]!r} is admitted on the chain")
    if market.authority != signed.signer:
        raise InvalidInput("issuer", f"is not the authority of the market {said.market}")
    if registered_id(said.scheme) not in chain.schemes:
        raise NotFound(f"no scheme of the name {said.scheme[:80]!r} is admitted on the chain")
    category = category_id(said.category)
    place = [market.market, registered_id(said.scheme), category]
    return "recognise", [*place, said.accepted, *said.window, signed.envelope.statement_id]


def _change(signed: _Signed, said: LabelChange) -> _Call:
    label = values.digest(said.label, "label")
    _, record = _on_chain(signed.connection, signed.registry, label)
    owner = signed.chain().schemes[record.scheme].owner
    if signed.signer not in (record.certifier, owner):
        raise InvalidInput("issuer", "is neither the label's certifier nor its scheme's owner")
    if record.status.value == said.status:
        raise Conflict(f"the label is {said.status} already")
    function = _CHANGES[said.status]
    return function, [label] if said.status == "valid" else [label, signed.envelope.statement_id]


def _issue(signed: _Signed, said: Label) -> _Call:
    connection, statement_id, now = signed.connection, signed.envelope.statement_id, signed.desk.now()
    subject = pointing.token_of(connection, _known_lot(connection, said.of))
    chain = _with_inputs(connection, signed.registry, subject)
    scheme = chain.schemes.get(registered_id(said.scheme))
    if scheme is None or not scheme.published:
        raise NotFound(f"no scheme of the name {said.scheme[:80]!r} has criteria on the chain")
    if subject not in chain.lots:
        raise Conflict(f"lot {said.of} is not on the chain yet")
    at = replace(chain.at, block_number=chain.at.block_number + 1, block_time=max(now, chain.at.block_time))
    version = len(scheme.published)
    label = label_id(signed.signer, statement_id)
    considered = LabelRecord(label, scheme.scheme, subject, signed.signer, statement_id, version, *said.window, at)
    others = finder(connection, signed.desk, signed.registry)
    case = Case(
        replace(chain, labels={**chain.labels, label: considered}, at=at),
        considered,
        subject_of(connection, signed.desk, said.of),
        lambda wanted: (signed.signer, said) if wanted == statement_id else others(wanted),
    )
    _check_named(connection, said)
    for _, finding in judge(case):
        if finding.status in (Status.FAIL, Status.NOT_CHECKED) and finding.code != UNCLASSIFIED:
            raise InvalidInput(finding.code, finding.text())
    return "issue", [scheme.scheme, statement_id, subject, *said.window]


def _check_named(connection: Connection, said: Label) -> None:
    """The certifier names what counts: the record's newest footprint by each profile. Raises `InvalidInput`."""
    record = recording.current(connection, said.of)
    of_record = bytes(record["statement_id"]) if record else None
    rows = footprints.current_by_profile(connection, said.of, of_record)
    newest = {bytes(row["statement_id"]).hex() for row in rows}
    if set(said.footprints) != newest:
        raise InvalidInput("footprints", f"are not the newest of the lot: {', '.join(sorted(newest))}")


def _known_lot(connection: Connection, lot: Lot) -> Lot:
    if recording.current(connection, lot) is None:
        raise NotFound(f"lot {lot} has no record here")
    return lot


def chain_of(connection: Connection, registry: Registry, *lots: bytes) -> ChainView:
    """Schemes, markets and parties, and what is said of these lots. Raises `Unavailable`."""
    view = registry.view(connection, keys=(), lots=lots or (bytes(32),), logs=())
    if view is None:
        raise Unavailable("the chain was not read yet")
    return view


def _with_inputs(connection: Connection, registry: Registry, subject: bytes) -> ChainView:
    view = chain_of(connection, registry, subject)
    lot = view.lots.get(subject)
    parents = [one.parent for one in lot.inputs] if lot else []
    return chain_of(connection, registry, subject, *parents) if parents else view


def _on_chain(connection: Connection, registry: Registry, label: bytes) -> tuple[ChainView, LabelRecord]:
    subject = registry.label_subject(connection, label)
    if subject is None:
        raise NotFound(f"label {label.hex()} is not on the chain")
    view = _with_inputs(connection, registry, subject)
    return view, view.labels[label]


def finder(connection: Connection, archive: Archive, registry: Registry) -> Find:
    """Statements on labels by their ids, from this server's logs."""

    def find(statement_id: bytes) -> tuple[Address | None, LabelStatement] | None:
        row = repository.by_statement(connection, statement_id)
        return None if row is None else read(connection, archive, registry, row)

    return find


def read(
    connection: Connection, archive: Archive, registry: Registry, row: Row
) -> tuple[Address | None, LabelStatement]:
    """The statement of a row, from the log, and whose account signed it."""
    opened = archive.read(connection, row["log"], row["index"])
    key = registry.registered_key(connection, opened.envelope.key_id)
    said = _KINDS[opened.envelope.header.content_type].decode_body(opened.body)
    return key.operator if key else None, said


def subject_of(connection: Connection, archive: Archive, lot: Lot) -> Subject:
    """What labels of a lot are judged by: its newest record's footprints, the opinions that cover it, and how its
    maker classified it.

    Raises `NotFound` for a lot without a record.
    """
    row = recording.current(connection, lot)
    if row is None:
        raise NotFound(f"lot {lot} has no record here")
    record = recording.read(connection, archive, row)
    maker = values.party_uri(Gln(shares.maker_of(connection, runs.find_of_lot(connection, lot))))
    printed = [
        footprints.read(connection, archive, bytes(found["statement_id"]))
        for found in footprints.current_by_profile(connection, lot, bytes(row["statement_id"]))
    ]
    given = [
        opinions.read(connection, archive, one)
        for found in declared.covering(connection, record.facility, str(lot.gtin), record.run.window[1])
        for one in opinion_rows.newest(connection, found["statement_id"])
    ]
    assurances = [one.said.assurance for one in given if one.said.supports and one.issuer != maker]
    made = [
        classification.made(connection, archive, one)
        for one in classifications.of_lot(connection, str(lot.gtin), str(lot.code))
    ]
    return Subject(str(lot), maker, {one.profile.id: one for one in printed}, tuple(assurances), tuple(made))


def judged(
    connection: Connection, archive: Archive, registry: Registry, label: bytes, market: str | None
) -> tuple[LabelRecord, Case, list[Numbered]]:
    """A label by its id on the chain, and all that speaks for or against it, in `market` if one is asked for.

    Raises `NotFound` for a label, or a market, that the chain does not know.
    """
    view, record = _on_chain(connection, registry, label)
    if market is not None and registered_id(market) not in view.markets:
        raise NotFound(f"no market of the name {market[:80]!r} is admitted on the chain")
    find = finder(connection, archive, registry)
    found = find(record.statement)
    if found is None or not isinstance(found[1], Label):
        case = Case(view, record, Subject("", "", {}, ()), find)
    else:
        case = Case(view, record, subject_of(connection, archive, found[1].of), find)
    return record, case, list(judge(case, market))


def of_lot(
    connection: Connection, archive: Archive, registry: Registry, lot: Lot
) -> list[tuple[LabelRecord, Case, list[Numbered]]]:
    """The labels of a lot that are on the chain, in their order."""
    rows = repository.for_lot(connection, str(lot.gtin), str(lot.code))
    labels = [bytes(row["label"]) for row in rows]
    known = [label for label in labels if registry.label_subject(connection, label) is not None]
    return [judged(connection, archive, registry, label, None) for label in known]


def newest_scheme(connection: Connection, archive: Archive, registry: Registry, name: str) -> tuple[Row, Scheme]:
    """A scheme's criteria that are in force. Raises `NotFound`."""
    scheme = chain_of(connection, registry).schemes.get(registered_id(name))
    row = repository.by_statement(connection, scheme.published[-1]) if scheme and scheme.published else None
    if row is None:
        raise NotFound(f"no scheme of the name {name[:80]!r} has criteria here")
    said = read(connection, archive, registry, row)[1]
    assert isinstance(said, Scheme)
    return row, said
