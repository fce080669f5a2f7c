"""The one place where a backend is put together: settings in, everything that runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastapi import FastAPI
from sqlalchemy import Engine

from backend import database
from backend.app import create_app
from backend.context import Context
from backend.log.fsck import Check
from backend.log.keys import log_id, log_key
from backend.log.service import HostedLog, HostedLogs, open_log
from backend.settings import Settings
from backend.workers import Worker
from leafproof.envelope import LogRef

WorkerFactory = Callable[[Context], Worker]
# What runs beside the server, in the order of starting: each takes the context and connects to nothing yet.
WORKERS: tuple[WorkerFactory, ...] = ()
# What `leafproof backend fsck` looks at beside the logs themselves: tables that derive from them.
CHECKS: tuple[Check, ...] = ()

open_engine = database.open_engine


def open_logs(settings: Settings, engine: Engine) -> HostedLogs:
    """The logs of this server's partitions, made in the database at the first start.
    Raises `SettingsError`, `Conflict`."""
    trust, owner = settings.trust(), settings.owner()
    hosted: list[HostedLog] = []
    for partition in settings.partitions:
        name = settings.name_of_log(partition)
        ref = LogRef(trust.chain_id, trust.log_contract, log_id(owner, name))
        key = log_key(settings.keys_folder, ref.log_id)
        with database.transaction(engine) as connection:
            log = open_log(connection, ref, name, partition, key.public.key_id)
        hosted.append(HostedLog(log, key))
    return HostedLogs(hosted)


def build(settings: Settings, engine: Engine, workers: Sequence[WorkerFactory] = WORKERS) -> FastAPI:
    """The whole backend as an application. Raises `SettingsError`, `Conflict`."""
    database.check_schema(engine)
    context = Context(settings, engine, open_logs(settings, engine))
    return create_app(context, [make(context) for make in workers])
