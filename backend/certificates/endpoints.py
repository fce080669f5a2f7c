"""Certificates over HTTP. Stating and claiming need `write:production` for the beneficiary; cancellations and
claims are public, as they are in the log and on the chain."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Depends, status
from sqlalchemy import Connection

from backend.access.dependencies import require
from backend.access.service import WRITE_PRODUCTION, ApiKey
from backend.anchor.registry import Registry
from backend.certificates import repository, service
from backend.certificates import schemas as s
from backend.context import Context, context_of
from backend.database import reading, transaction
from backend.production.schemas import StatementOut
from backend.production.status import place
from backend.production.worker import desk_of
from leafproof.certificate import Cancellation
from leafproof.structs import convert
from leafproof.values import Gln, Lot, digest

router = APIRouter(prefix="/v1/certificates", tags=["certificates"])
Shared = Annotated[Context, Depends(context_of)]
Writer = Annotated[ApiKey, Depends(require(WRITE_PRODUCTION))]


@router.post("", status_code=status.HTTP_201_CREATED)
def state(context: Shared, key: Writer, cancellation: Annotated[dict[str, Any], Body()]) -> StatementOut:
    """State a cancellation (`leafproof.certificate.Cancellation` as JSON) in its beneficiary's name, logged at
    once. The same again is the first one."""
    stated = convert(cancellation, Cancellation, "cancellation")
    stated.check()
    key.check_operator(Gln(stated.beneficiary))
    desk = desk_of(context)
    with transaction(context.engine) as connection:
        logged = service.state(connection, desk, stated)
    return place(desk, logged.log, logged.index, logged.statement_id)


@router.get("/{statement_id}")
def show(context: Shared, statement_id: str) -> s.CancellationOut:
    """A cancellation with the claims of its serials."""
    wanted = digest(statement_id, "id")
    registry = Registry(context.settings.trust())
    with reading(context.engine) as connection:
        return _shown(connection, context, registry, wanted)


def _shown(connection: Connection, context: Context, registry: Registry, statement_id: bytes) -> s.CancellationOut:
    desk = desk_of(context)
    logged, stated = service.read(connection, desk, statement_id)
    first, last = stated.serials
    standing = [
        s.StandingOut(
            operator=one.operator,
            subject=one.subject,
            first=str(one.first),
            last=str(one.last),
            footprint=one.footprints[-1].footprint,
            block_number=one.moment.block_number,
            attested_by=one.attested.registrar if one.attested else None,
        )
        for one in registry.claims(connection, stated.registry_id)
        if one.rejected is None and one.first <= last and first <= one.last
    ]
    asked = [
        s.ClaimOut(**{name: row[name] for name in s.ClaimOut.model_fields})
        for row in repository.claims_of(connection, statement_id)
    ]
    return s.CancellationOut(
        id=statement_id,
        log_id=desk.log(logged.log).ref.log_id,
        index=logged.index,
        cancellation=msgspec.to_builtins(stated),
        asked=asked,
        standing=standing,
    )


@router.post("/{statement_id}/claims", status_code=status.HTTP_202_ACCEPTED)
def claim(context: Shared, key: Writer, statement_id: str, asked: s.ClaimIn) -> s.AskedOut:
    """Claim serials of the cancellation for a lot's newest footprint. Serials that are claimed already are refused
    here, or by the contract; those that the lot itself holds are told its newest footprint."""
    wanted, lot = digest(statement_id, "id"), Lot.parse(asked.gtin, asked.lot)
    desk, registry = desk_of(context), Registry(context.settings.trust())
    with transaction(context.engine) as connection:
        _, stated = service.read(connection, desk, wanted)
        key.check_operator(Gln(stated.beneficiary))
        made = service.claim(connection, desk, registry, wanted, lot, asked.first, asked.last)
    return s.AskedOut(transaction=made)
