"""Stating cancellations, and claiming their serials on chain for one lot each.

What must hold:

1. a cancellation is stated by its beneficiary, in the log of the facility that it is for, and once here: serials
   that were stated are not stated again with another content;
2. a claim is made by the lot's maker, within the cancellation, its market, period and vintage: what a reader's
   check would find fault with is refused here first (`leafproof.verification.certificates.judge`);
3. whether serials are free, the contract decides; what the chain's copy already knows is said at once, and what
   the contract refuses stands at the claim, with its reason.
"""

from __future__ import annotations

import uuid

from sqlalchemy import Connection

from backend.anchor import transactions
from backend.anchor.registry import Registry
from backend.certificates import repository
from backend.errors import Conflict, NotFound
from backend.footprints import service as footprints
from backend.production import pointing, recording, runs, shares
from backend.production import service as production
from backend.production.repository import Row
from backend.production.statements import Desk, Logged
from leafproof import body
from leafproof.certificate import Cancellation, registry_id, serial
from leafproof.chain.view import Claim, Moment
from leafproof.errors import InvalidInput
from leafproof.values import Gln, Lot, party_uri
from leafproof.verification.certificates import Use, countries_of, judge

CONTRACT = "CertificateClaims"
_NOT_YET = Moment(0, bytes(32), 0)  # of a claim that is only considered
Serials = tuple[int, int]


def admit_registry(connection: Connection, name: str, registrar: bytes | None) -> list[str]:
    """Have the authority admit a registry of certificates, and appoint its registrar; the transactions' keys."""
    keys = [f"registry:{name}"]
    transactions.submit(connection, "authority", CONTRACT, "admitRegistry", [name], keys[0])
    if registrar is not None:
        keys.append(f"{keys[0]}:{registrar.hex()}")
        args = [registry_id(name), registrar]
        transactions.submit(connection, "authority", CONTRACT, "appointRegistrar", args, keys[1])
    return keys


def state(connection: Connection, desk: Desk, stated: Cancellation) -> Logged:
    """Log a cancellation in its beneficiary's name; again with the same content, the first one stays.

    Raises `InvalidInput` naming the field, `NotFound`, and `Conflict` for serials that were stated differently.
    """
    stated.check()
    place = production.facility(connection, Gln(stated.facility), lock=True)
    if place["company"] != stated.beneficiary:
        raise InvalidInput("facility", f"{stated.facility} is not a facility of {stated.beneficiary}")
    for row in repository.cancellations_of(connection, stated.registry):
        if _overlap(_serials(row), stated.serials):
            logged, known = read(connection, desk, bytes(row["statement_id"]))
            if known == stated:
                return logged
            raise Conflict(
                f"serials {row['first']} to {row['last']} of {stated.registry} are stated already, "
                f"in entry {row['index']}"
            )
    log = desk.of_partition(place["partition"])
    subject = f"urn:leafproof:cancellation:{stated.registry_id.hex()}:{stated.first}-{stated.last}"
    issuer = Gln(stated.beneficiary)
    logged = desk.put(connection, log, issuer, subject, body.CANCELLATION, stated.encode_body())
    repository.insert_cancellation(
        connection,
        statement_id=logged.statement_id,
        log=logged.log,
        index=logged.index,
        operator=stated.beneficiary,
        registry=stated.registry,
        first=stated.first,
        last=stated.last,
        created_at=desk.now(),
    )
    return logged


def read(connection: Connection, desk: Desk, statement_id: bytes) -> tuple[Logged, Cancellation]:
    """A cancellation that was stated here. Raises `NotFound`."""
    row = repository.cancellation(connection, statement_id)
    if row is None:
        raise NotFound(f"cancellation {statement_id.hex()} is not known here")
    opened = desk.read(connection, row["log"], row["index"])
    leaf = desk.log(row["log"]).entry(connection, row["index"]).leaf_hash
    return Logged(row["log"], row["index"], statement_id, leaf), Cancellation.decode_body(opened.body)


