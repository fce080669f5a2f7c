"""What `leafproof audit replay --url` reads: the same chunks and sums as in an export, by access tier."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from backend.access.dependencies import Caller, require, tier_of
from backend.access.service import READ_AUDITOR, ApiKey
from backend.audit import service
from backend.context import Context, context_of
from backend.database import reading
from backend.log.service import HostedLog
from leafproof import values
from leafproof.replay import export

router = APIRouter(prefix="/v1/audit/logs/{log_id}", tags=["audit"])
Shared = Annotated[Context, Depends(context_of)]
_PRIVATE = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}


def _hosted(context: Shared, log_id: str) -> HostedLog:
    return context.logs.by_id(values.digest(log_id, "log_id"))


Hosted = Annotated[HostedLog, Depends(_hosted)]


@router.get("/chunks/{number}", response_class=Response)
def get_chunk(
    context: Shared, hosted: Hosted, number: Annotated[int, Path(ge=0, lt=2**48)], caller: Caller
) -> Response:
    """256 entries as CBOR, each with its body where the caller's tier may see it."""
    with reading(context.engine) as connection:
        entries = service.chunk(connection, hosted.log, number, lambda issuer: tier_of(caller, issuer))
    return Response(export.encode_chunk(entries), media_type="application/cbor", headers=_PRIVATE)


@router.get("/rollups", response_class=Response)
def get_rollups(
    context: Shared, hosted: Hosted, caller: Annotated[ApiKey, Depends(require(READ_AUDITOR))]
) -> Response:
    """The derived sums of the operators whom the key is for, and how many entries the log had then, as canonical
    JSON: both from one moment."""
    with reading(context.engine) as connection:
        found = export.SumsAt(hosted.log.size(connection), service.sums(connection, hosted.log, caller.tier))
    return Response(found.encode(), media_type="application/json", headers=_PRIVATE)
