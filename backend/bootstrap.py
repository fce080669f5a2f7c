"""The one place where a backend is put together: settings in, everything that runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastapi import APIRouter, FastAPI
from sqlalchemy import Engine

from backend import database
from backend.anchor.comparison import ComparisonWorker
from backend.anchor.endpoints import router as chain_router
from backend.anchor.registry import Registry
from backend.anchor.workers import AnchorWorker, FollowWorker, TransactionWorker
from backend.app import create_app
from backend.audit.endpoints import router as audit_router
from backend.certificates.endpoints import router as certificates_router
from backend.checkpoints import endpoints as checkpoints
from backend.checkpoints.worker import CheckpointWorker
from backend.classification.endpoints import router as classification_router
from backend.context import Context
from backend.declared.endpoints import router as declared_router
from backend.enrolment.endpoints import router as enrolment_router
from backend.footprints.endpoints import router as footprints_router
from backend.health import router as health_router
from backend.ingest import rollups, streams
from backend.ingest.endpoints import router as ingest_router
from backend.ingest.plans import LoggedPlans
from backend.ingest.worker import IngestWorker
from backend.kept import Variant
from backend.labels.endpoints import router as labels_router
from backend.leases.workers import single
from backend.lifecycle.endpoints import router as lifecycle_router
from backend.log.endpoints import router as log_router
from backend.log.fsck import Check, Repair
from backend.log.hosting import open_logs
from backend.opinions.endpoints import router as opinions_router
from backend.passports import endpoints as passports
from backend.production.endpoints import router as production_router
from backend.production.worker import ProductionWorker
from backend.received.endpoints import router as received_router
from backend.settings import Settings
from backend.web.pages import router as pages_router
from backend.workers import Worker

Workers = Callable[[Context], Sequence[Worker]]
ROUTERS: tuple[APIRouter, ...] = (
    health_router,
    log_router,
    checkpoints.router,
    chain_router,
    enrolment_router,
    ingest_router,
    production_router,
    footprints_router,
    declared_router,
    opinions_router,
    lifecycle_router,
    certificates_router,
    labels_router,
    classification_router,
    received_router,
    passports.router,
    audit_router,
    pages_router,
)
# Of which addresses answers may be kept, and what tells one address's answers apart.
KEPT: dict[str, Variant] = {**passports.KEPT, **checkpoints.KEPT}
# What `leafproof log fsck` looks at, and repairs, beside the logs themselves: tables that derive from them.
# Rollups come last, they find their frames by the gateways' places.
CHECKS: tuple[Check, ...] = (streams.check, rollups.check(LoggedPlans()))
REPAIRS: tuple[Repair, ...] = (streams.repair, rollups.repair(LoggedPlans()))


def workers_of(context: Context) -> Sequence[Worker]:
    """What runs beside the server, in the order of starting; nothing connects before it is started.
    Raises `SettingsError`."""
    anchor = AnchorWorker(context)
    return (
        FollowWorker(context),
        ComparisonWorker(context),
        single(context.engine, anchor),
        single(context.engine, TransactionWorker(context)),
        *((_ingest(context),) if context.settings.ingest else ()),
        single(context.engine, ProductionWorker(context, recorded=anchor.request)),
        single(context.engine, CheckpointWorker(context)),
    )


def ingest_workers_of(context: Context) -> Sequence[Worker]:
    """What runs where only this process's share of the frames is taken. Raises `SettingsError`."""
    return (ComparisonWorker(context), _ingest(context))


def _ingest(context: Context) -> IngestWorker:
    registry = Registry(context.settings.trust())
    return IngestWorker(context, registry, registry, LoggedPlans())


def context_of(settings: Settings, engine: Engine) -> Context:
    """What all parts share. Raises `SettingsError`, `Conflict`."""
    database.check_schema(engine)
    return Context(settings, engine, open_logs(settings, engine))


def build(settings: Settings, engine: Engine, workers: Workers = workers_of) -> FastAPI:
    """The whole backend as an application. Raises `SettingsError`, `Conflict`."""
    context = context_of(settings, engine)
    return create_app(context, workers(context), ROUTERS, KEPT)
