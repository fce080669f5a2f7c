"""Received lots over HTTP: a buyer sends his supplier's bundle, and sees what he can take in of it."""

from __future__ import annotations

import time
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response, status
from starlette.concurrency import run_in_threadpool

from backend import problems
from backend.access.dependencies import require
from backend.access.service import WRITE_PRODUCTION, ApiKey
from backend.access.tiers import Tier
from backend.anchor.registry import Registry
from backend.context import Context, context_of
from backend.database import reading
from backend.passports import upload
from backend.passports.endpoints import passports_of
from backend.passports.service import Passports
from backend.received import holdings, service
from backend.received.schemas import HoldingOut, HoldingPage, ReceivedOut
from backend.received.service import Received, Refused
from leafproof import clock, units
from leafproof.errors import InvalidInput, Malformed
from leafproof.numbers import rounded
from leafproof.values import Gln

MAX_PAGE = 200
QUANTUM = units.parse_decimal("0.000001", "quantum")  # tonnes: a gram

router = APIRouter(prefix="/v1", tags=["received lots"])
Shared = Annotated[Context, Depends(context_of)]
Writer = Annotated[ApiKey, Depends(require(WRITE_PRODUCTION))]
Judge = Annotated[Passports, Depends(passports_of)]
GivenTo = Annotated[Literal["public", "buyer", "authority", "auditor"], Query()]


@router.post(
    "/received-lots",
    status_code=status.HTTP_201_CREATED,
    response_model=ReceivedOut,
    openapi_extra=upload.OPENAPI,
)
async def take_in(
    request: Request, context: Shared, passports: Judge, key: Writer, given_to: GivenTo = "buyer"
) -> ReceivedOut | Response:
    """Take in a supplier's bundle: verified by this server's trust file and chain, and kept as evidence of what is
    made from its lot. `given_to` says to whom the supplier gives this very bundle: what he gives to the `public`
    is shown to everybody here too. The same bundle again changes nothing, a newer one adds.

    A bundle in which a check fails is refused; the problem's `errors` name each failed check, and why."""
    if (refused := upload.other_kind(request)) is not None:
        return refused
    data = await upload.read(request)
    tier, now = Tier[given_to.upper()], int(time.time())

    def work() -> Received:
        return service.take_in(context.engine, context.logs, passports, data, tier, now, upload.MAX_UPLOAD)

    try:
        found = await run_in_threadpool(work)
    except Refused as error:
        return problems.problem(422, error.message, faults=error.faults)
    except InvalidInput as error:
        raise Malformed(error.field, error.reason) from error
    return ReceivedOut(
        gtin=str(found.lot.gtin),
        lot=str(found.lot.code),
        operator=found.operator,
        issuer=found.issuer,
        footprints=found.footprints,
        statements=found.statements,
        verdict=found.report.verdict(),
        checks=[check.to_json() for check in found.report.checks],
    )


@router.get("/received-lots")
def list_received(
    context: Shared,
    key: Writer,
    company: Annotated[str, Query(max_length=20, description="GLN of the operator who takes in")],
    after: Annotated[str, Query(max_length=40, description="the last page's `next`")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> HoldingPage:
    """Lots whose bundles were received, and how much of each a company can still take in, by the chain's final
    blocks."""
    gln = Gln.parse(company, "company")
    key.check_operator(gln)
    gtin, _, code = after.partition("/")
    registry = Registry(context.settings.trust())
    with reading(context.engine) as connection:
        found = list(holdings.of_company(connection, registry, gln, (gtin, code), limit))
    listed = [_out(one) for one in found]
    return HoldingPage(lots=listed, next=str(found[-1].lot) if len(found) == limit else None)


def _out(one: holdings.Holding) -> HoldingOut:
    return HoldingOut(
        gtin=str(one.lot.gtin),
        lot=str(one.lot.code),
        operator=bytes(one.row["operator"]),
        issuer=one.row["issuer"],
        received_at=clock.utc_text(one.row["received_at"]),
        held=f"{rounded(one.tonnes, QUANTUM):f}",
        current=one.current,
    )
