"""What the parts of one running backend share; `backend.bootstrap` makes it, `backend.app` hands it on.

An endpoint takes it as `context: Annotated[Context, Depends(context_of)]`, a worker by its constructor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import Request
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from backend.log.service import HostedLogs
from backend.settings import Settings
from backend.workers import Worker


@dataclass(frozen=True, slots=True)
class Context:
    """Settings, database, logs, workers, and the registry that `/metrics` shows."""

    settings: Settings
    engine: Engine
    logs: HostedLogs
    workers: Sequence[Worker] = ()
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)


def context_of(request: Request) -> Context:
    """The running backend's context, for FastAPI's `Depends`."""
    context = request.app.state.context
    assert isinstance(context, Context)
    return context
