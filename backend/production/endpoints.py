"""Production over HTTP. Everything that writes needs `write:production` for the operator whose it is; what tells
of runs and energy is for that operator, and for readers of the authority's tier."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Depends, Header, Query, Request, status
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from backend.access.dependencies import Caller, require, tier_of
from backend.access.service import WRITE_PRODUCTION, ApiKey
from backend.access.tiers import Tier
from backend.anchor.registry import Registry
from backend.context import Context, context_of
from backend.database import reading, transaction
from backend.errors import NotAllowed, NotAuthenticated
from backend.footprints import service as footprints
from backend.footprints import sets as factor_sets
from backend.footprints.reissue import reissue
from backend.production import balance, lots, moments, orders, repository, runs
from backend.production import schemas as s
from backend.production import service as production
from backend.production import status as lot_status
from backend.production.keystore import FileSigner
from backend.production.statements import Desk
from backend.production.worker import desk_of
from backend.received import evidence as received
from leafproof import carriers, clock, units
from leafproof.chain.view import Custody
from leafproof.errors import InvalidInput
from leafproof.plan import MeteringPlan
from leafproof.record import Segment
from leafproof.structs import convert
from leafproof.values import Gln, Gtin, Lot, party_uri

router = APIRouter(prefix="/v1", tags=["production"])
Shared = Annotated[Context, Depends(context_of)]
Writer = Annotated[ApiKey, Depends(require(WRITE_PRODUCTION))]
MAX_PAGE = 500


def _desk(context: Shared) -> Desk:
    return desk_of(context)


At = Annotated[Desk, Depends(_desk)]


def _check_reader(caller: ApiKey | None, company: str) -> None:
    """Raises unless the caller may see how an operator produces."""
    if not _may_read(caller, company):
        needed = "this is for the operator itself, and for readers of the tier authority"
        raise NotAuthenticated(needed) if caller is None else NotAllowed(needed)


def _may_read(caller: ApiKey | None, company: str) -> bool:
    owner = Gln(company)
    if caller is not None and caller.allows(WRITE_PRODUCTION) and caller.operator in (None, owner):
        return True
    return tier_of(caller, party_uri(owner)) >= Tier.AUTHORITY


def _owner(connection: Connection, facility: Gln) -> Gln:
    return Gln(production.facility(connection, facility)["company"])


def _owner_of_lot(connection: Connection, lot: Lot) -> Gln:
    return _owner(connection, Gln(runs.find_of_lot(connection, lot)["facility"]))


@router.post("/companies", status_code=status.HTTP_201_CREATED)
def add_company(context: Shared, key: Writer, asked: s.CompanyIn) -> s.CompanyIn:
    """A legal entity that produces, or holds lots."""
    gln = Gln.parse(asked.gln)
    key.check_operator(gln)
    with transaction(context.engine) as connection:
        production.add_company(connection, gln, asked.name, _address(asked.address))
    return asked


def _address(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise InvalidInput("address", "not 0x and 40 hexadecimal digits") from None


@router.put("/companies/{gln}/issuer-key")
def make_issuer_key(context: Shared, key: Writer, gln: str) -> s.IssuerKeyOut:
    """The public half of the key that signs the company's statements; made at the first call."""
    party = Gln.parse(gln)
    key.check_operator(party)
    with reading(context.engine) as connection:
        production.company(connection, party)
    public = FileSigner(context.settings.keys_folder).create(party).public
    return s.IssuerKeyOut(key_id=public.key_id, cose=public.cose, issuer=party_uri(party))


@router.post("/facilities", status_code=status.HTTP_201_CREATED)
def add_facility(context: Shared, desk: At, key: Writer, asked: s.FacilityIn) -> s.FacilityIn:
    """A place of production."""
    company = Gln.parse(asked.company, "company")
    key.check_operator(company)
    with transaction(context.engine) as connection:
        production.add_facility(
            connection,
            desk,
            Gln.parse(asked.gln),
            company_gln=company,
            name=asked.name,
            country=asked.country,
            zone=asked.zone,
            region=asked.region,
            partition=asked.partition,
        )
    return asked


@router.get("/factors")
def list_factors(
    context: Shared, desk: At, partition: Annotated[int, Query(ge=0, lt=2**31)] = 0
) -> s.FactorSetOut:
    """The factors that facilities of the partition can use: those of the set in use in its log."""
    with reading(context.engine) as connection:
        used = factor_sets.set_in_use(connection, desk, desk.of_partition(partition)).content
    listed = [s.FactorOut.model_validate(factor, from_attributes=True) for factor in used.factors]
    return s.FactorSetOut(id=used.id, version=used.version, title=used.title, factors=listed)


@router.put("/facilities/{gln}/factors")
def set_factor(context: Shared, desk: At, key: Writer, gln: str, asked: s.FactorIn) -> s.FactorIn:
    """Which factor the facility uses for "electricity" or a material, from now on."""
    with transaction(context.engine) as connection:
        place = production.facility(connection, Gln.parse(gln))
        key.check_operator(Gln(place["company"]))
        log = desk.of_partition(place["partition"])
        chosen = (asked.factor, *asked.added)
        footprints.set_factor(connection, desk, log, place, asked.subject, *chosen, by=asked.profile)
    return asked


