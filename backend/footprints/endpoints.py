"""Footprints over HTTP: method profiles, what a facility and a product's maker choose, energy periods."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Depends, status

from backend.access.dependencies import require
from backend.access.service import WRITE_PRODUCTION, ApiKey
from backend.context import Context, context_of
from backend.database import transaction
from backend.footprints import methods
from backend.footprints import schemas as s
from backend.footprints.closing import close_period
from backend.footprints.methods import ProductMethod
from backend.production import moments
from backend.production import service as production
from backend.production import status as lot_status
from backend.production.schemas import StatementOut
from backend.production.worker import desk_of
from leafproof import profile
from leafproof.structs import convert
from leafproof.values import Gln, Gtin

router = APIRouter(prefix="/v1", tags=["footprints"])
Shared = Annotated[Context, Depends(context_of)]
Writer = Annotated[ApiKey, Depends(require(WRITE_PRODUCTION))]


@router.get("/profiles")
def list_profiles() -> list[s.ProfileOut]:
    """The method profiles that this version knows, with their rules."""
    return [
        s.ProfileOut(
            id=ref.id,
            version=ref.version,
            sha256=ref.sha256,
            title_en=found.title_en,
            title_zh=found.title_zh,
            standard=found.standard,
            note=found.note,
            rules=[
                s.RuleOut(
                    id=rule.id,
                    kind=str(type(rule).__struct_config__.tag),
                    text_en=rule.text_en,
                    text_zh=rule.text_zh,
                    source=rule.source,
                    reading=rule.reading,
                )
                for rule in found.rules
            ],
        )
        for ref, found in profile.shipped().values()
    ]


@router.put("/facilities/{gln}/profiles")
def set_profiles(context: Shared, key: Writer, gln: str, asked: s.ProfilesIn) -> s.ProfilesIn:
    """By which profiles the facility's lots have footprints from now on, the main one first."""
    with transaction(context.engine) as connection:
        place = production.facility(connection, Gln.parse(gln))
        key.check_operator(Gln(place["company"]))
        methods.set_profiles(connection, place["gln"], asked.profiles)
    return asked


@router.put("/products/{gtin}/method")
def set_product(
    context: Shared, key: Writer, gtin: str, asked: Annotated[dict[str, Any], Body()]
) -> dict[str, Any]:
    """What profiles must know of the product (`backend.footprints.methods.ProductMethod` as JSON)."""
    method = convert(asked, ProductMethod, "method")
    with transaction(context.engine) as connection:
        row = production.product(connection, Gtin.parse(gtin))
        key.check_operator(Gln(row["company"]))
        methods.set_product(connection, Gtin(row["gtin"]), method)
    answer: dict[str, Any] = msgspec.to_builtins(method)
    return answer


@router.post("/facilities/{gln}/energy-periods", status_code=status.HTTP_201_CREATED)
def close(context: Shared, key: Writer, gln: str, asked: s.PeriodIn) -> StatementOut:
    """Share out the energy outside runs of [from, to) over its good output; the lots' footprints become final."""
    desk = desk_of(context)
    with transaction(context.engine) as connection:
        place = production.facility(connection, Gln.parse(gln))
        key.check_operator(Gln(place["company"]))
        window = (moments.parse(asked.start, place["zone"], "from"), moments.parse(asked.end, place["zone"], "to"))
        invoices = None if asked.invoices is None else tuple(one.value() for one in asked.invoices)
        logged = close_period(connection, desk, Gln(place["gln"]), *window, invoices)
    return lot_status.place(desk, logged.log, logged.index, logged.statement_id)
