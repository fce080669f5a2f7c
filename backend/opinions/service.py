"""Taking an opinion in: a statement that its verifier signed elsewhere, with a key that this server never had.

It is logged only if its key is registered on the chain for the verifier, its signature and body are good, and it
is on what a declared footprint of this server says. Sent again, it is the same entry.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from backend.access.service import operator_of
from backend.declared import service as declared
from backend.errors import Conflict, NotFound
from backend.log.schemas import NewEntry
from backend.opinions import repository
from backend.opinions.repository import Row
from backend.production import repository as production_rows
from backend.production import submitted
from backend.production.statements import Archive
from backend.production.submitted import Registered
from leafproof import body, values
from leafproof.errors import InvalidInput
from leafproof.opinion import MAX_FILE, Opinion


@dataclass(frozen=True, slots=True)
class Given:
    """An opinion with its place in the log."""

    said: Opinion
    issuer: str
    log: int
    index: int
    statement_id: bytes


def submit(connection: Connection, archive: Archive, registered: Registered, data: bytes, now: int) -> Given:
    """Log an opinion; `registered` finds a key on the chain, `now` is in Unix seconds.

    Raises `InvalidInput` naming what is wrong, `NotFound` for a declared footprint that is not this server's, and
    `Conflict` for one that does not supersede the verifier's last word.
    """
    signed, content = submitted.decode(data, "opinion", (body.OPINION,), MAX_FILE)
    key = submitted.check_key(registered(connection, signed.key_id), signed)
    said = Opinion.decode_body(content)
    stated = declared.find(connection, archive, values.digest(said.declared, "declared"))
    log = archive.log(stated.log)
    if signed.header.log != log.ref:
        raise InvalidInput("log", "the opinion was signed for another log than the one that holds what it is on")
    if part := said.differing(stated.statement_id.hex(), stated.stated):
        raise InvalidInput(part, "not what the declared footprint says, or it does not cover its period")
    if key.operator == _declarer(connection, archive, stated):
        raise InvalidInput("issuer", "is the operator who declared it: an opinion is somebody else's")
    known = repository.by_statement(connection, signed.statement_id)
    if known is not None:
        return read(connection, archive, known)
    before = _before(connection, said, signed.header.issuer)
    gln = operator_of(signed.header.issuer)
    production_rows.keep_issuer_key(connection, signed.key_id, str(gln or ""), key.cose)
    (index,) = log.append(connection, [NewEntry(signed, content)])
    repository.insert(
        connection,
        declared=stated.statement_id,
        issuer=signed.header.issuer,
        log=log.number,
        index=index,
        statement_id=signed.statement_id,
        before=before,
        created_at=now,
    )
    return Given(said, signed.header.issuer, log.number, index, signed.statement_id)


def read(connection: Connection, archive: Archive, row: Row) -> Given:
    """The opinion of a row, from the log."""
    opened = archive.read(connection, row["log"], row["index"])
    said = Opinion.decode_body(opened.body)
    return Given(said, opened.issuer, row["log"], row["index"], bytes(row["statement_id"]))


def _declarer(connection: Connection, archive: Archive, stated: declared.Declared) -> bytes:
    gln = operator_of(archive.read(connection, stated.log, stated.index).issuer)
    company = production_rows.company(connection, str(gln))
    if company is None:
        raise NotFound("who declared the footprint is not known here")
    return bytes(company["address"])


def _before(connection: Connection, said: Opinion, issuer: str) -> bytes:
    """What the opinion takes the place of, as the table has it. Raises `Conflict`."""
    rows = repository.newest(connection, bytes.fromhex(said.declared))
    last = next((bytes(row["statement_id"]) for row in rows if row["issuer"] == issuer), None)
    if (last.hex() if last else None) != said.supersedes:
        raise Conflict(
            f"your last opinion on this declared footprint is {last.hex()}, which this does not supersede"
            if last
            else "you have no opinion on this declared footprint that could be superseded"
        )
    return last or bytes.fromhex(said.declared)
