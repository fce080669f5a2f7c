"""The newest metering plan of a facility: how its readings are named, and in which zone its days are."""

from __future__ import annotations

from typing import Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection

from backend.log.tables import bodies
from backend.production.tables import metering_plans
from leafproof.errors import InvalidInput
from leafproof.plan import MeteringPlan

_log = structlog.get_logger(__name__)


class PlanDirectory(Protocol):
    """The metering plans that facilities have."""

    def plan(self, connection: Connection, facility: str) -> MeteringPlan | None:
        """The newest plan of the facility (GLN); None where there is none that can be read."""

    def versions(self, connection: Connection) -> dict[str, int]:
        """The newest version of each facility that has a plan."""


class LoggedPlans:
    """The plans that the log holds, as `backend.production` keeps track of them."""

    def plan(self, connection: Connection, facility: str) -> MeteringPlan | None:
        """See `PlanDirectory`."""
        stored = connection.execute(
            sa.select(bodies.c.body)
            .join(
                metering_plans, (bodies.c.log == metering_plans.c.log) & (bodies.c.index == metering_plans.c.index)
            )
            .where(metering_plans.c.facility == facility)
            .order_by(metering_plans.c.version.desc())
            .limit(1)
        ).scalar_one_or_none()
        if stored is None:
            return None
        try:
            return MeteringPlan.decode_body(stored)
        except InvalidInput as error:
            # Rollups can be computed anew; frames must be logged. What is wrong with the entry, fsck says.
            _log.error("a stored metering plan cannot be read", facility=facility, error=error.message)
            return None

    def versions(self, connection: Connection) -> dict[str, int]:
        """See `PlanDirectory`."""
        newest = sa.func.max(metering_plans.c.version)
        rows = connection.execute(sa.select(metering_plans.c.facility, newest).group_by(metering_plans.c.facility))
        return {row[0]: row[1] for row in rows}
