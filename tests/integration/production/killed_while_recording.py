"""A backend that records closed runs until it is killed."""

from __future__ import annotations

import multiprocessing
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import Engine

from backend import database
from backend.log.service import stored_logs
from tests.integration.production.works import Works

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


def start(engine: Engine, keys: Path) -> BaseProcess:
    """Such a process."""
    url = engine.url.render_as_string(hide_password=False)
    process = _CONTEXT.Process(target=_record, args=(url, keys))
    process.start()
    return process


def _record(url: str, keys: Path) -> None:
    engine = database.create(url)
    with database.reading(engine) as connection:
        (log,) = stored_logs(connection)
    works = Works(engine, log, keys)
    while True:
        works.recorder().step()
