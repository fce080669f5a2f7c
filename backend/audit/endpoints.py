"""What `leafproof audit replay --url` reads: the same chunks and sums as in an export, by access tier."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from backend.access.dependencies import Caller, require, tier_of
from backend.access.service import READ_AUDITOR, ApiKey
from backend.access.tiers import Tier
from backend.audit import service
from backend.context import Context, context_of
from backend.database import reading
from backend.errors import NotFound
from backend.log.service import HostedLog
from backend.received import bundles as received
from backend.received import repository as received_rows
from leafproof import values
from leafproof.bundle import MEDIA_TYPE
from leafproof.replay import export
from leafproof.values import Lot

router = APIRouter(prefix="/v1/audit/logs/{log_id}", tags=["audit"])
Shared = Annotated[Context, Depends(context_of)]
_PRIVATE = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}


def _hosted(context: Shared, log_id: str) -> HostedLog:
    return context.logs.by_id(values.digest(log_id, "log_id"))


Hosted = Annotated[HostedLog, Depends(_hosted)]
Auditor = Annotated[ApiKey, Depends(require(READ_AUDITOR))]


@router.get("/chunks/{number}", response_class=Response)
def get_chunk(
    context: Shared, hosted: Hosted, number: Annotated[int, Path(ge=0, lt=2**48)], caller: Caller
) -> Response:
    """256 entries as CBOR, each with its body where the caller's tier may see it."""
    with reading(context.engine) as connection:
        entries = service.chunk(connection, hosted.log, number, lambda issuer: tier_of(caller, issuer))
    return Response(export.encode_chunk(entries), media_type="application/cbor", headers=_PRIVATE)


@router.get("/received")
def count_received(context: Shared, hosted: Hosted, caller: Auditor) -> dict[str, int]:
    """How many lots of other companies were taken in here."""
    with reading(context.engine) as connection:
        return {"lots": received_rows.count(connection)}


@router.get("/received/{number}", response_class=Response)
def get_received(
    context: Shared, hosted: Hosted, number: Annotated[int, Path(ge=0, lt=2**31)], caller: Auditor
) -> Response:
    """The bundle of a received lot, by its place among all: what suppliers gave to this server's own people is for
    auditors of the whole server, what they gave to everybody for any."""
    tier = Tier.AUDITOR if caller.operator is None else Tier.PUBLIC
    with reading(context.engine) as connection:
        row = received_rows.nth(connection, number)
        if row is None:
            raise NotFound(f"fewer than {number + 1} lots were taken in")
        logs = [one.log for one in context.logs]
        found = received.whole(connection, Lot.parse(row["gtin"], row["lot"]), logs, tier)
    return Response(found.encode(), media_type=MEDIA_TYPE, headers=_PRIVATE)


@router.get("/rollups", response_class=Response)
def get_rollups(context: Shared, hosted: Hosted, caller: Auditor) -> Response:
    """The derived sums of the operators whom the key is for, and how many entries the log had then, as canonical
    JSON: both from one moment."""
    with reading(context.engine) as connection:
        found = export.SumsAt(hosted.log.size(connection), service.sums(connection, hosted.log, caller.tier))
    return Response(found.encode(), media_type="application/json", headers=_PRIVATE)
