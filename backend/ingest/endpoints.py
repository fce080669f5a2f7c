"""Ingest over HTTP: who is heard, who is not and why, and what a facility metered.

Who sends what is for those who run the server; load curves are for the tier of authorities, as frames are.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from backend.access.dependencies import Caller, require
from backend.access.service import ADMIN, ApiKey
from backend.access.tiers import Tier
from backend.context import Context, context_of
from backend.database import reading
from backend.errors import NotAllowed, NotAuthenticated
from backend.ingest import energy, quarantine, repository, waiting
from backend.ingest.energy import EnergyOut, Grain
from backend.ingest.plans import LoggedPlans
from backend.ingest.schemas import EquivocationPage, GatewayList, QuarantinePage
from leafproof import clock, values
from leafproof.values import Gln

MAX_PAGE = 200
MAX_GATEWAYS = 1_000
EPOCHS = 3  # the newest of each gateway

router = APIRouter(prefix="/v1", tags=["ingest"])
Shared = Annotated[Context, Depends(context_of)]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]
Number = Annotated[int, Query(ge=0, lt=2**63)]
_admin = [Depends(require(ADMIN))]


@router.get("/gateways", dependencies=_admin)
def list_gateways(context: Shared) -> GatewayList:
    """All gateways with their streams, and the keys that nobody has registered yet."""
    with reading(context.engine) as connection:
        return GatewayList(
            gateways=repository.gateway_list(connection, EPOCHS, MAX_GATEWAYS),
            waiting=waiting.summary(connection, MAX_PAGE),
        )


@router.get("/quarantine", dependencies=_admin)
def list_quarantine(context: Shared, limit: Limit = 50, before: Number | None = None) -> QuarantinePage:
    """What was not authentic, the newest first, and how much of it there was."""
    with reading(context.engine) as connection:
        return quarantine.page(connection, before, limit)


@router.get("/equivocations", dependencies=_admin)
def list_equivocations(context: Shared, limit: Limit = 50, after: Number = 0) -> EquivocationPage:
    """Where a gateway said two things at one place of its stream."""
    with reading(context.engine) as connection:
        return repository.equivocation_page(connection, after, limit)


@router.get("/facilities/{gln}/energy")
def get_energy(
    context: Shared,
    caller: Caller,
    gln: str,
    start: Annotated[str, Query(alias="from", description="such as 2018-01-01T00:00:00Z")],
    end: Annotated[str, Query(alias="to")],
    grain: Grain = Grain.HOUR,
) -> EnergyOut:
    """What the gateways of a facility metered, from the rollups."""
    facility = Gln.parse(gln)
    first, last = clock.utc_seconds(start, "from"), clock.utc_seconds(end, "to")
    with reading(context.engine) as connection:
        # By operator: anybody's gateway may write any facility's name.
        shown = [o for o in repository.operators_of(connection, facility.digits) if _may_read(caller, Gln(o))]
        if not shown:
            needed = f"the energy of {facility} is for keys of the tier {Tier.AUTHORITY.word}"
            raise NotAuthenticated(needed) if caller is None else NotAllowed(f"{needed}, and there may be none")
        return energy.energy(connection, LoggedPlans(), facility.digits, shown, (first, last), grain)


def _may_read(caller: ApiKey | None, operator: Gln) -> bool:
    return caller is not None and caller.tier(values.party_uri(operator)) >= Tier.AUTHORITY
