"""Stages after the gate over HTTP: a lot's maker attaches them, everybody reads."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, status
from sqlalchemy import Connection

from backend.access.dependencies import require
from backend.access.service import WRITE_PRODUCTION, ApiKey
from backend.context import Context, context_of
from backend.database import reading, transaction
from backend.lifecycle import repository, service
from backend.lifecycle.repository import Row
from backend.lifecycle.schemas import StageIn, StageOut
from backend.production import runs
from backend.production import service as production
from backend.production.statements import Desk
from backend.production.worker import desk_of
from leafproof.values import Gln, Lot

router = APIRouter(prefix="/v1", tags=["stages after the gate"])
Shared = Annotated[Context, Depends(context_of)]
Writer = Annotated[ApiKey, Depends(require(WRITE_PRODUCTION))]


@router.post("/lots/{gtin}/{lot:path}/stages", status_code=status.HTTP_201_CREATED)
def attach(context: Shared, key: Writer, gtin: str, lot: str, asked: StageIn) -> StageOut:
    """What carrying, installing, using or recycling the lot emits; a newer one of the same stage and name
    supersedes. It is never added to the footprint."""
    found, desk = Lot.parse(gtin, lot), desk_of(context)
    with transaction(context.engine) as connection:
        place = production.facility(connection, Gln(runs.find_of_lot(connection, found)["facility"]))
        key.check_operator(Gln(place["company"]))
        lines = [one.value() for one in asked.lines]
        named = (asked.stage, asked.basis, asked.name, asked.assumptions, asked.tonnes)
        return _out(connection, desk, service.attach(connection, desk, found, *named, lines))


@router.get("/lots/{gtin}/{lot:path}/stages")
def list_stages(context: Shared, gtin: str, lot: str) -> list[StageOut]:
    """The lot's stages after the gate."""
    found, desk = Lot.parse(gtin, lot), desk_of(context)
    with reading(context.engine) as connection:
        rows = repository.newest(connection, str(found.gtin), str(found.code))
        return [_out(connection, desk, row) for row in rows]


def _out(connection: Connection, desk: Desk, row: Row) -> StageOut:
    return StageOut(
        log_id=desk.log(row["log"]).ref.log_id,
        index=row["index"],
        statement_id=bytes(row["statement_id"]),
        stated=msgspec.to_builtins(service.read(connection, desk, row)),
    )
