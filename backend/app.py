"""The HTTP application: routers, errors, the guard around every request, and the workers' life."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool

from backend import health, problems
from backend.context import Context
from backend.guard import Guard
from backend.kept import Kept, Store, Variant
from backend.metrics import HttpMetrics, StateCollector
from backend.stamps import Watch
from backend.workers import Worker


class _Application(FastAPI):
    """FastAPI, but for what its OpenAPI document says of errors."""

    def openapi(self) -> dict[str, Any]:
        """The document, made at the first request for it."""
        if self.openapi_schema is None:
            with warnings.catch_warnings():  # GET and HEAD share an operation; HEAD is taken out again
                warnings.filterwarnings("ignore", message="Duplicate Operation ID")
                problems.describe(super().openapi())
        return super().openapi()


def create_app(
    context: Context,
    workers: Sequence[Worker] = (),
    routers: Sequence[APIRouter] = (health.router,),
    kept: Mapping[str, Variant] = MappingProxyType({}),
) -> FastAPI:
    """The application; its workers start before the first request and stop, in reverse, after the last.
    `kept` names the addresses of which answers may be kept (`backend.kept`)."""

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        started: list[Worker] = []
        try:
            for worker in workers:
                await run_in_threadpool(worker.start)
                started.append(worker)
            yield
        finally:
            for worker in reversed(started):
                await run_in_threadpool(worker.stop)

    app = _Application(
        title="Leafproof",
        version=version("leafproof"),
        description="Evidence behind green labels. Check what you read here against the chain.",
        lifespan=life,
        docs_url=None,  # these two load scripts from elsewhere; /openapi.json is what tools need
        redoc_url=None,
    )
    app.state.context = context
    app.state.workers = tuple(workers)
    problems.install(app)
    for router in routers:
        app.include_router(router)
    app.add_middleware(Kept, watch=Watch(context.engine), variants=kept, store=Store())
    metrics = HttpMetrics(context.registry)
    context.registry.register(StateCollector(context, workers))
    app.add_middleware(Guard, metrics=metrics, secure=context.settings.url.startswith("https://"))
    return app
