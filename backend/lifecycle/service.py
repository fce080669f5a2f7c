"""Attaching a stage to a recorded lot: calculated by the factors in use, signed by the lot's maker, logged."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from backend.errors import NotFound
from backend.footprints import sets as factor_sets
from backend.lifecycle import repository
from backend.lifecycle.repository import Row
from backend.production import recording
from backend.production import service as production
from backend.production.statements import Archive, Desk
from leafproof import body, lifecycle
from leafproof.factors import Factor
from leafproof.footprint import FactorRef
from leafproof.lifecycle import Basis, Lifecycle, Line, StageName
from leafproof.values import Gln, Lot


def attach(
    connection: Connection,
    desk: Desk,
    lot: Lot,
    stage: StageName,
    basis: Basis,
    name: str,
    assumptions: str,
    tonnes: str,
    lines: Sequence[Line],
) -> Row:
    """Log a stage of a lot, in place of the last one of its name; the same again is the same statement. Factors
    are named by their ids in the set in use. Raises `InvalidInput` naming the field, `NotFound`.
    """
    row = recording.current(connection, lot)
    if row is None:
        raise NotFound(f"lot {lot} has no record yet")
    record = recording.read(connection, desk, row)
    place = production.facility(connection, Gln(record.facility), lock=True)
    issuer, log = Gln(place["company"]), desk.log(row["log"])
    used = factor_sets.set_in_use(connection, desk, log)
    cited = tuple(
        msgspec.structs.replace(one, factor=used.ref(one.factor.id)) if one.factor else one for one in lines
    )
    before = _last(connection, lot, stage, name)
    base = Lifecycle(str(lot.gtin), str(lot.code), stage, basis, name, assumptions, tonnes, cited, "0")
    made = lifecycle.calculate(base, lambda ref: _factor(connection, desk, ref))
    if before is not None:
        if msgspec.structs.replace(read(connection, desk, before), supersedes=None) == made:
            return before
        made = msgspec.structs.replace(made, supersedes=bytes(before["statement_id"]).hex())
    logged = desk.put(connection, log, issuer, lot.urn, body.LIFECYCLE_STAGE, made.encode_body())
    repository.insert(
        connection,
        gtin=made.gtin,
        lot=made.lot,
        stage=stage,
        name=name,
        log=logged.log,
        index=logged.index,
        statement_id=logged.statement_id,
        created_at=desk.now(),
    )
    found = _last(connection, lot, stage, name)
    assert found is not None  # it was just inserted
    return found


def read(connection: Connection, archive: Archive, row: Row) -> Lifecycle:
    """The stage of a row, from the log."""
    return Lifecycle.decode_body(archive.read(connection, row["log"], row["index"]).body)


def _last(connection: Connection, lot: Lot, stage: str, name: str) -> Row | None:
    rows = repository.newest(connection, str(lot.gtin), str(lot.code))
    return next((row for row in rows if (row["stage"], row["name"]) == (stage, name)), None)


def _factor(connection: Connection, archive: Archive, ref: FactorRef) -> Factor:
    return factor_sets.set_of(connection, archive, ref.set).content.get(ref.id)
