"""Who produces what, where, and metered by what: companies, facilities, products, metering plans.

Adding the same thing twice is one thing; adding another thing under a name that is taken is a `Conflict`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from backend.errors import Conflict, NotFound
from backend.production import repository
from backend.production.repository import Row
from backend.production.statements import Archive, Desk, Logged, facility_uri
from leafproof import body, clock
from leafproof.chain.view import Custody, RegisteredKey
from leafproof.errors import InvalidInput
from leafproof.plan import MeteringPlan
from leafproof.record import Tier
from leafproof.values import Gln, Gtin, Party

Disclosure = Literal["open", "restricted"]
Registered = Callable[[Connection, bytes], RegisteredKey | None]
MAX_NAME = 200  # characters of a name for people


@dataclass(frozen=True, slots=True)
class PlanInForce:
    """A metering plan and the statement that says it."""

    plan: MeteringPlan
    log: int
    index: int
    statement_id: bytes


def signer_of(company: str | Party) -> str:
    """The name under which `backend.anchor` keeps the key that signs an operator's transactions."""
    return f"operator-{company}"


def add_company(connection: Connection, gln: Party, name: str, address: bytes) -> None:
    """A legal entity: its party GLN (or LEI, for who has no plant here), and its address as operator on chain
    (20 bytes).

    Raises `InvalidInput`, `Conflict`.
    """
    if len(address) != 20:
        raise InvalidInput("address", "not 20 bytes")
    values = {"gln": str(gln), "name": _name(name), "address": address}
    new = repository.insert_company(connection, **values)
    _same(
        new, repository.company(connection, str(gln)), values, f"company {gln}", "the address is another company's"
    )


def company(connection: Connection, gln: Party) -> Row:
    """Raises `NotFound`."""
    found = repository.company(connection, str(gln))
    if found is None:
        raise NotFound(f"company {gln} is not known here")
    return found


def add_facility(
    connection: Connection,
    desk: Desk,
    gln: Gln,
    *,
    company_gln: Gln,
    name: str,
    country: str,
    zone: str,
    region: str,
    partition: int = 0,
) -> None:
    """A place of production. `country` is ISO 3166-1 alpha-2, `zone` an IANA zone, `region` the grid's name in
    the factor set, `partition` that of its gateways. Raises `InvalidInput`, `Conflict`, `NotFound`."""
    company(connection, company_gln)
    clock.zone(zone)
    desk.of_partition(partition)
    if not (len(country) == 2 and country.isascii() and country.isupper()):
        raise InvalidInput("country", f"{country[:20]!r} is not an ISO 3166-1 code of two letters, such as KR")
    if not (0 < len(region) <= 40 and region.isprintable()):
        raise InvalidInput("region", "not 1 to 40 printable characters")
    values = {
        "gln": str(gln),
        "company": str(company_gln),
        "name": _name(name),
        "country": country,
        "zone": zone,
        "region": region,
        "partition": partition,
    }
    new = repository.insert_facility(connection, **values)
    _same(new, repository.facility(connection, str(gln)), values, f"facility {gln}", "")


def facility(connection: Connection, gln: Gln, *, lock: bool = False) -> Row:
    """Raises `NotFound`."""
    found = repository.facility(connection, str(gln), lock=lock)
    if found is None:
        raise NotFound(f"facility {gln} is not known here")
    return found


def add_product(
    connection: Connection,
    gtin: Gtin,
    name: str,
    company_gln: Gln,
    disclosure: Disclosure = "restricted",
    custody: Custody = Custody.NOT_STATED,
) -> None:
    """A product, who makes it, what is shown of it, and the chain of custody that its lots are minted with.

    Raises `InvalidInput`, `Conflict`, `NotFound`.
    """
    company(connection, company_gln)
    values = {
        "gtin": str(gtin),
        "name": _name(name),
        "company": str(company_gln),
        "disclosure": disclosure,
        "custody": int(custody),
    }
    new = repository.insert_product(connection, **values)
    _same(new, repository.product(connection, str(gtin)), values, f"product {gtin}", "")


