"""Opinions over HTTP: a verifier submits what he signed at home, everybody reads.

No API key is asked for: the signature of a key that is registered on the chain says who it is. How often one
address may submit is bounded as for bundles that are checked.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from backend.access import uploads
from backend.anchor.registry import Registry
from backend.context import Context, context_of
from backend.database import reading, transaction
from backend.declared import service as declared
from backend.opinions import repository, service
from backend.opinions.schemas import OpinionOut
from backend.opinions.service import Given
from backend.production.statements import Desk
from backend.production.worker import desk_of
from leafproof import values
from leafproof.opinion import MAX_FILE, MEDIA_TYPE

router = APIRouter(prefix="/v1", tags=["opinions"])
Shared = Annotated[Context, Depends(context_of)]
File = Annotated[bytes, Depends(uploads.signed("opinion", MAX_FILE))]


@router.post("/opinions", status_code=201, openapi_extra=uploads.described(MEDIA_TYPE))
def submit(context: Shared, data: File) -> OpinionOut:
    """An opinion as `leafproof opinion sign` wrote it, taken into the log of what it is on; the same one again is
    the same entry."""
    desk, registry = desk_of(context), Registry(context.settings.trust())
    with transaction(context.engine) as connection:
        given = service.submit(connection, desk, registry.registered_key, data, desk.now())
    return _out(desk, given)


@router.get("/declared-footprints/{statement_id}/opinions")
def list_opinions(context: Shared, statement_id: str) -> list[OpinionOut]:
    """Every opinion on a declared footprint, the superseded and withdrawn ones too."""
    desk, wanted = desk_of(context), values.digest(statement_id, "statement_id")
    with reading(context.engine) as connection:
        declared.find(connection, desk, wanted)
        rows = repository.all_on(connection, wanted)
        return [_out(desk, service.read(connection, desk, row)) for row in rows]


def _out(desk: Desk, given: Given) -> OpinionOut:
    said = given.said
    return OpinionOut(
        log_id=desk.log(given.log).ref.log_id,
        index=given.index,
        statement_id=given.statement_id,
        issuer=given.issuer,
        declared=said.declared,
        verifier=said.verifier,
        accreditation_body=said.accreditation.body,
        accreditation_number=said.accreditation.number,
        standard=said.standard,
        criteria=said.criteria,
        assurance=said.assurance,
        scope=said.scope,
        start=said.start,
        end=said.end,
        materiality=said.materiality,
        conclusion=said.conclusion,
        reason=said.reason,
        supersedes=said.supersedes,
    )