@router.post("/facilities/{gln}/metering-plans", status_code=status.HTTP_201_CREATED)
def add_metering_plan(
    context: Shared, desk: At, key: Writer, gln: str, plan: Annotated[dict[str, Any], Body()]
) -> s.StatementOut:
    """A version of the facility's metering plan (`leafproof.metering.MeteringPlan` as JSON), logged at once."""
    asked = convert(plan, MeteringPlan, "metering plan")
    facility = Gln.parse(gln)
    if asked.facility != str(facility):
        raise InvalidInput("facility", "not the one in the address")
    with transaction(context.engine) as connection:
        key.check_operator(_owner(connection, facility))
        registry = Registry(context.settings.trust())
        logged = production.add_metering_plan(connection, desk, asked, registry.registered_key)
    return lot_status.place(desk, logged.log, logged.index, logged.statement_id)


@router.post("/products", status_code=status.HTTP_201_CREATED)
def add_product(context: Shared, key: Writer, asked: s.ProductIn) -> s.ProductIn:
    """A product and its maker."""
    company = Gln.parse(asked.company, "company")
    key.check_operator(company)
    with transaction(context.engine) as connection:
        gtin, custody = Gtin.parse(asked.gtin), Custody[asked.custody.upper()]
        production.add_product(connection, gtin, asked.name, company, asked.disclosure, custody)
    return asked


@router.post("/runs", status_code=status.HTTP_201_CREATED)
def open_run(context: Shared, desk: At, key: Writer, asked: s.RunIn) -> s.RunOut:
    """Open a run."""
    facility, lot = Gln.parse(asked.facility, "facility"), Lot.parse(asked.gtin, asked.lot)
    with transaction(context.engine) as connection:
        place = production.facility(connection, facility)
        key.check_operator(Gln(place["company"]))
        opened = moments.parse(asked.opened, place["zone"], "opened")
        run_id = runs.open_run(connection, desk, facility, asked.line, lot, opened)
        return _run(runs.find(connection, run_id))


@router.post("/runs/{run_id}/close")
def close_run(context: Shared, desk: At, key: Writer, run_id: str, asked: s.CloseIn) -> s.RunOut:
    """Close a run; its record follows as soon as every reading of its line is there."""
    with transaction(context.engine) as connection:
        run = runs.find(connection, run_id)
        place = production.facility(connection, Gln(run["facility"]))
        key.check_operator(Gln(place["company"]))
        closed = moments.parse(asked.closed, place["zone"], "closed")
        outputs, inputs = [o.value() for o in asked.outputs], [i.value() for i in asked.inputs]
        segments = [_segment(one, place["zone"]) for one in asked.segments]
        runs.close_run(connection, desk, run_id, closed, outputs, inputs, segments)
        return _run(runs.find(connection, run_id))


def _segment(asked: s.SegmentIn, zone: str) -> Segment:
    start, end = moments.parse(asked.start, zone, "segments.from"), moments.parse(asked.end, zone, "segments.to")
    return Segment(asked.line, clock.utc_text(start), clock.utc_text(end))


@router.get("/runs/{run_id}")
def get_run(context: Shared, caller: Caller, run_id: str) -> s.RunOut:
    """One run."""
    with reading(context.engine) as connection:
        run = runs.find(connection, run_id)
        _check_reader(caller, str(_owner(connection, Gln(run["facility"]))))
        return _run(run)