def product(connection: Connection, gtin: Gtin) -> Row:
    """Raises `NotFound`."""
    found = repository.product(connection, str(gtin))
    if found is None:
        raise NotFound(f"product {gtin} is not known here")
    return found


def tiers_of(connection: Connection, gtin: Gtin, restricted: Mapping[str, Tier]) -> Mapping[str, Tier]:
    """From which tier on a statement's members are given out; `restricted` says it for a restricted product."""
    if product(connection, gtin)["disclosure"] == "restricted":
        return restricted
    return dict.fromkeys(restricted, "public")


def add_metering_plan(
    connection: Connection, desk: Desk, plan: MeteringPlan, registered: Registered | None = None
) -> PlanInForce:
    """Log a metering plan, signed by the facility's company; it says what must exist from `valid_from` on.

    `registered` looks a gateway's key up on the chain; one that it does not know yet may still be registered.
    Raises `InvalidInput` naming the field, `NotFound`.
    """
    plan.check()
    gln = Gln.parse(plan.facility, "facility")
    place = facility(connection, gln, lock=True)
    if plan.zone != place["zone"]:
        raise InvalidInput("zone", f"{plan.zone} is not the facility's zone {place['zone']}")
    known = repository.plans(connection, str(gln))
    if 0 < plan.version <= len(known):
        stored = read_plan(connection, desk, known[plan.version - 1])
        if stored.plan == plan:
            return stored
    if plan.version != len(known) + 1:
        raise InvalidInput("version", f"the next version of {gln}'s metering plan is {len(known) + 1}")
    if registered is not None:
        _check_gateways(connection, plan, company(connection, Gln(place["company"])), registered)
    valid_from = clock.utc_seconds(plan.valid_from, "valid_from")
    if known and valid_from <= known[-1]["valid_from"]:
        raise InvalidInput("valid_from", "not after the one of the version before")
    log = desk.of_partition(place["partition"])
    logged: Logged = desk.put(
        connection, log, Gln(place["company"]), facility_uri(gln), body.METERING_PLAN, plan.encode_body()
    )
    repository.insert_plan(
        connection,
        facility=str(gln),
        version=plan.version,
        valid_from=valid_from,
        log=logged.log,
        index=logged.index,
        statement_id=logged.statement_id,
    )
    return PlanInForce(plan, logged.log, logged.index, logged.statement_id)


def _check_gateways(connection: Connection, plan: MeteringPlan, maker: Row, registered: Registered) -> None:
    """Raises `InvalidInput` for a gateway of another operator: every lot by that plan would fail its checks."""
    for point in plan.points:
        key = registered(connection, bytes.fromhex(point.gateway))
        if key is not None and key.operator != maker["address"]:
            reason = f"{point.point}: {point.gateway} is registered by another operator than {maker['name']}"
            raise InvalidInput("points.gateway", reason)


def plan_at(connection: Connection, archive: Archive, facility_gln: Gln, moment: int) -> PlanInForce:
    """The metering plan in force at `moment` (Unix seconds). Raises `InvalidInput` where there is none."""
    row = repository.plan_at(connection, str(facility_gln), moment)
    if row is None:
        raise InvalidInput("facility", f"{facility_gln} has no metering plan in force at {clock.utc_text(moment)}")
    return read_plan(connection, archive, row)


def read_plan(connection: Connection, archive: Archive, row: Row) -> PlanInForce:
    """The plan of a row, from the log."""
    opened = archive.read(connection, row["log"], row["index"])
    return PlanInForce(MeteringPlan.decode_body(opened.body), row["log"], row["index"], bytes(row["statement_id"]))


def _name(text: str) -> str:
    if not (0 < len(text) <= MAX_NAME and text.isprintable() and text.strip() == text):
        raise InvalidInput("name", f"not 1 to {MAX_NAME} printable characters")
    return text


def _same(new: bool, row: Row | None, values: Mapping[str, Any], what: str, otherwise: str) -> None:
    if new:
        return
    if row is None:
        raise Conflict(otherwise or f"{what} is taken")
    differing = [name for name, value in values.items() if row[name] != value]
    if differing:
        raise Conflict(f"{what} is known already, with another {', '.join(differing)}")
