"""Footprints' SQL: a function is one question or one change inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.footprints.tables import (
    energy_periods,
    facility_factors,
    facility_profiles,
    factor_sets,
    footprints,
    product_methods,
    refusals,
)

Row = sa.RowMapping


def insert_set(connection: Connection, **values: Any) -> None:
    """A set that was just logged."""
    connection.execute(sa.insert(factor_sets).values(**values))


def sets(connection: Connection, log: int) -> list[Row]:
    """The sets of a log, in the order in which they came into use."""
    query = sa.select(factor_sets).where(factor_sets.c.log == log).order_by(factor_sets.c.number)
    return list(connection.execute(query).mappings())


def set_by_statement(connection: Connection, statement_id: bytes) -> Row | None:
    """The set that this statement is."""
    query = sa.select(factor_sets).where(factor_sets.c.statement_id == statement_id)
    return connection.execute(query).mappings().one_or_none()


def put_factors(connection: Connection, facility: str, profile: str, subject: str, factors: str) -> None:
    """Use these factors (a JSON list) from now on."""
    where = {"facility": facility, "profile": profile, "subject": subject}
    _put(connection, facility_factors, where, {"factors": factors})


def factors_of(connection: Connection, facility: str, profile: str) -> dict[str, str]:
    """JSON lists of factor ids by subject: those for all profiles, and this one's own instead of them."""
    query = (
        sa.select(facility_factors.c.subject, facility_factors.c.factors)
        .where(facility_factors.c.facility == facility, facility_factors.c.profile.in_(("", profile)))
        .order_by(facility_factors.c.profile)
    )
    return {row.subject: row.factors for row in connection.execute(query)}


def put_profiles(connection: Connection, facility: str, profiles: Sequence[str]) -> None:
    """By which profiles the facility computes from now on, the main one first."""
    connection.execute(sa.delete(facility_profiles).where(facility_profiles.c.facility == facility))
    for place, name in enumerate(profiles):
        connection.execute(sa.insert(facility_profiles).values(facility=facility, place=place, profile=name))


def profiles_of(connection: Connection, facility: str) -> list[str]:
    """The facility's profiles, the main one first."""
    query = sa.select(facility_profiles.c.profile).where(facility_profiles.c.facility == facility)
    return list(connection.scalars(query.order_by(facility_profiles.c.place)))


def put_product(connection: Connection, gtin: str, method: str) -> None:
    """What profiles must know of the product."""
    _put(connection, product_methods, {"gtin": gtin}, {"method": method})


def product_method(connection: Connection, gtin: str) -> str | None:
    """What is known of the product, as JSON."""
    return connection.scalar(sa.select(product_methods.c.method).where(product_methods.c.gtin == gtin))


def refuse(connection: Connection, gtin: str, lot: str, profile: str, rule: str, reason: str) -> None:
    """Why the lot has no newer footprint by the profile."""
    where = {"gtin": gtin, "lot": lot, "profile": profile}
    _put(connection, refusals, where, {"rule": rule, "reason": reason})


def allow(connection: Connection, gtin: str, lot: str, profile: str) -> None:
    """It has one now."""
    where = (refusals.c.gtin == gtin, refusals.c.lot == lot, refusals.c.profile == profile)
    connection.execute(sa.delete(refusals).where(*where))


def refused(connection: Connection, gtin: str, lot: str) -> list[Row]:
    """What profiles refuse of the lot, by profile."""
    query = sa.select(refusals).where(refusals.c.gtin == gtin, refusals.c.lot == lot)
    return list(connection.execute(query.order_by(refusals.c.profile)).mappings())


def insert_period(connection: Connection, **values: Any) -> None:
    """A period that was just closed."""
    connection.execute(sa.insert(energy_periods).values(**values))


def periods(connection: Connection, facility: str) -> list[Row]:
    """The facility's periods, in the order in which they were closed."""
    query = sa.select(energy_periods).where(energy_periods.c.facility == facility)
    return list(connection.execute(query.order_by(energy_periods.c.number)).mappings())


def period_by_statement(connection: Connection, statement_id: bytes) -> Row | None:
    """The period that this statement is."""
    query = sa.select(energy_periods).where(energy_periods.c.statement_id == statement_id)
    return connection.execute(query).mappings().one_or_none()


def _put(connection: Connection, table: sa.Table, where: dict[str, Any], values: dict[str, Any]) -> None:
    """Update the row of that key, or insert it."""
    keys = [table.c[name] == value for name, value in where.items()]
    if not connection.execute(sa.update(table).where(*keys).values(**values)).rowcount:
        connection.execute(sa.insert(table).values(**where, **values))


def insert_footprint(connection: Connection, **values: Any) -> None:
    """A new version."""
    connection.execute(sa.insert(footprints).values(**values))


def versions(connection: Connection, gtin: str, lot: str) -> list[Row]:
    """All versions of a lot's footprint, in order."""
    query = sa.select(footprints).where(footprints.c.gtin == gtin, footprints.c.lot == lot)
    return list(connection.execute(query.order_by(footprints.c.version)).mappings())


def by_statement(connection: Connection, statement_id: bytes) -> Row | None:
    """The footprint that this statement is."""
    query = sa.select(footprints).where(footprints.c.statement_id == statement_id)
    return connection.execute(query).mappings().one_or_none()
