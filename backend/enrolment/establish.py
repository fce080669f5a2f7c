"""What a new server puts into its log and onto the chain, once."""

from __future__ import annotations

from backend import database
from backend.context import Context
from backend.enrolment import service
from backend.footprints import sets as factor_sets
from backend.log.hosting import open_logs
from backend.production.worker import desk_of
from backend.settings import Settings
from leafproof.values import Gln


def establish(settings: Settings, steward: Gln, name: str) -> None:
    """Admit the steward, open this server's logs, log the shipped factor sets; again, it does nothing.

    Raises `InvalidInput`, `Conflict`, `SettingsError`.
    """
    engine = database.open_engine(settings)
    try:
        database.check_schema(engine)
        context = Context(settings, engine, open_logs(settings, engine))
        with database.transaction(engine) as connection:
            service.admit_operator(connection, context, steward, name)
            for hosted in context.logs:
                service.open_log(connection, context, hosted, steward)
                for file in (factor_sets.STARTER_SET, factor_sets.SOURCES_SET):
                    content = factor_sets.shipped_set(file)
                    factor_sets.use_set(connection, desk_of(context), hosted.log, steward, content)
    finally:
        engine.dispose()
