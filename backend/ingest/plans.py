"""The newest metering plan of a facility: how its readings are named, and in which zone its days are."""

from __future__ import annotations

from typing import Protocol

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.errors import LogDamaged
from backend.log.tables import bodies
from backend.production.tables import metering_plans
from leafproof.errors import InvalidInput
from leafproof.metering import MeteringPlan


class PlanDirectory(Protocol):
    """The metering plans that facilities have."""

    def plan(self, connection: Connection, facility: str) -> MeteringPlan | None:
        """The newest plan of the facility (GLN); None where there is none."""

    def versions(self, connection: Connection) -> dict[str, int]:
        """The newest version of each facility that has a plan."""


class LoggedPlans:
    """The plans that the log holds, as `backend.production` keeps track of them."""

    def plan(self, connection: Connection, facility: str) -> MeteringPlan | None:
        """See `PlanDirectory`. Raises `LogDamaged`."""
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
            raise LogDamaged(f"the metering plan of {facility} cannot be read: {error}") from error

    def versions(self, connection: Connection) -> dict[str, int]:
        """See `PlanDirectory`."""
        newest = sa.func.max(metering_plans.c.version)
        rows = connection.execute(sa.select(metering_plans.c.facility, newest).group_by(metering_plans.c.facility))
        return {row[0]: row[1] for row in rows}
