"""For whoever operates this: does it live, does it do its work, what are its figures."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from backend.context import Context, context_of
from backend.database import reading
from backend.errors import LogDamaged

router = APIRouter(tags=["operations"])
Shared = Annotated[Context, Depends(context_of)]
_log = structlog.get_logger(__name__)
OK = "ok"


class Health(BaseModel):
    """The process lives."""

    status: str = OK


class Readiness(BaseModel):
    """Each part by its name: `ok`, or one sentence saying what is wrong."""

    ready: bool
    checks: dict[str, str]


@router.api_route("/healthz", methods=["GET", "HEAD"], operation_id="healthz")
def healthz() -> Health:
    """200 as long as the process can answer."""
    return Health()


@router.api_route("/readyz", methods=["GET", "HEAD"], operation_id="readyz", responses={503: {"model": Readiness}})
def readyz(request: Request, response: Response, context: Shared) -> Readiness:
    """200 when every part does its work, else 503; either way each part is named."""
    checks = _storage(context)
    checks |= {worker.name: worker.ready() or OK for worker in request.app.state.workers}
    ready = all(word == OK for word in checks.values())
    response.status_code = 200 if ready else 503
    response.headers["Cache-Control"] = "no-store"
    return Readiness(ready=ready, checks=checks)


@router.get("/metrics", response_class=Response)
def metrics(context: Shared) -> Response:
    """Prometheus' text form."""
    return Response(generate_latest(context.registry), media_type=CONTENT_TYPE_LATEST)


def _storage(context: Context) -> dict[str, str]:
    checks = {"database": OK}
    try:
        with reading(context.engine) as connection:
            for hosted in context.logs:
                checks[f"log {hosted.name}"] = OK
                hosted.log.head(connection)
    except SQLAlchemyError as error:
        _log.warning("the database does not answer", error=type(error).__name__)
        checks["database"] = "does not answer"
    except LogDamaged as error:
        checks[f"log {hosted.name}"] = str(error)
    return checks