@router.get("/facilities/{gln}/runs")
def list_runs(
    context: Shared,
    caller: Caller,
    gln: str,
    after: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> s.RunPage:
    """The facility's runs."""
    facility = Gln.parse(gln)
    with reading(context.engine) as connection:
        _check_reader(caller, str(_owner(connection, facility)))
        found = repository.runs_page(connection, str(facility), after, limit)
    return s.RunPage(runs=[_run(r) for r in found], next=found[-1]["id"] if len(found) == limit else None)


@router.post(
    "/facilities/{gln}/orders",
    openapi_extra={"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def import_orders(request: Request, context: Shared, desk: At, key: Writer, gln: str) -> s.OrdersOut:
    """Production orders as CSV (docs/howto/production-orders.md): every line is answered, broken ones with why."""
    data, facility = await request.body(), Gln.parse(gln)

    def take() -> list[orders.LineReport]:
        with reading(context.engine) as connection:
            key.check_operator(_owner(connection, facility))
        return orders.import_orders(context.engine, desk, facility, data)

    found = await run_in_threadpool(take)
    count = {word: sum(one.outcome == word for one in found) for word in ("taken", "known", "refused")}
    lines = [
        s.OrderLineOut(
            line=one.number, order=one.order, outcome=one.outcome, run=one.run, field=one.field, reason=one.reason
        )
        for one in found
    ]
    return s.OrdersOut(**count, lines=lines)


@router.get("/facilities/{gln}/energy-balance")
def energy_balance(
    context: Shared,
    desk: At,
    caller: Caller,
    gln: str,
    start: Annotated[str, Query(alias="from", max_length=40)],
    end: Annotated[str, Query(alias="to", max_length=40)],
    carrier: Annotated[str, Query(max_length=40)] = carriers.ELECTRICITY,
) -> dict[str, Any]:
    """All energy of [from, to), or of another carrier what came in or was emitted; what went into lots, and the
    rest: exact decimals that add up, in `unit`."""
    with reading(context.engine) as connection:
        place = production.facility(connection, Gln.parse(gln))
        _check_reader(caller, place["company"])
        window = (moments.parse(start, place["zone"], "from"), moments.parse(end, place["zone"], "to"))
        return balance.as_text(balance.energy_balance(connection, desk, Gln(place["gln"]), *window, carrier))


@router.get("/lots/{gtin}/{lot:path}/versions")
def lot_versions(context: Shared, desk: At, gtin: str, lot: str) -> s.LotOut:
    """Every record and footprint that the lot ever had, and what the chain says of each."""
    with reading(context.engine) as connection:
        return lot_status.versions(connection, context, desk, Lot.parse(gtin, lot))


@router.post("/lots/{gtin}/{lot:path}/corrections", status_code=status.HTTP_201_CREATED)
def correct(context: Shared, desk: At, key: Writer, gtin: str, lot: str, asked: s.CorrectionIn) -> s.StatementOut:
    """A newer record in place of the current one; both stay."""
    found = Lot.parse(gtin, lot)
    change = lots.Correction(
        asked.reason,
        asked.by,
        None if asked.outputs is None else [o.value() for o in asked.outputs],
        None if asked.inputs is None else [i.value() for i in asked.inputs],
    )
    with transaction(context.engine) as connection:
        key.check_operator(_owner_of_lot(connection, found))
        logged = lots.correct(connection, desk, found, change)
    return lot_status.place(desk, logged.log, logged.index, logged.statement_id)


@router.post("/lots/{gtin}/{lot:path}/footprints", status_code=status.HTTP_201_CREATED)
def issue_footprint(context: Shared, desk: At, key: Writer, gtin: str, lot: str) -> s.StatementOut:
    """The footprints anew, by the profiles and factors that the facility uses now; the record stays."""
    found = Lot.parse(gtin, lot)
    with transaction(context.engine) as connection:
        key.check_operator(_owner_of_lot(connection, found))
        reissue(connection, desk, found)
        row = footprints.current(connection, found)
        assert row is not None  # reissue raises where there is none
        return lot_status.place(desk, row["log"], row["index"], bytes(row["statement_id"]))


@router.post("/lots/{gtin}/{lot:path}/transfers", status_code=status.HTTP_202_ACCEPTED)
def transfer(
    context: Shared,
    desk: At,
    key: Writer,
    gtin: str,
    lot: str,
    asked: s.TransferIn,
    idempotency_key: Annotated[str | None, Header(pattern=r"^[ -~]{1,200}$")] = None,
) -> s.TransferOut:
    """Hand a part of a lot to another operator, from the operator that the API key belongs to; from the lot's
    maker, if the key belongs to all.

    With `Idempotency-Key` (1 to 200 printable ASCII characters, unique for each sender) the request may be sent
    again when its answer was lost: the answer is then the first transfer."""
    found = Lot.parse(gtin, lot)
    amount = units.Quantity(units.parse_decimal(asked.quantity, "quantity"), asked.unit)
    with transaction(context.engine) as connection:
        sender = key.operator or _owner_of_lot(connection, found)
        transfer_id = lots.transfer(connection, desk, found, sender, asked.to, amount, idempotency_key)
        row = repository.transfer(connection, transfer_id)
        assert row is not None  # it was just inserted
        return lot_status.transfer(connection, row)


@router.get("/lots/{gtin}/{lot:path}/transfers")
def list_transfers(context: Shared, caller: Caller, gtin: str, lot: str) -> list[s.TransferOut]:
    """Who was handed which part of the lot; of a received one, what the caller's own company handed on."""
    found = Lot.parse(gtin, lot)
    with reading(context.engine) as connection:
        rows = repository.transfers_of(connection, str(found.gtin), str(found.code))
        if received.lot(connection, found) is None:
            _check_reader(caller, str(_owner_of_lot(connection, found)))
        else:
            rows = [row for row in rows if _may_read(caller, row["sender"])]
        return [lot_status.transfer(connection, row) for row in rows]


def _run(row: repository.Row) -> s.RunOut:
    return s.RunOut(
        id=row["id"],
        facility=row["facility"],
        line=row["line"],
        gtin=row["gtin"],
        lot=row["lot"],
        order=row["order"],
        opened=clock.utc_text(row["opened"]),
        closed=None if row["closed"] is None else clock.utc_text(row["closed"]),
        state=row["state"],
        problem=row["problem"],
        outputs=None if row["outputs"] is None else msgspec.json.decode(row["outputs"]),
        inputs=None if row["inputs"] is None else msgspec.json.decode(row["inputs"]),
    )