def claim(
    connection: Connection, desk: Desk, registry: Registry, statement_id: bytes, lot: Lot, first: str, last: str
) -> str:
    """Have the chain claim serials of a cancellation for a lot's newest footprint; the transaction's key.

    Serials that this lot holds already are told the newest footprint. Raises `InvalidInput` naming the field,
    `NotFound`, and `Conflict` for serials that are claimed, or a lot without a footprint.
    """
    logged, stated = read(connection, desk, statement_id)
    serials = (serial(first, "first"), serial(last, "last"))
    run = runs.find_of_lot(connection, lot, lock=True)
    maker = production.company(connection, Gln(shares.maker_of(connection, run)))
    printed = footprints.current(connection, lot)
    if printed is None:
        raise Conflict(f"lot {lot} has no footprint yet that could use certificates")
    footprint = bytes(printed["statement_id"])
    subject = pointing.token_of(connection, lot)
    wanted = Claim(stated.registry_id, *serials, bytes(maker["address"]), statement_id, subject, _NOT_YET)
    _check(connection, desk, wanted, stated, maker, lot)
    known = registry.claims(connection, stated.registry_id)
    standing = [one for one in known if one.rejected is None]
    asked = repository.asked(connection, stated.registry)
    mine = [row for row in asked if _is_for(row, lot, serials)]
    held = next((one for one in standing if _overlap((one.first, one.last), serials)), None)
    if held is not None and (held.subject, held.first, held.last) == (subject, *serials):
        return _name(connection, maker, held, footprint) or _key_of(mine, held)
    under_way = [row for row in asked if _under_way(row, known)]
    if mine and mine[-1] in under_way:
        return str(mine[-1]["transaction"])
    _check_free(stated.registry, serials, held, under_way)
    hint = max((one.first for one in standing if one.first < serials[0]), default=0)
    claim_id = str(uuid.uuid4())
    key = f"claim:{claim_id}"
    args = [stated.registry_id, *serials, logged.statement_id, subject, footprint, hint]
    transactions.submit(connection, production.signer_of(maker["gln"]), CONTRACT, "claim", args, key)
    repository.insert_claim(
        connection,
        id=claim_id,
        cancellation=statement_id,
        gtin=str(lot.gtin),
        lot=str(lot.code),
        first=first,
        last=last,
        created_at=desk.now(),
        transaction=key,
    )
    return key


def _check(connection: Connection, desk: Desk, wanted: Claim, stated: Cancellation, maker: Row, lot: Lot) -> None:
    """Raises `InvalidInput` with what a reader's check would find."""
    row, printed = recording.current(connection, lot), footprints.current_by_profile(connection, lot)
    assert row is not None  # a footprint is of a record
    countries = countries_of(footprints.read(connection, desk, bytes(one["statement_id"])) for one in printed)
    signer = production.company(connection, Gln(stated.beneficiary))
    record = recording.read(connection, desk, row)
    use = Use(bytes(maker["address"]), party_uri(Gln(maker["gln"])), record, countries)
    for finding in judge(wanted, stated, bytes(signer["address"]), use):
        raise InvalidInput("serials" if finding.code == "claim-serials" else "lot", finding.text())


def _under_way(row: Row, known: list[Claim]) -> bool:
    """Whether the chain's copy does not tell yet what became of a claim: it comes after the receipt."""
    return row["state"] != "final" or _serials(row) not in {(one.first, one.last) for one in known}


def _check_free(registry: str, serials: Serials, held: Claim | None, under_way: list[Row]) -> None:
    if held is not None:
        raise Conflict(
            f"serials {held.first} to {held.last} of {registry} are claimed already: "
            f"by operator 0x{held.operator.hex()}, for 0x{held.subject.hex()}, in block {held.moment.block_number}"
        )
    for row in under_way:
        if _overlap(_serials(row), serials):
            raise Conflict(
                f"a claim of serials {row['first']} to {row['last']} of {registry} is under way, "
                f"for lot {row['gtin']}/{row['lot']}"
            )


def _name(connection: Connection, maker: Row, held: Claim, footprint: bytes) -> str | None:
    """Tell a claim that stands the lot's newest footprint; the transaction's key, None if it names it already."""
    if held.footprints[-1].footprint == footprint:
        return None
    key = f"claim:{held.registry.hex()[:16]}:{held.first}:{footprint.hex()[:32]}"
    args = [held.registry, held.first, footprint]
    transactions.submit(connection, production.signer_of(maker["gln"]), CONTRACT, "nameFootprint", args, key)
    return key


def _key_of(asked: list[Row], held: Claim) -> str:
    if not asked:
        raise Conflict(f"serials {held.first} to {held.last} are claimed for this lot already, not by this server")
    return str(asked[-1]["transaction"])


def _is_for(row: Row, lot: Lot, serials: Serials) -> bool:
    return (row["gtin"], row["lot"]) == (str(lot.gtin), str(lot.code)) and _serials(row) == serials


def _serials(row: Row) -> Serials:
    return int(row["first"]), int(row["last"])


def _overlap(one: Serials, other: Serials) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
