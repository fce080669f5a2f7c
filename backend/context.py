"""What the parts of one running backend share; `backend.bootstrap` makes it, `backend.app` hands it on.

An endpoint takes it as `context: Annotated[Context, Depends(context_of)]`, a worker by its constructor.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import Request
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from backend.log.service import HostedLogs
from backend.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """Settings, database, logs, and the registry that `/metrics` shows: every metric names it explicitly."""

    settings: Settings
    engine: Engine
    logs: HostedLogs
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)


def context_of(request: Request) -> Context:
    """The running backend's context, for FastAPI's `Depends`."""
    context = request.app.state.context
    assert isinstance(context, Context)
    return context
