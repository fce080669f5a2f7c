"""Declared footprints over HTTP: the company of a facility declares, everybody may read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, status
from sqlalchemy import Connection

from backend.access.dependencies import require
from backend.access.service import WRITE_PRODUCTION, ApiKey
from backend.context import Context, context_of
from backend.database import reading, transaction
from backend.declared import repository, service
from backend.declared.schemas import DeclaredOut, DeclareIn
from backend.declared.service import Declared
from backend.production import moments
from backend.production import service as production
from backend.production.statements import Desk
from backend.production.worker import desk_of
from leafproof import clock, values
from leafproof.values import Gln, Gtin

router = APIRouter(prefix="/v1", tags=["declared footprints"])
Shared = Annotated[Context, Depends(context_of)]
Writer = Annotated[ApiKey, Depends(require(WRITE_PRODUCTION))]


def _desk(context: Shared) -> Desk:
    return desk_of(context)


At = Annotated[Desk, Depends(_desk)]


@router.post("/facilities/{gln}/declared-footprints", status_code=status.HTTP_201_CREATED)
def declare(context: Shared, desk: At, key: Writer, gln: str, asked: DeclareIn) -> DeclaredOut:
    """The mean of all recorded lots of the period, signed and logged; a newer one supersedes. Asked again while no
    lot came or changed, it is the same statement."""
    facility, gtin = Gln.parse(gln), Gtin.parse(asked.gtin)
    with transaction(context.engine) as connection:
        place = production.facility(connection, facility)
        key.check_operator(Gln(place["company"]))
        start = moments.parse(asked.start, place["zone"], "from")
        end = moments.parse(asked.end, place["zone"], "to")
        return _out(connection, desk, service.declare(connection, desk, facility, gtin, start, end, asked.profile))


@router.get("/facilities/{gln}/declared-footprints")
def list_declared(
    context: Shared, desk: At, gln: str, gtin: Annotated[str | None, Query(max_length=14)] = None
) -> list[DeclaredOut]:
    """Every declared footprint of a facility, or of a product there, the superseded ones too."""
    facility = Gln.parse(gln)
    with reading(context.engine) as connection:
        production.facility(connection, facility)
        rows = repository.all_of(connection, str(facility), str(Gtin.parse(gtin)) if gtin else None)
        return [_out(connection, desk, service.read(connection, desk, row)) for row in rows]


@router.get("/declared-footprints/{statement_id}")
def get_declared(context: Shared, desk: At, statement_id: str) -> DeclaredOut:
    """One declared footprint."""
    with reading(context.engine) as connection:
        found = service.find(connection, desk, values.digest(statement_id, "statement_id"))
        return _out(connection, desk, found)


def _out(connection: Connection, desk: Desk, one: Declared) -> DeclaredOut:
    stated = one.stated
    return DeclaredOut(
        log_id=desk.log(one.log).ref.log_id,
        index=one.index,
        statement_id=one.statement_id,
        gtin=stated.gtin,
        facility=stated.facility,
        start=stated.start,
        end=stated.end,
        method=stated.method,
        size=stated.size,
        per_tonne=stated.per_tonne,
        count=stated.count,
        mass=stated.mass,
        least=stated.least,
        greatest=stated.greatest,
        primary_data_share=stated.primary_data_share,
        status=stated.status,
        supersedes=stated.supersedes,
        issued_at=clock.utc_text(one.issued_at),
        waiting=repository.waiting(connection, stated.facility, stated.gtin, *stated.window),
    )
